"""Rules: who does what where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import ActivityReported, ActivityRevised, ActivityStatusSet
from data.store.activity_table import ACTIVITIES
from data.store.rules.registry import rule, unknown
from geo.errors import RuleError

if TYPE_CHECKING:
    from data.store.state import Fact, State


@rule(ActivityReported)
def _activity_reported(_state: State, _fact: Fact, payload: ActivityReported) -> None:
    _require_order(payload)


@rule(ActivityRevised)
def _activity_revised(state: State, _fact: Fact, payload: ActivityRevised) -> None:
    _require_activity(state, payload.activity_id)
    _require_order(payload)


@rule(ActivityStatusSet)
def _activity_status_set(state: State, _fact: Fact, payload: ActivityStatusSet) -> None:
    _require_activity(state, payload.activity_id)


def _require_order(payload: ActivityReported | ActivityRevised) -> None:
    starts, ends = payload.starts_at, payload.ends_at
    if starts is not None and ends is not None and ends < starts:
        raise RuleError(
            f"{payload.activity_id}: from {starts:%Y-%m-%d} to {ends:%Y-%m-%d}",
            "work ends after it begins",
            "are the two dates swapped?",
        )


def _require_activity(state: State, activity_id: str) -> None:
    if state.live(ACTIVITIES, activity_id) is None:
        raise unknown(activity_id, "activity")
