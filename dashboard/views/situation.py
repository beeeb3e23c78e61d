"""The situation on one page: notice, figures, map, and beside it a table or the roads."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from dashboard import state
from dashboard.languages import _
from dashboard.views import frame, outcome, roads, tables

if TYPE_CHECKING:
    from dashboard.state import Served

MAP_HEIGHT_PX = 680
PLACES, ROADS, CONVOYS, SOURCES = "places", state.ROADS_SIDE, "convoys", "sources"


def page(served: Served) -> None:
    """Draw the page."""
    drawn = frame.opened(served)
    if drawn is None:
        return
    left, right = st.columns([3, 2], gap="medium")
    with left:
        frame.show_map(drawn.picture, height=MAP_HEIGHT_PX)
    with right:
        change = st.container()
        beside(drawn)
    frame.follow(served.desk, drawn.picture.seq)
    # Last, because it waits while a change is under way: the map and the rest are drawn by then.
    with change:
        outcome.show(served)


def beside(drawn: frame.Frame) -> None:
    """Show the part that is chosen beside the map."""
    served, info, picture = drawn.served, drawn.info, drawn.picture
    titles = {
        PLACES: _("Places"),
        ROADS: _("Roads"),
        CONVOYS: _("Convoys"),
        SOURCES: _("Sources"),
    }
    parts = {
        PLACES: partial(tables.places, served, picture, info.timezone),
        ROADS: partial(roads.panel, served, info, picture),
        CONVOYS: partial(
            tables.convoys,
            picture,
            served.desk.item_name,
            info.timezone,
            partial(outcome.replan, served),
        ),
        SOURCES: partial(tables.sources, picture, info.timezone),
    }
    if state.get(state.SIDE) not in parts:
        state.put(state.SIDE, PLACES)
    chosen = st.segmented_control(
        _("Beside the map"),
        list(parts),
        format_func=lambda part: titles[part],
        key=state.SIDE,
        required=True,
        label_visibility="collapsed",
    )
    parts[chosen or PLACES]()
