"""Vehicles that travel together, and depots with fewer drivers than vehicles."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import RuleError, SchemaError
from geo.model import StockLine
from routing.check import check
from routing.check_kept import check_kept
from routing.explain import explain_needs, explain_stops
from routing.plan import plan_from_dict, plan_to_dict
from routing.problem import Demand
from routing.problem_document import from_json, to_json
from routing.replan import replan
from routing.solve import solve
from routing.together import pack
from tests.routing.instances import (
    KIT,
    SIX_OCLOCK,
    TENT,
    WATER,
    matrix_on_a_line,
    problem_on_a_line,
    vehicle,
    wild_problems,
)

OBJECTIVES = pytest.mark.parametrize("objective", ["arrival", "cost"])
TRUCK_ROAD = {
    "truck": matrix_on_a_line([0, 10, 20], kmh=30),
    "pickup": matrix_on_a_line([0, 10, 20]),
}


def tents(n, **changes):
    return Demand(place_id="place:b", item_id="tent", quantity=n, commune="south", **changes)


def sound(problem, **asked):
    plan = solve(problem, iterations=50, **asked)
    assert check(problem, plan) == []
    assert plan_from_dict(plan_to_dict(plan)) == plan
    return plan


@OBJECTIVES
def test_a_truck_and_its_escort_drive_at_the_pace_of_the_slower_and_unload_with_all_hands(
    objective,
):
    escort = vehicle("vehicle:e", capacity_kg=0, capacity_m3=0, together="x", speed_factor=0.5)
    truck = vehicle(vehicle_class="truck", together="x")
    problem = problem_on_a_line(needs=(tents(10),), vehicles=(truck, escort), matrices=TRUCK_ROAD)
    (convoy,) = sound(problem, objective=objective).convoys
    assert convoy.vehicle_class == "truck"
    assert convoy.vehicle_ids == ("vehicle:a", "vehicle:e")
    assert [one.load for one in convoy.company] == [{"tent": 10}, {}]
    (stop,) = convoy.stops
    # 20 km at half of 30 km/h; 600 s at the stop, and half a second for each of 500 kg.
    assert stop.arrives_at - convoy.departs_at == timedelta(minutes=80)
    assert stop.leaves_at - stop.at_road_at == timedelta(seconds=850)


@OBJECTIVES
def test_two_that_travel_together_share_a_load_that_fits_neither(objective):
    pair = (vehicle("vehicle:a", together="x"), vehicle("vehicle:b", together="x"))
    plan = sound(problem_on_a_line(needs=(tents(30),), vehicles=pair), objective=objective)
    (convoy,) = plan.convoys
    assert convoy.load_kg == 1500
    assert sum(one.load["tent"] for one in convoy.company) == 30
    assert all(one.load_kg <= 1000 for one in convoy.company)
    assert plan.unserved == ()


def test_words_of_two_depots_are_two_companies_and_a_word_of_one_is_nobody():
    problem = problem_on_a_line(needs=(tents(10),), vehicles=(vehicle(together="x"),))
    (convoy,) = sound(problem).convoys
    assert convoy.company == ()
    assert convoy.vehicle_ids == ("vehicle:a",)


@OBJECTIVES
def test_pieces_that_fit_the_room_of_all_but_of_none_stay_and_are_explained(objective):
    small = {"capacity_kg": 75.0, "together": "x", "shift_s": 3700}
    pair = (vehicle("vehicle:a", **small), vehicle("vehicle:b", **small))
    problem = problem_on_a_line(needs=(tents(3),), vehicles=pair)
    plan = sound(problem, objective=objective)
    # 150 kg are three tents, but each takes one; there and back takes 50 min of 61.
    assert [convoy.load_kg for convoy in plan.convoys] == [100]
    assert [(row.quantity, row.code) for row in plan.unserved] == [(1, "no_vehicle_free")]
    parted = problem_on_a_line(needs=(tents(3, whole=True),), vehicles=pair)
    assert [row.quantity for row in sound(parted, objective=objective).unserved] == [3]
    smaller = [replace(one, capacity_kg=40.0) for one in pair]
    heavy = sound(problem_on_a_line(needs=(tents(3),), vehicles=smaller), objective=objective)
    assert [row.code for row in heavy.unserved] == ["too_large"]


def test_loads_are_shared_out_by_weight_and_by_volume():
    items = {item.item_id: item for item in (TENT, WATER, KIT)}
    rooms = [(1000.0, 1.0), (1000.0, 1.0)]
    # Together 1,600 kg and 1.9 m³ of 2: only shares of both leave room for both.
    loads, left = pack(rooms, {"tent": 2 * 10**6, "water_l": 1500 * 10**6}, items)
    assert left == {}
    assert [load["tent"] for load in loads] == [10**6, 10**6]
    _, left = pack(rooms, {"tent": 11 * 10**6}, items)
    assert left == {"tent": 10**6}  # five tents are a cubic metre


def test_the_checker_sees_who_is_left_behind_and_who_carries_too_much():
    pair = (vehicle("vehicle:a", together="x"), vehicle("vehicle:b", together="x"))
    problem = problem_on_a_line(needs=(tents(30),), vehicles=pair)
    plan = sound(problem)
    (convoy,) = plan.convoys
    alone = replace(plan, convoys=(replace(convoy, company=()),))
    assert any("vehicle:a, vehicle:b must" in one for one in check(problem, alone))
    first, second = convoy.company
    moved = (replace(first, load={"tent": 30.0}, load_kg=1500.0), replace(second, load={}))
    said = check(problem, replace(plan, convoys=(replace(convoy, company=moved),)))
    assert any("vehicle:a: carries 1500 kg, it takes 1000 kg" in one for one in said)
    less = (replace(first, load={"tent": 1.0}, load_kg=50.0), second)
    said = check(problem, replace(plan, convoys=(replace(convoy, company=less),)))
    assert any("its vehicles carry" in one for one in said)
    apart = replace(problem, vehicles=tuple(replace(one, together="") for one in pair))
    assert any("nobody must" in one for one in check(apart, plan))


def test_where_one_breaks_down_all_of_them_stop_and_the_load_comes_back():
    pair = (vehicle("vehicle:a", together="x"), vehicle("vehicle:b", together="x"))
    stock = (StockLine(depot_id="depot:a", item_id="tent", quantity=30),)
    problem = problem_on_a_line(needs=(tents(30),), vehicles=pair, stock=stock)
    before = sound(problem)
    at = SIX_OCLOCK + timedelta(minutes=5)
    now = replace(problem, vehicles=pair[:1])
    made = replan(before, problem, now, at=at, iterations=30)
    assert made.plan.convoys == ()
    (back,) = made.plan.returned
    assert (back.stays, back.vehicle_ids, back.load) == (
        True,
        ("vehicle:a", "vehicle:b"),
        {"tent": 30},
    )
    assert check(made.whole, made.plan) == []
    assert check_kept(before, now, made.plan, at=at) == []
    # Nobody of them is planned with again, also at the next re-plan.
    later = at + timedelta(minutes=5)
    again = replan(made.plan, made.whole, problem, at=later, iterations=30)
    assert again.plan.convoys == ()
    assert check(again.whole, again.plan) == []


def test_on_the_road_they_go_on_together_and_drive_together_afterwards():
    pair = (vehicle("vehicle:a", together="x"), vehicle("vehicle:b", together="x"))
    needs = (tents(30), Demand(place_id="place:a", item_id="tent", quantity=40, commune="north"))
    problem = problem_on_a_line(needs=needs, vehicles=pair)
    before = sound(problem)
    at = before.convoys[0].departs_at + timedelta(minutes=5)
    made = replan(before, problem, problem, at=at, iterations=50)
    assert made.plan.convoys[0].kept == "on_the_road"
    assert made.plan.convoys[0].company == before.convoys[0].company
    assert all(len(one.company) == 2 for one in made.plan.convoys)
    assert check(made.whole, made.plan) == []
    assert check_kept(before, problem, made.plan, at=at) == []


@OBJECTIVES
def test_with_one_driver_the_vehicle_that_brings_most_drives_and_no_other(objective):
    small = vehicle("vehicle:a", capacity_kg=100.0)
    fleet = (small, vehicle("vehicle:b"), vehicle("vehicle:c", capacity_kg=200.0))
    problem = problem_on_a_line(needs=(tents(60),), vehicles=fleet, drivers={"depot:a": 1})
    plan = sound(problem, objective=objective)
    assert {convoy.vehicle_id for convoy in plan.convoys} == {"vehicle:b"}
    nobody = replace(problem, drivers={"depot:a": 0})
    assert any("1 vehicles drive, it has 0 drivers" in one for one in check(nobody, plan))


def test_without_a_driver_nobody_drives_and_the_reason_says_so():
    plan = sound(problem_on_a_line(needs=(tents(5),), drivers={"depot:a": 0}))
    (row,) = plan.unserved
    assert (row.code, row.quantity) == ("no_driver", 5)
    assert "depot:a has 0 driver(s) today" in row.reason
    short = problem_on_a_line(
        needs=(tents(60),),
        vehicles=(vehicle(shift_s=3 * 3600), vehicle("vehicle:b", shift_s=3 * 3600)),
        drivers={"depot:a": 1},
        max_trips=1,
    )
    (left,) = sound(short).unserved
    assert left.code == "no_vehicle_free"
    assert "1 more have a road to the place" in left.reason
    assert len(explain_needs(short, sound(short))) == 1


def test_a_driver_on_the_road_keeps_the_vehicle_through_a_re_plan():
    fleet = (vehicle("vehicle:a", capacity_kg=500.0), vehicle("vehicle:b", capacity_kg=500.0))
    problem = problem_on_a_line(needs=(tents(40),), vehicles=fleet, drivers={"depot:a": 1})
    before = sound(problem)
    (driven,) = {convoy.vehicle_id for convoy in before.convoys}
    at = before.convoys[0].departs_at + timedelta(minutes=5)
    made = replan(before, problem, problem, at=at, iterations=50)
    assert {convoy.vehicle_id for convoy in made.plan.convoys} == {driven}
    assert check(made.whole, made.plan) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"drivers": {"depot:x": 1}}, "a known depot is needed"),
        ({"drivers": {"depot:a": -1}}, "0 drivers or more"),
        ({"drivers": {"depot:a": 1.5}}, "0 drivers or more"),
        (
            {
                "vehicles": (
                    vehicle(together="x"),
                    vehicle("vehicle:m", vehicle_class="mule", together="x"),
                ),
                "matrices": {
                    "pickup": matrix_on_a_line([0, 10, 20]),
                    "mule": matrix_on_a_line([0, 10, 20]),
                },
            },
            "all of one class, or all with motors on the road",
        ),
    ],
)
def test_what_cannot_be_is_refused(changes, expected):
    with pytest.raises(SchemaError) as raised:
        problem_on_a_line(**changes)
    assert expected in [one.expected for one in raised.value.problems]


def test_only_who_travels_together_may_carry_nothing():
    with pytest.raises(RuleError, match="capacity"):
        vehicle(capacity_kg=0)


def test_files_hold_companies_and_drivers():
    pair = (vehicle("vehicle:a", together="x"), vehicle("vehicle:b", together="x", crew=4))
    problem = problem_on_a_line(vehicles=pair, drivers={"depot:a": 2})
    read = from_json(to_json(problem))
    assert (read.vehicles, read.drivers) == (problem.vehicles, problem.drivers)


@settings(max_examples=60)
@given(wild_problems(accompanied=True), st.sampled_from(["arrival", "cost"]))
def test_whoever_travels_together_the_plan_holds_and_is_explained(problem, objective):
    plan = solve(problem, iterations=20, objective=objective)
    assert check(problem, plan) == []
    assert len(explain_needs(problem, plan)) == len(plan.unserved)
    assert explain_stops(problem, plan).keys() == {one.convoy_id for one in plan.convoys}
