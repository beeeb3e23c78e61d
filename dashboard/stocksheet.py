"""Stock and money as people read them: tables with names in place of ids."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pandas as pd

from dashboard.languages import _
from dashboard.map.text import clean
from dashboard.vocabulary import told
from data.packs import written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Rows = list[dict[str, Any]]
LONGEST_NOTE = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What ids are called, and how a moment is written."""

    item: Callable[[str], str]
    account: Callable[[str], str]
    moment: Callable[[str], str]


def account_name(account: str, names: Mapping[str, str]) -> str:
    """Say an account in words: the name of a depot, place or convoy, else its kind and name."""
    if account in names:
        return clean(names[account])
    kind, _sep, rest = account.partition(":")
    kinds = {
        "donor": _("donor {name}"),
        "convoy": _("convoy {name}"),
        "loss": _("loss: {name}"),
        "count": _("difference of a count"),
        "fund": _("fund {name}"),
        "allocation": _("allocation {name}"),
    }
    text = kinds.get(kind)
    return clean(account) if text is None else text.format(name=clean(rest.replace("-", " ")))


def on_hand(found: Mapping[str, Any], words: Words) -> pd.DataFrame:
    """Give what each depot holds of each item: on hand, reserved, free, expired, expiring soon."""
    rows: Rows = found["stock"]
    return pd.DataFrame(
        {
            _("Depot"): [words.account(row["depot_id"]) for row in rows],
            _("Item"): [words.item(row["item"]) for row in rows],
            _("On hand"): _numbers(rows, "on_hand"),
            _("Reserved"): _numbers(rows, "reserved"),
            _("Free"): _numbers(rows, "free"),
            _("Expired"): _numbers(rows, "expired"),
            _("Expires within 7 days"): _numbers(rows, "expiring_soon"),
            _("Next last day"): [row["next_expiry"] or "" for row in rows],
            _("Unit"): [told(row["unit"]) for row in rows],
            _("Event"): [row["event"] for row in rows],
        }
    )


def lots(found: Mapping[str, Any], words: Words, today: date) -> pd.DataFrame:
    """Give what each depot holds by lot, in the order of leaving: first expired, first out."""
    rows = sorted(
        found["lots"],
        key=lambda row: (
            words.account(row["depot_id"]),
            words.item(row["item"]),
            row["expires_on"] or "9999",
            row["lot_id"],
        ),
    )
    turn: dict[tuple[str, str], int] = defaultdict(int)
    order: list[int | None] = []
    for row in rows:
        key = (row["depot_id"], row["item"])
        turn[key] += 0 if row["expired"] else 1
        order.append(None if row["expired"] else turn[key])
    return pd.DataFrame(
        {
            _("Depot"): [words.account(row["depot_id"]) for row in rows],
            _("Item"): [words.item(row["item"]) for row in rows],
            _("Lot"): [clean(row["code"]) or _("without a lot") for row in rows],
            _("Last day"): [row["expires_on"] or "" for row in rows],
            _("State"): [expiry_text(row["expires_on"], today) for row in rows],
            _("Leaves as number"): pd.array(order, dtype="Int64"),
            _("On hand"): _numbers(rows, "on_hand"),
            _("Unit"): [told(row["unit"]) for row in rows],
        }
    )


def expiry_text(expires_on: str | None, today: date) -> str:
    """Say how a last day stands to today."""
    if expires_on is None:
        return ""
    left = (date.fromisoformat(expires_on) - today).days
    if left < 0:
        return _("expired: is not handed out")
    if left == 0:
        return _("last day")
    return _("{n} days left").format(n=left)


def on_the_road(found: Mapping[str, Any], words: Words) -> pd.DataFrame:
    """Give what convoys hold."""
    sums: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for row in found["on_the_road"]:
        sums[row["convoy_id"], row["item"], row["unit"]] += Decimal(row["quantity"])
    return pd.DataFrame(
        {
            _("Convoy"): [words.account(convoy) for convoy, _item, _unit in sums],
            _("Item"): [words.item(item) for _convoy, item, _unit in sums],
            _("Quantity"): [float(quantity) for quantity in sums.values()],
            _("Unit"): [told(unit) for _convoy, _item, unit in sums],
        }
    )


def reservations(found: Mapping[str, Any], words: Words) -> pd.DataFrame:
    """Give what is kept, and for whom."""
    rows: Rows = found["reservations"]
    return pd.DataFrame(
        {
            _("Depot"): [words.account(row["depot_id"]) for row in rows],
            _("Item"): [words.item(row["item"]) for row in rows],
            _("Quantity"): _numbers(rows, "left"),
            _("Kept for"): [
                words.account(row["convoy_id"]) if row["convoy_id"] else clean(row["kept_for"], 200)
                for row in rows
            ],
        }
    )


def balance(found: Mapping[str, Any], words: Words) -> pd.DataFrame:
    """Give in and out of each item beside what lies here; a difference of 0 is how it must be."""
    rows: Rows = found["balance"]["items"]
    return pd.DataFrame(
        {
            _("Item"): [words.item(row["item"]) for row in rows],
            _("Came in"): _numbers(rows, "came_in"),
            _("Found or missed by counts"): _numbers(rows, "counted"),
            _("Given back"): _numbers(rows, "given_back"),
            _("Delivered"): _numbers(rows, "delivered"),
            _("Lost"): _numbers(rows, "lost"),
            _("On the road"): _numbers(rows, "on_the_road"),
            _("On hand"): _numbers(rows, "on_hand"),
            _("Difference"): _numbers(rows, "difference"),
            _("Unit"): [told(row["unit"]) for row in rows],
        }
    )


