"""Errors of the database become ours, with words for a tired person; nothing foreign leaves."""

import contextlib
import inspect
import resource
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy
import sqlalchemy.exc
from sqlalchemy import Engine, text

from data.store import Store
from data.store.engine import (
    as_store_error,
    database_url,
    for_writing,
    open_engine,
    reading,
    translated,
    writing,
)
from geo.errors import InputError, StoreBusyError, StoreError


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = open_engine(database_url(tmp_path / "x.sqlite"), wait_s=0.2)
    yield made
    made.dispose()


def write(engine: Engine, statement: str) -> None:
    with writing(for_writing(engine)) as connection:
        connection.execute(text(statement))


FOREIGN = [
    cls
    for module in (sqlalchemy.exc, sqlite3)
    for _, cls in inspect.getmembers(module, inspect.isclass)
    if issubclass(cls, (sqlalchemy.exc.SQLAlchemyError, sqlite3.Error))
]


def test_the_list_of_foreign_classes_is_long() -> None:
    assert len(FOREIGN) > 40


@pytest.mark.parametrize("cls", FOREIGN, ids=lambda cls: f"{cls.__module__}.{cls.__name__}")
def test_no_class_of_sqlalchemy_or_the_driver_leaves(cls: type[Exception]) -> None:
    foreign = cls.__new__(cls)
    Exception.__init__(foreign, "boom")
    if isinstance(foreign, sqlalchemy.exc.DBAPIError):
        foreign.orig = sqlite3.OperationalError("boom")
    with pytest.raises(StoreError) as ours, translated(database_url(Path("s.sqlite"))):
        raise foreign
    assert ours.value.given == "s.sqlite"
    assert ours.value.todo
    assert ours.value.__cause__ is foreign


def test_another_writer_is_waited_for_and_then_named(engine: Engine, tmp_path: Path) -> None:
    write(engine, "CREATE TABLE t (a)")
    with contextlib.closing(sqlite3.connect(tmp_path / "x.sqlite")) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusyError, match="try again in a moment"):
            write(engine, "INSERT INTO t VALUES (1)")
    write(engine, "INSERT INTO t VALUES (1)")


def test_a_full_disk_is_said_to_be_full(engine: Engine) -> None:
    write(engine, "CREATE TABLE t (a)")
    with (
        pytest.raises(StoreError, match="the disk is full"),
        writing(for_writing(engine)) as connection,
    ):
        connection.execute(text("PRAGMA max_page_count = 4"))
        connection.execute(text("INSERT INTO t VALUES (zeroblob(100000))"))


def test_a_file_that_may_only_be_read_is_said_to_be_so(engine: Engine, tmp_path: Path) -> None:
    write(engine, "CREATE TABLE t (a)")
    path = tmp_path / "x.sqlite"
    with (
        contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection,
        pytest.raises(sqlite3.OperationalError) as refusal,
    ):
        connection.execute("INSERT INTO t VALUES (1)")
    ours = as_store_error(refusal.value, engine.url)
    assert "may only be read" in str(ours)
    assert "permissions" in ours.todo


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"SQLite format 3\0" * 100])
def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "situation.sqlite"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"not a database of a situation|damaged"):
        Store.open(path)
    assert path.read_bytes() == content


def test_a_database_of_another_program_is_refused_and_kept(tmp_path: Path, created: object) -> None:
    path = tmp_path / "other.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE recipes (name)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="no situation of this program"):
        Store.open(path)
    with pytest.raises(StoreError, match="another database already"):
        Store.create(path, created)
    assert path.read_bytes() == before


def test_a_number_beyond_64_bits_is_an_input_error(engine: Engine) -> None:
    with pytest.raises(InputError, match="64 bits"), reading(engine) as connection:
        connection.execute(text("SELECT :n"), {"n": 2**70})


def test_sql_that_fails_is_a_plain_message(engine: Engine) -> None:
    with pytest.raises(StoreError, match="qafila verify"):
        write(engine, "SELECT * FROM nowhere")


def test_a_busy_store_says_so_and_goes_on_later(
    store: Store, path: Path, make: SimpleNamespace
) -> None:
    store.close()
    with (
        Store.open(path, wait_s=0.2) as hasty,
        contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusyError, match="nothing was written"):
            hasty.append([make.new(make.need("1"))])
        assert hasty.needs() == []
        other.execute("ROLLBACK")
        hasty.append([make.new(make.need("1"))])
        assert len(hasty.needs()) == 1


WRITE_UNTIL_REFUSED = """
    import resource, sys
    from pathlib import Path
    from data.events import NeedReported, NewEvent
    from data.store import Store
    from geo.errors import StoreError

    store = Store.open(Path(sys.argv[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
    number = 0
    try:
        while number < 5000:
            need = NeedReported(
                need_id=f"need:{number}", place_id="place:1", item_id="tent", quantity=1,
                unit="piece", note="x" * 1000,
            )
            store.append([NewEvent(payload=need)])
            number += 1
    except StoreError as error:
        print(number, error)
"""


def test_a_disk_that_takes_no_more_loses_nothing_that_was_acknowledged(
    store: Store, path: Path, checkout: Path
) -> None:
    """A limit on the size of files stands for a disk that is full."""
    assert signal.getsignal(signal.SIGXFSZ) == signal.SIG_IGN
    assert resource.RLIMIT_FSIZE >= 0
    store.close()
    limit = 400_000
    answer = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(WRITE_UNTIL_REFUSED), str(path), str(limit)],
        cwd=checkout,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    number, _, message = answer.stdout.strip().partition(" ")
    assert answer.stderr == ""
    assert "disk" in message
    with Store.open(path) as again:
        assert len(again.needs()) == int(number) > 10
        assert again.verify(projections=True).ok
        again.rebuild()
        assert len(again.needs()) == int(number)
