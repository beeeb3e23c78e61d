"""Terms of a plan: read as people write them, planned by, stored, and kept at a re-plan."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from dashboard.cli import main
from dashboard.operations import comparing, planning, replanning
from dashboard.operations.plan_terms import PlanTerms, read_terms, terms_of
from geo.errors import InputError, UnknownIdError

if TYPE_CHECKING:
    from dashboard.operations.situation import Situation

ZONE = ZoneInfo("Africa/Casablanca")


def test_terms_are_read_as_people_write_them(valley: Situation) -> None:
    (depot,) = valley.store.depots()
    terms = read_terms(
        valley,
        priorities=["tent=3", "blanket=0,5"],
        drivers=["asni DEPOT=1"],
        hours=["Tinmel=8:00-15:30", f"{depot.depot_id}=07:00-18:00"],
        whole=["tent"],
    )
    assert terms.priorities == {"tent": 3.0, "blanket": 0.5}
    assert terms.drivers == {depot.depot_id: 1}
    assert sorted(terms.hours.values()) == [("07:00", "18:00"), ("08:00", "15:30")]
    assert terms.whole == ("tent",)
    assert terms_of({"terms": json.loads(json.dumps(terms.as_dict()))}) == terms
    assert terms_of({}) == PlanTerms()


@pytest.mark.parametrize(
    ("option", "written", "said"),
    [
        ("priorities", "tent", "ITEM=FACTOR"),
        ("priorities", "tent=0", "0.01 to 100"),
        ("priorities", "tent=nan", "0.01 to 100"),
        ("priorities", "yurt=2", "tent"),
        ("drivers", "Asni depot=-1", "0 to 10000"),
        ("drivers", "Asni depot=two", "0 to 10000"),
        ("drivers", "Nowhere=2", "depot:"),
        ("hours", "Tinmel=15:30-08:00", "08:00-15:30"),
        ("hours", "Tinmel=08:00-15:75", "08:00-15:30"),
        ("hours", "Tinmel=morning", "08:00-15:30"),
        ("hours", "Nowhere=08:00-15:30", "no such place"),
        ("whole", "yurt", "tent"),
    ],
)
def test_what_is_written_otherwise_is_refused_with_what_is_needed(
    valley: Situation, option: str, written: str, said: str
) -> None:
    with pytest.raises((InputError, UnknownIdError), match=said):
        read_terms(valley, **{option: [written]})


def test_a_priority_moves_the_weights_and_is_stored_and_kept(valley: Situation) -> None:
    plain = {
        need.item_id: need.weight
        for need in planning.build_problem(valley).needs
        if need.place_id == "place:osm-n103"
    }
    terms = read_terms(valley, priorities=["water_l=4"], whole=["tent"])
    raised = planning.build_problem(valley, terms=terms)
    weights = {n.item_id: n.weight for n in raised.needs if n.place_id == "place:osm-n103"}
    assert weights["water_l"] == pytest.approx(4 * plain["water_l"])
    assert weights["tent"] == plain["tent"]
    assert {need.whole for need in raised.needs if need.item_id == "tent"} == {True}

    first = planning.make_plan(valley, iterations=30)
    second = planning.make_plan(valley, iterations=30, terms=terms)
    assert first["terms"] == {}
    assert second["terms"] == {"priorities": {"water_l": 4.0}, "whole": ["tent"]}
    again = replanning.replan(valley, iterations=30)
    assert again["terms"] == second["terms"]
    asked = comparing.diff(valley, first["plan_id"], second["plan_id"])["asked"]
    assert asked == "other priorities, other whole"


def test_aid_arrives_within_the_hours_of_a_place_and_convoys_within_those_of_a_depot(
    valley: Situation,
) -> None:
    terms = read_terms(valley, hours=["Tinmel=11:00-13:00", "Asni depot=09:00-17:00"])
    plan = planning.make_plan(valley, iterations=30, terms=terms)
    arrivals = [
        datetime.fromisoformat(stop["arrives_at"]).astimezone(ZONE)
        for convoy in plan["convoys"]
        for stop in convoy["stops"]
        if stop["place_name"] == "Tinmel"
    ]
    assert arrivals
    assert all(11 <= one.hour < 13 for one in arrivals)
    leaves = [datetime.fromisoformat(one["departs_at"]).astimezone(ZONE) for one in plan["convoys"]]
    assert min(leaves).hour >= 9
    # A re-plan an hour later keeps to them.
    at = min(leaves) - timedelta(minutes=30)
    again = replanning.replan(valley, at=at, iterations=30)
    assert again["terms"]["hours"] == plan["terms"]["hours"]
    assert (
        min(one["departs_at"] for one in again["convoys"])
        >= min(leaves).astimezone(ZoneInfo("UTC")).isoformat()
    )


def test_with_one_driver_one_vehicle_leaves_also_through_the_command_line(
    valley: Situation, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ["--home", str(valley.home), "--iterations", "30", "--json"]
    assert main(["plan", "--drivers", "Asni depot=1", *home]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert len({convoy["vehicle_id"] for convoy in plan["convoys"]}) == 1
    assert list(plan["terms"]["drivers"].values()) == [1]
    assert main(["plan", "--problem", "x.json", "--drivers", "Asni depot=1", *home]) == 2
    assert "the file says all of these" in capsys.readouterr().err
