"""Where a gift went: goods followed from the donor's hand through depots and convoys to places.

Goods of one item and lot in one depot are alike, so which box was whose is a rule and not a fact:
what came first goes first (FIFO), within its lot. By this rule every unit of every gift is in
exactly one place, and what is attributed to all gifts together is what the stock book holds.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

#: Goods that nobody gave: found by a count, or moved before the books began.
UNKNOWN = ""
NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One movement that stands, as the stock book has it."""

    movement_id: str
    item_id: str
    lot_id: str
    quantity: Decimal
    giver: str
    taker: str
    at: datetime
    seq: int


@dataclass(slots=True)
class Whereabouts:
    """How much of a gift one account holds, when the last of it came, by which events."""

    quantity: Decimal = NOTHING
    last_at: datetime | None = None
    events: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gift:
    """What a donor handed over at once, and where it is now, by account."""

    given: Move
    now: dict[str, Whereabouts]


def trace(moves: Iterable[Move]) -> dict[str, Gift]:
    """Follow all goods; gives every gift by the id of the movement that it came with.

    Parameters
    ----------
    moves
        Those that stand, in the order in which they were recorded.
    """
    shelves: dict[tuple[str, str, str], deque[tuple[str, Decimal]]] = defaultdict(deque)
    gifts: dict[str, Gift] = {}
    for move in moves:
        if move.giver.startswith("donor:"):
            gifts[move.movement_id] = Gift(given=move, now={})
            parts = [(move.movement_id, move.quantity)]
        else:
            shelf = shelves[move.giver, move.item_id, move.lot_id]
            parts = _taken(shelf, move.quantity)
            for gift_id, quantity in parts:
                if gift_id in gifts:
                    gifts[gift_id].now[move.giver].quantity -= quantity
        goal = shelves[move.taker, move.item_id, move.lot_id]
        for gift_id, quantity in parts:
            goal.append((gift_id, quantity))
            if gift_id in gifts:
                there = gifts[gift_id].now.setdefault(move.taker, Whereabouts())
                there.quantity += quantity
                there.last_at = move.at
                there.events.append(move.seq)
    return gifts


def _taken(shelf: deque[tuple[str, Decimal]], wanted: Decimal) -> list[tuple[str, Decimal]]:
    """Take from a shelf what came first; what it does not hold came from nobody that is known."""
    parts: list[tuple[str, Decimal]] = []
    while wanted > 0 and shelf:
        gift_id, held = shelf[0]
        part = min(held, wanted)
        wanted -= part
        if part == held:
            shelf.popleft()
        else:
            shelf[0] = (gift_id, held - part)
        parts.append((gift_id, part))
    return [*parts, (UNKNOWN, wanted)] if wanted > 0 else parts
