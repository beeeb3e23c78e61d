"""Times and lengths between all points of a plan, for one vehicle class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from geo.errors import RuleError
from routing.access import MAX_BYPASS_M, MAX_WALK_M, Access, attach
from routing.engine import Engine
from routing.travel import arc_times, arrivals, row_chunks, usable_edges
from routing.ways import arrival_lengths

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from geo.network import RoadTables
    from routing.closures import Overlay
    from routing.graph import Graph
    from routing.vehicles import VehicleClass

# A piece of the network counts as a real one if it holds this share of the nodes; the rest are
# yards and loops that nothing leads out of.
_MAIN_PIECE_SHARE = 0.01


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TimeMatrix:
    """Travel of one class between n points, from row to column, on the road only.

    `travel_time_s` and `length_m`, (n, n), are inf where there is no way; the diagonal is 0.
    `attached`, (n,), tells whether a point lies near enough to a usable road, `walk_s` and `walk_m`
    how far it is from there (inf where not attached), `access` where that is.
    """

    travel_time_s: NDArray[np.float64]
    length_m: NDArray[np.float64]
    attached: NDArray[np.bool_]
    walk_s: NDArray[np.float64]
    walk_m: NDArray[np.float64]
    access: Access


def time_matrix(
    graph: Graph,
    tables: RoadTables,
    *,
    vehicle_class: VehicleClass,
    overlay: Overlay | None,
    lon: ArrayLike,
    lat: ArrayLike,
    crs: str,
    max_walk_m: float = MAX_WALK_M,
    max_bypass_m: float = MAX_BYPASS_M,
    depots: ArrayLike | None = None,
    engine: Engine | None = None,
) -> TimeMatrix:
    """Travel between points under the closures of `overlay`.

    Each point is served from one place on the road, the same for arriving and leaving. It is the
    nearest usable edge from which one can get to the rest of the network and back, if that is
    at most `max_bypass_m` farther than the nearest usable edge at all.

    Parameters
    ----------
    lon, lat
        (n,) degrees.
    depots
        Rows of the points that are depots. If given, the rest of the network is what can be driven
        to from a depot and back; else every piece of it that holds 1 % of the nodes.
    engine
        Finds the ways in `graph`; the plain reference where there is none.
    """
    longitude = np.atleast_1d(np.asarray(lon, dtype=np.float64))
    latitude = np.atleast_1d(np.asarray(lat, dtype=np.float64))
    if longitude.shape != latitude.shape or longitude.ndim != 1:
        raise RuleError(
            f"{longitude.size} longitudes and {latitude.size} latitudes",
            "as many of one as of the other are needed",
            "give both for every point",
        )
    time_s = arc_times(graph, vehicle_class, overlay)
    usable = usable_edges(graph, time_s)

    def nearest(edges: NDArray[np.bool_]) -> Access:
        return attach(
            graph, tables, longitude, latitude, usable=edges, crs=crs, max_walk_m=max_walk_m, k=1
        )

    own = nearest(usable)
    limit_m = own.walk_m[:, 0] + max_bypass_m
    pieces = _pieces(graph, time_s)
    main = _in_main(graph, pieces)
    access = _either(nearest(usable & main).within(limit_m), own)
    if depots is not None:
        home = _in_pieces_of(graph, pieces, access.take(depots))
        access = _either(nearest(usable & home).within(limit_m), access)
    travel_time_s, length_m = _between(engine or Engine(graph), time_s, access.without_walk())
    return TimeMatrix(
        travel_time_s=travel_time_s,
        length_m=length_m,
        attached=access.attached,
        walk_s=access.walk_s[:, 0],
        walk_m=access.walk_m[:, 0],
        access=access,
    )


def _pieces(graph: Graph, time_s: NDArray[np.float64]) -> NDArray[np.int32]:
    """Number of the strongly connected piece of every node."""
    goes = np.isfinite(time_s)
    links = sparse.csr_array(
        (np.ones(int(goes.sum()), dtype=np.int8), (graph.tail[goes], graph.head[goes])),
        shape=(graph.n_nodes, graph.n_nodes),
    )
    _, label = connected_components(links, directed=True, connection="strong")
    return np.asarray(label, dtype=np.int32)


def _inside(
    graph: Graph, pieces: NDArray[np.int32], counts: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """(n_edges,) whether an arc of the edge lies wholly in one of the pieces that count.

    Of the arcs, because the node itself lies in no piece where every way in enters a copy of it.
    """
    piece = pieces[graph.tail]
    inside = np.zeros(graph.n_edges, dtype=bool)
    inside[graph.edge[(piece == pieces[graph.head]) & counts[piece]]] = True
    return inside


def _in_main(graph: Graph, pieces: NDArray[np.int32]) -> NDArray[np.bool_]:
    """(n_edges,) whether the edge lies in one piece of some size."""
    size = np.bincount(pieces)
    matters = size >= max(_MAIN_PIECE_SHARE * graph.n_nodes, 2)
    matters[np.argmax(size)] = True
    return _inside(graph, pieces, matters)


def _in_pieces_of(graph: Graph, pieces: NDArray[np.int32], depots: Access) -> NDArray[np.bool_]:
    """(n_edges,) whether the edge lies in a piece in which a depot stands."""
    stands = np.isin(graph.edge, depots.edge[depots.attached, 0])
    stands &= pieces[graph.tail] == pieces[graph.head]
    home = np.zeros(int(pieces.max(initial=-1)) + 1, dtype=bool)
    home[pieces[graph.tail[stands]]] = True
    return _inside(graph, pieces, home)


def _either(first: Access, second: Access) -> Access:
    there = first.edge >= 0
    return Access(
        edge=np.where(there, first.edge, second.edge).astype(np.int32),
        fraction=np.where(there, first.fraction, second.fraction),
        walk_m=np.where(there, first.walk_m, second.walk_m),
        walk_s=np.where(there, first.walk_s, second.walk_s),
    )


def _between(
    engine: Engine, time_s: NDArray[np.float64], points: Access
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    graph, n_points = engine.graph, points.n_points
    travel_time_s = np.full((n_points, n_points), np.inf)
    length_m = np.full((n_points, n_points), np.inf)
    for rows in row_chunks(n_points, graph.n_nodes):
        origins = points.take(rows)
        trees = engine.trees(time_s, origins, ways=True)
        travel_time_s[rows], how = arrivals(graph, time_s, trees, origins, points)
        node_m = engine.lengths_to_nodes(trees)
        found_m = arrival_lengths(graph, node_m, how, origins, points)
        length_m[rows] = np.where(how >= 0, found_m, np.inf)
    np.fill_diagonal(travel_time_s, 0.0)
    np.fill_diagonal(length_m, 0.0)
    return travel_time_s, length_m
