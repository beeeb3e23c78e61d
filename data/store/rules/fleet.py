"""Rules: depots and the vehicles at home there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import VehicleClassesRestored, VehicleRegistered
from data.store.rules.registry import rule, unknown
from data.store.schema import DEPOTS, VEHICLE_CHANGES

if TYPE_CHECKING:
    from data.store.state import Fact, State


@rule(VehicleRegistered)
def _vehicle_registered(state: State, _fact: Fact, payload: VehicleRegistered) -> None:
    if state.live(DEPOTS, payload.depot_id) is None:
        raise unknown(payload.depot_id, "depot", f"vehicle {payload.vehicle_id}: ")


@rule(VehicleClassesRestored)
def _vehicle_classes_restored(state: State, _fact: Fact, payload: VehicleClassesRestored) -> None:
    if state.live(VEHICLE_CHANGES, payload.change_id) is None:
        raise unknown(payload.change_id, "change of vehicle classes")
