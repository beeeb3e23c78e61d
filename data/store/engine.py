"""The engine: where a situation's database is, how a transaction begins, what an error means.

Everything that differs between databases stands here and in `postgres` (views in `views`). SQLite
is a file: write-ahead log, `synchronous=FULL` (an acknowledged event survives a power cut as far as
the disk keeps its word), writers queue by `BEGIN IMMEDIATE` and wait a bounded time. PostgreSQL is
a server: writers queue for an advisory lock. The same statements run on both. No exception of
SQLAlchemy or of a driver leaves this package: `translated` turns each into a `StoreError`.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Connection, Engine, RootTransaction, Table, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import StaticPool

from data.store import postgres, postgres_rows, sqlite_rows
from data.store.schema import APPLICATION_ID
from geo.errors import InputError, StoreBusyError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from data.store.postgres_rows import Statement

WAIT_S = 30.0

_WRITES = "qafila_writes"
_REMEDY_BY_CODE = {
    sqlite3.SQLITE_FULL: ("the disk is full", "free some space; nothing was written"),
    sqlite3.SQLITE_READONLY: (
        "the database may only be read",
        "check the permissions of the file and its folder, and whether the disk is read-only",
    ),
    sqlite3.SQLITE_IOERR: (
        "the disk failed to read or write",
        "check the disk and the free space; nothing was written",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "the database file is damaged",
        "restore it from a copy, and compare `qafila verify` with an exported head",
    ),
    sqlite3.SQLITE_NOTADB: (
        "this is not a database of a situation",
        "name the home of a situation, or restore the file from a copy",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "the database cannot be opened",
        "check that the folder is there and may be written to",
    ),
    sqlite3.SQLITE_PERM: ("access is denied", "check the permissions of the file"),
    sqlite3.SQLITE_NOMEM: ("there is not enough memory", "close other programs, then try again"),
}


def database_url(place: str | Path) -> URL:
    """Where the database is: a path of an SQLite file, ``sqlite:///file`` or ``postgresql://…``.

    Raises `StoreError` for an engine that this version does not know.
    """
    if isinstance(place, Path):
        return URL.create("sqlite", database=str(place))
    if place.startswith("sqlite:///"):
        # Not `make_url`: a path may hold what a URL would read as something else ("?", "%", "#").
        return URL.create("sqlite", database=place.removeprefix("sqlite:///"))
    if postgres.is_address(place):
        return postgres.server_url(place)
    try:
        engine = make_url(place).get_backend_name()
    except (SQLAlchemyError, ValueError):
        engine = "no URL"
    raise StoreError(
        f"database address ({engine})",
        "SQLite (sqlite:///folder/situation.sqlite) or PostgreSQL (postgresql://…) is needed",
        "correct it",
    )


def is_file(url: URL) -> bool:
    """Whether the database is a file of this machine."""
    return url.get_backend_name() == "sqlite"


def database_path(url: URL) -> Path:
    """File of the database."""
    if not is_file(url) or not url.database or url.database == ":memory:":
        raise StoreError("database address", "the path of a file is needed", "name the file")
    return Path(url.database)


def shown(url: URL) -> str:
    """Write where the database is, for messages: no password, no user."""
    return (url.database or "memory") if is_file(url) else postgres.shown(url)


def open_engine(url: URL, *, wait_s: float = WAIT_S) -> Engine:
    """Engine over a database; nothing is opened before the first use."""
    if not is_file(url):
        engine = postgres.open_server(url, wait_s=wait_s)
        _listen_for_begin(engine, postgres.tell_begin)
        return engine
    engine = create_engine(
        url,
        pool_timeout=wait_s,
        connect_args={"timeout": wait_s, "check_same_thread": False},
    )
    _listen(engine)
    return engine


def memory_engine() -> Engine:
    """Engine over a database in memory: one connection, for one thread at a time."""
    engine = create_engine(
        "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
    )
    _listen(engine)
    return engine


def for_writing(engine: Engine) -> Engine:
    """The same connections, for `writing`."""
    return engine.execution_options(**{_WRITES: True})


def _listen(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _settle(connection: Any, _record: Any) -> None:
        # The driver must not begin transactions by itself: `_begin` does.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA synchronous=FULL")
        # Without it INSERT OR REPLACE would pass by the trigger that refuses to delete.
        cursor.execute("PRAGMA recursive_triggers=ON")
        # What is erased from the private tables is overwritten, not only unlinked.
        cursor.execute("PRAGMA secure_delete=ON")
        cursor.close()

    _listen_for_begin(engine, _begin_in_file)


def _begin_in_file(connection: Connection, *, writes: bool) -> None:
    # SQLite's own waiting is left as it is: whoever looks more often for its turn takes the
    # processor from the one that has it, and eight writers together wrote a third less.
    sqlite_rows.driver_of(connection).execute("BEGIN IMMEDIATE" if writes else "BEGIN")


def _listen_for_begin(engine: Engine, begin: Callable[..., None]) -> None:
    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        begin(connection, writes=connection.get_execution_options().get(_WRITES, False))


def prepare(engine: Engine) -> None:
    """Turn a new file into one that readers and a writer can share; a server is so already."""
    if not is_file(engine.url):
        return
    with translated(engine.url), engine.connect() as connection:
        driver = connection.connection.driver_connection
        if driver is None:
            raise StoreError(shown(engine.url), "an open database is needed", "try again")
        driver.execute("PRAGMA journal_mode=WAL")
        driver.execute(f"PRAGMA application_id={APPLICATION_ID}")


def empty_log(engine: Engine) -> None:
    """Write the log of an SQLite file into it and cut it to nothing; a server sees to its own."""
    if not is_file(engine.url):
        return
    with translated(engine.url), engine.connect() as connection:
        driver = connection.connection.driver_connection
        if driver is not None:
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def is_ours(connection: Connection) -> bool:
    """Whether the database is a situation's, or still empty."""
    if not is_file(connection.engine.url):
        return postgres.is_ours(connection)
    mark = connection.execute(text("PRAGMA application_id")).scalar_one()
    tables = connection.execute(text("SELECT count(*) FROM sqlite_master")).scalar_one()
    return bool(mark == APPLICATION_ID or (mark == 0 and tables == 0))


