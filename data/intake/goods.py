"""Goods: which items a row is about, and how many of each; one item a row, or one a column."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from data import packs as packs_of
from data.intake.amounts import read_amount, unpacked_note
from data.intake.cells.words import truth
from data.intake.columns.guess import WIDE
from data.intake.items import find_item
from geo.errors import QafilaError
from geo.names import plain
from geo.phrase import Named, joined, phrase

if TYPE_CHECKING:
    from decimal import Decimal

    from data.intake.known import Known
    from data.intake.row import Row
    from geo.model import Item

_PARTS = re.compile(r"\s*(?:[;,+/|،]|\bet\b|\band\b|\s+و)\s*")
#: "20 tentes et 300 couvertures": numbers with the words behind them.
_COUNTED = re.compile(r"([~≈]?[\d٠-٩][\d٠-٩ .,]*)\s*([^\d٠-٩,;.]{2,60})")
_NOTHING = frozenset({"", "-", "--", "0", "٠", "/", "n/a", "na", "néant", "rien"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """So many of an item, in its own unit."""

    item_id: str
    quantity: Decimal
    unit: str


def goods_of(row: Row, known: Known) -> tuple[Goods, ...]:
    """Read what a row is about; what is not understood becomes a problem of the row."""
    wide = [field for field in row.fields if field.startswith(WIDE)]
    if wide and not row.text("item"):
        return _wide(row, known, wide)
    written = row.text("item") or row.text("description")
    if not row.text("quantity") and (counted := counted_items(written, known)):
        return _counted(row, known, counted)
    items = _items(row, written, known)
    if len(items) > 1:
        row.question(
            "item",
            phrase("one item a row: how many of each?"),
            " | ".join(item.item_id for item in items),
        )
        return ()
    item = items[0] if items else None
    goods = _packed(row, item, known) or _amount(row, item, row.text("quantity"), "quantity")
    return () if goods is None else (goods,)


def counted_items(text: str, known: Known) -> list[tuple[str, Item]]:
    """Find amounts with their items in a sentence: "besoin de 20 tentes et 300 couvertures"."""
    found = []
    for amount, words in _COUNTED.findall(text[:1_000]):
        match = find_item(words.strip())
        if match is not None and match.item_id in known.items:
            found.append((amount.strip(" .,"), known.items[match.item_id]))
    return found


def _counted(row: Row, known: Known, counted: list[tuple[str, Item]]) -> tuple[Goods, ...]:
    goods = [_amount(row, item, amount, "item") for amount, item in counted]
    taken = tuple(one for one in goods if one is not None)
    if taken:
        row.repair(
            phrase(
                "read as {goods}",
                goods=joined(
                    [
                        joined([f"{one.quantity:f}", _named(known, one.item_id)], " ")
                        for one in taken
                    ],
                    ", ",
                ),
            )
        )
    return taken


def _named(known: Known, item_id: str) -> Named:
    return Named(known.items[item_id].names, item_id)


def _items(row: Row, written: str, known: Known) -> list[Item]:
    """The items that a cell names; several where a form lets people choose several."""
    own = written if written in known.items else known.item_names.get(plain(written), "")
    if own in known.items:
        return [known.items[own]]
    match = find_item(written) if written else None
    if match is not None and match.exact and match.item_id in known.items:
        return [known.items[match.item_id]]
    parts = [part for part in _PARTS.split(written) if part]
    several = [one for part in parts if (one := find_item(part)) is not None and one.exact]
    distinct = list(dict.fromkeys(one.item_id for one in several))
    if len(distinct) > 1:
        return [known.items[one] for one in distinct if one in known.items]
    if match is not None and match.item_id in known.items:
        named = _named(known, match.item_id)
        row.repair(phrase("{written} was taken for {item}", written=written[:60], item=named))
        return [known.items[match.item_id]]
    row.problem("item", phrase("a relief item"), ", ".join(sorted(known.items)[:12]))
    return []


def _wide(row: Row, known: Known, fields: list[str]) -> tuple[Goods, ...]:
    goods = []
    for field in fields:
        written = row.text(field)
        item = known.items.get(field.removeprefix(WIDE))
        if item is None or written.casefold() in _NOTHING or truth(written) is False:
            continue
        one = _amount(row, item, written, field)
        if one is not None:
            goods.append(one)
    if not goods and not row.problems:
        row.problem(fields[0], phrase("how many of at least one item"))
    return tuple(goods)


def _packed(row: Row, item: Item | None, known: Known) -> Goods | None:
    """Read an amount in packs that were registered for the item, exactly; None where it is not."""
    packs = known.packs.get(item.item_id) if item is not None else None
    if item is None or not packs:
        return None
    try:
        amount, unit = packs_of.read_amount(row.text("quantity"))
        unit = unit or row.text("unit")
        factor = packs_of.factor_of(unit, item.unit, packs)
        if factor is None or packs_of.factor_of(unit, item.unit, {}) == factor:
            return None
        quantity = packs_of.in_unit(amount, unit, item_id=item.item_id, unit=item.unit, packs=packs)
    except QafilaError:
        return None  # what is wrong with it is said by who reads it without packs
    row.repair(unpacked_note(amount, unit, quantity, item.unit))
    return Goods(item_id=item.item_id, quantity=quantity, unit=item.unit)


def _amount(row: Row, item: Item | None, written: str, field: str) -> Goods | None:
    if not written and item is not None:
        households = row.text("households")
        hint = ""
        if households:
            hint = phrase("one for each of the {count} households?", count=households)
        row.problem(field, phrase("how many; if nobody knows, a guess such as ~40"), hint)
        return None
    amount = read_amount(written, row.text("unit") if field == "quantity" else "", item)
    for note in amount.notes:
        row.repair(note)
    if amount.quantity is None:
        column = amount.column if field == "quantity" else field
        if amount.open:
            row.question(column, amount.expected, amount.suggestion)
        else:
            row.problem(column, amount.expected, amount.suggestion)
        return None
    if item is None:
        return None
    return Goods(item_id=item.item_id, quantity=amount.quantity, unit=item.unit)
