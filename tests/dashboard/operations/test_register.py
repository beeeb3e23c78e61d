"""The register: several sources are one list, what a layer brought goes with it, needs stay."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pytest
from shapely.geometry import Point, box

from dashboard.cli import main
from dashboard.operations import assessing, loading, uploads
from dashboard.operations.register import listed, summary
from dashboard.operations.situation import Situation
from geo.errors import UnknownIdError


def _list(path: Path, **columns: object) -> Path:
    given = {"code": "0410713202020", "name": "Tinmal", "name_ar": "تينمل", "people": 340} | columns
    frame = gpd.GeoDataFrame(
        {name: [value] for name, value in given.items()},
        geometry=[Point(-7.975, 31.001)],
        crs="EPSG:4326",
    )
    frame.to_file(path)
    return path


def test_a_load_says_what_all_sources_have_together(valley: Situation, tmp_path: Path) -> None:
    result = loading.load(valley, "places", [_list(tmp_path / "census.geojson")])
    counts = result["register"]
    assert (counts["before"], counts["after"], counts["merged"]) == (5, 4, 1)
    assert "5 places of all sources are 4" in counts["notes"][0]
    [place] = [one for one in listed(valley) if one["other_ids"]]
    assert place["place_id"] == "place:MA-0410713202020"
    assert {one["name"] for one in place["names"]} >= {"Tinmel", "Tinmal", "تينمل"}
    assert len(place["sources"]) == 2


def test_undoing_a_layer_gives_back_what_was(valley: Situation, tmp_path: Path) -> None:
    before = valley.places()
    layer = loading.load(valley, "places", [_list(tmp_path / "census.geojson")])["layers"][0]
    assert not valley.places().equals(before)
    uploads.undo(valley, layer["layer_id"])
    assert valley.places().equals(before)


def test_needs_follow_a_place_whose_id_became_another(valley: Situation, tmp_path: Path) -> None:
    def tents() -> dict[str, float]:
        return {
            place["place_id"]: need["quantity"]
            for place in assessing.assess(valley)["places"]
            for need in place["needs"]
            if need["item"] == "tent"
        }

    before = tents()
    loading.load(valley, "places", [_list(tmp_path / "census.geojson", people=None)])
    after = tents()
    assert after["place:MA-0410713202020"] == before["place:osm-n102"] == 20
    assert "place:osm-n102" not in after


def test_a_place_whose_list_and_polygon_disagree_is_reported(
    valley: Situation, tmp_path: Path
) -> None:
    path = tmp_path / "communes.geojson"
    gpd.GeoDataFrame(
        {"code": ["07.041.01.03"], "name": ["Amizmiz"], "level": ["commune"]},
        geometry=[box(-8.2, 30.9, -7.8, 31.2)],
        crs="EPSG:4326",
    ).to_file(path)
    loading.load(valley, "boundaries", [path])
    loading.load(
        valley,
        "places",
        [_list(tmp_path / "census.geojson", commune_code="07.041.07.05", commune="Ighil")],
    )
    report = summary(valley)
    assert report["counts"]["conflicts"] == 1
    [conflict] = report["conflicts"]
    assert conflict["written"] == {"code": "07.041.07.05", "name": "Ighil"}
    assert conflict["lies_in"] == {"code": "07.041.01.03", "name": "Amizmiz"}
    others = [one for one in listed(valley, commune="Amizmiz")]
    assert others
    assert {one["province"] for one in others} == {"Al Haouz"}
    with pytest.raises(UnknownIdError, match="no place of this situation lies in a commune"):
        listed(valley, commune="Nowhere")


def test_the_command_line_prints_the_register(
    valley: Situation, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["places", "--home", str(valley.home), "--list", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["counts"]["after"] == len(result["places"]) == 4


def test_points_at_null_island_are_left_out_and_counted(empty: Situation, tmp_path: Path) -> None:
    path = tmp_path / "places.geojson"
    gpd.GeoDataFrame(
        {"name": ["Ighil", "Lost"]}, geometry=[Point(-8.2, 31.0), Point(0, 0)], crs="EPSG:4326"
    ).to_file(path)
    result = loading.load(empty, "places", [path])
    assert result["layers"][0]["rows"] == 1
    assert "1 places at 0, 0" in result["layers"][0]["notes"][-1]
