"""Compiled parts of the road engine that run after every closure: metric, sweeps and ways.

`weight_s`, shape (n_up_arcs, 2), are seconds up (column 0) and down (column 1) an upward arc,
inf where there is no way. Everything is indexed by rank; arrays of indices are int32.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from routing.hierarchy_compiler import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int32]
    Floats = NDArray[np.float64]
    Words = NDArray[np.uint64]


# --- metric -------------------------------------------------------------------------------------


@kernel
def _own_weight(slot: int, slot_start: Ints, slot_arc: Ints, arc_time_s: Floats) -> float:
    best_s = np.inf
    for at in range(slot_start[slot], slot_start[slot + 1]):
        best_s = min(best_s, arc_time_s[slot_arc[at]])
    return best_s


@kernel
def _set_weight(
    arc: int,
    weight_s: Floats,
    arc_time_s: Floats,
    slot_start: Ints,
    slot_arc: Ints,
    triangle_start: Ints,
    triangle: Ints,
) -> None:
    """Weight of one upward arc: its fastest arc of the graph, or a way through a lower rank."""
    up_s = _own_weight(2 * arc, slot_start, slot_arc, arc_time_s)
    down_s = _own_weight(2 * arc + 1, slot_start, slot_arc, arc_time_s)
    for at in range(triangle_start[arc], triangle_start[arc + 1]):
        to_low, to_high = triangle[at, 0], triangle[at, 1]
        through_s = weight_s[to_low, 1] + weight_s[to_high, 0]
        if through_s < up_s:
            up_s = through_s
        back_s = weight_s[to_high, 1] + weight_s[to_low, 0]
        if back_s < down_s:
            down_s = back_s
    weight_s[arc, 0] = up_s
    weight_s[arc, 1] = down_s


@kernel
def customize_all(
    weight_s: Floats,
    arc_time_s: Floats,
    slot_start: Ints,
    slot_arc: Ints,
    triangle_start: Ints,
    triangle: Ints,
) -> None:
    """Basic customization (Dibbelt et al. 2016, section 7): arcs bottom up, each from below."""
    for arc in range(len(weight_s)):
        _set_weight(
            arc, weight_s, arc_time_s, slot_start, slot_arc, triangle_start, triangle
        )


@kernel
def changed_arcs(before_s: Floats, after_s: Floats) -> Ints:
    """Arcs of the graph whose times differ."""
    n_changed = 0
    for arc in range(len(before_s)):
        n_changed += before_s[arc] != after_s[arc]
    changed = np.empty(n_changed, np.int32)
    n_changed = 0
    for arc in range(len(before_s)):
        if before_s[arc] != after_s[arc]:
            changed[n_changed] = arc
            n_changed += 1
    return changed


@kernel
def _mark(dirty: Words, arc: int) -> None:
    dirty[arc >> 6] |= np.uint64(1) << np.uint64(arc & 63)


@kernel
def _affects(
    old_a_s: float, new_a_s: float, b_s: float, weight_s: float
) -> bool:
    """Whether a change of one side of a triangle can change the third: it was tight, or beats it.

    If both sides change, the first to be looked at sees that it was tight and the last that it is
    faster now. All are the very sums that were compared before, so equality is exact.
    """
    if old_a_s == new_a_s or b_s == np.inf:
        return False
    return old_a_s + b_s == weight_s or new_a_s + b_s < weight_s


@kernel
def customize_changed(
    weight_s: Floats,
    arc_time_s: Floats,
    changed: Ints,
    slot_of_arc: Ints,
    slot_start: Ints,
    slot_arc: Ints,
    up_start: Ints,
    up_head: Ints,
    up_tail: Ints,
    triangle_start: Ints,
    triangle: Ints,
) -> int:
    """Bring `weight_s` to new times of the `changed` arcs; returns how many arcs were looked at.

    An upward arc depends only on arcs with lower numbers, so one pass over a set of bits in
    ascending order is a pass in topological order (section 7.5, without its priority queue).
    """
    n_arcs = len(weight_s)
    dirty = np.zeros((n_arcs >> 6) + 1, np.uint64)
    for arc in changed:
        if slot_of_arc[arc] >= 0:
            _mark(dirty, slot_of_arc[arc] >> 1)
    n_looked = 0
    for word in range(len(dirty)):
        bit = 0
        while dirty[word] != 0 and bit < 64:
            if not (dirty[word] >> np.uint64(bit)) & np.uint64(1):
                bit += 1
                continue
            dirty[word] ^= np.uint64(1) << np.uint64(bit)
            arc = (word << 6) + bit
            n_looked += 1
            old_up_s, old_down_s = weight_s[arc, 0], weight_s[arc, 1]
            _set_weight(
                arc, weight_s, arc_time_s, slot_start, slot_arc, triangle_start, triangle
            )
            up_s, down_s = weight_s[arc, 0], weight_s[arc, 1]
            if up_s == old_up_s and down_s == old_down_s:
                continue
            # Upper triangles: from the same tail z, with the arcs (z, x) and (z, y), to (x, y).
            tail, head = up_tail[arc], up_head[arc]
            for other in range(up_start[tail], up_start[tail + 1]):
                if other == arc:
                    continue
                low, high = min(head, up_head[other]), max(head, up_head[other])
                first, last = up_start[low], up_start[low + 1]
                while first < last:
                    middle = (first + last) // 2
                    if up_head[middle] < high:
                        first = middle + 1
                    else:
                        last = middle
                # From the head of this arc over the tail to the other head, and back.
                away_s, home_s = weight_s[first, 0], weight_s[first, 1]
                if head == high:
                    away_s, home_s = home_s, away_s
                if _affects(old_down_s, down_s, weight_s[other, 0], away_s) or _affects(
                    old_up_s, up_s, weight_s[other, 1], home_s
                ):
                    _mark(dirty, first)
    return n_looked


# --- selection and sweeps -----------------------------------------------------------------------


@kernel
def ancestors(parent: Ints, ranks: Ints) -> tuple[Ints, Ints]:
    """All ranks on the tree above `ranks`, highest first, and the row of each rank, -1 = none."""
    row = np.full(len(parent), -1, np.int32)
    n_found = 0
    for start in ranks:
        rank = start
        while rank >= 0 and row[rank] < 0:
            row[rank] = 0
            n_found += 1
            rank = parent[rank]
    found = np.empty(n_found, np.int32)
    at = 0
    for rank in range(len(parent) - 1, -1, -1):
        if row[rank] == 0:
            found[at] = rank
            row[rank] = at
            at += 1
    return found, row


@kernel
def selected_arcs(
    selected: Ints, row: Ints, up_start: Ints, up_head: Ints
) -> tuple[Ints, Ints, Ints]:
    """Upward arcs of the selected ranks as (start, row of the head, arc)."""
    start = np.zeros(len(selected) + 1, np.int32)
    for at in range(len(selected)):
        rank = selected[at]
        start[at + 1] = start[at] + up_start[rank + 1] - up_start[rank]
    head = np.empty(start[len(selected)], np.int32)
    arcs = np.empty(start[len(selected)], np.int32)
    for at in range(len(selected)):
        place = start[at]
        for arc in range(up_start[selected[at]], up_start[selected[at] + 1]):
            head[place] = row[up_head[arc]]
            arcs[place] = arc
            place += 1
    return start, head, arcs


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
    distance_s = np.full(len(parent), np.inf)
    entering = np.full(len(parent), -1, np.int32)
    for origin in range(len(seed_start) - 1):
        first, last = seed_start[origin], seed_start[origin + 1]
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
            distance_s[rank] = np.inf
            entering[rank] = -1


@kernel
def sweep(table_s: Floats, start: Ints, head: Ints, arcs: Ints, weight_s: Floats) -> None:
    """Ways downward to all selected rows at once (restricted PHAST), a column for each origin."""
    n_columns = table_s.shape[1]
    for row in range(len(start) - 1):
        for at in range(start[row], start[row + 1]):
            down_s = weight_s[arcs[at], 1]
            if down_s == np.inf:
                continue
            above = head[at]
            for column in range(n_columns):
                through_s = table_s[above, column] + down_s
                table_s[row, column] = min(table_s[row, column], through_s)


@kernel
def taken(table_s: Floats, rows: Ints) -> Floats:
    """Columns of the table at some rows, (n_columns, n_rows), inf for row -1."""
    n_columns = table_s.shape[1]
    result = np.full((n_columns, len(rows)), np.inf)
    for at in range(len(rows)):
        if rows[at] >= 0:
            for column in range(n_columns):
                result[column, at] = table_s[rows[at], column]
    return result


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
def _pushed(items: Ints, n_items: int, item: int) -> Ints:
    if n_items == len(items):
        more = np.empty(2 * n_items, np.int32)
        more[:n_items] = items
        items = more
    items[n_items] = item
    return items


@kernel
def _unpack(
    first_slot: int,
    out: Ints,
    n_out: int,
    stack: Ints,
    weight_s: Floats,
    arc_time_s: Floats,
    slot_start: Ints,
    slot_arc: Ints,
    triangle_start: Ints,
    triangle: Ints,
    via: Ints,
) -> tuple[Ints, int, Ints]:
    """Append the arcs of the graph that a slot stands for; returns what may have been enlarged.

    `via`, (n_slots,), remembers which triangle (below zero: which arc, as ``-2 - arc``) makes up a
    slot; -1 where nobody has asked yet.
    """
    depth = 1
    stack[0] = first_slot
    while depth > 0:
        depth -= 1
        slot = stack[depth]
        if via[slot] == -1:
            wanted_s = weight_s[slot >> 1, slot & 1]
            for at in range(slot_start[slot], slot_start[slot + 1]):
                if arc_time_s[slot_arc[at]] == wanted_s:
                    via[slot] = -2 - slot_arc[at]
                    break
            at = triangle_start[slot >> 1]
            while via[slot] == -1:
                to_low, to_high = triangle[at, 0], triangle[at, 1]
                if slot & 1:
                    through_s = weight_s[to_high, 1] + weight_s[to_low, 0]
                else:
                    through_s = weight_s[to_low, 1] + weight_s[to_high, 0]
                if through_s == wanted_s:
                    via[slot] = at
                at += 1
        if via[slot] < -1:
            out = _pushed(out, n_out, -2 - via[slot])
            n_out += 1
            continue
        if depth + 2 > len(stack):
            deeper = np.empty(2 * len(stack), np.int32)
            deeper[:depth] = stack[:depth]
            stack = deeper
        to_low, to_high = triangle[via[slot], 0], triangle[via[slot], 1]
        leaves, enters = (to_high, to_low) if slot & 1 else (to_low, to_high)
        stack[depth] = 2 * enters
        stack[depth + 1] = 2 * leaves + 1
        depth += 2
    return out, n_out, stack


@kernel
def _slots_backwards(
    row: int,
    column: int,
    table_s: Floats,
    selected: Ints,
    start: Ints,
    head: Ints,
    arcs: Ints,
    weight_s: Floats,
    distance_s: Floats,
    entering: Ints,
    up_tail: Ints,
    slots: Ints,
) -> tuple[Ints, int]:
    """Slots of the way to a row, last first: down as the sweep went, then up as the climb went."""
    n_slots = 0
    rank = selected[row]
    while distance_s[rank] != table_s[row, column]:
        at = start[row]
        while table_s[head[at], column] + weight_s[arcs[at], 1] != table_s[row, column]:
            at += 1
        slots = _pushed(slots, n_slots, 2 * arcs[at] + 1)
        n_slots += 1
        row = head[at]
        rank = selected[row]
    while entering[rank] >= 0:
        slots = _pushed(slots, n_slots, 2 * entering[rank])
        n_slots += 1
        rank = up_tail[entering[rank]]
    return slots, n_slots


@kernel
def unpacked_ways(
    way_column: Ints,
    way_row: Ints,
    seed_start: Ints,
    seed_rank: Ints,
    seed_s: Floats,
    table_s: Floats,
    selected: Ints,
    start: Ints,
    head: Ints,
    arcs: Ints,
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

    `way_column` ascends. A target that is not reached, and a seed, have no arcs.
    """
    distance_s = np.full(len(parent), np.inf)
    entering = np.full(len(parent), -1, np.int32)
    path, n_path = np.empty(0, np.int32), 0
    way_start = np.zeros(len(way_row) + 1, np.int64)
    out = np.empty(1024, np.int32)
    n_out = 0
    stack = np.empty(64, np.int32)
    slots = np.empty(64, np.int32)
    climbed = -1
    for way in range(len(way_row)):
        column, row = way_column[way], way_row[way]
        way_start[way + 1] = n_out
        if row < 0 or table_s[row, column] == np.inf:
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
        slots, n_slots = _slots_backwards(
            row,
            column,
            table_s,
            selected,
            start,
            head,
            arcs,
            weight_s,
            distance_s,
            entering,
            up_tail,
            slots,
        )
        for at in range(n_slots - 1, -1, -1):
            out, n_out, stack = _unpack(
                slots[at],
                out,
                n_out,
                stack,
                weight_s,
                arc_time_s,
                slot_start,
                slot_arc,
                triangle_start,
                triangle,
                via,
            )
        way_start[way + 1] = n_out
    return way_start, out[:n_out].copy()


@kernel
def entering_arcs(
    time_s: Floats, arc_time_s: Floats, start: NDArray[np.intp], head: Ints, tail: Ints
) -> tuple[Ints, Ints]:
    """Node before and arc that enters every node, (n_origins, n_nodes), -1 where none does.

    `time_s` are final times; a node that no neighbour explains to within a rounding is where a way
    begins. Arc times must be above 0, so that a node before is always nearer.
    """
    n_origins, n_nodes = time_s.shape
    before = np.full((n_origins, n_nodes), -1, np.int32)
    entering = np.full((n_origins, n_nodes), -1, np.int32)
    for origin in range(n_origins):
        best_s = np.full(n_nodes, np.inf)
        for arc in range(len(head)):
            through_s = time_s[origin, tail[arc]] + arc_time_s[arc]
            if through_s < best_s[head[arc]]:
                best_s[head[arc]] = through_s
                before[origin, head[arc]] = tail[arc]
                entering[origin, head[arc]] = arc
        for node in range(n_nodes):
            if not best_s[node] <= time_s[origin, node] * (1.0 + 1e-12) + 1e-9:
                before[origin, node] = -1
                entering[origin, node] = -1
    return before, entering
