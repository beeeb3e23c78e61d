"""Booking by a form: the name of a handling and its fields, as the page has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dashboard.operations import (
    delivering,
    funding,
    gifts,
    goods,
    own_items,
    stock_balance,
    stock_report,
    stockroom,
)
from data.packs import written
from geo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dashboard.operations.situation import Situation
    from dashboard.operations.stockroom import Said

MOVEMENTS_SHOWN = 500
LONGEST_FIELD = 2_000

#: Handling → the use case and its fields; those after the bar may stay empty.
HANDLINGS: dict[str, tuple[Callable[..., dict[str, Any]], str]] = {
    "receive": (stockroom.receive, "depot item quantity donor | lot expires"),
    "move": (stockroom.move, "source goal item quantity | lot reservation"),
    "deliver": (delivering.deliver, "source place item quantity | expected lot"),
    "count": (stockroom.count, "depot item quantity | lot"),
    "loss": (stockroom.lose, "account item quantity cause | lot"),
    "return": (stockroom.give_back, "source goal item quantity | lot"),
    "keep": (stockroom.reserve, "depot item quantity kept_for |"),
    "release": (stockroom.release, "reservation_id |"),
    "item": (own_items.name_item, "name unit kg m3 | pack"),
    "fund_open": (funding.open_fund, "name currency |"),
    "fund_pledge": (funding.pledge, "fund donor amount |"),
    "fund_receive": (funding.receive, "fund donor amount |"),
    "fund_return": (funding.give_back, "fund donor amount |"),
    "fund_allocate": (funding.allocate, "fund purpose amount |"),
    "fund_pay": (funding.pay, "allocation place households per_household |"),
}


def book(
    situation: Situation, handling: str, fields: Mapping[str, str], said: Said
) -> dict[str, Any]:
    """Record a handling from what somebody filled into a form.

    Parameters
    ----------
    handling
        One of `HANDLINGS`.
    fields
        Its fields as written; empty ones count as not given.

    Raises
    ------
    InputError
        The handling or a field is unknown, or a field that it needs is empty.
    """
    if handling not in HANDLINGS:
        raise InputError(
            f"handling {handling[:40]!r}", f"one of {', '.join(HANDLINGS)} is needed", "correct it"
        )
    use, names = HANDLINGS[handling]
    needed, _, more = names.partition("|")
    known = {*needed.split(), *more.split()}
    given = {name: text.strip()[:LONGEST_FIELD] for name, text in fields.items() if text.strip()}
    if strange := sorted(given.keys() - known):
        raise InputError(
            f"field {strange[0][:40]!r} of {handling}",
            f"one of {', '.join(sorted(known))} is needed",
            "leave it out",
        )
    for name in needed.split():
        if name not in given:
            raise InputError(
                f"{handling}: {name.replace('_', ' ')} is empty", "it is needed", "fill it in"
            )
    options: dict[str, Any] = dict(given)
    if "households" in options:
        options["households"] = _whole(options["households"])
    return use(situation, **options, said=said)


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise InputError(
            f"households {text[:40]!r}", "a whole number such as 40 is needed", "correct it"
        )
    return int(text)


def stock_and_money(situation: Situation) -> dict[str, Any]:
    """Give all that the page of stock shows, as it was at one event.

    Returns
    -------
    dict
        What `stock_report.show` says with lots and the newest movements; `balance`; `counts` and
        `funds`; `items` with the packs that may be written; `depots`: what they are called.
    """
    found = stock_report.show(situation, lots=True, moves=MOVEMENTS_SHOWN)
    names = {one.organisation_id: one.name for one in situation.store.organisations()}
    return {
        **found,
        "balance": stock_balance.balance(situation),
        "counts": [
            {
                "at": (one.reported_at or one.recorded_at).isoformat(),
                "depot_id": one.depot_id,
                "item": one.item_id,
                "lot_id": one.lot_id,
                "counted": written(one.counted),
                "booked": written(one.booked),
                "difference": written(one.counted - one.booked),
                "unit": one.unit,
                "organisation": names.get(one.organisation_id or "", ""),
                "note": one.note,
                "event": one.seq,
            }
            for one in sorted(situation.store.counts(), key=lambda one: -one.seq)
        ],
        "funds": funding.show(situation)["funds"],
        "gifts": gifts.gifts(situation)["gifts"],
        "items": [
            {"item": one.item_id, "name": one.name, "unit": one.unit, "packs": sorted(one.packs)}
            for one in goods.stock_items(situation).values()
            if not one.item_id.startswith("cash_")
        ],
        "depots": {one.depot_id: one.name for one in situation.store.depots()},
    }
