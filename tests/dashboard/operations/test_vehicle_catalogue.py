"""Vehicle classes that a cell changed: laid over the catalogue, checked, and used at once."""

from __future__ import annotations

import pytest

from dashboard.operations import reaching, vehicle_catalogue
from dashboard.operations.situation import VEHICLE_FILE, Situation
from geo.errors import SchemaError, UnreadableError
from geo.model import VEHICLE_CLASS_NAMES


def write(situation: Situation, text: str) -> None:
    (situation.home / VEHICLE_FILE).write_text(text, encoding="utf-8")


def test_without_a_file_the_catalogue_counts(valley: Situation) -> None:
    said = vehicle_catalogue.describe_vehicle_classes(valley)
    assert (said["changes"], said["changed"]) == (None, [])
    assert {one["name"] for one in said["classes"]} == set(VEHICLE_CLASS_NAMES) - {"air"}


def test_only_what_the_cell_wrote_is_other_than_the_catalogue(valley: Situation) -> None:
    before = valley.vehicle_classes()
    write(valley, "[truck]\ngross_weight_t = 19\n[truck.surface]\ngravel = 20\n")
    after = valley.vehicle_classes()
    assert (after["truck"].gross_weight_t, after["truck"].surface["gravel"]) == (19, 20)
    assert after["truck"].surface["asphalt" if "asphalt" in before["truck"].surface else "sett"]
    assert after["truck"].capacity_kg == before["truck"].capacity_kg
    assert after["pickup"] == before["pickup"]
    said = vehicle_catalogue.describe_vehicle_classes(valley)
    assert said["changed"] == ["truck.gross_weight_t", "truck.surface"]


def test_a_change_counts_from_the_next_question_on(valley: Situation) -> None:
    def longest_s() -> float:
        reached = reaching.make_reach(valley, classes=("truck",), relay=False)
        return max(one["travel_time_s"] for one in reached["places"] if one["travel_time_s"])

    before_s = longest_s()
    write(valley, "[truck]\ntop_speed_kmh = 5\n")
    assert longest_s() > 1.5 * before_s
    (valley.home / VEHICLE_FILE).unlink()
    assert longest_s() == before_s


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[camel]\nlabel = 'x'\n", "vehicle_classes.toml.*camel.*a table named truck"),
        ("[truck]\ncapacity_kg = -1\n", "truck capacity_kg = '-1'"),
        ("[truck]\ncapacity_lb = 20000\n", "truck capacity_lb"),
        ("[truck.surface]\ngravel = 900\n", "truck surface.gravel = '900'"),
        ("[truck.grade]\nrows = [[0.1, 20, 20], [0.0, 80, 80]]\n", "grades must rise"),
        ("truck = 3\n", "truck.*a table named truck"),
    ],
)
def test_an_impossible_change_is_refused_with_its_place(
    valley: Situation, text: str, said: str
) -> None:
    write(valley, text)
    with pytest.raises(SchemaError, match=said):
        valley.vehicle_classes()


def test_a_file_that_is_no_toml_is_refused(valley: Situation) -> None:
    write(valley, "truck: heavy")
    with pytest.raises(UnreadableError, match=r"TOML is needed.*correct that line"):
        valley.vehicle_classes()
