import itertools
import math
import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from geo.model import StockLine
from routing.balance import full_balance
from routing.check import check
from routing.fleet import fleet_of
from routing.problem import ClassMatrix, Demand
from routing.score import score
from routing.search import cost_of, search
from routing.search_arrays import (
    BEST,
    EARLIEST,
    LATEST,
    N_ABSENT,
    N_LOG,
    N_TOUCHED,
    POINT,
    RELOAD,
    empty_solution,
)
from routing.search_kernels import put, settle_all, take_out, touch, try_day, undo
from routing.search_kernels import settle as settle_day
from routing.search_problem import days_from, translate
from routing.search_walk import begin, walk
from routing.solve import solve
from tests.routing.instances import matrix_on_a_line, problem_on_a_line, vehicle, wild_problems

# What a problem lists, besides its points.
LISTS = ("items", "stock", "vehicles", "needs", "relays")


def tents(quantity, place="place:a", **more):
    return Demand(place_id=place, item_id="tent", quantity=quantity, **more)


def translated(problem, *, fairness=0.5):
    fleet = fleet_of(problem)
    lacking, stock = full_balance(fleet)
    return translate(fleet, lacking=lacking, stock=stock, fairness=fairness)


def instances(problems):
    """What the search sees of problems in which it has something to do."""
    return problems.filter(
        lambda one: one.vehicles and one.needs and bool(translated(one).pieces)
    ).map(lambda one: translated(one).instance)


def with_windows(instance, seed):
    """Every second place gets a window somewhere in the day."""
    rng = np.random.default_rng(seed)
    job, point = instance.job.copy(), instance.job_at[:, POINT]
    n_points = int(point.max()) + 1
    opens = rng.integers(0, 4 * 3600, n_points)[point]
    closes = opens + rng.integers(600, 4 * 3600, n_points)[point]
    chosen = (rng.random(n_points) < 0.5)[point]
    job[chosen, EARLIEST], job[chosen, LATEST] = opens[chosen], closes[chosen]
    return instance._replace(job=job, windows=True)


def walked(instance, seed, turns=30):
    """A solution in the middle of a search."""
    solution = empty_solution(instance, seed)
    begin(instance, solution)
    walk(instance, solution, 1, 1, 0.0, 0.0, 0.0, True, True)
    settle_all(instance, solution)
    walk(instance, solution, 2, turns, 1.0, 1.0, 4.0, True, False)
    assert settle_all(instance, solution)
    return solution


def whole_cost(solution):
    return float(solution.cost.sum())


def jobs_of(solution):
    return [job for day in days(solution) for job in day if job != RELOAD]


def days(solution):
    return [solution.day[v, :n].tolist() for v, n in enumerate(solution.length)]


# --- the compiled parts -----------------------------------------------------------------------


@settings(max_examples=100)
@given(instances(wild_problems()), st.integers(0, 999), st.booleans())
def test_the_cost_of_a_job_in_a_day_is_what_working_everything_out_anew_gives(d, seed, windows):
    if windows:
        d = with_windows(d, seed)
    s = walked(d, seed)
    assume(jobs_of(s))
    job = jobs_of(s)[seed % len(jobs_of(s))]
    v, at = int(s.carrier[job]), int(s.at[job])
    s.counts[N_LOG] = s.counts[N_TOUCHED] = 0
    take_out(d, s, v, at, at, 1, 0)
    settle_day(d, s, v)
    for other in range(d.n_vehicles):
        before = whole_cost(s)
        told, where, how = try_day(d, s, other, job, math.inf, False)
        if where < 0:
            continue
        put(d, s, job, other, where, how)
        assert settle_day(d, s, other)
        assert whole_cost(s) - before == pytest.approx(told, rel=1e-9, abs=1e-6)
        take_out(d, s, other, int(s.at[job]), int(s.at[job]), 1, 0)
        settle_day(d, s, other)


@settings(max_examples=40)
@given(instances(wild_problems()), st.integers(0, 999))
def test_no_way_into_a_day_is_cheaper_than_the_one_that_is_told(d, seed):
    s = walked(d, seed)
    for job in range(d.n_jobs):
        if s.carrier[job] >= 0 or d.windows:
            continue
        for v in range(d.n_vehicles):
            told, at, _ = try_day(d, s, v, job, math.inf, False)
            tried = [cost for cost in every_way_in(d, s, v, job) if math.isfinite(cost)]
            assert (at >= 0) == bool(tried)
            if tried:
                assert told == pytest.approx(min(tried), rel=1e-9, abs=1e-6)


