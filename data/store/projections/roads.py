"""Projections: closures of roads and their end, gaps that were joined."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import RoadClosed, RoadGapsJoined, RoadGapsParted, RoadReopened
from data.store.canonical import canonical_json
from data.store.projections.registry import mark, projects, time_text
from data.store.schema import CLOSURES, ROAD_JOINTS

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
            "max_weight_t": payload.max_weight_t,
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


@projects(RoadGapsJoined, ROAD_JOINTS)
def _road_gaps_joined(state: State, fact: Fact, payload: RoadGapsJoined) -> None:
    state.put(
        ROAD_JOINTS,
        {
            "joint_id": payload.joint_id,
            "layer_id": payload.layer_id,
            "gaps": canonical_json([gap.model_dump(mode="json") for gap in payload.gaps]),
            "source": payload.source,
            "reason": payload.reason,
            "organisation_id": fact.organisation_id,
            "upload_id": fact.upload_id,
            "recorded_at": fact.recorded_at,
            **mark(fact),
        },
    )


@projects(RoadGapsParted, ROAD_JOINTS)
def _road_gaps_parted(state: State, fact: Fact, payload: RoadGapsParted) -> None:
    row = state.row(ROAD_JOINTS, payload.joint_id)
    if row is not None:
        state.put(ROAD_JOINTS, {**row, **mark(fact, removed=True)})
