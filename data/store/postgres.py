"""PostgreSQL: its addresses, how a transaction begins there, what its errors mean to a person.

Writers queue for one advisory lock of the database, in the order in which they came, for a bounded
time; so the chain has no gap. Readers see one moment (REPEATABLE READ) and hold nobody up. The
driver is pg8000, whichever an address names. A password never reaches a message: only server,
port and name of the database do.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.pg8000 import PGDialect_pg8000
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from data.store.schema import APPLICATION_ID
from geo.errors import StoreBusyError, StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import ExceptionContext

    from data.store.postgres_rows import Statement

SCHEMES = ("postgresql", "postgres")
MINIMUM_VERSION = 150000
DEFAULT_PORT = 5432

# A round trip may wait for the writer's turn and work for this long after; then the network is cut.
WORK_S = 60.0
# How long the server waits for a program that holds the writer's turn and says nothing.
SILENT_WRITER_S = 120

# The end of a write, in one round trip. The first commit gives up the writer's turn without waiting
# for the disk (`begin` asked for that); the second, an empty one that waits as the server is set,
# covers it, and the server does so for all who wait at once. Only then is an answer given.
_COMMIT = "COMMIT; SELECT pg_logical_emit_message(true, 'qafila', '')"

# The begin of a write. READ COMMITTED: what is read after the turn came is what stands then. Rows
# are asked for by their keys: an index finds them also in a table that was small when the plan of a
# prepared statement was made.
_BEGIN_WRITE = (
    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; "
    f"SELECT set_config('idle_in_transaction_session_timeout', '{SILENT_WRITER_S}s', true), "
    "set_config('synchronous_commit', 'off', true), set_config('enable_seqscan', 'off', true), "
    "set_config('plan_cache_mode', 'force_generic_plan', true), "
    f"pg_advisory_xact_lock({APPLICATION_ID})"
)
_BEGIN_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

# Under these names a connection holds what goes with the begin and the end of its transaction.
WRITES = "qafila_writes"
QUESTION = "qafila_question"
ANSWER = "qafila_answer"
LAST_WRITES = "qafila_last_writes"

# Under these a connection knows what it prepared on the server: names by statement, and how many
# there ever were. A statement takes the server some 50 kB a connection.
_PREPARED, _NUMBERS = "qafila_prepared", "qafila_numbers"
MAX_PREPARED = 64

_DRIVER = "postgresql+qafila"
_OPTIONS = frozenset({"host", "sslmode", "sslrootcert"})
_SSL_MODES = ("disable", "prefer", "require", "verify-ca", "verify-full")

# Classes and codes of https://www.postgresql.org/docs/15/errcodes-appendix.html
_GONE = ("08", "57P01", "57P02", "57P03", "25P03")
_BUSY = ("55P03", "40001", "40P01")
_REMEDY_BY_CODE = {
    "57P03": ("the database server is starting or stopping", "try again in a moment"),
    "53100": ("the disk of the database server is full", "free some space; nothing was written"),
    "53200": ("the database server lacks memory", "try again, or close other programs there"),
    "53300": ("the database server has no connection left", "close other programs, then try again"),
    "25006": (
        "the database may only be read",
        "connect to the server that takes writes; nothing was written",
    ),
    "28": ("the database server refused name or password", "check QAFILA_DATABASE_URL"),
    "3D000": ("there is no such database on the server", "make it first: createdb NAME"),
    "42501": ("the database's user lacks a permission", "let the owner of the database grant it"),
    "58": ("the disk of the database server failed", "look at the server's log"),
    "XX": ("the database is damaged", "restore it from a copy, and compare `qafila verify`"),
}


class Dialect(PGDialect_pg8000):
    """The driver's own, but a transaction begins and ends in one round trip each instead of four.

    A question that the connection holds under `QUESTION` is asked with the begin of a write; its
    answer lies under `ANSWER` then. What was left for the end of a write goes with it: the turn of
    a writer is over when the server has done that, without one more way to the writer and back.
    """

    supports_statement_cache = True

    def do_begin(self, dbapi_connection: Any) -> None:
        """Begin a transaction: a reader's, or the only writer's once it is its turn."""
        info = dbapi_connection.info
        asked = info.pop(QUESTION, None)
        # Of a transaction that failed before its end.
        info.pop(LAST_WRITES, None)
        if not info.get(WRITES):
            _run(dbapi_connection, _BEGIN_READ)
        elif asked is None:
            _run(dbapi_connection, _BEGIN_WRITE)
        else:
            # The driver gives the rows of all statements together; the last is the question's.
            info[ANSWER] = _run_prepared(dbapi_connection, _BEGIN_WRITE, [asked])[-1][0]

    def do_commit(self, dbapi_connection: Any) -> None:
        """End a write: what was written is on the server's disk when this comes back."""
        last = dbapi_connection.info.pop(LAST_WRITES, ())
        try:
            _run_prepared(dbapi_connection, "", last, _COMMIT)
        except Exception as error:
            # Who asked for the end holds the transaction to be over; the server waits for it.
            if not is_gone(error):
                _run(dbapi_connection, "ROLLBACK")
            raise

    def do_rollback(self, dbapi_connection: Any) -> None:
        """End a read, or a write that failed."""
        _run(dbapi_connection, "ROLLBACK")


