"""ShakeMaps through the front door: every form, the newest version, the aftershock."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pytest
from shapely.geometry import Point, box

from dashboard.operations import assessing, loading, uploads
from dashboard.operations.situation import Situation
from geo.errors import InputError, SchemaError
from tests.shakemap_file import contours_json, grid_xml


@pytest.fixture
def village(empty: Situation, tmp_path: Path) -> Situation:
    """One village at 8 W, 31 N."""
    frame = gpd.GeoDataFrame(
        {"name": ["Here"], "people": [100.0]}, geometry=[Point(-8.0, 31.0)], crs="EPSG:4326"
    )
    path = tmp_path / "village.geojson"
    frame.to_file(path, driver="GeoJSON")
    loading.load(empty, "places", [path])
    return empty


def grid(folder: Path, mmi: float, *, version: int, event_id: str = "us7000kufc") -> Path:
    path = folder / f"{event_id}-{version}.xml"
    values = [[mmi] * 3] * 3
    path.write_text(
        grid_xml(values, version=version, event_id=event_id, west=-8.1, north=31.1),
        encoding="utf-8",
    )
    return path


def felt(situation: Situation) -> float:
    return float(assessing.compute(situation, now=situation.now()).places["mmi"].iloc[0])


def test_grid_is_loaded_with_event_version_and_time(village: Situation, tmp_path: Path) -> None:
    layer = loading.load(village, "shakemap", [grid(tmp_path, 7.4, version=3)])["layers"][0]
    assert (layer["event_id"], layer["version"], layer["magnitude"]) == ("us7000kufc", 3, 6.8)
    source = village.store.layers("shakemap")[0].source
    assert source.name == "ShakeMap us7000kufc, version 3"
    assert source.at is not None
    assert source.at.isoformat() == "2023-09-09T01:02:03+00:00"
    assert felt(village) == pytest.approx(7.4)
    said = assessing.assess(village)["places"][0]["sources"]
    assert {"name": "ShakeMap us7000kufc, version 3", "at": None} in said


def test_newer_version_supersedes_whichever_is_loaded_last(
    village: Situation, tmp_path: Path
) -> None:
    loading.load(village, "shakemap", [grid(tmp_path, 8.0, version=2)])
    newer = loading.load(village, "shakemap", [grid(tmp_path, 6.0, version=5)])["layers"][0]
    assert newer["notes"] == ["supersedes version 2 of this ShakeMap"]
    assert felt(village) == pytest.approx(6.0)
    late = loading.load(village, "shakemap", [grid(tmp_path, 9.0, version=4)])["layers"][0]
    assert late["notes"] == ["version 5 of this ShakeMap is loaded and stays in force"]
    assert felt(village) == pytest.approx(6.0)


def test_aftershock_adds_to_the_main_shock(village: Situation, tmp_path: Path) -> None:
    loading.load(village, "shakemap", [grid(tmp_path, 8.0, version=1)])
    loading.load(village, "shakemap", [grid(tmp_path, 5.0, version=1, event_id="us7000kufd")])
    assert felt(village) == pytest.approx(8.0)


def test_map_without_an_event_counts_alone_while_it_is_the_newest(
    village: Situation, tmp_path: Path
) -> None:
    loading.load(village, "shakemap", [grid(tmp_path, 8.0, version=1)])
    bands = gpd.GeoDataFrame(
        {"PARAMVALUE": [6.0]}, geometry=[box(-8.1, 30.9, -7.9, 31.1)], crs="EPSG:4326"
    )
    bands.to_file(tmp_path / "mi.geojson", driver="GeoJSON")
    loading.load(village, "shakemap", [tmp_path / "mi.geojson"])
    assert felt(village) == pytest.approx(6.0)
    loading.load(village, "shakemap", [grid(tmp_path, 7.0, version=2)])
    assert felt(village) == pytest.approx(7.0)


def test_contours_are_loaded_with_their_metadata(village: Situation, tmp_path: Path) -> None:
    path = tmp_path / "cont_mmi.json"
    path.write_text(contours_json([5.0, 6.0, 7.0]), encoding="utf-8")
    layer = loading.load(village, "shakemap", [path])["layers"][0]
    assert (layer["event_id"], layer["version"]) == ("us7000kufc", 4)
    assert felt(village) == pytest.approx(7.0)


def test_acceleration_asks_for_its_unit_and_is_then_taken(
    village: Situation, tmp_path: Path
) -> None:
    bands = gpd.GeoDataFrame(
        {"PARAMVALUE": [0.1]}, geometry=[box(-8.1, 30.9, -7.9, 31.1)], crs="EPSG:4326"
    )
    path = tmp_path / "pga.geojson"
    bands.to_file(path, driver="GeoJSON")
    with pytest.raises(InputError, match=r"pga.geojson: a map of acceleration.*--measure"):
        loading.load(village, "shakemap", [path])
    layer = loading.load(village, "shakemap", [path], measure="g")["layers"][0]
    assert "Worden" in layer["notes"][0]
    assert felt(village) == pytest.approx(5.769, abs=1e-3)


@pytest.mark.parametrize("about", ["text", [1], {"input": "x", "processing": {"a": None}}])
def test_metadata_of_another_shape_is_no_event(
    about: object, village: Situation, tmp_path: Path
) -> None:
    document = json.loads(contours_json([5.0, 6.0]))
    document["metadata"] = about
    path = tmp_path / "cont_mmi.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    layer = loading.load(village, "shakemap", [path])["layers"][0]
    assert "event_id" not in layer


def test_contours_without_values_load_nothing(village: Situation, tmp_path: Path) -> None:
    path = tmp_path / "cont_mmi.json"
    path.write_text(contours_json([5.0, 6.0]).replace('"value"', '"level"'), encoding="utf-8")
    with pytest.raises(SchemaError, match="one of paramvalue, mmi"):
        loading.load(village, "shakemap", [path])
    assert not village.store.layers("shakemap")


SQUARE = box(-8.1, 30.9, -7.9, 31.1)


def communes(folder: Path, **fields: object) -> Path:
    path = folder / "communes.geojson"
    gpd.GeoDataFrame(
        {"Code_Commu": ["07.041.01.01."], "Nom_Commun": ["Here"], **fields},
        geometry=[SQUARE],
        crs="EPSG:4326",
    ).to_file(path, driver="GeoJSON")
    return path


def expected(situation: Situation) -> float:
    made = assessing.compute(situation, now=situation.now())
    return float(made.places["expected_destroyed_share"].iloc[0])


def test_buildings_of_a_commune_change_what_to_expect(village: Situation, tmp_path: Path) -> None:
    loading.load(village, "shakemap", [grid(tmp_path, 8.0, version=1)])
    assumed = expected(village)
    layers = loading.load(village, "boundaries", [communes(tmp_path, beton=[1.0])])["layers"]
    assert [layer["kind"] for layer in layers] == ["boundaries", "building_stock"]
    concrete = expected(village)
    assert concrete < assumed
    # A table that somebody edited has the last word; undone, the one before speaks again.
    sheet = tmp_path / "buildings.csv"
    sheet.write_text("commune_code,earth,concrete\n07.041.01.01,0.9,0.1\n", encoding="utf-8")
    layer = loading.load(village, "boundaries", [sheet])["layers"][0]
    assert expected(village) > assumed
    uploads.undo(village, layer["layer_id"])
    assert expected(village) == pytest.approx(concrete)


def test_table_of_unknown_communes_is_refused(village: Situation, tmp_path: Path) -> None:
    sheet = tmp_path / "buildings.csv"
    sheet.write_text("commune_code,earth\n99.001.01.01,1\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"none of its 1 communes is known.*load boundaries"):
        loading.load(village, "boundaries", [sheet])
    loading.load(village, "boundaries", [communes(tmp_path)])
    with pytest.raises(InputError, match=r"codes look like 07\.041\.01\.01"):
        loading.load(village, "boundaries", [sheet])


def test_table_that_says_nothing_of_buildings_is_refused(
    village: Situation, tmp_path: Path
) -> None:
    sheet = tmp_path / "people.csv"
    sheet.write_text("commune_code,people\n07.041.01.01,12\n", encoding="utf-8")
    with pytest.raises(SchemaError, match=r"people\.csv.*columns such as earth, rubble_stone"):
        loading.load(village, "boundaries", [sheet])


def test_census_of_al_haouz_tells_how_its_towns_are_built(
    empty: Situation, real_data: Path
) -> None:
    """The census layer has types of dwelling for towns only; the rest keep the default."""
    layers = loading.load(empty, "boundaries", [real_data / "admin" / "Al-Haouz.xml"])["layers"]
    stock = next(layer for layer in layers if layer["kind"] == "building_stock")
    assert 1 <= stock["rows"] < layers[0]["rows"] / 2


def test_acceleration_of_al_haouz_agrees_with_its_intensity(real_data: Path) -> None:
    """Two products of one ShakeMap: intensity, and acceleration in g made into intensity."""
    from geo.shaking import band_at, shakemap_from_vector
    from geo.vectors import read_vector

    folder = real_data / "alhaouz"
    mmi = shakemap_from_vector(read_vector(folder / "shakemap_mmi.geojson"), source="USGS")
    pga = shakemap_from_vector(
        read_vector(folder / "shakemap_pga.geojson"), source="USGS", measure="g"
    )
    douars = read_vector(folder / "alhaouz_core_douars_points.geojson")
    by_mmi, by_pga = (band_at(one, douars.geometry)["mmi"] for one in (mmi, pga))
    difference = (by_pga - by_mmi).dropna()
    assert len(difference) > 100
    # Measured: 0.84 above the map's own intensity, 1.3 standard deviations of the relation.
    assert 0 < difference.median() < 1
