"""Bad input through the command line: one clear line, exit status 2, the situation unchanged."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from rasterio.transform import from_bounds
from shapely.geometry import Point

from dashboard.cli import main
from dashboard.operations.situation import Situation
from tests.osm_file import VALLEY_NODES, VALLEY_WAYS, write_osm


@pytest.fixture
def home(valley: Situation, tmp_path: Path) -> Path:
    """A copy of the valley's home that no process holds open."""
    valley.close()
    return Path(shutil.copytree(valley.home, tmp_path / "copy"))


def _refused(home: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a verb that must be refused; give its one line."""
    before = _seq(home)
    capsys.readouterr()
    status = main([*arguments, "--home", str(home), "--json"])
    shown = capsys.readouterr()
    lines = [line for line in shown.err.splitlines() if line.startswith("qafila: ")]
    assert status == 2, shown.err
    assert shown.out == ""
    assert len(lines) == 1
    assert "Traceback" not in shown.err
    assert _seq(home) == before
    return lines[0]


def _seq(home: Path) -> int:
    with Situation.open(home) as situation:
        return situation.seq()


def _raster(path: Path, bounds: tuple[float, float, float, float], crs: str | None) -> Path:
    values = np.full((20, 20), 1500, dtype="int16")
    profile = {"driver": "GTiff", "width": 20, "height": 20, "count": 1, "dtype": "int16"}
    with rasterio.open(
        path, "w", **profile, crs=crs, transform=from_bounds(*bounds, 20, 20), nodata=-32768
    ) as out:
        out.write(values, 1)
    return path


def _places(path: Path, people: object = 10, lon: float = -7.98, crs: str = "EPSG:4326") -> Path:
    frame = gpd.GeoDataFrame(
        {"name": ["New douar"], "people": [people]}, geometry=[Point(lon, 31.01)], crs="EPSG:4326"
    )
    frame.to_crs(crs).to_file(path)
    return path


def test_a_missing_file(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = _refused(home, capsys, "load", "places", "nowhere.geojson")
    assert "nowhere.geojson: no such file; check the path" in line


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("places", "x.geojson"),
        ("boundaries", "x.gpkg"),
        ("damage", "x.shp"),
        ("damage", "x.tif"),
        ("elevation", "x.tif"),
        ("elevation", "N31W008.hgt"),
        ("roads", "x.osm.pbf"),
        ("roads", "x.osm"),
        ("roads", "x.osm.gz"),
        ("roads", "x.graphml"),
        ("shakemap", "x.json"),
    ],
)
def test_an_unreadable_file_of_every_kind(
    home: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path, kind: str, name: str
) -> None:
    (tmp_path / name).write_bytes(b"this is not what it says " * 9)
    line = _refused(home, capsys, "load", kind, str(tmp_path / name))
    assert name in line


def test_a_raster_without_crs(
    home: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    raster = _raster(tmp_path / "nocrs.tif", (-8.1, 30.9, -7.9, 31.1), None)
    for kind in ("elevation", "damage"):
        line = _refused(home, capsys, "load", kind, str(raster))
        assert "nocrs.tif" in line
        assert "reference system" in line or "CRS" in line


def test_a_vector_in_another_crs_is_read_in_the_right_place(
    home: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = _places(tmp_path / "utm.gpkg", crs="EPSG:32629")
    assert main(["load", "places", str(path), "--home", str(home), "--json"]) == 0
    layer = json.loads(capsys.readouterr().out)["layers"][0]
    assert any("32629" in note for note in layer["notes"])
    with Situation.open(home) as situation:
        frame = situation.places()
        point = frame.loc[frame["name"] == "New douar"].geometry.iloc[0]
    assert (round(point.x, 5), round(point.y, 5)) == (-7.98, 31.01)


def test_a_vector_without_crs(
    home: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    _places(tmp_path / "bare.shp")
    (tmp_path / "bare.prj").unlink()
    line = _refused(home, capsys, "load", "places", str(tmp_path / "bare.shp"))
    assert "bare.shp" in line


def test_an_empty_extract(home: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    empty = write_osm(tmp_path / "empty.osm", nodes=VALLEY_NODES[:2], ways=())
    assert "empty.osm" in _refused(home, capsys, "load", "roads", str(empty))
    assert "empty.osm" in _refused(home, capsys, "load", "places", str(empty))


def test_a_place_outside_the_area(
    home: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = _places(tmp_path / "far.geojson", lon=7.98)
    line = _refused(home, capsys, "load", "places", str(path))
    assert "New douar" in line
    assert "check the order of lon and lat" in line


def test_a_graph_in_two_pieces(
    home: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    island = (
        (201, -7.90, 31.05, {}),
        (202, -7.88, 31.05, {}),
    )
    ways = (*VALLEY_WAYS, (20, (201, 202), {"highway": "primary"}))
    osm = write_osm(tmp_path / "pieces.osm", nodes=(*VALLEY_NODES, *island), ways=ways)
    line = _refused(home, capsys, "load", "roads", str(osm))
    assert "in pieces" in line
    assert "--in-pieces" in line
    assert main(["load", "roads", str(osm), "--in-pieces", "--home", str(home), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["layers"][0]["pieces"] == 2


def test_an_elevation_that_does_not_cover_the_roads(
    home: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    elsewhere = _raster(tmp_path / "alps.tif", (7.0, 45.0, 7.5, 45.5), "EPSG:4326")
    line = _refused(home, capsys, "load", "elevation", str(elsewhere))
    assert "cover" in line


def test_roads_that_a_loaded_elevation_does_not_cover(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "fresh"
    elsewhere = _raster(tmp_path / "alps.tif", (7.0, 45.0, 7.5, 45.5), "EPSG:4326")
    assert main(["init", "--home", str(home)]) == 0
    assert main(["load", "elevation", str(elsewhere), "--home", str(home)]) == 0
    osm = write_osm(tmp_path / "valley2.osm")
    assert "cover" in _refused(home, capsys, "load", "roads", str(osm))


@pytest.mark.parametrize("people", [-40, 9_000_000_000, "plenty"])
def test_a_negative_or_absurd_population(
    home: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path, people: object
) -> None:
    path = _places(tmp_path / "people.geojson", people=people)
    line = _refused(home, capsys, "load", "places", str(path))
    assert "people.geojson" in line or "people" in line


def test_a_folder_without_situation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["assess", "--home", str(tmp_path / "none"), "--json"]) == 2
    assert "qafila init" in capsys.readouterr().err


def test_options_that_make_no_sense(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "west,south,east,north" in _line(
        capsys, ["init", "--area", "1,2", "--home", str(home / "n")]
    )
    assert "LON,LAT" in _refused(home, capsys, "close", "--near", "here")
    assert "just one of EDGE ids" in _refused(home, capsys, "close")
    assert "no such edge" in _refused(home, capsys, "close", "w999:1-2")
    assert "no such closure" in _refused(home, capsys, "reopen", "closure:none")
    assert "vehicle class boat" in _refused(home, capsys, "reach", "--class", "boat")
    assert "formats known" in _refused(
        home, capsys, "export", "latest", "--to", str(home / "o"), "--formats", "doc"
    )
    assert "no plan" in _refused(home, capsys, "export", "latest", "--to", str(home / "o"))


def _line(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> str:
    assert main(arguments) == 2
    return capsys.readouterr().err
