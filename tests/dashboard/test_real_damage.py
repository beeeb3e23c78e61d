"""Nine packages of Copernicus EMSR190 as delivered, through the command line.

What they hold is counted here by other means: the attribute tables (.dbf) are read byte by byte
with the standard library alone.
"""

from __future__ import annotations

import io
import json
import struct
import time
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from dashboard.cli import main
from dashboard.operations import loading
from dashboard.operations.situation import Situation

PACKAGES = (
    "04PRECI_GRADING_OVERVIEW_v1",
    "06FOCE_GRADING_OVERVIEW_v1",
    "07TODIANO_GRADING_OVERVIEW-MONIT01_v1",
    "07TODIANO_GRADING_OVERVIEW_v2",
    "11GROTTI_GRADING_OVERVIEW-MONIT01_v1",
    "11GROTTI_GRADING_OVERVIEW_v1",
    "18SANLORENZOALLAGO_GRADING_OVERVIEW_v2",
    "22SANGINESIO_GRADING_OVERVIEW_v1",
    "24PRECIAERIAL_GRADING_OVERVIEW_v2",
)
GRADES = {
    "completely destroyed": "destroyed",
    "highly damaged": "damaged",
    "moderately damaged": "damaged",
    "negligible to slight damage": "possibly_damaged",
    "not affected": "no_visible_damage",
    "not applicable": "not_analysed",
    "null": "not_analysed",
    "": "not_analysed",
}
PLACES = {
    "Todiano": (13.0595, 42.8560),
    "Preci": (13.0405, 42.8790),
    "Foce": (13.2640, 42.8780),
    "San Ginesio": (13.3200, 43.1080),
    "Grotti": (12.9000, 42.7800),
}


def package(real_data: Path, name: str) -> Path:
    return real_data / "emsr190" / f"EMSR190_{name}_vector.zip"


def table(data: bytes) -> list[dict[str, str]]:
    """Rows of a dBase III table that are not deleted."""
    n_rows, start, width = struct.unpack("<xxxxIHH", data[:12])
    fields, at = [], 32
    while data[at] != 0x0D:
        fields.append((data[at : at + 11].split(b"\0")[0].decode(), data[at + 16]))
        at += 32
    rows = []
    for number in range(n_rows):
        record = data[start + number * width : start + (number + 1) * width]
        if record[:1] == b"*":
            continue
        row, at = {}, 1
        for name, length in fields:
            row[name.lower()] = record[at : at + length].decode("latin-1").strip(" \0")
            at += length
        rows.append(row)
    return rows


def graded_tables(path: Path) -> dict[str, list[dict[str, str]]]:
    """Rows of every layer whose table has a column of grades, by the name of the layer."""
    with zipfile.ZipFile(path) as archive:
        found = {
            Path(name).stem: table(archive.read(name))
            for name in archive.namelist()
            if name.endswith(".dbf")
        }
    return {name: rows for name, rows in found.items() if rows and "grading" in rows[0]}


def counted(path: Path) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """Grades of buildings and of roads, and other graded objects by name."""
    buildings, roads, others = Counter[str](), Counter[str](), Counter[str]()
    for name, rows in graded_tables(path).items():
        for row in rows:
            grade = GRADES[row["grading"].lower()]
            if "transportation" in name:
                roads[grade] += 1
            elif row["subtype"].startswith("AL015"):
                buildings[grade] += 1
            else:
                others[row["subtype"]] += 1
    return buildings, roads, others