def every_way_in(d, s, v, job):
    """Cost of the whole with `job` at each position and as each new trip, by writing it there."""
    day = days(s)[v]
    point = d.job_at[:, 0]
    # A halt is not parted: what is for one place stays together.
    ways = [
        [*day[:i], job, *day[i:]]
        for i in range(len(day) + 1)
        if not 0 < i < len(day)
        or RELOAD in day[i - 1 : i + 1]
        or point[day[i - 1]] != point[day[i]]
        or point[job] == point[day[i]]
    ]
    ways += [
        [*day[:i], job, RELOAD, *day[i:]] if i < len(day) else [*day, RELOAD, job]
        for i in range(len(day) + 1)
        if day and (i in (0, len(day)) or day[i - 1] == RELOAD)
    ]
    others = [list(one) for one in days(s)]
    before = whole_cost(s)
    for way in ways:
        others[v] = way
        fresh = empty_solution(d, 0)
        for row, one in enumerate(others):
            fresh.day[row, : len(one)] = one
            fresh.length[row] = len(one)
        yield whole_cost(fresh) - before if settle_all(d, fresh) else math.inf


@settings(max_examples=40)
@given(instances(wild_problems()), st.integers(0, 999), st.booleans())
def test_what_is_undone_was_never_done(d, seed, windows):
    if windows:
        d = with_windows(d, seed)
    s = walked(d, seed)
    assume(jobs_of(s))
    was = days(s), s.stock.tolist(), sorted(s.absent[: s.counts[N_ABSENT]].tolist())
    cost = whole_cost(s)
    s.counts[N_LOG] = s.counts[N_TOUCHED] = 0
    for job in jobs_of(s)[:3]:
        v = int(s.carrier[job])
        touch(s, v, 10_000)
        take_out(d, s, v, int(s.at[job]), int(s.at[job]), 1, 0)
        settle_day(d, s, v)
        for other in range(d.n_vehicles):
            _, at, how = try_day(d, s, other, job, math.inf, False)
            if at >= 0:
                touch(s, other, 10_000)
                put(d, s, job, other, at, how)
                break
    undo(d, s)
    assert (days(s), s.stock.tolist(), sorted(s.absent[: s.counts[N_ABSENT]].tolist())) == was
    assert whole_cost(s) == pytest.approx(cost)


@settings(max_examples=40)
@given(instances(wild_problems()), st.integers(0, 999), st.booleans())
def test_every_walk_ends_with_days_that_keep_every_rule_and_cost_what_it_says(d, seed, windows):
    if windows:
        d = with_windows(d, seed)
    found = search(d, seed=seed, turns=60)
    assert cost_of(d, found.days) == pytest.approx(found.cost, rel=1e-9)
    carried = [job for day in found.days for job in day if job != RELOAD]
    assert len(carried) == len(set(carried))


def test_a_window_is_waited_for_and_what_comes_too_late_is_left_out():
    """place:a opens after an hour; place:b has closed before anybody can be there."""
    made = translated(problem_on_a_line(), fairness=0.0)
    job = made.instance.job.copy()
    at_a = next(row for row, piece in enumerate(made.pieces) if piece.place == 0)
    at_b = next(row for row, piece in enumerate(made.pieces) if piece.place == 1)
    # The way in holds the halt: 600 s on the road, 600 s of halt.
    job[at_a, EARLIEST] = 3600 + 600
    job[at_b, LATEST] = 1200 + 600 - 1
    d = made.instance._replace(job=job, windows=True)
    found = search(d, seed=1, turns=50)
    assert found.days == ((at_a,),)
    solution = empty_solution(d, 0)
    solution.day[0, 0], solution.length[0] = at_a, 1
    assert begin(d, solution)
    assert solution.end_s[0] == 3600 + 600 + 500 + 600


# --- the search -------------------------------------------------------------------------------


def test_the_same_seed_and_turns_give_the_same_days():
    d = translated(a_valley(30)).instance
    first, again = search(d, seed=3, turns=300), search(d, seed=3, turns=300)
    assert first == again
    assert first.ended_by == "turns"


def test_a_stop_ends_it_with_the_best_so_far():
    d = translated(a_valley(30)).instance
    stop = threading.Event()
    told = []

    def report(share, cost):
        told.append(cost)
        stop.set()

    found = search(d, seed=3, seconds=3600, report=report, stop=stop)
    assert found.ended_by == "stop"
    assert found.cost <= told[0]
    assert cost_of(d, found.days) == pytest.approx(found.cost)


def test_more_turns_from_the_days_found_are_never_worse():
    d = translated(a_valley(30)).instance
    first = search(d, seed=3, turns=50)
    assert search(d, seed=4, turns=1, start=first.days).cost <= first.cost


