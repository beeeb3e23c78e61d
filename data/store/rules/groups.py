"""Rules: groups of people that were counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import GroupCounted
from data.store.rules.registry import rule
from geo.errors import RuleError

if TYPE_CHECKING:
    from data.store.state import Fact, State


@rule(GroupCounted)
def _group_counted(_state: State, _fact: Fact, payload: GroupCounted) -> None:
    if payload.referred > payload.count:
        raise RuleError(
            f"{payload.referred} referred of {payload.count}",
            "no more are referred than were counted",
            "are the two numbers swapped?",
        )
