"""Needs of places behind a roadhead, cut to what teams carry at once, as many as they can carry."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from routing.allocate import need_items, need_places
from routing.fleet import MICRO, Fleet
from routing.relay_legs import load_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Piece:
    """One job: positions of place and item, millionths of the item's unit."""

    place: int
    item: int
    amount: int


def carry_of(fleet: Fleet, place: int, item: int) -> int:
    """Millionths of `item` that a team brings to `place` at once, whole portions."""
    service = fleet.services[place]
    thing = fleet.problem.items[item]
    portion = int(fleet.portion[item])
    units = load_of(thing, service.capacity_kg, service.capacity_m3)
    return int(min(units * MICRO, 4e18)) // portion * portion


def carries_used(fleet: Fleet, pieces: Iterable[Piece]) -> Counter[int]:
    """Carries that `pieces` take, by place; a carry is of one item, from one vehicle."""
    used: Counter[int] = Counter()
    for piece in pieces:
        if piece.place in fleet.services:
            size = max(carry_of(fleet, piece.place, piece.item), 1)
            used[piece.place] += -(-piece.amount // size)
    return used


def carries_left(fleet: Fleet, pieces: Sequence[Piece], more: Piece) -> int:
    """Carries that are free at the place of `more` once it is taken; 1 where there is no relay."""
    if more.place not in fleet.services:
        return 1
    used = carries_used(fleet, (*pieces, more))[more.place]
    return fleet.services[more.place].loads - used


def relay_pieces(
    fleet: Fleet, lacking: NDArray[np.int64], stock: NDArray[np.int64], begun: Sequence[Piece]
) -> list[Piece]:
    """Loads for all relays of the day, the most valuable first, beside those that are `begun`."""
    if not fleet.services:
        return []
    place, item = need_places(fleet), need_items(fleet)
    used = carries_used(fleet, begun)
    pieces: list[Piece] = []
    for where, service in fleet.services.items():
        loads: list[tuple[float, int, int]] = []
        room_kg = float(fleet.kg_limit[:, where].max(initial=0.0))
        for need in np.flatnonzero((place == where) & (lacking > 0)).tolist():
            thing, left = int(item[need]), int(lacking[need])
            portion = int(fleet.portion[thing])
            by_room = int(room_kg / float(fleet.unit_kg[thing]) * MICRO) // portion * portion
            size = min(carry_of(fleet, where, thing), by_room)
            held = int(stock[:, thing].max(initial=0))
            if size <= 0 or held < portion:
                continue
            weight = fleet.problem.needs[need].weight
            if fleet.whole[where, thing]:
                if left <= min(size, held):
                    loads.append((weight * left, thing, left))
                continue
            for _ in range(service.loads):
                amount = min(size, left, held // portion * portion or left)
                if amount <= 0:
                    break
                loads.append((weight * amount, thing, amount))
                left -= amount
        loads.sort(key=lambda load: (-load[0], load[1], -load[2]))
        free = service.loads - used[where]
        pieces += [Piece(where, thing, amount) for _, thing, amount in loads[: max(free, 0)]]
    return pieces
