"""Stock that a plan may take, and that it keeps for its convoys until they load it."""

from __future__ import annotations

from collections import defaultdict
from decimal import ROUND_FLOOR, Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from dashboard.operations.goods import day_of
from dashboard.operations.one_moment import once
from data.events import Event, ReservedLine, StockReleased, StockReserved
from geo.model import new_id

if TYPE_CHECKING:
    from datetime import datetime

    from dashboard.operations.situation import Situation
    from geo.model import StockLine

#: Convoys of so many plans back are known by name when they report.
PLANS_BACK = 5
_MICRO = Decimal("0.000001")


def plannable(situation: Situation, *, leaving: datetime) -> list[StockLine]:
    """Give what depots may hand out to the convoys of a new plan.

    Nothing that has expired when they leave, nothing that is kept for others. What an earlier plan
    keeps is free: the new plan takes its place.
    """
    return situation.store.free_stock(on=day_of(situation, leaving))


def reserving(situation: Situation, document: dict[str, Any]) -> list[Event]:
    """Give the events by which a plan keeps the loads of its convoys, and older plans let go.

    What a convoy has loaded already is not kept again, and no more is kept than is free: stock may
    have moved while the plan was made.
    """
    store = situation.store
    events: list[Event] = [
        StockReleased(reservation_id=one.reservation_id, reason="a newer plan")
        for one in store.reservations()
        if one.plan_id is not None
    ]
    free = {
        (line.depot_id, line.item_id): Decimal(repr(line.quantity))
        for line in store.free_stock(on=day_of(situation))
    }
    units, loaded = store.item_units(), store.loaded()
    lines = []
    for convoy in document["convoys"]:
        depot_id = convoy["depot_id"]
        for item_id, amount in sorted(_load(convoy).items()):
            there = free.get((depot_id, item_id), Decimal(0))
            wanted = amount - loaded.get((convoy["convoy_id"], depot_id, item_id), Decimal(0))
            kept = min(wanted, there).quantize(_MICRO, rounding=ROUND_FLOOR)
            if kept > 0:
                free[depot_id, item_id] = there - kept
                lines.append(
                    ReservedLine(
                        depot_id=depot_id,
                        item_id=item_id,
                        quantity=kept.normalize() + 0,
                        unit=units[item_id],
                        convoy_id=convoy["convoy_id"],
                    )
                )
    if lines:
        events.append(
            StockReserved(
                reservation_id=new_id("reservation"),
                plan_id=document["plan_id"],
                lines=tuple(lines),
            )
        )
    return events


def convoy_depots(situation: Situation) -> dict[str, str]:
    """Give the depot from which each convoy of the newest plans loads, by convoy."""
    found: dict[str, str] = {}
    for record in once(situation, "plans", situation.store.plans)[-PLANS_BACK:]:
        key = ("document", record.document)
        document = situation.remember(key, partial(situation.archive.get_json, record.document))
        found.update({one["convoy_id"]: one["depot_id"] for one in document["convoys"]})
    return found


def _load(convoy: dict[str, Any]) -> dict[str, Decimal]:
    load: defaultdict[str, Decimal] = defaultdict(Decimal)
    for stop in convoy["stops"]:
        for item_id, quantity in stop["deliver"].items():
            load[item_id] += Decimal(repr(quantity))
    return load
