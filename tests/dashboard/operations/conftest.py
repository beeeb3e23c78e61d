"""Situations for the tests of the use cases: the four villages, loaded through the front door."""

from __future__ import annotations

from collections.abc import Iterator
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
def valley(empty: Situation, tmp_path: Path) -> Situation:
    """Roads, places, stock, vehicles and needs of the four villages."""
    osm = write_osm(tmp_path / "valley.osm")
    loading.load(empty, "roads", [osm])
    loading.load(empty, "places", [osm], clip=True)
    for kind, text in (("stock", STOCK), ("vehicles", VEHICLES), ("needs", NEEDS)):
        sheet = tmp_path / f"{kind}.csv"
        sheet.write_text(text, encoding="utf-8")
        result = uploads.upload(empty, kind, sheet, organisation="NGO One")
        if result["rejected"]:
            raise RuntimeError(f"the {kind} sheet of the fixture is not right: {result}")
    return empty