def copy_database(url: URL, target: Path) -> None:
    """Copy a database that may be in use, as it is at this moment."""
    with translated(url):
        source, copy = sqlite3.connect(database_path(url)), sqlite3.connect(target)
        try:
            source.backup(copy)
        finally:
            copy.close()
            source.close()


@contextlib.contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Connection that sees one moment of the database, however long it reads."""
    with translated(engine.url), _begun(engine) as (connection, _):
        yield connection


@contextlib.contextmanager
def writing(engine: Engine, *, question: Statement | None = None) -> Iterator[Connection]:
    """Connection of the only writer; commits at the end, rolls back at an exception.

    A server is asked `question` when the turn has come, in the same round trip (`lookup.look`
    takes the answer).

    `engine` comes from `for_writing`. Raises `StoreBusyError` if another writer holds the database
    for longer than the engine waits.
    """
    with translated(engine.url), _begun(engine, question) as (connection, transaction):
        yield connection
        try:
            transaction.commit()
        except (SQLAlchemyError, StoreError) as error:
            if not is_file(engine.url) and connection.invalidated:
                raise postgres.in_doubt(engine.url) from error
            raise


@contextlib.contextmanager
def _begun(
    engine: Engine, question: Statement | None = None
) -> Iterator[tuple[Connection, RootTransaction]]:
    """Connection in a transaction, which is rolled back at the end unless it was committed.

    A connection that lay in the pool while the server was started anew is found to be dead when the
    transaction begins; nothing was done yet, so another one is tried.
    """
    for again in (True, False):
        connection = engine.connect()
        if question is not None:
            connection.info[postgres.QUESTION] = question
        try:
            transaction = connection.begin()
        except (SQLAlchemyError, StoreError):
            dead = connection.invalidated
            connection.close()
            if again and dead:
                continue
            raise
        except BaseException:
            connection.close()
            raise
        with connection, transaction:
            yield connection, transaction
        return


@contextlib.contextmanager
def translated(url: URL) -> Iterator[None]:
    """Turn errors of the database into ours."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise as_store_error(error, url) from error
    except OverflowError as error:
        raise InputError(
            "a number", "a number that fits 64 bits is needed", "use a smaller one"
        ) from error


def as_store_error(error: SQLAlchemyError | sqlite3.Error, url: URL) -> StoreError:
    """What an error of SQLAlchemy or of the driver means to a person."""
    given = shown(url)
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(error, PoolTimeoutError):
        return StoreBusyError(given, "all connections are in use", "try again in a moment")
    if not is_file(url) and isinstance(error, DBAPIError):
        return postgres.as_store_error(cause, url)
    if not isinstance(cause, sqlite3.Error):
        return StoreError(given, f"the store failed ({type(error).__name__})", "see the log")
    # The low byte of an extended code is its family. An error of the module itself carries none.
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreBusyError(
            given,
            "another program has been writing for longer than we wait; nothing was written",
            "try again in a moment",
        )
    if code in _REMEDY_BY_CODE:
        needed, remedy = _REMEDY_BY_CODE[code]
        return StoreError(given, needed, remedy)
    return StoreError(given, f"the store refused: {cause}", "run `qafila verify`")


class Write(NamedTuple):
    """Whole rows for a table; with `replace` over those that are there under the same key."""

    table: Table
    rows: Sequence[dict[str, Any]]
    replace: bool


def write_all(connection: Connection, writes: Sequence[Write], *, last: bool = False) -> None:
    """Write rows of several tables in their order, to a server in one round trip.

    What is `last` in its transaction goes to a server with the commit; nothing may be read or
    written after it.
    """
    if not is_file(connection.engine.url):
        if last:
            connection.info[postgres.LAST_WRITES] = postgres_rows.written(writes)
        else:
            postgres_rows.write(connection, writes)
        return
    sqlite_rows.write(connection, writes)


def write_rows(
    connection: Connection, table: Table, rows: Sequence[dict[str, Any]], *, replace: bool
) -> None:
    """Write whole rows of one table."""
    write_all(connection, [Write(table, rows, replace)])
