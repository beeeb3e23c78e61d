"""Airlift and staging, through the use cases and the command line."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from dashboard.cli import main
from dashboard.operations import airlifting, loading, roads, staging_points
from dashboard.operations.situation import Situation
from geo.errors import InputError
from tests.geo.raster_files import write_tif


def cut_everything_off(valley: Situation) -> None:
    """Close every road around the depot to every class."""
    edges = list(valley.roads().edges["edge_id"])
    roads.close_road(valley, edges=edges, source="gendarmes")


def load_flat(valley: Situation, folder: Path, *, cell_deg: float) -> None:
    n = round(0.1 / cell_deg)
    path = write_tif(
        folder / "flat.tif", np.full((n, n), 1000, dtype="int16"), west=-8.03, north=31.06,
        cell=cell_deg,
    )  # fmt: skip
    loading.load(valley, "elevation", [path])


def test_who_is_reached_on_the_ground_needs_no_flight(valley: Situation) -> None:
    result = airlifting.make_airlift(valley)
    assert result["places"] == result["sites"] == []
    assert "every place is reached on the ground: nothing to fly" in result["notes"]


def test_without_heights_the_places_are_named_and_the_sites_refused(valley: Situation) -> None:
    cut_everything_off(valley)
    result = airlifting.make_airlift(valley)
    assert result["totals"]["places_only_by_air"] > 0
    assert all(one["reason"] and one["sites"] == [] for one in result["places"])
    assert result["refused"].startswith("no elevation model is loaded")


def test_30_arcsec_cannot_say(valley: Situation, tmp_path: Path) -> None:
    cut_everything_off(valley)
    load_flat(valley, tmp_path, cell_deg=1 / 120)
    result = airlifting.make_airlift(valley)
    assert "a clearing of 50 m cannot be seen in it" in result["refused"]
    assert result["sites"] == []


def test_sites_have_their_score_their_slope_and_their_walk(
    valley: Situation, tmp_path: Path
) -> None:
    cut_everything_off(valley)
    load_flat(valley, tmp_path, cell_deg=1 / 3600)
    result = airlifting.make_airlift(valley)
    assert result["refused"] is None
    place = next(one for one in result["places"] if one["name"] == "Tinmel")
    by_id = {one["site_id"]: one for one in result["sites"]}
    own = [by_id[one] for one in place["sites"]]
    assert {one["kind"] for one in own} == {"helicopter", "drone"}
    for one in own:
        score = one["score"]
        assert score["sum"] == pytest.approx(
            score["minutes_on_foot"] + score["degrees_of_slope"], abs=0.11
        )
        assert one["slope_deg"] <= 7
    helicopter = next(one for one in own if one["kind"] == "helicopter")
    # The road is an obstacle, and the only one that is known.
    assert helicopter["nearest_known_obstacle_m"] >= 65.0
    json.dumps(result, allow_nan=False)

    # A forest over the whole valley leaves no place to land.
    forest = tmp_path / "forest.geojson"
    gpd.GeoDataFrame(geometry=[shapely.box(-8.1, 30.9, -7.9, 31.1)], crs="EPSG:4326").to_file(
        forest
    )
    bare = airlifting.make_airlift(valley, obstacles=[forest])
    assert bare["sites"] == []
    assert any("file forest.geojson" in note for note in bare["notes"])


def test_a_staging_point_lies_before_the_track_that_trucks_cannot_use(valley: Situation) -> None:
    result = staging_points.make_staging(valley, points=3)
    first = result["points"][0]
    # Tachdirt lies a walk beyond the end of the track.
    assert [one["name"] for one in first["places"]] == ["Ighil", "Tachdirt"]
    # Node 3, where the track to Ighil leaves the road.
    assert first["lon"] == pytest.approx(-7.98)
    score = first["score"]
    assert score["product"] == pytest.approx(
        score["person_hours_saved"] * score["room_factor"], abs=0.1
    )
    assert first["room_m2"] is None
    assert result["notes"][0] == "room is not assessed: no elevation model is loaded"
    json.dumps(result, allow_nan=False)


def test_room_is_measured_where_the_model_shows_it(valley: Situation, tmp_path: Path) -> None:
    load_flat(valley, tmp_path, cell_deg=1 / 3600)
    first = staging_points.make_staging(valley)["points"][0]
    assert first["room_m2"] > 10_000
    assert first["score"]["room_factor"] == 1.0


def test_nobody_stages_beside_a_closed_road(valley: Situation) -> None:
    roads.close_road(valley, near=(-7.975, 31.0), classes=("truck",))
    result = staging_points.make_staging(valley)
    assert result["totals"]["too_near_a_closed_road"] >= 1
    assert all(one["lon"] != pytest.approx(-7.98) for one in result["points"])


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (("airlift", "--diameter", "3"), "--diameter 3: 10 to 500 m are needed"),
        (("airlift", "--hours", "-2"), "--hours -2.0: a number above 0"),
        (("airlift", "--obstacles", "nowhere.shp"), "nowhere.shp"),
        (("staging", "--points", "0"), "--points 0: a number from 1 to 50 is needed"),
        (("staging", "--brings", "boat"), "vehicle class boat: one of truck"),
    ],
)
def test_misuse_is_one_line_and_status_2(
    valley: Situation,
    capsys: pytest.CaptureFixture[str],
    command: tuple[str, ...],
    says: str,
) -> None:
    verb, *options = command
    assert main([verb, "--home", str(valley.home), *options]) == 2
    shown = capsys.readouterr()
    assert says in shown.err
    assert "Traceback" not in shown.err


def test_an_empty_situation_says_what_it_needs(empty: Situation) -> None:
    with pytest.raises(InputError, match="places are needed"):
        airlifting.make_airlift(empty)
    with pytest.raises(InputError, match="places are needed"):
        staging_points.make_staging(empty)


@pytest.mark.parametrize("verb", ["airlift", "staging"])
def test_the_command_line_gives_text_and_json(
    valley: Situation, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    assert main([verb, "--home", str(valley.home)]) == 0
    assert "sources" in capsys.readouterr().out
    assert main([verb, "--home", str(valley.home), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["sources"]
