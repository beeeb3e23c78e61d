"""Rules: goods that are kept for a plan's convoys or for somebody else."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from data.events import StockReleased, StockReserved
from data.store.rules.registry import rule, unknown
from data.store.rules.stock import day_of, plain, require_account, require_unit, usable_micro
from data.store.schema import (
    PLANS,
    RESERVATIONS,
    RESERVED,
    RESERVED_LINES,
    to_micro,
)
from geo.errors import RuleError

if TYPE_CHECKING:
    from data.store.state import Fact, State


@rule(StockReserved)
def _stock_reserved(state: State, fact: Fact, payload: StockReserved) -> None:
    what = f"reservation {payload.reservation_id}"
    if payload.plan_id is not None and state.row(PLANS, payload.plan_id) is None:
        raise unknown(payload.plan_id, "plan", f"{what}: ")
    more: defaultdict[tuple[str, str], int] = defaultdict(int)
    for line in payload.lines:
        if not line.depot_id.startswith("depot:"):
            raise RuleError(f"{what}: {line.depot_id}", "goods of a depot are kept", "correct it")
        require_account(state, line.depot_id, what)
        require_unit(state, line.item_id, line.unit, what)
        if line.quantity == 0:
            raise RuleError(
                f"{what}: 0 {line.item_id}", "a quantity above 0 is needed", "correct it"
            )
        more[line.depot_id, line.item_id] += to_micro(line.quantity)
        if line.convoy_id is not None:
            before = state.live(RESERVED_LINES, line.convoy_id, line.depot_id, line.item_id)
            more[line.depot_id, line.item_id] -= before["left_micro"] if before else 0
    today = day_of(state, fact)
    for (depot_id, item_id), change in more.items():
        row = state.row(RESERVED, depot_id, item_id)
        kept = row["reserved_micro"] if row else 0
        usable = usable_micro(state, depot_id, item_id, today)
        if change > 0 and kept + change > usable:
            raise RuleError(
                f"{what}: {plain(change)} {item_id} in {depot_id}",
                f"only {plain(max(0, usable - kept))} are free there "
                f"({plain(usable)} on hand and not expired, {plain(kept)} reserved)",
                "reserve less, or release another reservation",
            )


@rule(StockReleased)
def _stock_released(state: State, _fact: Fact, payload: StockReleased) -> None:
    row = state.live(RESERVATIONS, payload.reservation_id)
    if row is None:
        raise unknown(payload.reservation_id, "reservation")
    if row["released_at"] is not None:
        raise RuleError(
            payload.reservation_id,
            f"the reservation was released at {row['released_at']} before",
            "nothing is to be done",
        )
