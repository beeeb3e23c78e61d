"""Why every stop comes when it does: what it brings, how early it could be, which order it beat."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from routing.drivers import most_useful
from routing.explain.facts import StopWhy, Swap
from routing.explain.gaps import urgency_of
from routing.fleet import fleet_of
from routing.schedule import clock, halt_weight, in_time, lateness, used_s
from routing.timetable import days_of, relays_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from routing.fleet import Fleet
    from routing.plan import Convoy, Plan
    from routing.problem import Problem
    from routing.schedule import Trip


def explain_stops(problem: Problem, plan: Plan) -> dict[str, tuple[StopWhy, ...]]:
    """Explain the stops of every convoy, by its id.

    Parameters
    ----------
    problem
        What the convoys of `plan` were planned from. Of a re-plan its rest: kept convoys are only
        said to be kept.
    """
    new = replace(plan, convoys=tuple(one for one in plan.convoys if not one.kept))
    fleet = fleet_of(
        problem,
        relay=plan.objective == "arrival",
        kept=relays_of(new),
        first=most_useful(problem, new),
        only=relays_of(new).keys(),
    )
    days = _Days(fleet, new)
    found = {one.convoy_id: _kept(one) for one in plan.convoys if one.kept}
    return found | {one.convoy_id: days.of(one) for one in new.convoys}


def _kept(convoy: Convoy) -> tuple[StopWhy, ...]:
    return tuple(
        StopWhy(
            value=0.0,
            value_share=0.0,
            weight=0.0,
            number=number,
            of_stops=len(convoy.stops),
            arrives_at=stop.arrives_at,
            kept=convoy.kept,
        )
        for number, stop in enumerate(convoy.stops, start=1)
    )


class _Days:
    """The days of a plan, and what every place and unit is worth."""

    def __init__(self, fleet: Fleet, plan: Plan) -> None:
        self.fleet = fleet
        self.urgency = urgency_of(fleet)
        self.days = days_of(fleet, plan)
        self.rows = {v.vehicle_id: row for row, v in enumerate(fleet.problem.vehicles)}
        self.group_of = {row: group for group in fleet.groups for row in group.vehicles}
        self.total = sum(need.weight * need.quantity for need in fleet.problem.needs)
        self.earliest = _earliest_s(fleet)
        # Trips of a vehicle's day in the order of the plan; `trip` counts kept ones too.
        day: dict[str, list[Convoy]] = defaultdict(list)
        for convoy in sorted(plan.convoys, key=lambda one: (one.vehicle_id, one.trip)):
            day[convoy.vehicle_id].append(convoy)
        self.number: Mapping[str, int] = {
            convoy.convoy_id: n for convoys in day.values() for n, convoy in enumerate(convoys)
        }

    def of(self, convoy: Convoy) -> tuple[StopWhy, ...]:
        """Explain the stops of one convoy."""
        vehicle, number = self.rows[convoy.vehicle_id], self.number[convoy.convoy_id]
        trips = self.days[vehicle]
        in_front = sum(len(trip.halts) for trip in trips[:number])
        of_stops = sum(len(trip.halts) for trip in trips)
        departs_at = self.fleet.problem.departs_at
        whys = []
        for at, (halt, stop) in enumerate(zip(trips[number].halts, convoy.stops, strict=True)):
            value = halt_weight(halt, self.urgency)
            weights = [float(self.urgency[halt.place, item]) for item in halt.amounts]
            earliest = self.earliest[halt.place]
            whys.append(
                StopWhy(
                    value=value,
                    value_share=value / self.total if self.total > 0 else 0.0,
                    weight=max(weights, default=0.0),
                    number=in_front + at + 1,
                    of_stops=of_stops,
                    arrives_at=stop.arrives_at,
                    earliest_at=departs_at + timedelta(seconds=int(earliest))
                    if earliest < self.fleet.blocked_s
                    else None,
                    before=self._swapped(vehicle, trips, number, at),
                    after=self._swapped_back(vehicle, trips, number, at),
                )
            )
        return tuple(whys)

    def _swapped(self, vehicle: int, trips: tuple[Trip, ...], number: int, at: int) -> Swap | None:
        """The stop after the one that follows; at the end of a trip, the trip after the next."""
        halts = trips[number].halts
        if at + 1 < len(halts):
            order = (*halts[:at], halts[at + 1], halts[at], *halts[at + 2 :])
            turned = (
                *trips[:number], replace(trips[number], halts=order), *trips[number + 1 :]
            )  # fmt: skip
            return self._compare(vehicle, trips, turned, (number, at), (number, at + 1))
        if number + 1 < len(trips):
            turned = (
                *trips[:number], trips[number + 1], trips[number], *trips[number + 2 :]
            )  # fmt: skip
            return self._compare(vehicle, trips, turned, (number, at), (number + 1, 0))
        return None

    def _swapped_back(
        self, vehicle: int, trips: tuple[Trip, ...], number: int, at: int
    ) -> Swap | None:
        """The same with the stop in front, seen from this one."""
        if at > 0:
            turned = self._swapped(vehicle, trips, number, at - 1)
        elif number > 0:
            turned = self._swapped(vehicle, trips, number - 1, len(trips[number - 1].halts) - 1)
        else:
            return None
        if turned is None:
            return None
        before = trips[number].halts[at - 1] if at else trips[number - 1].halts[-1]
        other = self.fleet.problem.places[before.place]
        return replace(turned, other=other, own_s=turned.other_s, other_s=turned.own_s)

    def _compare(
        self,
        vehicle: int,
        as_is: tuple[Trip, ...],
        turned: tuple[Trip, ...],
        own: tuple[int, int],
        other: tuple[int, int],
    ) -> Swap | None:
        fleet, start = self.fleet, self.fleet.starts_s[vehicle]
        if as_is[own[0]].halts[own[1]].place == as_is[other[0]].halts[other[1]].place:
            return None  # two loads for one place
        before, after = _arrivals(fleet, as_is, start), _arrivals(fleet, turned, start)
        trips = own[0] != other[0]
        new_own = (other[0], own[1]) if trips else other
        new_other = (own[0], other[1]) if trips else own
        worse = lateness(fleet, turned, self.urgency, start) - lateness(
            fleet, as_is, self.urgency, start
        )
        longer = used_s(fleet, turned, start) - used_s(fleet, as_is, start)
        shift_s = self.group_of[vehicle].shift_s
        return Swap(
            other=fleet.problem.places[as_is[other[0]].halts[other[1]].place],
            trips=trips,
            own_s=float(after[new_own] - before[own]),
            other_s=float(after[new_other] - before[other]),
            worse=worse / 3600,
            holds=used_s(fleet, turned, start) <= shift_s and in_time(fleet, vehicle, turned),
            longer_s=float(longer),
        )


def _arrivals(fleet: Fleet, trips: tuple[Trip, ...], start_s: int) -> dict[tuple[int, int], int]:
    """When aid is at the place of each halt, by trip and halt; seconds after the plan begins."""
    found, start = {}, start_s
    for number, trip in enumerate(trips):
        times = clock(fleet, trip, start)
        for at, arrives in enumerate(times.arrives_s):
            found[number, at] = start + arrives
        start += times.back_s + fleet.reload_s
    return found


def _earliest_s(fleet: Fleet) -> NDArray[np.int64]:
    """When any vehicle could bring aid to each place, straight from its depot (n_places,)."""
    n_places = len(fleet.problem.places)
    earliest = np.full(n_places, fleet.blocked_s, dtype=np.int64)
    for group in fleet.groups:
        out = fleet.travel_s[group.profile][group.depot, fleet.n_depots :]
        there = group.start_s + out + fleet.delay_s[group.profile]
        there = np.maximum(there, fleet.opens_s)
        earliest = np.where(out < fleet.blocked_s, np.minimum(earliest, there), earliest)
    return earliest
