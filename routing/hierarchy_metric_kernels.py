"""Compiled parts of the road engine that bring times in a hierarchy up to date after a change.

`weight_s`, shape (n_up_arcs, 2), are seconds up (column 0) and down (column 1) an upward arc,
inf where there is no way. Everything is indexed by rank; arrays of indices are int32.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from routing.hierarchy_compiler import bare_kernel, kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int32]
    Floats = NDArray[np.float64]
    Words = NDArray[np.uint64]


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


@bare_kernel
def put_changed(own_s: Floats, changed: Ints, arc_time_s: Floats, own_at: Ints) -> None:
    """Bring the times of the `changed` arcs into the order of their slots."""
    for arc in changed:
        if own_at[arc] >= 0:
            own_s[own_at[arc]] = arc_time_s[arc]


@bare_kernel
def _own_weight(slot: int, slot_start: Ints, slot_arc: Ints, arc_time_s: Floats) -> float:
    best_s = np.inf
    for at in range(slot_start[slot], slot_start[slot + 1]):
        best_s = min(best_s, arc_time_s[slot_arc[at]])
    return best_s


@bare_kernel
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
        up_s = min(up_s, weight_s[to_low, 1] + weight_s[to_high, 0])
        down_s = min(down_s, weight_s[to_high, 1] + weight_s[to_low, 0])
    weight_s[arc, 0] = up_s
    weight_s[arc, 1] = down_s


@bare_kernel
def _mark(dirty: Words, arc: int) -> None:
    dirty[arc >> 6] |= np.uint64(1) << np.uint64(arc & 63)


@bare_kernel
def _is_marked(dirty: Words, arc: int) -> bool:
    return bool((dirty[arc >> 6] >> np.uint64(arc & 63)) & np.uint64(1))


@bare_kernel
def _mark_upper(
    low: int,
    old_s: Floats,
    moved: Ints,
    n_moved: int,
    weight_s: Floats,
    up_start: Ints,
    run_over: Ints,
    panel_over: Ints,
    aside_over: Ints,
    pair_at: Ints,
    n_inside: Ints,
    dirty: Words,
) -> None:
    """Mark the arcs between upward neighbours of `low` that its changed arcs can change.

    Those for which a way through `low` was the fastest and is not as fast now, and those for which
    it is faster now than what they have. The sums are the very ones that were compared when the
    weights were set, so equality is exact. `moved` are the places of the changed arcs among the
    upward arcs of `low`, ascending; which arc lies between two neighbours the schedule tells.
    """
    begin, n_up_arcs = up_start[low], len(weight_s)
    n_up = up_start[low + 1] - begin
    inside = n_inside[low]
    # The ranks of a panel share what follows them; those of a run have a list of their own.
    n_shared = n_up - inside
    in_run, at = pair_at[low] >= 0, pair_at[low]
    if not in_run:
        at = -1 - at
    for of_moved in range(n_moved):
        i = moved[of_moved]
        next_moved = 0
        for j in range(n_up):
            # A pair of two that have changed is looked at once.
            if next_moved <= of_moved and moved[next_moved] == j:
                next_moved += 1
                continue
            first, second = min(i, j), max(i, j)
            if first < inside:
                opposite = up_start[low + 1 + first] + second - first - 1
            else:
                row, column = first - inside, second - inside
                over = at + row * (2 * n_shared - row - 1) // 2 + column - row - 1
                opposite = run_over[over] if in_run else panel_over[over]
                if opposite >= n_up_arcs:
                    opposite = aside_over[opposite - n_up_arcs]
            # Seconds from and to the head of the first and the second, before and now.
            old_up_s = old_s[first, 1] + old_s[second, 0]
            old_down_s = old_s[second, 1] + old_s[first, 0]
            up_s = weight_s[begin + first, 1] + weight_s[begin + second, 0]
            down_s = weight_s[begin + second, 1] + weight_s[begin + first, 0]
            now_up_s, now_down_s = weight_s[opposite, 0], weight_s[opposite, 1]
            if (
                up_s < now_up_s
                or down_s < now_down_s
                or (old_up_s == now_up_s and up_s > old_up_s)
                or (old_down_s == now_down_s and down_s > old_down_s)
            ):
                _mark(dirty, opposite)


@bare_kernel
def customize_changed(
    weight_s: Floats,
    arc_time_s: Floats,
    changed: Ints,
    max_looked: int,
    slot_of_arc: Ints,
    slot_start: Ints,
    slot_arc: Ints,
    up_start: Ints,
    up_tail: Ints,
    triangle_start: Ints,
    triangle: Ints,
    run_over: Ints,
    panel_over: Ints,
    aside_over: Ints,
    pair_at: Ints,
    n_inside: Ints,
    old_s: Floats,
    moved: Ints,
    dirty: Words,
) -> int:
    """Bring `weight_s` to new times of the `changed` arcs; returns how many triangles were read.

    An upward arc depends only on arcs with lower numbers, so one pass over a set of bits in
    ascending order is a pass in topological order, without a priority queue. After
    `max_looked` triangles it gives up and returns -1; the weights are then of no use.

    `old_s` and `moved` are room to work in, as long as a rank has upward arcs at most; `dirty`, 64
    upward arcs a word, must be 0, and its bits are set for every arc that may have changed.
    """
    n_arcs = len(weight_s)
    for arc in changed:
        if slot_of_arc[arc] >= 0:
            _mark(dirty, slot_of_arc[arc] >> 1)
    n_looked = 0
    at = 0
    while at < n_arcs:
        if dirty[at >> 6] >> np.uint64(at & 63) == np.uint64(0):
            at = ((at >> 6) + 1) << 6
            continue
        if not _is_marked(dirty, at):
            at += 1
            continue
        # All arcs of this tail at once: they do not depend on each other.
        low = up_tail[at]
        begin, end = up_start[low], up_start[low + 1]
        n_moved = 0
        for arc in range(begin, end):
            i = arc - begin
            old_s[i, 0], old_s[i, 1] = weight_s[arc, 0], weight_s[arc, 1]
            if _is_marked(dirty, arc):
                _set_weight(
                    arc, weight_s, arc_time_s, slot_start, slot_arc, triangle_start, triangle
                )
                if old_s[i, 0] != weight_s[arc, 0] or old_s[i, 1] != weight_s[arc, 1]:
                    moved[n_moved] = i
                    n_moved += 1
                n_looked += 1 + triangle_start[arc + 1] - triangle_start[arc]
        if n_moved > 0:
            _mark_upper(
                low,
                old_s,
                moved,
                n_moved,
                weight_s,
                up_start,
                run_over,
                panel_over,
                aside_over,
                pair_at,
                n_inside,
                dirty,
            )
        if n_looked > max_looked:
            return -1
        at = end
    return n_looked
