"""Rows of the projections inside one transaction: read once, changed in memory, written at the end.

Rules and projections work on these rows only, so the same functions serve one event of a page, ten
thousand of an upload, a dry run that writes nothing, and the replay of a whole ledger.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from sqlalchemy import Connection, Select, Table, bindparam, select, tuple_

from data.store.engine import write_rows
from data.store.schema import TABLES, key_columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from data.events import Event

Key: TypeAlias = tuple[str, ...]
Row: TypeAlias = dict[str, Any]

# How many keys one SELECT asks for: well below the limit of parameters of every engine.
KEYS_PER_SELECT = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """An event as rules and projections see it: typed, without its place in the chain."""

    seq: int
    type: str
    recorded_at: str
    reported_at: str | None
    organisation_id: str | None
    upload_id: str | None
    payload: Event


class History(Protocol):
    """Earlier events, found by what they are about or by their upload."""

    def of_upload(self, upload_id: str, *, before: int) -> Sequence[Fact]:
        """Events below seq `before` that came with an upload, in order."""

    def of_subjects(self, subject_ids: Sequence[str], *, before: int) -> Sequence[Fact]:
        """Events below seq `before` that are about any of these, in order."""


class State:
    """The projections as they stand after the events so far.

    Rows that are handed out must not be changed: `put` takes a new one.
    """

    def __init__(self, connection: Connection, history: History) -> None:
        self.history = history
        self._connection = connection
        self._rows: dict[str, dict[Key, Row | None]] = {table.name: {} for table in TABLES}
        self._changed: dict[str, set[Key]] = {name: set() for name in self._rows}

    def row(self, table: Table, *key: str) -> Row | None:
        """Give the row with this key, or None."""
        known = self._rows[table.name]
        if key not in known:
            found = self._connection.execute(
                _by_key(table), dict(zip(key_columns(table), key, strict=True))
            ).one_or_none()
            known[key] = None if found is None else dict(found._mapping)
        return known[key]

    def live(self, table: Table, *key: str) -> Row | None:
        """Give the row with this key unless it is removed."""
        found = self.row(table, *key)
        return None if found is None or found["removed"] else found

    def rows_where(self, table: Table, column: str, value: object) -> list[Row]:
        """Give all rows with this value in a column, in no order."""
        names = key_columns(table)
        known = self._rows[table.name]
        for found in self._connection.execute(select(table).where(table.c[column] == value)):
            key = tuple(found._mapping[name] for name in names)
            if key not in known:
                known[key] = dict(found._mapping)
        return [row for row in known.values() if row is not None and row[column] == value]

    def put(self, table: Table, row: Row) -> None:
        """Set a row."""
        key = tuple(row[name] for name in key_columns(table))
        self._rows[table.name][key] = row
        self._changed[table.name].add(key)

    def forget(self, table: Table, *key: str) -> None:
        """Take a row away for now; whoever does so puts it again."""
        self._rows[table.name][key] = None

    def prefetch(self, keys: Iterable[tuple[Table, Key]]) -> None:
        """Read many rows at once that `row` will be asked for."""
        wanted: dict[str, tuple[Table, dict[Key, None]]] = {}
        for table, key in keys:
            if key not in self._rows[table.name]:
                wanted.setdefault(table.name, (table, {}))[1][key] = None
        for table, missing in wanted.values():
            names = key_columns(table)
            known = self._rows[table.name]
            known.update(missing)
            columns = [table.c[name] for name in names]
            for part in chunks(list(missing), KEYS_PER_SELECT):
                condition = (
                    columns[0].in_([key[0] for key in part])
                    if len(columns) == 1
                    else tuple_(*columns).in_(part)
                )
                for found in self._connection.execute(select(table).where(condition)):
                    row = dict(found._mapping)
                    known[tuple(row[name] for name in names)] = row

    def flush(self) -> None:
        """Write the changed rows and forget all."""
        for table in TABLES:
            known, changed = self._rows[table.name], self._changed[table.name]
            rows = [row for key in changed if (row := known[key]) is not None]
            if rows:
                write_rows(self._connection, table, rows, replace=True)
            known.clear()
            changed.clear()


def chunks(values: Sequence[Any], size: int) -> Iterable[Sequence[Any]]:
    """Parts of at most `size` values."""
    return (values[start : start + size] for start in range(0, len(values), size))


@functools.cache
def _by_key(table: Table) -> Select[Any]:
    return select(table).where(*(table.c[name] == bindparam(name) for name in key_columns(table)))
