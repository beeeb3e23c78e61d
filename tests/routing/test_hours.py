"""Windows, daylight, depot hours, what must stay whole: in the plan, and as the checker sees it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import SchemaError
from geo.model import StockLine
from routing.check import check
from routing.hours import Daylight, Window, hours_of
from routing.problem import Demand, Problem
from routing.problem_document import digest, from_json, to_json
from routing.solve import solve
from tests.routing.instances import HOUR, WATER, problem_on_a_line, vehicle, wild_problems

BOTH = pytest.mark.parametrize("objective", ["arrival", "cost"])


def plan_of(problem, **options):
    plan = solve(problem, **({"iterations": 100} | options))
    assert check(problem, plan) == []
    return plan


def stops(plan):
    return {stop.place_id: stop for convoy in plan.convoys for stop in convoy.stops}


def codes(plan):
    return {row.place_id: row.code for row in plan.unserved}


@BOTH
def test_who_comes_before_a_place_opens_waits(objective):
    problem = problem_on_a_line(windows={"place:a": Window(earliest_s=2 * HOUR)})
    plan = plan_of(problem, objective=objective)
    assert stops(plan)["place:a"].arrives_at == problem.departs_at + timedelta(hours=2)
    assert codes(plan) == {}


def test_the_place_that_closes_first_is_served_first():
    # From km 0 over 10 to 20 the far place would be reached after 20 + 10 min and 500 s.
    problem = problem_on_a_line(windows={"place:b": Window(latest_s=25 * 60.0)})
    plan = plan_of(problem)
    assert stops(plan)["place:b"].arrives_at == problem.departs_at + timedelta(minutes=20)
    assert codes(plan) == {}


@BOTH
def test_a_window_that_closes_before_anyone_can_be_there_is_the_reason(objective):
    problem = problem_on_a_line(windows={"place:b": Window(latest_s=19 * 60.0)})
    plan = plan_of(problem, objective=objective)
    assert codes(plan) == {"place:b": "window_closes"}
    assert "window closes before any vehicle can be there" in plan.unserved[0].reason


@BOTH
def test_convoys_leave_with_the_light_and_are_home_before_dark(objective):
    light = Daylight(begins_s=HOUR, ends_s=3 * HOUR, classes=("pickup",))
    problem = problem_on_a_line(daylight=light)
    plan = plan_of(problem, objective=objective)
    assert min(c.departs_at for c in plan.convoys) == problem.departs_at + timedelta(hours=1)
    assert max(c.returns_at for c in plan.convoys) <= problem.departs_at + timedelta(hours=3)


@BOTH
def test_too_far_for_the_light_but_not_for_the_shift_arrives_after_dark(objective):
    # 20 min out, 20 back, 10 min halt and 50 s a tent: 51 min are needed.
    light = Daylight(begins_s=0.0, ends_s=45 * 60.0, classes=("pickup",))
    plan = plan_of(problem_on_a_line(daylight=light), objective=objective)
    assert codes(plan)["place:b"] == "arrives_after_dark"
    assert {row.reason for row in plan.unserved if row.place_id == "place:b"} == {
        "arrives after dark: there and back with the halt takes 0 h 51 min, "
        "a pickup has 0 h 45 min of light"
    }


def test_a_class_that_may_drive_in_the_dark_does():
    light = Daylight(begins_s=0.0, ends_s=60.0, classes=("truck",))
    assert codes(plan_of(problem_on_a_line(daylight=light))) == {}


def test_the_shift_begins_when_the_depot_opens():
    problem = problem_on_a_line(depot_hours={"depot:a": Window(earliest_s=HOUR, latest_s=9 * HOUR)})
    hours = hours_of(problem, problem.vehicles[0])
    assert (hours.start_s, hours.end_s, hours.ended_by) == (3600, 9 * 3600, "depot")
    plan = plan_of(problem)
    assert min(c.departs_at for c in plan.convoys) == problem.departs_at + timedelta(hours=1)


@BOTH
def test_what_must_stay_whole_comes_on_one_trip_or_not_at_all(objective):
    needs = (
        Demand(place_id="place:a", item_id="tent", quantity=20, whole=True),
        Demand(place_id="place:b", item_id="tent", quantity=21, whole=True),
    )
    plan = plan_of(problem_on_a_line(needs=needs), objective=objective)
    assert stops(plan)["place:a"].deliver == {"tent": 20}
    assert codes(plan) == {"place:b": "not_to_be_split"}
    assert plan.unserved[0].quantity == 21
    assert "must not be parted, and no vehicle" in plan.unserved[0].reason


@BOTH
def test_what_must_stay_whole_is_left_where_no_depot_has_all_of_it(objective):
    problem = problem_on_a_line(
        needs=(Demand(place_id="place:a", item_id="tent", quantity=10, whole=True),),
        stock=(StockLine(depot_id="depot:a", item_id="tent", quantity=9),),
    )
    plan = plan_of(problem, objective=objective)
    assert codes(plan) == {"place:a": "not_to_be_split"}
    assert "no depot that can send it there holds all of it" in plan.unserved[0].reason


@settings(max_examples=150)
@given(
    wild_problems(timed=True),
    st.sampled_from([0.0, 0.5, 1.0]),
    st.sampled_from(["arrival", "cost"]),
)
def test_whatever_the_hours_the_plan_holds(problem, fairness, objective):
    plan_of(problem, iterations=20, fairness=fairness, objective=objective)


@settings(max_examples=40)
@given(wild_problems(timed=True))
def test_a_plan_with_hours_is_never_worse_after_a_warm_start_with_more(problem):
    before = plan_of(problem, iterations=20)
    more = replace(
        problem,
        stock=tuple(replace(line, quantity=line.quantity + 10) for line in problem.stock),
        # One more of the kind that is there: it comes after the others in every list.
        vehicles=(
            *problem.vehicles,
            *(replace(one, vehicle_id="vehicle:zz") for one in problem.vehicles[:1]),
        ),
    )
    after = plan_of(more, iterations=20, start=before)
    assert after.score.deprivation <= before.score.deprivation * (1 + 1e-9) + 1e-6


@settings(max_examples=40)
@given(wild_problems(timed=True), st.randoms(use_true_random=False))
def test_the_order_of_the_input_changes_nothing(problem, random):
    vehicles, needs = list(problem.vehicles), list(problem.needs)
    random.shuffle(vehicles)
    random.shuffle(needs)
    turned = replace(
        problem,
        vehicles=tuple(vehicles),
        needs=tuple(needs),
        windows=dict(reversed(problem.windows.items())),
    )
    assert digest(turned) == digest(problem)
    assert solve(turned, iterations=20) == solve(problem, iterations=20)


@settings(max_examples=40)
@given(wild_problems(timed=True))
def test_a_problem_with_hours_is_the_same_after_writing_and_reading(problem):
    assert digest(from_json(to_json(problem))) == digest(problem)


def test_a_problem_written_before_there_were_hours_is_read():
    import json

    document = json.loads(to_json(problem_on_a_line()))
    for name in ("windows", "depot_hours", "daylight"):
        del document[name]
    for need in document["needs"]:
        del need["whole"]
    assert digest(from_json(json.dumps(document))) == digest(problem_on_a_line())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"windows": {"place:z": Window()}}, "a known place is needed"),
        ({"windows": {"place:a": Window(earliest_s=-1.0)}}, "0 s or more"),
        ({"windows": {"place:a": Window(latest_s=float("nan"))}}, "0 s or more, or inf"),
        (
            {"windows": {"place:a": Window(earliest_s=60.0, latest_s=30.0)}},
            "not before it opens, at 60 s",
        ),
        ({"depot_hours": {"place:a": Window()}}, "a known depot is needed"),
        ({"daylight": Daylight(begins_s=9.0, ends_s=3.0)}, "not before it gets light"),
        ({"daylight": Daylight(begins_s=float("nan"), ends_s=3.0)}, "two times in seconds"),
        (
            {"daylight": Daylight(begins_s=0.0, ends_s=3.0, classes=("camel",))},
            "one of truck, light_truck",
        ),
    ],
)
def test_hours_that_cannot_be_are_refused(changes, words):
    with pytest.raises(SchemaError) as error:
        problem_on_a_line(**changes)
    assert words in error.value.problems[0].expected


def told(problem: Problem, spoil) -> str:
    """What the checker says once `spoil` has changed the problem under a good plan."""
    return " | ".join(check(spoil(problem), solve(problem, iterations=50)))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"windows": {"place:a": Window(latest_s=300.0)}}, "after the place has closed"),
        ({"windows": {"place:a": Window(earliest_s=5 * HOUR)}}, "before the place opens"),
        ({"depot_hours": {"depot:a": Window(latest_s=300.0)}}, "after depot:a has closed"),
        ({"depot_hours": {"depot:a": Window(earliest_s=300.0)}}, "departs before its depot opens"),
        (
            {"daylight": Daylight(begins_s=0.0, ends_s=300.0, classes=("pickup",))},
            "drives after dark, which a pickup may not",
        ),
        (
            {"daylight": Daylight(begins_s=300.0, ends_s=9 * HOUR, classes=("pickup",))},
            "before it is light",
        ),
        ({"vehicles": (vehicle(shift_s=600),)}, "after the shift of vehicle:a has ended"),
    ],
)
def test_the_checker_sees_hours_that_are_not_kept(changes, words):
    assert words in told(problem_on_a_line(), lambda problem: replace(problem, **changes))


def test_the_checker_sees_what_was_parted():
    needs = (Demand(place_id="place:a", item_id="tent", quantity=30),)
    said = told(
        problem_on_a_line(needs=needs),
        lambda problem: replace(problem, needs=(replace(problem.needs[0], whole=True),)),
    )
    assert "must not be parted, comes as" in said


# --- bad rows of the issue ----------------------------------------------------------------------


def test_a_window_that_never_opens_in_the_shift_leaves_its_need_with_a_reason():
    plan = plan_of(problem_on_a_line(windows={"place:a": Window(earliest_s=30 * HOUR)}))
    assert codes(plan) == {"place:a": "opens_too_late"}


def test_zero_stock_zero_vehicles_and_a_demand_nobody_can_carry_have_their_reasons():
    none = plan_of(problem_on_a_line(stock=()))
    assert set(codes(none).values()) == {"no_stock"}
    nobody = plan_of(problem_on_a_line(vehicles=()))
    assert set(codes(nobody).values()) == {"no_vehicle_class"}
    heavy = plan_of(problem_on_a_line(vehicles=(vehicle(capacity_kg=20.0),)))
    assert set(codes(heavy).values()) == {"too_large"}


def test_decimals_of_what_is_counted_in_pieces_are_refused_and_of_litres_are_kept():
    with pytest.raises(SchemaError, match="impossible value"):
        problem_on_a_line(needs=(Demand(place_id="place:a", item_id="tent", quantity=1.5),))
    litres = problem_on_a_line(
        needs=(Demand(place_id="place:a", item_id=WATER.item_id, quantity=12.345678, whole=True),),
        stock=(StockLine(depot_id="depot:a", item_id=WATER.item_id, quantity=50.5),),
    )
    assert stops(plan_of(litres))["place:a"].deliver == {WATER.item_id: 12.345678}
