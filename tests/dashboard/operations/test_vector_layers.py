"""The layers of the map in tiles: which there are, when they change, that they are made once."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
from shapely.geometry import Point

from dashboard.operations import loading
from dashboard.operations.situation import Situation
from dashboard.operations.vector_layers import road_sources, vector_file, vector_layers
from geo.errors import UnknownIdError
from tests.dashboard.valley import make_edges, many_edges


def test_a_small_network_is_one_layer_from_afar() -> None:
    (roads,) = road_sources(make_edges(), "k")
    assert (roads.layer.name, roads.layer.min_zoom) == ("roads", 5)
    assert len(roads.table()) == 6
    assert set(roads.table()["highway"]) == {"secondary", "tertiary", "track", "path"}


def test_in_a_large_network_what_leads_nowhere_else_waits_until_the_map_is_near() -> None:
    edges = many_edges(6000)
    edges.loc[edges.index[:100], "highway"] = "primary_link"
    minor, roads = road_sources(edges, "k")
    assert (minor.layer.name, minor.layer.min_zoom, len(minor.table())) == ("roads-minor", 10, 5900)
    assert (roads.layer.name, len(roads.table())) == ("roads", 100)
    assert set(roads.table()["highway"]) == {"primary"}


def test_keys_change_with_the_network_and_with_the_layer() -> None:
    (one,) = road_sources(make_edges(), "k")
    (same,) = road_sources(make_edges(), "k")
    (other,) = road_sources(make_edges(), "l")
    assert one.layer.key == same.layer.key != other.layer.key
    assert one.layer.path == f"tiles/{one.layer.key}.pmtiles"


def test_no_roads_no_layer() -> None:
    assert road_sources(make_edges().iloc[:0], "k") == ()


def test_a_situation_has_its_roads_in_tiles_made_once(valley: Situation) -> None:
    (layer,) = vector_layers(valley)
    path = vector_file(valley, layer.key)
    made = path.stat().st_mtime_ns
    assert set(gpd.read_file(path)["highway"]) == set(valley.roads().edges["highway"])
    assert vector_file(valley, layer.key).stat().st_mtime_ns == made


def test_a_building_that_two_saw_is_drawn_once_as_it_was_seen_last(
    valley: Situation, tmp_path: Path
) -> None:
    for day, grade in (("2023-09-10", "Possibly Damaged"), ("2023-09-14", "Destroyed")):
        sheet = gpd.GeoDataFrame(
            {"damage_gra": [grade], "SensorDate": [day], "SensorID": ["WorldView-3"]},
            geometry=[Point(-8.0, 31.05)],
            crs=4326,
        )
        path = tmp_path / f"damage-{day}.geojson"
        sheet.to_file(path)
        loading.load(valley, "damage", [path])
    layer = next(one for one in vector_layers(valley) if one.name == "buildings")
    found = gpd.read_file(vector_file(valley, layer.key))
    assert list(found["grade"]) == ["destroyed"]
    assert found.to_crs(4326).geometry.iloc[0].distance(Point(-8.0, 31.05)) < 1e-4


def test_an_unknown_key_is_refused(valley: Situation) -> None:
    with pytest.raises(UnknownIdError, match="no such layer"):
        vector_file(valley, "0" * 64)


def test_a_cache_that_was_emptied_is_filled_again(valley: Situation) -> None:
    layer = next(one for one in vector_layers(valley) if one.name == "roads")
    path = vector_file(valley, layer.key)
    before = path.read_bytes()
    path.unlink()
    Path(path.parent).rmdir()
    assert len(vector_file(valley, layer.key).read_bytes()) == len(before)
