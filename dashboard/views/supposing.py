"""What if this road were closed? The answer beside the road that is picked; nothing is recorded."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from dashboard.languages import _
from dashboard.map.text import clean, markdown
from dashboard.views import analysis, grid
from dashboard.views.figures import number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboard.desk import Desk, Progress
    from dashboard.roadbook import Piece

SUPPOSED = "supposed"
TABLE_HEIGHT_PX = 260


def ask(
    desk: Desk,
    piece: Piece,
    seq: int,
    *,
    classes: Sequence[str],
    kind: str,
    max_weight_t: float | None,
) -> None:
    """Begin to find out who would be cut off or reached later."""
    label = _("What if {road} were closed?").format(road=piece.road or _("the road without a name"))
    work = partial(_work, desk, piece.edge_id, tuple(classes), kind, max_weight_t)
    analysis.ask(f"{SUPPOSED} {piece.edge_id}", label, seq, work)


def _work(
    desk: Desk,
    edge_id: str,
    classes: tuple[str, ...],
    kind: str,
    max_weight_t: float | None,
    _progress: Progress,
) -> dict[str, Any]:
    return desk.suppose_closed([edge_id], classes=classes, state=kind, max_weight_t=max_weight_t)


def answer(piece: Piece, seq: int) -> None:
    """Show the answer for the road that is picked, if it was asked for."""
    found = analysis.answer(f"{SUPPOSED} {piece.edge_id}", seq)
    if found is None:
        return
    with st.container(border=True, key="supposed"):
        title = _("If it were closed (nothing is recorded):")
        st.markdown(f"**{title}**  \n{summary(found)}")
        if found["places"]:
            grid.show(
                table(found),
                hide_index=True,
                height=TABLE_HEIGHT_PX,
                alt=_("Who would be cut off or reached later"),
                name="supposed",
            )


def summary(found: dict[str, Any]) -> str:
    """Say how many would be cut off and how many reached later, class by class."""
    lines = []
    for name, totals in found["totals"].items():
        title = _("by any means") if name == "any" else _(name)
        lost, slower = totals["cut_off"], totals["slower"]
        if lost["places"] or slower["places"]:
            text = _("{class_name}: {places} places cut off ({people} people), {slower} later")
            lines.append(
                text.format(
                    class_name=title,
                    places=number(lost["places"]),
                    people=number(lost["people"]),
                    slower=number(slower["places"]),
                )
            )
    if not lines:
        return _("No place is reached differently.")
    return markdown("; ".join(lines) + ".")


def table(found: dict[str, Any]) -> pd.DataFrame:
    """Give the places that would be reached differently, those cut off first."""
    kinds = {"cut_off": _("cut off"), "slower": _("later"), "faster": _("sooner")}
    rows = []
    for one in found["places"]:
        for name, change in one["changes"].items():
            was, then = change["travel_time_a_s"], change["travel_time_b_s"]
            rows.append(
                {
                    _("Place"): clean(one["name"]),
                    _("People"): one["people"],
                    _("For"): _("by any means") if name == "any" else _(name),
                    _("Then"): kinds.get(change["kind"], change["kind"]),
                    _("Minutes now"): None if was is None else round(was / 60),
                    _("Minutes then"): None if then is None else round(then / 60),
                }
            )
    return pd.DataFrame(rows)
