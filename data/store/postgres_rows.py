"""Rows to and from a PostgreSQL server: each way one statement and one round trip.

The driver reads every parameter and every column in Python, and needs three round trips for a
statement with parameters; under the writer's turn every one of them is time in which nobody else
writes. So rows go over as one JSON text, written into the statement as a literal, and come back
as one. A literal is the text with its quotes doubled: `standard_conforming_strings` is on. A
statement is the same for other rows, so a connection may keep its plan (`postgres`).
"""

from __future__ import annotations

import functools
import io
import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Float, Select, Table, Text, cast, func, select

from data.store import postgres
from data.store.schema import EVENTS, key_columns
from geo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from data.store.engine import Write
    from data.store.lookup import Key, Row

ROWS_PER_WRITE = 2_000

# https://www.postgresql.org/docs/15/sql-copy.html, text format
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_MEANT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_JSON = json.JSONEncoder(ensure_ascii=False, allow_nan=False, check_circular=False)
_BY_CLIENT = f"(SELECT json_agg(t) FROM {EVENTS.name} t WHERE client_id = ANY({{}}::text[]))"
_NEWEST = "(SELECT row_to_json(t) FROM (SELECT * FROM events ORDER BY seq DESC LIMIT 1) t)"


class Statement(NamedTuple):
    """A statement with ``{}`` where its literals belong; the same for other rows and keys."""

    template: str
    literals: tuple[str, ...]

    def text(self) -> str:
        """The statement as it is run once."""
        return self.template.format(*self.literals)


def write(connection: Connection, writes: Sequence[Write]) -> None:
    """Write whole rows of several tables, in their order."""
    if statements := written(writes):
        connection.exec_driver_sql("; ".join(one.text() for one in statements))


def written(writes: Sequence[Write]) -> list[Statement]:
    """Give the statements that write whole rows of several tables."""
    return [
        Statement(
            _insert_statement(table, replace), (_document(rows[start : start + ROWS_PER_WRITE]),)
        )
        for table, rows, replace in writes
        for start in range(0, len(rows), ROWS_PER_WRITE)
    ]


def question(
    client_ids: Sequence[str], keys: Mapping[Table, Sequence[Key]], *, newest: bool
) -> Statement:
    """Write what `look` asks, as one statement of one row."""
    parts = [_NEWEST if newest else "NULL", _BY_CLIENT if client_ids else "NULL"]
    literals = [_texts(client_ids)] if client_ids else []
    for table, wanted in keys.items():
        parts.append(_by_keys(table))
        literals += [_texts(values) for values in zip(*wanted, strict=True)]
    return Statement(f"SELECT json_build_array({', '.join(parts)})::text", tuple(literals))


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
        asked = question(client_ids, keys, newest=newest).text()
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


def copy_out(
    connection: Connection, statement: Select[Any], values: Mapping[str, int]
) -> Iterator[list[str | None]]:
    """Read what a SELECT finds as texts, in the form of COPY: a third of the time of `read`.

    A number is its digits, a flag ``t`` or ``f``. For statements whose values are whole numbers.
    """
    query = statement.params(values).compile(
        dialect=connection.dialect, compile_kwargs={"literal_binds": True}
    )
    copied = io.BytesIO()
    postgres.copy_to(connection, f"COPY ({query}) TO STDOUT", into=copied)
    return map(_fields, copied.getvalue().decode().split("\n")[:-1])


def _fields(line: str) -> list[str | None]:
    fields = line.split("\t")
    if "\\" not in line:
        return list(fields)
    return [
        None if field == "\\N" else _ESCAPED.sub(_meant, field) if "\\" in field else field
        for field in fields
    ]


def _meant(escaped: re.Match[str]) -> str:
    return _MEANT.get(escaped[1], escaped[1])


@functools.cache
def _by_keys(table: Table) -> str:
    names = [f'"{name}"' for name in key_columns(table)]
    if len(names) == 1:
        wanted = f"{names[0]} = ANY({{}}::text[])"
    else:
        columns = ", ".join(["{}::text[]"] * len(names))
        wanted = f"({', '.join(names)}) IN (SELECT * FROM unnest({columns}))"
    return f"(SELECT json_agg(t) FROM {table.name} t WHERE {wanted})"


def _texts(values: Sequence[str]) -> str:
    return f"ARRAY[{','.join(map(_literal, values))}]"


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
