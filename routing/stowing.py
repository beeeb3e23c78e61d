"""Trips of vehicles that travel together, made so that every piece fits one of them.

The search sees the room of a company as one. A trip whose pieces do not go into its vehicles, one
by one, leaves behind what is left over: from its last halts first.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from routing.schedule import Days, Trip, make_halt
from routing.together import pack

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from routing.fleet import Fleet
    from routing.together import Room


def stowed(
    fleet: Fleet, days: Days, *, lacking: NDArray[np.int64], stock: NDArray[np.int64]
) -> Days:
    """Give `days` with trips whose loads go into their vehicles.

    Parameters
    ----------
    lacking, stock
        (n_places, n_items) and (n_depots, n_items) millionths; what is left behind is added.
    """
    made: Days = {}
    for vehicle, trips in days.items():
        rooms = fleet.rooms.get(vehicle)
        kept = [
            trip if rooms is None else _stowed(fleet, trip, rooms, lacking=lacking, stock=stock)
            for trip in trips
        ]
        if kept := [trip for trip in kept if trip.halts]:
            made[vehicle] = tuple(kept)
    return made


def left_over(fleet: Fleet, trip: Trip, rooms: Sequence[Room]) -> dict[int, int]:
    """What of a trip's load goes into none of its vehicles: item position to millionths."""
    items = fleet.problem.items
    amounts: dict[str, int] = {}
    for halt in trip.halts:
        for row, amount in halt.amounts.items():
            amounts[items[row].item_id] = amounts.get(items[row].item_id, 0) + amount
    _loads, left = pack(rooms, amounts, {item.item_id: item for item in items})
    return {row: left[item.item_id] for row, item in enumerate(items) if item.item_id in left}


def _stowed(
    fleet: Fleet,
    trip: Trip,
    rooms: Sequence[Room],
    *,
    lacking: NDArray[np.int64],
    stock: NDArray[np.int64],
) -> Trip:
    while left := left_over(fleet, trip, rooms):
        row, amount = next(iter(left.items()))
        trip = _without(fleet, trip, row, amount, lacking=lacking, stock=stock)
    return trip


def _without(
    fleet: Fleet,
    trip: Trip,
    item: int,
    amount: int,
    *,
    lacking: NDArray[np.int64],
    stock: NDArray[np.int64],
) -> Trip:
    """Leave `amount` of an item behind, of the last halts first; all of what must stay whole."""
    halts = []
    for halt in reversed(trip.halts):
        part = min(halt.amounts.get(item, 0), amount)
        if part and fleet.whole[halt.place, item]:
            part = halt.amounts[item]
        if part:
            amount = max(amount - part, 0)
            lacking[halt.place, item] += part
            stock[trip.depot, item] += part
            halt = make_halt(fleet, halt.place, {**halt.amounts, item: halt.amounts[item] - part})
        if halt.amounts:
            halts.append(halt)
    return replace(trip, halts=tuple(reversed(halts)))
