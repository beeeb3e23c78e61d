"""Amounts: how many of an item somebody means, in the item's own unit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from data.intake.cells.numbers import about, ambiguous, number, number_range
from data.intake.cells.words import PACKS, unit_word
from data.intake.items import item_of
from geo.names import plain
from geo.phrase import Named, phrase

if TYPE_CHECKING:
    from geo.model import Item

#: Units that may be parted; whatever else goes out whole.
MEASURES = frozenset({"l", "kg"})
MAX_QUANTITY = Decimal(1_000_000_000)

_HEAD = re.compile(r"^(?P<number>[^A-Za-zÀ-ÿ\u0621-\u064a\u2d30-\u2d7f]*[\d٠-٩])\s*(?P<words>.*)$")
_PACK = re.compile(
    r"^(?P<pack>[^\W\d]+)\s*(?:de|of|x|×|=|من|\(|:)?\s*(?:(?P<times>\d+)\s*[x×*]\s*)?"
    r"(?P<size>\d+(?:[.,]\d+)?)\s*(?P<unit>[^\W\d]*)\)?$"
)
_ABOUT_WORD = re.compile(
    r"^(?:~|≈|±|environ|env\.?|about|around|approx\.?|approximately|circa|ca\.?|presque|حوالي|تقريبا|نحو)\s*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """What was understood of an amount.

    `quantity` is None where it was not; then `expected` and `suggestion` say what to write, and
    `open` that a person only has to choose. `notes` are readings that are not the letter.
    """

    quantity: Decimal | None = None
    notes: tuple[str, ...] = ()
    column: str = "quantity"
    expected: str = ""
    suggestion: str = ""
    open: bool = False


def read_amount(written: str, unit_written: str, item: Item | None) -> Amount:
    """Read an amount with the unit beside or behind it: "2 000", "~40", "3,5 t", "20 cartons de 6".

    Parameters
    ----------
    written, unit_written
        The cells of the quantity and of the unit ("" for none).
    item
        What it is an amount of; None where that was not understood, and the bare number is read.
    """
    between = number_range(written)
    if between is not None:
        middle = (between.low + between.high) / 2
        return Amount(
            expected=phrase("one number: this is a range"),
            suggestion=f"{between.low} | {middle.normalize():f} | {between.high}",
            open=True,
        )
    value, words = _parts(written)
    if value is None or not 0 < value <= MAX_QUANTITY:
        limit = f"{int(MAX_QUANTITY):,}".replace(",", " ")
        return Amount(expected=phrase("one number above 0, at most {limit}", limit=limit))
    notes = []
    if ambiguous(written) or about(written) or _ABOUT_WORD.match(written):
        notes.append(phrase("{written} was read as {value}", written=written, value=f"{value:f}"))
    if item is None:
        return Amount(quantity=value, notes=tuple(notes))
    read = _in_unit(value, words or unit_written, item, behind=bool(words))
    if read.quantity is None:
        return read
    quantity = read.quantity.quantize(Decimal("0.000001")).normalize() + 0
    if item.unit not in MEASURES and quantity % 1:
        return Amount(expected=phrase("a whole number: {unit} cannot be parted", unit=item.unit))
    return Amount(quantity=quantity, notes=(*notes, *read.notes))


def _parts(written: str) -> tuple[Decimal | None, str]:
    """The number, and the words behind it."""
    value = number(written)
    if value is not None:
        return value, ""
    found = _HEAD.match(_ABOUT_WORD.sub("", written))
    # A second number behind the first is no unit, but for the size of a pack.
    if found is None or not found["words"]:
        return None, ""
    return number(found["number"].strip()), found["words"].strip(" .")


def _in_unit(value: Decimal, unit: str, item: Item, *, behind: bool) -> Amount:
    """The amount in the unit of the item."""
    column = "quantity" if behind else "unit"
    if not unit or plain(unit) in (plain(item.unit), plain(item.unit) + "s"):
        return Amount(quantity=value)
    if item_of(unit) == item.item_id and unit_word(unit) is None:
        return Amount(quantity=value)
    packed = _PACK.match(unit)
    if packed is not None and plain(packed["pack"]) in PACKS:
        return _unpacked(value, packed, item, column, unit)
    measure = unit_word(unit)
    if measure is None:
        return Amount(
            expected=_unit_needed(item),
            column=column,
        )
    if measure.base == "piece":
        return _pieces(value, unit, item, column)
    if measure.base == item.unit:
        if measure.factor == 1:
            return Amount(quantity=value)
        quantity = value * measure.factor
        return Amount(
            quantity=quantity,
            notes=(unpacked_note(value, unit, quantity.normalize(), item.unit),),
        )
    return _by_weight(value, measure.base, measure.factor, item, column)


def _pieces(value: Decimal, unit: str, item: Item, column: str) -> Amount:
    """Whole things may all be called pieces; what holds several of them must say how many."""
    if item.unit in MEASURES:
        return Amount(
            column=column,
            expected=_unit_needed(item),
            suggestion=phrase("how many {unit} are in one {pack}?", unit=item.unit, pack=unit),
            open=plain(unit) in PACKS,
        )
    if plain(unit) in PACKS and item.unit != "kit":
        return Amount(
            column=column,
            expected=_unit_needed(item),
            suggestion=phrase(
                "how many are in one {pack}? write such as: {value} {pack} of 10",
                pack=unit,
                value=f"{value:f}",
            ),
            open=True,
        )
    return Amount(quantity=value)


def _unpacked(value: Decimal, packed: re.Match[str], item: Item, column: str, unit: str) -> Amount:
    size = number(packed["size"]) or Decimal(0)
    inside = size * (number(packed["times"] or "1") or 1)
    measure = unit_word(packed["unit"]) if packed["unit"] else None
    if measure is not None and measure.base in MEASURES:
        if measure.base != item.unit:
            return _by_weight(value * inside, measure.base, measure.factor, item, column)
        inside *= measure.factor
    elif item.unit in MEASURES:
        return Amount(column=column, expected=_unit_needed(item))
    quantity = value * inside
    return Amount(
        quantity=quantity,
        notes=(unpacked_note(value, unit, quantity.normalize(), item.unit),),
    )


def unpacked_note(value: Decimal, pack: str, quantity: Decimal, unit: str) -> str:
    """Say what an amount in packs or another measure is in the unit of its item."""
    return phrase(
        "{value} {pack} are {quantity} {unit}",
        value=f"{value:f}",
        pack=pack,
        quantity=f"{quantity:f}",
        unit=unit,
    )


def _unit_needed(item: Item) -> str:
    named = Named(item.names, item.item_id)
    return phrase("{unit}, the unit of {item}", unit=item.unit, item=named)


def _by_weight(value: Decimal, base: str, factor: Decimal, item: Item, column: str) -> Amount:
    """Kilograms or litres of what is counted in something else: offered, never taken."""
    expected = _unit_needed(item)
    each = item.kg_per_unit if base == "kg" else item.m3_per_unit * 1_000
    if each <= 0:
        return Amount(column=column, expected=expected)
    count = value * factor / Decimal(str(each))
    return Amount(
        column=column,
        expected=expected,
        suggestion=phrase(
            "{count} {unit} of {each} {base} each?",
            count=round(count),
            unit=item.unit,
            each=f"{each:g}",
            base=base,
        ),
        open=True,
    )
