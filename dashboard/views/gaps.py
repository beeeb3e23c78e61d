"""Gaps of the road network: roads that stop just before each other, joined on a person's word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from dashboard.languages import _
from dashboard.map.text import clean, markdown
from dashboard.views import grid
from dashboard.views.figures import number
from geo.errors import QafilaError

if TYPE_CHECKING:
    from dashboard.state import Served
    from dashboard.views.frame import Frame

TABLE_HEIGHT_PX = 320
ERROR = "gaps_error"


def page(drawn: Frame) -> None:
    """Say of how many pieces the network is, list the gaps on offer and what was joined."""
    served = drawn.served
    if error := st.session_state.pop(ERROR, None):
        st.error(markdown(error), icon=":material/error:")
    if served.desk.roads_layer() is None:
        st.caption(_("No roads are loaded yet."))
        return
    found = served.desk.network()
    st.markdown(markdown(summary(found)))
    offered(served, found)
    joined(served, found)
    if found["notes"]:
        with st.expander(_("What was repaired or left out when the roads were read")):
            for note in found["notes"]:
                st.markdown("- " + markdown(clean(note, 400)))


def summary(found: dict[str, Any]) -> str:
    """Say how large the network is and of how many pieces that do not meet."""
    return _(
        "{km} km of road in {edges} edges; {pieces} pieces that do not meet, {ends} dead ends, "
        "{gaps} gaps of a few metres."
    ).format(
        km=number(found["length_km"]),
        edges=number(found["edges"]),
        pieces=number(found["n_pieces"]),
        ends=number(found["dead_ends"]),
        gaps=number(found["n_gaps"]),
    )


def offered(served: Served, found: dict[str, Any]) -> None:
    """List the gaps; those that are ticked are joined. Nothing is ever joined silently."""
    if not found["gaps"]:
        st.caption(_("No gap is on offer."))
        return
    may = served.desk.may("join_gaps")
    chosen: Any = grid.show(
        gaps_table(found),
        hide_index=True,
        height=TABLE_HEIGHT_PX,
        on_select="rerun" if may else "ignore",
        selection_mode="multi-row",
        key="gaps_table",
        alt=_("Gaps of the road network"),
        name="road_gaps",
    )
    if not may:
        return
    rows = grid.ticked(chosen, len(found["gaps"]))
    wanted = [found["gaps"][row]["gap_id"] for row in rows]
    source = st.text_input(_("Who says that these roads meet"), max_chars=120, key="gaps_source")
    if st.button(
        _("Join the ticked gaps ({n})").format(n=len(wanted)),
        disabled=not wanted,
        icon=":material/join:",
        key="join_gaps",
    ):
        try:
            served.desk.join_gaps(wanted, source=source or _("crisis cell, on the page"))
        except QafilaError as error:
            st.session_state[ERROR] = str(error)
        st.rerun()


def gaps_table(found: dict[str, Any]) -> pd.DataFrame:
    """Give the gaps on offer, the narrowest first."""
    return pd.DataFrame(
        {
            _("Width in m"): [round(gap["distance_m"], 1) for gap in found["gaps"]],
            _("Where"): [f"{gap['lat']:.5f}, {gap['lon']:.5f}" for gap in found["gaps"]],
            _("Between"): [clean(" · ".join(gap["edges"]), 120) for gap in found["gaps"]],
        }
    )


def joined(served: Served, found: dict[str, Any]) -> None:
    """List what was joined, each with an undo."""
    if not found["joints"]:
        return
    st.subheader(_("Joined ({n})").format(n=len(found["joints"])), anchor=False)
    for joint in found["joints"]:
        text, button = st.columns([4, 1], vertical_alignment="center")
        said = _("{n} gaps, {source}, {time}").format(
            n=len(joint["gaps"]), source=clean(joint["source"], 120), time=joint["at"][:16]
        )
        text.markdown(markdown(said))
        if served.desk.may("part_gaps") and button.button(
            _("Undo"), icon=":material/undo:", key=f"part_{joint['joint_id']}"
        ):
            try:
                served.desk.part_gaps(joint["joint_id"])
            except QafilaError as error:
                st.session_state[ERROR] = str(error)
            st.rerun()
