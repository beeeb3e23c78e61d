"""Peers of the search for early arrival, each with the best mapping of the problem that it allows.

All get the loads of the same linear programme (allocated to depots, cut for vehicles), and what
they find is finished like our own plans: leftovers taken along, trips of a day by worth per hour,
then scored by one definition. A peer that is not installed raises `ImportError`.

- PyVRP: our objective "cost": prizes for loads, several trips, depot by depot.
- OR-Tools: every vehicle is `TRIPS` vehicles one after the other; a soft upper bound of 0 on the
  arrival at every load, with its worth as the price, is weighted arrival itself; a disjunction is
  the penalty for what stays out. Cheapest parallel insertion, then guided local search.
- VROOM: knows no arrival and no second trip: least travel with priorities by worth, the day cut
  into one, two or three equal parts that a vehicle may each begin at its depot; the best of the
  three is taken.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from routing.cost_search import CostSearch
from routing.fleet import MICRO, Fleet, fleet_of
from routing.schedule import Days, Trip, make_trip, used_s
from routing.score import terms_of
from routing.solve import plan_of_days, solve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from routing.loads import Load
    from routing.plan import Plan
    from routing.problem import Problem
    from routing.profile import Profile

# Trips of a day that OR-Tools is given.
TRIPS = 3


@dataclass(frozen=True, slots=True)
class Task:
    """A load with its worth (weight × quantity)."""

    load: Load
    worth: float


def tasks_of(fleet: Fleet, fairness: float) -> list[Task]:
    """Loads of the linear programme."""
    costs = CostSearch(fleet, 1, None, None, fairness, lambda _share, _text: None)
    problem = fleet.problem
    places = {place: row for row, place in enumerate(problem.places)}
    items = {item.item_id: row for row, item in enumerate(problem.items)}
    weight = {(places[n.place_id], items[n.item_id]): n.weight for n in problem.needs}
    return [
        Task(
            load, sum(weight[load.place, i] * amount / MICRO for i, amount in load.amounts.items())
        )
        for loads in costs.fresh_loads()
        for load in loads
    ]


def by_pyvrp(problem: Problem, seconds: float, fairness: float) -> Plan:
    """PyVRP through our objective "cost", with the steps that fill the time."""
    begun = time.perf_counter()
    plan = solve(problem, objective="cost", fairness=fairness)
    took = time.perf_counter() - begun
    more = int(plan.iterations / max(len(problem.depots), 1) * (seconds - took) / max(took, 0.01))
    if seconds <= 2 * took:
        return plan
    again = solve(
        problem, objective="cost", fairness=fairness, iterations=more, seconds=seconds - took
    )
    return min((plan, again), key=lambda one: one.score.deprivation)


def by_ortools(problem: Problem, seconds: float, fairness: float) -> Plan:
    """OR-Tools' routing library with guided local search."""
    from ortools.constraint_solver import pywrapcp, routing_enums_pb2

    fleet = fleet_of(problem)
    tasks = tasks_of(fleet, fairness)
    groups = [(group, v) for group in fleet.groups for v in group.vehicles]
    vehicles = [(group, v, trip) for group, v in groups for trip in range(TRIPS)]
    n, n_depots = len(tasks), fleet.n_depots
    depot_of = [n + group.depot for group, _, _ in vehicles]
    manager = pywrapcp.RoutingIndexManager(n + n_depots, len(vehicles), depot_of, depot_of)
    model = pywrapcp.RoutingModel(manager)
    horizon = max(group.shift_s for group in fleet.groups)
    transit = {}
    for name in {group.profile for group in fleet.groups}:
        leaving = _leaving(fleet, tasks, name)
        transit[name] = model.RegisterTransitMatrix(leaving.tolist())
    times = [transit[group.profile] for group, _, _ in vehicles]
    model.AddDimensionWithVehicleTransits(times, 0, horizon, False, "time")
    clock = model.GetDimensionOrDie("time")
    kg = model.RegisterUnaryTransitVector(
        [*(int(np.ceil(task.load.kg * 10)) for task in tasks), *([0] * n_depots)]
    )
    m3 = model.RegisterUnaryTransitVector(
        [*(int(np.ceil(task.load.m3 * 100)) for task in tasks), *([0] * n_depots)]
    )
    for call, name in ((kg, "kg"), (m3, "m3")):
        size = [
            int(g.capacity_kg * 10 if name == "kg" else g.capacity_m3 * 100) for g, _, _ in vehicles
        ]
        model.AddDimensionWithVehicleCapacity(call, 0, size, True, name)
    terms = terms_of(problem, 0.0)
    scale = 1000.0 / max(task.worth for task in tasks)
    for row, task in enumerate(tasks):
        price = max(round(task.worth * scale), 1)
        index = manager.NodeToIndex(row)
        clock.SetCumulVarSoftUpperBound(index, 0, price)
        model.AddDisjunction([index], int(price * terms.unserved_h * 3600))
        able = [
            k
            for k, (group, _, _) in enumerate(vehicles)
            if fleet.groups.index(group) in _able(fleet, task)
        ]
        # -1 = on no vehicle.
        model.VehicleVar(index).SetValues([-1, *able])
    for k, (group, _, trip) in enumerate(vehicles):
        model.solver()
        clock.CumulVar(model.End(k)).SetMax(group.shift_s)
        if trip > 0:
            model.solver().Add(
                clock.CumulVar(model.Start(k)) >= clock.CumulVar(model.End(k - 1)) + fleet.reload_s
            )
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    parameters.first_solution_strategy = (
        routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    )
    parameters.local_search_metaheuristic = (
        routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    )
    parameters.time_limit.FromMilliseconds(int(seconds * 1000))
    found = model.SolveWithParameters(parameters)
    routes: dict[int, list[list[Task]]] = {}
    if found is not None:
        for k, (_, v, _) in enumerate(vehicles):
            index, trip_tasks = found.Value(model.NextVar(model.Start(k))), []
            while not model.IsEnd(index):
                trip_tasks.append(tasks[manager.IndexToNode(index)])
                index = found.Value(model.NextVar(index))
            if trip_tasks:
                routes.setdefault(v, []).append(trip_tasks)
    return plan_of_days(fleet, _days(fleet, routes), fairness=fairness)


