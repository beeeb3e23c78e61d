"""Rules: what arrived at places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import DeliveryReported
from data.store.rules.registry import rule, unknown
from data.store.rules.stock import require_unit
from data.store.schema import NEEDS
from geo.errors import RuleError

if TYPE_CHECKING:
    from data.store.state import Fact, State


@rule(DeliveryReported)
def _delivery_reported(state: State, _fact: Fact, payload: DeliveryReported) -> None:
    what = f"delivery {payload.delivery_id}"
    require_unit(state, payload.item_id, payload.unit, what)
    if (payload.outcome == "refused") != (payload.quantity == 0):
        raise RuleError(
            f"{what}: {payload.outcome}, quantity {payload.quantity:f}",
            "refused means that nothing was taken, arrived and partly that something was",
            "correct the outcome or the quantity",
        )
    expected = payload.expected
    short = expected is not None and payload.quantity < expected
    if expected is not None and payload.quantity > 0 and short != (payload.outcome == "partly"):
        raise RuleError(
            f"{what}: {payload.outcome}, {payload.quantity:f} of {expected:f}",
            "partly means less than was expected, arrived all of it",
            "correct the outcome or the quantity",
        )
    for served in payload.needs:
        need = state.live(NEEDS, served.need_id)
        if need is None:
            raise unknown(served.need_id, "need", f"{what}: ")
        if need["item_id"] != payload.item_id or served.quantity > payload.quantity:
            raise RuleError(
                f"{what}: {served.quantity:f} {payload.item_id} for {served.need_id}",
                f"a need of this item, and no more than came ({payload.quantity:f})",
                "correct the need or the quantity",
            )
