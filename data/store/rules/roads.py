"""Rules: closures of roads and their end, gaps that are joined."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import RoadClosed, RoadGapsJoined, RoadGapsParted, RoadReopened
from data.store.rules.registry import rule, unknown
from data.store.schema import CLOSURES, LAYERS, ROAD_JOINTS
from geo.errors import RuleError

if TYPE_CHECKING:
    from data.store.state import Fact, State


@rule(RoadClosed)
def _road_closed(_state: State, _fact: Fact, payload: RoadClosed) -> None:
    if payload.max_weight_t is not None and payload.state != "restricted":
        raise RuleError(
            f"{payload.closure_id}: {payload.state}, at most {payload.max_weight_t:g} t",
            "only a restricted road says what it still carries",
            "call it restricted, or leave the weight out",
        )


@rule(RoadReopened)
def _road_reopened(state: State, _fact: Fact, payload: RoadReopened) -> None:
    row = state.live(CLOSURES, payload.closure_id)
    if row is None:
        raise unknown(payload.closure_id, "closure")
    if row["reopened_at"] is not None:
        raise RuleError(
            payload.closure_id,
            f"the road was reopened at {row['reopened_at']} before",
            "nothing is to be done",
        )


@rule(RoadGapsJoined)
def _road_gaps_joined(state: State, _fact: Fact, payload: RoadGapsJoined) -> None:
    layer = state.live(LAYERS, payload.layer_id)
    if layer is None or layer["kind"] != "roads":
        raise unknown(payload.layer_id, "layer of roads", f"{payload.joint_id}: ")


@rule(RoadGapsParted)
def _road_gaps_parted(state: State, _fact: Fact, payload: RoadGapsParted) -> None:
    if state.live(ROAD_JOINTS, payload.joint_id) is None:
        raise unknown(payload.joint_id, "joint of gaps")
