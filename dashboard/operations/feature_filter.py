"""Filters of features: Basic CQL2, as text or as JSON, judged on whole columns at once.

Comparisons (``= <> < <= > >=``), ``IS [NOT] NULL``, ``AND OR NOT``, ``TRUE FALSE``, TIMESTAMP and
DATE literals: the conformance class *Basic CQL2* of OGC 21-065r2. The parser is our own: the one
that is published as a library takes a time that doubles with each bracket that is left open.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

MAX_CHARACTERS = 4_000
MAX_DEPTH = 30
COMPARED: dict[str, Callable[[Any, Any], Any]] = {
    "=": lambda one, other: one == other,
    "<>": lambda one, other: one != other,
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}
_TOKEN = re.compile(
    r"""\s*(?:(?P<number>[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d{1,3})?(?![\w.]))
    |(?P<text>'(?:[^']|'')*')|(?P<sign><>|<=|>=|[=<>(),])
    |(?P<name>[A-Za-z_][A-Za-z0-9_.]{0,100})|"(?P<quoted>[^"]{1,100})")""",
    re.VERBOSE,
)


def parse_text(text: str) -> Any:
    """Read CQL2 text and give it as CQL2 JSON; raises `InputError` with where it cannot be read."""
    if len(text) > MAX_CHARACTERS:
        raise _wrong(text[:40], f"at most {MAX_CHARACTERS} characters are read")
    tokens, at = [], 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None:
            raise _wrong(text[at : at + 40], "this cannot be read")
        kind = str(found.lastgroup)
        tokens.append((kind, found[kind]))
        at = found.end()
    reader = _Reader(tokens)
    expression = reader.either(0)
    if reader.left:
        raise _wrong(reader.left[0][1], "the filter should end here, or go on with AND, OR")
    return expression


