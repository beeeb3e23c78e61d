"""Rules: closures of roads and their end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import RoadReopened
from data.store.rules.registry import rule, unknown
from data.store.schema import CLOSURES
from geo.errors import RuleError

if TYPE_CHECKING:
    from data.store.state import Fact, State


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
