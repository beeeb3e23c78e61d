"""What the tables of state are made of: their columns, and what every one of them has.

In a projection `seq` is the event that last touched the row and `removed` marks a row that no
longer counts.
"""

from __future__ import annotations

import functools
from decimal import Decimal

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, MetaData, Table
from sqlalchemy import Text as _SqlText

PROJECTIONS = MetaData()

MICRO = 1_000_000

#: Text sorts by its bytes in every engine, whatever language a server was set up for.
BytesText = _SqlText().with_variant(_SqlText(collation="C"), "postgresql")


def projection(name: str, *columns: Column[object] | Index) -> Table:
    """Make a table of state, with the columns that each has."""
    return Table(
        name,
        PROJECTIONS,
        *columns,
        Column("removed", Boolean, nullable=False),
        Column("seq", BigInteger, nullable=False),
        Index(f"{name}_by_seq", "seq"),
    )


def key(name: str) -> Column[object]:
    """Make a column that names a row, alone or with others."""
    return Column(name, BytesText, primary_key=True)


def text(name: str) -> Column[object]:
    """Make a column of text."""
    return Column(name, BytesText, nullable=False)


def maybe(name: str) -> Column[object]:
    """Make a column of text that may be missing."""
    return Column(name, BytesText)


def flag(name: str) -> Column[object]:
    """Make a column of true or false."""
    return Column(name, Boolean, nullable=False)


def number(name: str) -> Column[object]:
    """Make a column of a number that may have a fraction."""
    return Column(name, Float, nullable=False)


def maybe_number(name: str) -> Column[object]:
    """Make a column of a number that may be missing."""
    return Column(name, Float)


def count(name: str) -> Column[object]:
    """Make a column of whole numbers."""
    return Column(name, BigInteger, nullable=False)


def maybe_count(name: str) -> Column[object]:
    """Make a column of whole numbers that may be missing."""
    return Column(name, BigInteger)


@functools.cache
def key_columns(table: Table) -> tuple[str, ...]:
    """Names of the columns that name a row."""
    return tuple(column.name for column in table.primary_key.columns)


def to_micro(quantity: Decimal) -> int:
    """Write a quantity of at most six decimals as whole micro-units."""
    return int(quantity * MICRO)


def from_micro(micro: int) -> Decimal:
    """Read whole micro-units."""
    return Decimal(micro) / MICRO
