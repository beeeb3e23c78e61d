"""How likely places are reached, through the use case and the command line."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from dashboard.cli import main
from dashboard.operations import reaching, risking, roads
from dashboard.operations.situation import Situation
from geo.errors import InputError


def by_name(result: dict[str, object], class_name: str = "truck") -> dict[str, float]:
    places: list[dict[str, object]] = result["places"]  # type: ignore[assignment]
    return {
        one["name"]: one["by_class"][class_name]["probability"]  # type: ignore[index,misc]
        for one in places
    }


def test_without_doubt_risk_says_what_reach_says(valley: Situation) -> None:
    roads.close_road(valley, near=(-7.975, 31.0), source="gendarmes")
    reach = reaching.make_reach(valley, ("truck", "pickup"))
    result = risking.make_risk(valley, ("truck", "pickup"), n_worlds=10)
    for row, place in zip(reach["places"], result["places"], strict=True):
        for name, verdict in row["by_class"].items():
            reached = verdict["status"] == "reachable"
            assert place["by_class"][name]["probability"] == float(reached), place["name"]
            if reached:
                expected_s = place["by_class"][name]["expected_time_s"]
                assert expected_s == pytest.approx(verdict["travel_time_s"], abs=0.2)
    assert result["totals"]["truck"]["places_uncertain"] == 0


def test_a_doubtful_report_decides_and_is_named(valley: Situation) -> None:
    roads.close_road(valley, near=(-7.975, 31.0), confidence=0.5, source="a driver")
    result = risking.make_risk(valley, ("truck",), n_worlds=200)
    assert by_name(result)["Tinmel"] == pytest.approx(0.5, abs=0.12)
    assert by_name(result)["Asni"] == 1.0
    (one,) = result["deciding"]
    assert one["road"] == "R203"
    assert one["probability_closed"] == pytest.approx(0.5, abs=0.01)
    assert [place["name"] for place in one["places"]] == ["Tinmel"]
    # 100 people lack tents at Tinmel, and only the road decides.
    assert (one["people"], one["standard_error"]) == (100.0, 0.0)
    assert one["share_of_uncertainty"] == pytest.approx(1.0, abs=0.05)
    assert {"lon", "lat", "label"} <= set(one)
    assert any("a driver" in source["name"] for source in result["sources"])
    assert result["notes"] == [
        "roads without a report count as open: an elevation model is needed to ask how likely a "
        "landslide is there"
    ]
    half = result["sensitivity"]["truck"]["people_reached_if_chances_were_half"]
    double = result["sensitivity"]["truck"]["people_reached_if_chances_were_double"]
    assert half > result["totals"]["truck"]["people_reached"] > double
    again = risking.make_risk(valley, ("truck",), n_worlds=200)
    assert {**again, "at": result["at"]} == result


def test_landslides_that_were_drawn_are_hints(valley: Situation, tmp_path: Path) -> None:
    drawn = tmp_path / "slides.geojson"
    gpd.GeoDataFrame(
        geometry=[shapely.box(-7.976, 30.999, -7.974, 31.001)], crs="EPSG:4326"
    ).to_file(drawn)
    result = risking.make_risk(valley, ("truck",), n_worlds=100, landslides=drawn)
    assert 0.4 < by_name(result)["Tinmel"] < 0.95
    assert result["evidence"]["truck"]["landslide hints"] == 1
    gpd.GeoDataFrame(geometry=[shapely.Point(-7.976, 30.999)], crs="EPSG:4326").to_file(drawn)
    with pytest.raises(InputError, match="polygons of landslides are needed"):
        risking.make_risk(valley, n_worlds=1, landslides=drawn)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--worlds", "0"), "--worlds 0: a number from 1 to 20000 is needed"),
        (("--hours", "-1"), "--hours -1.0: a number above 0"),
        (("--seed", "-1"), "--seed -1: 0 or more is needed"),
        (("--class", "tank"), "vehicle class tank: one of truck"),
        (("--landslides", "nowhere.geojson"), "nowhere.geojson"),
    ],
)
def test_misuse_is_one_line_and_status_2(
    valley: Situation,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    says: str,
) -> None:
    assert main(["risk", "--home", str(valley.home), *options]) == 2
    shown = capsys.readouterr()
    assert says in shown.err
    assert "Traceback" not in shown.err


def test_an_empty_situation_says_what_it_needs(empty: Situation) -> None:
    with pytest.raises(InputError, match="places are needed"):
        risking.make_risk(empty)


def test_the_command_line_gives_text_and_json(
    valley: Situation, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["risk", "--worlds", "5", "--home", str(valley.home)]) == 0
    assert "Tinmel" in capsys.readouterr().out
    assert main(["risk", "--worlds", "5", "--home", str(valley.home), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert set(result["places"][0]["by_class"]) == {"truck", "pickup"}
