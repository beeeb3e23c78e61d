"""The vehicles that plans count on: what each takes, who goes with it, which are out of order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from dashboard import state
from dashboard.languages import _
from dashboard.map.text import clean, markdown
from dashboard.views import grid
from geo.errors import QafilaError

if TYPE_CHECKING:
    from dashboard.operations.picture import Picture
    from dashboard.state import Served
    from geo.model import Vehicle

TABLE_HEIGHT_PX = 380


def vehicles(served: Served, picture: Picture) -> None:
    """Show every vehicle; take one out of service that broke down, or back."""
    out = served.desk.vehicles_out()
    depots = {depot.depot_id: depot.name for depot in picture.depots}
    everyone = [(one, True) for one in picture.vehicles] + [(one, False) for one in out]
    if not everyone:
        st.caption(_("There are no vehicles yet: upload a table of them."))
        return
    if served.desk.may("set_vehicle_available"):
        _service(served, picture.vehicles, out)
    column = st.column_config
    grid.show(
        pd.DataFrame(
            {
                "vehicle": [_name(one) for one, _in in everyone],
                "class": [one.vehicle_class for one, _in in everyone],
                "depot": [clean(depots.get(one.depot_id, one.depot_id)) for one, _in in everyone],
                "kg": [one.capacity_kg for one, _in in everyone],
                "m3": [one.capacity_m3 for one, _in in everyone],
                "hours": [one.shift_s / 3600 for one, _in in everyone],
                "speed": [100 * one.speed_factor for one, _in in everyone],
                "crew": [one.crew for one, _in in everyone],
                "together": [clean(one.together) for one, _in in everyone],
                "in": [ready for _one, ready in everyone],
            }
        ),
        name="vehicles",
        hide_index=True,
        height=TABLE_HEIGHT_PX,
        column_config={
            "vehicle": column.TextColumn(_("Vehicle")),
            "class": column.TextColumn(_("Class")),
            "depot": column.TextColumn(_("Depot")),
            "kg": column.NumberColumn("kg", format="%d"),
            "m3": column.NumberColumn("m³", format="%.1f"),
            "hours": column.NumberColumn(_("Hours a day"), format="%.1f"),
            "speed": column.NumberColumn(_("Speed for its class"), format="%d %%"),
            "crew": column.NumberColumn(_("Crew"), format="%d"),
            "together": column.TextColumn(_("Travels with")),
            "in": column.CheckboxColumn(_("In service")),
        },
        alt=_("Vehicles"),
    )


def _service(served: Served, ready: list[Vehicle], out: list[Vehicle]) -> None:
    """Offer to take a vehicle out of service or back; say what was done, with an undo."""
    known = {one.vehicle_id: one for one in (*ready, *out)}
    broken = {one.vehicle_id for one in out}
    row = st.container(horizontal=True, vertical_alignment="bottom")
    chosen = row.selectbox(
        _("Vehicle"), list(known), format_func=lambda one: _name(known[one]), key="vehicle_chosen"
    )
    if chosen in broken:
        if row.button(_("Back in service"), icon=":material/build:", key="vehicle_back"):
            _set(served, chosen, available=True)
    elif row.button(_("It broke down"), icon=":material/car_crash:", key="vehicle_out"):
        _set(served, chosen, available=False)
    done = state.get(state.VEHICLE_SET)
    if isinstance(done, QafilaError):
        st.error(markdown(done), icon=":material/error:")
        state.put(state.VEHICLE_SET, None)
    elif done is not None:
        vehicle_id, available = done
        text = (
            _("{vehicle} is in service again.")
            if available
            else _("{vehicle} is out of service: plan the rest of the day from now.")
        )
        named = known.get(vehicle_id)
        says = st.container(horizontal=True, vertical_alignment="center")
        says.markdown(markdown(text.format(vehicle=_name(named) if named else vehicle_id)))
        if says.button(_("Undo"), icon=":material/undo:", key="undo_vehicle"):
            _set(served, vehicle_id, available=not available, undo=True)


def _set(served: Served, vehicle_id: str, *, available: bool, undo: bool = False) -> None:
    try:
        served.desk.set_vehicle_available(vehicle_id, available=available)
        state.put(state.VEHICLE_SET, None if undo else (vehicle_id, available))
    except QafilaError as error:
        state.put(state.VEHICLE_SET, error)
    st.rerun()


def _name(vehicle: Vehicle) -> str:
    return clean(vehicle.name or vehicle.vehicle_id)
