"""A ledger that moves between engines is the same ledger, or it does not move."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from postgres_server import DatabaseServer, run_statement

from data.store import Store
from data.store.move import move
from data.store.projections import dump
from geo.errors import StoreError


@pytest.fixture
def full(store: Store, make: SimpleNamespace) -> Store:
    store.append(
        [
            make.new(make.depot(name="أسني ❄ \U0001f600"), client_id="d"),
            make.new(make.vehicle(capacity_m3=0.1 + 0.2)),
            make.new(make.upload()),
            make.new(make.moved("1", "0.000001", "donor:x", "depot:asni"), "upload:1"),
            make.new(make.need("B", note='Ünïcode, "quoted"\nline')),
            make.new(make.need("a", weight=1e-7)),
            make.new(make.closed(edges=("w1:2-3", "w9:8-7"))),
        ]
    )
    return store


@pytest.fixture(params=["sqlite", "postgresql"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'other' / 's.sqlite'}"
        return
    server: DatabaseServer = request.getfixturevalue("database_server")
    url = server.new_database()
    yield url
    server.drop_database(url)


def lines(store: Store) -> list[str]:
    with store._projections() as connection:
        return list(dump(connection))


def test_the_copy_is_the_same_ledger(full: Store, target: str, make: SimpleNamespace) -> None:
    said: list[float] = []
    moved = move(full, target, progress=lambda share, _: said.append(share))
    assert (moved.events, moved.head) == (8, full.head_text())
    assert said == sorted(said)
    assert said[-1] < 1
    with Store.open(target) as copy:
        assert list(copy.events()) == list(full.events())
        assert lines(copy) == lines(full)
        assert moved.rows == len(lines(full))
        assert copy.verify(against=full.head_text(), projections=True).ok
        copy.append([make.new(make.need("later"), client_id="d2")])
        assert copy.verify(against=full.head_text()).ok


def test_a_database_that_holds_something_is_refused(full: Store, target: str) -> None:
    move(full, target)
    with pytest.raises(StoreError, match="already"):
        move(full, target)
    with Store.open(target) as copy:
        assert copy.head() == full.head()


def test_a_broken_chain_does_not_move(
    full: Store, target: str, tamper: Callable[..., None]
) -> None:
    tamper("UPDATE events SET actor = 'person:me' WHERE seq = 3")
    with pytest.raises(StoreError, match=r"event 3: .*edited"):
        move(full, target)
    with pytest.raises(StoreError, match="no situation here yet"):
        Store.open(target)


def test_altered_tables_of_state_do_not_move(
    full: Store, target: str, tamper: Callable[..., None]
) -> None:
    tamper("UPDATE needs SET note = 'forged'")
    with pytest.raises(StoreError, match="qafila rebuild"):
        move(full, target)
    with pytest.raises(StoreError, match="no situation here yet"):
        Store.open(target)
    full.rebuild()
    assert move(full, target).events == 8


def test_the_source_goes_on_where_a_move_failed(full: Store, make: SimpleNamespace) -> None:
    with pytest.raises(StoreError):
        move(full, "postgresql://office:secret@127.0.0.1:1/none")
    full.append([make.new(make.need("next"))])
    assert full.seq() == 9


def test_the_command_moves_there_and_back(
    tmp_path: Path, database_server: DatabaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dashboard.operations.moving import move as command
    from dashboard.operations.situation import Situation
    from geo.errors import InputError

    first, second = tmp_path / "first", tmp_path / "second"
    monkeypatch.delenv("QAFILA_DATABASE_URL", raising=False)
    with Situation.create(first, name="Moving") as situation:
        head = situation.store.head_text()
    with pytest.raises(InputError, match="QAFILA_DATABASE_URL"):
        command(first)
    url = database_server.new_database()
    monkeypatch.setenv("QAFILA_DATABASE_URL", url)
    result = command(first)
    assert result["head"] == head
    assert "quiet-secret" not in str(result)
    with Situation.open(first) as situation:
        assert situation.store.url.get_backend_name() == "postgresql"
        assert situation.store.head_text() == head
    command(second, source="database", target="file")
    assert run_statement(
        f"sqlite:///{second / 'situation.sqlite'}", "SELECT count(*) FROM events"
    ) == [(1,)]
    database_server.drop_database(url)


def test_the_drill_stays_out_of_the_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dashboard.operations import demonstration
    from geo.errors import InputError

    monkeypatch.setenv("QAFILA_DATABASE_URL", "postgresql://u:secret@127.0.0.1/live")
    with pytest.raises(InputError, match="folder of its own"):
        demonstration.set_up(tmp_path / "drill")
