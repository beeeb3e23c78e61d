"""People from a population raster: loaded, used only where nobody counted, said so."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from rasterio.transform import from_bounds
from shapely.geometry import Point

from dashboard.cli import main
from dashboard.operations import assessing, loading
from dashboard.operations.situation import Situation
from geo.errors import CoverageError, CrsError, InputError, SchemaError

AREA = (-8.1, 30.9, -7.9, 31.1)
CELLS = 20


def people_raster(
    path: Path,
    value: float = 50.0,
    *,
    bounds: tuple[float, float, float, float] = AREA,
    crs: str | None = "EPSG:4326",
    unit: str = "people",
) -> Path:
    """`value` in each cell but the first, which is empty: 20 x 20 cells of about 1 km2."""
    values = np.full((CELLS, CELLS), value)
    values[0, 0] = 0
    with rasterio.open(
        path, "w", driver="GTiff", width=CELLS, height=CELLS, count=1, dtype="float64", crs=crs,
        transform=from_bounds(*bounds, CELLS, CELLS), nodata=-1,
    ) as out:  # fmt: skip
        out.write(values, 1)
        out.units = (unit,)
    return path


@pytest.fixture
def villages(empty: Situation, tmp_path: Path) -> Situation:
    """One village with a census figure, one without, 5 km apart."""
    frame = gpd.GeoDataFrame(
        {"name": ["Counted", "Uncounted"], "people": [120.0, np.nan]},
        geometry=[Point(-8.02, 31.0), Point(-7.97, 31.0)],
        crs="EPSG:4326",
    )
    path = tmp_path / "villages.geojson"
    frame.to_file(path, driver="GeoJSON")
    loading.load(empty, "places", [path])
    return empty


def by_name(situation: Situation) -> dict[str, dict]:
    return {place["name"]: place for place in assessing.assess(situation)["places"]}


def test_a_raster_fills_only_what_nobody_counted_and_says_so(
    villages: Situation, tmp_path: Path
) -> None:
    before = by_name(villages)
    assert before["Uncounted"]["people"] is None
    assert before["Uncounted"]["people_range"]["basis"] == "unknown"
    loaded = loading.load(villages, "population", [people_raster(tmp_path / "p.tif")])
    assert loaded["layers"][0]["people"] == 50 * (CELLS**2 - 1)

    document = assessing.assess(villages)
    places = {place["name"]: place for place in document["places"]}
    assert places["Counted"]["people"] == 120
    assert places["Counted"]["people_range"] == {"low": 120, "high": 120, "basis": "census"}
    # A circle of 1 km radius over cells of 0.954 km x 1.109 km: 3.14 / 1.058 x 50.
    assert places["Uncounted"]["people"] == pytest.approx(148, abs=2)
    told = places["Uncounted"]["people_range"]
    assert told["basis"] == "population_raster"
    assert told["low"] == pytest.approx(37, abs=1)
    assert told["high"] > 400
    assert any("1 places without a census figure" in note for note in document["notes"])
    assert document["totals"]["people"] == 120 + places["Uncounted"]["people"]


def test_the_newest_raster_counts_and_an_assessment_is_made_anew(
    villages: Situation, tmp_path: Path
) -> None:
    loading.load(villages, "population", [people_raster(tmp_path / "old.tif", 50)])
    first = by_name(villages)["Uncounted"]["people"]
    loading.load(villages, "population", [people_raster(tmp_path / "new.tif", 100)])
    assert by_name(villages)["Uncounted"]["people"] == pytest.approx(2 * first, abs=2)


def test_a_density_is_stored_as_counts(villages: Situation, tmp_path: Path) -> None:
    path = people_raster(tmp_path / "p.tif", 50, unit="people/km2")
    (layer,) = loading.load(villages, "population", [path])["layers"]
    assert layer["name"] == "p.tif"
    assert layer["people"] == pytest.approx(50 * 1.058 * 399, rel=0.01)
    assert layer["notes"] == ["people/km2 was made into people per cell"]
    assert by_name(villages)["Uncounted"]["people"] == pytest.approx(157, abs=3)


@pytest.mark.parametrize(
    ("given", "error", "match"),
    [
        ({"crs": None}, CrsError, "has no CRS"),
        ({"value": -9999.0}, SchemaError, "counts down to -9999"),
        ({"value": 4e6}, SchemaError, "no population is like that"),
        ({"unit": "m"}, SchemaError, "its unit is 'm'"),
        ({"bounds": (1.0, 42.0, 1.2, 42.2)}, CoverageError, "covers the situation's area"),
    ],
)
def test_a_raster_that_is_not_of_people_here_changes_nothing(
    villages: Situation, tmp_path: Path, given: dict, error: type[Exception], match: str
) -> None:
    before = villages.seq()
    with pytest.raises(error, match=match):
        loading.load(villages, "population", [people_raster(tmp_path / "p.tif", **given)])
    assert villages.seq() == before


def test_two_rasters_at_once_are_refused(villages: Situation, tmp_path: Path) -> None:
    path = people_raster(tmp_path / "p.tif")
    with pytest.raises(InputError, match="2 population rasters: one at a time"):
        loading.load(villages, "population", [path, path])


def test_the_command_loads_and_assesses(
    villages: Situation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = str(villages.home)
    villages.close()
    path = people_raster(tmp_path / "p.tif")
    assert main(["load", "population", str(path), "--home", home, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["layers"][0]["kind"] == "population"
    assert main(["assess", "--home", home, "--json"]) == 0
    places = json.loads(capsys.readouterr().out)["places"]
    assert {place["people_range"]["basis"] for place in places} == {"census", "population_raster"}
