"""The routes of one depot, found by PyVRP (iterated local search over vehicle routes).

Every load is an optional client with a prize; time on the road is the cost; a vehicle may return
to reload. Each vehicle class, and each speed of it, has its own travel times: a road that it may
not use takes longer than any shift, so no feasible route holds it, and the routes are looked over
again afterwards.
"""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyvrp
from pyvrp.exceptions import PenaltyBoundWarning
from pyvrp.search import PerturbationParams

from routing.solver_units import KG_STEP, M3_STEP, to_solver_units

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from routing.fleet import Fleet, Group
    from routing.loads import Load
    from routing.profile import Profile

# The most valuable load earns so much more than the least, whatever lies between them in fact:
# a wider range would drown the seconds of the routes in the prizes.
PRIZE_RANGE = 1000
# A second trip is found through an overloaded first one, which PyVRP's own penalties (50,000 a
# unit, reviewed every 500 steps) forbid for the first ten thousand steps. Measured on 180 days of
# one vehicle with 3 to 5 places: best plan after 200 steps in 72 with its own, in all with these;
# on 20 to 100 loads a depot, prizes left lying fell by 5 to 50 %.
FIRST_PENALTY = 1000.0
STEPS_BETWEEN_REVIEWS = 50
# Smaller kicks and a shorter memory than PyVRP's 25 and 300: made for runs of a few hundred steps.
# On the same loads half the time and some 10 % fewer prizes left lying.
MOST_KICKS = 10
MEMORY = 50


@dataclass(frozen=True, slots=True)
class Route:
    """Trips of one vehicle of a group; every trip lists positions of loads in order of visit."""

    group: int
    trips: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """Routes, and whether the clock ended the search."""

    routes: tuple[Route, ...]
    iterations: int
    out_of_time: bool


def find_routes(
    fleet: Fleet,
    depot: int,
    loads: Sequence[Load],
    *,
    worth: NDArray[np.float64],
    iterations: int,
    seed: int,
    seconds: float | None = None,
    start: Sequence[Route] = (),
    tick: Callable[[], None] | None = None,
) -> Found:
    """Search routes of `depot` that bring as much of `worth` as they can in as little time.

    Parameters
    ----------
    loads
        All of this depot.
    worth
        (n_loads,) what each is worth; only the proportions count.
    iterations
        Steps of the search.
    seconds
        Cap on the search by the clock.
    start
        Routes over `loads` to begin with.
    tick
        Called once a step.
    """
    if not loads or not fleet.groups_at[depot]:
        return Found((), 0, False)
    data = _data(fleet, depot, loads, worth)
    stop = _Stop(iterations, seconds, tick)
    with warnings.catch_warnings():
        # Whether the best solution is feasible is asked below; the warning adds nothing.
        warnings.simplefilter("ignore", PenaltyBoundWarning)
        result = pyvrp.solve(
            data,
            stop,
            seed=seed,
            collect_stats=False,
            display=False,
            params=solver_params(),
            initial_solution=_solution(fleet, depot, data, start) if start else None,
        )
    routes = [
        _route(fleet.groups_at[depot][route.vehicle_type()], route)
        for route in result.best.routes()
        if route.is_feasible()
    ]
    return Found(
        tuple(sorted(routes, key=lambda route: (route.group, route.trips))),
        result.num_iterations,
        stop.out_of_time,
    )


def solver_params(**more: Any) -> pyvrp.SolveParams:
    """How PyVRP searches here; `more` is passed on."""
    return pyvrp.SolveParams(
        ils=pyvrp.IteratedLocalSearchParams(history_length=MEMORY),
        penalty=_Penalties(solutions_between_updates=STEPS_BETWEEN_REVIEWS),
        perturbation=PerturbationParams(max_perturbations=MOST_KICKS),
        **more,
    )


class _Penalties(pyvrp.PenaltyParams):
    """PyVRP's penalties, begun low."""

    def midpoint_penalties(self, data: pyvrp.ProblemData) -> tuple[list[float], float, float]:
        """Penalties of a unit of load, of time and of distance that the search begins with."""
        return [FIRST_PENALTY] * data.num_load_dimensions, FIRST_PENALTY, FIRST_PENALTY


class _Stop:
    """Stops after so many steps, or when the clock says so."""

    def __init__(
        self, iterations: int, seconds: float | None, tick: Callable[[], None] | None
    ) -> None:
        self._left = iterations
        self._tick = tick
        self._until = None if seconds is None else time.perf_counter() + seconds
        self.out_of_time = False

    def __call__(self, best_cost: float) -> bool:
        if self._left <= 0:
            return True
        if self._until is not None and time.perf_counter() >= self._until:
            self.out_of_time = True
            return True
        self._left -= 1
        if self._tick is not None:
            self._tick()
        return False


