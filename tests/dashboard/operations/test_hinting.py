"""Hints and raster evidence through the command line: shown beside the counts, never among them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import box

from dashboard.cli import main
from dashboard.operations import assessing, hinting, loading, uploads
from dashboard.operations.situation import Situation
from geo.errors import CoverageError, InputError
from tests.geo.raster_files import write_tif
from tests.geo.test_change_hint import CELL, SIDE, fallen, outlines, village, write

SEPTEMBER = datetime(2023, 9, 10, tzinfo=UTC)


@pytest.fixture
def pictured(empty: Situation, tmp_path: Path) -> Situation:
    """A place with 36 outlines, and pictures before and after in which six fell."""
    ground, houses = village()
    shapes = outlines(houses)
    middle = shapes.to_crs("EPSG:32629").union_all().centroid
    place = gpd.GeoDataFrame(
        {"name": ["Tinmel"], "code": ["0410713202020"], "people": [240]},
        geometry=[middle],
        crs="EPSG:32629",
    ).to_crs("EPSG:4326")
    place.to_file(tmp_path / "places.geojson")
    shapes.to_file(tmp_path / "outlines.geojson")
    write(tmp_path / "old.tif", ground)
    write(tmp_path / "new.tif", fallen(ground, houses, [3, 8, 14, 20, 21, 30]))
    loading.load(empty, "places", [tmp_path / "places.geojson"])
    return empty


def test_a_hint_is_labelled_and_changes_nothing_that_is_counted(
    pictured: Situation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = assessing.assess(pictured)["places"][0]
    assert before["hint"] is None
    home = ["--home", str(pictured.home), "--json"]
    assert main(["load", "footprints", str(tmp_path / "outlines.geojson"), *home]) == 0
    for name, role in (("old", "before"), ("new", "after")):
        assert main(["load", "imagery", str(tmp_path / f"{name}.tif"), f"--{role}", *home]) == 0
    capsys.readouterr()
    assert main(["hint", *home]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["label"].startswith("hint")
    assert (said["pairs"][0]["before"], said["pairs"][0]["after"]) == ("old.tif", "new.tif")
    assert (said["pairs"][0]["compared"], said["pairs"][0]["high"]) == (36, 6)
    after = assessing.assess(pictured)["places"][0]
    assert after["hint"]["footprints_compared"] == 36
    assert after["hint"]["high"] == 6
    assert after["hint"]["high_share"] == pytest.approx(1 / 6, abs=1e-4)
    assert "not a damage grade" in after["hint"]["label"]
    same = ("assessed", "assessed_share", "buildings", "people_affected", "evidence", "sources")
    assert {name: before[name] for name in same} == {name: after[name] for name in same}
    assert not after["assessed"]
    # What was made from a picture goes with it, and comes back with another hint only.
    uploads.undo(pictured, pictured.store.layers("imagery")[1].layer_id)
    assert assessing.assess(pictured)["places"][0]["hint"] is None
    assert main(["load", "imagery", str(tmp_path / "new.tif"), "--after", *home]) == 0
    capsys.readouterr()
    assert main(["hint", *home]) == 0
    said = json.loads(capsys.readouterr().out)
    assert assessing.assess(pictured)["places"][0]["hint"]["high"] == 6
    uploads.undo(pictured, said["layer_id"])
    assert assessing.assess(pictured)["places"][0]["hint"] is None


def test_dates_tell_before_from_after(pictured: Situation, tmp_path: Path) -> None:
    loading.load(pictured, "footprints", [tmp_path / "outlines.geojson"])
    loading.load(pictured, "imagery", [tmp_path / "new.tif"], at=SEPTEMBER)
    with pytest.raises(InputError, match=r"one before and one after.*--before and --after"):
        hinting.hint(pictured)
    loading.load(pictured, "imagery", [tmp_path / "old.tif"], at=datetime(2018, 8, 9, tzinfo=UTC))
    assert hinting.hint(pictured)["pairs"][0]["before"] == "old.tif"
    assert pictured.store.layers("hint")[0].source.at == SEPTEMBER


def test_what_is_missing_or_too_coarse_is_said(pictured: Situation, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="load footprints FILE"):
        hinting.hint(pictured)
    loading.load(pictured, "footprints", [tmp_path / "outlines.geojson"])
    loading.load(pictured, "imagery", [tmp_path / "old.tif"], role="before")
    ground, _ = village()
    coarse = write(tmp_path / "s2.tif", ground[::20, ::20], cell=20 * CELL)
    layer = loading.load(pictured, "imagery", [coarse], role="after")["layers"][0]
    with pytest.raises(InputError, match=r"s2\.tif: cells of 1\d\.\d m: at most 2 m"):
        hinting.hint(pictured)
    uploads.undo(pictured, layer["layer_id"])
    noise = np.random.default_rng(1).integers(1, 255, (SIDE, SIDE)).astype(float)
    loading.load(pictured, "imagery", [write(tmp_path / "fog.tif", noise)], role="after")
    with pytest.raises(CoverageError, match="their p"):
        hinting.hint(pictured)
    assert pictured.store.layers("hint") == []


def test_class_and_share_rasters_speak_per_outline(
    pictured: Situation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loading.load(pictured, "footprints", [tmp_path / "outlines.geojson"])
    west, south, east, north = gpd.read_file(tmp_path / "outlines.geojson").total_bounds
    cell = max(east - west, north - south) / 4
    half = np.array([[3, 3, 0, 0, 0]] * 5, dtype=np.uint8)
    write_tif(tmp_path / "c.tif", half, west=west, north=north, cell=cell, nodata=255)
    percents = (half / 3 * 80).astype("float32")
    write_tif(tmp_path / "p.tif", percents, west=west, north=north, cell=cell, nodata=-1)
    home = ["--home", str(pictured.home), "--json"]
    classes = "0=no_visible_damage,3=destroyed"
    assert main(["load", "damage", str(tmp_path / "c.tif"), "--classes", classes, *home]) == 0
    assert main(["load", "damage", str(tmp_path / "p.tif"), "--scale", "100", *home]) == 0
    capsys.readouterr()
    place = assessing.assess(pictured)["places"][0]
    by_class, by_share = place["raster_buildings"]
    assert (by_class["footprints"], by_class["covered"]) == (36, 36)
    assert by_class["grades"] == {"destroyed": 18, "no_visible_damage": 18}
    assert by_share["grades"] == {"possibly_damaged": 18, "no_visible_damage": 18}
    lost = by_class["damaged_equivalent"]
    assert by_share["damaged_equivalent"] == pytest.approx(0.8 * lost, rel=0.01)
    assert "not counted buildings" in by_class["label"]
    assert place["buildings"]["destroyed"] == 0


def test_a_band_is_chosen_when_the_raster_is_loaded(pictured: Situation, tmp_path: Path) -> None:
    import rasterio

    loading.load(pictured, "footprints", [tmp_path / "outlines.geojson"])
    west, south, east, north = gpd.read_file(tmp_path / "outlines.geojson").total_bounds
    path = tmp_path / "two.tif"
    cell = max(east - west, north - south)
    write_tif(path, np.zeros((1, 1), dtype="float32"), west=west, north=north, cell=cell)
    with rasterio.open(path) as one:
        profile = one.profile | {"count": 2}
    with rasterio.open(path, "w", **profile) as two:
        two.write(np.zeros((1, 1), dtype="float32"), 1)
        two.write(np.full((1, 1), 0.6, dtype="float32"), 2)
    with pytest.raises(InputError, match=r"2 bands.*say which"):
        loading.load(pictured, "damage", [path])
    with pytest.raises(InputError, match=r"band 3.*from 1 to 2"):
        loading.load(pictured, "damage", [path], band=3)
    loading.load(pictured, "damage", [path], band=2)
    (said,) = assessing.assess(pictured)["places"][0]["raster_buildings"]
    assert said["grades"] == {"possibly_damaged": 36}


def test_the_real_pairs_of_al_haouz(empty: Situation, real_data: Path) -> None:
    """Two villages of Ijoukak, 0.3 m, five years apart, from two angles."""
    data = real_data / "alhaouz"
    loading.load(empty, "footprints", [data / "footprints" / "Ijoukak.geojson"])
    for role, name in (("before", "pre_2018-08-09"), ("after", "post_2023-09-10")):
        paths = [data / "imagery" / f"{name}_{part}.tif" for part in ("cog", "scene2")]
        loading.load(empty, "imagery", paths, role=role)
    with pytest.raises(InputError, match="area is needed"):
        hinting.hint(empty)
    place = box(-8.16, 31.01, -8.14, 31.02).centroid
    path = empty.home / "places.geojson"
    gpd.GeoDataFrame({"name": ["Ijoukak"]}, geometry=[place], crs=4326).to_file(path)
    loading.load(empty, "places", [path])
    said = hinting.hint(empty)
    assert [pair["compared"] > 60 for pair in said["pairs"]] == [True, True]
    assert 0 < sum(pair["high"] for pair in said["pairs"]) < said["compared"] / 2