def test_days_to_begin_with_that_break_a_rule_are_not_followed():
    d = translated(a_valley(10)).instance
    twice = tuple((0,) for _ in range(d.n_vehicles))
    assert cost_of(d, twice) == math.inf
    found = search(d, seed=1, turns=50, start=twice)
    assert cost_of(d, found.days) == pytest.approx(found.cost)


def a_valley(n_places, *, n_vehicles=4, stock=10_000.0):
    """Villages scattered around two depots, one to nine tents each, some three times as urgent."""
    rng = np.random.default_rng(11)
    n = n_places + 2
    xy = rng.uniform(0, 30_000, (n, 2))
    metres = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
    places = tuple(f"place:{i:03d}" for i in range(n_places))
    return problem_on_a_line(
        depots=("depot:a", "depot:b"),
        places=places,
        stock=tuple(
            StockLine(depot_id=depot, item_id="tent", quantity=stock)
            for depot in ("depot:a", "depot:b")
        ),
        needs=tuple(
            tents(float(rng.integers(1, 10)), place, weight=float(rng.choice([1, 3])))
            for place in places
        ),
        vehicles=tuple(
            vehicle(f"vehicle:{i}", depot_id=("depot:a", "depot:b")[i % 2])
            for i in range(n_vehicles)
        ),
        matrices={
            "pickup": ClassMatrix(
                travel_time_s=np.ceil(metres / 10),
                length_m=metres,
                attached=np.ones(n, dtype=bool),
                walk_s=np.zeros(n),
            )
        },
    )


# --- against brute force ----------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 5), st.integers(0, 2**32 - 1), st.integers(1, 2))
def test_few_villages_and_one_or_two_vehicles_get_the_least_deprivation(n_places, seed, n_vehicles):
    problem = few_villages(n_places, seed, n_vehicles)
    plan = solve(problem, iterations=300, fairness=0.0)
    assert check(problem, plan) == []
    assert plan.score.deprivation == pytest.approx(least_deprivation(problem), abs=1e-5)


def few_villages(n_places, seed, n_vehicles):
    rng = np.random.default_rng(seed)
    xy = rng.uniform(0, 20_000, (n_places + 1, 2))
    metres = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
    places = tuple(f"place:{i}" for i in range(n_places))
    return problem_on_a_line(
        places=places,
        needs=tuple(
            tents(float(rng.integers(1, 3)), place, weight=float(rng.integers(1, 5)))
            for place in places
        ),
        vehicles=tuple(vehicle(f"vehicle:{i}", capacity_kg=200.0) for i in range(n_vehicles)),
        matrices={
            "pickup": ClassMatrix(
                travel_time_s=np.ceil(metres / 10),
                length_m=metres,
                attached=np.ones(n_places + 1, dtype=bool),
                walk_s=np.zeros(n_places + 1),
            )
        },
        max_trips=10,
    )


def least_deprivation(problem):
    """Over all shares of the villages between vehicles, orders, and ways to cut into trips."""
    travel = problem.matrices["pickup"].travel_time_s
    kg = [50 * need.quantity for need in problem.needs]
    value = [need.weight * need.quantity for need in problem.needs]
    price = 0.01 * sum(value) / len(problem.vehicles)

    def day(order, cuts):
        now, here, load, cost = 0.0, 0, 0.0, 0.0
        for place, cut in zip(order, cuts, strict=True):
            if cut:
                now, here, load = now + travel[here, 0] + 1200, 0, 0.0
            load += kg[place]
            if load > 200:
                return math.inf
            now += travel[here, place + 1]
            cost += value[place] * now / 3600
            now, here = now + 600 + kg[place], place + 1
        return cost + price * (now + travel[here, 0]) / 3600

    def best_day(places):
        return min(
            (
                day(order, (False, *cuts))
                for order in itertools.permutations(places)
                for cuts in itertools.product([False, True], repeat=len(order) - 1)
            ),
            default=0.0,
        )

    everyone = range(len(kg))
    of = {
        places: best_day(places) if places else 0.0
        for size in range(len(kg) + 1)
        for places in itertools.combinations(everyone, size)
    }
    if len(problem.vehicles) == 1:
        return of[tuple(everyone)]
    return min(cost + of[tuple(sorted(set(everyone) - set(places)))] for places, cost in of.items())


# --- plans ------------------------------------------------------------------------------------


