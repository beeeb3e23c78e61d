"""Lots: which goods of a depot go out first. First expired, first out.

Pure arithmetic on whole micro-units. A lot may be handed out up to and including the day at which
it expires.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geo.names import plain

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """What one account holds of one lot; `lot_id` "" are goods without a lot.

    `expires_on` is None for goods that last, or of which nobody knows.
    """

    lot_id: str
    expires_on: date | None
    micro: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Picked:
    """What is taken from which lot, what is missing, and what was passed by because it expired."""

    parts: tuple[tuple[str, int], ...]
    missing: int
    expired: int


def is_expired(expires_on: date | None, today: date) -> bool:
    """Whether goods may no longer be handed out on a day."""
    return expires_on is not None and expires_on < today


def first_expired_first(shelves: Iterable[Shelf]) -> list[Shelf]:
    """Order shelves: what expires first, then by lot; what lasts comes last."""
    return sorted(
        shelves,
        key=lambda one: (
            one.expires_on is None,
            "" if one.expires_on is None else one.expires_on.isoformat(),
            one.lot_id,
        ),
    )


def pick(shelves: Iterable[Shelf], micro: int, *, today: date, expired_too: bool = False) -> Picked:
    """Take a quantity from the lots that expire first.

    Parameters
    ----------
    micro
        How much, in micro-units.
    today
        What expired before is passed by, and counted in `expired`.
    expired_too
        Take expired lots as well, and first: for goods that are thrown away or sent back.
    """
    parts: list[tuple[str, int]] = []
    left, expired = micro, 0
    for shelf in first_expired_first(shelves):
        if shelf.micro <= 0:
            continue
        if is_expired(shelf.expires_on, today) and not expired_too:
            expired += shelf.micro
            continue
        if left == 0:
            continue
        taken = min(shelf.micro, left)
        parts.append((shelf.lot_id, taken))
        left -= taken
    return Picked(parts=tuple(parts), missing=left, expired=expired)


def lot_id_of(item_id: str, code: str, expires_on: date | None) -> str:
    """Make the id of a lot from its code, else from its day: the same boxes are the same lot."""
    word = plain(code) if code else (expires_on.isoformat() if expires_on else "")
    slug = "".join(char if char.isascii() and char.isalnum() else "-" for char in word).strip("-")
    digest = hashlib.sha256(f"{item_id}\x1f{word}".encode()).hexdigest()[:8]
    return f"lot:{item_id[:30]}-{slug[:30] or 'x'}-{digest}"
