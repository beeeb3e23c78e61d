"""A change of the roads under way, and then what it brought about, in plain words, with an undo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from dashboard import changes, state
from dashboard.jobs import Job
from dashboard.languages import _, ngettext
from dashboard.map.text import clean, markdown
from dashboard.views.figures import number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from dashboard.changes import Change, PlaceChange, QuantityChange
    from dashboard.desk import Desk, Progress
    from dashboard.roadbook import Piece
    from dashboard.state import Served

LOOK_EVERY_S = 0.25
SHOWN = 6
LISTS_HEIGHT_PX = 340
#: The whole reason stands in the tables.
REASON_LIMIT = 90
DEFAULT_FAIRNESS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was done, what changed by it, and which closure an undo would lift (empty: none).

    With `report` an undo takes a report back that closed nothing.
    """

    done: str
    change: Change
    undo: str = ""
    report: bool = False


def close(
    served: Served,
    *,
    piece: Piece,
    classes: Sequence[str],
    kind: str,
    until: datetime | None,
    source: str,
    reason: str,
    confidence: float = 1.0,
    max_weight_t: float | None = None,
) -> None:
    """Begin to close a road and to plan anew."""
    desk = served.desk
    road = piece.road or _("the road without a name")
    texts = _Texts()

    def work(progress: Progress) -> Outcome:
        before = desk.picture()
        closed = desk.close_road(
            edges=[piece.edge_id],
            classes=classes,
            state=kind,
            until=until,
            source=source,
            reason=reason,
            confidence=confidence,
            max_weight_t=max_weight_t,
        )
        _plan(desk, progress, texts)
        change = changes.compare(before, desk.picture())
        return Outcome(
            done=texts.closed.format(road=road), change=change, undo=closed["closure_id"]
        )

    _begin(_("Closing {road} and planning anew").format(road=road), work)


def contradict(served: Served, *, piece: Piece, source: str, confidence: float) -> None:
    """Begin to record that somebody says that a closed road is open; nothing is planned anew."""
    desk = served.desk
    road = piece.road or _("the road without a name")
    texts = _Texts()

    def work(_progress: Progress) -> Outcome:
        before = desk.picture()
        told = desk.close_road(
            edges=[piece.edge_id],
            classes=(),
            state="open",
            until=None,
            source=source,
            reason="",
            confidence=confidence,
        )
        change = changes.compare(before, desk.picture())
        done = texts.contradicted.format(road=road)
        return Outcome(done=done, change=change, undo=told["closure_id"], report=True)

    _begin(_("Recording the report"), work)


def reopen(served: Served, closure_id: str, *, report: bool = False) -> None:
    """Begin to reopen a road and to plan anew; a `report` that it is open is only taken back."""
    desk = served.desk
    texts = _Texts()

    def work(progress: Progress) -> Outcome:
        before = desk.picture()
        desk.reopen_road(closure_id, source=texts.page_source)
        if not report:
            _plan(desk, progress, texts)
        done = texts.taken_back if report else texts.reopened
        return Outcome(done=done, change=changes.compare(before, desk.picture()))

    label = _("Taking the report back") if report else _("Reopening the road and planning anew")
    _begin(label, work)


def record_graded(served: Served) -> None:
    """Begin to record the closures that graded roads propose, and to plan anew."""
    desk = served.desk
    texts = _Texts()

    def work(progress: Progress) -> Outcome:
        before = desk.picture()
        recorded = desk.graded_closures(dry_run=False)["recorded"]
        _plan(desk, progress, texts)
        change = changes.compare(before, desk.picture())
        return Outcome(done=texts.graded.format(n=recorded), change=change)

    _begin(_("Recording closures and planning anew"), work)


