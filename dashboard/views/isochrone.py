"""How far a class gets within some minutes, with the closures and without, and who lives there."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from dashboard import state
from dashboard.languages import _
from dashboard.map.layers import layer_file
from dashboard.map.text import clean, markdown
from dashboard.views import analysis, grid
from dashboard.views.figures import number

if TYPE_CHECKING:
    from dashboard.desk import Desk, Progress
    from dashboard.state import Served
    from dashboard.views.frame import Frame

CLASSES = ("truck", "light_truck", "pickup", "motorbike", "mule", "foot")
MINUTES = (15, 30, 60, 90, 120, 180, 240, 360)
NAME = "isochrones"


def page(drawn: Frame) -> None:
    """Ask for a class and limits; show the ground on the map, people and what closures cost."""
    served, picture = drawn.served, drawn.picture
    with st.form("isochrones", border=True):
        first, second, third = st.columns([2, 3, 1], vertical_alignment="bottom")
        vehicle = first.selectbox(_("For"), CLASSES, format_func=_, key="isochrone_class")
        minutes = second.multiselect(
            _("Minutes from the nearest depot"), MINUTES, default=[60, 120], key="isochrone_minutes"
        )
        asked = third.form_submit_button(_("Draw"), type="primary", icon=":material/schedule:")
    if asked and not minutes:
        st.warning(_("Choose at least one limit."))
    elif asked:
        work = partial(_work, served.desk, vehicle, tuple(minutes))
        analysis.ask(NAME, _("Drawing how far one gets"), picture.seq, work)
    found = analysis.answer(NAME, picture.seq)
    if found is None:
        state.put(state.OVERLAY, "")
        return
    show_on_map(served, found)
    grid.show(
        table(found),
        hide_index=True,
        alt=_("People within the limits"),
        name="isochrones",
    )
    for lost in found["lost"]:
        if lost["places"]:
            st.markdown(markdown(lost_text(lost)))
    st.caption(
        markdown(
            _(
                "Within 500 m of a road that is reached in time: a place has its own walk, which "
                "the list of who is cut off knows. Full line: as the roads are; dotted: if all "
                "were open. People: {sources}."
            ).format(sources=clean("; ".join(sources(found)), 300) or _("nobody counted"))
        )
    )


def _work(desk: Desk, vehicle: str, minutes: tuple[int, ...], progress: Progress) -> dict[str, Any]:
    return desk.isochrones(vehicle, [float(one) for one in minutes], progress=progress)


def show_on_map(served: Served, found: dict[str, Any]) -> None:
    """Have the map draw the polygons; they are fetched by their hash as other layers are."""
    file = layer_file(NAME, found["shapes"]["features"])
    served.layers.made_from((NAME, file.sha), lambda: (file,))
    if state.get(state.OVERLAY, "") != file.path:
        state.put(state.OVERLAY, file.path)
        st.rerun()  # the map is above


def table(found: dict[str, Any]) -> pd.DataFrame:
    """Give people and ground within each limit, as the roads are and if all were open."""
    names = {"now": _("as the roads are"), "open": _("if all were open")}
    rows = sorted(found["isochrones"], key=lambda one: (one["minutes"], one["roads"]))
    return pd.DataFrame(
        {
            _("Minutes"): [one["minutes"] for one in rows],
            _("Roads"): [names[one["roads"]] for one in rows],
            _("People"): [one["people"] for one in rows],
            _("Places"): [one["places"] for one in rows],
            _("Places nobody counted"): [one["places_uncounted"] for one in rows],
            _("km of road"): [round(one["road_km"], 1) for one in rows],
            _("km²"): [round(one["area_km2"], 1) for one in rows],
        }
    )


def lost_text(lost: dict[str, Any]) -> str:
    """Say who lies within a limit only if all roads were open."""
    names = [clean(one["name"]) for one in lost["places"]]
    shown = ", ".join(names[:8]) + (" …" if len(names) > 8 else "")
    return _("Within {minutes} min only without the closures: {people} people, {names}").format(
        minutes=number(lost["minutes"]), people=number(lost["people"]), names=shown
    )


def sources(found: dict[str, Any]) -> list[str]:
    """Give who counted the people, each once."""
    return sorted({name for one in found["isochrones"] for name in one["people_sources"]})
