"""Plans from a situation: what is planned for, what it rests on, and when it is old."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from dashboard.operations import organisations, planning, roads
from geo.errors import InputError, UnknownIdError

if TYPE_CHECKING:
    from dashboard.operations.situation import Situation


def test_everything_within_reach_is_delivered_and_the_rest_has_a_reason(
    valley: Situation,
) -> None:
    plan = planning.make_plan(valley, seed=1, iterations=50)
    stops = {stop["place_name"] for convoy in plan["convoys"] for stop in convoy["stops"]}
    assert {"Tinmel", "Ighil"} <= stops
    assert all(line["reason"] for line in plan["unserved"])
    classes = {
        convoy["vehicle_class"]
        for convoy in plan["convoys"]
        for stop in convoy["stops"]
        if stop["place_name"] == "Ighil"
    }
    assert classes == {"pickup"}  # no truck road leads there within a walk


def test_a_closure_moves_a_need_to_the_unserved_with_the_closure_as_reason(
    valley: Situation,
) -> None:
    roads.close_road(valley, near=(-7.975, 31.0), reason="rockfall")
    plan = planning.make_plan(valley, seed=1, iterations=50)
    reasons = {line["reason"] for line in plan["unserved"] if line["place_name"] == "Tinmel"}
    assert reasons
    assert all("rockfall" in reason for reason in reasons)


def test_the_same_situation_and_seed_give_the_same_plan(valley: Situation) -> None:
    first = planning.make_plan(valley, seed=3, iterations=50)
    second = planning.make_plan(valley, seed=3, iterations=50)
    assert first["plan_id"] != second["plan_id"]
    for plan in (first, second):
        for varying in ("plan_id", "based_on_seq"):
            plan.pop(varying)
    assert first == second


def test_convoys_drive_by_daylight_unless_told_otherwise(valley: Situation) -> None:
    plan = planning.make_plan(valley, seed=1, iterations=50)
    light = {name: datetime.fromisoformat(moment) for name, moment in plan["light"].items()}
    assert light["begins_at"].hour < 8 and light["ends_at"].hour > 15
    for convoy in plan["convoys"]:
        assert datetime.fromisoformat(convoy["departs_at"]) >= light["begins_at"]
        assert datetime.fromisoformat(convoy["returns_at"]) <= light["ends_at"]
    by_night = planning.make_plan(valley, seed=1, iterations=50, by_night=True)
    assert by_night["light"] is None
    assert min(c["departs_at"] for c in by_night["convoys"]) == by_night["departs_at"]


def test_a_plan_is_old_once_a_road_closes_and_not_before(valley: Situation) -> None:
    plan = planning.make_plan(valley, seed=1, iterations=20)
    assert not planning.is_old(valley, plan)
    roads.close_road(valley, near=(-7.975, 31.0))
    assert planning.is_old(valley, plan)


def test_tents_go_before_water_where_room_is_short(valley: Situation) -> None:
    problem = planning.build_problem(valley)
    weight = {(need.place_id, need.item_id): need.weight for need in problem.needs}
    tent = weight["place:osm-n103", "tent"]
    water = weight["place:osm-n103", "water_l"]
    assert tent / water == pytest.approx(5 * 15)  # five people a tent, 15 litres a person


def test_without_needs_or_for_an_unknown_plan_it_says_what_to_do(empty: Situation) -> None:
    with pytest.raises(InputError, match=r"load them first|upload needs"):
        planning.make_plan(empty)
    with pytest.raises(UnknownIdError, match="qafila plan"):
        planning.load_plan(empty, "latest")


def test_convoys_leave_at_the_next_first_light_of_the_place() -> None:
    evening = datetime(2023, 9, 13, 18, 0, tzinfo=UTC)
    before_dawn = datetime(2023, 9, 13, 3, 0, tzinfo=UTC)
    dawn = datetime(2023, 9, 14, 5, 0, tzinfo=UTC)  # 06:00 in Morocco, one hour ahead of UTC
    assert planning.next_departure(evening, "Africa/Casablanca") == dawn
    assert planning.next_departure(before_dawn, "Africa/Casablanca") == dawn.replace(day=13)


def test_vehicles_of_an_organisation_whose_recognition_was_revoked_are_not_planned_with(
    valley: Situation,
) -> None:
    vehicles = organisations.vehicles_that_count(valley)
    assert {one.name for one in vehicles} == {"Truck 1", "Pickup 1"}
    organisations.set_organisation(valley, "NGO One", "recognised")
    assert organisations.vehicles_that_count(valley) == vehicles
    organisations.set_organisation(valley, "NGO One", "revoked", reason="fraud")
    assert organisations.vehicles_that_count(valley) == []
    plan = planning.make_plan(valley, seed=1, iterations=20)
    assert plan["convoys"] == []
    assert plan["unserved"]
