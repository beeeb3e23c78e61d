"""Packs and units: a quantity as people hand it over, brought exactly to the item's own unit.

Everything is `Decimal`: three boxes of 48 are 144, and a third of a box of ten is refused rather
than rounded.
"""

from __future__ import annotations

import re
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING

from data.intake.cells import number
from geo.errors import InputError, RuleError
from geo.names import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

#: No entry of a stock book is larger than this.
MAX_QUANTITY = Decimal(1_000_000_000)
#: Decimals that the ledger keeps.
DECIMALS = 6

#: Unit → other ways to write it, each with how many of the unit one is.
MEASURES: Mapping[str, Mapping[str, Decimal]] = MappingProxyType(
    {
        "kg": {
            **dict.fromkeys(("kg", "kgs", "kilo", "kilos", "kilogram", "kilogramme"), Decimal(1)),
            **dict.fromkeys(("g", "gram", "gramme"), Decimal("0.001")),
            **dict.fromkeys(("t", "ton", "tonne", "mt"), Decimal(1000)),
            **dict.fromkeys(("quintal", "qx"), Decimal(100)),
        },
        "l": {
            **dict.fromkeys(("l", "litre", "liter"), Decimal(1)),
            **dict.fromkeys(("ml", "millilitre", "milliliter"), Decimal("0.001")),
            **dict.fromkeys(("m3", "cubic metre", "cubic meter"), Decimal(1000)),
        },
    }
)
#: Whole things are called pieces whatever they are.
PIECES = frozenset(
    {"piece", "pcs", "pc", "unit", "unite", "ea", "each", "no", "nos", "kit", "colis", "panier"}
)
#: Units of which a part can be handed out.
DIVISIBLE = frozenset({"l", "kg"})

# `\d` is a digit of any script; a unit holds no figure but the 3 of m3, so "1e309" is no amount.
_AMOUNT = re.compile(
    r"^\s*(?P<number>[~≈+-]?\s*\d[\d\s.,'’٫٬\u00a0\u202f-]*?)\s*(?P<unit>[^\W\d_][^\d]{0,40}3?)?\s*$"
)
_CURRENCY = re.compile(r"^[A-Z]{3}$")


def read_amount(text: str) -> tuple[Decimal, str]:
    """Read a quantity with the unit or pack that may stand behind it ("" where none does).

    Raises
    ------
    InputError
        No number above 0 and at most 10^9, such as ``-5``, ``1e309`` or ``30-40``.

    >>> read_amount("12 boxes"), read_amount("3,5 kg"), read_amount("2 000")
    ((Decimal('12'), 'boxes'), (Decimal('3.5'), 'kg'), (Decimal('2000'), ''))
    """
    found = _AMOUNT.match(text) if len(text) <= 100 else None
    amount = number(found["number"]) if found else None
    if found is None or amount is None or not 0 < amount <= MAX_QUANTITY:
        raise InputError(
            f"quantity {text[:60]!r}",
            f"one number above 0, at most {MAX_QUANTITY:,}, is needed, with its unit or pack",
            'write for example "40", "12 box" or "3.5 kg"',
        )
    return amount, (found["unit"] or "").strip()


def factor_of(written: str, unit: str, packs: Mapping[str, Decimal]) -> Decimal | None:
    """How many of the item's `unit` one of what is written is; None where it is another thing.

    Parameters
    ----------
    written
        A unit or pack as people write it; "" is the item's own unit.
    packs
        Name of a pack → how many units it holds.

    >>> factor_of("Boxes", "piece", {"box": Decimal(48)}), factor_of("kg", "tent", {})
    (Decimal('48'), None)
    """
    word = _word(written)
    if not word or word == _word(unit):
        return Decimal(1)
    for name, size in packs.items():
        if word == _word(name):
            return size
    if unit in MEASURES:
        return next((size for name, size in MEASURES[unit].items() if _word(name) == word), None)
    return Decimal(1) if word in _PIECE_WORDS else None


def in_unit(
    amount: Decimal, written: str, *, item_id: str, unit: str, packs: Mapping[str, Decimal]
) -> Decimal:
    """Convert an amount to the item's unit, exactly.

    Raises
    ------
    RuleError
        The unit is not one of this item; a whole thing would be parted; more decimals than the
        ledger keeps; more than 10^9.

    >>> in_unit(Decimal(3), "box", item_id="soap", unit="piece", packs={"box": Decimal(48)})
    Decimal('144')
    """
    factor = factor_of(written, unit, packs)
    if factor is None:
        known = ", ".join([unit, *(f"{name} (of {size:f})" for name, size in packs.items())])
        raise RuleError(
            f"{item_id} in {written!r}",
            f"an item has one unit: {known} is known for it",
            "convert the quantity, or register the pack (`qafila stock item`)",
        )
    exact = amount * factor
    if not 0 < exact <= MAX_QUANTITY:
        raise RuleError(
            f"{item_id}: {exact:f} {unit}",
            f"a quantity above 0, at most {MAX_QUANTITY:,}, is needed",
            "check the quantity and its unit",
        )
    if exact % 1 and not can_be_parted(unit):
        raise RuleError(
            f"{item_id}: {amount:f} {written or unit} = {exact:f} {unit}",
            f"a whole number of {unit} is needed: it cannot be parted",
            "correct the quantity",
        )
    if exact != round(exact, DECIMALS):
        raise RuleError(
            f"{item_id}: {exact:f} {unit}",
            f"at most {DECIMALS} decimals are kept",
            "hand over a quantity that can be weighed",
        )
    return exact.normalize() + 0


def can_be_parted(unit: str) -> bool:
    """Whether a part of one can be handed out: measures and money (ISO 4217 codes) can."""
    return unit in DIVISIBLE or bool(_CURRENCY.match(unit))


def written(quantity: Decimal) -> str:
    """Write a quantity without exponent and needless zeros."""
    text = format(quantity.normalize(), "f")
    return "0" if text in {"-0", ""} else text


def _word(text: str) -> str:
    """Give the plain form of a unit, without the s of a plural."""
    word = plain(text).strip(" .")
    if word.endswith("xes"):
        return word[:-2]
    return word[:-1] if len(word) > 2 and word.endswith("s") else word


_PIECE_WORDS = frozenset(_word(word) for word in PIECES)
