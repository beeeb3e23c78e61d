"""Loads: what one place gets from one depot in one go, never more than a vehicle carries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from routing.fleet import MICRO, Fleet
from routing.solver_units import HAIR

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Load:
    """Positions of depot and place; `amounts` maps the position of an item to millionths."""

    depot: int
    place: int
    amounts: Mapping[int, int]
    kg: float
    m3: float


@dataclass(frozen=True, slots=True)
class Room:
    """What still fits into a vehicle."""

    kg: float
    m3: float


def make_load(fleet: Fleet, depot: int, place: int, amounts: Mapping[int, int]) -> Load:
    """Load of `amounts` with its weight and volume."""
    kept = {item: amounts[item] for item in sorted(amounts) if amounts[item] > 0}
    return Load(depot, place, kept, *weigh(fleet, kept))


def weigh(fleet: Fleet, amounts: Mapping[int, int]) -> tuple[float, float]:
    """Kilograms and cubic metres of `amounts`."""
    kg = sum(amount * float(fleet.unit_kg[item]) for item, amount in amounts.items()) / MICRO
    m3 = sum(amount * float(fleet.unit_m3[item]) for item, amount in amounts.items()) / MICRO
    return kg, m3


def fill(
    fleet: Fleet, amounts: Mapping[int, int], room: Room, *, order: Sequence[int]
) -> dict[int, int]:
    """As much of `amounts` as fits into `room`, items in the given order of urgency."""
    taken: dict[int, int] = {}
    kg_left, m3_left = room.kg, room.m3
    for item in order:
        amount = amounts.get(item, 0)
        if amount <= 0:
            continue
        unit_kg, unit_m3 = float(fleet.unit_kg[item]), float(fleet.unit_m3[item])
        most = min(
            (kg_left + HAIR) / unit_kg, (m3_left + HAIR) / unit_m3 if unit_m3 > 0 else float("inf")
        )
        if most * MICRO >= amount:
            part = amount
        else:
            portion = int(fleet.portion[item])
            part = int(most * MICRO) // portion * portion
        if part > 0:
            taken[item] = part
            kg_left -= part * unit_kg / MICRO
            m3_left -= part * unit_m3 / MICRO
    return taken


def split(
    fleet: Fleet,
    depot: int,
    place: int,
    amounts: Mapping[int, int],
    *,
    rooms: Iterable[Room],
    order: Sequence[int],
) -> list[Load]:
    """Cut what a place gets into loads that fit a vehicle.

    Every piece is filled for the vehicle that takes the most of what is left, the most urgent
    items first; what fits no vehicle at all is left out.

    Parameters
    ----------
    rooms
        Capacities that reach the place.
    order
        Positions of items, the most urgent first.
    """
    sizes = sorted({(room.kg, room.m3) for room in rooms}, reverse=True)
    left = dict(amounts)
    loads: list[Load] = []
    while any(left.values()):
        pieces = [fill(fleet, left, Room(*size), order=order) for size in sizes]
        weights = [weigh(fleet, piece) for piece in pieces]
        if not any(pieces):
            break
        # A tie goes to the smallest vehicle listed, which is the last.
        best = max(range(len(pieces)), key=lambda row: (weights[row], row))
        loads.append(make_load(fleet, depot, place, pieces[best]))
        for item, part in pieces[best].items():
            left[item] -= part
    return loads


def urgency_order(weights: NDArray[np.float64]) -> list[int]:
    """Positions of items by falling weight, ties by position."""
    return sorted(range(len(weights)), key=lambda item: (-float(weights[item]), item))
