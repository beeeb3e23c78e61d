"""Projections: plans of convoys and the convoys held to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import ConvoyLockSet, PlanMade
from data.store.canonical import canonical_json
from data.store.projections.registry import mark, projects
from data.store.schema import CONVOY_LOCKS, PLANS

if TYPE_CHECKING:
    from data.store.state import Fact, State


@projects(PlanMade, PLANS, undoable=False)
def _plan_made(state: State, fact: Fact, payload: PlanMade) -> None:
    state.put(
        PLANS,
        {
            "plan_id": payload.plan_id,
            "document": payload.document,
            "problem": payload.problem,
            "seed": payload.seed,
            "based_on_seq": payload.based_on_seq,
            "summary": canonical_json(payload.summary),
            "recorded_at": fact.recorded_at,
            **mark(fact),
        },
    )


@projects(ConvoyLockSet, CONVOY_LOCKS, undoable=False)
def _convoy_lock_set(state: State, fact: Fact, payload: ConvoyLockSet) -> None:
    state.put(
        CONVOY_LOCKS,
        {
            "convoy_id": payload.convoy_id,
            "plan_id": payload.plan_id,
            "locked": payload.locked,
            "reason": payload.reason,
            "recorded_at": fact.recorded_at,
            **mark(fact),
        },
    )