class _Reader:
    """Reads tokens from the left; each method leaves what it did not use."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.left = tokens

    def either(self, depth: int) -> Any:
        return self._joined("or", lambda: self._joined("and", lambda: self._single(depth)))

    def _joined(self, word: str, part: Callable[[], Any]) -> Any:
        parts = [part()]
        while self._takes(word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else {"op": word, "args": parts}

    def _single(self, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise _wrong("(" * 10, f"brackets and NOT at most {MAX_DEPTH} deep are read")
        if self._takes("not"):
            return {"op": "not", "args": [self._single(depth + 1)]}
        if self._takes("("):
            inner = self.either(depth + 1)
            self._expect(")")
            return inner
        one = self._value()
        if self._takes("is"):
            negated = self._takes("not")
            self._expect("null")
            empty = {"op": "isNull", "args": [one]}
            return {"op": "not", "args": [empty]} if negated else empty
        if isinstance(one, bool):
            return one
        kind, sign = self._next("a comparison is needed")
        if kind != "sign" or sign not in COMPARED:
            raise _wrong(sign, f"one of {' '.join(COMPARED)} or IS NULL is needed")
        return {"op": sign, "args": [one, self._value()]}

    def _value(self) -> Any:
        kind, text = self._next("a property or a value is needed")
        if kind == "number":
            return float(text)
        if kind == "text":
            return text[1:-1].replace("''", "'")
        if kind == "quoted":
            return {"property": text}
        if kind != "name":
            raise _wrong(text, "a property or a value is needed")
        word = text.lower()
        if word in ("true", "false"):
            return word == "true"
        if word in ("timestamp", "date") and self._takes("("):
            kind, moment = self._next("a time in quotes is needed")
            self._expect(")")
            return {word: moment[1:-1] if kind == "text" else moment}
        return {"property": text}

    def _takes(self, word: str) -> bool:
        fits = bool(self.left) and self.left[0][0] in ("sign", "name")
        if fits and self.left[0][1].lower() == word:
            self.left = self.left[1:]
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._takes(word):
            found = self.left[0][1] if self.left else "the end"
            raise _wrong(found, f"{word.upper()} is needed here")

    def _next(self, wanted: str) -> tuple[str, str]:
        if not self.left:
            raise _wrong("the end", wanted)
        first, self.left = self.left[0], self.left[1:]
        return first


def matching(
    expression: Any, table: Mapping[str, pd.Series], n_rows: int, *, depth: int = 0
) -> NDArray[np.bool_]:
    """Say of each row whether it fits a filter (CQL2 JSON).

    A comparison with a value that is not there is false. Raises `InputError` for what Basic CQL2
    does not have, for properties that nobody knows and for values of another type.
    """
    if isinstance(expression, bool):
        return np.full(n_rows, expression)
    if not isinstance(expression, dict) or depth > 2 * MAX_DEPTH:
        raise _wrong(str(expression), "an object with op and args is needed")
    name, given = expression.get("op"), expression.get("args")
    if not isinstance(given, list) or not 1 <= len(given) <= 200:
        raise _wrong(str(name), "args, a list, is needed")
    if name in ("and", "or"):
        parts = [matching(one, table, n_rows, depth=depth + 1) for one in given]
        together = np.logical_and if name == "and" else np.logical_or
        return np.asarray(together.reduce(parts), dtype=bool)
    if name == "not" and len(given) == 1:
        return ~matching(given[0], table, n_rows, depth=depth + 1)
    if name == "isNull" and len(given) == 1:
        return np.asarray(_column(given[0], table).isna(), dtype=bool)
    if name in COMPARED and len(given) == 2:
        return _compared(str(name), given[0], given[1], table)
    raise _wrong(str(name), "Basic CQL2 has and, or, not, isNull and comparisons of two values")


def _compared(sign: str, one: Any, other: Any, table: Mapping[str, pd.Series]) -> NDArray[np.bool_]:
    turned = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
    if not _is_property(one):
        one, other, sign = other, one, turned.get(sign, sign)
    column = _column(one, table)
    if _is_property(other):
        value: Any = _column(other, table)
        known = column.notna() & value.notna()
    else:
        value = _literal(other, column)
        known = column.notna()
    try:
        found = COMPARED[sign](column[known], value[known] if _is_property(other) else value)
    except TypeError as error:
        raise _wrong(str(other), "it is of another type than the property") from error
    fits = np.zeros(len(column), dtype=bool)
    fits[known.to_numpy()] = np.asarray(found, dtype=bool)
    return fits


def _literal(value: Any, column: pd.Series) -> Any:
    """Give a value as the column has its own; raises `InputError` for another type."""
    is_time = isinstance(column.dtype, pd.DatetimeTZDtype)
    if isinstance(value, dict) and len(value) == 1 and next(iter(value)) in ("timestamp", "date"):
        try:
            moment = pd.Timestamp(str(next(iter(value.values()))))
        except (ValueError, OverflowError) as error:
            raise _wrong(str(value), "a time such as 2023-09-08T22:11:00Z is needed") from error
        if pd.isna(moment) or not is_time:
            raise _wrong(str(value), "the property is no time")
        return moment.tz_localize("UTC") if moment.tzinfo is None else moment.tz_convert("UTC")
    is_number = pd.api.types.is_numeric_dtype(column) and column.dtype != bool
    if isinstance(value, bool):
        fits = column.dtype == bool
    elif isinstance(value, int | float):
        fits = is_number
    else:
        fits = isinstance(value, str) and not is_number and not is_time and column.dtype != bool
    if not fits:
        raise _wrong(str(value), "it is of another type than the property")
    return value


def _is_property(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"property"}


def _column(value: Any, table: Mapping[str, pd.Series]) -> pd.Series:
    name = value["property"] if _is_property(value) else None
    if not isinstance(name, str) or name not in table:
        raise _wrong(str(name or value), f"one of {', '.join(table)} is needed")
    return table[name]


def _wrong(given: str, needed: str) -> InputError:
    return InputError(f"filter: {given[:60]}", needed, "see docs/http.md")