registry.register(_DRIVER.replace("+", "."), __name__, Dialect.__name__)


def is_address(address: str) -> bool:
    """Whether an address names this engine."""
    scheme = address.partition("://")[0].partition("+")[0]
    return "://" in address and scheme in SCHEMES


def server_url(address: str) -> URL:
    """Read an address such as ``postgresql://user:password@server:5432/name?sslmode=require``.

    Raises `StoreError` for one that cannot be read; it is never repeated, it may hold a password.
    """
    try:
        url = make_url(address)
    except (SQLAlchemyError, ValueError):
        raise _bad_address("postgresql://user:password@server/database is needed") from None
    if not url.database:
        raise _bad_address("the name of a database at its end is needed (…/qafila)")
    if not url.username:
        raise _bad_address("the name of a user is needed (postgresql://user@…)")
    unknown = sorted(set(url.query) - _OPTIONS)
    if unknown:
        raise _bad_address(f"of options only {', '.join(sorted(_OPTIONS))} are known")
    if url.query.get("sslmode", "prefer") not in _SSL_MODES:
        raise _bad_address(f"sslmode must be one of {', '.join(_SSL_MODES)}")
    return url.set(drivername=_DRIVER)


def shown(url: URL) -> str:
    """Write where the database is, without user and password."""
    server = url.query.get("host") or url.host or "localhost"
    return f"database {url.database} on {server}:{url.port or DEFAULT_PORT}"


def open_server(url: URL, *, wait_s: float) -> Engine:
    """Engine over a server's database; nothing is opened before the first use."""
    engine = create_engine(
        url.set(query={}),
        pool_timeout=wait_s,
        pool_size=8,
        max_overflow=32,
        # Nothing is given back within a transaction, so the server need not be asked to end one.
        pool_reset_on_return=None,
        hide_parameters=True,
        connect_args=_connect_args(url, wait_s),
    )

    @event.listens_for(engine, "connect")
    def _settle(connection: Any, _record: Any) -> None:
        # The driver must not begin transactions by itself: `begin` does.
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(
            "SELECT set_config('synchronous_commit', 'on', false) "
            "WHERE current_setting('synchronous_commit') IN ('off', 'local')"
        )
        cursor.close()

    @event.listens_for(engine, "handle_error")
    def _judge(context: ExceptionContext) -> None:
        cause = context.original_exception
        if is_gone(cause):
            context.is_disconnect = True
        if isinstance(cause, OSError):
            # The driver lets some through as they are, which nobody outside expects.
            raise as_store_error(cause, url) from cause

    return engine


def tell_begin(connection: Connection, *, writes: bool) -> None:
    """Leave word for the begin of the transaction whether it writes."""
    connection.info[WRITES] = writes


def copy_to(connection: Connection, statement: str, *, into: IO[bytes]) -> None:
    """Run a COPY … TO STDOUT, which SQLAlchemy has no word for; its bytes go into a file.

    Raises `StoreError` like everything else that runs on the connection.
    """
    cursor: Any = connection.connection.cursor()
    try:
        cursor.execute(statement, stream=into)
    except (connection.dialect.loaded_dbapi.Error, OSError) as error:
        if is_gone(error):
            connection.invalidate(error)
        raise as_store_error(error, connection.engine.url) from error
    cursor.close()


def is_ours(connection: Connection) -> bool:
    """Whether the schema holds a situation, or nothing at all; raises for a server too old."""
    version = int(connection.execute(text("SHOW server_version_num")).scalar_one())
    if version < MINIMUM_VERSION:
        raise StoreError(
            shown(connection.engine.url),
            f"PostgreSQL {MINIMUM_VERSION // 10000} or newer is needed, this is {version // 10000}",
            "name another server",
        )
    # What belongs to an extension (PostGIS has a table and views) is nobody's data.
    tables = set(
        connection.execute(
            text(
                "SELECT c.relname FROM pg_class c WHERE c.relnamespace = "
                "current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT EXISTS "
                "(SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e' "
                "AND d.classid = 'pg_class'::regclass)"
            )
        ).scalars()
    )
    return not tables or {"alembic_version", "events"} <= tables


def is_gone(error: BaseException | None) -> bool:
    """Whether an error means that the connection can no longer be used."""
    code = _code(error)
    if code:
        return code.startswith(_GONE)
    # The driver's own errors carry no code: a cut, a closed socket, a server that went away.
    return isinstance(error, OSError) or type(error).__name__ == "InterfaceError"


