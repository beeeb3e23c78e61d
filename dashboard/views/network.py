"""Roads: close and reopen them, who is cut off, what to clear first, how sure that is."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from dashboard import state
from dashboard.languages import _
from dashboard.views import access, frame, gaps, isochrone, outcome, roads

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashboard.state import Served

MAP_HEIGHT_PX = 520
PART = "roads_part"


def page(served: Served) -> None:
    """Draw the page."""
    drawn = frame.opened(served)
    if drawn is None:
        return
    left, right = st.columns([3, 2], gap="medium")
    with left:
        frame.show_map(drawn.picture, height=MAP_HEIGHT_PX, grow=False)
    with right:
        change = st.container()
        roads.panel(served, drawn.info, drawn.picture)
    parts(drawn)
    frame.follow(served.desk, drawn.picture.seq)
    with change:
        outcome.show(served)


def parts(drawn: frame.Frame) -> None:
    """Show the part that is chosen."""
    titles = {
        "cut_off": _("Who is cut off"),
        "clear": _("What to clear first"),
        "risk": _("How sure it is"),
        "far": _("How far one gets"),
        "gaps": _("Gaps of the network"),
    }
    shown: dict[str, Callable[[], None]] = {
        "cut_off": partial(access.cut_off, drawn),
        "clear": partial(access.clear_first, drawn),
        "risk": partial(access.risk, drawn),
        "far": partial(isochrone.page, drawn),
        "gaps": partial(gaps.page, drawn),
    }
    chosen = st.segmented_control(
        _("About the roads"),
        list(shown),
        format_func=lambda part: titles[part],
        default="cut_off",
        key=PART,
        required=True,
        label_visibility="collapsed",
    )
    if chosen != "far":
        state.put(state.OVERLAY, "")
    shown[chosen or "cut_off"]()
