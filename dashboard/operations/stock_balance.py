"""What came in against what went out and what lies here: of each item, from two places."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from data.packs import written

if TYPE_CHECKING:
    from dashboard.operations.situation import Situation

NOTHING = Decimal(0)


def balance(situation: Situation) -> dict[str, Any]:
    """Hold the movements of each item against what the accounts hold.

    What came in, went out and was counted is summed from the movements; what is on hand and on the
    road is read from the balances, which are kept apart from them. Money is left to `funding.show`.

    Returns
    -------
    dict
        `items`: rows with item, unit, came_in, given_back (to donors), counted (found less
        missing), delivered (less what came back), lost, on_hand, on_the_road, and difference =
        came_in + counted - given_back - delivered - lost - on_hand - on_the_road, as texts of
        exact decimals. `ok`: no item has a difference. `based_on_seq` and `at` say of which event
        the figures are, `last_movement` what was booked last: at, event, organisation.
    """
    store = situation.store
    money = {fund.item_id for fund in store.funds()}
    units: dict[str, str] = {}
    rows: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for (giver, taker, item_id), quantity in store.flows().items():
        _count_flow(rows[item_id], giver.partition(":")[0], taker.partition(":")[0], quantity)
    for one in store.balances():
        units[one.item_id] = one.unit
        kind = one.account.partition(":")[0]
        if kind in ("depot", "convoy"):
            rows[one.item_id]["on_hand" if kind == "depot" else "on_the_road"] += one.quantity
    items = [
        _row(item_id, rows[item_id], units) for item_id in sorted(rows) if item_id not in money
    ]
    return {
        "at": situation.now().isoformat(),
        "based_on_seq": situation.seq(),
        "ok": all(one["difference"] == "0" for one in items),
        "items": items,
        "last_movement": _last(situation),
    }


def _count_flow(row: dict[str, Decimal], giver: str, taker: str, quantity: Decimal) -> None:
    """Add one flow to the sums of its item: what leaves an account counts against it."""
    for kind, signed in ((giver, -quantity), (taker, quantity)):
        if kind == "donor":
            row["came_in" if signed < 0 else "given_back"] += quantity
        elif kind == "count":
            row["counted"] -= signed
        elif kind == "place":
            row["delivered"] += signed
        elif kind == "loss":
            row["lost"] += signed


def _row(item_id: str, sums: dict[str, Decimal], units: dict[str, str]) -> dict[str, Any]:
    names = ("came_in", "given_back", "counted", "delivered", "lost", "on_hand", "on_the_road")
    found = {name: sums.get(name, NOTHING) for name in names}
    entered = found["came_in"] + found["counted"] - found["given_back"]
    difference = (
        entered - found["delivered"] - found["lost"] - found["on_hand"] - found["on_the_road"]
    )
    return {
        "item": item_id,
        "unit": units.get(item_id, ""),
        **{name: written(value) for name, value in found.items()},
        "difference": written(difference),
    }


def _last(situation: Situation) -> dict[str, Any] | None:
    newest = situation.store.newest_movements(limit=1)
    if not newest:
        return None
    names = {one.organisation_id: one.name for one in situation.store.organisations()}
    one = newest[0]
    return {
        "at": (one.reported_at or one.recorded_at).isoformat(),
        "event": one.seq,
        "organisation": names.get(one.organisation_id or "", ""),
    }
