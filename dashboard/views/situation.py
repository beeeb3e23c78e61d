"""The situation on one page: notice, figures, map, and beside it a table or the roads."""

from __future__ import annotations

import html
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from dashboard import state
from dashboard.languages import _
from dashboard.map.component import parse_picked, situation_map
from dashboard.map.text import NOTE_LIMIT, clean, markdown
from dashboard.views import outcome, roads, tables
from dashboard.views.figures import figures
from geo.errors import NoSituationError, QafilaError

if TYPE_CHECKING:
    from dashboard.desk import Desk
    from dashboard.operations.picture import Picture
    from dashboard.operations.situation import SituationInfo
    from dashboard.state import Served

MAP_HEIGHT_PX = 680
FOLLOW_EVERY_S = 4
PLACES, ROADS, CONVOYS, SOURCES = "places", "roads", "convoys", "sources"


def page(served: Served) -> None:
    """Draw the page."""
    desk = served.desk
    try:
        info, picture = desk.info(), desk.picture()
    except NoSituationError as error:
        no_situation(error)
        return
    except QafilaError as error:
        st.error(markdown(error), icon=":material/error:")
        return
    take_pick()
    header(info)
    figures(picture, timezone=info.timezone)
    if picture.places.empty:
        nothing_loaded()
    left, right = st.columns([3, 2], gap="medium")
    with left, st.container(key="mapframe"):
        situation_map(
            height=MAP_HEIGHT_PX,
            selected=state.get(state.EDGE, ""),
            focus=state.get(state.FOCUS, ""),
            seq=picture.seq,
            key=state.MAP,
        )
    with right:
        change = st.container()
        beside(served, info, picture)
    follow(desk, picture.seq)
    # Last, because it waits while a change is under way: the map and the rest are drawn by then.
    with change:
        outcome.show(served)


def header(info: SituationInfo) -> None:
    """Name the situation and show its notice, which stays in view while the page is scrolled."""
    st.title(markdown(info.name), anchor=False)
    if info.notice:
        with st.container(key="notice"):
            text = html.escape(clean(info.notice, NOTE_LIMIT))
            st.html(f'<div class="q-drill" role="note" dir="auto">{text}</div>')


def take_pick() -> None:
    """Take in what was picked on the map since the last run, before anything is drawn."""
    picked = parse_picked(state.get(state.MAP))
    if not picked.at or picked.at == state.get(state.PICKED_AT):
        return
    state.put(state.PICKED_AT, picked.at)
    if picked.closure:
        state.put(roads.CLOSURE, picked.closure)
        state.put(state.SIDE, ROADS)
        return
    state.put(state.EDGE, picked.edge)
    if picked.edge:
        state.put(state.SIDE, ROADS)
        # The list must not say another road than the map.
        state.put(state.ROAD, None)
        state.put(state.PIECE, None)


def beside(served: Served, info: SituationInfo, picture: Picture) -> None:
    """Show the part that is chosen beside the map."""
    titles = {
        PLACES: _("Places"),
        ROADS: _("Roads"),
        CONVOYS: _("Convoys"),
        SOURCES: _("Sources"),
    }
    parts = {
        PLACES: partial(tables.places, picture, served.desk.item_name, info.timezone),
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


@st.fragment(run_every=FOLLOW_EVERY_S)
def follow(desk: Desk, drawn_seq: int) -> None:
    """Draw the page anew when somebody else changed the situation; costs next to nothing if not."""
    try:
        newest = desk.seq()
    except QafilaError:
        return  # the page says so at its next run; the map shows the age of what it has
    if newest != drawn_seq and not state.get(state.JOB):
        st.rerun()


def no_situation(error: NoSituationError) -> None:
    """Say what to do where there is no situation yet."""
    st.title("Qafila", anchor=False)
    st.info(_("There is no situation here yet."), icon=":material/map:")
    st.markdown(_("See the drill, which needs no data of your own:"))
    st.code("qafila demo", language="sh")
    st.markdown(_("Or begin your own, load places and roads, and serve it:"))
    st.code(
        "qafila init --name …\nqafila load places FILE\nqafila load roads FILE\nqafila serve",
        language="sh",
    )
    st.caption(markdown(error))
    if st.button(_("Look again"), icon=":material/refresh:"):
        st.rerun()


def nothing_loaded() -> None:
    """Say what to do in a situation without places."""
    st.info(
        _("No places are loaded yet. Load them first, then roads, damage and needs:"),
        icon=":material/map:",
    )
    st.code("qafila load places FILE\nqafila load roads FILE\nqafila assess", language="sh")
