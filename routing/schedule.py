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
from routing.loads import Load, weigh
from routing.solver_units import HAIR

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from routing.profile import Profile


@dataclass(frozen=True, slots=True)
class Halt:
    """One place and what it gets: item position to millionths."""

    place: int
    amounts: Mapping[int, int]
    kg: float
    m3: float


@dataclass(frozen=True, slots=True)
class Trip:
    """From the depot over the halts and back, for one class and speed of vehicles."""

    depot: int
    profile: Profile
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
    """Seconds since departure: at the road, at the place and away again for every halt, and home.

    Who comes before a place takes aid in waits at the road.
    """

    at_road_s: tuple[int, ...]
    arrives_s: tuple[int, ...]
    leaves_s: tuple[int, ...]
    back_s: int


# Trips of every vehicle, by its position in `Problem.vehicles`.
Days = dict[int, tuple[Trip, ...]]


def clock(fleet: Fleet, trip: Trip, start_s: int = 0) -> Clock:
    """When a trip that leaves at `start_s` is where; `blocked_s` and more without a road."""
    travel, delays = fleet.travel_s[trip.profile], fleet.delay_s[trip.profile]
    fixed = fleet.halt_s[trip.profile]
    now, here = 0, trip.depot
    at_road, arrives, leaves = [], [], []
    for halt in trip.halts:
        there, delay = fleet.n_depots + halt.place, int(delays[halt.place])
        now += int(travel[here, there])
        at_road.append(now)
        if fleet.has_windows:
            now = max(now, int(fleet.opens_s[halt.place]) - delay - start_s)
        arrives.append(now + delay)
        now += int(fixed[halt.place]) + fleet.handling_s(halt.kg, trip.profile)
        leaves.append(now)
        here = there
    back = now + int(travel[here, trip.depot])
    return Clock(tuple(at_road), tuple(arrives), tuple(leaves), back)


def in_time(fleet: Fleet, vehicle: int, trips: Sequence[Trip]) -> bool:
    """Whether the day keeps the windows of all its places."""
    if not fleet.has_windows:
        return True
    start = fleet.starts_s[vehicle]
    for trip in trips:
        times = clock(fleet, trip, start)
        for halt, arrives in zip(trip.halts, times.arrives_s, strict=True):
            if start + arrives > fleet.closes_s[halt.place]:
                return False
        start += times.back_s + fleet.reload_s
    return True


def make_trip(fleet: Fleet, depot: int, profile: Profile, loads: Sequence[Load]) -> Trip:
    """Trip over `loads`; those for one place that follow each other become one halt."""
    halts = []
    for place, same in groupby(loads, key=lambda load: load.place):
        amounts: dict[int, int] = {}
        for load in same:
            for item, amount in load.amounts.items():
                amounts[item] = amounts.get(item, 0) + amount
        halts.append(make_halt(fleet, place, amounts))
    return Trip(depot, profile, tuple(halts))


def make_halt(fleet: Fleet, place: int, amounts: Mapping[int, int]) -> Halt:
    """Halt with its weight and volume."""
    kept = {item: amounts[item] for item in sorted(amounts) if amounts[item] > 0}
    return Halt(place, kept, *weigh(fleet, kept))


def used_s(fleet: Fleet, trips: Sequence[Trip], start_s: int = 0) -> int:
    """From the first departure of a vehicle, at `start_s`, to its last return."""
    now = start_s
    for number, trip in enumerate(trips):
        now += (fleet.reload_s if number else 0) + clock(
            fleet, trip, now + (fleet.reload_s if number else 0)
        ).back_s
    return now - start_s


def lateness(
    fleet: Fleet, trips: Sequence[Trip], urgency: NDArray[np.float64], start_s: int = 0
) -> float:
    """Σ weight × quantity × seconds until arrival over the day of one vehicle.

    `urgency` holds the weight of one unit, shape (n_places, n_items).
    """
    total, start = 0.0, start_s
    for trip in trips:
        times = clock(fleet, trip, start)
        for halt, arrives in zip(trip.halts, times.arrives_s, strict=True):
            total += halt_weight(halt, urgency) * (start + arrives)
        start += times.back_s + fleet.reload_s
    return total


def halt_weight(halt: Halt, urgency: NDArray[np.float64]) -> float:
    """Σ weight × quantity of what the place gets."""
    return sum(
        float(urgency[halt.place, item]) * amount / MICRO for item, amount in halt.amounts.items()
    )


def spread(fleet: Fleet, days: Days, urgency: NDArray[np.float64]) -> Days:
    """The same trips, earlier: best direction, best order, on all vehicles that can drive them.

    Never later in sum than `days`, never longer on the road, always within the shifts. Where
    places have hours only the order of each day is looked at.
    """
    if fleet.has_windows:
        return in_order(fleet, days, urgency)
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
    """Every vehicle drives first what brings the most per hour, where that keeps all windows."""
    return {
        vehicle: _day_in_order(fleet, vehicle, trips, urgency)
        for vehicle, trips in sorted(days.items())
    }


def _day_in_order(
    fleet: Fleet, vehicle: int, trips: Sequence[Trip], urgency: NDArray[np.float64]
) -> tuple[Trip, ...]:
    turned = _smith(fleet, trips, urgency)
    if fleet.has_windows:
        start = fleet.starts_s[vehicle]
        if not in_time(fleet, vehicle, turned) or (
            used_s(fleet, turned, start) > used_s(fleet, trips, start)
            or lateness(fleet, turned, urgency, start) > lateness(fleet, trips, urgency, start)
        ):
            return tuple(trips)
    return turned


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
    at_home: dict[tuple[int, Profile], list[int]] = {}
    for group in fleet.groups:
        at_home.setdefault((group.depot, group.profile), []).extend(group.vehicles)
    shift_s = {v: group.shift_s for group in fleet.groups for v in group.vehicles}
    most = {v: group.max_trips for group in fleet.groups for v in group.vehicles}
    free_at = dict.fromkeys(range(len(vehicles)), 0)
    dealt: dict[int, list[Trip]] = {}
    every = [trip for _, trips in sorted(days.items()) for trip in trips]
    for trip in _smith(fleet, every, urgency):
        length = clock(fleet, trip).back_s
        able = [
            vehicle
            for vehicle in at_home[trip.depot, trip.profile]
            if vehicles[vehicle].capacity_kg + HAIR >= trip.kg
            and vehicles[vehicle].capacity_m3 + HAIR >= trip.m3
            and free_at[vehicle] + length <= shift_s[vehicle]
            and len(dealt.get(vehicle, ())) < most[vehicle]
        ]
        if not able:
            return None
        first = min(able, key=lambda v: (free_at[v], vehicles[v].capacity_kg, v))
        dealt.setdefault(first, []).append(trip)
        free_at[first] += length + fleet.reload_s
    return {vehicle: tuple(trips) for vehicle, trips in sorted(dealt.items())}
