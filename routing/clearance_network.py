"""The network as clearance sees it: contracted to what blockages can change.

However large a network is, what opening roads can win is decided between few terminals: the depots,
the ends of blocked arcs and the places. What lies between them with everything blocked is found
once, by connection (components are contracted) or by time (the hierarchy, many to many).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from geo.errors import RuleError
from routing.clearance_kernels import flood, spread, through_doors
from routing.doors import doors_in, doors_out, meetings
from routing.hierarchy_metric import customize, recustomize
from routing.hierarchy_queries import Seeds, select, times

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from routing.access import Access
    from routing.graph import Graph
    from routing.hierarchy import Hierarchy
    from routing.hierarchy_metric import Metric

# Rows of the table of times that are found at a time: wide enough to read memory once for many.
_ORIGINS_AT_ONCE = 128


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Blocked:
    """A network, its work sites, and how depots and places stand at it.

    `start`, `tail`, `head`, `time_s`: arcs sorted by tail, seconds if all sites were open; `site`,
    (n_arcs,), the site that blocks an arc, -1 = none. Depots leave over `out_node` after `out_s`
    (if `out_site` is open, -1 = always), places `in_place` are entered from `in_node`, and
    `direct_place` are entered from a depot on their own edge. Doors into places are sorted by
    place.
    """

    n_places: int
    n_sites: int
    start: NDArray[np.int32]
    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    time_s: NDArray[np.float64]
    site: NDArray[np.int32]
    out_node: NDArray[np.int32]
    out_s: NDArray[np.float64]
    out_site: NDArray[np.int32]
    in_place: NDArray[np.int32]
    in_node: NDArray[np.int32]
    in_s: NDArray[np.float64]
    in_site: NDArray[np.int32]
    direct_place: NDArray[np.int32]
    direct_s: NDArray[np.float64]
    direct_site: NDArray[np.int32]

    @property
    def n_nodes(self) -> int:
        """Number of nodes of the network."""
        return len(self.start) - 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Terminals:
    """The small graph: see `routing.clearance_kernels`.

    `table_s`, (1 + n_ends, 1 + n_ends + n_places), lies between the terminals with everything
    blocked; `node`, (n_ends,), of every end; the blocked arcs are `arc_from`, `arc_to`, `arc_s`,
    sorted by site, those of a site being ``arc_start[site]:arc_start[site + 1]``.
    """

    n_places: int
    table_s: NDArray[np.float64]
    node: NDArray[np.int32]
    arc_start: NDArray[np.int32]
    arc_site: NDArray[np.int32]
    arc_from: NDArray[np.int32]
    arc_to: NDArray[np.int32]
    arc_s: NDArray[np.float64]

    @property
    def n_sites(self) -> int:
        """Number of sites."""
        return len(self.arc_start) - 1


def blocked_arcs(
    n_nodes: int,
    tail: ArrayLike,
    head: ArrayLike,
    time_s: ArrayLike,
    site: ArrayLike,
    *,
    depots: ArrayLike,
    places: ArrayLike,
) -> Blocked:
    """A network given as arcs, with depots and places at nodes."""
    tails, heads = np.asarray(tail, dtype=np.int32), np.asarray(head, dtype=np.int32)
    sites, seconds = np.asarray(site, dtype=np.int32), np.asarray(time_s, dtype=np.float64)
    if not len(tails) == len(heads) == len(sites) == len(seconds):
        raise RuleError(
            f"{len(tails)} tails, {len(heads)} heads, {len(seconds)} times, {len(sites)} sites",
            "one of each for every arc is needed",
            "take them from the same graph",
        )
    order = np.argsort(tails, kind="stable")
    out = np.asarray(depots, dtype=np.int32)
    into = np.asarray(places, dtype=np.int32)
    none = np.empty(0, dtype=np.int32)
    return Blocked(
        n_places=len(into),
        n_sites=int(sites.max(initial=-1)) + 1,
        start=_starts(tails, n_nodes),
        tail=tails[order],
        head=heads[order],
        time_s=seconds[order],
        site=sites[order],
        out_node=out,
        out_s=np.zeros(len(out)),
        out_site=np.full(len(out), -1, dtype=np.int32),
        in_place=np.arange(len(into), dtype=np.int32),
        in_node=into,
        in_s=np.zeros(len(into)),
        in_site=np.full(len(into), -1, dtype=np.int32),
        direct_place=none,
        direct_s=np.empty(0),
        direct_site=none,
    )


def blocked_graph(
    graph: Graph,
    time_s: NDArray[np.float64],
    site: NDArray[np.int32],
    n_sites: int,
    depots: Access,
    places: Access,
) -> Blocked:
    """A road graph with the seconds of its arcs if all `n_sites` were open, (n_arcs,)."""
    out, into = doors_out(graph, depots), doors_in(graph, places)
    direct = meetings(graph, depots, places)
    out_s, in_s = out.times_s(time_s), into.times_s(time_s)
    direct_s = direct.walk_s.copy()
    on_arc = direct.arc >= 0
    direct_s[on_arc] += direct.share[on_arc] * time_s[direct.arc[on_arc]]
    goes, enters, meets = np.isfinite(out_s), np.isfinite(in_s), np.isfinite(direct_s)

    def site_of(arc: NDArray[np.int32]) -> NDArray[np.int32]:
        return np.where(arc >= 0, site[np.maximum(arc, 0)], -1).astype(np.int32)

    return Blocked(
        n_places=places.n_points,
        n_sites=n_sites,
        start=graph.start.astype(np.int32),
        tail=graph.tail,
        head=graph.head,
        time_s=time_s,
        site=site,
        out_node=out.node[goes],
        out_s=out_s[goes],
        out_site=site_of(out.arc)[goes],
        in_place=into.point[enters],
        in_node=into.node[enters],
        in_s=in_s[enters],
        in_site=site_of(into.arc)[enters],
        direct_place=direct.destination[meets],
        direct_s=direct_s[meets],
        direct_site=site_of(direct.arc)[meets],
    )


def _terminals(blocked: Blocked) -> Terminals:
    """The ends of everything that is blocked; nothing is known between them yet."""
    arc = np.flatnonzero((blocked.site >= 0) & np.isfinite(blocked.time_s))
    out, into = np.flatnonzero(blocked.out_site >= 0), np.flatnonzero(blocked.in_site >= 0)
    direct = np.flatnonzero(blocked.direct_site >= 0)
    node = np.unique(
        np.concatenate(
            [blocked.tail[arc], blocked.head[arc], blocked.out_node[out], blocked.in_node[into]]
        )
    ).astype(np.int32)

    def end(nodes: NDArray[np.int32]) -> NDArray[np.intp]:
        return 1 + np.searchsorted(node, nodes)

    first_place = 1 + len(node)
    root = np.zeros(1, dtype=np.intp)
    site = np.concatenate(
        [blocked.site[arc], blocked.out_site[out], blocked.in_site[into],
         blocked.direct_site[direct]]
    )  # fmt: skip
    arc_from = np.concatenate(
        [end(blocked.tail[arc]), root.repeat(len(out)), end(blocked.in_node[into]),
         root.repeat(len(direct))]
    )  # fmt: skip
    arc_to = np.concatenate(
        [end(blocked.head[arc]), end(blocked.out_node[out]),
         first_place + blocked.in_place[into], first_place + blocked.direct_place[direct]]
    )  # fmt: skip
    arc_s = np.concatenate(
        [blocked.time_s[arc], blocked.out_s[out], blocked.in_s[into], blocked.direct_s[direct]]
    )
    order = np.argsort(site, kind="stable")
    size = 1 + len(node)
    table_s = np.full((size, size + blocked.n_places), np.inf)
    np.fill_diagonal(table_s, 0.0)
    return Terminals(
        n_places=blocked.n_places,
        table_s=table_s,
        node=node,
        arc_start=_starts(site, blocked.n_sites),
        arc_site=site[order].astype(np.int32),
        arc_from=arc_from[order].astype(np.int32),
        arc_to=arc_to[order].astype(np.int32),
        arc_s=arc_s[order].astype(np.float64),
    )


# --- by connection ------------------------------------------------------------------------------


def by_connection(blocked: Blocked) -> Terminals:
    """The small graph with 0 where there is a way and inf where there is none.

    What the depots reach is found by one flood. The rest is contracted to its strongly connected
    components, which are few where roads have two directions.
    """
    ends = _terminals(blocked)
    is_open = (blocked.site < 0) & np.isfinite(blocked.time_s)
    seeds = blocked.out_node[blocked.out_site < 0]
    reached = flood(blocked.start, blocked.head, is_open, seeds)
    arc = np.flatnonzero(is_open & ~reached[blocked.tail] & ~reached[blocked.head])
    own = np.flatnonzero(~reached)
    row = np.full(blocked.n_nodes, -1, dtype=np.int32)
    row[own] = np.arange(len(own), dtype=np.int32)
    tail, head = row[blocked.tail[arc]], row[blocked.head[arc]]
    n_components, component = _components(len(own), tail, head)
    # -1 = reached already.
    of_node = np.full(blocked.n_nodes, -1, dtype=np.int32)
    of_node[own] = component
    start, heads = _between_components(n_components, component[tail], component[head])
    plain = blocked.in_site < 0
    in_node, in_place = blocked.in_node[plain], blocked.in_place[plain]
    columns = np.concatenate([of_node[ends.node], of_node[in_node]]).astype(np.int32)
    found = np.full((len(ends.node), len(columns)), np.inf)
    spread(start, heads, columns, of_node[ends.node], found)
    table, first = ends.table_s, 1 + len(ends.node)
    table[1:, 1:first] = found[:, : len(ends.node)]
    _into_places(table[1:, first:], found[:, len(ends.node) :], in_place)
    table[0, 1:first][reached[ends.node]] = 0.0
    table[0, first + in_place[reached[in_node]]] = 0.0
    table[0, first + blocked.direct_place[blocked.direct_site < 0]] = 0.0
    np.fill_diagonal(table, 0.0)
    return replace(ends, arc_s=np.zeros_like(ends.arc_s))


def _components(
    n_nodes: int, tail: NDArray[np.int32], head: NDArray[np.int32]
) -> tuple[int, NDArray[np.int32]]:
    matrix = sparse.csr_array(
        (np.ones(len(tail), dtype=np.int8), head, _starts(tail, n_nodes)), shape=(n_nodes, n_nodes)
    )
    n_components, label = connected_components(matrix, directed=True, connection="strong")
    return int(n_components), label


def _between_components(
    n_components: int, tail: NDArray[np.int32], head: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    differ = tail != head
    key = np.unique(tail[differ].astype(np.int64) * n_components + head[differ])
    tails, heads = np.divmod(key, max(n_components, 1))
    return _starts(tails, n_components), heads.astype(np.int32)


def _into_places(
    target: NDArray[np.float64], found: NDArray[np.float64], place: NDArray[np.int32]
) -> None:
    """Lowest value over the doors of each place; `place` rises."""
    if len(place) == 0:
        return
    opens = np.flatnonzero(np.diff(place, prepend=-1))
    target[:, place[opens]] = np.minimum.reduceat(found, opens, axis=1)


# --- by time ------------------------------------------------------------------------------------


def by_time(blocked: Blocked, hierarchy: Hierarchy, *, metric: Metric | None = None) -> Terminals:
    """The small graph with seconds.

    Parameters
    ----------
    hierarchy
        Of the same nodes and arcs, in the same order.
    metric
        Any metric of it that is at hand, such as that of the open roads: what is blocked is then
        put into it, which is quicker than from nothing. It is not changed.
    """
    ends = _terminals(blocked)
    closed_s = np.where(blocked.site < 0, blocked.time_s, np.inf)
    made = customize(hierarchy, closed_s) if metric is None else recustomize(metric, closed_s)
    plain = blocked.in_site < 0
    in_node, in_place, in_s = blocked.in_node[plain], blocked.in_place[plain], blocked.in_s[plain]
    n_ends = len(ends.node)
    target, column = np.unique(np.concatenate([ends.node, in_node]), return_inverse=True)
    selection = select(hierarchy, target)
    door_start = _starts(in_place, ends.n_places)
    door_column = column[n_ends:].astype(np.int32)
    always = blocked.out_site < 0
    seeds = _seeds(blocked.out_node[always], blocked.out_s[always], ends.node)
    table_s, first = ends.table_s, 1 + n_ends
    for at in range(0, 1 + n_ends, _ORIGINS_AT_ONCE):
        rows = slice(at, min(at + _ORIGINS_AT_ONCE, 1 + n_ends))
        node_s = times(made, _part(seeds, rows), selection)
        table_s[rows, 1:first] = node_s[:, column[:n_ends]]
        place_s = np.empty((node_s.shape[0], ends.n_places))
        through_doors(node_s, door_start, door_column, in_s, place_s)
        table_s[rows, first:] = place_s
    direct = blocked.direct_site < 0
    np.minimum.at(table_s[0], first + blocked.direct_place[direct], blocked.direct_s[direct])
    table_s[0, 0] = 0.0
    return ends


def _seeds(node: NDArray[np.int32], time_s: NDArray[np.float64], ends: NDArray[np.int32]) -> Seeds:
    """Row 0 begins at all depots, every other row at its end."""
    start = np.concatenate([[0], len(node) + np.arange(len(ends) + 1)]).astype(np.int32)
    return Seeds(
        start=start,
        node=np.concatenate([node, ends]).astype(np.int32),
        time_s=np.concatenate([time_s, np.zeros(len(ends))]),
    )


def _part(seeds: Seeds, rows: slice) -> Seeds:
    start = seeds.start[rows.start : rows.stop + 1]
    return Seeds(
        start=start - start[0],
        node=seeds.node[start[0] : start[-1]],
        time_s=seeds.time_s[start[0] : start[-1]],
    )


def _starts(sorted_or_not: NDArray[np.generic], n: int) -> NDArray[np.int32]:
    counts = np.bincount(np.asarray(sorted_or_not, dtype=np.int64), minlength=n)
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
