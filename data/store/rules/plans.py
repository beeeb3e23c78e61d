"""Rules: plans of convoys and the convoys held to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import ConvoyLockSet
from data.store.rules.registry import rule, unknown
from data.store.schema import PLANS

if TYPE_CHECKING:
    from data.store.state import Fact, State


@rule(ConvoyLockSet)
def _convoy_lock_set(state: State, _fact: Fact, payload: ConvoyLockSet) -> None:
    if state.row(PLANS, payload.plan_id) is None:
        raise unknown(payload.plan_id, "plan")