@pytest.mark.parametrize("more", ["vehicle", "stock"])
def test_more_of_anything_is_never_worse_from_the_old_plan(more):
    problem = a_valley(25, n_vehicles=2, stock=40.0)
    old = solve(problem, iterations=200)
    if more == "vehicle":
        wider = replace(problem, vehicles=(*problem.vehicles, vehicle("vehicle:z")))
    else:
        wider = replace(
            problem, stock=tuple(replace(line, quantity=60.0) for line in problem.stock)
        )
    again = solve(wider, iterations=1, start=old)
    assert check(wider, again) == []
    # In the prices of the old problem: an hour of a vehicle costs less where there are more.
    assert again.score.deprivation <= old.score.deprivation + 1e-6
    assert again.score.served_share >= old.score.served_share - 1e-9


@settings(max_examples=12, deadline=None)
@given(wild_problems().filter(lambda one: one.vehicles and one.stock), st.booleans())
def test_one_vehicle_or_more_stock_never_worsens_any_old_plan(problem, by_vehicle):
    old = solve(problem, iterations=30)
    if by_vehicle:
        more = replace(problem.vehicles[0], vehicle_id="vehicle:z")
        wider = replace(problem, vehicles=(*problem.vehicles, more))
    else:
        more = tuple(replace(line, quantity=2 * line.quantity + 1) for line in problem.stock)
        wider = replace(problem, stock=more)
    again = solve(wider, iterations=1, start=old)
    assert check(wider, again) == []
    before = score(wider, old.convoys, fairness=old.fairness).deprivation
    assert again.score.deprivation <= before + 1e-6


@settings(max_examples=20, deadline=None)
@given(wild_problems(timed=True, relayed=True), st.randoms(use_true_random=False))
def test_permuting_the_input_permutes_nothing_in_the_plan(problem, random):
    def mixed(values):
        return tuple(random.sample(values, len(values)))

    depots, places = mixed(problem.depots), mixed(problem.places)
    at = {name: row for row, name in enumerate((*problem.depots, *problem.places))}
    order = [at[name] for name in (*depots, *places)]
    turned = replace(
        problem,
        depots=depots,
        places=places,
        **{name: mixed(getattr(problem, name)) for name in LISTS},
        matrices={name: matrix.permuted(order) for name, matrix in problem.matrices.items()},
    )
    plan = solve(turned, iterations=10)
    assert plan.plan_id == solve(problem, iterations=10).plan_id
    assert check(turned, plan) == []


def test_a_plan_for_arrival_is_never_worse_in_it_than_the_plan_for_cost_it_begins_with():
    problem = a_valley(25, n_vehicles=2, stock=40.0)
    by_cost = solve(problem, objective="cost", iterations=100)
    assert solve(problem).score.deprivation <= by_cost.score.deprivation


def test_nobody_is_delayed_for_leftovers_by_more_than_they_are_worth():
    """place:a lies on the way, but what it needs is worth next to nothing: place:b comes first."""
    needs = (tents(1, "place:a", weight=1e-3), tents(10, "place:b", weight=100.0))
    plan = solve(problem_on_a_line(needs=needs), iterations=50, fairness=0.0)
    assert plan.unserved == ()
    stops = [stop for convoy in plan.convoys for stop in convoy.stops]
    assert [stop.place_id for stop in stops] == ["place:b", "place:a"]
    assert (stops[0].arrives_at - plan.departs_at).total_seconds() == 1200


def test_a_plan_for_roads_that_are_gone_is_a_start_nonetheless():
    problem = problem_on_a_line()
    old = solve(problem, iterations=20)
    cut = replace(problem, matrices={"pickup": matrix_on_a_line([0, 10, 20], apart=[2])})
    again = solve(cut, iterations=20, start=old)
    assert check(cut, again) == []
    assert {stop.place_id for convoy in again.convoys for stop in convoy.stops} == {"place:a"}


def test_jobs_go_where_the_stock_is_and_are_one_halt_where_they_meet():
    """Ten tents and ten crates for one village, one pickup: one halt, both arrive together."""
    problem = problem_on_a_line(
        needs=(tents(10), Demand(place_id="place:a", item_id="water_l", quantity=100.0)),
        stock=(
            StockLine(depot_id="depot:a", item_id="tent", quantity=10),
            StockLine(depot_id="depot:a", item_id="water_l", quantity=100),
        ),
    )
    fleet = fleet_of(problem)
    made = translated(problem)
    found = search(made.instance, seed=1, turns=100)
    (trips,) = days_from(fleet, made, found.days).values()
    (trip,) = trips
    (halt,) = trip.halts
    assert halt.kg == 600
    solution = empty_solution(made.instance, 0)
    for v, day in enumerate(found.days):
        solution.day[v, : len(day)], solution.length[v] = day, len(day)
    begin(made.instance, solution)
    assert solution.sums[BEST] == pytest.approx(found.cost)
