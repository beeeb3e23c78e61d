"""Vehicle classes that a cell changed: an event over the catalogue, checked, used, taken back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dashboard.cli import main
from dashboard.operations import reaching, vehicle_catalogue
from dashboard.operations.situation import Situation
from dashboard.operations.uploads import undo
from geo.errors import InputError, SchemaError, UnknownIdError, UnreadableError
from geo.model import VEHICLE_CLASS_NAMES


def change(situation: Situation, *values: str, **more: object) -> dict:
    return vehicle_catalogue.change_vehicle_classes(situation, values=values, **more)


def test_without_a_change_the_catalogue_counts(valley: Situation) -> None:
    said = vehicle_catalogue.describe_vehicle_classes(valley)
    assert (said["changes"], said["changed"]) == ([], [])
    assert {one["name"] for one in said["classes"]} == set(VEHICLE_CLASS_NAMES)


def test_a_light_truck_is_of_three_and_a_half_tonnes(valley: Situation) -> None:
    classes = valley.vehicle_classes()
    assert classes["light_truck"].gross_weight_t == 3.5
    assert classes["truck"].gross_weight_t > 10


def test_only_what_the_cell_said_is_other_than_the_catalogue(valley: Situation) -> None:
    before = valley.vehicle_classes()
    said = change(valley, "truck.gross_weight_t=19", "truck.surface.gravel=20", source="convoy 3")
    after = valley.vehicle_classes()
    assert (after["truck"].gross_weight_t, after["truck"].surface["gravel"]) == (19, 20)
    assert after["truck"].capacity_kg == before["truck"].capacity_kg
    assert after["pickup"] == before["pickup"]
    assert said["changed"] == ["truck.gross_weight_t", "truck.surface"]
    assert said["changes"][0]["source"] == "convoy 3"


def test_a_change_counts_from_the_next_question_on_and_is_undone_exactly(
    valley: Situation,
) -> None:
    def longest_s() -> float:
        reached = reaching.make_reach(valley, classes=("truck",), relay=False)
        return max(one["travel_time_s"] for one in reached["places"] if one["travel_time_s"])

    before_s = longest_s()
    said = change(valley, "truck.top_speed_kmh=5")
    assert longest_s() > 1.5 * before_s
    undo(valley, said["change_id"])
    assert longest_s() == before_s
    with pytest.raises(UnknownIdError):
        undo(valley, said["change_id"])


def test_changes_come_from_a_file_too(valley: Situation, tmp_path: Path) -> None:
    file = tmp_path / "classes.toml"
    file.write_text("[truck]\ngross_weight_t = 19\n", encoding="utf-8")
    vehicle_catalogue.change_vehicle_classes(valley, file=file)
    assert valley.vehicle_classes()["truck"].gross_weight_t == 19


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("camel.label='x'", "camel"),
        ("truck.capacity_kg=-1", "truck capacity_kg"),
        ("truck.capacity_lb=20000", "truck capacity_lb"),
        ("truck.surface.gravel=900", "truck surface.gravel"),
        ("truck.grade.rows=[[0.1, 20, 20], [0.0, 80, 80]]", "grades must rise"),
    ],
)
def test_an_impossible_change_is_refused_and_nothing_is_recorded(
    valley: Situation, value: str, said: str
) -> None:
    before = valley.seq()
    with pytest.raises(SchemaError, match=said):
        change(valley, value)
    assert valley.seq() == before


@pytest.mark.parametrize("value", ["truck", "truck=3", "truck.gross_weight_t=heavy", ".=1"])
def test_what_is_no_assignment_is_refused(valley: Situation, value: str) -> None:
    with pytest.raises(InputError, match="is needed"):
        change(valley, value)


def test_a_file_that_is_no_toml_is_refused(valley: Situation, tmp_path: Path) -> None:
    file = tmp_path / "classes.toml"
    file.write_text("truck: heavy", encoding="utf-8")
    with pytest.raises(UnreadableError, match=r"TOML is needed.*correct that line"):
        vehicle_catalogue.change_vehicle_classes(valley, file=file)


def test_the_verb_changes_and_tells(valley: Situation, capsys: pytest.CaptureFixture[str]) -> None:
    home = ["--home", str(valley.home)]
    assert main(["vehicle-classes", *home, "--json", "--set", "truck.gross_weight_t=19"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["changed"] == ["truck.gross_weight_t"]
    assert main(["undo", said["change_id"], *home]) == 0
    capsys.readouterr()
    assert main(["vehicle-classes", *home, "--set", "truck.gross_weight_t=-1"]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("qafila: ")) == ("", 1)
