"""Rows to and from a PostgreSQL server: each way one statement and one round trip.

The driver reads every parameter and every column in Python, and needs three round trips for a
statement with parameters; under the writer's turn every one of them is time in which nobody else
writes. So rows go over as one JSON text, written into the statement as a literal, and come back
as one. A literal is the text with its quotes doubled: `standard_conforming_strings` is on.
"""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import Float, Select, Table, Text, cast, func, select

from data.store.schema import EVENTS, key_columns
from geo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from data.store.engine import Write
    from data.store.lookup import Key, Row

ROWS_PER_WRITE = 2_000

_JSON = json.JSONEncoder(ensure_ascii=False, allow_nan=False, check_circular=False)
_NEWEST = "(SELECT row_to_json(t) FROM (SELECT * FROM events ORDER BY seq DESC LIMIT 1) t)"


def write(connection: Connection, writes: Sequence[Write]) -> None:
    """Write whole rows of several tables, in their order."""
    if statements := written(writes):
        connection.exec_driver_sql(statements)


def written(writes: Sequence[Write]) -> str:
    """Give the statements that write whole rows of several tables; "" where there are none."""
    statements = [
        _insert_statement(table, replace).format(_document(rows[start : start + ROWS_PER_WRITE]))
        for table, rows, replace in writes
        for start in range(0, len(rows), ROWS_PER_WRITE)
    ]
    return "; ".join(statements)


def question(
    client_ids: Sequence[str], keys: Mapping[Table, Sequence[Key]], *, newest: bool
) -> str:
    """Write what `look` asks, as one statement of one row."""
    parts = [_NEWEST if newest else "NULL", _by_client(client_ids) if client_ids else "NULL"]
    parts += [_by_keys(table, wanted) for table, wanted in keys.items()]
    return f"SELECT json_build_array({', '.join(parts)})::text"


def look(
    connection: Connection,
    *,
    client_ids: Sequence[str] = (),
    keys: Mapping[Table, Sequence[Key]],
    newest: bool = False,
    answer: str | None = None,
) -> tuple[Row | None, list[Row], dict[Table, list[Row]]]:
    """Ask for the newest event, the events of some client ids and rows of tables by their keys.

    `answer` is what the server said to the same `question` already.
    """
    if answer is None:
        asked = question(client_ids, keys, newest=newest)
        answer = str(connection.exec_driver_sql(asked).scalar())
    answers = json.loads(answer)
    rows = {
        table: [_typed(table, row) for row in found or ()]
        for table, found in zip(keys, answers[2:], strict=True)
    }
    return answers[0], answers[1] or [], rows


def read(
    connection: Connection, statement: Select[Any], values: Mapping[str, Any]
) -> Iterator[list[Any]]:
    """Read what a SELECT finds, as one JSON text; for columns of text, whole numbers and flags."""
    inner = statement.subquery()
    packed = select(cast(func.json_agg(func.json_build_array(*inner.c)), Text))
    text = connection.execute(packed, values).scalar()
    return iter(json.loads(text) if text else ())


def _by_client(client_ids: Sequence[str]) -> str:
    return (
        f"(SELECT json_agg(t) FROM {EVENTS.name} t WHERE client_id IN "
        f"({', '.join(map(_literal, client_ids))}))"
    )


def _by_keys(table: Table, keys: Sequence[Key]) -> str:
    names = [f'"{name}"' for name in key_columns(table)]
    if len(names) == 1:
        wanted = f"{names[0]} IN ({', '.join(_literal(key[0]) for key in keys)})"
    else:
        wanted = " OR ".join(
            "("
            + " AND ".join(f"{name} = {_literal(v)}" for name, v in zip(names, key, strict=True))
            + ")"
            for key in keys
        )
    return f"(SELECT json_agg(t) FROM {table.name} t WHERE {wanted})"


def _literal(value: str) -> str:
    if "\x00" in value:
        raise _nul("an id", value)
    return _quoted(value)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _typed(table: Table, row: Row) -> Row:
    # JSON knows one kind of number: 12.0 comes back as 12.
    for name in _float_columns(table):
        if row[name] is not None:
            row[name] = float(row[name])
    return row


@functools.cache
def _float_columns(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.columns if isinstance(column.type, Float))


@functools.cache
def _insert_statement(table: Table, replace: bool) -> str:
    """Statement with ``{}`` where the literal of the rows belongs."""
    keys = key_columns(table)
    names = [f'"{column.name}"' for column in table.columns]
    others = [f'"{column.name}"' for column in table.columns if column.name not in keys]
    statement = (
        f"INSERT INTO {table.name} ({', '.join(names)}) SELECT {', '.join(names)} "
        f"FROM json_populate_recordset(NULL::{table.name}, {{}}::json)"
    )
    if not replace:
        return statement
    return f"{statement} ON CONFLICT ({', '.join(keys)}) DO UPDATE SET " + ", ".join(
        f"{name} = excluded.{name}" for name in others
    )


def _document(rows: Sequence[Row]) -> str:
    document = _JSON.encode(rows)
    if "\\u0000" in document:
        _refuse_nul(rows)
    return _quoted(document)


def _refuse_nul(rows: Sequence[Row]) -> None:
    for row in rows:
        for name, value in row.items():
            if isinstance(value, str) and "\x00" in value:
                raise _nul(name, value)


def _nul(name: str, value: str) -> InputError:
    return InputError(
        f"{name} {value[:60]!r}", "text without a NUL character is needed", "remove it"
    )
