"""From a `Problem` to a `Plan`: allocate, load, route, spread, take along, explain.

1. Stock is allocated to needs (`allocate`), 2. cut into loads that fit a vehicle (`loads`),
3. routed depot by depot (`depot_routes`); what no vehicle took is allocated and cut once more for
the vehicles that have hours left. 4. Trips are spread over the vehicles so that aid arrives early
(`schedule`), 5. leftovers are taken along (`leftovers`), 6. what is unserved is explained
(`unserved`). The same problem, seed and number of iterations give the same plan; a cap in seconds
may end the search earlier, and then the plan says so.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import itertools
import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from geo.errors import RuleError
from routing.allocate import Hours, allocate, full_hours, need_items, need_places, need_values
from routing.depot_routes import Route, find_routes
from routing.fleet import MICRO, Fleet, fleet_of
from routing.leftovers import take_along
from routing.loads import Load, Room, split
from routing.plan import Convoy, Plan, Stop, StoppedBy, plan_to_dict
from routing.problem import Problem, digest
from routing.schedule import Days, Trip, clock, in_order, make_trip, spread, used_s
from routing.score import commune_shares, score
from routing.unserved import unserved

if TYPE_CHECKING:
    from numpy.typing import NDArray

logger = logging.getLogger(__name__)

Progress = Callable[[float, str], None]

# Fitted on a 2-core machine of 2024: 300 loads from one depot take about 5 s.
ITERATIONS_PER_LOAD = 12
FEWEST_ITERATIONS, MOST_ITERATIONS = 100, 4000
# Between two calls of `progress`.
TICKS = 50
FAIRNESS = 0.5


def solve(
    problem: Problem,
    *,
    seed: int = 1,
    iterations: int | None = None,
    seconds: float | None = None,
    fairness: float = FAIRNESS,
    notice: str = "",
    progress: Progress | None = None,
) -> Plan:
    """Plan convoys for `problem`.

    Parameters
    ----------
    seed
        Of the search, 0 to 2^32 - 1.
    iterations
        Steps of the search per depot and round; None takes it from the number of loads, so that
        300 loads take some 10 s.
    seconds
        Cap by the clock for the whole search; a plan that it ended is marked ``stopped_by
        seconds`` and may differ from run to run.
    fairness
        0 = the largest total of weight × quantity, 1 = the commune that fares worst comes first.
    notice
        A sentence that goes with the plan wherever it goes (for a drill).
    progress
        Called with the share done (0 to 1) and what is being done.

    Returns
    -------
    Plan
        Every need is in it: delivered, unserved with a reason, or partly each. Without vehicles,
        stock or roads it is a plan without convoys.

    Raises
    ------
    RuleError
        An option is out of its range.
    """
    _require_options(seed, iterations, seconds, fairness)
    report = progress or _silent
    report(0.0, "allocating stock")
    search = _Search(
        fleet=fleet_of(problem),
        seed=seed,
        iterations=iterations,
        until=None if seconds is None else time.perf_counter() + seconds,
        fairness=fairness,
        report=report,
    )
    search.run_round(0.05, 0.65)
    if search.any_left():
        search.run_round(0.65, 0.9)
    report(0.9, "spreading trips over vehicles")
    plan = _plan(search, notice)
    report(1.0, f"{len(plan.convoys)} convoys, {len(plan.unserved)} needs unserved")
    logger.info(
        "plan %s: %d convoys, %d needs unserved, %.1f %% served",
        plan.plan_id,
        len(plan.convoys),
        len(plan.unserved),
        100 * plan.score.served_share,
    )
    return plan


def _require_options(
    seed: int, iterations: int | None, seconds: float | None, fairness: float
) -> None:
    wrong = []
    if not 0 <= seed < 2**32:
        wrong.append(f"seed {seed} (0 to 4294967295)")
    if iterations is not None and iterations < 1:
        wrong.append(f"iterations {iterations} (1 or more)")
    if seconds is not None and not seconds >= 0:
        wrong.append(f"seconds {seconds} (0 or more)")
    if not 0 <= fairness <= 1:
        wrong.append(f"fairness {fairness} (0 to 1)")
    if wrong:
        raise RuleError(", ".join(wrong), "values in brackets are needed", "plan again with them")


def _silent(_share: float, _text: str) -> None:
    return


# --- the search -------------------------------------------------------------------------------


@dataclass
class _Search:
    """What is known between the two rounds."""

    fleet: Fleet
    seed: int
    iterations: int | None
    until: float | None
    fairness: float
    report: Progress
    loads: list[list[Load]] = field(default_factory=list)
    routes: list[tuple[Route, ...]] = field(default_factory=list)
    iterations_done: int = 0
    out_of_time: bool = False

    def __post_init__(self) -> None:
        self.loads = [[] for _ in range(self.fleet.n_depots)]
        self.routes = [() for _ in range(self.fleet.n_depots)]

    def run_round(self, start: float, end: float) -> None:
        """Allocate what is lacking, and route it together with what is routed already."""
        lacking, stock = self.balance()
        given = allocate(
            self.fleet,
            lacking=lacking,
            stock=stock,
            hours=self._hours(),
            fairness=self.fairness,
        )
        fresh = self._cut(given)
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
        problem = self.fleet.problem
        lacking = _micro([need.quantity for need in problem.needs])
        depots = {depot: row for row, depot in enumerate(problem.depots)}
        items = {item.item_id: row for row, item in enumerate(problem.items)}
        stock = np.zeros((len(depots), len(items)), dtype=np.int64)
        for line, amount in zip(
            problem.stock, _micro([line.quantity for line in problem.stock]), strict=True
        ):
            stock[depots[line.depot_id], items[line.item_id]] = amount
        row_of = {
            key: row
            for row, key in enumerate(
                zip(need_places(self.fleet), need_items(self.fleet), strict=True)
            )
        }
        for depot, loads in enumerate(self.loads):
            for load in loads:
                for item, amount in load.amounts.items():
                    lacking[row_of[load.place, item]] -= amount
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
                        group.vehicle_class,
                        [self.loads[depot][load] for load in trip],
                    )
                    for trip in route.trips
                )
        return days

    def _hours(self) -> Hours:
        hours = full_hours(self.fleet)
        days = self.days()
        for row, group in enumerate(self.fleet.groups):
            left = [group.shift_s - _used_s(self.fleet, days.get(v, ())) for v in group.vehicles]
            trips = [self.fleet.problem.max_trips - len(days.get(v, ())) for v in group.vehicles]
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
        make_trip(fleet, depot, group.vehicle_class, [loads[load] for load in trip])
        for trip in route.trips
    ]
    fits = all(
        trip.kg <= group.capacity_kg * (1 + 1e-9) and trip.m3 <= group.capacity_m3 * (1 + 1e-9)
        for trip in trips
    )
    return fits and used_s(fleet, trips) <= group.shift_s and len(trips) <= fleet.problem.max_trips


def _used_s(fleet: Fleet, trips: Sequence[Trip]) -> int:
    """Like `used_s`, with the loading that a further trip would need."""
    return used_s(fleet, trips) + fleet.reload_s if trips else 0


def _micro(quantities: Sequence[float]) -> NDArray[np.int64]:
    return np.array([round(quantity * MICRO) for quantity in quantities], dtype=np.int64)


# --- the plan ---------------------------------------------------------------------------------


def _plan(search: _Search, notice: str) -> Plan:
    fleet, problem = search.fleet, search.fleet.problem
    lacking_needs, stock = search.balance()
    place, item = need_places(fleet), need_items(fleet)
    shape = (len(problem.places), len(problem.items))
    lacking = np.zeros(shape, dtype=np.int64)
    urgency = np.zeros(shape)
    lacking[place, item] = lacking_needs
    urgency[place, item] = [need.weight for need in problem.needs]

    days = take_along(fleet, search.days(), lacking=lacking, stock=stock, urgency=urgency)
    days = spread(fleet, days, urgency)
    # Other gaps than before; after this one nothing moves between vehicles any more.
    days = take_along(fleet, days, lacking=lacking, stock=stock, urgency=urgency)
    days = in_order(fleet, days, urgency)
    convoys = _convoys(fleet, days)
    stopped_by: StoppedBy = "iterations" if search.iterations_done else "nothing_to_plan"
    plan = Plan(
        plan_id="",
        seed=search.seed,
        departs_at=problem.departs_at,
        convoys=convoys,
        unserved=unserved(fleet, days, lacking=lacking, stock=stock),
        score=score(problem, convoys),
        fairness=search.fairness,
        iterations=search.iterations_done,
        stopped_by="seconds" if search.out_of_time else stopped_by,
        problem_sha256=digest(problem),
        solver=f"pyvrp {importlib.metadata.version('pyvrp')}",
        commune_shares=commune_shares(problem, convoys),
        notice=notice,
    )
    return _with_ids(plan)


def _convoys(fleet: Fleet, days: Days) -> tuple[Convoy, ...]:
    problem = fleet.problem
    convoys = []
    for vehicle_row, trips in days.items():
        vehicle = problem.vehicles[vehicle_row]
        start = problem.departs_at
        for number, trip in enumerate(trips, start=1):
            times = clock(fleet, trip)
            back = start + timedelta(seconds=times.back_s)
            convoys.append(
                Convoy(
                    convoy_id="",
                    vehicle_id=vehicle.vehicle_id,
                    vehicle_name=vehicle.name,
                    vehicle_class=vehicle.vehicle_class,
                    depot_id=problem.depots[trip.depot],
                    trip=number,
                    departs_at=start,
                    returns_at=back,
                    stops=_stops(fleet, trip, start),
                    length_m=_length_m(fleet, trip),
                    duration_s=float(times.back_s),
                    load_kg=round(trip.kg, 6),
                    load_m3=round(trip.m3, 6),
                )
            )
            start = back + timedelta(seconds=fleet.reload_s)
    return tuple(sorted(convoys, key=lambda c: (c.departs_at, c.depot_id, c.vehicle_id)))


def _stops(fleet: Fleet, trip: Trip, start: datetime) -> tuple[Stop, ...]:
    times = clock(fleet, trip)
    walks = fleet.walk_s[trip.vehicle_class]
    problem = fleet.problem
    stops = []
    for halt, at_road, leaves in zip(trip.halts, times.at_road_s, times.leaves_s, strict=True):
        walk = int(walks[halt.place])
        stops.append(
            Stop(
                place_id=problem.places[halt.place],
                at_road_at=start + timedelta(seconds=at_road),
                arrives_at=start + timedelta(seconds=at_road + walk),
                leaves_at=start + timedelta(seconds=leaves),
                deliver={
                    problem.items[i].item_id: amount / MICRO for i, amount in halt.amounts.items()
                },
                walk_s=float(walk),
                load_kg=round(halt.kg, 6),
                load_m3=round(halt.m3, 6),
            )
        )
    return tuple(stops)


def _length_m(fleet: Fleet, trip: Trip) -> float:
    lengths = fleet.problem.matrices[trip.vehicle_class].length_m
    points = [trip.depot, *(fleet.n_depots + halt.place for halt in trip.halts), trip.depot]
    return round(float(sum(lengths[a, b] for a, b in itertools.pairwise(points))), 1)


def _with_ids(plan: Plan) -> Plan:
    """Ids made from the content: the same plan has the same ids everywhere."""
    content = json.dumps(plan_to_dict(plan), sort_keys=True, ensure_ascii=False)
    name = hashlib.sha256(content.encode()).hexdigest()[:16]
    return replace(
        plan,
        plan_id=f"plan:{name}",
        convoys=tuple(
            replace(convoy, convoy_id=f"convoy:{name[:8]}-{number:03d}")
            for number, convoy in enumerate(plan.convoys, start=1)
        ),
    )
