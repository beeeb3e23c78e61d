"""A small situation, a clock that obeys, and short ways to write events."""

from __future__ import annotations

import functools
import itertools
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from postgres_server import run_statement

from data.events import (
    DepotRegistered,
    Event,
    NeedReported,
    NewEvent,
    Provenance,
    RoadClosed,
    SituationCreated,
    StockMoved,
    UploadReceived,
    VehicleRegistered,
)
from data.store import Store

BEGAN = datetime(2023, 9, 8, 22, 11, 1, tzinfo=UTC)
SHA = "a" * 64


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = BEGAN

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def created() -> SituationCreated:
    return SituationCreated(
        situation_id="situation:drill",
        name="Al Haouz drill",
        bounds=(-9.0, 30.5, -7.5, 31.5),
        working_crs="EPSG:32629",
        timezone="Africa/Casablanca",
        notice="drill",
        drill=True,
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what asks for a store on both engines; what asks for its file, on the one with files.

    A module that knows one engine alone says so by a fixture of its own.
    """
    own = "engine_name" in vars(metafunc.module)
    if "engine_name" in metafunc.fixturenames and not own:
        both = "path" not in metafunc.fixturenames
        metafunc.parametrize("engine_name", ["sqlite", "postgresql"] if both else ["sqlite"])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """File of the database; a test that names it runs on SQLite alone."""
    return tmp_path / "home" / "situation.sqlite"


@dataclass
class Begun:
    """A situation as it is right after its creation, to be copied, and how many ids that took."""

    place: str
    ids_used: int


_begun: dict[tuple[str, str], Begun] = {}


@pytest.fixture
def begun(
    engine_name: str,
    created: SituationCreated,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Begun:
    """The situation of `created`, made once a process: on a server that takes as long as a test."""
    key = (engine_name, created.model_dump_json())
    if key not in _begun:
        if engine_name == "sqlite":
            place = f"sqlite:///{tmp_path_factory.mktemp('begun') / 'situation.sqlite'}"
        else:
            place = request.getfixturevalue("database_server").new_database()
        numbers = itertools.count(1)
        _create(place, created, Clock(), numbers).close()
        _begun[key] = Begun(place, next(numbers) - 1)
    return _begun[key]


@pytest.fixture
def place(engine_name: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """Address of a database, on a server or in a file: `store`'s, or an empty one."""
    like = request.getfixturevalue("begun").place if "store" in request.fixturenames else ""
    if engine_name == "sqlite":
        file = tmp_path / "home" / "situation.sqlite"
        if like:
            file.parent.mkdir()
            shutil.copyfile(like.removeprefix("sqlite:///"), file)
        yield f"sqlite:///{file}"
        return
    server = request.getfixturevalue("database_server")
    url = server.new_database(like=like)
    yield url
    server.drop_database(url)


@pytest.fixture
def store(place: str, begun: Begun, clock: Clock) -> Iterator[Store]:
    """A situation that was just created, with counted ids."""
    numbers = itertools.count(begun.ids_used + 1)
    with Store.open(place, clock=clock, ids=lambda prefix: _counted(prefix, numbers), wait_s=5) as (
        made
    ):
        yield made


def _create(place: str, created: SituationCreated, clock: Clock, numbers: Iterator[int]) -> Store:
    return Store.create(
        place, created, clock=clock, ids=lambda prefix: _counted(prefix, numbers), wait_s=5
    )


def _counted(prefix: str, numbers: Iterator[int]) -> str:
    return f"{prefix}:{next(numbers):06d}"


def _new(payload: Event, upload_id: str | None = None, **around: Any) -> NewEvent:
    provenance = None if upload_id is None else Provenance(file="sheet.csv", upload_id=upload_id)
    return NewEvent(payload=payload, provenance=provenance, **around)


def _depot(name: str = "asni", /, **fields: Any) -> DepotRegistered:
    return DepotRegistered(
        **{"depot_id": f"depot:{name}", "name": name.title(), "lon": -7.98, "lat": 31.25, **fields}
    )


def _vehicle(name: str = "1", /, **fields: Any) -> VehicleRegistered:
    return VehicleRegistered(
        **{
            "vehicle_id": f"vehicle:{name}",
            "vehicle_class": "truck",
            "capacity_kg": 5000.0,
            "capacity_m3": 20.0,
            "depot_id": "depot:asni",
            **fields,
        }
    )


def _moved(name: str, quantity: Any, source: str, target: str, **fields: Any) -> StockMoved:
    return StockMoved(
        **{
            "movement_id": f"movement:{name}",
            "item_id": "tent",
            "quantity": quantity,
            "unit": "piece",
            "from_account": source,
            "to_account": target,
            **fields,
        }
    )


def _need(name: str = "1", /, **fields: Any) -> NeedReported:
    return NeedReported(
        **{
            "need_id": f"need:{name}",
            "place_id": "place:imlil",
            "item_id": "tent",
            "quantity": 40,
            "unit": "piece",
            **fields,
        }
    )


def _closed(name: str = "1", /, **fields: Any) -> RoadClosed:
    return RoadClosed(**{"closure_id": f"closure:{name}", "edges": ("w1:2-3",), **fields})


def _upload(name: str = "1", /, **fields: Any) -> UploadReceived:
    return UploadReceived(
        **{
            "upload_id": f"upload:{name}",
            "kind": "needs",
            "file": "sheet.csv",
            "sha256": SHA,
            "accepted": 1,
            "rejected": 0,
            **fields,
        }
    )


@pytest.fixture(scope="session")
def make() -> SimpleNamespace:
    """Short ways to write events: `make.new(make.need("1"))`."""
    return SimpleNamespace(
        new=_new,
        depot=_depot,
        vehicle=_vehicle,
        moved=_moved,
        need=_need,
        closed=_closed,
        upload=_upload,
    )


@pytest.fixture
def raw(place: str) -> Callable[..., list[tuple[Any, ...]]]:
    """Run one statement as somebody who owns the database can, by the driver alone."""
    return functools.partial(run_statement, place)


@pytest.fixture
def tamper(place: str) -> Callable[..., None]:
    """Alter the database as somebody who owns it can: past the triggers."""

    def alter(*statements: str) -> None:
        on = "" if place.startswith("sqlite") else " ON events"
        for trigger in ("events_no_update", "events_no_delete", "events_no_gap"):
            run_statement(place, f"DROP TRIGGER IF EXISTS {trigger}{on}")
        for statement in statements:
            run_statement(place, statement)

    return alter
