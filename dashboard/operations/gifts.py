"""Gifts: what became of what a donor gave. For the donor by commune, and without a name.

A gift is known by the id of the movement that it came with, which nobody can guess: who has the
link sees this gift and no other. How units are told apart: `data.gift_tracing`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dashboard.operations.goods import stock_items
from data.gift_tracing import NOTHING, Gift, Move, trace
from data.packs import written
from geo.errors import UnknownIdError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from dashboard.operations.situation import Situation

#: Money for fewer households than this in a commune is shown without the commune.
MIN_HOUSEHOLDS = 5
PREFIX = "movement:"
#: Kind of account → what the donor is told of goods there.
STAGES = {
    "depot": "in_depots",
    "fund": "in_depots",
    "allocation": "in_depots",
    "convoy": "on_the_way",
    "place": "arrived",
    "loss": "lost",
    "donor": "given_back",
    "count": "missing",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Book:
    """All gifts as of one event."""

    gifts: dict[str, Gift]
    seq: int


def gifts(situation: Situation, *, arrived_since: datetime | None = None) -> dict[str, Any]:
    """List the gifts for the crisis cell, the newest first.

    Parameters
    ----------
    arrived_since
        Only those of which nothing is on hand or on the way any more, and the last of which came
        from then on: their donors can be told.

    Returns
    -------
    dict
        ``{gifts, at, based_on_seq, notice}``; each gift with its donor, amounts by stage as texts
        of exact decimals, its state (``waiting``, ``partly``, ``arrived``, ``gone``), and the path
        of the donor's page.
    """
    book = _book(situation)
    rows = [_row(gift) for gift in reversed(book.gifts.values())]
    if arrived_since is not None:
        since = arrived_since.isoformat()
        rows = [one for one in rows if one["state"] == "arrived" and one["last_arrival"] >= since]
    return {"gifts": rows, **_as_of(situation, book)}


def gift(situation: Situation, gift_id: str) -> dict[str, Any]:
    """Say what became of one gift: for its donor, by commune, without a name.

    Raises
    ------
    UnknownIdError
        No movement of this id came from a donor, or it was taken back.
    """
    book = _book(situation)
    wanted = gift_id if gift_id.startswith(PREFIX) else PREFIX + gift_id
    found = book.gifts.get(wanted)
    if found is None:
        raise UnknownIdError(
            f"gift {gift_id[:80]!r}", "no such gift is in the books", "check the link"
        )
    row = _row(found)
    del row["donor"]
    return {
        **row,
        "reference": wanted[-6:].upper(),
        "depots": _depots(situation, found),
        "communes": _communes(situation, found),
        **_as_of(situation, book),
    }


def _book(situation: Situation) -> _Book:
    seq = situation.seq()

    def make() -> _Book:
        stands = (one for one in situation.store.movements() if not one.taken_back)
        moves = [
            Move(
                movement_id=one.movement_id,
                item_id=one.item_id,
                lot_id=one.lot_id,
                quantity=one.quantity,
                giver=one.from_account,
                taker=one.to_account,
                at=one.reported_at or one.recorded_at,
                seq=one.seq,
            )
            for one in sorted(stands, key=lambda one: one.seq)
        ]
        return _Book(gifts=trace(moves), seq=seq)

    return situation.remember(("gifts", seq), make)


def _row(gift: Gift) -> dict[str, Any]:
    stages: dict[str, Decimal] = dict.fromkeys(STAGES.values(), NOTHING)
    last = None
    for account, there in gift.now.items():
        stage = STAGES.get(account.partition(":")[0], "missing")
        stages[stage] += there.quantity
        if stage == "arrived" and there.quantity > 0 and there.last_at is not None:
            last = there.last_at if last is None else max(last, there.last_at)
    open_amount = stages["in_depots"] + stages["on_the_way"]
    state = (
        ("partly" if stages["arrived"] else "waiting")
        if open_amount
        else ("arrived" if stages["arrived"] else "gone")
    )
    given = gift.given
    return {
        "gift_id": given.movement_id,
        "donor": given.giver.removeprefix("donor:"),
        "received_at": given.at.isoformat(),
        "event": given.seq,
        "item": given.item_id,
        "given": written(given.quantity),
        **{name: written(amount) for name, amount in stages.items()},
        "state": state,
        "last_arrival": "" if last is None else last.isoformat(),
        "path": f"/gift/{given.movement_id.removeprefix(PREFIX)}",
    }


def _as_of(situation: Situation, book: _Book) -> dict[str, Any]:
    return {
        "at": situation.now().isoformat(),
        "based_on_seq": book.seq,
        "notice": situation.info().notice,
    }


def item_unit(situation: Situation, item_id: str) -> str:
    """Give in which unit an item is counted."""
    known = stock_items(situation).get(item_id)
    return known.unit if known is not None else ""


def _depots(situation: Situation, gift: Gift) -> list[dict[str, Any]]:
    """Where what has not left lies, by depot or fund."""
    store = situation.store
    names = {one.depot_id: one.name for one in store.depots()}
    names |= {one.fund_id: one.name for one in store.funds()}
    names |= {one.allocation_id: one.name for one in store.allocations()}
    return [
        {"name": names[account], "quantity": written(there.quantity)}
        for account, there in sorted(gift.now.items())
        if account in names and there.quantity > 0
    ]


def _communes(situation: Situation, gift: Gift) -> list[dict[str, Any]]:
    """Where it arrived, by commune: how much, in how many places, when last, by which events.

    Money that reached few households is not told by commune: it would point at them.
    """
    arrived = {
        account: there
        for account, there in gift.now.items()
        if account.startswith("place:") and there.quantity > 0
    }
    if not arrived:
        return []
    current = situation.current_places()
    places = situation.places().set_index("place_id")
    commune_of = places["commune"].to_dict()
    households = _households(situation, commune_of)
    is_money = gift.given.taker.startswith(("fund:", "allocation:"))
    found: dict[str, dict[str, Any]] = defaultdict(
        lambda: {"quantity": NOTHING, "places": set(), "last_at": None, "events": []}
    )
    for account, there in arrived.items():
        commune = str(commune_of.get(current(account)) or "")
        if is_money and households.get(commune, 0) < MIN_HOUSEHOLDS:
            commune = ""
        row = found[commune]
        row["quantity"] += there.quantity
        row["places"].add(account)
        row["last_at"] = max(filter(None, (row["last_at"], there.last_at)))
        row["events"] += there.events
    return [
        {
            "commune": commune,
            "quantity": written(row["quantity"]),
            "places": len(row["places"]) if commune or not is_money else None,
            "last_at": row["last_at"].isoformat(),
            "events": sorted(set(row["events"])),
        }
        for commune, row in sorted(found.items(), key=lambda one: (one[0] == "", one[0]))
    ]


def _households(situation: Situation, commune_of: dict[str, Any]) -> dict[str, int]:
    """How many households were paid in each commune, by all."""
    current = situation.current_places()
    paid: dict[str, int] = defaultdict(int)
    for one in situation.store.payments():
        paid[str(commune_of.get(current(one.place_id)) or "")] += one.households
    return paid


def overview(situation: Situation) -> dict[str, Any]:
    """Say of all gifts together what was given and where it is: public, no donor is named.

    Returns
    -------
    dict
        `items`: of each item given, in depots, on the way, arrived, lost, given back, missing;
        `communes`: what arrived of each item in each commune; `funds` as `funding.show` gives them
        without their parts.
    """
    from dashboard.operations import funding

    book = _book(situation)
    stages = tuple(dict.fromkeys(STAGES.values()))
    money = {fund.item_id for fund in situation.store.funds()}
    sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    goods = [one for one in book.gifts.values() if one.given.item_id not in money]
    for one in goods:
        row = sums[one.given.item_id]
        row["given"] += one.given.quantity
        for account, there in one.now.items():
            row[STAGES.get(account.partition(":")[0], "missing")] += there.quantity
    return {
        "items": [
            {
                "item": item_id,
                "unit": item_unit(situation, item_id),
                **{name: written(row[name]) for name in ("given", *stages)},
            }
            for item_id, row in sorted(sums.items())
        ],
        "communes": _arrived(situation, goods),
        "funds": [
            {name: value for name, value in fund.items() if name not in ("fund_id", "allocations")}
            for fund in funding.show(situation)["funds"]
        ],
        **_as_of(situation, book),
    }


def _arrived(situation: Situation, goods: Iterable[Gift]) -> list[dict[str, Any]]:
    """What arrived of each item in each commune."""
    current = situation.current_places()
    commune_of = situation.places().set_index("place_id")["commune"].to_dict()
    found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for one in goods:
        for account, there in one.now.items():
            if account.startswith("place:") and there.quantity > 0:
                commune = str(commune_of.get(current(account)) or "")
                found[commune, one.given.item_id] += there.quantity
    return [
        {"commune": commune, "item": item_id, "quantity": written(amount)}
        for (commune, item_id), amount in sorted(found.items())
    ]
