"""Rules: who does what where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import ActivityReported, ActivityStatusSet
from data.store.activity_table import ACTIVITIES
from data.store.rules.registry import rule, unknown
from geo.errors import RuleError

if TYPE_CHECKING:
    from data.store.state import Fact, State


@rule(ActivityReported)
def _activity_reported(_state: State, _fact: Fact, payload: ActivityReported) -> None:
    starts, ends = payload.starts_at, payload.ends_at
    if starts is not None and ends is not None and ends < starts:
        raise RuleError(
            f"{payload.activity_id}: from {starts:%Y-%m-%d} to {ends:%Y-%m-%d}",
            "work ends after it begins",
            "are the two dates swapped?",
        )


@rule(ActivityStatusSet)
def _activity_status_set(state: State, _fact: Fact, payload: ActivityStatusSet) -> None:
    if state.live(ACTIVITIES, payload.activity_id) is None:
        raise unknown(payload.activity_id, "activity")
