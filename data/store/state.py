"""Rows of the projections inside one transaction: read once, changed in memory, written at the end.

Rules and projections work on these rows only, so the same functions serve one event of a page, ten
thousand of an upload, a dry run that writes nothing, and the replay of a whole ledger.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import Connection, Table, select

from data.store.engine import Write, write_all
from data.store.lookup import Key as Key
from data.store.lookup import Row as Row
from data.store.lookup import rows_by_key
from data.store.schema import TABLES, key_columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from data.events import Event


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


# Tables are written in the order in which they refer to one another.
_ORDER = {table.name: at for at, table in enumerate(TABLES)}


class State:
    """The projections as they stand after the events so far.

    Rows that are handed out must not be changed: `put` takes a new one.
    """

    def __init__(self, connection: Connection, history: History) -> None:
        self._history = history
        self._connection = connection
        self._first: list[Write] = []
        self._rows: defaultdict[str, dict[Key, Row | None]] = defaultdict(dict)
        self._changed: defaultdict[str, set[Key]] = defaultdict(set)

    @property
    def history(self) -> History:
        """Earlier events, those of this transaction among them."""
        # What waits to be written is history too.
        waiting, self._first = self._first, []
        write_all(self._connection, waiting)
        return self._history

    def row(self, table: Table, *key: str) -> Row | None:
        """Give the row with this key, or None."""
        known = self._rows[table.name]
        if key not in known:
            self.learn(rows_by_key(self._connection, [(table, key)]))
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
        missing = [(table, key) for table, key in keys if key not in self._rows[table.name]]
        self.learn(rows_by_key(self._connection, missing))

    def learn(self, rows: Mapping[Table, Mapping[Key, Row | None]]) -> None:
        """Take in rows that were read already; None stands for a key that has none."""
        for table, found in rows.items():
            self._rows[table.name].update(found)

    def write_first(self, table: Table, rows: Sequence[Row]) -> None:
        """Write new rows of another table with the changed ones of `flush`, before them."""
        self._first.append(Write(table, rows, replace=False))

    def flush(self, *, last: bool = False) -> None:
        """Write the changed rows and forget all; `last` where the transaction ends with it."""
        writes, self._first = self._first, []
        for name in sorted(self._changed, key=_ORDER.__getitem__):
            known = self._rows[name]
            rows = [row for key in self._changed[name] if (row := known[key]) is not None]
            if rows:
                writes.append(Write(TABLES[_ORDER[name]], rows, replace=True))
        self._rows.clear()
        self._changed.clear()
        write_all(self._connection, writes, last=last)
