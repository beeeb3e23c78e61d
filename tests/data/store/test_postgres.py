"""What only a server can do to us: be away, refuse, be started anew, be cut off. And its views."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from postgres_server import DatabaseServer, connect, run_statement
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url

from data.events import SituationCreated
from data.store import Store, views
from data.store.drafts import draft
from data.store.engine import database_url, shown
from data.store.schema import APPLICATION_ID
from geo.errors import InputError, NoSituationError, StoreBusyError, StoreError

Raw = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def engine_name() -> str:
    """These tests know one engine."""
    return "postgresql"


class Cable:
    """A network between the store and the server that can be cut and mended."""

    def __init__(self, place: str) -> None:
        url = make_url(place)
        self._server = (str(url.host), url.port or 5432)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.place = url.set(port=self._listener.getsockname()[1]).render_as_string(
            hide_password=False
        )
        self._pairs: list[socket.socket] = []
        self.cut_at = b""
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._server)
                self._pairs += [near, far]
                for source, target in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=(source, target), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while block := source.recv(65536):
                if self.cut_at and self.cut_at in block:
                    self.cut()
                    return
                target.sendall(block)

    def cut(self) -> None:
        """Break every connection that stands; new ones may be made."""
        self.cut_at = b""
        # Whoever is cut may connect again at once: that one is not meant.
        broken, self._pairs = self._pairs, []
        for one in broken:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def close(self) -> None:
        self._listener.close()
        self.cut()


@pytest.fixture
def cable(store: Store, place: str) -> Iterator[Cable]:
    """A network to a situation that is there."""
    made = Cable(place)
    yield made
    made.close()


BAD_ADDRESSES = {
    "postgresql://u:secret@127.0.0.1": "name of a database",
    "postgresql://127.0.0.1/qafila": "name of a user",
    "postgresql://u:secret@127.0.0.1:port/qafila": "user:password@server",
    "postgresql://u:secret@127.0.0.1/q?sslmode=perhaps": "sslmode must be one of",
    "postgresql://u:secret@127.0.0.1/q?passfile=x": "of options only",
    "postgresql://u:secret@127.0.0.1/q?sslmode=verify-full&sslrootcert=/none": "sslrootcert",
}


@pytest.mark.parametrize(("address", "needed"), BAD_ADDRESSES.items())
def test_a_bad_address_is_refused_without_its_password(address: str, needed: str) -> None:
    with pytest.raises(StoreError, match=needed) as refusal:
        Store.open(address)
    assert "secret" not in f"{refusal.value!r} {refusal.value}"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_an_address_is_shown_without_user_and_password(scheme: str) -> None:
    url = database_url(f"{scheme}://office:secret@example.org/qafila?sslmode=require")
    assert shown(url) == "database qafila on example.org:5432"


def test_a_server_that_is_not_there_is_a_plain_message() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(StoreError, match="cannot be reached") as refusal:
        Store.open(f"postgresql://office:secret@127.0.0.1:{port}/qafila")
    assert f"127.0.0.1:{port}" in str(refusal.value)
    assert "secret" not in str(refusal.value)


def test_a_wrong_password_is_not_repeated(place: str) -> None:
    wrong = make_url(place).set(password="not-this-one").render_as_string(hide_password=False)
    with pytest.raises(StoreError, match="refused name or password") as refusal:
        Store.open(wrong)
    assert "not-this-one" not in str(refusal.value)


def test_a_database_that_is_not_there_says_how_to_make_it(place: str) -> None:
    other = make_url(place).set(database="nowhere").render_as_string(hide_password=False)
    with pytest.raises(StoreError, match="createdb"):
        Store.open(other)


def test_an_empty_database_holds_no_situation(place: str) -> None:
    with pytest.raises(NoSituationError, match="qafila init"):
        Store.open(place)


def test_a_database_of_another_program_is_refused_and_kept(
    place: str, raw: Raw, created: SituationCreated
) -> None:
    raw("CREATE TABLE recipes (name text)")
    with pytest.raises(StoreError, match="no situation of this program"):
        Store.open(place)
    with pytest.raises(StoreError, match="another database already"):
        Store.create(place, created)
    assert raw("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname !~ '^(pg|sql)_'") == [
        ("recipes",)
    ]


def test_a_writer_that_holds_its_turn_is_waited_for_and_then_named(
    store: Store, place: str, make: SimpleNamespace
) -> None:
    with (
        Store.open(place, wait_s=0.2) as hasty,
        contextlib.closing(connect(place)) as other,
    ):
        other.cursor().execute(f"SELECT pg_advisory_lock({APPLICATION_ID})")
        with pytest.raises(StoreBusyError, match="nothing was written"):
            hasty.append([make.new(make.need("1"))])
        assert hasty.needs() == []
        other.cursor().execute("SELECT pg_advisory_unlock_all()")
        hasty.append([make.new(make.need("1"))])
        assert len(store.needs()) == 1


def test_what_a_writer_sets_ends_with_its_transaction_also_with_one_that_fails(
    store: Store, raw: Raw
) -> None:
    settings = ("enable_seqscan", "plan_cache_mode", "synchronous_commit")

    def shown(connection: Connection) -> list[str]:
        return [connection.execute(text(f"SHOW {one}")).scalar_one() for one in settings]

    with store.reading() as connection:
        before = shown(connection)
    with store.writing() as connection:
        # Plans are kept by the connection, so they must be those that an index serves.
        assert shown(connection) == ["off", "force_generic_plan", "off"]
    with pytest.raises(RuntimeError), store.writing():
        raise RuntimeError
    with store.reading() as connection:
        assert shown(connection) == before
    left = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE"
    assert raw(f"{left} 'idle in transaction%'") == [(0,)]


def test_a_text_with_a_nul_is_refused_and_nothing_is_written(
    store: Store, make: SimpleNamespace
) -> None:
    with pytest.raises((InputError, StoreError), match="NUL"):
        store.append([make.new(make.need("1")), make.new(make.need("2", note="a\x00b"))])
    assert store.needs() == []
    store.append([make.new(make.need("3", note="not a NUL: \\u0000"))])
    assert store.needs()[0].note == "not a NUL: \\u0000"
    assert store.verify(projections=True).ok


def test_a_user_who_may_only_read_is_told_so(
    store: Store, place: str, make: SimpleNamespace, database_server: DatabaseServer
) -> None:
    url = make_url(place)
    database_server.admin(
        f"CREATE ROLE guest_of_{url.database} LOGIN PASSWORD 'guest'",
        database=url.database,
    )
    database_server.admin(
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO guest_of_{url.database}",
        database=url.database,
    )
    guest = url.set(username=f"guest_of_{url.database}", password="guest")
    with Store.open(guest.render_as_string(hide_password=False)) as reader:
        assert reader.situation().name == "Al Haouz drill"
        with pytest.raises(StoreError, match="lacks a permission"):
            reader.append([make.new(make.need("1"))])


# --- started anew, cut off --------------------------------------------------------------------


def test_a_server_that_ended_all_connections_is_found_again(
    store: Store, place: str, make: SimpleNamespace, database_server: DatabaseServer
) -> None:
    """A restart ends every connection; those in the pool are dead, and nobody has to be told."""
    for number in range(3):
        store.append([make.new(make.need(str(number)))])
        database_server.admin(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            f"WHERE datname = '{make_url(place).database}'"
        )
    assert len(store.needs()) == 3
    assert store.verify(projections=True).ok


def test_a_restart_in_the_middle_of_a_write_leaves_nothing_of_it(
    store: Store, place: str, make: SimpleNamespace, database_server: DatabaseServer
) -> None:
    before = store.head()
    lost, never = (draft(make.new(make.need(name))) for name in ("lost", "never"))
    with (
        pytest.raises(StoreError, match="nothing of an unfinished write was kept"),
        store._writing() as connection,
    ):
        store._append([lost], connection)
        database_server.admin(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            f"WHERE datname = '{make_url(place).database}'"
        )
        store._append([never], connection)
    assert store.head() == before
    store.append([make.new(make.need("1"))])
    assert [need.need_id for need in store.needs()] == ["need:1"]
    assert store.verify(projections=True).ok


def test_a_cut_network_is_a_plain_message_and_mends_by_itself(
    cable: Cable, store: Store, make: SimpleNamespace
) -> None:
    with Store.open(cable.place, wait_s=5) as far:
        far.append([make.new(make.need("1"), client_id="a")])
        # In the middle of a write that does more: the row of the ledger never arrives.
        cable.cut_at = b"INSERT INTO events"
        with pytest.raises(StoreError, match="nothing of an unfinished write was kept") as refusal:
            far.append([make.new(make.need("2"), client_id="b")], also=lambda _connection: None)
        assert "quiet-secret" not in str(refusal.value)
        assert [need.need_id for need in store.needs()] == ["need:1"]
        far.append([make.new(make.need("2"), client_id="b")])
        assert len(store.needs()) == 2
        # Before a write has begun nobody need hear of it: another connection is taken.
        cable.cut_at = b"pg_advisory_xact_lock"
        far.append([make.new(make.need("3"), client_id="c")])
        assert len(store.needs()) == 3
    assert store.verify(projections=True).ok


def test_a_network_cut_while_the_ledger_is_read_is_a_plain_message(
    store: Store, cable: Cable, make: SimpleNamespace
) -> None:
    store.append([make.new(make.need("kept"))])
    with Store.open(cable.place) as far:
        assert far.verify().ok
        cable.cut_at = b"COPY"
        with pytest.raises(StoreError, match="cannot be reached, or the connection was cut"):
            list(far.events())
        assert far.verify().events == store.seq()


def test_a_cut_at_the_end_of_a_write_is_told_as_in_doubt(
    cable: Cable, store: Store, make: SimpleNamespace
) -> None:
    with Store.open(cable.place, wait_s=5) as far:
        far.append([make.new(make.need("1"), client_id="a")])
        # What is written goes with the end.
        cable.cut_at = b"pg_logical_emit_message"
        with pytest.raises(StoreError, match="as a whole or not at all") as refusal:
            far.append([make.new(make.need("2"), client_id="b")])
        assert "same client ids" in refusal.value.todo
        # Sent again it is there once, whichever it was.
        far.append([make.new(make.need("2"), client_id="b")])
        assert [need.need_id for need in store.needs()] == ["need:1", "need:2"]
    assert store.verify(projections=True).ok


# --- views ------------------------------------------------------------------------------------


def test_without_postgis_the_store_works_and_says_what_is_missing(store: Store) -> None:
    with store._ledger() as connection:
        reason = views.missing(connection)
    assert reason is not None
    assert "CREATE EXTENSION postgis" in reason


def test_views_have_geometry_that_qgis_opens(
    database_server: DatabaseServer, created: SituationCreated, make: SimpleNamespace
) -> None:
    available = "SELECT count(*) FROM pg_available_extensions WHERE name = 'postgis'"
    url = database_server.new_database()
    there = run_statement(url, available) == [(1,)]
    database_server.drop_database(url)
    if not there:
        pytest.skip("PostGIS is not installed beside this server")
    url = database_server.new_database(postgis=True)
    with Store.create(url, created) as store:
        store.append(
            [
                make.new(make.depot()),
                make.new(make.vehicle()),
                make.new(make.moved("1", 5, "donor:x", "depot:asni")),
                make.new(make.need("1", place_id="place:imlil")),
            ]
        )
        store.rebuild()
        with store._ledger() as connection:
            assert views.missing(connection) is None
    # What QGIS asks for: the column, its type and its reference system.
    columns = "SELECT f_table_name, type, srid FROM geometry_columns ORDER BY 1"
    assert run_statement(url, columns) == [
        ("qafila_area", "POLYGON", 4326),
        ("qafila_depots", "POINT", 4326),
        ("qafila_layers", "POLYGON", 4326),
        ("qafila_needs", "POINT", 4326),
        ("qafila_places", "POINT", 4326),
        ("qafila_stock", "POINT", 4326),
        ("qafila_vehicles", "POINT", 4326),
    ]
    drawn = "SELECT depot_id, ST_X(geom), ST_Y(geom) FROM qafila_depots"
    assert run_statement(url, drawn) == [("depot:asni", -7.98, 31.25)]
    assert run_statement(url, "SELECT item_id, quantity, unit FROM qafila_stock") == [
        ("tent", 5, "piece")
    ]
    # A need whose place lies in the archive alone is listed, without a position.
    needs = "SELECT need_id, quantity, geom IS NULL FROM qafila_needs"
    assert run_statement(url, needs) == [("need:1", 40, True)]
    frame = "SELECT ST_XMin(geom), ST_YMax(geom) FROM qafila_area"
    assert run_statement(url, frame) == [(-9.0, 31.5)]
    database_server.drop_database(url)


def test_a_reader_of_an_older_moment_is_not_shown_an_empty_table_by_a_rebuild(
    store: Store, place: str, make: SimpleNamespace
) -> None:
    store.append([make.new(make.need("1"))])
    with Store.open(place) as other, other.snapshot() as still:
        store.rebuild()
        assert [need.need_id for need in still.needs()] == ["need:1"]
