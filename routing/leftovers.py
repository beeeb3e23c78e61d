"""What the search left over, taken along wherever there is still room, time and stock.

After `take_along` this is true of every need that is left: no vehicle can bring one more portion of
it, alone or on a trip that it drives anyway, without giving up something else; or, where arrival
counts, without delaying others by more than it is worth. The reasons that a plan states rest on it.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from routing.fleet import MICRO
from routing.loads import Room, fill, weigh
from routing.profile import profile_of
from routing.schedule import Days, Trip, clock, halt_weight, in_time, make_halt, used_s

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from routing.fleet import Fleet, Group


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to bring `amounts` to a place.

    As part of halt `at` of trip `trip` (`joins`), as a new halt before it, or as a new trip.
    """

    vehicle: int
    trip: int
    at: int
    joins: bool
    extra_s: int
    amounts: Mapping[int, int]


def take_along(
    fleet: Fleet,
    days: Days,
    *,
    lacking: NDArray[np.int64],
    stock: NDArray[np.int64],
    urgency: NDArray[np.float64],
    unserved_h: float | None = None,
) -> Days:
    """Add to `days` until nothing more goes; the most valuable places first.

    Parameters
    ----------
    lacking
        (n_places, n_items) millionths of a unit; what is added is taken off in place.
    stock
        (n_depots, n_items) millionths; likewise.
    urgency
        (n_places, n_items) weight of one unit.
    unserved_h
        What is left counts as arriving so late, and nobody may be delayed for it by more than that
        is worth. None: whatever goes is taken, wherever it takes the least time.
    """
    filler = _Filler(fleet, dict(days), lacking, stock, urgency, unserved_h)
    value = (filler.value * lacking / MICRO).sum(axis=1)
    for place in np.argsort(-value, kind="stable"):
        while lacking[place].any() and filler.step(int(place)):
            pass
    return {vehicle: trips for vehicle, trips in sorted(filler.days.items()) if trips}


_Rank = tuple[float, int, int, int, int]


@dataclass(frozen=True, slots=True)
class _Behind:
    """One trip in its day: when it is where, and what would be delayed.

    `leaves_s` begins with the departure; ``worth_from[i]`` is weight × quantity of halt `i` and
    all behind it, later trips included.
    """

    at_road_s: tuple[int, ...]
    leaves_s: tuple[int, ...]
    worth_from: tuple[float, ...]


def _behind(
    fleet: Fleet, trips: Sequence[Trip], urgency: NDArray[np.float64], start_s: int
) -> list[_Behind]:
    worth, later = [], 0.0
    for trip in reversed(trips):
        sums = [later]
        for halt in reversed(trip.halts):
            sums.append(sums[-1] + halt_weight(halt, urgency))
        later = sums[-1]
        worth.append(tuple(reversed(sums)))
    found, start = [], start_s
    for trip, sums_from in zip(trips, reversed(worth), strict=True):
        times = clock(fleet, trip, start)
        found.append(
            _Behind(
                tuple(start + at for at in times.at_road_s),
                (start, *(start + at for at in times.leaves_s)),
                sums_from,
            )
        )
        start += times.back_s + fleet.reload_s
    return found