def check_line(found: Mapping[str, Any], words: Words) -> tuple[bool, str]:
    """Say whether in = out + on hand, of how many items, at which event, told by whom and when."""
    balance = found["balance"]
    wrong = [words.item(row["item"]) for row in balance["items"] if row["difference"] != "0"]
    last = balance["last_movement"]
    told = ""
    if last is not None:
        told = _("The last movement: {time}, {who}, event {event}.").format(
            time=words.moment(last["at"]),
            who=clean(last["organisation"]) or _("nobody said who"),
            event=last["event"],
        )
    if wrong:
        text = _("In and out do not add up for {items}: run `qafila verify`.")
        return False, f"{text.format(items=', '.join(wrong[:8]))} {told}".strip()
    text = _("In = out + on hand, for all {n} items, at event {event}.")
    held = text.format(n=len(balance["items"]), event=balance["based_on_seq"])
    return True, f"{held} {told}".strip()


def counts(found: Mapping[str, Any], words: Words) -> pd.DataFrame:
    """Give what was counted beside what the books said, the newest first."""
    rows: Rows = found["counts"]
    codes = {row["lot_id"]: row["code"] for row in found["lots"]}
    return pd.DataFrame(
        {
            _("Time"): [words.moment(row["at"]) for row in rows],
            _("Depot"): [words.account(row["depot_id"]) for row in rows],
            _("Item"): [words.item(row["item"]) for row in rows],
            _("Lot"): [clean(codes.get(row["lot_id"], row["lot_id"])) for row in rows],
            _("Counted"): _numbers(rows, "counted"),
            _("In the books"): _numbers(rows, "booked"),
            _("Difference"): _numbers(rows, "difference"),
            _("Unit"): [told(row["unit"]) for row in rows],
            _("Who says so"): [clean(row["organisation"]) for row in rows],
            _("Remark"): [clean(row["note"], LONGEST_NOTE) for row in rows],
            _("Event"): [row["event"] for row in rows],
        }
    )


def movements(found: Mapping[str, Any], words: Words) -> pd.DataFrame:
    """Give the newest movements with who said so and where it was read."""
    rows: Rows = found.get("movements", [])
    return pd.DataFrame(
        {
            _("Time"): [words.moment(row["at"]) for row in rows],
            _("Item"): [words.item(row["item"]) for row in rows],
            _("Quantity"): _numbers(rows, "quantity"),
            _("Unit"): [told(row["unit"]) for row in rows],
            _("From"): [words.account(row["from"]) for row in rows],
            _("To"): [words.account(row["to"]) for row in rows],
            _("Who says so"): [clean(row["organisation"] or row["actor"]) for row in rows],
            _("Source"): [clean(row["source"], 200) for row in rows],
            _("Undone"): [bool(row["undone"]) for row in rows],
            _("Remark"): [clean(row["note"], LONGEST_NOTE) for row in rows],
            _("Event"): [row["event"] for row in rows],
        }
    )


def slips(found: Mapping[str, Any], words: Words) -> dict[str, str]:
    """Give the newest handlings that stand, slip → what it was, for a list to undo one from."""
    parts: dict[str, Rows] = defaultdict(list)
    for row in found.get("movements", []):
        if row["slip_id"] and not row["undone"]:
            parts[row["slip_id"]].append(row)
    labels = {}
    for slip_id, rows in parts.items():
        first = rows[0]
        total = sum((Decimal(row["quantity"]) for row in rows), Decimal(0))
        labels[slip_id] = (
            f"{words.moment(first['at'])} · {written(total)} {words.item(first['item'])} · "
            f"{words.account(first['from'])} → {words.account(first['to'])}"
        )
    return labels


def funds(found: Mapping[str, Any]) -> pd.DataFrame:
    """Give of every fund how much was pledged, received, set aside, paid and given back."""
    rows: Rows = found["funds"]
    return pd.DataFrame(
        {
            _("Fund"): [clean(row["name"]) for row in rows],
            _("Pledged"): _numbers(rows, "pledged"),
            _("Received"): _numbers(rows, "received"),
            _("Given back"): _numbers(rows, "returned"),
            _("Not set aside"): _numbers(rows, "unallocated"),
            _("Set aside, not paid"): _numbers(rows, "set_aside"),
            _("Paid"): _numbers(rows, "paid"),
            _("Households paid"): [row["households"] for row in rows],
            _("Currency"): [row["currency"] for row in rows],
        }
    )


def _numbers(rows: Iterable[Mapping[str, Any]], name: str) -> list[float]:
    """Give a column of exact decimals as numbers to one decimal, which sort in a table."""
    return [round(float(row[name]), 1) for row in rows]


def gifts(found: Mapping[str, Any], words: Words) -> pd.DataFrame:
    """Give of every gift how much lies here, is on the way and arrived, and its donor's link."""
    rows: Rows = found["gifts"]
    return pd.DataFrame(
        {
            _("Received on"): [words.moment(row["received_at"]) for row in rows],
            _("Donor"): [clean(row["donor"].replace("-", " ")) for row in rows],
            _("Item"): [
                # Money is an item too, and called by its currency.
                row["item"].removeprefix("cash_").upper()
                if row["item"].startswith("cash_")
                else words.item(row["item"])
                for row in rows
            ],
            _("Link"): [row["path"] for row in rows],
            **{name: _numbers(rows, stage) for stage, name in gift_stages().items()},
            _("Last arrival"): [
                words.moment(row["last_arrival"]) if row["last_arrival"] else "" for row in rows
            ],
        }
    )


def gift_stages() -> dict[str, str]:
    """Stages of a gift, in their order."""
    return {
        "given": _("given"),
        "in_depots": _("in depots or funds"),
        "on_the_way": _("on the way"),
        "arrived": _("arrived"),
        "lost": _("lost or spoiled"),
        "given_back": _("given back"),
        "missing": _("missing at a count"),
    }
