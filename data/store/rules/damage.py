"""Rules: damage that people saw, and assessments computed from all evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import DamageReported
from data.store.rules.registry import rule
from geo.errors import RuleError

if TYPE_CHECKING:
    from data.store.state import Fact, State


@rule(DamageReported)
def _damage_reported(_state: State, _fact: Fact, payload: DamageReported) -> None:
    hit = payload.destroyed + payload.damaged
    if payload.total is not None and hit > payload.total:
        raise RuleError(
            f"{payload.report_id}: {hit} houses hit of {payload.total}",
            "no more than there are can be destroyed or damaged",
            "correct the count",
        )
