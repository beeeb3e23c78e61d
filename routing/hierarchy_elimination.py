"""Compiled parts of the road engine that put all times in, by the schedule of a hierarchy.

`room_s`, shape (n_up_arcs + n_aside, 2), are seconds up (column 0) and down (column 1) an upward
arc, inf where there is no way, and behind them the places laid aside for the cells.

Every lower triangle counts once (basic customization, Dibbelt et al. 2016), whatever the order: the
sums are the same, and of equal ones any is the least.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from routing.hierarchy_compiler import bare_kernel, wide_kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int32]
    Floats = NDArray[np.float64]

#: A rank with no more upward neighbours, like all below it, stands in a run.
LOW_DEGREE = 8
#: Columns of a panel that are added together; its rows are padded to a multiple.
LANES = 8

# The pairs of so many neighbours, those of n from `_PAIR_START[n]` on.
_PAIRS = [
    (first, second)
    for n in range(LOW_DEGREE + 1)
    for first in range(n)
    for second in range(first + 1, n)
]
_PAIR_FIRST = np.array([first for first, _ in _PAIRS], dtype=np.uint8)
_PAIR_SECOND = np.array([second for _, second in _PAIRS], dtype=np.uint8)
_PAIR_START = np.cumsum([0] + [n * (n - 1) // 2 for n in range(LOW_DEGREE + 1)]).astype(np.uint64)


@bare_kernel
def put_own(
    room_s: Floats,
    own_s: Floats,
    own_slot: Ints,
    begin: int,
    end: int,
    own_begin: int,
    own_end: int,
) -> None:
    """Give the rows `begin` to `end` the fastest of their own arcs of the graph, else inf.

    Those arcs are the rows `own_begin` to `own_end` of `own_s`.
    """
    room_s[begin:end] = np.inf
    for at in range(own_begin, own_end):
        slot = np.uint64(own_slot[at])
        up_arc, way = slot >> np.uint64(1), slot & np.uint64(1)
        now_s = room_s[up_arc, way]
        room_s[up_arc, way] = own_s[at] if own_s[at] < now_s else now_s


@wide_kernel
def eliminate(
    room_s: Floats,
    task: int,
    up_start: Ints,
    task_run: Ints,
    run_start: Ints,
    run_degree: Ints,
    run_arc: Ints,
    run_over: Ints,
    run_over_at: Ints,
    task_panel: Ints,
    panel_rank: Ints,
    panel_size: Ints,
    panel_over: Ints,
    panel_over_at: Ints,
    panel_s: Floats,
) -> None:
    """Let the ranks of a task hand their times on: its runs, then its panels.

    `panel_s`, (2, most ranks of a panel + 1, most columns + LANES), is room to work in.
    """
    # Unsigned indices spare the check for negative ones; choosing a value instead of jumping
    # around a store keeps the pipeline full.
    zero, one = np.uint64(0), np.uint64(1)
    at = np.uint64(run_over_at[task])
    for run in range(np.uint64(task_run[task]), np.uint64(task_run[task + 1])):
        n_up = np.uint64(run_degree[run])
        pairs_begin, pairs_end = _PAIR_START[n_up], _PAIR_START[n_up + one]
        for listed in range(np.uint64(run_start[run]), np.uint64(run_start[run + one])):
            arc = np.uint64(run_arc[listed])
            for pair in range(pairs_begin, pairs_end):
                first = arc + np.uint64(_PAIR_FIRST[pair])
                second = arc + np.uint64(_PAIR_SECOND[pair])
                over = np.uint64(run_over[at])
                at += one
                up_s = room_s[first, one] + room_s[second, zero]
                down_s = room_s[second, one] + room_s[first, zero]
                now_up_s, now_down_s = room_s[over, zero], room_s[over, one]
                room_s[over, zero] = up_s if up_s < now_up_s else now_up_s
                room_s[over, one] = down_s if down_s < now_down_s else now_down_s
    at = np.uint64(panel_over_at[task])
    for panel in range(np.uint64(task_panel[task]), np.uint64(task_panel[task + 1])):
        n_pairs = _eliminate_panel(
            room_s,
            np.uint64(panel_rank[panel]),
            np.uint64(panel_size[panel]),
            up_start,
            panel_over,
            at,
            panel_s,
        )
        at += n_pairs


@wide_kernel
def _eliminate_panel(
    room_s: Floats,
    rank: np.uint64,
    size: np.uint64,
    up_start: Ints,
    panel_over: Ints,
    over_at: np.uint64,
    panel_s: Floats,
) -> np.uint64:
    """Eliminate consecutive ranks whose upward neighbours are each other and the same others.

    The columns of the table are these ranks and their common upward neighbours; row i are the arcs
    from column i to those after it. A row of the panel itself lies together in `room_s`, one of the
    others is gathered by `panel_over` and given back. Returns how many of those were read.
    """
    zero, one, lanes = np.uint64(0), np.uint64(1), np.uint64(LANES)
    n_columns = np.uint64(up_start[rank + one]) - np.uint64(up_start[rank]) + one
    spare = np.uint64(panel_s.shape[1] - 1)
    at = over_at
    for row in range(n_columns - one):
        after = row + one
        inside = row < size
        into = row if inside else spare
        row_at = np.uint64(up_start[rank + row]) - after if inside else at - after
        if inside:
            for column in range(after, n_columns):
                panel_s[zero, into, column] = room_s[row_at + column, zero]
                panel_s[one, into, column] = room_s[row_at + column, one]
        else:
            for column in range(after, n_columns):
                over = np.uint64(panel_over[row_at + column])
                panel_s[zero, into, column] = room_s[over, zero]
                panel_s[one, into, column] = room_s[over, one]
            at += n_columns - after
        n_through = row if inside else size
        for way in range(np.uint64(2)):
            back = one - way
            c0 = after
            # Eight columns stay in registers while the ranks that are gone pass by. What is read
            # and written behind the last column is never used.
            while c0 < n_columns:
                c1, c2, c3 = c0 + one, c0 + np.uint64(2), c0 + np.uint64(3)
                c4, c5, c6 = c0 + np.uint64(4), c0 + np.uint64(5), c0 + np.uint64(6)
                c7 = c0 + np.uint64(7)
                s0, s1 = panel_s[way, into, c0], panel_s[way, into, c1]
                s2, s3 = panel_s[way, into, c2], panel_s[way, into, c3]
                s4, s5 = panel_s[way, into, c4], panel_s[way, into, c5]
                s6, s7 = panel_s[way, into, c6], panel_s[way, into, c7]
                for low in range(n_through):
                    to_low_s = panel_s[back, low, row]
                    t0 = to_low_s + panel_s[way, low, c0]
                    t1 = to_low_s + panel_s[way, low, c1]
                    t2 = to_low_s + panel_s[way, low, c2]
                    t3 = to_low_s + panel_s[way, low, c3]
                    t4 = to_low_s + panel_s[way, low, c4]
                    t5 = to_low_s + panel_s[way, low, c5]
                    t6 = to_low_s + panel_s[way, low, c6]
                    t7 = to_low_s + panel_s[way, low, c7]
                    s0 = t0 if t0 < s0 else s0
                    s1 = t1 if t1 < s1 else s1
                    s2 = t2 if t2 < s2 else s2
                    s3 = t3 if t3 < s3 else s3
                    s4 = t4 if t4 < s4 else s4
                    s5 = t5 if t5 < s5 else s5
                    s6 = t6 if t6 < s6 else s6
                    s7 = t7 if t7 < s7 else s7
                panel_s[way, into, c0], panel_s[way, into, c1] = s0, s1
                panel_s[way, into, c2], panel_s[way, into, c3] = s2, s3
                panel_s[way, into, c4], panel_s[way, into, c5] = s4, s5
                panel_s[way, into, c6], panel_s[way, into, c7] = s6, s7
                c0 += lanes
        if inside:
            for column in range(after, n_columns):
                room_s[row_at + column, zero] = panel_s[zero, into, column]
                room_s[row_at + column, one] = panel_s[one, into, column]
        else:
            for column in range(after, n_columns):
                over = np.uint64(panel_over[row_at + column])
                room_s[over, zero] = panel_s[zero, into, column]
                room_s[over, one] = panel_s[one, into, column]
    return at - over_at


@bare_kernel
def take_over(room_s: Floats, aside_over: Ints) -> None:
    """Take over what the cells have offered to arcs above them."""
    n_up_arcs = len(room_s) - len(aside_over)
    for at in range(len(aside_over)):
        over = aside_over[at]
        for way in range(2):
            offered_s = room_s[n_up_arcs + at, way]
            if offered_s < room_s[over, way]:
                room_s[over, way] = offered_s
