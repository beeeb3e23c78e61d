"""Situations for the tests of the use cases: the four villages, loaded through the front door."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from dashboard.operations import loading, uploads
from dashboard.operations.situation import Situation
from tests.osm_file import write_osm

STOCK = (
    "depot,lon,lat,item,quantity,unit\n"
    "Asni depot,-8.0,31.0,tent,40,piece\n"
    "Asni depot,,,blanket,300,piece\n"
    "Asni depot,,,water_l,20000,l\n"
    "Asni depot,,,food_kit,100,kit\n"
    "Asni depot,,,hygiene_kit,50,kit\n"
)
VEHICLES = (
    "vehicle,class,capacity_kg,capacity_m3,depot\n"
    "Truck 1,truck,10000,40,Asni depot\n"
    "Pickup 1,pickup,1000,4,Asni depot\n"
)
NEEDS = (
    "place,item,quantity,unit,note\n"
    "Tinmel,tent,20,piece,walls down\n"
    "Tinmel,blanket,60,piece,\n"
    "Ighil,tent,8,piece,\n"
    "Ighil,water_l,600,l,\n"
    "Tachdirt,blanket,30,piece,\n"
)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Situation]:
    """A situation with nothing in it."""
    with Situation.create(tmp_path / "home", name="Test") as situation:
        yield situation


@pytest.fixture
def valley(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Situation]:
    """Roads, places, stock, vehicles and needs of the four villages, a copy for each test."""
    if _built.home is None:
        _built.home = _build(tmp_path_factory.mktemp("valley"))
    home = tmp_path / "home"
    shutil.copytree(_built.home, home)
    with Situation.open(home) as situation:
        yield situation


@dataclass
class _Built:
    """The valley as it was loaded once for all tests of this process."""

    home: Path | None = None


_built = _Built()


def _build(folder: Path) -> Path:
    osm = write_osm(folder / "valley.osm")
    with Situation.create(folder / "home", name="Test") as situation:
        loading.load(situation, "roads", [osm])
        loading.load(situation, "places", [osm], clip=True)
        for kind, text in (("stock", STOCK), ("vehicles", VEHICLES), ("needs", NEEDS)):
            sheet = folder / f"{kind}.csv"
            sheet.write_text(text, encoding="utf-8")
            result = uploads.upload(situation, kind, sheet, organisation="NGO One")
            if result["rejected"]:
                raise RuntimeError(f"the {kind} sheet of the fixture is not right: {result}")
    return folder / "home"