class Shell:
    """Runs verbs in one home and gives their JSON."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.home = home
        self._capsys = capsys

    def __call__(self, *arguments: str | Path) -> dict[str, Any]:
        self._capsys.readouterr()
        code = main([*map(str, arguments), "--home", str(self.home), "--json"])
        shown = self._capsys.readouterr()
        assert code == 0, shown.err[-800:]
        result: dict[str, Any] = json.loads(shown.out)
        return result


@pytest.fixture
def shell(home: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    """A command line on a fresh home."""
    run = Shell(home, capsys)
    run("init", "--name", "Norcia", "--timezone", "Europe/Rome")
    return run


@pytest.fixture
def places(tmp_path: Path) -> Path:
    """Places of the Central Apennines as GeoJSON."""
    path = tmp_path / "places.geojson"
    features = [
        {
            "type": "Feature",
            "properties": {"name": name, "people": 100},
            "geometry": {"type": "Point", "coordinates": position},
        }
        for name, position in PLACES.items()
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_is_loaded_whole(shell: Shell, real_data: Path, name: str) -> None:
    path = package(real_data, name)
    buildings, roads, others = counted(path)
    layers = {layer["kind"]: layer for layer in shell("load", "damage", path)["layers"]}

    points = layers["damage_points"]
    assert points["rows"] == buildings.total() + others.total()
    assert points["grades"] == dict(buildings)
    assert points["graded"] == buildings.total() - buildings["not_analysed"]
    assert points["not_buildings"] == others.total()
    assert not points["unknown_labels"]
    facilities = {thing: sum(grades.values()) for thing, grades in points["facilities"].items()}
    assert facilities == dict(others)
    assert layers["analysed_area"]["rows"] == 1
    assert ("graded_roads" in layers) == bool(roads)
    if roads:
        assert layers["graded_roads"]["rows"] == roads.total()
        assert layers["graded_roads"]["grades"] == dict(roads)

    with zipfile.ZipFile(path) as archive:
        shapes = {Path(one).stem for one in archive.namelist() if one.endswith(".shp")}
    assert {layer["name"] for layer in points["layers"]} == shapes
    assert all(layer["why"] for layer in points["layers"])
    assert "154 bytes before the zip" in points["notes"][0]
    area, monitored = name.split("_")[0], "MONIT01" in name
    assert points["survey"] == f"EMSR190 {area}" + (" MONIT01" if monitored else "")
    assert points["survey_version"] == int(name[-1])


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize(
    ("first", "again", "n_first", "n_again"),
    [
        ("07TODIANO_GRADING_OVERVIEW_v2", "07TODIANO_GRADING_OVERVIEW-MONIT01_v1", 897, 897),
        ("11GROTTI_GRADING_OVERVIEW_v1", "11GROTTI_GRADING_OVERVIEW-MONIT01_v1", 0, 1),
    ],
)
def test_no_building_of_a_resurvey_is_counted_twice(
    shell: Shell,
    real_data: Path,
    places: Path,
    first: str,
    again: str,
    n_first: int,
    n_again: int,
    order: tuple[int, int],
) -> None:
    both = [package(real_data, name) for name in (first, again)]
    before, after = (counted(path)[0] for path in both)
    assert (before.total(), after.total()) == (n_first, n_again)
    shell("load", "places", places)
    for number in order:
        shell("load", "damage", both[number])
    totals = shell("assess")["totals"]
    assert totals["sightings"] == n_first + n_again
    assert totals["buildings_merged"] == totals["graded_merged"] == n_again
    for grade in ("destroyed", "damaged", "possibly_damaged", "no_visible_damage"):
        assert totals[grade] == after[grade]


def test_the_area_that_a_resurvey_saw_without_clouds_is_assessed(
    shell: Shell, real_data: Path
) -> None:
    areas = []
    for name in ("11GROTTI_GRADING_OVERVIEW_v1", "11GROTTI_GRADING_OVERVIEW-MONIT01_v1"):
        shell("load", "damage", package(real_data, name))
        with Situation.open(shell.home) as situation:
            found = situation.analysed_areas()
        assert found is not None
        areas.append(found.to_crs("EPSG:32633").union_all().area / 1e6)
    # 54.89 km² are of interest, a fifth of which lay under clouds at first.
    assert areas == pytest.approx([45.09, 54.89], abs=0.01)


def test_all_nine_packages_together(shell: Shell, real_data: Path, places: Path) -> None:
    paths = [package(real_data, name) for name in PACKAGES]
    shell("load", "places", places)
    shell("load", "damage", *paths)
    totals = shell("assess")["totals"]
    in_files = sum((counted(path)[0] for path in paths), Counter[str]())
    assert totals["sightings"] == in_files.total() == 6960
    # 897 houses of Todiano were seen again, and 468 lie in two areas of interest.
    assert totals["buildings_merged"] == 6960 - 897 - 468
    assert totals["assigned"] + totals["unassigned"] == totals["graded_merged"]
    with Situation.open(shell.home) as situation:
        roads = situation.graded_roads()
    assert set(roads.loc[roads["survey_area"] == "EMSR190 11GROTTI", "survey_number"]) == {1}
    assert set(roads["proposal"]) == {""}


def test_facilities_and_analysed_areas_stand_beside_the_places(
    shell: Shell, real_data: Path, places: Path
) -> None:
    shell("load", "places", places)
    shell("load", "damage", package(real_data, "04PRECI_GRADING_OVERVIEW_v1"))
    document = shell("assess")
    # The streams are ground and no facilities; one church is drawn as a point, one as a building.
    assert document["facilities"]["by_kind"] == {
        "bridge": {"no_visible_damage": 12},
        "place_of_worship": {"no_visible_damage": 2},
        "water": {"no_visible_damage": 1},
    }
    preci = next(one for one in document["places"] if one["name"] == "Preci")
    alone = document["facilities"]["near_no_place"]
    listed = [*alone, *(one for place in document["places"] for one in place["facilities"])]
    assert len(listed) == document["facilities"]["count"] == 15
    assert preci["facilities"]
    church = next(one for one in listed if "Point of interest" in one["written"])
    assert (church["kind"], church["also_building"]) == ("place_of_worship", False)
    assert church["grade_written"] == "Not Affected"
    assert church["source"] == "Copernicus EMS EMSR190 04PRECI v1"
    (area,) = preci["covered_by"]
    assert (area["kind"], area["source"]) == ("analysed area", church["source"])
    assert area["share"] == preci["assessed_share"]
    todiano = next(one for one in document["places"] if one["name"] == "Todiano")
    assert (todiano["covered_by"], todiano["assessed"]) == ([], False)


def test_the_largest_package_loads_in_five_seconds(home: Path, real_data: Path) -> None:
    path = max((package(real_data, name) for name in PACKAGES), key=lambda one: one.stat().st_size)
    with Situation.create(home, name="Preci") as situation:
        begun = time.perf_counter()
        loading.load(situation, "damage", [path])
        assert time.perf_counter() - begun < 5


def test_the_same_product_in_another_zip_is_refused(
    shell: Shell, real_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = package(real_data, PACKAGES[-1])
    shell("load", "damage", path)
    clean = tmp_path / "again.zip"
    clean.write_bytes(path.read_bytes()[154:])  # downloaded anew, without the answer in front
    assert main(["load", "damage", str(clean), "--home", str(shell.home)]) == 2
    assert "EMSR190 24PRECIAERIAL v2 is loaded already as layer:" in capsys.readouterr().err


def test_one_broken_package_of_several_leaves_the_situation_as_it_was(
    shell: Shell, real_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = package(real_data, PACKAGES[1])
    buffer = io.BytesIO()
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            if not name.endswith("settlements_poly_grading.prj"):
                new.writestr(name, old.read(name))
    broken = tmp_path / "EMSR190_07TODIANO_GRADING_OVERVIEW_v2_vector.zip"
    broken.write_bytes(buffer.getvalue())
    with Situation.open(shell.home) as situation:
        seq = situation.seq()
    status = main(["load", "damage", str(whole), str(broken), "--home", str(shell.home)])
    assert status == 2
    assert "settlements_poly_grading.shp: it has no CRS" in capsys.readouterr().err
    with Situation.open(shell.home) as situation:
        assert situation.seq() == seq
        assert situation.store.layers() == []
