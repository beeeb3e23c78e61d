"""Compiled parts of the schedule: cells of the tree, runs, panels, and where each pair is offered.

Everything is indexed by rank; arrays of indices are int32.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from routing.hierarchy_compiler import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int32]
    Longs = NDArray[np.int64]
    Flags = NDArray[np.bool_]


@kernel
def pairs_below(parent: Ints, up_start: Ints) -> Longs:
    """Pairs of upward neighbours of a rank and of all below it in the tree."""
    below = np.zeros(len(parent), np.int64)
    for low in range(len(parent)):
        n_up = np.int64(up_start[low + 1] - up_start[low])
        below[low] += n_up * (n_up - 1) // 2
        if parent[low] >= 0:
            below[parent[low]] += below[low]
    return below


@kernel
def cells_of_tree(
    parent: Ints, up_start: Ints, below: Longs, min_pairs: int, max_pairs: int
) -> tuple[Ints, Ints]:
    """The cell of every rank, -1 = in none, and the highest rank of each cell, ascending.

    A cell is a branch with so many pairs that it pays and few enough to share the work out. What
    is laid aside for it, a place for each pair of its highest rank, is a quarter of its work at
    most.
    """
    n_ranks = len(parent)
    cell = np.full(n_ranks, -1, np.int32)
    roots = np.empty(n_ranks, np.int32)
    n_cells = 0
    for low in range(n_ranks - 1, -1, -1):
        above = parent[low]
        if above >= 0 and cell[above] >= 0:
            cell[low] = cell[above]
            continue
        n_up = np.int64(up_start[low + 1] - up_start[low])
        fits = min_pairs <= below[low] <= max_pairs
        if fits and 2 * n_up * (n_up - 1) <= below[low]:
            cell[low] = n_cells
            roots[n_cells] = low
            n_cells += 1
    for low in range(n_ranks):
        if cell[low] >= 0:
            cell[low] = n_cells - 1 - cell[low]
    return cell, roots[:n_cells][::-1].copy()


@kernel
def low_and_height(parent: Ints, up_start: Ints, low_degree: int) -> tuple[Flags, Ints]:
    """Whether a rank and all below have few upward neighbours, and its height in the tree."""
    low = np.ones(len(parent), np.bool_)
    height = np.zeros(len(parent), np.int32)
    for rank in range(len(parent)):
        if up_start[rank + 1] - up_start[rank] > low_degree:
            low[rank] = False
        above = parent[rank]
        if above >= 0:
            low[above] &= low[rank]
            height[above] = max(height[above], height[rank] + 1)
    return low, height


@kernel
def panels_of_ranks(parent: Ints, up_start: Ints, low: Flags, cell: Ints) -> tuple[Ints, Ints]:
    """First rank and number of ranks of every panel that has a pair, ascending."""
    n_ranks = len(parent)
    first, size = np.empty(n_ranks, np.int32), np.empty(n_ranks, np.int32)
    n_panels = 0
    rank = 0
    while rank < n_ranks:
        if low[rank] or up_start[rank + 1] - up_start[rank] < 2:
            rank += 1
            continue
        end = rank + 1
        while (
            end < n_ranks
            and parent[end - 1] == end
            and cell[end - 1] == cell[end]
            and up_start[end] - up_start[end - 1] == up_start[end + 1] - up_start[end] + 1
        ):
            end += 1
        first[n_panels], size[n_panels] = rank, end - rank
        n_panels += 1
        rank = end
    return first[:n_panels].copy(), size[:n_panels].copy()


@kernel
def _offer(
    low: int, root: int, aside: int, up_start: Ints, up_head: Ints, over: Ints, at: int
) -> int:
    """Write for each pair of upward arcs of `low` the upward arc between their heads.

    Where both heads lie above `root`, the highest rank of the cell, it is the place laid aside for
    the pair instead, from `aside` on; without a cell, `root` is -1.
    """
    end = up_start[low + 1]
    place = up_start[root] if root >= 0 else 0
    for first in range(up_start[low], end):
        head = up_head[first]
        if root >= 0 and head > root:
            while up_head[place] < head:
                place += 1
            row = place - up_start[root]
            n_above = up_start[root + 1] - up_start[root]
            row_at = aside + row * (2 * n_above - row - 1) // 2
            other = place
            for second in range(first + 1, end):
                while up_head[other] < up_head[second]:
                    other += 1
                over[at] = row_at + other - place - 1
                at += 1
            continue
        opposite = up_start[head]
        for second in range(first + 1, end):
            while up_head[opposite] < up_head[second]:
                opposite += 1
            over[at] = opposite
            at += 1
    return at


@kernel
def offered(
    ranks: Ints, cell: Ints, root: Ints, aside_start: Longs, up_start: Ints, up_head: Ints
) -> Ints:
    """Where the pairs of some ranks are offered, one rank after the other."""
    n_pairs = 0
    for low in ranks:
        n_up = np.int64(up_start[low + 1] - up_start[low])
        n_pairs += int(n_up * (n_up - 1) // 2)
    over = np.empty(n_pairs, np.int32)
    at = 0
    for low in ranks:
        if len(root) == 0 or cell[low] < 0:
            at = _offer(low, -1, 0, up_start, up_head, over, at)
        else:
            aside = len(up_head) + aside_start[cell[low]]
            at = _offer(low, root[cell[low]], aside, up_start, up_head, over, at)
    return over
