"""What every view of the page shares: head, figures, map, and the watch for what others change."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from dashboard import state
from dashboard.languages import _
from dashboard.map.component import parse_picked, situation_map
from dashboard.map.text import NOTE_LIMIT, clean, markdown
from dashboard.views.figures import figures
from dashboard.vocabulary import told
from geo.errors import NoSituationError, QafilaError

if TYPE_CHECKING:
    from dashboard.desk import Desk
    from dashboard.operations.picture import Picture
    from dashboard.operations.situation import SituationInfo
    from dashboard.state import Served

FOLLOW_EVERY_S = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What a view is drawn from."""

    served: Served
    info: SituationInfo
    picture: Picture


def opened(served: Served, *, with_figures: bool = True) -> Frame | None:
    """Draw the head of a view and give what it is drawn from; None where there is nothing yet."""
    desk = served.desk
    try:
        info, picture = desk.info(), desk.picture()
    except NoSituationError as error:
        no_situation(error)
        return None
    except QafilaError as error:
        st.error(markdown(error), icon=":material/error:")
        return None
    take_pick()
    header(info)
    if with_figures:
        figures(picture, timezone=info.timezone)
    if picture.places.empty:
        nothing_loaded()
    return Frame(served=served, info=info, picture=picture)


def headed(served: Served) -> SituationInfo | None:
    """Draw the head of a view that shows no map; None where there is no situation yet."""
    try:
        info = served.desk.info()
    except NoSituationError as error:
        no_situation(error)
        return None
    except QafilaError as error:
        st.error(markdown(error), icon=":material/error:")
        return None
    header(info)
    return info


def header(info: SituationInfo) -> None:
    """Name the situation and show its notice, which stays in view while the page is scrolled."""
    st.title(markdown(told(info.name)), anchor=False)
    if info.notice:
        with st.container(key="notice"):
            text = html.escape(clean(told(info.notice), NOTE_LIMIT))
            st.html(f'<div class="q-drill" role="note" dir="auto">{text}</div>')


def show_map(
    picture: Picture, *, height: int, grow: bool = True, overlay: str | None = None
) -> None:
    """Show the map of the situation; the frame stays in view beside a long list.

    `overlay` is the path of a layer file to be drawn on top; None for what the session shows.
    """
    with st.container(key="mapframe"):
        situation_map(
            height=height,
            grow=grow,
            selected=state.get(state.EDGE, ""),
            focus=state.get(state.FOCUS, ""),
            overlay=state.get(state.OVERLAY, "") if overlay is None else overlay,
            seq=picture.seq,
            at=state.get(state.AS_OF) or 0,
            key=state.MAP,
        )


def take_pick() -> None:
    """Take in what was picked on the map since the last run, before anything is drawn."""
    picked = parse_picked(state.get(state.MAP))
    if not picked.at or picked.at == state.get(state.PICKED_AT):
        return
    state.put(state.PICKED_AT, picked.at)
    if picked.closure:
        state.put(state.CLOSURE, picked.closure)
        state.put(state.SIDE, state.ROADS_SIDE)
        return
    state.put(state.EDGE, picked.edge)
    if picked.edge:
        state.put(state.SIDE, state.ROADS_SIDE)
        # The list must not say another road than the map.
        state.put(state.ROAD, None)
        state.put(state.PIECE, None)


def focus_once(feature_id: str) -> None:
    """Show a feature that was ticked in a table on the map, unless it was the last one shown."""
    if feature_id == state.get(state.SHOWN):
        return
    count = int(state.get(state.FOCUS, "#0").rpartition("#")[2]) + 1
    state.put(state.SHOWN, feature_id)
    state.put(state.FOCUS, f"{feature_id}#{count}")
    st.rerun()


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
