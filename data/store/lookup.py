"""What a writer asks before it writes: the newest event, what is there already, rows of state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from sqlalchemy import Connection, Table, bindparam, select

from data.store import postgres_rows, sqlite_rows
from data.store.chain import EventRow
from data.store.engine import is_file
from data.store.postgres import ANSWER
from data.store.schema import EVENTS, key_columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Key: TypeAlias = tuple[str, ...]
Row: TypeAlias = dict[str, Any]

# How many keys one SELECT asks for: well below the limit of parameters of every engine.
KEYS_PER_SELECT = 400


class Seen(NamedTuple):
    """The newest event, those recorded under client ids, and rows by table and key (None: none)."""

    last: EventRow | None
    known: dict[str, EventRow]
    rows: dict[Table, dict[Key, Row | None]]


class Wanted(NamedTuple):
    """What a writer asks for: events of client ids, and rows by table and key."""

    client_ids: list[str]
    keys: dict[Table, list[Key]]

    def question(self) -> postgres_rows.Statement:
        """What a server is asked first, as one statement: all of it where it is not much."""
        part = {table: keys[:KEYS_PER_SELECT] for table, keys in self.keys.items()}
        return postgres_rows.question(self.client_ids[:KEYS_PER_SELECT], part, newest=True)


def wanted_of(client_ids: Sequence[str], keys: Iterable[tuple[Table, Key]]) -> Wanted:
    """Bring together what is asked for, each key once."""
    return Wanted(list(client_ids), _by_table(keys))


def look(connection: Connection, asked: Wanted) -> Seen:
    """Ask all of it, of a server in one question where it is not much.

    A server that was asked `Wanted.question` when the transaction began is not asked again.
    """
    client_ids, wanted = asked
    if is_file(connection.engine.url):
        return Seen(
            last_row(connection),
            known_rows(connection, client_ids),
            _read_file(connection, wanted),
        )
    first, rest = client_ids[:KEYS_PER_SELECT], client_ids[KEYS_PER_SELECT:]
    newest, known, rows = _ask(connection, wanted, client_ids=first, newest=True)
    found = {str(row.client_id): row for row in known}
    return Seen(newest, found | known_rows(connection, rest), rows)


def rows_by_key(
    connection: Connection, keys: Iterable[tuple[Table, Key]]
) -> dict[Table, dict[Key, Row | None]]:
    """Read rows; None stands for a key that has none."""
    wanted = _by_table(keys)
    if is_file(connection.engine.url):
        return _read_file(connection, wanted)
    return _ask(connection, wanted)[2] if wanted else {}


def known_rows(connection: Connection, client_ids: Sequence[str]) -> dict[str, EventRow]:
    """Events that were recorded under these client ids."""
    in_file = is_file(connection.engine.url)
    found: dict[str, EventRow] = {}
    for part in chunks(client_ids, KEYS_PER_SELECT):
        events: Iterable[Any] = (
            sqlite_rows.events_of_clients(connection, part)
            if in_file
            else connection.execute(_BY_CLIENT, {"client_ids": part})
        )
        found.update((str(row.client_id), row) for row in map(EventRow._make, events))
    return found


def last_row(connection: Connection) -> EventRow | None:
    """The newest event."""
    if is_file(connection.engine.url):
        newest = sqlite_rows.newest_event(connection)
        return None if newest is None else EventRow._make(newest)
    found = connection.execute(_LAST_ROW).one_or_none()
    return None if found is None else EventRow._make(found)


def chunks(values: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """Parts of at most `size` values."""
    return (values[start : start + size] for start in range(0, len(values), size))


def _by_table(keys: Iterable[tuple[Table, Key]]) -> dict[Table, list[Key]]:
    wanted: dict[Table, dict[Key, None]] = {}
    for table, key in keys:
        wanted.setdefault(table, {})[key] = None
    return {table: list(found) for table, found in wanted.items()}


def _ask(
    connection: Connection,
    wanted: dict[Table, list[Key]],
    *,
    client_ids: Sequence[str] = (),
    newest: bool = False,
) -> tuple[EventRow | None, list[EventRow], dict[Table, dict[Key, Row | None]]]:
    """Ask a server, as many keys of each table at once as one question takes."""
    rows: dict[Table, dict[Key, Row | None]] = {
        table: dict.fromkeys(keys) for table, keys in wanted.items()
    }
    last: EventRow | None = None
    known: list[EventRow] = []
    start = 0
    while start == 0 or any(len(keys) > start for keys in wanted.values()):
        part = {
            table: keys[start : start + KEYS_PER_SELECT]
            for table, keys in wanted.items()
            if len(keys) > start
        }
        found = postgres_rows.look(
            connection,
            client_ids=client_ids if start == 0 else (),
            keys=part,
            newest=newest and start == 0,
            answer=connection.info.pop(ANSWER, None) if newest and start == 0 else None,
        )
        if start == 0:
            last = None if found[0] is None else EventRow(**found[0])
            known = [EventRow(**row) for row in found[1]]
        for table, some in found[2].items():
            names = key_columns(table)
            rows[table].update((tuple(row[name] for name in names), row) for row in some)
        start += KEYS_PER_SELECT
    return last, known, rows


def _read_file(
    connection: Connection, wanted: dict[Table, list[Key]]
) -> dict[Table, dict[Key, Row | None]]:
    rows: dict[Table, dict[Key, Row | None]] = {}
    for table, keys in wanted.items():
        rows[table] = {}
        for part in chunks(keys, KEYS_PER_SELECT):
            rows[table].update(sqlite_rows.rows_of(connection, table, part))
    return rows


_BY_CLIENT = select(EVENTS).where(EVENTS.c.client_id.in_(bindparam("client_ids", expanding=True)))
_LAST_ROW = select(EVENTS).order_by(EVENTS.c.seq.desc()).limit(1)
