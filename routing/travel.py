"""Travel times: how long an arc takes a vehicle class, and the fastest way between points.

The plain reference that always runs: Dijkstra's algorithm of `scipy.sparse.csgraph`. Times are
seconds, inf where there is no way; lengths are metres.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import dijkstra

from geo.errors import RuleError
from routing.speeds import speeds_kmh

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from routing.access import Access
    from routing.closures import Overlay
    from routing.graph import Graph
    from routing.vehicles import VehicleClass

# A road always takes some time: in a sparse matrix, and in the logs of a driver, 0 reads as
# "no road". One millisecond over a thousand edges is one second.
MIN_ARC_S = 1e-3
# Two ways to one point at the end of two roads take the same time but for rounding: the first one
# counts, so that every engine names the same road.
_TIE_S = 1e-8
# Attachments of one point to the network that `how` of `arrivals` can tell apart.
_MAX_CANDIDATES = 64
# Entries of (origins × nodes) that are held at a time, at some 80 bytes each with the ways.
_MAX_ENTRIES = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Trees:
    """Fastest ways from every origin to every node.

    `time_s`, shape (n_origins, n_nodes), inf where there is no way. `parent` and `arc`, same
    shape: the node before and the arc that enters, -1 where the way begins or none exists;
    `link` is the row in `links` by which a way that begins at this node left the origin.
    """

    time_s: NDArray[np.float64]
    parent: NDArray[np.int32]
    arc: NDArray[np.int32]
    link: NDArray[np.int32]
    links: Links


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """How origins get onto the network, shape (n_links,), sorted by (origin, node).

    From its place on an edge an origin reaches `node` over the last part of `arc`, whose first
    `share` lies behind it, after the walk of its `candidate`; `time_s` is for both together.
    """

    origin: NDArray[np.intp]
    node: NDArray[np.int32]
    time_s: NDArray[np.float64]
    arc: NDArray[np.intp]
    share: NDArray[np.float64]
    candidate: NDArray[np.intp]


def arc_times(
    graph: Graph, vehicle_class: VehicleClass, overlay: Overlay | None = None
) -> NDArray[np.float64]:
    """Seconds along every arc, (n_arcs,), inf where the class may not go or a closure holds."""
    speed_kmh = speeds_kmh(graph, vehicle_class)
    time_s = np.full(graph.n_arcs, np.inf)
    goes = speed_kmh > 0
    time_s[goes] = np.maximum(graph.length_m[graph.edge[goes]] * 3.6 / speed_kmh[goes], MIN_ARC_S)
    if overlay is None:
        return time_s
    factor = overlay.factor(vehicle_class)
    return np.asarray(time_s * factor, dtype=np.float64)


def usable_edges(graph: Graph, time_s: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(n_edges,) whether at least one direction of the edge can be travelled."""
    goes = np.isfinite(time_s)
    either: NDArray[np.bool_] = goes[graph.arc_along] | goes[graph.arc_against]
    return either


def travel_times(
    graph: Graph, time_s: NDArray[np.float64], origins: Access, destinations: Access
) -> NDArray[np.float64]:
    """Door-to-door seconds from every origin to every destination, (n_origins, n_destinations).

    Parameters
    ----------
    time_s
        (n_arcs,) from `arc_times`.
    origins, destinations
        From `routing.access.attach`. The walks at both ends are part of the time, and of several
        attachments the best pair counts; for driving times alone give `.without_walk()`.
    """
    times = np.empty((origins.n_points, destinations.n_points))
    for rows in row_chunks(origins.n_points, graph.n_nodes):
        some = origins.take(rows)
        trees = travel_trees(graph, time_s, some)
        times[rows], _ = arrivals(graph, time_s, trees, some, destinations)
    return times


def travel_trees(
    graph: Graph, time_s: NDArray[np.float64], origins: Access, *, ways: bool = False
) -> Trees:
    """Fastest times from every origin to every node, and with `ways` how to get there."""
    _require_times(graph, time_s)
    links = _links(graph, time_s, origins)
    matrix = _matrix(graph, time_s, links, n_origins=origins.n_points)
    roots = np.arange(graph.n_nodes, graph.n_nodes + origins.n_points)
    if not ways:
        reached_s = dijkstra(matrix, directed=True, indices=roots)[:, : graph.n_nodes]
        none = np.empty((origins.n_points, 0), dtype=np.int32)
        return Trees(time_s=reached_s, parent=none, arc=none, link=none, links=links)
    reached_s, before = dijkstra(matrix, directed=True, indices=roots, return_predecessors=True)
    reached_s, before = reached_s[:, : graph.n_nodes], before[:, : graph.n_nodes]
    starts = before >= graph.n_nodes
    parent = np.where((before < 0) | starts, -1, before).astype(np.int32)
    return Trees(
        time_s=reached_s,
        parent=parent,
        arc=_entering_arcs(graph, time_s, parent),
        link=_beginning_links(links, starts, graph.n_nodes),
        links=links,
    )