def replan(
    served: Served,
    *,
    seconds: float | None = None,
    fairness: float = DEFAULT_FAIRNESS,
    terms: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Begin to plan anew; `seconds` caps the search, `terms` are as for `Desk.make_plan`."""
    desk = served.desk
    texts = _Texts()

    def work(progress: Progress) -> Outcome:
        before = desk.picture()
        progress(0.0, texts.planning)
        desk.make_plan(seconds=seconds, fairness=fairness, terms=terms, progress=progress)
        return Outcome(done=texts.planned, change=changes.compare(before, desk.picture()))

    _begin(_("Planning convoys"), work)


def replan_rest(served: Served) -> None:
    """Begin to plan the rest of the day anew, in seconds: what is on the road or locked stays."""
    desk = served.desk
    texts = _Texts()

    def work(progress: Progress) -> Outcome:
        before = desk.picture()
        progress(0.0, texts.planning)
        made = desk.replan(progress=progress)
        kept = sum(bool(one.get("kept")) for one in made["convoys"])
        done = texts.replanned.format(kept=kept, back=len(made.get("returned", ())))
        return Outcome(done=done, change=changes.compare(before, desk.picture()))

    _begin(_("Planning the rest of the day anew"), work)


def show(served: Served) -> None:
    """Show the work under way, or the outcome of the last."""
    job: Job[Outcome] | None = state.get(state.JOB)
    if job is not None:
        _watch(job)
        state.put(state.JOB, None)
        if job.error is not None:
            state.put(state.OUTCOME, job.error)
        else:
            state.put(state.OUTCOME, job.result)
        st.rerun()
    result = state.get(state.OUTCOME)
    if isinstance(result, Outcome):
        _show_outcome(served, result)
    elif result is not None:
        st.error(markdown(result), icon=":material/error:")
        if st.button(_("Dismiss"), key="dismiss_error"):
            state.put(state.OUTCOME, None)
            st.rerun()


class _Texts:
    """Words that the thread of a job needs: the language belongs to the page's own run."""

    def __init__(self) -> None:
        self.page_source = _("crisis cell, on the page")
        self.planning = _("planning convoys")
        self.planned = _("The convoys are planned.")
        self.replanned = _(
            "The rest of the day is planned anew. Trips that stay: {kept}, turn back: {back}."
        )
        self.closed = _("{road} is closed.")
        self.contradicted = _("{road}: the report is recorded, the closure is in doubt now.")
        self.taken_back = _("The report is taken back.")
        self.reopened = _("The road is open again.")
        self.graded = _("{n} closures of graded roads are recorded; each can be reopened.")


def _plan(desk: Desk, progress: Progress, texts: _Texts) -> None:
    """Plan anew where there was a plan to compare with; reach follows from the picture alone."""
    if desk.picture().plan is None:
        return
    progress(0.05, texts.planning)
    desk.make_plan(progress=progress)


def _begin(label: str, work: Callable[[Progress], Outcome]) -> None:
    if state.get(state.JOB) is None:
        state.put(state.OUTCOME, None)
        state.put(state.JOB, Job(label, work))
    st.rerun()


def _watch(job: Job[Outcome]) -> None:
    """Show how far the work is until it ends; a click in between only begins to watch anew."""
    with st.status(markdown(job.label), expanded=True, state="running"):
        bar = st.progress(0.0)
        while not job.wait(LOOK_EVERY_S):
            bar.progress(job.share, text=markdown(job.text) or None)


def _show_outcome(served: Served, result: Outcome) -> None:
    with st.container(border=True, key="outcome"):
        st.markdown(f"**{markdown(result.done)}**  \n{markdown(summary(result.change))}")
        row = st.container(horizontal=True)
        if result.undo and row.button(_("Undo"), icon=":material/undo:", key="undo"):
            reopen(served, result.undo, report=result.report)
        if row.button(_("Dismiss"), key="dismiss"):
            state.put(state.OUTCOME, None)
            st.rerun()
        blocks = [text for text in change_blocks(result.change, served.desk.item_name) if text]
        if blocks:
            with st.container(height=LISTS_HEIGHT_PX, border=False):
                for text in blocks:
                    st.markdown(text)


def summary(change: Change) -> str:
    """Say in a sentence or two what changed."""
    if change.nothing:
        return _("No place is reached differently, and the plan stays as it was.")
    parts = [
        _count(
            len(change.cut_off),
            ngettext("{n} place is cut off now", "{n} places are cut off now", len(change.cut_off)),
        ),
        _count(
            len(change.regained),
            ngettext(
                "{n} place can be reached again",
                "{n} places can be reached again",
                len(change.regained),
            ),
        ),
        _count(
            len(change.slower),
            ngettext(
                "{n} place is reached later", "{n} places are reached later", len(change.slower)
            ),
        ),
        _totals(_("cut off for trucks"), change.cut_off_truck),
        _totals(_("cut off for pickups"), change.cut_off_pickup),
    ]
    text = "; ".join(part for part in parts if part)
    if not change.planned:
        text += ". " + _("There is no plan to compare")
    return (text or _("The plan changed")) + "."


def change_blocks(change: Change, item_name: Callable[[str], str]) -> list[str]:
    """Give the lists of what changed as Markdown with headings; an empty list is empty text."""
    return [
        _block(_("Cut off now"), [_place_line(place) for place in change.cut_off]),
        _block(_("Reached again"), [_place_line(place) for place in change.regained]),
        _block(_("Reached later"), [_later_line(place) for place in change.slower]),
        _block(
            _("Needs without delivery"),
            [_quantity_line(line, item_name) for line in change.unserved],
        ),
        _block(_("Deliveries"), [_quantity_line(line, item_name) for line in change.deliveries]),
        _block(
            _("Delivered in all"),
            [
                markdown(f"{item_name(line.item_id)} {number(line.before)} → {number(line.after)}")
                for line in change.items
            ],
        ),
    ]


def _count(n: int, text: str) -> str:
    return text.format(n=n) if n else ""


def _totals(name: str, totals: tuple[int | None, int | None]) -> str:
    before, after = totals
    if before is None or after is None or before == after:
        return ""
    return f"{name}: {number(before)} → {number(after)}"


def _block(title: str, lines: Sequence[str]) -> str:
    if not lines:
        return ""
    shown = [f"- {line}" for line in lines[:SHOWN]]
    if len(lines) > SHOWN:
        shown.append("- " + _("and {n} more").format(n=len(lines) - SHOWN))
    return f"**{title}**\n" + "\n".join(shown)


def _place_line(place: PlaceChange) -> str:
    people = _("{n} people").format(n=number(place.people)) if place.people is not None else ""
    details = ", ".join(part for part in (people, clean(place.reason, REASON_LIMIT)) if part)
    return markdown(f"{place.name}: {details}" if details else place.name)


def _later_line(place: PlaceChange) -> str:
    before, after = place.before_s or 0.0, place.after_s or 0.0
    return markdown(
        _("{name}: {before} min → {after} min").format(
            name=place.name, before=number(before / 60), after=number(after / 60)
        )
    )


def _quantity_line(line: QuantityChange, item_name: Callable[[str], str]) -> str:
    text = f"{line.name}: {item_name(line.item_id)} {number(line.before)} → {number(line.after)}"
    return markdown(f"{text} ({clean(line.reason, REASON_LIMIT)})" if line.reason else text)
