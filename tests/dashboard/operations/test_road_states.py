"""Two states of the roads compared, and isochrones with the people in them, on four villages."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import shapely

from dashboard.cli import main
from dashboard.operations import comparing_roads, isochrones, picture, reaching, roads
from dashboard.operations.situation import Situation
from geo.errors import InputError, UnknownIdError

#: From the junction to Tinmel (240 people), and the track to Ighil (130 people).
LAST_ROAD, TRACK = "w11:3-4", "w12:3-6"


def names(result: dict[str, Any]) -> list[str]:
    return [row["name"] for row in result["places"]]


def test_a_closure_left_out_says_whom_it_cuts_off_by_class(valley: Situation) -> None:
    closed = roads.close_road(valley, edges=(TRACK,), classes=("pickup",), reason="rockfall")
    result = comparing_roads.diff_roads(valley, without=[closed["closure_id"]])
    assert result["totals"]["pickup"]["cut_off"] == {
        "places": 2, "people": 190, "places_uncounted": 0, "most_lost_s": None,
    }  # fmt: skip
    assert result["totals"]["truck"]["cut_off"]["places"] == 0
    assert names(result) == ["Ighil", "Tachdirt"]  # Tachdirt lies 900 m on foot behind Ighil
    row = result["places"][0]
    assert (row["people"], row["decided_by"]) == (130, [closed["closure_id"]])
    assert row["changes"]["any"]["status_b"] == "by_relay"
    assert row["changes"]["any"]["lost_s"] > 1800
    assert (result["a"]["closures"], result["b"]["closures"]) == ([], [closed["closure_id"]])


def test_two_moments_are_compared_and_back_is_the_opposite(valley: Situation) -> None:
    ends = valley.now() + timedelta(days=2)
    roads.close_road(valley, edges=(LAST_ROAD,), until=ends)
    during, later = valley.now() + timedelta(hours=1), ends + timedelta(hours=1)
    opened = comparing_roads.diff_roads(valley, moments=[during, later])
    assert "Tinmel" in names(opened)
    assert opened["totals"]["any"]["regained"]["people"] == 240
    closed = comparing_roads.diff_roads(valley, moments=[later, during])
    assert closed["totals"]["any"]["cut_off"]["people"] == 240
    assert names(comparing_roads.diff_roads(valley, moments=[later, later])) == []


def test_a_closure_counts_from_when_it_was_recorded_until_it_was_reopened(
    valley: Situation,
) -> None:
    before = valley.now()
    closed = roads.close_road(valley, edges=(LAST_ROAD,))
    during = valley.now()
    roads.reopen_road(valley, closed["closure_id"])
    result = comparing_roads.diff_roads(valley, moments=[before, during])
    assert result["totals"]["truck"]["cut_off"]["people"] == 240
    after = comparing_roads.diff_roads(valley, moments=[during, valley.now()])
    assert after["totals"]["truck"]["regained"]["people"] == 240


def test_a_report_that_a_closed_road_is_open_makes_the_verdict_doubtful_until_taken_back(
    valley: Situation, capsys: pytest.CaptureFixture[str]
) -> None:
    closed = roads.close_road(valley, edges=(TRACK,), source="gendarmerie")
    sure = reaching.make_reach(valley, ["pickup"])
    asked = ["close", TRACK + "+", "--state", "open", "--source", "bus driver"]
    assert main([*asked, "--home", str(valley.home), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["state"], told["contradicts"]) == ("open", [closed["closure_id"]])
    assert told["also_closed_by"] == [closed["closure_id"]]
    doubtful = reaching.make_reach(valley, ["pickup"])
    (before,), (after,) = (
        [one for one in found["places"] if one["name"] == "Ighil"] for found in (sure, doubtful)
    )
    assert (before["status"], before["sensitive"]) == ("cut_off", False)
    assert (after["status"], after["sensitive"]) == ("cut_off", True)
    shown = picture.picture(valley)
    assert [one.closure_id for one in shown.closures] == [closed["closure_id"]]
    assert shown.closure_lines["closure_id"].tolist() == [closed["closure_id"]]
    assert [one.source for one in shown.contradicted[closed["closure_id"]]] == ["bus driver"]
    roads.reopen_road(valley, told["closure_id"])
    assert reaching.make_reach(valley, ["pickup"])["places"] == sure["places"]
    assert picture.picture(valley).contradicted == {}


def test_the_other_direction_contradicts_nothing(valley: Situation) -> None:
    roads.close_road(valley, edges=(LAST_ROAD + "+",))
    told = roads.close_road(valley, edges=(LAST_ROAD + "-",), state="open")
    assert (told["contradicts"], told["also_closed_by"]) == ([], [])
    assert picture.picture(valley).contradicted == {}


def test_a_state_that_is_none_is_refused(valley: Situation) -> None:
    with pytest.raises(InputError, match="one of closed, restricted, open, unknown is needed"):
        roads.close_road(valley, edges=(LAST_ROAD,), state="melted")


def test_states_that_cannot_be_told_apart_are_refused(
    valley: Situation, capsys: pytest.CaptureFixture[str]
) -> None:
    for moments in ([], [valley.now()], [valley.now()] * 3):
        with pytest.raises(InputError, match="two states of the roads are needed"):
            comparing_roads.diff_roads(valley, moments=moments)
    with pytest.raises(UnknownIdError, match="no such closure"):
        comparing_roads.diff_roads(valley, without=["closure:none"])
    for words, says in (
        (["plan:a"], "there is no plan"),
        ([], "two plans are needed, there is none"),
        (["--at", "2026-01-01"], "compared with --roads"),
    ):
        assert main(["diff", *words, "--home", str(valley.home)]) == 2
        assert says in capsys.readouterr().err


def test_the_command_line_compares_roads(
    valley: Situation, capsys: pytest.CaptureFixture[str]
) -> None:
    roads.close_road(valley, edges=(LAST_ROAD,))
    capsys.readouterr()
    assert main(["diff", "--roads", "--without", "all", "--class", "truck", "--json",
                 "--home", str(valley.home)]) == 0  # fmt: skip
    result = json.loads(capsys.readouterr().out)
    assert result["totals"]["truck"]["cut_off"]["people"] == 240
    assert "pickup" not in result["totals"]


def test_what_is_supposed_has_the_effect_of_what_is_recorded_and_is_not_recorded(
    valley: Situation, capsys: pytest.CaptureFixture[str]
) -> None:
    before = valley.seq()
    closure = comparing_roads.supposed_closure(valley, [LAST_ROAD], classes=["truck"])
    supposed = comparing_roads.diff_roads(valley, supposed=[closure])
    assert valley.seq() == before
    closed = roads.close_road(valley, edges=(LAST_ROAD,), classes=("truck",))
    recorded = comparing_roads.diff_roads(valley, without=[closed["closure_id"]])
    assert supposed["totals"] == recorded["totals"]
    assert supposed["totals"]["truck"]["cut_off"]["people"] == 240
    with pytest.raises(UnknownIdError, match="no such edge"):
        comparing_roads.supposed_closure(valley, ["w9:8-9"])
    capsys.readouterr()
    home = ["--json", "--home", str(valley.home)]
    assert main(["diff", "--roads", "--suppose", TRACK, "--class", "pickup", *home]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["totals"]["pickup"]["cut_off"]["people"] == 190
    assert main(["diff", "--roads", "--suppose", "w9:8-9", *home]) == 2
    assert main(["diff", "plan:a", "--suppose", TRACK, *home]) == 2


# --- isochrones ---------------------------------------------------------------------------------


def test_isochrones_hold_people_with_their_source_before_and_after_a_closure(
    valley: Situation, tmp_path: Path
) -> None:
    roads.close_road(valley, edges=(LAST_ROAD,))
    file = tmp_path / "reached.geojson"
    result = isochrones.make_isochrones(valley, "truck", [1.0, 10.0], to=file)
    by_state = {(row["roads"], row["minutes"]): row for row in result["isochrones"]}
    assert by_state["open", 10.0]["people"] - by_state["now", 10.0]["people"] == 240
    assert by_state["now", 1.0]["people"] == 900
    assert by_state["now", 10.0]["people_sources"]
    assert result["lost"][1]["places"][0]["name"] == "Tinmel"
    features = json.loads(file.read_text(encoding="utf-8"))["features"]
    assert len(features) == 4
    for feature in features:
        shape = shapely.geometry.shape(feature["geometry"])
        assert shape.is_valid
        assert shape.covers(shapely.Point(-8.0, 31.0))
    assert "shapes" not in result
    shown = isochrones.make_isochrones(valley, "truck", [1.0, 10.0], with_shapes=True)
    assert shown["shapes"]["features"] == features
    assert features[0]["properties"]["area_km2"] == max(r["area_km2"] for r in by_state.values())


def test_without_closures_there_is_one_state(valley: Situation) -> None:
    result = isochrones.make_isochrones(valley, "pickup", [30.0])
    assert [row["roads"] for row in result["isochrones"]] == ["now"]
    assert result["lost"] == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--minutes", "ten"], "numbers with commas between"),
        (["--minutes", "0"], "numbers above 0"),
        (["--minutes", "nan"], "numbers above 0"),
        (["--class", "air"], "travel is known for"),
        (["--class", "truck,mule"], "one class is needed"),
        (["--to", "/proc/nowhere/all.geojson"], "it cannot be written"),
    ],
)
def test_isochrones_refuse_in_one_line(
    valley: Situation, options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["isochrones", *options, "--home", str(valley.home)]) == 2
    assert message in capsys.readouterr().err.splitlines()[-1]
