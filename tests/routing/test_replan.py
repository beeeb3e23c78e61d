"""A plan made anew in the middle of the day: what stays, what comes back, what is planned again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.check import check
from routing.check_kept import check_kept
from routing.plan import plan_from_dict, plan_to_dict
from routing.problem import Begun, Demand
from routing.problem_document import from_json, to_json
from routing.replan import Replanned, replan
from routing.rest_of_day import Reported
from routing.solve import solve
from tests.routing.instances import (
    SIX_OCLOCK,
    matrix_on_a_line,
    problem_on_a_line,
    vehicle,
    wild_problems,
)

if TYPE_CHECKING:
    from routing.plan import Plan
    from routing.problem import ClassMatrix, Problem

TURNS = 40
# Plain ones, with hours and needs that stay whole, through roadheads, with companies and drivers.
KINDS = st.one_of(
    wild_problems(),
    wild_problems(timed=True),
    wild_problems(timed=True, relayed=True),
    wild_problems(accompanied=True),
)


def day() -> tuple[Problem, Plan]:
    """Tents to a and b, one trip each: to a 06:00 to 06:58, to b after that."""
    problem = problem_on_a_line(
        vehicles=(vehicle(capacity_kg=500.0),),
        needs=(
            Demand(place_id="place:a", item_id="tent", quantity=10, weight=5.0, commune="north"),
            Demand(place_id="place:b", item_id="tent", quantity=10, commune="south"),
        ),
    )
    return problem, solve(problem, iterations=TURNS)


def closed_beyond(km: float, problem: Problem) -> Problem:
    """The same day with the road closed at `km`."""
    places = np.array([0.0, 10.0, 20.0])
    cut = (places[:, None] < km) != (places[None, :] < km)
    matrix = problem.matrices["pickup"]
    times = np.where(cut, np.inf, matrix.travel_time_s)
    shut: ClassMatrix = replace(
        matrix, travel_time_s=times, length_m=np.where(cut, np.inf, matrix.length_m)
    )
    return replace(problem, matrices={"pickup": shut})


def passed(made: Replanned, before: Plan, now: Problem, minutes: float) -> Plan:
    at = SIX_OCLOCK + timedelta(minutes=minutes)
    assert check(made.whole, made.plan) == []
    assert check_kept(before, now, made.plan, at=at) == []
    assert from_json(to_json(made.rest)).begun == made.rest.begun
    assert plan_from_dict(plan_to_dict(made.plan)) == made.plan
    return made.plan


def again(before: Plan, was: Problem, now: Problem, minutes: float, **options: object) -> Plan:
    at = SIX_OCLOCK + timedelta(minutes=minutes)
    made = replan(before, was, now, at=at, iterations=TURNS, **options)  # type: ignore[arg-type]
    return passed(made, before, now, minutes)


def test_what_left_stays_and_the_rest_leaves_after_it_is_home() -> None:
    problem, before = day()
    after = again(before, problem, problem, 5)
    assert [convoy.kept for convoy in after.convoys] == ["on_the_road", ""]
    assert after.convoys[0].stops == before.convoys[0].stops
    assert after.convoys[1].departs_at == before.convoys[1].departs_at
    assert after.replaces == before.plan_id
    assert after.unserved == ()


def test_a_convoy_whose_road_closes_turns_round_and_its_load_comes_back() -> None:
    problem, before = day()
    after = again(before, problem, closed_beyond(5, problem), 4)
    assert after.convoys == ()
    (back,) = after.returned
    assert (dict(back.load), back.stays) == ({"tent": 10.0}, False)
    assert back.until == SIX_OCLOCK + timedelta(minutes=8)  # 4 min out, 4 min back
    assert "place:a is closed" in back.reason
    assert {row.code for row in after.unserved} == {"no_road"}
    assert sum(row.quantity for row in after.unserved) == 20


def test_a_convoy_behind_the_closure_stays_there_and_what_it_did_counts() -> None:
    problem, before = day()
    after = again(before, problem, closed_beyond(5, problem), 15)
    (kept,) = after.convoys
    assert [stop.place_id for stop in kept.stops] == ["place:a"]
    (back,) = after.returned
    assert back.stays
    assert dict(back.load) == {}
    assert [row.place_id for row in after.unserved] == ["place:b"]


def test_a_breakdown_gives_the_load_to_another_vehicle() -> None:
    problem, _ = day()
    both = replace(
        problem, vehicles=(vehicle(capacity_kg=500.0), vehicle("vehicle:b", capacity_kg=500.0))
    )
    before = solve(both, iterations=TURNS)
    broken = before.convoys[0]
    left = tuple(one for one in both.vehicles if one.vehicle_id != broken.vehicle_id)
    after = again(before, both, replace(both, vehicles=left), 2)
    (back,) = after.returned
    assert back.vehicle_id == broken.vehicle_id
    assert "no longer available" in back.reason
    assert after.unserved == ()  # 100 tents are in stock, 20 left, 10 leave again
    places = {stop.place_id for convoy in after.convoys for stop in convoy.stops}
    assert places == {"place:a", "place:b"}


def test_stock_on_the_road_is_not_in_the_depot() -> None:
    problem, before = day()
    scarce = replace(problem, stock=tuple(replace(s, quantity=20) for s in problem.stock))
    more = replace(
        scarce,
        needs=(replace(scarce.needs[0], quantity=25), scarce.needs[1]),
    )
    after = again(before, scarce, more, 5)
    sent = sum(stop.deliver["tent"] for c in after.convoys for stop in c.stops)
    assert sent == 20
    assert {row.code for row in after.unserved} == {"stock_ends"}


def test_a_delivery_that_was_reported_is_not_counted_twice() -> None:
    problem, before = day()
    told = replace(
        problem,
        needs=(problem.needs[1],),
        stock=tuple(replace(s, quantity=90) for s in problem.stock),
    )
    reported = Reported(
        left_depot={("depot:a", "tent"): 10.0}, reached_place={("place:a", "tent"): 10.0}
    )
    after = again(before, problem, told, 30, reported=reported)
    assert sum(stop.deliver["tent"] for c in after.convoys for stop in c.stops) == 20


def test_a_locked_convoy_stays_and_an_unlocked_one_makes_way_for_the_more_urgent() -> None:
    problem, before = day()
    urgent = replace(
        problem,
        needs=(problem.needs[0], replace(problem.needs[1], weight=0.01)),
        places=("place:a", "place:b"),
    )
    urgent = replace(
        urgent, needs=(replace(urgent.needs[0], quantity=20, weight=50.0), urgent.needs[1])
    )
    second = before.convoys[1]
    free = again(before, problem, urgent, 5)
    assert free.convoys[1].stops[0].place_id == "place:a"
    held = again(before, problem, urgent, 5, locked={second.convoy_id})
    assert held.convoys[1].convoy_id == second.convoy_id
    assert held.convoys[1].kept == "locked"
    assert held.convoys[1].locked
    assert held.convoys[1].stops == second.stops


def test_a_replan_of_a_replan_keeps_what_left_in_either() -> None:
    problem, before = day()
    first = replan(before, problem, problem, at=SIX_OCLOCK + timedelta(minutes=5), iterations=TURNS)
    late = SIX_OCLOCK + timedelta(minutes=80)
    second = replan(first.plan, first.whole, problem, at=late, iterations=TURNS)
    assert check(second.whole, second.plan) == []
    assert check_kept(first.plan, problem, second.plan, at=late) == []
    assert [convoy.kept for convoy in second.plan.convoys] == ["done", "on_the_road"]


def test_after_the_shift_nothing_is_planned_and_the_reason_says_so() -> None:
    problem, before = day()
    more = replace(problem, needs=(problem.needs[0], replace(problem.needs[1], quantity=30)))
    after = again(before, problem, more, 11 * 60)
    assert all(convoy.kept == "done" for convoy in after.convoys)
    (row,) = after.unserved
    assert row.code == "shift_too_short"
    assert "has left" in row.reason


def test_the_checker_sees_a_kept_convoy_that_was_changed() -> None:
    problem, before = day()
    at = SIX_OCLOCK + timedelta(minutes=5)
    plan = replan(before, problem, problem, at=at, iterations=TURNS).plan
    first = plan.convoys[0]
    lost = replace(plan, convoys=plan.convoys[1:])
    assert any("has lost it" in line for line in check_kept(before, problem, lost, at=at))
    early = replace(first.stops[0], at_road_at=first.departs_at + timedelta(minutes=1))
    fast = replace(plan, convoys=(replace(first, stops=(early,)), *plan.convoys[1:]))
    lines = check_kept(before, problem, fast, at=SIX_OCLOCK + timedelta(seconds=30))
    assert any("that takes 600 s" in line for line in lines)
    less = replace(first, stops=(replace(first.stops[0], deliver={"tent": 3.0}),))
    lines = check_kept(before, problem, replace(plan, convoys=(less,)), at=at)
    assert any("accounted for" in line for line in lines)


def test_a_vehicle_that_is_still_out_leaves_later() -> None:
    problem = problem_on_a_line(begun={"vehicle:a": Begun(ready_s=3600, trips=3)})
    plan = solve(problem, iterations=TURNS)
    assert check(problem, plan) == []
    assert len(plan.convoys) == 1  # three of its four trips are driven
    assert plan.convoys[0].departs_at == SIX_OCLOCK + timedelta(hours=1)
    early = replace(plan, convoys=(replace(plan.convoys[0], departs_at=SIX_OCLOCK),))
    assert any("departs before vehicle:a is there" in line for line in check(problem, early))


@pytest.mark.parametrize("objective", ["arrival", "cost"])
@settings(max_examples=30, deadline=None)
@given(problem=KINDS, minutes=st.integers(0, 700), cut=st.floats(0, 0.5), data=st.data())
def test_any_replan_passes_both_checks(
    objective: str, problem: Problem, minutes: int, cut: float, data: st.DataObject
) -> None:
    before = solve(problem, iterations=10, objective=objective)  # type: ignore[arg-type]
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    matrices = {}
    for name, matrix in problem.matrices.items():
        shut = rng.random(matrix.travel_time_s.shape) < cut
        slower = rng.choice([1.0, 1.0, 1.5], matrix.travel_time_s.shape)
        matrices[name] = replace(
            matrix,
            travel_time_s=np.where(shut, np.inf, matrix.travel_time_s * slower),
            length_m=np.where(shut, np.inf, matrix.length_m),
        )
    vehicles = tuple(one for one in problem.vehicles if rng.random() > cut)
    now = replace(problem, matrices=matrices, vehicles=vehicles)
    locked = {one.convoy_id for one in before.convoys if rng.random() < 0.3}
    at = SIX_OCLOCK + timedelta(minutes=minutes)
    made = replan(before, problem, now, at=at, locked=locked, iterations=10)
    assert check(made.whole, made.plan) == []
    assert check_kept(before, now, made.plan, at=at) == []


def test_the_line_is_what_these_tests_take_it_for() -> None:
    assert matrix_on_a_line([0, 10]).travel_time_s[0, 1] == 600