def arrivals(
    graph: Graph,
    time_s: NDArray[np.float64],
    trees: Trees,
    origins: Access,
    destinations: Access,
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Best time from every origin to every destination and how it arrives.

    Returns
    -------
    time_s : (n_origins, n_destinations), door to door, inf where there is no way
    how : same shape, which attachment and which arc; read it with `candidate_of` and `arriving`;
        -1 where there is no way
    """
    edge, share = destinations.edge, destinations.fraction
    if edge.shape[1] > _MAX_CANDIDATES:
        raise RuleError(
            f"{edge.shape[1]} attachments a point",
            f"at most {_MAX_CANDIDATES} are possible",
            "attach with a smaller k",
        )
    known = edge >= 0
    row = np.where(known, edge, 0)
    along_s, against_s = time_s[graph.arc_along[row]], time_s[graph.arc_against[row]]
    last_s = (_part(share, along_s), _part(1.0 - share, against_s))
    ends = (graph.u[row], graph.v[row])
    walk_s = np.where(known, destinations.walk_s, np.inf)
    shape = (origins.n_points, destinations.n_points)
    best_s, how = np.full(shape, np.inf), np.full(shape, -1, dtype=np.int32)
    for candidate in range(edge.shape[1]):
        options_s = [
            trees.time_s[:, ends[side][:, candidate]] + (last_s[side] + walk_s)[None, :, candidate]
            for side in (0, 1)
        ]
        options_s.append(_on_one_edge(graph, time_s, origins, destinations, candidate))
        for kind, option_s in enumerate(options_s):
            better = option_s < best_s - _TIE_S
            best_s[better] = option_s[better]
            how[better] = 3 * candidate + kind
        for against in (0, 1):
            _arrive_over_copies(graph, time_s, trees, destinations, candidate, against, best_s, how)
    return best_s, how


def candidate_of(how: NDArray[np.int32]) -> NDArray[np.int32]:
    """Attachment of the destination that is used, from `how` of `arrivals` (not -1)."""
    candidate: NDArray[np.int32] = how // 3 % _MAX_CANDIDATES
    return candidate


def arriving(
    graph: Graph, how: NDArray[np.int32], edge: NDArray[np.int32]
) -> tuple[NDArray[np.bool_], NDArray[np.intp], NDArray[np.int32]]:
    """How ways arrive on the `edge` of their attachment, from `how` of `arrivals` (not -1).

    Returns
    -------
    stays : whether the way never leaves the edge on which the origin stands
    arc : the arc on which it arrives otherwise (where it stays, without meaning)
    tail : the node that this arc leaves, as `graph.u`, `graph.v` and `graph.copies` say
    """
    kind = how % 3
    against = kind == 1
    arc = np.where(against, graph.arc_against[edge], graph.arc_along[edge])
    tail = np.where(against, graph.v[edge], graph.u[edge])
    copy = how // (3 * _MAX_CANDIDATES)
    by_copy = copy > 0
    if by_copy.any():
        key = 2 * edge[by_copy].astype(np.intp) + against[by_copy]
        at = np.searchsorted(graph.copies.key, key) + copy[by_copy] - 1
        arc[by_copy], tail[by_copy] = graph.copies.arc[at], graph.copies.tail[at]
    return kind == 2, arc, tail


def row_chunks(n_rows: int, n_columns: int) -> list[NDArray[np.intp]]:
    """Rows in groups small enough that tables of (rows × `n_columns`) fit into memory."""
    size = max(1, _MAX_ENTRIES // max(n_columns, 1))
    return [np.arange(at, min(at + size, n_rows), dtype=np.intp) for at in range(0, n_rows, size)]


# --- graph of nodes and origins -----------------------------------------------------------------


def _require_times(graph: Graph, time_s: NDArray[np.float64]) -> None:
    if time_s.shape != (graph.n_arcs,) or not (time_s > 0).all():
        raise RuleError(
            f"arc times of shape {time_s.shape}",
            f"{graph.n_arcs} times above 0 are needed",
            "take them from arc_times() of the same graph",
        )


def _links(graph: Graph, time_s: NDArray[np.float64], origins: Access) -> Links:
    origin, candidate = np.nonzero(origins.edge >= 0)
    edge, share = origins.edge[origin, candidate], origins.fraction[origin, candidate]
    walk_s = origins.walk_s[origin, candidate]
    arc = np.concatenate([graph.arc_along[edge], graph.arc_against[edge]])
    behind = np.concatenate([share, 1.0 - share])
    seconds = np.tile(walk_s, 2) + _part(1.0 - behind, time_s[arc])
    origin, candidate = np.tile(origin, 2), np.tile(candidate, 2)
    node = graph.head[arc]
    order = np.lexsort((candidate, seconds, node, origin))
    opens = np.ones(len(order), dtype=bool)
    by_origin, by_node = origin[order], node[order]
    opens[1:] = (by_origin[1:] != by_origin[:-1]) | (by_node[1:] != by_node[:-1])
    # One link for each origin and node, the fastest; parallel entries of a matrix would add up.
    chosen = order[opens & np.isfinite(seconds[order])]
    return Links(
        origin=origin[chosen],
        node=node[chosen],
        time_s=np.maximum(seconds[chosen], MIN_ARC_S * 1e-3),
        arc=arc[chosen],
        share=behind[chosen],
        candidate=candidate[chosen],
    )


def _matrix(
    graph: Graph, time_s: NDArray[np.float64], links: Links, *, n_origins: int
) -> sparse.csr_array:
    """Times between nodes, with one more row for each origin, from which nothing returns."""
    pair_s = np.minimum.reduceat(time_s, graph.pair)
    goes = np.isfinite(pair_s)
    tail = np.concatenate([graph.tail[graph.pair][goes], graph.n_nodes + links.origin])
    head = np.concatenate([graph.head[graph.pair][goes], links.node])
    size = graph.n_nodes + n_origins
    start = np.concatenate([[0], np.cumsum(np.bincount(tail, minlength=size))])
    return sparse.csr_array(
        (
            np.concatenate([pair_s[goes], links.time_s]),
            head.astype(np.int32),
            start.astype(np.int32),
        ),
        shape=(size, size),
    )


def _entering_arcs(
    graph: Graph, time_s: NDArray[np.float64], parent: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Arc from its parent into every node: of parallel ones the fastest, -1 where none."""
    key = graph.tail[graph.pair].astype(np.int64) * graph.n_nodes + graph.head[graph.pair]
    order = np.lexsort((time_s, graph.pair_of_arc))
    fastest = order[np.searchsorted(graph.pair_of_arc[order], np.arange(len(graph.pair)))]
    arc = np.full(parent.shape, -1, dtype=np.int32)
    origin, node = np.nonzero(parent >= 0)
    asked = parent[origin, node].astype(np.int64) * graph.n_nodes + node
    arc[origin, node] = fastest[np.searchsorted(key, asked)]
    return arc


def _beginning_links(links: Links, starts: NDArray[np.bool_], n_nodes: int) -> NDArray[np.int32]:
    link = np.full(starts.shape, -1, dtype=np.int32)
    origin, node = np.nonzero(starts)
    key = links.origin.astype(np.int64) * n_nodes + links.node
    link[origin, node] = np.searchsorted(key, origin.astype(np.int64) * n_nodes + node)
    return link


# --- at the destinations -------------------------------------------------------------------------


def _part(share: NDArray[np.float64], whole_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """A share of a time, 0 where the share is 0 even if the whole is inf: the end is an end."""
    part = np.zeros(np.broadcast_shapes(share.shape, whole_s.shape))
    return np.asarray(np.multiply(share, whole_s, out=part, where=share > 0.0), dtype=np.float64)


def _arrive_over_copies(
    graph: Graph,
    time_s: NDArray[np.float64],
    trees: Trees,
    destinations: Access,
    candidate: int,
    against: int,
    best_s: NDArray[np.float64],
    how: NDArray[np.int32],
) -> None:
    """Better `best_s` and `how` by what arrives from a copy of the node where the edge begins.

    A destination right at that node is arrived at from any copy, whoever must not turn there.
    """
    edge = np.where(destinations.edge[:, candidate] >= 0, destinations.edge[:, candidate], 0)
    which, at, rank = graph.copies.of(edge, against)
    known = destinations.edge[which, candidate] >= 0
    which, at, rank = which[known], at[known], rank[known]
    share = destinations.fraction[which, candidate]
    share = 1.0 - share if against else share
    last_s = _part(share, time_s[graph.copies.arc[at]]) + destinations.walk_s[which, candidate]
    for number in range(int(rank.max(initial=-1)) + 1):
        some = rank == number
        columns = which[some]
        option_s = trees.time_s[:, graph.copies.tail[at[some]]] + last_s[some]
        better = option_s < best_s[:, columns] - _TIE_S
        code = 3 * (candidate + _MAX_CANDIDATES * (number + 1)) + against
        best_s[:, columns] = np.where(better, option_s, best_s[:, columns])
        how[:, columns] = np.where(better, code, how[:, columns])


def _on_one_edge(
    graph: Graph,
    time_s: NDArray[np.float64],
    origins: Access,
    destinations: Access,
    candidate: int,
) -> NDArray[np.float64]:
    """Times of ways that never leave the edge, (n_origins, n_destinations), else inf."""
    best_s = np.full((origins.n_points, destinations.n_points), np.inf)
    edge = destinations.edge[:, candidate]
    for begin in range(origins.edge.shape[1]):
        origin, row = np.nonzero((origins.edge[:, begin, None] == edge) & (edge >= 0))
        at = edge[row]
        apart = destinations.fraction[row, candidate] - origins.fraction[origin, begin]
        whole_s = np.where(apart >= 0, time_s[graph.arc_along[at]], time_s[graph.arc_against[at]])
        walk_s = origins.walk_s[origin, begin] + destinations.walk_s[row, candidate]
        option_s = _part(np.abs(apart), whole_s) + walk_s
        best_s[origin, row] = np.minimum(best_s[origin, row], option_s)
    return best_s
