"""Close and reopen roads: pick one on the map or from the list, say why, see what follows."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, get_args
from zoneinfo import ZoneInfo

import streamlit as st

from dashboard import cache, state
from dashboard.languages import N_, _
from dashboard.map.text import clean, markdown
from dashboard.operations.roads import MAX_WEIGHT_T
from dashboard.views import outcome, supposing
from dashboard.views.figures import moment, number
from geo.model import VehicleClassName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboard.operations.picture import Picture
    from dashboard.operations.situation import SituationInfo
    from dashboard.roadbook import Piece, RoadBook
    from dashboard.state import Served
    from geo.model import Closure

CLASSES: tuple[str, ...] = get_args(VehicleClassName)
PAGE_SOURCE = N_("crisis cell, on the page")
SURETIES = (1.0, 0.7, 0.4)


def panel(served: Served, info: SituationInfo, picture: Picture) -> None:
    """Show the road that is picked with the means to close it, and the closures in force."""
    book = cache.road_book(served)
    if book is None:
        st.info(_("No roads are loaded yet. Load them:"), icon=":material/route:")
        st.code("qafila load roads FILE", language="sh")
        return
    st.subheader(_("Close a road"), anchor=False)
    choose(book)
    piece = book.piece(state.get(state.EDGE, ""))
    if piece is None:
        st.caption(_("Click a road on the map, or choose one from the list."))
    else:
        describe(served, piece, picture, info)
        closing_form(served, info, piece, picture.seq)
        supposing.answer(piece, picture.seq)
    closures(served, info, picture, book)


def choose(book: RoadBook) -> None:
    """Choose a road, then the piece of it, from the list."""
    road = st.selectbox(
        _("Road"),
        book.roads(),
        index=None,
        placeholder=_("on the map, or choose here"),
        key=state.ROAD,
    )
    if road is None:
        return
    pieces = {piece.edge_id: piece for piece in book.pieces(road)}
    edge_id = (
        next(iter(pieces))
        if len(pieces) == 1
        else st.selectbox(
            _("Piece"),
            list(pieces),
            index=None,
            format_func=lambda edge_id: piece_text(pieces[edge_id]),
            placeholder=_("choose the piece"),
            key=state.PIECE,
        )
    )
    if edge_id is not None and edge_id != state.get(state.EDGE):
        state.put(state.EDGE, edge_id)
        st.rerun()  # the map is above: it shall show the piece at once


def describe(served: Served, piece: Piece, picture: Picture, info: SituationInfo) -> None:
    """Say which piece of which road is picked and how it is now; a closed one can be reopened."""
    title = piece.road or _("road without a name")
    held = closures_on(picture.closures, piece.edge_id)
    kind = ", ".join(part for part in (piece.highway, piece.surface) if part)
    lines = [
        f"**{markdown(title)}**",
        markdown("; ".join(part for part in (piece_text(piece), kind) if part)),
        markdown(state_text(held, info.timezone)),
    ]
    st.markdown("  \n".join(line for line in lines if line))
    for closure in held:
        reopen_button(served, closure, key=f"reopen_here_{closure.closure_id}")
    if held and served.desk.may("close_road"):
        contradicting_form(served, piece)


def contradicting_form(served: Served, piece: Piece) -> None:
    """Ask who says that a closed road is open; recorded, it makes the closure doubtful."""
    with st.expander(_("Somebody says that it is open")), st.form("contradict", border=False):
        st.caption(
            _("The road stays closed; what hangs on it is called doubtful until one is taken back.")
        )
        left, right = st.columns(2)
        source = left.text_input(_("Who says so"), max_chars=120, key="contradict_source")
        surety = right.selectbox(
            _("How sure is that"),
            list(SURETIES),
            format_func=surety_text,
            key="contradict_confidence",
        )
        asked = st.form_submit_button(_("Record this report"), icon=":material/contrast:")
    if asked:
        outcome.contradict(
            served,
            piece=piece,
            source=source or _(PAGE_SOURCE),
            confidence=float(surety),
        )


def surety_text(confidence: float) -> str:
    """Say how sure a report is."""
    return {1.0: _("sure: seen"), 0.7: _("likely"), 0.4: _("a rumour")}[confidence]


def reopen_button(served: Served, closure: Closure, *, key: str) -> None:
    """Offer to reopen a road; pressed, it does."""
    if not served.desk.may("reopen_road"):
        return
    pressed = st.button(
        _("Reopen"),
        key=key,
        help=_("Reopen this road and plan anew"),
        icon=":material/check_circle:",
    )
    if pressed:
        outcome.reopen(served, closure.closure_id)


def closing_form(served: Served, info: SituationInfo, piece: Piece, seq: int) -> None:
    """Ask how the road is closed, for whom, why and until when; say what would follow, or do it."""
    may_close = served.desk.may("close_road")
    with st.form("close", border=True):
        kind = st.radio(
            _("How"),
            ["closed", "restricted"],
            format_func=lambda kind: {
                "closed": _("closed: nobody passes"),
                "restricted": _("restricted: passes slowly"),
            }[kind],
            horizontal=True,
            key="close_state",
        )
        left, right = st.columns(2)
        classes = left.multiselect(
            _("For"), CLASSES, placeholder=_("all vehicles"), key="close_classes"
        )
        until = right.datetime_input(
            _("Until (empty: open end)"),
            value=None,
            help=_("Time of {zone}").format(zone=info.timezone),
            key="close_until",
        )
        reason = left.text_input(
            _("Reason"), max_chars=600, placeholder=_("for example rockfall"), key="close_reason"
        )
        source = right.text_input(
            _("Who says so"), max_chars=120, placeholder=_(PAGE_SOURCE), key="close_source"
        )
        surety = left.selectbox(
            _("How sure is that"),
            list(SURETIES),
            format_func=surety_text,
            key="close_confidence",
        )
        weight = right.number_input(
            _("Still carries, t (restricted only)"),
            0.0, MAX_WEIGHT_T, None, 0.5,
            placeholder=_("unknown"),
            key="close_weight",
        )  # fmt: skip
        row = st.container(horizontal=True)
        supposed = row.form_submit_button(_("What if?"), icon=":material/help:")
        asked = may_close and row.form_submit_button(
            _("Close this road"), type="primary", icon=":material/block:"
        )
    if (supposed or asked) and weight and kind != "restricted":
        st.error(
            _("Only a restricted road still carries a weight: choose restricted, or leave it out."),
            icon=":material/error:",
        )
        return
    limit_t = float(weight) if weight else None
    if supposed:
        supposing.ask(served.desk, piece, seq, classes=classes, kind=kind, max_weight_t=limit_t)
    if asked:
        outcome.close(
            served,
            piece=piece,
            classes=classes,
            kind=kind,
            until=aware(until, info.timezone),
            source=source or _(PAGE_SOURCE),
            reason=reason,
            confidence=float(surety),
            max_weight_t=limit_t,
        )


def closures(served: Served, info: SituationInfo, picture: Picture, book: RoadBook) -> None:
    """List the closures in force, each with a button that reopens the road."""
    st.subheader(_("Closures in force ({n})").format(n=len(picture.closures)), anchor=False)
    if not picture.closures:
        st.caption(_("Every road is open, as far as we know."))
        return
    picked = state.get(state.CLOSURE, "")
    ordered = sorted(picture.closures, key=lambda closure: closure.closure_id != picked)
    with st.container(height=320, border=True):
        for closure in ordered:
            text, button = st.columns([4, 1], vertical_alignment="center")
            marked = closure.closure_id == picked
            against = picture.contradicted.get(closure.closure_id, ())
            text.markdown(
                closure_text(closure, book, info.timezone, marked=marked, against=against)
            )
            with button:
                reopen_button(served, closure, key=f"reopen_{closure.closure_id}")
    reports(served, info, picture, book)


def reports(served: Served, info: SituationInfo, picture: Picture, book: RoadBook) -> None:
    """List what says that a road is open, or in doubt; each can be taken back."""
    if not picture.road_reports:
        return
    title = _("Reported open or in doubt ({n})").format(n=len(picture.road_reports))
    with st.expander(title):
        for report in picture.road_reports:
            text, button = st.columns([4, 1], vertical_alignment="center")
            text.markdown(closure_text(report, book, info.timezone))
            with button:
                if st.button(_("Take back"), key=f"take_back_{report.closure_id}"):
                    outcome.reopen(served, report.closure_id, report=True)


def closure_text(
    closure: Closure,
    book: RoadBook,
    timezone: str,
    *,
    marked: bool = False,
    against: Sequence[Closure] = (),
) -> str:
    """Say a closure in two lines of Markdown: which road; for whom, why, who, since, until.

    A third line names those who say that the road is open.
    """
    first = book.piece(bare(closure.edges[0]))
    road = (first.road if first else "") or _("road without a name")
    if first:
        road += f" ({piece_text(first)})"
    if len(closure.edges) > 1:
        road += " " + _("and {n} more pieces").format(n=len(closure.edges) - 1)
    details = [
        state_words().get(closure.state, closure.state),
        _("for {classes}").format(classes=", ".join(closure.classes) or _("all vehicles")),
        _("carries up to {t} t").format(t=f"{closure.max_weight_t:g}")
        if closure.max_weight_t
        else "",
        clean(closure.reason, 160),
        clean(closure.source),
        _("{share} % sure").format(share=number(100 * closure.confidence))
        if closure.confidence < 1
        else "",
        _("since {time}").format(time=moment(closure.since, timezone)) if closure.since else "",
        _("until {time}").format(time=moment(closure.until, timezone)) if closure.until else "",
    ]
    title = f"**{markdown(road)}**"
    if marked:
        title = ":material/arrow_right: " + title
    text = title + "  \n" + markdown("; ".join(part for part in details if part))
    if against:
        said = "; ".join(who_says(one, timezone) for one in against)
        doubt = _("Contradicted: open, says {who}").format(who=said)
        text += f"  \n:orange[{markdown(doubt)}]"
    return text


def state_words() -> dict[str, str]:
    """Say what a report says of a road."""
    return {
        "closed": _("closed"),
        "restricted": _("restricted"),
        "open": _("reported open"),
        "unknown": _("in doubt"),
    }


def who_says(report: Closure, timezone: str) -> str:
    """Say who reported something, when, and how sure."""
    at = getattr(report, "reported_at", None) or getattr(report, "recorded_at", None)
    details = [
        moment(at or report.since, timezone) if at or report.since else "",
        _("{share} % sure").format(share=number(100 * report.confidence))
        if report.confidence < 1
        else "",
    ]
    shown = ", ".join(part for part in details if part)
    who = clean(report.source) or _("somebody")
    return f"{who} ({shown})" if shown else who


def closures_on(held: Sequence[Closure], edge_id: str) -> list[Closure]:
    """Closures in force on an edge, in either direction."""
    return [closure for closure in held if edge_id in {bare(edge) for edge in closure.edges}]


def state_text(held: Sequence[Closure], timezone: str) -> str:
    """Say how a road is now."""
    if not held:
        return _("Now: open, as far as we know")
    worst = "closed" if any(closure.state == "closed" for closure in held) else "restricted"
    since = [closure.since for closure in held if closure.since]
    text = _("Now: closed") if worst == "closed" else _("Now: restricted")
    return text + (f", {moment(min(since), timezone)}" if since else "")


def piece_text(piece: Piece) -> str:
    """Say which piece of a road it is: from where to where, how long."""
    km = f"{piece.length_m / 1000:.1f} km"
    if piece.start and piece.end and piece.start != piece.end:
        return f"{piece.start} → {piece.end}, {km}"
    near = piece.start or piece.end
    return _("near {place}, {km}").format(place=near, km=km) if near else km


def bare(edge_id: str) -> str:
    """Edge id without the direction that may stand at its end."""
    return edge_id[:-1] if edge_id.endswith(("+", "-")) else edge_id


def aware(local: Any, timezone: str) -> datetime | None:
    """Give a moment that was typed in the situation's zone as an aware one."""
    if not isinstance(local, datetime):
        return None
    return local.replace(tzinfo=ZoneInfo(timezone)) if local.tzinfo is None else local
