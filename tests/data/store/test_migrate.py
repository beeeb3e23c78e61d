"""The schema: what the revisions make is what the code expects, and an older one is brought up."""

import contextlib
import itertools
import sqlite3
from pathlib import Path
from types import SimpleNamespace

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData

from data.events import SituationCreated
from data.store import Store, migrate
from data.store.drafts import draft, insert_rows, sealed_rows
from data.store.engine import database_url, for_writing, open_engine, prepare_file, writing
from data.store.schema import LEDGER, PROJECTIONS, REVISION
from geo.errors import StoreError


def execute(path: Path, statement: str) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return connection.execute(statement).fetchall()


@pytest.fixture
def old(path: Path, created: SituationCreated, make: SimpleNamespace) -> Path:
    """A ledger of the time before there were projections."""
    path.parent.mkdir(parents=True)
    engine = open_engine(database_url(path))
    prepare_file(engine)
    numbers = itertools.count(1)
    events = [make.new(created), make.new(make.depot()), make.new(make.need())]
    with writing(for_writing(engine)) as connection:
        migrate.upgrade(connection, "0001")
        rows = sealed_rows(
            [draft(event) for event in events],
            last=None,
            now="2023-09-08T22:11:01.000000Z",
            new_id=lambda prefix: f"{prefix}:{next(numbers)}",
        )
        insert_rows(connection, rows)
    engine.dispose()
    return path


def test_the_newest_revision_is_the_one_that_the_code_names() -> None:
    files = sorted(path.name for path in (migrate.SCRIPTS / "versions").glob("[0-9]*.py"))
    assert files[-1].startswith(f"{REVISION}_")


def test_the_revisions_make_what_the_code_expects(store: Store) -> None:
    everything = MetaData()
    for table in (*LEDGER.sorted_tables, *PROJECTIONS.sorted_tables):
        table.to_metadata(everything)
    with store._ledger() as connection:
        assert compare_metadata(MigrationContext.configure(connection), everything) == []


def test_an_older_schema_is_brought_up_to_date_after_a_copy(old: Path) -> None:
    before = execute(old, "SELECT * FROM events ORDER BY seq")
    with Store.open(old) as store:
        assert [need.need_id for need in store.needs()] == ["need:1"]
        assert [depot.depot_id for depot in store.depots()] == ["depot:asni"]
        assert store.verify(projections=True).ok
    copy = old.with_name(f"{old.name}.0001.backup")
    assert execute(copy, "SELECT * FROM events ORDER BY seq") == before
    assert execute(copy, "SELECT version_num FROM alembic_version") == [("0001",)]
    assert execute(old, "SELECT version_num FROM alembic_version") == [(REVISION,)]


def test_an_up_to_date_schema_is_not_copied(store: Store, path: Path) -> None:
    store.close()
    Store.open(path).close()
    assert [found.name for found in path.parent.iterdir()] == [path.name]


def test_a_second_copy_does_not_overwrite_the_first(old: Path) -> None:
    old.with_name(f"{old.name}.0001.backup").write_text("precious")
    Store.open(old).close()
    assert old.with_name(f"{old.name}.0001.backup").read_text() == "precious"
    assert old.with_name(f"{old.name}.0001.backup2").exists()


def test_an_upgrade_that_fails_leaves_the_database_as_it_was(old: Path) -> None:
    execute(old, "DROP TRIGGER events_no_update")
    execute(old, "UPDATE events SET payload = '[]' WHERE seq = 2")
    with pytest.raises(StoreError, match=r"event 2.*altered"):
        Store.open(old)
    assert execute(old, "SELECT version_num FROM alembic_version") == [("0001",)]
    assert execute(old, "SELECT count(*) FROM sqlite_master WHERE name = 'needs'") == [(0,)]


def test_a_newer_schema_is_refused_and_left_alone(store: Store, path: Path) -> None:
    store.close()
    execute(path, "UPDATE alembic_version SET version_num = '0999'")
    with pytest.raises(StoreError, match="0999 is newer than this program's"):
        Store.open(path)
    assert execute(path, "SELECT version_num FROM alembic_version") == [("0999",)]
    assert [found.name for found in path.parent.iterdir()] == [path.name]
