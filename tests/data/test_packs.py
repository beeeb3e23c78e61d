"""Quantities as people write them, exactly in the item's unit."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.packs import can_be_parted, factor_of, in_unit, read_amount, written
from geo.errors import InputError, RuleError

BOX = {"box": Decimal(48)}


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [
        ("12 boxes", "12", "boxes"),
        ("3,5 kg", "3.5", "kg"),
        ("2 000", "2000", ""),
        ("40", "40", ""),
        ("1 m3", "1", "m3"),
    ],
)
def test_an_amount_is_read_with_its_unit(text: str, amount: str, unit: str) -> None:
    assert read_amount(text) == (Decimal(amount), unit)


@pytest.mark.parametrize(
    "text", ["", "-5", "0", "1e309", "NaN", "30-40", "box", "2000000000", "9" * 200, "1;drop"]
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="one number above 0"):
        read_amount(text)


def test_units_and_packs_are_known_in_several_spellings() -> None:
    assert factor_of("Boxes", "piece", BOX) == 48
    assert factor_of("t", "kg", {}) == 1000
    assert factor_of("Litres", "l", {}) == 1
    assert factor_of("kit", "tent", {}) == 1
    assert factor_of("kg", "tent", {}) is None


@pytest.mark.parametrize(
    ("amount", "unit_written", "unit", "why"),
    [
        ("1", "kg", "piece", "an item has one unit: piece, box .of 48. is known"),
        ("0.5", "", "piece", "a whole number of piece"),
        ("0.0000001", "kg", "kg", "at most 6 decimals"),
        ("1000000000", "box", "piece", "at most 1,000,000,000"),
    ],
)
def test_a_quantity_that_does_not_fit_is_refused(
    amount: str, unit_written: str, unit: str, why: str
) -> None:
    with pytest.raises(RuleError, match=why):
        in_unit(Decimal(amount), unit_written, item_id="soap", unit=unit, packs=BOX)


@given(boxes=st.integers(1, 10_000), size=st.integers(1, 1_000))
def test_packs_convert_exactly_and_are_whole(boxes: int, size: int) -> None:
    packs = {"box": Decimal(size)}
    found = in_unit(Decimal(boxes), "box", item_id="soap", unit="piece", packs=packs)
    assert found == boxes * size
    assert Decimal(written(found)) == found
    assert "E" not in written(found)


def test_measures_and_money_can_be_parted_and_things_cannot() -> None:
    assert [can_be_parted(unit) for unit in ("kg", "l", "MAD", "tent", "kit")] == [
        True, True, True, False, False,
    ]  # fmt: skip
