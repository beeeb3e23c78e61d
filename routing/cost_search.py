"""The objective "cost": value served first, then time on the road, with PyVRP.

Stock is allocated to needs (`allocate`), cut into loads that fit a vehicle (`loads`) and routed
depot by depot (`depot_routes`); what no vehicle took is allocated and cut once more for the
vehicles that have hours left.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from routing.allocate import Hours, allocate, full_hours, need_items, need_places, need_values
from routing.balance import full_balance, need_rows
from routing.depot_routes import Route, find_routes
from routing.fleet import MICRO, Fleet
from routing.loads import Load, Room, split
from routing.schedule import Days, Trip, make_trip, used_s

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

# Fitted on a 2-core machine of 2024: 300 loads from one depot take about 5 s.
ITERATIONS_PER_LOAD = 12
FEWEST_ITERATIONS, MOST_ITERATIONS = 100, 4000
# Between two calls of `progress`.
TICKS = 50


@dataclass
class CostSearch:
    """Stock allocated, cut and routed; what is known between the two rounds."""

    fleet: Fleet
    seed: int
    iterations: int | None
    until: float | None
    fairness: float
    report: Callable[[float, str], None]
    loads: list[list[Load]] = field(default_factory=list)
    routes: list[tuple[Route, ...]] = field(default_factory=list)
    iterations_done: int = 0
    out_of_time: bool = False

    def __post_init__(self) -> None:
        self.loads = [[] for _ in range(self.fleet.n_depots)]
        self.routes = [() for _ in range(self.fleet.n_depots)]

    def fresh_loads(self) -> list[list[Load]]:
        """What is lacking, allocated to depots and cut into loads of every depot."""
        lacking, stock = self.balance()
        given = allocate(
            self.fleet,
            lacking=lacking,
            stock=stock,
            hours=self._hours(),
            fairness=self.fairness,
        )
        return self._cut(given)

    def run_round(self, start: float, end: float) -> None:
        """Allocate what is lacking, and route it together with what is routed already."""
        fresh = self.fresh_loads()
        busy = [depot for depot in range(self.fleet.n_depots) if fresh[depot]]
        total = sum(len(self.loads[depot]) + len(fresh[depot]) for depot in busy)
        done = 0
        for depot in busy:
            loads = self.loads[depot] + fresh[depot]
            share = len(loads) / total
            name = self.fleet.problem.depots[depot]
            at = start + (end - start) * done / total
            self._route(depot, loads, at, (end - start) * share, f"routes of {name}")
            done += len(loads)

    def balance(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """What is lacking (n_needs,) and in stock (n_depots, n_items) beside what is routed."""
        lacking, stock = full_balance(self.fleet)
        rows = need_rows(self.fleet)
        for depot, loads in enumerate(self.loads):
            for load in loads:
                for item, amount in load.amounts.items():
                    lacking[rows[load.place, item]] -= amount
                    stock[depot, item] -= amount
        return lacking, stock

    def any_left(self) -> bool:
        """Whether something is lacking and a vehicle has hours left."""
        return bool(self.balance()[0].any() and self.fleet.groups)

    def days(self) -> Days:
        """The routes as trips of vehicles."""
        days: Days = {}
        taken: dict[int, int] = {}
        for depot, routes in enumerate(self.routes):
            for route in routes:
                group = self.fleet.groups[route.group]
                vehicle = group.vehicles[taken.get(route.group, 0)]
                taken[route.group] = taken.get(route.group, 0) + 1
                days[vehicle] = tuple(
                    make_trip(
                        self.fleet,
                        depot,
                        group.profile,
                        [self.loads[depot][load] for load in trip],
                    )
                    for trip in route.trips
                )
        return days

    def _hours(self) -> Hours:
        hours = full_hours(self.fleet)
        days = self.days()
        for row, group in enumerate(self.fleet.groups):
            left = [
                group.shift_s - _used_s(self.fleet, days.get(v, ()), group.start_s)
                for v in group.vehicles
            ]
            trips = [group.max_trips - len(days.get(v, ())) for v in group.vehicles]
            hours.time_s[row] = sum(max(seconds, 0) for seconds in left)
            hours.longest_s[row] = max(
                (s for s, more in zip(left, trips, strict=True) if more > 0), default=0
            )
            hours.trips[row] = sum(trips)
        return hours

    def _cut(self, given: NDArray[np.int64]) -> list[list[Load]]:
        """New loads of every depot; cut for the vehicles that have hours left."""
        fleet = self.fleet
        hours = self._hours()
        place, item = need_places(fleet), need_items(fleet)
        # By value a kilogram: room in a vehicle is what is short.
        weights = np.array([need.weight for need in fleet.problem.needs]) / fleet.unit_kg[item]
        loads: list[list[Load]] = [[] for _ in range(fleet.n_depots)]
        for depot in range(fleet.n_depots):
            bundles: dict[int, list[int]] = {}
            for need in np.flatnonzero(given[depot]):
                bundles.setdefault(int(place[need]), []).append(int(need))
            for where, needs in sorted(bundles.items()):
                rooms = [
                    Room(float(fleet.kg_limit[row, where]), fleet.groups[row].capacity_m3)
                    for row in fleet.groups_at[depot]
                    if 0 < fleet.round_s[row, where] <= hours.longest_s[row]
                    and fleet.kg_limit[row, where] > 0
                ]
                urgent = sorted(needs, key=lambda need: (-weights[need], item[need]))
                loads[depot] += split(
                    fleet,
                    depot,
                    where,
                    {int(item[need]): int(given[depot, need]) for need in needs},
                    rooms=rooms,
                    order=[int(item[need]) for need in urgent],
                )
        return loads

    def _route(self, depot: int, loads: list[Load], at: float, width: float, text: str) -> None:
        """Route `loads`; keep the routes and the loads that they bring."""
        iterations = self.iterations or min(
            max(ITERATIONS_PER_LOAD * len(loads), FEWEST_ITERATIONS), MOST_ITERATIONS
        )
        ticks = 0

        def tick() -> None:
            nonlocal ticks
            ticks += 1
            if ticks % TICKS == 0:
                self.report(at + width * ticks / iterations, text)

        self.report(at, text)
        seconds = None if self.until is None else max(self.until - time.perf_counter(), 0.0)
        worth = _worth(self.fleet, loads, self.fairness)
        found = find_routes(
            self.fleet,
            depot,
            loads,
            worth=worth,
            iterations=iterations,
            seed=self.seed,
            seconds=seconds,
            start=self.routes[depot],
            tick=tick,
        )
        self.iterations_done += found.iterations
        self.out_of_time = self.out_of_time or found.out_of_time
        routes = [route for route in found.routes if _is_drivable(self.fleet, depot, route, loads)]
        if self._worth_of(routes, worth) < self._worth_of(self.routes[depot], worth):
            routes = list(self.routes[depot])
        self._keep(depot, loads, routes)

    def _worth_of(self, routes: Sequence[Route], worth: NDArray[np.float64]) -> float:
        return sum(float(worth[load]) for route in routes for trip in route.trips for load in trip)

    def _keep(self, depot: int, loads: Sequence[Load], routes: Sequence[Route]) -> None:
        """Keep what is brought; the rest is lacking again."""
        brought = sorted(load for route in routes for trip in route.trips for load in trip)
        number = {load: row for row, load in enumerate(brought)}
        self.loads[depot] = [loads[load] for load in brought]
        self.routes[depot] = tuple(
            replace(route, trips=tuple(tuple(number[load] for load in t) for t in route.trips))
            for route in routes
        )


def _worth(fleet: Fleet, loads: Sequence[Load], fairness: float) -> NDArray[np.float64]:
    """What every load is worth: its value, and how much of its commune's need it meets.

    The first tenth of what a commune needs is worth more than the last: 2 (1 - x) at share x.
    """
    needs = fleet.problem.needs
    place, item = need_places(fleet), need_items(fleet)
    per_unit = need_values(fleet, np.full(len(needs), MICRO, dtype=np.int64))
    full = per_unit * np.array([need.quantity for need in needs])
    at = {(int(p), int(i)): row for row, (p, i) in enumerate(zip(place, item, strict=True))}
    commune_of = {int(p): need.commune for p, need in zip(place, needs, strict=True)}
    totals: dict[str, float] = {}
    for need, value in zip(needs, full, strict=True):
        totals[need.commune] = totals.get(need.commune, 0.0) + float(value)

    values = np.array(
        [
            sum(float(per_unit[at[load.place, i]]) * n / MICRO for i, n in load.amounts.items())
            for load in loads
        ]
    )
    fair = np.zeros(len(loads))
    met: dict[str, float] = {}
    for row in sorted(range(len(loads)), key=lambda r: (-values[r] / loads[r].kg, -values[r], r)):
        commune = commune_of[loads[row].place]
        share = float(values[row]) / totals[commune]
        before = met.get(commune, 0.0)
        fair[row] = share * max(2 - 2 * before - share, 0.0)
        met[commune] = before + share
    return (1 - fairness) * values / sum(totals.values()) + fairness * fair / len(totals)


def _is_drivable(fleet: Fleet, depot: int, route: Route, loads: Sequence[Load]) -> bool:
    """Whether the route holds on the ground: roads, capacities, shift. The solver says so too."""
    group = fleet.groups[route.group]
    trips = [
        make_trip(fleet, depot, group.profile, [loads[load] for load in trip])
        for trip in route.trips
    ]
    fits = all(
        trip.kg <= group.capacity_kg * (1 + 1e-9) and trip.m3 <= group.capacity_m3 * (1 + 1e-9)
        for trip in trips
    )
    used = used_s(fleet, trips, group.start_s)
    return fits and used <= group.shift_s and len(trips) <= group.max_trips


def _used_s(fleet: Fleet, trips: Sequence[Trip], start_s: int) -> int:
    """Like `used_s`, with the loading that a further trip would need."""
    return used_s(fleet, trips, start_s) + fleet.reload_s if trips else 0
