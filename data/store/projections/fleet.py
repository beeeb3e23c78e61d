"""Projections: depots, the vehicles at home there, and changed vehicle classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import (
    DepotRegistered,
    VehicleClassesChanged,
    VehicleClassesRestored,
    VehicleRegistered,
)
from data.store.canonical import canonical_json
from data.store.projections.registry import mark, projects
from data.store.schema import DEPOTS, VEHICLE_CHANGES, VEHICLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Table

    from data.store.state import Fact, Key, State


@projects(DepotRegistered, DEPOTS)
def _depot_registered(state: State, fact: Fact, payload: DepotRegistered) -> None:
    state.put(
        DEPOTS,
        {
            "depot_id": payload.depot_id,
            "name": payload.name,
            "name_ar": payload.name_ar,
            "lon": payload.lon,
            "lat": payload.lat,
            "active": payload.active,
            **mark(fact),
        },
    )


def _home_of(payload: VehicleRegistered) -> Iterator[tuple[Table, Key]]:
    yield DEPOTS, (payload.depot_id,)


@projects(VehicleRegistered, VEHICLES, reads=_home_of)
def _vehicle_registered(state: State, fact: Fact, payload: VehicleRegistered) -> None:
    state.put(
        VEHICLES,
        {
            "vehicle_id": payload.vehicle_id,
            "vehicle_class": payload.vehicle_class,
            "name": payload.name,
            "capacity_kg": payload.capacity_kg,
            "capacity_m3": payload.capacity_m3,
            "depot_id": payload.depot_id,
            "organisation_id": payload.organisation_id or fact.organisation_id,
            "shift_s": payload.shift_s,
            "speed_factor": payload.speed_factor,
            "crew": payload.crew,
            "together": payload.together,
            "available": payload.available,
            **mark(fact),
        },
    )


@projects(VehicleClassesChanged, VEHICLE_CHANGES)
def _vehicle_classes_changed(state: State, fact: Fact, payload: VehicleClassesChanged) -> None:
    state.put(
        VEHICLE_CHANGES,
        {
            "change_id": payload.change_id,
            "changes": canonical_json(payload.changes),
            "source": payload.source,
            "reason": payload.reason,
            "organisation_id": fact.organisation_id,
            "upload_id": fact.upload_id,
            "recorded_at": fact.recorded_at,
            **mark(fact),
        },
    )


@projects(VehicleClassesRestored, VEHICLE_CHANGES)
def _vehicle_classes_restored(state: State, fact: Fact, payload: VehicleClassesRestored) -> None:
    row = state.row(VEHICLE_CHANGES, payload.change_id)
    if row is not None:
        state.put(VEHICLE_CHANGES, {**row, **mark(fact, removed=True)})
