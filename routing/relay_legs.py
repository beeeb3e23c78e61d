"""Relay legs of a plan: places that a truck serves through a roadhead, and the teams that go on.

A vehicle of a giving class stops at the roadhead as it would stop at the place; teams of the taking
class, which belong to the fleet, carry on from there. A team serves one place on a day, with so
many carries; it is at the roadhead before, and stays there overnight.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from routing.hours import Window, hours_of
from routing.problem_checks import divisible

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from geo.model import Item, Vehicle, VehicleClassName
    from routing.problem import Demand, Problem

# More carries than this nobody makes on a day, however near the place.
MOST_CARRIES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayLeg:
    """How aid comes from a roadhead to a place that the giving classes do not get to.

    Parameters
    ----------
    roadhead
        Its name for people; `lon`, `lat` in degrees say where it is. In the matrices of `givers`
        the point of the place is the roadhead.
    givers, taker
        Classes that bring loads to the roadhead, and the class that carries on.
    handling_s
        Changing a load over, before every carry.
    travel_time_s, length_m, walk_m
        From the roadhead to the place, the last `walk_m` of it beside any road.
    ready_s
        By depot: when a team from there is at the roadhead, seconds after `departs_at`. A depot
        that is missing is too far.
    """

    place_id: str
    roadhead: str
    lon: float
    lat: float
    givers: tuple[VehicleClassName, ...]
    taker: VehicleClassName
    handling_s: float
    travel_time_s: float
    length_m: float = 0.0
    walk_m: float = 0.0
    ready_s: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Service:
    """Teams that carry on to one place today; `vehicles` are positions in `Problem.vehicles`.

    Whoever unloads at the roadhead between the first team's coming and the last's leaving is
    served: with m teams and n carries each, whatever the order in which loads come, the k-th waits
    for no more than n - 1 rounds. So `delay_s`, n - 1 rounds and the way itself, is never too
    short. Aid arrives within `opens_s` and `closes_s`.
    """

    leg: RelayLeg
    vehicles: tuple[int, ...]
    carries: int
    delay_s: int
    opens_s: int
    closes_s: int
    capacity_kg: float
    capacity_m3: float

    @property
    def loads(self) -> int:
        """Loads of one item that all teams together carry."""
        return len(self.vehicles) * self.carries


@dataclass(frozen=True, slots=True)
class _Offer:
    """What one team could do for one place."""

    gain: float
    place: int
    vehicle: int
    carries: int


def services_of(
    problem: Problem,
    kept: Mapping[str, tuple[Sequence[str], int]] | None = None,
    *,
    never: Collection[int] = (),
) -> dict[int, Service]:
    """Give out the teams of the fleet to the places that need a relay, by position of the place.

    Team by team, always the one and the place that bring the most value × hours saved. Fairness
    between communes is not looked at here.

    Parameters
    ----------
    kept
        By place: ids of teams, and carries of each, that stay as in an earlier plan as far as they
        still can.
    never
        Positions of vehicles that are no teams: those that travel together.
    """
    if not problem.relays:
        return {}
    position = {place: row for row, place in enumerate(problem.places)}
    legs = {position[leg.place_id]: leg for leg in problem.relays}
    arrival = {place: _first_arrival_s(problem, leg, place) for place, leg in legs.items()}
    loads = _loads_by_place(problem, legs)
    free = {
        row
        for row, vehicle in enumerate(problem.vehicles)
        if row not in never and any(vehicle.vehicle_class == leg.taker for leg in legs.values())
    }
    teams: dict[int, list[int]] = defaultdict(list)
    carries: dict[int, int] = {}
    rows = {vehicle.vehicle_id: row for row, vehicle in enumerate(problem.vehicles)}
    for place_id, (ids, n) in sorted((kept or {}).items()):
        place = position.get(place_id, -1)
        for row in sorted(rows[one] for one in ids if one in rows):
            if place in legs and row in free:
                possible = _most_carries(problem, legs[place], arrival[place], row)
                if n <= possible:
                    teams[place].append(row)
                    carries[place] = n
                    free.discard(row)
    while free:
        offers = [
            offer
            for place, leg in legs.items()
            for row in _one_of_each(problem, free)
            if (
                offer := _offer(
                    problem, leg, place, row, arrival[place], loads[place],
                    taken=len(teams[place]), carries=carries.get(place),
                )
            )
        ]  # fmt: skip
        best = max(offers, key=lambda one: (one.gain, -one.place, -one.vehicle), default=None)
        if best is None or best.gain <= 0:
            break
        teams[best.place].append(best.vehicle)
        carries[best.place] = best.carries
        free.discard(best.vehicle)
    return {
        place: _service(problem, legs[place], rows_of, carries[place])
        for place, rows_of in sorted(teams.items())
        if rows_of
    }


def could_carry(problem: Problem, leg: RelayLeg, row: int) -> bool:
    """Whether a team could make a carry to the place today, were a vehicle to bring it a load."""
    place = problem.places.index(leg.place_id)
    return _most_carries(problem, leg, _first_arrival_s(problem, leg, place), row) > 0


def delay_s(leg: RelayLeg, carries: int) -> float:
    """From a load's arrival at the roadhead until it is at the place, at the latest."""
    once = leg.handling_s + leg.travel_time_s
    return once + (carries - 1) * (once + leg.travel_time_s)


