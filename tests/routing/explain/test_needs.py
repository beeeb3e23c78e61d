"""Why a need stays unserved and what would help: every claim is tried on a problem changed so."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from scipy.sparse.csgraph import shortest_path

from geo.model import StockLine
from routing.explain import OpenRoads, explain_needs
from routing.explain.words import Speech, row_of
from routing.fleet import fleet_of
from routing.hours import Daylight, Window
from routing.problem import Demand, Problem
from routing.solve import plan_of_days
from routing.timetable import days_of
from tests.routing.instances import (
    TENT,
    WATER,
    matrix_on_a_line,
    problem_on_a_line,
    vehicle,
    wild_problems,
)
from tests.routing.test_relay_legs import behind_a_roadhead, leg, mule

# Twenty minutes out and back, and at either place 10 min and a second for every kilogram.
BOTH_S = 2 * 1200 + 2 * (600 + 500)


def greedy(problem, days=None):
    """A plan by hand: whatever goes is taken, the most valuable places first."""
    return plan_of_days(fleet_of(problem), days or {})


def why_of(problem, **options):
    plan = greedy(problem)
    return plan, explain_needs(problem, plan, **options)


def gains(why):
    return {gain.kind: gain for gain in why.gains}


def tents(quantity):
    return (StockLine(depot_id="depot:a", item_id="tent", quantity=quantity),)


def left(problem):
    return {(row.place_id, row.item_id): row.quantity for row in greedy(problem).unserved}


def test_stock_that_ends_names_the_depot_and_how_much_would_do():
    problem = problem_on_a_line(stock=tents(14))
    plan, (why,) = why_of(problem)
    assert [row.quantity for row in plan.unserved] == [6]
    assert dict(why.limits.stopped) == {"stock": 1}
    assert (why.limits.held, why.limits.given) == (14, 14)
    stock = gains(why)["stock"]
    assert (stock.depot_id, stock.amount, stock.quantity) == ("depot:a", 6, 6)
    assert left(replace(problem, stock=tents(20))) == {}
    assert left(replace(problem, stock=tents(19))) != {}


def test_a_shift_that_ends_says_by_how_much_to_the_second():
    short = vehicle(shift_s=BOTH_S - 600)
    problem = problem_on_a_line(vehicles=(short,))
    plan, (why,) = why_of(problem)
    assert [(row.place_id, row.quantity) for row in plan.unserved] == [("place:b", 10)]
    hours = gains(why)["hours"]
    assert (hours.vehicle_id, hours.amount, hours.quantity) == ("vehicle:a", 600, 10)
    assert hours.ended_by == ("shift",)
    # 500 s of it hand out the tents: for one tent 450 s less would do.
    assert dict(why.limits.stopped) == {"time": 1}
    assert why.limits.lacks_s == 600 - 450
    assert left(problem_on_a_line(vehicles=(vehicle(shift_s=BOTH_S),))) == {}
    assert left(problem_on_a_line(vehicles=(vehicle(shift_s=BOTH_S - 1),))) != {}


def test_what_ends_shortly_after_the_shift_is_named_too():
    light = Daylight(begins_s=0, ends_s=BOTH_S - 300, classes=("pickup",))
    problem = problem_on_a_line(vehicles=(vehicle(shift_s=BOTH_S - 600),), daylight=light)
    _, (why,) = why_of(problem)
    assert gains(why)["hours"].ended_by == ("shift", "dark")


def test_a_closed_road_is_tried_open_and_says_what_it_would_bring():
    apart = {"pickup": matrix_on_a_line([0, 10, 20])}
    time = apart["pickup"].travel_time_s.copy()
    time[2, :2] = time[:2, 2] = np.inf
    closed = {"pickup": replace(apart["pickup"], travel_time_s=time)}
    opened = OpenRoads(
        matrices=apart,
        closures={"place:b": ("closure:1",)},
        said={"place:b": "R203 closed (rockfall) 12 km before"},
    )
    _, (why,) = why_of(problem_on_a_line(matrices=closed), open_roads=opened)
    road = gains(why)["road"]
    assert (road.quantity, road.closures, road.also) == (10, ("closure:1",), ())
    assert dict(why.limits.stopped) == {"road": 1}
    words = row_of(why, TENT, Speech())
    assert "R203 closed (rockfall) 12 km before" in words["limits"]["text"]
    assert words["helps"][0]["text"].startswith("open the road (R203 closed")
    # Full on its one trip the vehicle brings nothing over the open road: one more is said too.
    full = problem_on_a_line(matrices=closed, vehicles=(vehicle(capacity_kg=500.0),), max_trips=1)
    _, (why,) = why_of(full, open_roads=opened)
    road = gains(why)["road"]
    assert (road.also, road.quantity, road.depot_id) == (("vehicle",), 10, "depot:a")


def test_one_vehicle_more_where_all_are_busy():
    problem = problem_on_a_line(vehicles=(vehicle(capacity_kg=500.0),), max_trips=1)
    plan, (why,) = why_of(problem)
    assert len(plan.unserved) == 1
    more = gains(why)["vehicle"]
    assert (more.quantity, more.vehicle_class, more.depot_id) == (10, "pickup", "depot:a")
    two = (vehicle(capacity_kg=500.0), vehicle("vehicle:b", capacity_kg=500.0))
    assert left(problem_on_a_line(vehicles=two, max_trips=1)) == {}


def test_a_place_that_closes_and_a_load_that_must_stay_whole():
    closes = {"place:b": Window(latest_s=1000.0)}
    _, (why,) = why_of(problem_on_a_line(windows=closes))
    window = gains(why)["window"]
    # Straight there it arrives after 1200 s.
    assert (window.amount, window.quantity) == (200, 10)
    big = Demand(place_id="place:b", item_id="tent", quantity=30, whole=True)
    _, (why,) = why_of(problem_on_a_line(needs=(big,)))
    assert gains(why)["whole"].quantity == 20
    assert dict(why.limits.stopped) == {"size": 1}


def test_a_need_for_which_others_would_wait_too_long_says_what_weight_it_takes():
    needs = (
        Demand(place_id="place:a", item_id="tent", quantity=1, weight=1.0),
        Demand(place_id="place:b", item_id="tent", quantity=10, weight=1e6),
    )
    # One trip; a lies on the way to b and closes before the way back.
    closes = {"place:a": Window(latest_s=700.0)}
    problem = problem_on_a_line(needs=needs, max_trips=1, windows=closes)
    plan, (why,) = why_of(problem)
    assert [row.place_id for row in plan.unserved] == ["place:a"]
    assert dict(why.limits.stopped) == {"worth": 1}
    urgency = gains(why)["urgency"]
    assert urgency.amount > 1.0
    heavier = (replace(needs[0], weight=urgency.amount * 1.01), needs[1])
    assert left(replace(problem, needs=heavier)) == {}
    lighter = (replace(needs[0], weight=urgency.amount * 0.99), needs[1])
    assert left(replace(problem, needs=lighter)) != {}


def test_teams_behind_a_roadhead_are_counted_and_how_many_more_it_takes():
    problem = behind_a_roadhead(
        needs=(Demand(place_id="place:b", item_id="tent", quantity=100),),
        vehicles=(vehicle(capacity_kg=9000.0, capacity_m3=50.0), mule(shift_s=4 * 3600)),
    )
    plan = greedy(problem)
    (row,) = plan.unserved
    (why,) = explain_needs(problem, plan)
    assert why.relay is not None
    assert (why.relay.teams, why.relay.roadhead, why.relay.taker) == (1, "Ijoukak", "mule")
    assert why.relay.loads_needed == -(-round(row.quantity) // 8)
    teams = gains(why)["teams"]
    enough = [mule(f"vehicle:m{n}", shift_s=4 * 3600) for n in range(1, 2 + round(teams.amount))]
    more = replace(problem, vehicles=(problem.vehicles[0], *enough))
    service = fleet_of(more).services[1]
    assert service.loads * 8 >= 100
    assert "Ijoukak" in row_of(why, TENT, Speech())["limits"]["text"]


def test_nobody_to_carry_on_is_said_and_helps_nothing_that_is_not_known():
    problem = behind_a_roadhead(vehicles=(vehicle(),), relays=(leg(),))
    _, (why,) = why_of(problem)
    assert why.relay is not None
    assert why.relay.teams == 0
    assert why.gains == ()


def test_without_vehicles_or_stock_there_are_words_and_no_figures_made_up():
    plan, whys = why_of(problem_on_a_line(vehicles=(), stock=()))
    assert len(whys) == len(plan.unserved) == 2
    for why in whys:
        assert why.gains == ()
        assert "no vehicle" in row_of(why, TENT, Speech())["limits"]["text"]


@pytest.mark.parametrize("timed", [False, True])
@settings(max_examples=25, deadline=None)
@given(problem=wild_problems(timed=True))
def test_what_is_said_to_help_helps(timed: bool, problem: Problem):
    problem = _shortest(problem)
    if not timed:
        problem = replace(problem, windows={}, daylight=None, depot_hours={})
    plan = greedy(problem)
    whys = explain_needs(problem, plan)
    given_out = {(line.depot_id, line.item_id): line.quantity for line in problem.stock}
    for row, why in zip(plan.unserved, whys, strict=True):
        assert sum(why.limits.stopped.values()) == why.limits.vehicles
        for gain in why.gains:
            assert 0 < gain.quantity <= row.quantity + 1e-6
            changed = _changed(problem, plan, row, gain, given_out)
            if changed is None:
                continue
            after = plan_of_days(fleet_of(changed), days_of(fleet_of(changed), plan))
            lacks = {(one.place_id, one.item_id): one.quantity for one in after.unserved}
            assert lacks.get((row.place_id, row.item_id), 0.0) < row.quantity, gain


def _shortest(problem):
    """Ways as on roads: none is longer than the way round."""
    matrices = {}
    for name, matrix in problem.matrices.items():
        time = shortest_path(matrix.travel_time_s)
        length = np.where(np.isfinite(time), 10.0 * np.nan_to_num(time, posinf=0.0), np.inf)
        matrices[name] = replace(matrix, travel_time_s=time, length_m=length)
    return replace(problem, matrices=matrices)


def _changed(problem, plan, row, gain, held):
    """`problem` with the gain's change, and no other need open; None for what is not tried here."""
    brought: dict[tuple[str, str], float] = {}
    for convoy in plan.convoys:
        for stop in convoy.stops:
            for item, quantity in stop.deliver.items():
                key = (stop.place_id, item)
                brought[key] = brought.get(key, 0.0) + quantity
    needs = []
    for need in problem.needs:
        key = (need.place_id, need.item_id)
        if key == (row.place_id, row.item_id):
            needs.append(need)
        elif brought.get(key, 0.0) > 0:
            needs.append(replace(need, quantity=round(brought[key], 6)))
    alone = replace(problem, needs=tuple(needs))
    if gain.kind == "stock":
        key = (gain.depot_id, row.item_id)
        more = {**held, key: round(held.get(key, 0.0) + gain.amount, 6)}
        lines = [StockLine(depot_id=d, item_id=i, quantity=q) for (d, i), q in more.items()]
        return replace(alone, stock=tuple(lines))
    if gain.kind == "hours":
        vehicles = tuple(
            replace(one, shift_s=one.shift_s + int(np.ceil(gain.amount)))
            if one.vehicle_id == gain.vehicle_id
            else one
            for one in problem.vehicles
        )
        changes = {"vehicles": vehicles}
        light = problem.daylight
        if "dark" in gain.ended_by and light is not None:
            changes["daylight"] = replace(light, ends_s=light.ends_s + gain.amount + 1)
        if "depot" in gain.ended_by:
            hours = problem.depot_hours[gain.depot_id]
            later = replace(hours, latest_s=hours.latest_s + gain.amount + 1)
            changes["depot_hours"] = {**problem.depot_hours, gain.depot_id: later}
        return replace(alone, **changes)
    return None


def test_water_is_said_in_litres():
    problem = problem_on_a_line(
        stock=(StockLine(depot_id="depot:a", item_id="water_l", quantity=50.0),),
        needs=(Demand(place_id="place:a", item_id="water_l", quantity=80.0),),
    )
    _, (why,) = why_of(problem)
    assert gains(why)["stock"].amount == pytest.approx(30.0)
    assert "30 l water_l more" in row_of(why, WATER, Speech())["helps"][0]["text"]
