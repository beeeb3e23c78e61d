"""Columns of foreign tables by the many names they go by."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo.errors import Problem, SchemaError
from geo.scripts import clean_name

if TYPE_CHECKING:
    from collections.abc import Sequence

# What people write where they know nothing. "0" is not among them: nobody lives there.
UNKNOWN = frozenset({"", "-", "--", "?", "null", "none"})
# Blanks of three kinds and the apostrophe part thousands without doubt; a comma or point does not.
_THOUSANDS = re.compile(r"^(-?\d{1,3})((?:[ \u00a0\u202f'’]\d{3})+)$")
_NUMBER = re.compile(r"^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,2})?$")
_AMBIGUOUS = re.compile(r"^-?\d{1,3}(?:[.,]\d{3})+$")
MAX_PROBLEMS = 100


def plain_column(column: object) -> str:
    """Name of a column without case, accents and punctuation: ``"Nom:FR "`` is ``nom_fr``."""
    text = unicodedata.normalize("NFKD", str(column))
    text = "".join(character for character in text if not unicodedata.combining(character))
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def columns_named(frame: pd.DataFrame, names: Sequence[str]) -> list[Any]:
    """Columns of `frame` that go by one of `names`, in the order of `names`."""
    by_name: dict[str, list[Any]] = {}
    for column in frame.columns:
        by_name.setdefault(plain_column(column), []).append(column)
    return [column for name in names for column in by_name.get(name, [])]


def text_of(frame: pd.DataFrame, names: Sequence[str]) -> pd.Series:
    """Cleaned text of the columns that go by `names`: of each row the first that is not empty."""
    text = pd.Series("", index=frame.index, dtype=object)
    for column in columns_named(frame, names):
        here = frame[column].map(_cell_text)
        text = text.where(text != "", here)
    return text.astype(str)


def number_of(
    frame: pd.DataFrame, names: Sequence[str], *, lowest: float, highest: float, rows: pd.Series
) -> tuple[pd.Series, list[Problem]]:
    """Numbers of the columns that go by `names`, NaN where unknown, and what is wrong with them.

    Parameters
    ----------
    lowest, highest
        What is possible; anything outside is a problem, and so is text that is no number.
    rows
        What to call each row in a problem.
    """
    numbers = pd.Series(np.nan, index=frame.index, dtype=np.float64)
    problems: list[Problem] = []
    for column in columns_named(frame, names):
        written = frame[column]
        here = pd.to_numeric(written.map(_plain_number), errors="coerce").astype(np.float64)
        unknown = written.map(_is_unknown)
        with np.errstate(invalid="ignore"):
            wrong = ~unknown & ~((here >= lowest) & (here <= highest))
        expected = f"a number from {lowest:,.0f} to {highest:,.0f}, or nothing if unknown"
        problems.extend(
            Problem(
                row=str(rows[index]),
                column=str(column),
                value=clean_name(written[index]) or repr(written[index]),
                expected=expected,
                suggestion=_suggestion(written[index]),
            )
            for index in frame.index[wrong]
        )
        numbers = numbers.where(numbers.notna(), here.where(~wrong))
    return numbers, problems


def raise_problems(problems: Sequence[Problem], what: str) -> None:
    """Raise one SchemaError for all problems of a table; nothing if there are none."""
    if not problems:
        return
    first = problems[0]
    more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
    raise SchemaError(
        f"{what}: row {first.row}, column {first.column}: {first.value!r}{more}",
        f"{first.expected} is needed",
        first.suggestion or "correct the file, or leave the cell empty where nobody knows",
        problems=problems[:MAX_PROBLEMS],
    )


def plain_code(codes: pd.Series) -> pd.Series:
    """Administrative codes without the point that HCP's tables end them with: ``07.041.11.01``."""
    return codes.str.strip().str.rstrip(".")


def distinct_ids(ids: pd.Series, notes: list[str], *, what: str = "places") -> pd.Series:
    """Add ``.2``, ``.3`` … to ids that stand more than once, in the order of the rows."""
    repeat = ids.groupby(ids).cumcount()
    if not (repeat > 0).any():
        return ids
    notes.append(
        f"{int((repeat > 0).sum())} {what} shared the id of another and got one of their own"
    )
    taken = set(ids)
    numbered = ids.copy()
    for index in ids.index[repeat > 0]:
        count = int(repeat[index]) + 1
        while (candidate := f"{ids[index]}.{count}") in taken:
            count += 1
        taken.add(candidate)
        numbered[index] = candidate
    return numbered


def _cell_text(value: object) -> str:
    # 41.0 and 7.0 are codes that a table of numbers has made into fractions.
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return clean_name(value)


def _is_unknown(value: object) -> bool:
    if value is None or (isinstance(value, float) and value != value) or value is pd.NA:
        return True
    return isinstance(value, str) and value.strip().lower() in UNKNOWN


def _plain_number(value: object) -> object:
    if not isinstance(value, str):
        return np.nan if value is None or isinstance(value, bool) else value
    text = value.strip()
    if thousands := _THOUSANDS.match(text):
        return thousands[1] + re.sub(r"\D", "", thousands[2])
    return text if _NUMBER.match(text) and not _AMBIGUOUS.match(text) else np.nan


def _suggestion(value: object) -> str:
    if isinstance(value, str) and _AMBIGUOUS.match(value.strip()):
        return "write thousands without a point or comma"
    return ""
