"""The day of every vehicle: which trips it drives, in which order, and when it is where.

The search for routes minds time on the road; this minds when aid arrives. All trips begin and end
at the depot, so they may change places: they are spread over all vehicles that can drive them, and
those that bring the most per hour go first (Smith's rule, 1956, optimal on one vehicle).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from routing.fleet import MICRO, Fleet
from routing.loads import HAIR, Load, weigh

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from geo.model import VehicleClassName


@dataclass(frozen=True, slots=True)
class Halt:
    """One place and what it gets: item position to millionths."""

    place: int
    amounts: Mapping[int, int]
    kg: float
    m3: float


@dataclass(frozen=True, slots=True)
class Trip:
    """From the depot over the halts and back, for one vehicle class."""

    depot: int
    vehicle_class: VehicleClassName
    halts: tuple[Halt, ...]

    @property
    def kg(self) -> float:
        """Weight at departure."""
        return sum(halt.kg for halt in self.halts)

    @property
    def m3(self) -> float:
        """Volume at departure."""
        return sum(halt.m3 for halt in self.halts)


@dataclass(frozen=True, slots=True)
class Clock:
    """Seconds since departure: at the road and away again for every halt, and back home."""

    at_road_s: tuple[int, ...]
    leaves_s: tuple[int, ...]
    back_s: int


# Trips of every vehicle, by its position in `Problem.vehicles`.
Days = dict[int, tuple[Trip, ...]]


def clock(fleet: Fleet, trip: Trip) -> Clock:
    """When the trip is where; `blocked_s` and more where there is no road."""
    travel = fleet.travel_s[trip.vehicle_class]
    fixed = fleet.halt_s[trip.vehicle_class]
    now, here = 0, trip.depot
    at_road, leaves = [], []
    for halt in trip.halts:
        there = fleet.n_depots + halt.place
        now += int(travel[here, there])
        at_road.append(now)
        now += int(fixed[halt.place]) + fleet.handling_s(halt.kg)
        leaves.append(now)
        here = there
    return Clock(tuple(at_road), tuple(leaves), now + int(travel[here, trip.depot]))


def make_trip(
    fleet: Fleet, depot: int, vehicle_class: VehicleClassName, loads: Sequence[Load]
) -> Trip:
    """Trip over `loads`; those for one place that follow each other become one halt."""
    halts = []
    for place, same in groupby(loads, key=lambda load: load.place):
        amounts: dict[int, int] = {}
        for load in same:
            for item, amount in load.amounts.items():
                amounts[item] = amounts.get(item, 0) + amount
        halts.append(make_halt(fleet, place, amounts))
    return Trip(depot, vehicle_class, tuple(halts))


def make_halt(fleet: Fleet, place: int, amounts: Mapping[int, int]) -> Halt:
    """Halt with its weight and volume."""
    kept = {item: amounts[item] for item in sorted(amounts) if amounts[item] > 0}
    return Halt(place, kept, *weigh(fleet, kept))


def used_s(fleet: Fleet, trips: Sequence[Trip]) -> int:
    """From the first departure of a vehicle to its last return."""
    driving = sum(clock(fleet, trip).back_s for trip in trips)
    return driving + fleet.reload_s * max(len(trips) - 1, 0)


def lateness(fleet: Fleet, trips: Sequence[Trip], urgency: NDArray[np.float64]) -> float:
    """Σ weight × quantity × seconds until arrival over the day of one vehicle.

    `urgency` holds the weight of one unit, shape (n_places, n_items).
    """
    total, start = 0.0, 0
    for trip in trips:
        times = clock(fleet, trip)
        walk = fleet.walk_s[trip.vehicle_class]
        for halt, at in zip(trip.halts, times.at_road_s, strict=True):
            total += halt_weight(halt, urgency) * (start + at + int(walk[halt.place]))
        start += times.back_s + fleet.reload_s
    return total


def halt_weight(halt: Halt, urgency: NDArray[np.float64]) -> float:
    """Σ weight × quantity of what the place gets."""
    return sum(
        float(urgency[halt.place, item]) * amount / MICRO for item, amount in halt.amounts.items()
    )


def spread(fleet: Fleet, days: Days, urgency: NDArray[np.float64]) -> Days:
    """The same trips, earlier: best direction, best order, on all vehicles that can drive them.

    Never later in sum than `days`, never longer on the road, always within the shifts.
    """
    turned = {
        vehicle: tuple(_best_direction(fleet, trip, urgency) for trip in trips)
        for vehicle, trips in days.items()
    }
    ordered = in_order(fleet, turned, urgency)
    dealt = _deal(fleet, ordered, urgency)
    if dealt is None:
        return ordered
    return min((ordered, dealt), key=lambda d: sum(lateness(fleet, t, urgency) for t in d.values()))


def in_order(fleet: Fleet, days: Days, urgency: NDArray[np.float64]) -> Days:
    """Every vehicle drives first what brings the most per hour."""
    return {vehicle: _smith(fleet, trips, urgency) for vehicle, trips in sorted(days.items())}


def _best_direction(fleet: Fleet, trip: Trip, urgency: NDArray[np.float64]) -> Trip:
    back = replace(trip, halts=trip.halts[::-1])
    if clock(fleet, back).back_s > clock(fleet, trip).back_s:
        return trip
    later = lateness(fleet, (back,), urgency) >= lateness(fleet, (trip,), urgency)
    return trip if later else back


def _smith(fleet: Fleet, trips: Sequence[Trip], urgency: NDArray[np.float64]) -> tuple[Trip, ...]:
    def rate(trip: Trip) -> float:
        weight = sum(halt_weight(halt, urgency) for halt in trip.halts)
        return weight / max(clock(fleet, trip).back_s + fleet.reload_s, 1)

    return tuple(sorted(trips, key=lambda trip: (-rate(trip), trip.halts[0].place, trip.kg)))


def _deal(fleet: Fleet, days: Days, urgency: NDArray[np.float64]) -> Days | None:
    """Give out all trips anew, each to the able vehicle that is home first; None if one is left."""
    vehicles = fleet.problem.vehicles
    at_home: dict[tuple[int, str], list[int]] = {}
    for group in fleet.groups:
        at_home.setdefault((group.depot, group.vehicle_class), []).extend(group.vehicles)
    free_at = dict.fromkeys(range(len(vehicles)), 0)
    dealt: dict[int, list[Trip]] = {}
    every = [trip for _, trips in sorted(days.items()) for trip in trips]
    for trip in _smith(fleet, every, urgency):
        length = clock(fleet, trip).back_s
        able = [
            vehicle
            for vehicle in at_home[trip.depot, trip.vehicle_class]
            if vehicles[vehicle].capacity_kg + HAIR >= trip.kg
            and vehicles[vehicle].capacity_m3 + HAIR >= trip.m3
            and free_at[vehicle] + length <= int(vehicles[vehicle].shift_s)
            and len(dealt.get(vehicle, ())) < fleet.problem.max_trips
        ]
        if not able:
            return None
        first = min(able, key=lambda v: (free_at[v], vehicles[v].capacity_kg, v))
        dealt.setdefault(first, []).append(trip)
        free_at[first] += length + fleet.reload_s
    return {vehicle: tuple(trips) for vehicle, trips in sorted(dealt.items())}
