"""Projections: closures of roads and their end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import RoadClosed, RoadReopened
from data.store.canonical import canonical_json
from data.store.projections.registry import mark, projects, time_text
from data.store.schema import CLOSURES

if TYPE_CHECKING:
    from data.store.state import Fact, State


@projects(RoadClosed, CLOSURES)
def _road_closed(state: State, fact: Fact, payload: RoadClosed) -> None:
    state.put(
        CLOSURES,
        {
            "closure_id": payload.closure_id,
            "edges": canonical_json(payload.edges),
            "roads_sha256": payload.roads_sha256,
            "state": payload.state,
            "classes": canonical_json(payload.classes),
            "since": time_text(payload.since),
            "until": time_text(payload.until),
            "confidence": payload.confidence,
            "source": payload.source,
            "reason": payload.reason,
            "organisation_id": fact.organisation_id,
            "upload_id": fact.upload_id,
            "recorded_at": fact.recorded_at,
            "reported_at": fact.reported_at,
            "reopened_at": None,
            "reopened_reason": "",
            **mark(fact),
        },
    )


@projects(RoadReopened, CLOSURES)
def _road_reopened(state: State, fact: Fact, payload: RoadReopened) -> None:
    row = state.row(CLOSURES, payload.closure_id)
    if row is not None:
        state.put(
            CLOSURES,
            {
                **row,
                "reopened_at": fact.recorded_at,
                "reopened_reason": payload.reason,
                **mark(fact),
            },
        )
