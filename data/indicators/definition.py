"""What an indicator is: its definition, formula and target, and a value that can be taken apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

import pandas as pd

if TYPE_CHECKING:
    from data.indicators.facts import Facts

Better = Literal["higher", "lower", "neither"]


@dataclass(frozen=True, slots=True)
class Part:
    """The value of one part of the whole (a commune, an item) and how many rows stand behind it."""

    key: str
    value: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Measured:
    """A value with what it was made of.

    Parameters
    ----------
    value
        None where it cannot be known; then `reason` says why, in one line.
    rows
        The rows behind the value, one a fact, so that a figure can be taken apart by hand; to be
        read by `ordered_rows`.
    order
        Puts the rows in order, what matters most first: done only where somebody looks at them,
        for they may be half a million.
    parts
        The same for parts of the whole, worst first.
    """

    value: float | None
    rows: pd.DataFrame = field(default_factory=pd.DataFrame)
    parts: tuple[Part, ...] = ()
    reason: str = ""
    order: Callable[[pd.DataFrame], pd.DataFrame] | None = None

    def ordered_rows(self) -> pd.DataFrame:
        """Give the rows behind the value, what matters most first."""
        return self.rows if self.order is None else self.order(self.rows)


def parts_of(values: pd.Series, n: pd.Series) -> tuple[Part, ...]:
    """Give the parts of a whole, in their order: values by key, and how many rows stand behind."""
    return tuple(
        Part(str(key), float(value), int(rows))
        for key, value, rows in zip(values.index, values, n, strict=True)
    )


def by(
    *columns: str, ascending: bool | list[bool] = True, unknown_first: bool = False
) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Give what puts rows in the order of these columns."""
    nulls: Literal["first", "last"] = "first" if unknown_first else "last"
    return lambda rows: rows.sort_values(
        [*columns], ascending=ascending, na_position=nulls, kind="stable"
    )


Measure: TypeAlias = Callable[["Facts"], Measured]


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """An indicator as it is documented.

    `target` is what a response should reach, None where there is no agreed one; `sdg` names the
    targets of the Sustainable Development Goals that it speaks to; `of` names the tables it reads.
    `dated` says that all it reads carries its time: it can be measured for an earlier moment.
    """

    id: str
    name: str
    definition: str
    formula: str
    unit: str
    better: Better
    of: tuple[str, ...]
    target: float | None = None
    target_source: str = ""
    sdg: tuple[str, ...] = ()
    dated: bool = False
    measure: Measure


def unknown(reason: str) -> Measured:
    """Say that a value cannot be known, and why."""
    return Measured(None, reason=reason)
