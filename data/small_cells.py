"""Small cells: counts of people that would point at somebody are not told.

A count of 1 to 4 is withheld: five is the smallest cell that this project tells. A total is the sum
of what is told, so that nobody takes what is withheld from the difference; how many cells are
withheld is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

#: The smallest number of people that is told; 0 is told too: nobody is pointed at.
MIN_CELL = 5


def told(count: int) -> int | None:
    """Give a count as it may be told, None where it is withheld.

    >>> told(0), told(4), told(5)
    (0, None, 5)
    """
    return None if 0 < count < MIN_CELL else count


def told_part(part: int, whole: int) -> int | None:
    """Give a part of a count: withheld where it, or what remains, is small.

    >>> told_part(6, 20), told_part(18, 20), told_part(20, 20), told_part(0, 3)
    (6, None, 20, None)
    """
    if told(whole) is None:
        return None
    return None if told(part) is None or told(whole - part) is None else part


def told_total(counts: Iterable[int]) -> tuple[int, int]:
    """Give the sum of what is told, and how many cells are withheld.

    >>> told_total([12, 3, 7, 0])
    (19, 1)
    """
    cells = [told(one) for one in counts]
    return sum(one for one in cells if one is not None), sum(one is None for one in cells)
