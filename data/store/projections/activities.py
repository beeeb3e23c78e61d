"""Projections: who does what where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import ActivityReported, ActivityRevised, ActivityStatusSet
from data.store.activity_table import ACTIVITIES
from data.store.projections.registry import mark, projects, time_text
from data.store.schema import to_micro

if TYPE_CHECKING:
    from data.store.state import Fact, State


@projects(ActivityReported, ACTIVITIES)
def _activity_reported(state: State, fact: Fact, payload: ActivityReported) -> None:
    state.put(
        ACTIVITIES,
        {
            "activity_id": payload.activity_id,
            "place_id": payload.place_id,
            "actor": payload.actor,
            "funder": payload.funder,
            "sector": payload.sector,
            "activity": payload.activity,
            "item_id": payload.item_id,
            "quantity_micro": None if payload.quantity is None else to_micro(payload.quantity),
            "unit": payload.unit,
            "status": payload.status,
            "starts_at": time_text(payload.starts_at),
            "ends_at": time_text(payload.ends_at),
            "people_reached": payload.people_reached,
            "households": payload.households,
            "written_place": payload.written_place,
            "match_score": payload.match_score,
            "note": payload.note,
            "organisation_id": fact.organisation_id,
            "upload_id": fact.upload_id,
            "recorded_at": fact.recorded_at,
            "reported_at": fact.reported_at,
            **mark(fact),
        },
    )


@projects(ActivityRevised, ACTIVITIES)
def _activity_revised(state: State, fact: Fact, payload: ActivityRevised) -> None:
    row = state.row(ACTIVITIES, payload.activity_id)
    if row is None:
        return
    revised = {
        "quantity_micro": None if payload.quantity is None else to_micro(payload.quantity),
        "unit": payload.unit,
        "status": row["status"] if payload.status == "unknown" else payload.status,
        "starts_at": time_text(payload.starts_at),
        "ends_at": time_text(payload.ends_at),
        "people_reached": payload.people_reached,
        "households": payload.households,
        "note": payload.note,
        "reported_at": fact.reported_at,
        **mark(fact),
    }
    state.put(ACTIVITIES, {**row, **revised})


@projects(ActivityStatusSet, ACTIVITIES)
def _activity_status_set(state: State, fact: Fact, payload: ActivityStatusSet) -> None:
    row = state.row(ACTIVITIES, payload.activity_id)
    if row is not None:
        state.put(ACTIVITIES, {**row, "status": payload.status, **mark(fact)})
