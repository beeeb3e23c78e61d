"""Compiled parts of the preparation: contraction of chains, elimination tree, chordal completion.

All arrays are int32 and flat. *Node* is a row of the graph, *rank* its place in the order of
elimination; an *upward arc* joins a rank to a higher one and stands for both directions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from routing.hierarchy_compiler import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int32]


@kernel
def neighbours(n_nodes: int, tail: Ints, head: Ints) -> tuple[Ints, Ints]:
    """Undirected neighbours of every node, sorted, each once, without loops, as (start, node)."""
    size = np.zeros(n_nodes + 1, np.int32)
    for arc in range(len(tail)):
        if tail[arc] != head[arc]:
            size[tail[arc] + 1] += 1
            size[head[arc] + 1] += 1
    for node in range(n_nodes):
        size[node + 1] += size[node]
    # Two passes of a counting sort: by the neighbour, then, stable, by the node.
    by_neighbour = np.empty(size[n_nodes], np.int32)
    place = size[:-1].copy()
    for arc in range(len(tail)):
        a, b = tail[arc], head[arc]
        if a != b:
            by_neighbour[place[b]] = a
            place[b] += 1
            by_neighbour[place[a]] = b
            place[a] += 1
    sorted_node = np.empty(size[n_nodes], np.int32)
    place = size[:-1].copy()
    for neighbour in range(n_nodes):
        for at in range(size[neighbour], size[neighbour + 1]):
            node = by_neighbour[at]
            sorted_node[place[node]] = neighbour
            place[node] += 1
    start = np.zeros(n_nodes + 1, np.int32)
    n_kept = 0
    for node in range(n_nodes):
        last = -1
        for at in range(size[node], size[node + 1]):
            neighbour = sorted_node[at]
            if neighbour != last:
                sorted_node[n_kept] = neighbour
                n_kept += 1
                last = neighbour
        start[node + 1] = n_kept
    return start, sorted_node[:n_kept].copy()


@kernel
def _replace(adjacent: Ints, at: int, size: int, old: int, new: int) -> None:
    for slot in range(at, at + size):
        if adjacent[slot] == old:
            adjacent[slot] = new
            return


@kernel
def contract_chains(start: Ints, head: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """Eliminate nodes of degree 0, 1 and 2 until none is left.

    Eliminating them first costs no fill (a node of degree 2 becomes one arc), and what is left is a
    fraction of a road network. It goes in rounds in which no two neighbours fall, so that a chain
    becomes a tree of logarithmic depth.

    Returns
    -------
    eliminated : nodes in the order of elimination
    core : (n_left,) nodes that are left
    core_start, core_head : their neighbours, as rows of `core`
    """
    n_nodes = len(start) - 1
    adjacent = head.copy()
    degree = start[1:] - start[:-1]
    gone = np.zeros(n_nodes, np.bool_)
    touched = np.full(n_nodes, -1, np.int32)
    queued = np.full(n_nodes, -1, np.int32)
    eliminated = np.empty(n_nodes, np.int32)
    n_gone = 0
    now = np.empty(n_nodes, np.int32)
    later = np.empty(n_nodes, np.int32)
    n_now = 0
    for node in range(n_nodes):
        if degree[node] <= 2:
            now[n_now] = node
            n_now += 1
    turn = 0
    while n_now > 0:
        n_later = 0
        for at in range(n_now):
            node = now[at]
            if gone[node]:
                continue
            if touched[node] == turn:
                if queued[node] != turn:
                    queued[node] = turn
                    later[n_later] = node
                    n_later += 1
                continue
            gone[node] = True
            eliminated[n_gone] = node
            n_gone += 1
            if degree[node] == 0:
                continue
            first = adjacent[start[node]]
            second = adjacent[start[node] + degree[node] - 1]
            joined = degree[node] == 1
            if not joined:
                few, other = first, second
                if degree[first] > degree[second]:
                    few, other = second, first
                for slot in range(start[few], start[few] + degree[few]):
                    if adjacent[slot] == other:
                        joined = True
                        break
            for side in range(degree[node]):
                near, far = (first, second) if side == 0 else (second, first)
                at_near = start[near]
                if joined:
                    last = adjacent[at_near + degree[near] - 1]
                    _replace(adjacent, at_near, degree[near], node, last)
                    degree[near] -= 1
                else:
                    _replace(adjacent, at_near, degree[near], node, far)
                touched[near] = turn
                if degree[near] <= 2 and queued[near] != turn:
                    queued[near] = turn
                    later[n_later] = near
                    n_later += 1
        now, later = later, now
        n_now = n_later
        turn += 1
    core = np.flatnonzero(~gone).astype(np.int32)
    row = np.full(n_nodes, -1, np.int32)
    row[core] = np.arange(len(core), dtype=np.int32)
    core_start = np.zeros(len(core) + 1, np.int32)
    for at in range(len(core)):
        core_start[at + 1] = core_start[at] + degree[core[at]]
    core_head = np.empty(core_start[len(core)], np.int32)
    for at in range(len(core)):
        node = core[at]
        for slot in range(degree[node]):
            core_head[core_start[at] + slot] = row[adjacent[start[node] + slot]]
    return eliminated[:n_gone].copy(), core, core_start, core_head


@kernel
def in_postorder(start: Ints, head: Ints, order: Ints) -> Ints:
    """The same elimination in a postorder of its tree, in which neighbours in memory are near.

    Any order that puts children before parents completes the graph to the same chordal graph. The
    tree is found by climbing with shortened paths (Liu 1990, The role of elimination trees in
    sparse factorization).
    """
    n_nodes = len(order)
    rank = np.empty(n_nodes, np.int32)
    rank[order] = np.arange(n_nodes, dtype=np.int32)
    parent = np.full(n_nodes, -1, np.int32)
    ancestor = np.full(n_nodes, -1, np.int32)
    for top in range(n_nodes):
        node = order[top]
        for at in range(start[node], start[node + 1]):
            low = rank[head[at]]
            while low < top:
                above = ancestor[low]
                ancestor[low] = top
                if above == -1:
                    parent[low] = top
                    break
                if above == top:
                    break
                low = above
    child = np.full(n_nodes, -1, np.int32)
    sibling = np.full(n_nodes, -1, np.int32)
    for low in range(n_nodes - 1, -1, -1):
        if parent[low] >= 0:
            sibling[low] = child[parent[low]]
            child[parent[low]] = low
    post = np.empty(n_nodes, np.int32)
    n_post = 0
    stack = np.empty(n_nodes, np.int32)
    for root in range(n_nodes):
        if parent[root] != -1:
            continue
        depth = 0
        stack[0] = root
        while depth >= 0:
            low = stack[depth]
            if child[low] != -1:
                depth += 1
                stack[depth] = child[low]
                child[low] = sibling[child[low]]
            else:
                post[n_post] = order[low]
                n_post += 1
                depth -= 1
    return post


@kernel
def chordal_completion(start: Ints, head: Ints, rank: Ints, order: Ints) -> tuple[Ints, Ints, Ints]:
    """Upward arcs of the completed graph, sorted, as (start, head), and the parent of each rank.

    The arcs of a rank are its own and those of its children in the tree (symbolic factorisation).
    """
    n_nodes = len(order)
    up_start = np.zeros(n_nodes + 1, np.int32)
    room = len(head) + 16
    up_head = np.empty(room, np.int32)
    parent = np.full(n_nodes, -1, np.int32)
    child = np.full(n_nodes, -1, np.int32)
    sibling = np.full(n_nodes, -1, np.int32)
    seen = np.full(n_nodes, -1, np.int32)
    n_arcs = 0
    for low in range(n_nodes):
        node = order[low]
        seen[low] = low
        below, n_own = child[low], start[node + 1] - start[node]
        n_most = n_own
        while below != -1:
            n_most += up_start[below + 1] - up_start[below]
            below = sibling[below]
        if n_arcs + n_most > room:
            room = max(2 * room, n_arcs + n_most)
            more = np.empty(room, np.int32)
            more[:n_arcs] = up_head[:n_arcs]
            up_head = more
        for at in range(start[node], start[node + 1]):
            high = rank[head[at]]
            if high > low and seen[high] != low:
                seen[high] = low
                up_head[n_arcs] = high
                n_arcs += 1
        below = child[low]
        while below != -1:
            for at in range(up_start[below], up_start[below + 1]):
                high = up_head[at]
                if seen[high] != low:
                    seen[high] = low
                    up_head[n_arcs] = high
                    n_arcs += 1
            below = sibling[below]
        up_start[low + 1] = n_arcs
        lowest = n_nodes
        for at in range(up_start[low], n_arcs):
            lowest = min(lowest, up_head[at])
        if lowest < n_nodes:
            parent[low] = lowest
            sibling[low] = child[lowest]
            child[lowest] = low
    return up_start, _sorted_heads(up_start, up_head[:n_arcs]), parent


@kernel
def _sorted_heads(start: Ints, head: Ints) -> Ints:
    """Sort the heads of every tail, by transposing twice."""
    n_nodes = len(start) - 1
    low_start = np.zeros(n_nodes + 1, np.int32)
    for high in head:
        low_start[high + 1] += 1
    for node in range(n_nodes):
        low_start[node + 1] += low_start[node]
    low = np.empty(len(head), np.int32)
    place = low_start[:-1].copy()
    for tail in range(n_nodes):
        for at in range(start[tail], start[tail + 1]):
            low[place[head[at]]] = tail
            place[head[at]] += 1
    result = np.empty(len(head), np.int32)
    place = start[:-1].copy()
    for high in range(n_nodes):
        for at in range(low_start[high], low_start[high + 1]):
            result[place[low[at]]] = high
            place[low[at]] += 1
    return result


@kernel
def count_triangles(up_start: Ints) -> int:
    """Number of lower triangles: every pair of upward arcs of a rank makes one."""
    total = 0
    for low in range(len(up_start) - 1):
        n_up = int(up_start[low + 1] - up_start[low])
        total += n_up * (n_up - 1) // 2
    return total


@kernel
def lower_triangles(up_start: Ints, up_head: Ints, n_triangles: int) -> tuple[Ints, Ints]:
    """Lower triangles of every upward arc (x, y), as (start, pairs).

    A pair, (n_triangles, 2), holds the arcs (z, x) and (z, y) for a rank z below both, in ascending
    order of z.
    """
    n_arcs = len(up_head)
    start = np.zeros(n_arcs + 1, np.int32)
    pairs = np.empty((n_triangles, 2), np.int32)
    for fill in range(2):
        for low in range(len(up_start) - 1):
            end = up_start[low + 1]
            for first in range(up_start[low], end):
                opposite = up_start[up_head[first]]
                for second in range(first + 1, end):
                    while up_head[opposite] < up_head[second]:
                        opposite += 1
                    if fill:
                        at = start[opposite]
                        pairs[at, 0] = first
                        pairs[at, 1] = second
                        start[opposite] = at + 1
                    else:
                        start[opposite + 1] += 1
        if fill == 0:
            for arc in range(n_arcs):
                start[arc + 1] += start[arc]
    # Filling has moved every start to its end.
    for arc in range(n_arcs, 0, -1):
        start[arc] = start[arc - 1]
    start[0] = 0
    return start, pairs


@kernel
def is_completed(
    up_start: Ints, up_head: Ints, parent: Ints, triangle_start: Ints, triangle: Ints
) -> bool:
    """Whether heads ascend, are joined to each other, and triangles lie below their arcs.

    Walks over a hierarchy rely on it to stay inside the arrays and to end. Starts and single
    indices must be in range already.
    """
    for low in range(len(up_start) - 1):
        begin, end = up_start[low], up_start[low + 1]
        if parent[low] != (up_head[begin] if begin < end else -1):
            return False
        for first in range(begin, end):
            if up_head[first] <= (low if first == begin else up_head[first - 1]):
                return False
            opposite = up_start[up_head[first]]
            stop = up_start[up_head[first] + 1]
            for second in range(first + 1, end):
                while opposite < stop and up_head[opposite] < up_head[second]:
                    opposite += 1
                if opposite == stop or up_head[opposite] != up_head[second]:
                    return False
    for arc in range(len(up_head)):
        for at in range(triangle_start[arc], triangle_start[arc + 1]):
            if triangle[at, 0] >= arc or triangle[at, 1] >= arc:
                return False
    return True


@kernel
def slots_of_arcs(
    rank: Ints, up_start: Ints, up_head: Ints, tail: Ints, head: Ints
) -> tuple[Ints, Ints, Ints]:
    """Where every arc of the graph lies in the hierarchy.

    A slot is ``2 * upward arc``, plus 1 for the way down. Returns the slot of each arc (-1 for
    loops, which are on no shortest way) and the arcs of each slot as (start, arc): parallel arcs
    share one.
    """
    n_arcs = len(tail)
    slot_of_arc = np.full(n_arcs, -1, np.int32)
    start = np.zeros(2 * len(up_head) + 1, np.int32)
    n_kept = 0
    for arc in range(n_arcs):
        a, b = rank[tail[arc]], rank[head[arc]]
        if a == b:
            continue
        low, high = min(a, b), max(a, b)
        first, last = up_start[low], up_start[low + 1]
        while first < last:
            middle = (first + last) // 2
            if up_head[middle] < high:
                first = middle + 1
            else:
                last = middle
        slot = 2 * first + (1 if a > b else 0)
        slot_of_arc[arc] = slot
        start[slot + 1] += 1
        n_kept += 1
    for slot in range(2 * len(up_head)):
        start[slot + 1] += start[slot]
    arc_in_slot = np.empty(n_kept, np.int32)
    place = start[:-1].copy()
    for arc in range(n_arcs):
        slot = slot_of_arc[arc]
        if slot >= 0:
            arc_in_slot[place[slot]] = arc
            place[slot] += 1
    return slot_of_arc, start, arc_in_slot
