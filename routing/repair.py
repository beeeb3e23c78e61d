"""Days of a search that knows neither windows nor what must stay whole, made to hold.

PyVRP is asked for little time on the road only (docs/convoys.md). What would come after a place
has closed, and a part of what must not be parted, is taken off again; `take_along` finds another
way for it where there is one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from routing.fleet import MICRO
from routing.schedule import clock, make_halt, used_s

if TYPE_CHECKING:
    from collections.abc import Sequence

    from routing.fleet import Fleet
    from routing.schedule import Days, Trip


def made_to_hold(fleet: Fleet, days: Days) -> Days:
    """Give `days` without stops that come late and without parts of what must stay whole."""
    if fleet.services:
        days = {vehicle: _without_relays(fleet, trips) for vehicle, trips in days.items()}
    if fleet.whole.any():
        days = {vehicle: _wholes_only(fleet, trips) for vehicle, trips in days.items()}
    if fleet.has_windows:
        days = {vehicle: _punctual(fleet, vehicle, trips) for vehicle, trips in days.items()}
    return {vehicle: trips for vehicle, trips in sorted(days.items()) if trips}


def _without_relays(fleet: Fleet, trips: Sequence[Trip]) -> tuple[Trip, ...]:
    """Loads for a roadhead are cut to what teams carry, which this search does not know."""
    kept = [
        replace(trip, halts=tuple(h for h in trip.halts if h.place not in fleet.services))
        for trip in trips
    ]
    return tuple(trip for trip in kept if trip.halts)


def _wholes_only(fleet: Fleet, trips: Sequence[Trip]) -> tuple[Trip, ...]:
    problem = fleet.problem
    places = {place: row for row, place in enumerate(problem.places)}
    items = {item.item_id: row for row, item in enumerate(problem.items)}
    needed = {
        (places[need.place_id], items[need.item_id]): round(need.quantity * MICRO)
        for need in problem.needs
        if need.whole
    }
    kept = []
    for trip in trips:
        halts = [
            make_halt(
                fleet,
                halt.place,
                {i: n for i, n in halt.amounts.items() if n >= needed.get((halt.place, i), 0)},
            )
            for halt in trip.halts
        ]
        kept.append(replace(trip, halts=tuple(halt for halt in halts if halt.amounts)))
    return tuple(trip for trip in kept if trip.halts)


def _punctual(fleet: Fleet, vehicle: int, trips: Sequence[Trip]) -> tuple[Trip, ...]:
    """The day without what comes late: the first such stop goes, until there is none."""
    start, kept = fleet.starts_s[vehicle], list(trips)
    shift_s = next(group.shift_s for group in fleet.groups if vehicle in group.vehicles)
    while (at := _first_late(fleet, start, kept)) is not None:
        trip, halt = at
        halts = kept[trip].halts
        kept[trip] = replace(kept[trip], halts=(*halts[:halt], *halts[halt + 1 :]))
        kept = [one for one in kept if one.halts]
    while kept and used_s(fleet, kept, start) > shift_s:
        kept.pop()
    return tuple(kept)


def _first_late(fleet: Fleet, start: int, trips: Sequence[Trip]) -> tuple[int, int] | None:
    for row, trip in enumerate(trips):
        times = clock(fleet, trip, start)
        for at, (halt, arrives) in enumerate(zip(trip.halts, times.arrives_s, strict=True)):
            if start + arrives > fleet.closes_s[halt.place]:
                return row, at
        start += times.back_s + fleet.reload_s
    return None