def load_of(item: Item, capacity_kg: float, capacity_m3: float) -> float:
    """Units of `item` that a team carries at once, whole ones where they cannot be parted."""
    units = capacity_kg / item.kg_per_unit
    if item.m3_per_unit > 0:
        units = min(units, capacity_m3 / item.m3_per_unit)
    return units if divisible(item.unit) else float(math.floor(units + 1e-9))


# --- who goes where ---------------------------------------------------------------------------


def _one_of_each(problem: Problem, free: Iterable[int]) -> list[int]:
    """The first of all teams that are alike."""
    first: dict[tuple[object, ...], int] = {}
    for row in sorted(free):
        team = problem.vehicles[row]
        alike = (
            team.depot_id,
            team.vehicle_class,
            team.capacity_kg,
            team.capacity_m3,
            team.shift_s,
        )
        first.setdefault(alike, row)
    return list(first.values())


def _first_arrival_s(problem: Problem, leg: RelayLeg, place: int) -> float:
    """When the first vehicle can be at the roadhead; inf where none can."""
    depots = {depot: row for row, depot in enumerate(problem.depots)}
    point, best = len(problem.depots) + place, math.inf
    for vehicle in problem.vehicles:
        if vehicle.vehicle_class in leg.givers:
            times = problem.matrices[vehicle.vehicle_class].travel_time_s
            out = float(times[depots[vehicle.depot_id], point]) / vehicle.speed_factor
            if math.isfinite(float(times[point, depots[vehicle.depot_id]])):
                best = min(best, hours_of(problem, vehicle).start_s + out)
    return best


def _team_hours(problem: Problem, leg: RelayLeg, team: Vehicle) -> tuple[float, float] | None:
    """When a team can begin to carry, and by when it has to be back at the roadhead."""
    ready = leg.ready_s.get(team.depot_id)
    if ready is None or team.vehicle_class != leg.taker:
        return None
    light = problem.daylight
    dark = light is not None and team.vehicle_class in light.classes
    begins = max(ready, light.begins_s if light is not None and dark else 0.0, 0.0)
    ends = begins + int(team.shift_s)
    return begins, min(ends, light.ends_s) if light is not None and dark else ends