def _data(
    fleet: Fleet, depot: int, loads: Sequence[Load], worth: NDArray[np.float64]
) -> pyvrp.ProblemData:
    groups = [fleet.groups[row] for row in fleet.groups_at[depot]]
    profiles = sorted({group.profile for group in groups})
    places = sorted({load.place for load in loads})
    location = {place: row for row, place in enumerate(places, start=1)}
    # Typed Any: PyVRP's stubs write `ndarray[int]`, which no array is.
    durations: list[Any] = [_durations(fleet, profile, depot, places) for profile in profiles]
    kg = to_solver_units([load.kg for load in loads], step=KG_STEP, up=True)
    m3 = to_solver_units([load.m3 for load in loads], step=M3_STEP, up=True)
    prizes = _prizes(fleet, depot, loads, worth)
    slowest = _slowest(fleet, depot)
    return pyvrp.ProblemData(
        locations=[pyvrp.Location(0, 0) for _ in range(len(places) + 1)],
        clients=[
            pyvrp.Client(
                location=location[load.place],
                delivery=[int(kg[row]), int(m3[row])],
                # One for all vehicles: what the smallest crew needs is enough for the others.
                service_duration=fleet.handling_s(load.kg, slowest),
                prize=int(prizes[row]),
                required=False,
            )
            for row, load in enumerate(loads)
        ],
        depots=[pyvrp.Depot(location=0, service_duration=fleet.reload_s)],
        vehicle_types=[
            _vehicle_type(fleet, group, profile=profiles.index(group.profile)) for group in groups
        ],
        distance_matrices=[np.zeros_like(matrix) for matrix in durations],
        duration_matrices=durations,
    )


def _durations(
    fleet: Fleet, profile: Profile, depot: int, places: Sequence[int]
) -> NDArray[np.int64]:
    """Seconds between the depot (first) and `places`, the halt at the place of arrival included.

    On the way in, so that two loads for one place that follow each other share one halt.
    """
    points = np.array([depot, *(fleet.n_depots + place for place in places)], dtype=np.intp)
    durations = fleet.travel_s[profile][np.ix_(points, points)].copy()
    durations[:, 1:] += fleet.halt_s[profile][np.array(places, dtype=np.intp)]
    np.fill_diagonal(durations, 0)
    return durations


def _vehicle_type(fleet: Fleet, group: Group, *, profile: int) -> pyvrp.VehicleType:
    return pyvrp.VehicleType(
        num_available=len(group.vehicles),
        capacity=[
            int(to_solver_units(group.capacity_kg, step=KG_STEP, up=False)),
            int(to_solver_units(group.capacity_m3, step=M3_STEP, up=False)),
        ],
        # The solver counts loading before the first trip too; ours are loaded when the day begins.
        shift_duration=group.shift_s + fleet.reload_s,
        unit_distance_cost=0,
        unit_duration_cost=1,
        profile=profile,
        reload_depots=[0],
        max_reloads=max(group.max_trips - 1, 0),
    )


def _slowest(fleet: Fleet, depot: int) -> Profile:
    """Profile of the vehicles of a depot whose crew takes longest to hand out."""
    return max(
        (fleet.groups[row].profile for row in fleet.groups_at[depot]), key=lambda one: one.handling
    )


def _prizes(
    fleet: Fleet, depot: int, loads: Sequence[Load], worth: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Prizes in seconds: the least one pays for the longest trip that any load could need."""
    groups = list(fleet.groups_at[depot])
    rounds = fleet.round_s[groups][:, [load.place for load in loads]]
    slowest = _slowest(fleet, depot)
    longest = int(np.where(rounds < fleet.blocked_s, rounds, 0).max())
    trip = 1 + longest + fleet.reload_s + max(fleet.handling_s(load.kg, slowest) for load in loads)
    most = float(worth.max())
    scale = np.rint(PRIZE_RANGE * worth / most) if most > 0 else np.ones(len(loads))
    return trip * np.maximum(scale, 1).astype(np.int64)


def _solution(
    fleet: Fleet, depot: int, data: pyvrp.ProblemData, routes: Sequence[Route]
) -> pyvrp.Solution:
    type_of = {group: row for row, group in enumerate(fleet.groups_at[depot])}
    reload = pyvrp.Activity(pyvrp.ActivityType.DEPOT, 0)
    built = []
    for route in routes:
        visits: list[pyvrp.Activity] = []
        for number, trip in enumerate(route.trips):
            visits += [reload] if number else []
            visits += [pyvrp.Activity(pyvrp.ActivityType.CLIENT, load) for load in trip]
        built.append(pyvrp.Route(data, visits, type_of[route.group]))
    return pyvrp.Solution(data, built)


def _route(group: int, route: pyvrp.Route) -> Route:
    trips: list[list[int]] = [[]]
    for activity in route.schedule():
        if activity.is_client():
            trips[-1].append(activity.idx)
        elif trips[-1]:
            trips.append([])
    return Route(group, tuple(tuple(trip) for trip in trips if trip))
