"""Cells are read as people write them, or not at all."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from data.intake.cells import coordinate, moment, number


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("40", "40"),
        ("2 000", "2000"),
        ("2\u202f000", "2000"),
        ("2,000", "2000"),
        ("1.500", "1500"),
        ("3,5", "3.5"),
        ("0.25", "0.25"),
        ("1 234,5", "1234.5"),
        ("1,234.5", "1234.5"),
        ("٣٥", "35"),
        ("~40", "40"),
        ("-8.23", "-8.23"),
        ("1,234,567", "1234567"),
    ],
)
def test_numbers_as_people_write_them(written: str, value: str) -> None:
    assert number(written) == Decimal(value)


@pytest.mark.parametrize(
    "written", ["", "30-40", "beaucoup", "1e309", "nan", "inf", "=1+1", "4 t", "--5"]
)
def test_what_is_not_one_number_is_none(written: str) -> None:
    assert number(written) is None


def test_coordinates_keep_their_sign_and_take_a_decimal_comma() -> None:
    assert coordinate("-8,23") == -8.23
    assert coordinate("31.05°") == 31.05
    assert coordinate("trente") is None


def test_a_time_without_zone_is_utc_and_nonsense_is_none() -> None:
    assert moment("2023-09-10T14:00+01:00") == datetime(2023, 9, 10, 13, tzinfo=UTC)
    assert moment("2023-09-10") == datetime(2023, 9, 10, tzinfo=UTC)
    assert moment("hier") is None
