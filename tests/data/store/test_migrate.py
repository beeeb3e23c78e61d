"""The schema: what the revisions make is what the code expects, and an older one is brought up."""

import itertools
import sqlite3
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pg8000
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from postgres_server import run_statement
from sqlalchemy import MetaData

from data.events import SituationCreated
from data.store import Store, migrate
from data.store.drafts import draft, insert_rows, sealed_rows
from data.store.engine import (
    database_path,
    database_url,
    for_writing,
    is_file,
    open_engine,
    prepare,
    writing,
)
from data.store.private import PRIVATE
from data.store.schema import LEDGER, PROJECTIONS, REVISION
from geo.errors import StoreError

Raw = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def old(place: str, created: SituationCreated, make: SimpleNamespace) -> str:
    """A ledger of the time before there were projections."""
    url = database_url(place)
    if is_file(url):
        database_path(url).parent.mkdir(parents=True)
    engine = open_engine(url)
    prepare(engine)
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
    return place


def test_the_newest_revision_is_the_one_that_the_code_names() -> None:
    files = sorted(path.name for path in (migrate.SCRIPTS / "versions").glob("[0-9]*.py"))
    assert files[-1].startswith(f"{REVISION}_")


def test_the_revisions_make_what_the_code_expects(store: Store) -> None:
    everything = MetaData()
    for table in (
        *LEDGER.sorted_tables,
        *PROJECTIONS.sorted_tables,
        *PRIVATE.sorted_tables,
    ):
        table.to_metadata(everything)
    with store._ledger() as connection:
        assert compare_metadata(MigrationContext.configure(connection), everything) == []


def test_an_older_schema_is_brought_up_to_date(old: str, raw: Raw) -> None:
    before = raw("SELECT * FROM events ORDER BY seq")
    with Store.open(old) as store:
        assert [need.need_id for need in store.needs()] == ["need:1"]
        assert [depot.depot_id for depot in store.depots()] == ["depot:asni"]
        assert store.verify(projections=True).ok
    assert raw("SELECT * FROM events ORDER BY seq") == before
    assert raw("SELECT version_num FROM alembic_version") == [(REVISION,)]


def test_a_vehicle_of_before_crews_were_asked_for_has_the_usual_one(
    store: Store, place: str, make: SimpleNamespace, raw: Raw, tamper: Callable[..., None]
) -> None:
    store.append([make.new(make.depot()), make.new(make.vehicle())])
    store.close()
    tamper("DROP VIEW IF EXISTS qafila_vehicles")
    for column in ("speed_factor", "crew", "together"):
        tamper(f"ALTER TABLE vehicles DROP COLUMN {column}")
    tamper("UPDATE alembic_version SET version_num = '0011'")
    with Store.open(place) as opened:
        (vehicle,) = opened.vehicles()
        assert (vehicle.speed_factor, vehicle.crew, vehicle.together) == (1.0, 2, "")
        assert opened.verify(projections=True).ok
    assert raw("SELECT version_num FROM alembic_version") == [(REVISION,)]


def test_a_file_is_copied_before_it_is_brought_up_to_date(old: str, path: Path, raw: Raw) -> None:
    before = raw("SELECT * FROM events ORDER BY seq")
    Store.open(old).close()
    copy = f"sqlite:///{path.with_name(f'{path.name}.0001.backup')}"
    assert run_statement(copy, "SELECT * FROM events ORDER BY seq") == before
    assert run_statement(copy, "SELECT version_num FROM alembic_version") == [("0001",)]


def test_an_up_to_date_schema_is_not_copied(store: Store, path: Path) -> None:
    store.close()
    Store.open(path).close()
    assert [found.name for found in path.parent.iterdir()] == [path.name]


def test_a_second_copy_does_not_overwrite_the_first(old: str, path: Path) -> None:
    path.with_name(f"{path.name}.0001.backup").write_text("precious")
    Store.open(old).close()
    assert path.with_name(f"{path.name}.0001.backup").read_text() == "precious"
    assert path.with_name(f"{path.name}.0001.backup2").exists()


def test_an_upgrade_that_fails_leaves_the_database_as_it_was(
    old: str, raw: Raw, tamper: Callable[..., None]
) -> None:
    tamper("UPDATE events SET payload = '[]' WHERE seq = 2")
    with pytest.raises(StoreError, match=r"event 2.*altered"):
        Store.open(old)
    assert raw("SELECT version_num FROM alembic_version") == [("0001",)]
    with pytest.raises((sqlite3.OperationalError, pg8000.DatabaseError), match="needs"):
        raw("SELECT count(*) FROM needs")


def test_a_newer_schema_is_refused_and_left_alone(store: Store, place: str, raw: Raw) -> None:
    store.close()
    raw("UPDATE alembic_version SET version_num = '0999'")
    with pytest.raises(StoreError, match="0999 is newer than this program's"):
        Store.open(place)
    assert raw("SELECT version_num FROM alembic_version") == [("0999",)]
