"""What a cell asks of the next plan: how long to search, how fair, what goes first, who drives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard.languages import _
from dashboard.map.text import clean
from dashboard.views import outcome

if TYPE_CHECKING:
    from dashboard.operations.picture import Picture
    from dashboard.state import Served

SECONDS = (5, 15, 30, 60, 120, 300)
#: Vehicles that take a driver; teams on foot and with mules have their own people.
DRIVEN = ("truck", "light_truck", "pickup", "motorbike")
LONGEST_HOURS = 2000
MOST_FACTOR = 20.0

Terms = dict[str, list[str]]


def ask(served: Served, picture: Picture) -> None:
    """Ask for a plan, or for a plan of the rest of the day; then begin to make it."""
    with st.form("plan", border=True):
        seconds = st.select_slider(
            _("Search for (seconds)"), SECONDS, value=SECONDS[1], key="plan_seconds"
        )
        fairness = st.slider(
            _("Fairness: 0 the largest total, 1 the worst-off commune first"),
            0.0, 1.0, 0.5, 0.1, key="plan_fairness",
        )  # fmt: skip
        with st.expander(_("What goes first, who drives, opening hours")):
            terms = _terms(served, picture)
        label = _("Plan convoys now") if picture.plan is None else _("Plan anew")
        asked = st.form_submit_button(label, type="primary", icon=":material/local_shipping:")
    if (
        picture.plan is not None
        and served.desk.may("replan")
        and st.button(
            _("Plan the rest of the day from now"),
            icon=":material/update:",
            key="replan_rest",
            help=_("What is on the road or locked stays; the rest is planned anew."),
        )
    ):
        outcome.replan_rest(served)
    if asked:
        outcome.replan(served, seconds=float(seconds), fairness=float(fairness), terms=terms)


def _terms(served: Served, picture: Picture) -> Terms:
    """Ask for the terms; those of the newest plan stand there already."""
    last: dict[str, Any] = (picture.plan or {}).get("terms", {})
    return {
        "priorities": _priorities(served, picture, last.get("priorities", {})),
        "drivers": _drivers(picture, last.get("drivers", {})),
        "hours": _hours(last.get("hours", {})),
    }


def _priorities(served: Served, picture: Picture, last: dict[str, float]) -> list[str]:
    needed = sorted({item for needs in picture.places["needs"] for item in needs})
    if not needed:
        return []
    st.caption(_("Times as urgent as usual: 1 leaves an item as it is, 3 before most others."))
    columns = st.columns(min(len(needed), 3))
    factors = {
        item: columns[number % len(columns)].number_input(
            served.desk.item_name(item),
            0.1, MOST_FACTOR, float(last.get(item, 1.0)), 0.5, key=f"priority_{item}",
        )
        for number, item in enumerate(needed)
    }  # fmt: skip
    return [f"{item}={factor:g}" for item, factor in factors.items() if factor != 1.0]


def _drivers(picture: Picture, last: dict[str, int]) -> list[str]:
    driven = {
        depot.depot_id: sum(
            one.depot_id == depot.depot_id and one.vehicle_class in DRIVEN
            for one in picture.vehicles
        )
        for depot in picture.depots
    }
    depots = [depot for depot in picture.depots if driven[depot.depot_id]]
    if not depots:
        return []
    st.caption(_("Drivers for vehicles with a motor today:"))
    columns = st.columns(min(len(depots), 3))
    said = []
    for number, depot in enumerate(depots):
        enough = driven[depot.depot_id]
        given = columns[number % len(columns)].number_input(
            clean(depot.name),
            0,
            enough,
            min(int(last.get(depot.depot_id, enough)), enough),
            key=f"drivers_{depot.depot_id}",
        )
        if given < enough:
            said.append(f"{depot.depot_id}={given}")
    return said


def _hours(last: dict[str, list[str]]) -> list[str]:
    written = st.text_area(
        _("Opening hours of places, communes behind a checkpoint, or depots, one a line"),
        "\n".join(f"{where}={begins}-{ends}" for where, (begins, ends) in last.items()),
        max_chars=LONGEST_HOURS,
        placeholder="Ijoukak=08:00-15:30",
        height=80,
        key="plan_hours",
    )
    return [line.strip() for line in (written or "").splitlines() if line.strip()]
