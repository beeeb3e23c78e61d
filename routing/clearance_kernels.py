"""Compiled parts of clearance: what is won by opening, on the small graph between terminals.

Terminals are 0, all depots as one; 1 … n_ends, the ends of blocked arcs; then the places. A table
of shape (1 + n_ends, 1 + n_ends + n_places) holds the seconds between them with everything blocked
(or 0 and inf, if only connection counts). Blocked arcs lead from a terminal to a terminal. `now_s`
is the row of the depots, or that of wherever else one starts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from routing.hierarchy_compiler import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int32]
    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]


@kernel
def labels_of(
    table_s: Floats, now_s: Floats, arcs: Ints, arc_from: Ints, arc_to: Ints, arc_s: Floats
) -> Floats:
    """Arrival behind each of some arcs if just these are open, inf if none gets there sooner."""
    n_rows = len(table_s)
    label_s = np.full(len(arcs), np.inf)
    changed = True
    while changed:
        changed = False
        for a in range(len(arcs)):
            at = arc_from[arcs[a]]
            start_s = now_s[at]
            for b in range(len(arcs)):
                behind = arc_to[arcs[b]]
                if label_s[b] < np.inf and behind < n_rows:
                    start_s = min(start_s, label_s[b] + table_s[behind, at])
            there_s = start_s + arc_s[arcs[a]]
            if there_s < label_s[a] and there_s < now_s[arc_to[arcs[a]]]:
                label_s[a] = there_s
                changed = True
    return label_s


@kernel
def improve(
    best_s: Floats, first: int, table_s: Floats, arcs: Ints, arc_to: Ints, label_s: Floats
) -> None:
    """Lower `best_s`, the terminals from `first` on, to what the labels allow."""
    n_rows = len(table_s)
    for a in range(len(arcs)):
        if label_s[a] == np.inf:
            continue
        behind = arc_to[arcs[a]]
        if behind >= n_rows:
            if behind >= first:
                best_s[behind - first] = min(best_s[behind - first], label_s[a])
            continue
        for at in range(len(best_s)):
            best_s[at] = min(best_s[at], label_s[a] + table_s[behind, first + at])


@kernel
def group_gains(
    table_s: Floats,
    now_s: Floats,
    group_start: Ints,
    group_arc: Ints,
    arc_from: Ints,
    arc_to: Ints,
    arc_s: Floats,
    weight: Floats,
    limit_s: float,
    by_time: bool,
) -> Floats:
    """What opening each group of arcs alone wins.

    By connection, the weight of places that come within `limit_s`; by time, weight × seconds, where
    a place beyond the limit counts as being at it.
    """
    n_rows, n_places = len(table_s), len(weight)
    gains = np.zeros(len(group_start) - 1)
    best_s = np.empty(n_places)
    for group in range(len(gains)):
        arcs = group_arc[group_start[group] : group_start[group + 1]]
        label_s = labels_of(table_s, now_s, arcs, arc_from, arc_to, arc_s)
        gets_there = False
        for a in range(len(arcs)):
            gets_there |= label_s[a] < np.inf
        if not gets_there:
            continue
        # By hand: assigning a slice compiles texts of errors for ten seconds.
        for place in range(n_places):
            best_s[place] = now_s[n_rows + place]
        improve(best_s, n_rows, table_s, arcs, arc_to, label_s)
        gain = 0.0
        for place in range(n_places):
            before_s, after_s = now_s[n_rows + place], best_s[place]
            if by_time:
                gain += weight[place] * (min(before_s, limit_s) - min(after_s, limit_s))
            elif before_s > limit_s and after_s <= limit_s:
                gain += weight[place]
        gains[group] = gain
    return gains


@kernel
def open_arcs(table_s: Floats, arcs: Ints, arc_from: Ints, arc_to: Ints, arc_s: Floats) -> None:
    """Open some arcs for good: every row of the table is brought to what is then possible."""
    for row in range(len(table_s)):
        label_s = labels_of(table_s, table_s[row], arcs, arc_from, arc_to, arc_s)
        improve(table_s[row], 0, table_s, arcs, arc_to, label_s)


@kernel
def through_doors(
    node_s: Floats, door_start: Ints, door_column: Ints, door_s: Floats, place_s: Floats
) -> None:
    """Seconds to places, (n_rows, n_places), from those to nodes, (n_rows, n_columns)."""
    for row in range(len(node_s)):
        for place in range(len(door_start) - 1):
            best_s = np.inf
            for door in range(door_start[place], door_start[place + 1]):
                best_s = min(best_s, node_s[row, door_column[door]] + door_s[door])
            place_s[row, place] = best_s


@kernel
def flood(start: Ints, head: Ints, is_open: Bools, seeds: Ints) -> Bools:
    """Which nodes are reached from some nodes over open arcs."""
    reached = np.zeros(len(start) - 1, np.bool_)
    queue = np.empty(len(start) - 1, np.int32)
    n_queue = 0
    for node in seeds:
        if not reached[node]:
            reached[node] = True
            queue[n_queue] = node
            n_queue += 1
    at = 0
    while at < n_queue:
        node = queue[at]
        at += 1
        for arc in range(start[node], start[node + 1]):
            if is_open[arc] and not reached[head[arc]]:
                reached[head[arc]] = True
                queue[n_queue] = head[arc]
                n_queue += 1
    return reached


@kernel
def spread(start: Ints, head: Ints, columns: Ints, sources: Ints, table: Floats) -> None:
    """Set `table` to 0 where a column's component is reached from that of a row's source.

    Components form a graph (`start`, `head`); -1 in `sources`, `columns` is nowhere. Rows whose
    sources share a component are filled once and copied.
    """
    n_components = len(start) - 1
    seen = np.full(n_components, -1, np.int32)
    first_row = np.full(n_components, -1, np.int32)
    queue = np.empty(n_components, np.int32)
    for row in range(len(sources)):
        source = sources[row]
        if source < 0:
            continue
        if first_row[source] >= 0:
            table[row] = table[first_row[source]]
            continue
        first_row[source] = row
        seen[source] = row
        queue[0] = source
        n_queue, at = 1, 0
        while at < n_queue:
            here = queue[at]
            at += 1
            for arc in range(start[here], start[here + 1]):
                if seen[head[arc]] != row:
                    seen[head[arc]] = row
                    queue[n_queue] = head[arc]
                    n_queue += 1
        for column in range(len(columns)):
            if columns[column] >= 0 and seen[columns[column]] == row:
                table[row, column] = 0.0


@kernel
def site_links(table_s: Floats, site: Ints, arc_from: Ints, arc_to: Ints, n_sites: int) -> Bools:
    """Which site can be reached from which once that one is open, (1 + n_sites, n_sites).

    Row 0 are the depots. `site` is that of every blocked arc.
    """
    links = np.zeros((1 + n_sites, n_sites), np.bool_)
    n_rows = len(table_s)
    for b in range(len(site)):
        if table_s[0, arc_from[b]] < np.inf:
            links[0, site[b]] = True
    for a in range(len(site)):
        if arc_to[a] >= n_rows:
            continue
        for b in range(len(site)):
            if table_s[arc_to[a], arc_from[b]] < np.inf:
                links[1 + site[a], site[b]] = True
    return links


@kernel
def cheapest_chains(links: Bools, cost: Floats) -> tuple[Floats, Ints]:
    """Least sum of costs by which each site can be opened, itself included, and the site before.

    -1 before = from the depots, and inf where no chain leads there.
    """
    n_sites = len(cost)
    total, before = np.full(n_sites, np.inf), np.full(n_sites, -1, np.int32)
    done = np.zeros(n_sites, np.bool_)
    for site in range(n_sites):
        if links[0, site]:
            total[site] = cost[site]
    while True:
        here = -1
        for site in range(n_sites):
            if not done[site] and total[site] < np.inf and (here < 0 or total[site] < total[here]):
                here = site
        if here < 0:
            return total, before
        done[here] = True
        for site in range(n_sites):
            if links[1 + here, site] and total[here] + cost[site] < total[site]:
                total[site] = total[here] + cost[site]
                before[site] = here


@kernel
def open_ways(
    table_s: Floats, arc_from: Ints, arc_to: Ints, arc_s: Floats
) -> tuple[Floats, Ints, Ints, Ints]:
    """Fastest ways from the depots with every blocked arc open.

    Returns
    -------
    time_s, via, before
        (n_terminals,) seconds; the blocked arc that is passed last, -1 = none; for each blocked
        arc the one passed before it, -1 = none.
    order
        Blocked arcs in the order in which they are reached.
    """
    n_rows = len(table_s)
    time_s, n_arcs = table_s[0].copy(), len(arc_from)
    via = np.full(len(time_s), -1, np.int32)
    before = np.full(n_arcs, -1, np.int32)
    done = np.zeros(n_arcs, np.bool_)
    order = np.empty(n_arcs, np.int32)
    for n_done in range(n_arcs):
        best_s, best = np.inf, -1
        for arc in range(n_arcs):
            if not done[arc] and time_s[arc_from[arc]] + arc_s[arc] < best_s:
                best_s, best = time_s[arc_from[arc]] + arc_s[arc], arc
        if best < 0:
            return time_s, via, before, order[:n_done]
        done[best] = True
        order[n_done] = best
        before[best] = via[arc_from[best]]
        behind = arc_to[best]
        if best_s >= time_s[behind]:
            continue
        if behind >= n_rows:
            time_s[behind], via[behind] = best_s, best
            continue
        for at in range(len(time_s)):
            if best_s + table_s[behind, at] < time_s[at]:
                time_s[at], via[at] = best_s + table_s[behind, at], best
    return time_s, via, before, order
