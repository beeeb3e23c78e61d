"""Compiled parts of the road engine that answer questions: climbs, sweeps and ways.

`weight_s`, shape (n_up_arcs, 2), are seconds up (column 0) and down (column 1) an upward arc,
inf where there is no way. Everything is indexed by rank; arrays of indices are int32.

What numba keeps on disk is only made anew if the file of a kernel changes, not one that it calls
into: kernels that call each other stand in one file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from routing.hierarchy_compiler import bare_kernel, kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int32]
    Floats = NDArray[np.float64]

# --- climbs -------------------------------------------------------------------------------------


@kernel
def climb(
    seed_rank: Ints,
    seed_s: Floats,
    weight_s: Floats,
    up_start: Ints,
    up_head: Ints,
    parent: Ints,
    distance_s: Floats,
    entering: Ints,
) -> tuple[Ints, int]:
    """Ways upward from a few seeds, over their ancestors in ascending order.

    `distance_s` and `entering`, (n_ranks,), must be inf and -1 and are filled at the ranks that are
    returned (with their number): seconds, and the upward arc that enters, -1 at a seed.
    """
    here = seed_rank.copy()
    for seed in range(len(here)):
        if seed_s[seed] < distance_s[here[seed]]:
            distance_s[here[seed]] = seed_s[seed]
    path = np.empty(64, np.int32)
    n_path = 0
    while True:
        rank = np.int32(-1)
        for seed in range(len(here)):
            if here[seed] >= 0 and (rank < 0 or here[seed] < rank):
                rank = here[seed]
        if rank < 0:
            return path, n_path
        for seed in range(len(here)):
            if here[seed] == rank:
                here[seed] = parent[rank]
        if n_path == len(path):
            more = np.empty(2 * n_path, np.int32)
            more[:n_path] = path
            path = more
        path[n_path] = rank
        n_path += 1
        from_s = distance_s[rank]
        if from_s == np.inf:
            continue
        for arc in range(up_start[rank], up_start[rank + 1]):
            to_s = from_s + weight_s[arc, 0]
            if to_s < distance_s[up_head[arc]]:
                distance_s[up_head[arc]] = to_s
                entering[up_head[arc]] = arc


@kernel
def climb_all(
    seed_start: Ints,
    seed_rank: Ints,
    seed_s: Floats,
    weight_s: Floats,
    up_start: Ints,
    up_head: Ints,
    parent: Ints,
    row: Ints,
    table_s: Floats,
) -> None:
    """Climb from the seeds of each origin (a column) into its column of `table_s`."""
    # Only the ancestors of the seeds are ever read, so only they are initialised.
    distance_s = np.empty(len(parent))
    entering = np.empty(len(parent), np.int32)
    for origin in range(len(seed_start) - 1):
        first, last = seed_start[origin], seed_start[origin + 1]
        for seed in range(first, last):
            rank = seed_rank[seed]
            while rank >= 0:
                distance_s[rank] = np.inf
                rank = parent[rank]
        path, n_path = climb(
            seed_rank[first:last],
            seed_s[first:last],
            weight_s,
            up_start,
            up_head,
            parent,
            distance_s,
            entering,
        )
        for at in range(n_path):
            rank = path[at]
            if row[rank] >= 0:
                table_s[row[rank], origin] = distance_s[rank]


@kernel
def meet(
    seed_rank: int, target_rank: int, weight_s: Floats, up_start: Ints, up_head: Ints, parent: Ints
) -> float:
    """Seconds between two ranks: the two climbs to the root meet where their sum is least."""
    # Only the ancestors of the two are ever read, so only they are initialised.
    ahead_s, behind_s = np.empty(len(parent)), np.empty(len(parent))
    for first in (seed_rank, target_rank):
        rank = first
        while rank >= 0:
            ahead_s[rank] = np.inf
            behind_s[rank] = np.inf
            rank = parent[rank]
    ahead_s[seed_rank] = 0.0
    behind_s[target_rank] = 0.0
    a, b = seed_rank, target_rank
    best_s = np.inf
    while a >= 0 or b >= 0:
        rank = a if b < 0 or (0 <= a <= b) else b
        best_s = min(best_s, ahead_s[rank] + behind_s[rank])
        for arc in range(up_start[rank], up_start[rank + 1]):
            high = up_head[arc]
            ahead_s[high] = min(ahead_s[high], ahead_s[rank] + weight_s[arc, 0])
            behind_s[high] = min(behind_s[high], behind_s[rank] + weight_s[arc, 1])
        if a == rank:
            a = parent[rank]
        if b == rank:
            b = parent[rank]
    return best_s


# --- ways ---------------------------------------------------------------------------------------


@kernel
def _grown(items: Ints, n_needed: int) -> Ints:
    """The array, or a copy with room for at least `n_needed` items."""
    if n_needed <= len(items):
        return items
    more = np.empty(max(2 * len(items), n_needed), np.int32)
    more[: len(items)] = items
    return more


@bare_kernel
def _origin_of_slot(
    slot: int,
    weight_s: Floats,
    arc_time_s: Floats,
    slot_start: Ints,
    slot_arc: Ints,
    triangle_start: Ints,
    triangle: Ints,
) -> int:
    """What a slot stands for: 1 + its triangle, or -1 - its arc of the graph."""
    wanted_s = weight_s[slot >> 1, slot & 1]
    for at in range(slot_start[slot], slot_start[slot + 1]):
        if arc_time_s[slot_arc[at]] == wanted_s:
            return int(-1 - slot_arc[at])
    for at in range(triangle_start[slot >> 1], triangle_start[(slot >> 1) + 1]):
        to_low, to_high = triangle[at, 0], triangle[at, 1]
        through_s = weight_s[to_low, 1] + weight_s[to_high, 0]
        if slot & 1:
            through_s = weight_s[to_high, 1] + weight_s[to_low, 0]
        if through_s == wanted_s:
            return 1 + at
    raise ValueError("the weights are not those of the times")


@bare_kernel
def _unpack_back(
    slots: Ints,
    n_slots: int,
    column: int,
    known_of: Ints,
    stack: Ints,
    back: Ints,
    back_rank: Ints,
    weight_s: Floats,
    arc_time_s: Floats,
    slot_start: Ints,
    slot_arc: Ints,
    up_tail: Ints,
    up_head: Ints,
    triangle_start: Ints,
    triangle: Ints,
    via: Ints,
) -> tuple[int, int]:
    """Write the arcs of the graph that some slots stand for into `back`, the last of them first.

    `slots` are the parts of a way, the last first; `back_rank` gets the rank at which each arc
    ends. It stops at the first rank whose way from this column is known. Returns the number of arcs
    and the rank where the last of them begins; -1 if `back` or `stack` are too short. `via`,
    (n_slots,), remembers what a slot stands for; 0 where nobody has asked yet.
    """
    n_back, begins = 0, 0
    for part in range(n_slots):
        stack[0] = slots[part]
        depth = 1
        while depth > 0:
            depth -= 1
            slot = stack[depth]
            what = via[slot]
            if what == 0:
                what = _origin_of_slot(
                    slot, weight_s, arc_time_s, slot_start, slot_arc, triangle_start, triangle
                )
                via[slot] = what
            if what > 0:
                if depth + 2 > len(stack):
                    return -1, 0
                to_low, to_high = triangle[what - 1, 0], triangle[what - 1, 1]
                leaves, enters = (to_high, to_low) if slot & 1 else (to_low, to_high)
                stack[depth] = 2 * leaves + 1
                stack[depth + 1] = 2 * enters
                depth += 2
                continue
            if n_back == len(back):
                return -1, 0
            low, high = up_tail[slot >> 1], up_head[slot >> 1]
            begins, ends = (high, low) if slot & 1 else (low, high)
            back[n_back], back_rank[n_back] = -1 - what, ends
            n_back += 1
            if known_of[begins] == column:
                return n_back, begins
    return n_back, begins


@kernel
def unpacked_ways(
    order: NDArray[np.int64],
    way_column: Ints,
    way_row: Ints,
    seed_start: Ints,
    seed_rank: Ints,
    seed_s: Floats,
    table_s: Floats,
    selected: Ints,
    start: Ints,
    head: Ints,
    weight_s: Floats,
    arc_time_s: Floats,
    slot_start: Ints,
    slot_arc: Ints,
    up_start: Ints,
    up_head: Ints,
    up_tail: Ints,
    parent: Ints,
    triangle_start: Ints,
    triangle: Ints,
    via: Ints,
) -> tuple[NDArray[np.int64], Ints]:
    """Arcs of the graph on the ways to (column, row) of a swept table, as (start, arc).

    `order` lists the ways so that `way_column` ascends. A way is read backwards: down while a
    higher neighbour explains the time, to the row where the climb has the same time, then back as
    the climb went. Ways from one origin are a tree, so as soon as a rank is met whose way is known,
    that is copied: every branch of the tree is unpacked once. A target that is not reached, and a
    seed, have no arcs.
    """
    n_ranks = len(parent)
    distance_s = np.full(n_ranks, np.inf)
    entering = np.full(n_ranks, -1, np.int32)
    path, n_path = np.empty(0, np.int32), 0
    known_of = np.full(n_ranks, -1, np.int32)
    known_at = np.empty(n_ranks, np.int64)
    known_size = np.empty(n_ranks, np.int32)
    way_at = np.empty(len(way_row), np.int64)
    way_start = np.zeros(len(way_row) + 1, np.int64)
    out, n_out = np.empty(1024, np.int32), 0
    stack, back = np.empty(1024, np.int32), np.empty(1024, np.int32)
    back_rank = np.empty(1024, np.int32)
    slots = np.empty(n_ranks, np.int32)
    climbed = -1
    for way in order:
        column, row = way_column[way], way_row[way]
        begin = n_out
        way_at[way] = begin
        if table_s[row, column] == np.inf:
            continue
        if column != climbed:
            for at in range(n_path):
                distance_s[path[at]] = np.inf
                entering[path[at]] = -1
            first, last = seed_start[column], seed_start[column + 1]
            path, n_path = climb(
                seed_rank[first:last],
                seed_s[first:last],
                weight_s,
                up_start,
                up_head,
                parent,
                distance_s,
                entering,
            )
            climbed = column
        rank, n_slots = selected[row], 0
        while known_of[rank] != column and distance_s[rank] != table_s[row, column]:
            at, arc = start[row], up_start[rank]
            while table_s[head[at], column] + weight_s[arc, 1] != table_s[row, column]:
                at += 1
                arc += 1
            slots[n_slots] = 2 * arc + 1
            n_slots += 1
            row = head[at]
            rank = selected[row]
        while known_of[rank] != column and entering[rank] >= 0:
            slots[n_slots] = 2 * entering[rank]
            n_slots += 1
            rank = up_tail[entering[rank]]
        n_back = 0
        if n_slots > 0:
            while True:
                n_back, rank = _unpack_back(
                    slots,
                    n_slots,
                    column,
                    known_of,
                    stack,
                    back,
                    back_rank,
                    weight_s,
                    arc_time_s,
                    slot_start,
                    slot_arc,
                    up_tail,
                    up_head,
                    triangle_start,
                    triangle,
                    via,
                )
                if n_back >= 0:
                    break
                stack = np.empty(2 * len(stack), np.int32)
                back = np.empty(2 * len(back), np.int32)
                back_rank = np.empty(len(back), np.int32)
        n_known = known_size[rank] if known_of[rank] == column else 0
        out = _grown(out, begin + n_known + n_back)
        for at in range(n_known):
            out[begin + at] = out[known_at[rank] + at]
        for at in range(n_back):
            size = n_known + n_back - at
            out[begin + size - 1] = back[at]
            reached = back_rank[at]
            known_of[reached], known_at[reached], known_size[reached] = column, begin, size
        n_out = begin + n_known + n_back
        way_start[way + 1] = n_known + n_back
    for way in range(len(way_row)):
        way_start[way + 1] += way_start[way]
    arc = np.empty(n_out, np.int32)
    for way in range(len(way_row)):
        shift = way_at[way] - way_start[way]
        for at in range(way_start[way], way_start[way + 1]):
            arc[at] = out[at + shift]
    return way_start, arc


@kernel
def summed_to_root(value: Floats, before: Ints) -> Floats:
    """Sum of `value` over the way from its beginning to every node, (n_origins, n_nodes).

    `before` is the node before, -1 where a way begins or there is none.
    """
    n_origins, n_nodes = value.shape
    total = value.copy()
    way = np.empty(n_nodes, np.int32)
    for origin in range(n_origins):
        known = before[origin] < 0
        for node in range(n_nodes):
            n_way, here = 0, np.int32(node)
            while not known[here]:
                way[n_way] = here
                n_way += 1
                here = before[origin, here]
            for at in range(n_way - 1, -1, -1):
                total[origin, way[at]] += total[origin, here]
                here = way[at]
                known[here] = True
    return total


@kernel
def entering_arcs(
    time_s: Floats, begin_s: Floats, arc_time_s: Floats, head: Ints, tail: Ints
) -> tuple[Ints, Ints]:
    """Node before and arc that enters every node, (n_origins, n_nodes) each, -1 where none does.

    A node to which no arc leads sooner than `begin_s` (the seconds of the way that begins there,
    inf where none does) is where a way begins. Arc times must be above 0, so that the node before
    is always nearer.
    """
    n_origins, n_nodes = time_s.shape
    before = np.full((n_origins, n_nodes), -1, np.int32)
    entering = np.full((n_origins, n_nodes), -1, np.int32)
    for origin in range(n_origins):
        best_s = begin_s[origin].copy()
        for arc in range(len(head)):
            through_s = time_s[origin, tail[arc]] + arc_time_s[arc]
            if through_s < best_s[head[arc]]:
                best_s[head[arc]] = through_s
                before[origin, head[arc]] = tail[arc]
                entering[origin, head[arc]] = arc
    return before, entering
