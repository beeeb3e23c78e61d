"""A vehicle that is slower than its class or has more hands, in both searches, files, re-plans."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from geo.errors import SchemaError
from geo.model import StockLine
from routing.check import check
from routing.check_kept import check_kept
from routing.problem import Demand
from routing.problem_document import from_json, to_json
from routing.replan import replan
from routing.solve import solve
from tests.routing.instances import SIX_OCLOCK, problem_on_a_line, vehicle

AT = {"objective": "arrival"}, {"objective": "cost"}


def slow(factor=0.5, **changes):
    """Ten tents to place:b, 20 km away, with one pickup of that speed."""
    need = Demand(place_id="place:b", item_id="tent", quantity=10, commune="south")
    return problem_on_a_line(needs=(need,), vehicles=(vehicle(speed_factor=factor, **changes),))


@pytest.mark.parametrize("asked", AT)
def test_half_the_speed_is_twice_the_time_on_the_road_and_no_more_at_the_stop(asked):
    problem = slow()
    plan = solve(problem, iterations=50, **asked)
    (convoy,) = plan.convoys
    (stop,) = convoy.stops
    # 20 km at 60 km/h are 20 min; 600 s at the stop and 1 s for each of 500 kg.
    assert stop.arrives_at == SIX_OCLOCK + timedelta(minutes=40)
    assert stop.leaves_at - stop.at_road_at == timedelta(seconds=1100)
    assert convoy.returns_at - stop.leaves_at == timedelta(minutes=40)
    assert convoy.length_m == 40_000
    assert check(problem, plan) == []
    said = check(slow(0.4), plan)
    assert any("reaches the road after 2400 s, that takes 3000 s" in one for one in said)


@pytest.mark.parametrize("asked", AT)
def test_the_faster_of_two_alike_brings_what_one_can_bring(asked):
    fleet = (vehicle("vehicle:a", speed_factor=0.5), vehicle("vehicle:b"))
    problem = replace(slow(), vehicles=fleet)
    plan = solve(problem, iterations=50, **asked)
    assert [convoy.vehicle_id for convoy in plan.convoys] == ["vehicle:b"]
    assert check(problem, plan) == []


def test_a_day_that_is_too_short_for_the_slow_one_is_the_reason():
    # There and back: 80 min at half the speed, and 10 min at the stop.
    plan = solve(slow(shift_s=85 * 60), iterations=50)
    assert [one.code for one in plan.unserved] == ["shift_too_short"]
    assert solve(slow(1.0, shift_s=85 * 60), iterations=50).unserved == ()


def test_a_convoy_on_the_road_goes_on_at_its_own_speed():
    problem = replace(slow(), stock=(StockLine(depot_id="depot:a", item_id="tent", quantity=10),))
    old = solve(problem, iterations=50)
    at = SIX_OCLOCK + timedelta(minutes=10)
    made = replan(old, problem, problem, at=at, iterations=50)
    (kept,) = made.plan.convoys
    assert kept.kept == "on_the_road"
    assert kept.stops == old.convoys[0].stops
    assert check(made.whole, made.plan) == []
    assert check_kept(old, problem, made.plan, at=at) == []


def test_files_hold_it_and_older_ones_mean_the_speed_of_the_class():
    problem = slow(0.7)
    assert from_json(to_json(problem)).vehicles == problem.vehicles
    older = json.loads(to_json(problem))
    for name in ("speed_factor", "crew", "together"):
        del older["vehicles"][0][name]
    (read,) = from_json(json.dumps(older)).vehicles
    assert (read.speed_factor, read.crew, read.together) == (1.0, 2, "")


@pytest.mark.parametrize("factor", [0.0, -1.0, float("nan"), float("inf"), 5.0])
def test_no_vehicle_stands_still_or_flies(factor):
    with pytest.raises(SchemaError, match=r"speed_factor .* 0\.1 to 3 times") as caught:
        slow(factor)
    assert [one.column for one in caught.value.problems] == ["speed_factor"]


@pytest.mark.parametrize("asked", AT)
def test_four_people_hand_out_in_half_the_time(asked):
    problem = slow(1.0, crew=4)
    plan = solve(problem, iterations=50, **asked)
    (stop,) = plan.convoys[0].stops
    # 600 s at the stop, and half a second for each of 500 kg.
    assert stop.leaves_at - stop.at_road_at == timedelta(seconds=850)
    assert check(problem, plan) == []
    said = check(slow(1.0, crew=1), plan)
    assert any("leaves after 850 s, that takes 1600 s" in one for one in said)


@pytest.mark.parametrize("asked", AT)
def test_more_hands_bring_what_a_shift_would_not_allow(asked):
    # There and back 40 min, the stop 10 min: 5 min are left, for two people 300 kg or 6 tents.
    few, many = (slow(1.0, crew=crew, shift_s=55 * 60) for crew in (2, 8))
    plans = [solve(problem, iterations=50, **asked) for problem in (few, many)]
    assert [sum(row.quantity for row in plan.unserved) for plan in plans] == [4, 0]
    assert check(few, plans[0]) == check(many, plans[1]) == []


def test_a_crew_of_nobody_is_refused_in_one_line():
    with pytest.raises(SchemaError, match=r"crew .* 1 to 100 people") as caught:
        slow(1.0, crew=0)
    assert [one.column for one in caught.value.problems] == ["crew"]
