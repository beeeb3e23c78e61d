"""One place: all that is known of it, from a situation of four villages."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from dashboard.cli import main
from dashboard.operations import planning, roads, uploads
from dashboard.operations.place_sheet import place_sheet
from dashboard.operations.situation import Situation
from data.events import ActivityReported, DamageReported
from geo.errors import UnknownIdError

#: From the junction to Tinmel.
LAST_ROAD = "w11:3-4"


def tell(valley: Situation, place_id: str) -> None:
    """Say something of the damage and of the work at a place."""
    work = ActivityReported(
        activity_id="activity:1",
        place_id=place_id,
        actor="Amis",
        item_id="tent",
        quantity=Decimal(30),
        unit="tent",
        status="planned",
    )
    seen = DamageReported(
        report_id="damage:1",
        place_id=place_id,
        destroyed=7,
        damaged=3,
        total=None,
        observed_at=None,
        written_place="",
        match_score=None,
    )
    valley.record([seen, work])


def test_a_place_has_what_everybody_said_of_it(valley: Situation) -> None:
    planning.make_plan(valley, iterations=50)
    place_id = place_sheet(valley, "Tinmel")["place"]["place_id"]
    tell(valley, place_id)
    sheet = place_sheet(valley, place_id)
    assert (sheet["place"]["name"], sheet["place"]["people"]) == ("Tinmel", 240)
    assert sheet["assessment"] is None  # nobody assessed yet: not "undamaged"
    assert {one["item"] for one in sheet["reports"]} == {"tent", "blanket"}
    assert sheet["reports"][0]["organisation"] == "NGO One"
    assert sheet["reach"]["status"] == "reachable"
    assert sheet["coming"][0]["deliver"]["tent"] > 0
    assert sheet["activities"][0]["actor"] == "Amis"
    assert [one["destroyed"] for one in sheet["field_reports"]] == [7]
    assert sheet["based_on_seq"] == valley.seq()


def test_a_place_behind_a_closure_says_why(valley: Situation) -> None:
    roads.close_road(valley, edges=(LAST_ROAD,), reason="rockfall")
    reach = place_sheet(valley, "Tinmel")["reach"]
    assert reach["by_class"]["truck"]["status"] == "cut_off"
    assert "rockfall" in reach["by_class"]["truck"]["reason"]


def test_without_roads_the_way_is_unknown(empty: Situation, tmp_path: Path) -> None:
    path = tmp_path / "places.csv"
    path.write_text("place,lon,lat,people\nTinmel,-8.2,31.0,240\n", encoding="utf-8")
    uploads.upload(empty, "places", path, organisation="NGO One")
    sheet = place_sheet(empty, "Tinmel")
    assert (sheet["reach"], sheet["coming"], sheet["needs"]) == (None, [], [])


def test_an_unknown_place_is_refused_in_one_line(
    valley: Situation, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UnknownIdError):
        place_sheet(valley, "place:none")
    assert main(["place", "Atlantis", "--home", str(valley.home)]) == 2
    assert "Atlantis" in capsys.readouterr().err
    assert main(["place", "Tinmel", "--json", "--home", str(valley.home)]) == 0
    assert json.loads(capsys.readouterr().out)["place"]["name"] == "Tinmel"