def _most_carries(problem: Problem, leg: RelayLeg, arrival_s: float, row: int) -> int:
    """Carries that the team can make to the place today, from the first vehicle's coming on."""
    hours = _team_hours(problem, leg, problem.vehicles[row])
    if hours is None or not math.isfinite(arrival_s):
        return 0
    begins = max(hours[0], arrival_s)
    window = problem.windows.get(leg.place_id, Window())
    # Some slack for times that are rounded up to whole seconds.
    ends = min(hours[1] - leg.travel_time_s, window.latest_s) - 5.0
    walk_s = _walk_s(problem, leg)
    for n in range(MOST_CARRIES, 0, -1):
        if begins + walk_s + delay_s(leg, n) <= ends:
            return n
    return 0


def _walk_s(problem: Problem, leg: RelayLeg) -> float:
    """The longest walk of a giving class from its road to the roadhead."""
    point = len(problem.depots) + problem.places.index(leg.place_id)
    walks = [
        float(problem.matrices[name].walk_s[point])
        for name in leg.givers
        if name in problem.matrices and problem.matrices[name].attached[point]
    ]
    return max(walks, default=0.0)


def _loads_by_place(
    problem: Problem, legs: Mapping[int, RelayLeg]
) -> dict[int, tuple[Demand, ...]]:
    stocked = {line.item_id for line in problem.stock}
    position = {place: row for row, place in enumerate(problem.places)}
    found: dict[int, list[Demand]] = {place: [] for place in legs}
    for need in problem.needs:
        if position[need.place_id] in found and need.item_id in stocked:
            found[position[need.place_id]].append(need)
    return {place: tuple(needs) for place, needs in found.items()}


def values_of_loads(
    items: Mapping[str, Item], needs: Sequence[Demand], capacity_kg: float, capacity_m3: float
) -> list[float]:
    """Value (weight × quantity) of every load that the place could take, the most first."""
    values: list[float] = []
    for need in needs:
        size = load_of(items[need.item_id], capacity_kg, capacity_m3)
        if size <= 0 or (need.whole and need.quantity > size):
            continue
        n = math.ceil(need.quantity / size - 1e-9)
        whole = min(n, 10_000)
        values += [need.weight * min(size, need.quantity - k * size) for k in range(whole)]
    return sorted(values, reverse=True)


def _offer(
    problem: Problem,
    leg: RelayLeg,
    place: int,
    row: int,
    arrival_s: float,
    needs: Sequence[Demand],
    *,
    taken: int,
    carries: int | None,
) -> _Offer | None:
    """The best that team `row` can do; `carries` where other teams of the place have settled it."""
    most = _most_carries(problem, leg, arrival_s, row)
    if most == 0 or (carries is not None and carries > most):
        return None
    team = problem.vehicles[row]
    items = {item.item_id: item for item in problem.items}
    values = values_of_loads(items, needs, team.capacity_kg, team.capacity_m3)
    hours = _team_hours(problem, leg, team)
    begins = max(hours[0] if hours else 0.0, arrival_s)
    late_s, walk_s = (problem.unserved_h + 24.0) * 3600.0, _walk_s(problem, leg)
    best: _Offer | None = None
    for n in (carries,) if carries is not None else range(1, most + 1):
        served = sum(values[taken * n : (taken + 1) * n])
        gain = served * (late_s - begins - walk_s - delay_s(leg, n))
        if best is None or gain > best.gain:
            best = _Offer(gain, place, row, n)
    return best


def _service(problem: Problem, leg: RelayLeg, rows: Sequence[int], carries: int) -> Service:
    teams = [problem.vehicles[row] for row in sorted(rows)]
    hours = [found for team in teams if (found := _team_hours(problem, leg, team)) is not None]
    late_s = math.ceil(_walk_s(problem, leg) + delay_s(leg, carries))
    return Service(
        leg=leg,
        vehicles=tuple(sorted(rows)),
        carries=carries,
        delay_s=late_s,
        opens_s=math.ceil(max(begins for begins, _ in hours)) + late_s,
        closes_s=math.floor(min(ends for _, ends in hours) - leg.travel_time_s),
        capacity_kg=min(team.capacity_kg for team in teams),
        capacity_m3=min(team.capacity_m3 for team in teams),
    )
