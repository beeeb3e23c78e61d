"""Duplicates: reports that may speak of one need, with what speaks for it.

Three organisations that ask for tents for one village seldom mean three times the tents. Reports
of one place and item are alike where they were made within three days and differ by no more than a
half; rows of one upload are told apart by their sender and are never alike. What is alike is
offered with its reasons; only reports that are equal within a day are merged without asking, by a
rule that somebody calls.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from data.store.need_records import NeedRecord

#: Reports farther apart than this are two: a need expires after two days, and is told again.
WINDOW = timedelta(hours=72)
#: The smaller of two quantities is at least this share of the larger.
ALIKE_SHARE = 0.5
#: Equal reports within this time are one by rule.
EQUAL_WITHIN = timedelta(hours=24)

Likeness = Literal["equal", "alike"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """A report that may speak of the need of another; `apart` is from that one's time."""

    need: NeedRecord
    likeness: Likeness
    apart: timedelta
    quantity_share: float
    same_sender: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicates:
    """Reports that may speak of one need: the one to keep, and the others with their reasons."""

    kept: NeedRecord
    twins: tuple[Twin, ...]


def find_duplicates(
    needs: Iterable[NeedRecord], current_place: Callable[[str], str]
) -> list[Duplicates]:
    """Give the groups of open reports that may speak of one need, the largest quantity first.

    Kept is the report that was verified, else the newest: the last count is the one that stands.

    Parameters
    ----------
    needs
        Open needs; each stands in one group at most.
    current_place
        Gives the id under which a place is known today.
    """
    by_thing: defaultdict[tuple[str, str], list[NeedRecord]] = defaultdict(list)
    for need in needs:
        by_thing[current_place(need.place_id), need.item_id].append(need)
    found = [group for alike in by_thing.values() if len(alike) > 1 for group in _groups(alike)]
    return sorted(found, key=lambda one: (-one.kept.quantity, one.kept.need_id))


def told_at(need: NeedRecord) -> datetime:
    """When a need was reported, else when it was recorded."""
    return need.reported_at or need.recorded_at


def _groups(needs: Sequence[NeedRecord]) -> list[Duplicates]:
    waiting = sorted(needs, key=lambda one: one.need_id)
    waiting.sort(key=told_at, reverse=True)
    waiting.sort(key=lambda one: one.status != "verified")
    groups = []
    while waiting:
        kept, *others = waiting
        twins = {one.need_id: twin for one in others if (twin := _twin(kept, one))}
        if twins:
            groups.append(Duplicates(kept=kept, twins=tuple(twins.values())))
        waiting = [one for one in others if one.need_id not in twins]
    return groups


def _twin(kept: NeedRecord, other: NeedRecord) -> Twin | None:
    """How a report is like the one to keep; None where it is another need."""
    if kept.upload_id == other.upload_id and kept.organisation_id == other.organisation_id:
        return None
    apart = abs(told_at(kept) - told_at(other))
    larger = max(kept.quantity, other.quantity)
    share = min(kept.quantity, other.quantity) / larger if larger > 0 else 1.0
    if apart > WINDOW or share < ALIKE_SHARE:
        return None
    equal = share == 1 and apart <= EQUAL_WITHIN
    return Twin(
        need=other,
        likeness="equal" if equal else "alike",
        apart=apart,
        quantity_share=share,
        same_sender=kept.organisation_id == other.organisation_id,
    )