class _Filler:
    def __init__(
        self,
        fleet: Fleet,
        days: dict[int, tuple[Trip, ...]],
        lacking: NDArray[np.int64],
        stock: NDArray[np.int64],
        value: NDArray[np.float64],
        unserved_h: float | None,
    ) -> None:
        self.fleet = fleet
        self.days = days
        self.lacking = lacking
        self.stock = stock
        self.value = value
        self.unserved_h = unserved_h
        self.used_s = {
            vehicle: used_s(fleet, trips, fleet.starts_s[vehicle])
            for vehicle, trips in days.items()
        }
        self.behind: dict[int, list[_Behind]] = {}

    def step(self, place: int) -> bool:
        """Bring the most valuable portion that one vehicle can add to `place`, if any can."""
        best, trips = self._best_way(place)
        if best is None:
            return False
        self.behind.pop(best.vehicle, None)
        self.days[best.vehicle] = trips
        self.used_s[best.vehicle] = used_s(self.fleet, trips, self.fleet.starts_s[best.vehicle])
        for item, amount in best.amounts.items():
            self.lacking[place, item] -= amount
            self.stock[trips[0].depot, item] -= amount
        return True

    def _best_way(self, place: int) -> tuple[_Way | None, tuple[Trip, ...]]:
        """The way to bring the most, and the day of its vehicle with it."""
        ranked = ((self._rank(place, way), way) for way in self._ways_to(place))
        if not self.fleet.has_windows:
            rank, best = min(ranked, key=lambda pair: pair[0], default=(None, None))
            if best is None or rank is None or not self._is_gain(rank):
                return None, ()
            return best, self._day_with(best, place)
        for rank, way in sorted(ranked, key=lambda pair: pair[0]):
            if not self._is_gain(rank):
                break
            day = self._day_with(way, place)
            if in_time(self.fleet, way.vehicle, day) and (
                used_s(self.fleet, day, self.fleet.starts_s[way.vehicle])
                <= self._group(way).shift_s
            ):
                return way, day
        return None, ()

    def _is_gain(self, rank: _Rank) -> bool:
        return self.unserved_h is None or rank[0] < 0

    def _day_with(self, way: _Way, place: int) -> tuple[Trip, ...]:
        return _with(self.fleet, self.days.get(way.vehicle, ()), way, place, self._group(way))

    def _rank(self, place: int, way: _Way) -> _Rank:
        worth = sum(float(self.value[place, i]) * n / MICRO for i, n in way.amounts.items())
        if self.unserved_h is not None:
            worth = self._gain(place, way, worth)
        return (-worth, way.extra_s, way.vehicle, way.trip, way.at)

    def _gain(self, place: int, way: _Way, worth: float) -> float:
        """What the objective "arrival" wins: earlier than unserved, less the delay of others."""
        fleet, trips = self.fleet, self.days.get(way.vehicle, ())
        vehicle = fleet.problem.vehicles[way.vehicle]
        profile = profile_of(vehicle)
        delay_s = int(fleet.delay_s[profile][place])
        travel = fleet.travel_s[profile]
        there = fleet.n_depots + place
        if way.vehicle not in self.behind:
            self.behind[way.vehicle] = _behind(
                fleet, trips, self.value, fleet.starts_s[way.vehicle]
            )
        behind = self.behind[way.vehicle]
        delayed = 0.0
        if way.trip == len(trips):
            home = fleet.problem.depots.index(vehicle.depot_id)
            begins = fleet.starts_s[way.vehicle] + self.used_s.get(way.vehicle, 0)
            begins += fleet.reload_s if trips else 0
            at_road = begins + int(travel[home, there])
        else:
            trip, times = trips[way.trip], behind[way.trip]
            if way.joins:
                at_road = times.at_road_s[way.at]
                delayed = times.worth_from[way.at + 1]
            else:
                before = trip.depot
                if way.at > 0:
                    before = fleet.n_depots + trip.halts[way.at - 1].place
                at_road = times.leaves_s[way.at] + int(travel[before, there])
                delayed = times.worth_from[way.at]
        kg, _ = weigh(fleet, way.amounts)
        later_s = way.extra_s + fleet.handling_s(kg, profile)
        unserved_h = self.unserved_h or 0.0
        return worth * (unserved_h - (at_road + delay_s) / 3600) - delayed * later_s / 3600

    def _group(self, way: _Way) -> Group:
        return next(group for group in self.fleet.groups if way.vehicle in group.vehicles)

    def _ways_to(self, place: int) -> Iterator[_Way]:
        # Loads of a relay are cut to the teams' carries; only the search gives them out.
        if place in self.fleet.services:
            return
        order = np.argsort(-self.value[place] / self.fleet.unit_kg, kind="stable").tolist()
        wanted_of: dict[int, dict[int, int]] = {}
        for row in np.flatnonzero(self.fleet.kg_limit[:, place] > 0).tolist():
            group = self.fleet.groups[row]
            if group.depot not in wanted_of:
                wanted_of[group.depot] = self._wanted(place, group.depot)
            wanted = {
                item: amount
                for item, amount in wanted_of[group.depot].items()
                if self.fleet.takes[row, item]
            }
            if not wanted:
                continue
            idle_seen = False
            for vehicle in group.vehicles:
                trips = self.days.get(vehicle, ())
                if not trips and idle_seen:
                    continue  # as good as the idle vehicle before it
                idle_seen = idle_seen or not trips
                spare_s = group.shift_s - self.used_s.get(vehicle, 0)
                if spare_s < self.fleet.halt_s[group.profile][place] and not any(
                    halt.place == place for trip in trips for halt in trip.halts
                ):
                    continue  # no time for a further halt
                yield from _ways(self.fleet, group, vehicle, trips, place, spare_s, wanted, order)

    def _wanted(self, place: int, depot: int) -> dict[int, int]:
        """What `depot` could give to `place`: whole portions, or all that is lacking."""
        wanted: dict[int, int] = {}
        for item in np.flatnonzero(self.lacking[place]):
            lacks, held = int(self.lacking[place, item]), int(self.stock[depot, item])
            amount = lacks if held >= lacks else held - held % int(self.fleet.portion[item])
            if amount < lacks and self.fleet.whole[place, item]:
                continue
            if amount > 0:
                wanted[int(item)] = amount
        return wanted