def _leaving(fleet: Fleet, tasks: Sequence[Task], name: Profile) -> NDArray[np.int64]:
    """Seconds from task to task, the halt at the first included; depots behind the tasks."""
    points = np.array(
        [fleet.n_depots + task.load.place for task in tasks] + list(range(fleet.n_depots)),
        dtype=np.int64,
    )
    travel = fleet.travel_s[name][np.ix_(points, points)].copy()
    halts = fleet.halt_s[name]
    same = points[:, None] == points[None, :]
    for row, task in enumerate(tasks):
        handling = fleet.handling_s(task.load.kg, name)
        travel[row] += np.where(same[row], handling, handling + int(halts[task.load.place]))
    return travel


def _called(profile: Profile) -> str:
    return f"{profile.vehicle_class} {profile.speed_factor:g} {profile.crew}"


def by_vroom(problem: Problem, seconds: float, fairness: float) -> Plan:
    """VROOM at its highest exploration level."""
    import vroom

    fleet = fleet_of(problem)
    tasks = tasks_of(fleet, fairness)
    groups = [(group, v) for group in fleet.groups for v in group.vehicles]
    most = max(task.worth for task in tasks)
    n = len(tasks)
    plans = []
    for parts in (1, 2, 3):
        given = vroom.Input()
        points = [fleet.n_depots + task.load.place for task in tasks]
        points += list(range(fleet.n_depots))
        for name in {group.profile for group in fleet.groups}:
            travel = np.minimum(fleet.travel_s[name][np.ix_(points, points)], 2**31)
            given.set_durations_matrix(_called(name), travel.astype(np.uint32))
        for row, task in enumerate(tasks):
            halts = {
                _called(group.profile): int(fleet.halt_s[group.profile][task.load.place])
                for group in fleet.groups
            }
            given.add_job(
                vroom.Job(
                    id=row,
                    location=row,
                    setup_per_type=halts,
                    service_per_type={
                        _called(group.profile): fleet.handling_s(task.load.kg, group.profile)
                        for group in fleet.groups
                    },
                    delivery=[int(np.ceil(task.load.kg * 10)), int(np.ceil(task.load.m3 * 100))],
                    skills={_skill(fleet, task)},
                    priority=min(int(np.ceil(100 * task.worth / most)), 100),
                )
            )
        skills: dict[int, set[int]] = {}
        for task in tasks:
            for one in _able(fleet, task):
                skills.setdefault(one, set()).add(_skill(fleet, task))
        for number, (group, _) in enumerate(groups):
            for part in range(parts):
                begins = group.shift_s * part // parts + (fleet.reload_s if part else 0)
                given.add_vehicle(
                    vroom.Vehicle(
                        id=number * parts + part,
                        start=n + group.depot,
                        end=n + group.depot,
                        profile=_called(group.profile),
                        type=_called(group.profile),
                        capacity=[int(group.capacity_kg * 10), int(group.capacity_m3 * 100)],
                        skills=skills.get(fleet.groups.index(group), set()),
                        time_window=vroom.TimeWindow(begins, group.shift_s * (part + 1) // parts),
                    )
                )
        found = given.solve(
            exploration_level=5, nb_threads=2, timeout=timedelta(seconds=seconds / 3)
        ).routes
        routes: dict[int, list[list[Task]]] = {}
        jobs = found[found["type"] == "job"]
        for vehicle, rows in jobs.groupby("vehicle_id", sort=True):
            v = groups[int(vehicle) // parts][1]
            routes.setdefault(v, []).append([tasks[int(row)] for row in rows["id"]])
        plans.append(plan_of_days(fleet, _days(fleet, routes), fairness=fairness))
    return min(plans, key=lambda plan: plan.score.deprivation)


def _able(fleet: Fleet, task: Task) -> frozenset[int]:
    """Groups of vehicles that may bring the task."""
    load = task.load
    return frozenset(
        k
        for k, group in enumerate(fleet.groups)
        if group.depot == load.depot
        and fleet.kg_limit[k, load.place] >= load.kg - 1e-6
        and group.capacity_m3 >= load.m3 - 1e-6
    )


def _skill(fleet: Fleet, task: Task) -> int:
    """A number for the set of groups that may bring the task."""
    return sum(1 << k for k in _able(fleet, task)) % (2**31 - 1)


def _days(fleet: Fleet, routes: dict[int, list[list[Task]]]) -> Days:
    """Days of vehicles; a trip that ends after the shift by rounding is left to the leftovers."""
    days: dict[int, tuple[Trip, ...]] = {}
    for v, trips in sorted(routes.items()):
        group = next(group for group in fleet.groups if v in group.vehicles)
        made = [
            make_trip(fleet, group.depot, group.profile, [task.load for task in trip])
            for trip in trips
        ]
        while made and used_s(fleet, made) > group.shift_s:
            made.pop()
        if made:
            days[v] = tuple(made)
    return days
