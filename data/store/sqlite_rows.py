"""Rows to and from an SQLite file, as the driver has them.

The turn of a writer is short where what it asks and writes is short: the statements are written
once for each table and given to the driver directly, which takes a third of the time. What a file
holds is what the same rows hold on a server; a flag is 0 or 1 there and becomes one again.
"""

from __future__ import annotations

import functools
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, Table

from data.store.schema import EVENTS, key_columns

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection

    from data.store.engine import Write
    from data.store.lookup import Key, Row


def newest_event(connection: Connection) -> tuple[Any, ...] | None:
    """Give the newest event, columns in the order of the table."""
    found = driver_of(connection).execute(f"{_select(EVENTS)} ORDER BY seq DESC LIMIT 1").fetchone()
    return None if found is None else _typed(EVENTS, found)


def events_of_clients(connection: Connection, client_ids: Sequence[str]) -> list[tuple[Any, ...]]:
    """Give the events that were recorded under these client ids, at most some hundred."""
    asked = f"{_select(EVENTS)} WHERE client_id IN ({_marks(len(client_ids))})"
    return [_typed(EVENTS, found) for found in driver_of(connection).execute(asked, client_ids)]


def rows_of(connection: Connection, table: Table, keys: Sequence[Key]) -> dict[Key, Row | None]:
    """Read rows of a table by some hundred keys at most; None stands for one that has none."""
    names, columns = key_columns(table), [column.name for column in table.columns]
    rows: dict[Key, Row | None] = dict.fromkeys(keys)
    values = [value for key in keys for value in key]
    for found in driver_of(connection).execute(_by_keys(table, len(keys)), values):
        row = dict(zip(columns, _typed(table, found), strict=True))
        rows[tuple(row[name] for name in names)] = row
    return rows


def write(connection: Connection, writes: Sequence[Write]) -> None:
    """Write whole rows of several tables, in their order."""
    driver = driver_of(connection)
    for table, rows, replace in writes:
        values = _values(table)
        if len(rows) == 1:
            driver.execute(_insert(table, replace), values(rows[0]))
        elif rows:
            driver.executemany(_insert(table, replace), map(values, rows))


def driver_of(connection: Connection) -> sqlite3.Connection:
    """Give the connection that the driver made."""
    driver: Any = connection.connection.driver_connection
    return driver  # type: ignore[no-any-return]


def _typed(table: Table, found: tuple[Any, ...]) -> tuple[Any, ...]:
    flags = _flags(table)
    if not flags:
        return found
    row = list(found)
    for at in flags:
        if row[at] is not None:
            row[at] = bool(row[at])
    return tuple(row)


@functools.cache
def _flags(table: Table) -> tuple[int, ...]:
    return tuple(at for at, one in enumerate(table.columns) if isinstance(one.type, Boolean))


@functools.cache
def _values(table: Table) -> Callable[[Row], tuple[Any, ...]]:
    # Of several names, so it gives a tuple; no table has one column only.
    return itemgetter(*(column.name for column in table.columns))


@functools.cache
def _select(table: Table) -> str:
    return f"SELECT {', '.join(_quoted_columns(table))} FROM {table.name}"


@functools.lru_cache(maxsize=4_096)
def _by_keys(table: Table, count: int) -> str:
    names = [f'"{name}"' for name in key_columns(table)]
    if len(names) == 1:
        return f"{_select(table)} WHERE {names[0]} IN ({_marks(count)})"
    rows = ", ".join([f"({_marks(len(names))})"] * count)
    return f"{_select(table)} WHERE ({', '.join(names)}) IN (VALUES {rows})"


@functools.cache
def _insert(table: Table, replace: bool) -> str:
    keys = key_columns(table)
    columns = _quoted_columns(table)
    statement = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({_marks(len(columns))})"
    if not replace:
        return statement
    others = [f'"{column.name}"' for column in table.columns if column.name not in keys]
    return f"{statement} ON CONFLICT ({', '.join(keys)}) DO UPDATE SET " + ", ".join(
        f"{name} = excluded.{name}" for name in others
    )


@functools.cache
def _quoted_columns(table: Table) -> list[str]:
    return [f'"{column.name}"' for column in table.columns]


def _marks(count: int) -> str:
    return ", ".join("?" * count)