def _ways(
    fleet: Fleet,
    group: Group,
    vehicle: int,
    trips: Sequence[Trip],
    place: int,
    spare_s: int,
    wanted: Mapping[int, int],
    order: Sequence[int],
) -> Iterator[_Way]:
    travel = fleet.travel_s[group.profile]
    there, halt_s = fleet.n_depots + place, int(fleet.halt_s[group.profile][place])

    def way(
        trip: int, at: int, joins: bool, extra_s: int, load: tuple[float, float]
    ) -> _Way | None:
        if extra_s > spare_s:
            return None
        kg = group.capacity_kg - load[0]
        per_kg_s = fleet.problem.handling_s_per_kg * group.profile.handling
        if per_kg_s > 0:
            kg = min(kg, (spare_s - extra_s) / per_kg_s)
        amounts = fill(fleet, wanted, Room(kg, group.capacity_m3 - load[1]), order=order)
        amounts = {i: n for i, n in amounts.items() if n == wanted[i] or not fleet.whole[place, i]}
        return _Way(vehicle, trip, at, joins, extra_s, amounts) if amounts else None

    def candidates() -> Iterator[_Way | None]:
        for number, trip in enumerate(trips):
            load = (trip.kg, trip.m3)
            if load[0] >= group.capacity_kg:
                continue
            points = [trip.depot, *(fleet.n_depots + halt.place for halt in trip.halts), trip.depot]
            for at, (before, after) in enumerate(itertools.pairwise(points)):
                detour = travel[before, there] + travel[there, after] - travel[before, after]
                if at < len(trip.halts) and trip.halts[at].place == place:
                    yield way(number, at, True, 0, load)
                else:
                    yield way(number, at, False, int(detour) + halt_s, load)
        if len(trips) < group.max_trips:
            extra = int(travel[group.depot, there] + travel[there, group.depot]) + halt_s
            reload_s = fleet.reload_s if trips else 0
            yield way(len(trips), 0, False, extra + reload_s, (0.0, 0.0))

    return (found for found in candidates() if found is not None)


def _with(
    fleet: Fleet, trips: Sequence[Trip], way: _Way, place: int, group: Group
) -> tuple[Trip, ...]:
    """`trips` with `way` taken."""
    changed = list(trips)
    if way.trip == len(changed):
        halt = make_halt(fleet, place, way.amounts)
        return (*changed, Trip(group.depot, group.profile, (halt,)))
    trip = changed[way.trip]
    halts = list(trip.halts)
    if way.joins:
        both = dict(halts[way.at].amounts)
        for item, amount in way.amounts.items():
            both[item] = both.get(item, 0) + amount
        halts[way.at] = make_halt(fleet, place, both)
    else:
        halts.insert(way.at, make_halt(fleet, place, way.amounts))
    changed[way.trip] = replace(trip, halts=tuple(halts))
    return tuple(changed)