def as_store_error(error: BaseException | None, url: URL) -> StoreError:
    """What an error of the driver means to a person."""
    given = shown(url)
    code = _code(error)
    if not code:
        if is_gone(error):
            return StoreError(
                given,
                "the database server cannot be reached, or the connection was cut",
                "check the network and the server; nothing of an unfinished write was kept",
            )
        return StoreError(given, f"the store failed ({type(error).__name__})", "see the log")
    if code.startswith(_BUSY):
        return StoreBusyError(
            given,
            "another program has been writing for longer than we wait; nothing was written",
            "try again in a moment",
        )
    for known, (needed, remedy) in _REMEDY_BY_CODE.items():
        if code.startswith(known):
            return StoreError(given, needed, remedy)
    if code.startswith(_GONE):
        return StoreError(
            given,
            "the database server ended the connection; nothing of an unfinished write was kept",
            "try again in a moment",
        )
    if code in ("22021", "22P05"):
        return StoreError(
            given, "PostgreSQL keeps no text with a NUL character", "remove it from the text"
        )
    return StoreError(given, f"the store refused: {_message(error)}", "run `qafila verify`")


def in_doubt(url: URL) -> StoreError:
    """What to say where the connection was cut while the end of a write was on its way."""
    return StoreError(
        shown(url),
        "the connection was cut at the end of a write, which is now there as a whole or not at all",
        "look whether it is there, or send it again with the same client ids",
    )


def _run(connection: Any, text: str) -> Any:
    """Run statements in one round trip; gives the rows of all of them."""
    cursor = connection.cursor()
    cursor.execute(text)
    rows = cursor.fetchall() if cursor.description else ()
    cursor.close()
    return rows


def _run_prepared(
    connection: Any, before: str, statements: Sequence[Statement], after: str = ""
) -> Any:
    """Run statements in one round trip, those that come again and again by their prepared plans."""
    prepared: dict[str, str] = connection.info.setdefault(_PREPARED, {})
    fresh: dict[str, str] = {}
    parts = [before] if before else []
    for template, literals in statements:
        name = prepared.get(template) or fresh.get(template)
        if name is None and len(prepared) + len(fresh) >= MAX_PREPARED:
            parts.append(template.format(*literals))
            continue
        if name is None:
            # A number is never given twice: whether a round trip that failed came as far as to
            # prepare its statements, nobody knows.
            number = connection.info[_NUMBERS] = connection.info.get(_NUMBERS, 0) + 1
            name = fresh[template] = f"qafila_{number}"
            places = [f"${place}" for place in range(1, len(literals) + 1)]
            parts.append(f"PREPARE {name} AS {template.format(*places)}")
        parts.append(f"EXECUTE {name}({', '.join(literals)})" if literals else f"EXECUTE {name}")
    if after:
        parts.append(after)
    rows = _run(connection, "; ".join(parts))
    prepared.update(fresh)
    return rows


def _code(error: BaseException | None) -> str:
    told = error.args[0] if error is not None and error.args else None
    return str(told.get("C", "")) if isinstance(told, dict) else ""


def _message(error: BaseException | None) -> str:
    told = error.args[0] if error is not None and error.args else None
    return str(told.get("M", "")) if isinstance(told, dict) else str(error)


def _connect_args(url: URL, wait_s: float) -> dict[str, Any]:
    given: dict[str, Any] = {
        # Of every round trip; the longest is the one that waits for the writer's turn.
        "timeout": wait_s + WORK_S,
        "application_name": "qafila",
        "startup_params": {
            "lock_timeout": str(max(1, round(wait_s * 1000))),
            # "warning" is what a rollback outside of a transaction says, which does no harm.
            "client_min_messages": "error",
            # `postgres_rows` doubles quotes, which is all there is to it as long as this is on.
            "standard_conforming_strings": "on",
            # A program behind a cut network must not hold the writer's turn for hours.
            "tcp_keepalives_idle": "20",
            "tcp_keepalives_interval": "5",
            "tcp_keepalives_count": "4",
        },
    }
    host = url.query.get("host")
    if isinstance(host, str) and host.startswith("/"):
        given["unix_sock"] = f"{host}/.s.PGSQL.{url.port or DEFAULT_PORT}"
    elif host:
        given["host"] = host
    given["ssl_context"] = False if "unix_sock" in given else _ssl_context(url)
    return given


def _ssl_context(url: URL) -> ssl.SSLContext | bool | None:
    mode = url.query.get("sslmode", "prefer")
    if mode == "disable":
        return False
    if mode == "prefer":
        return None
    root = url.query.get("sslrootcert")
    if root is not None and not Path(str(root)).is_file():
        raise _bad_address("sslrootcert must name a file of certificates")
    try:
        context = ssl.create_default_context(cafile=None if root is None else str(root))
    except (ssl.SSLError, OSError):
        raise _bad_address("sslrootcert must name a file of certificates") from None
    if mode != "verify-full":
        context.check_hostname = False
    if mode == "require":
        context.verify_mode = ssl.CERT_NONE
    return context


def _bad_address(needed: str) -> StoreError:
    return StoreError("the address of the database (PostgreSQL)", needed, "correct it")
