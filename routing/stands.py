"""Where depots and places stand on the roads of a class if nothing were closed.

Closing a road moves nobody: a place keeps the roads from which it is walked to, and each question
decides which of them can still be reached.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from routing.access import MAX_BYPASS_M, MAX_WALK_M, WALK_DETOUR_FACTOR, Access, attach
from routing.travel import arc_times, usable_edges
from routing.world import DEPOT_MARGIN_M, MAX_DEPOT_M

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from geo.model import Depot
    from geo.network import RoadTables
    from routing.graph import Graph
    from routing.vehicles import VehicleClass

# Reach looks in every state of the roads for the nearest ones that are still reached. Here they are
# chosen once, so all that lie within the walk are looked at (a town has hundreds), and of each
# pocket, which is reached as a whole or not at all, as many are kept as reach takes.
PLACE_ROADS = 400
ROADS_OF_A_POCKET = 4
_DEPOT_ROADS = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stands:
    """`open_s`, (n_arcs,), are the seconds of the class with nothing closed.

    `places` has every road within the walk; `kept_roads` leaves what a question needs.
    """

    vehicle_class: VehicleClass
    open_s: NDArray[np.float64]
    depots: Access
    places: Access


def stands_of(
    graph: Graph,
    tables: RoadTables,
    vehicle_class: VehicleClass,
    *,
    places: gpd.GeoDataFrame,
    depots: Sequence[Depot],
    crs: str,
    max_walk_m: float = MAX_WALK_M,
    max_bypass_m: float = MAX_BYPASS_M,
) -> Stands:
    """Attach depots and places as reach does: same walks, same limits."""
    open_s = arc_times(graph, vehicle_class)
    usable = usable_edges(graph, open_s)
    yards = attach(
        graph,
        tables,
        [depot.lon for depot in depots],
        [depot.lat for depot in depots],
        usable=usable,
        crs=crs,
        max_walk_m=MAX_DEPOT_M * WALK_DETOUR_FACTOR,
        k=_DEPOT_ROADS,
    )
    elevation_m = places["elevation_m"] if "elevation_m" in places.columns else None
    roads = attach(
        graph,
        tables,
        places.geometry.x.to_numpy(dtype=np.float64),
        places.geometry.y.to_numpy(dtype=np.float64),
        usable=usable,
        crs=crs,
        max_walk_m=max_walk_m,
        k=PLACE_ROADS,
        elevation_m=None if elevation_m is None else elevation_m.to_numpy(dtype=np.float64),
    )
    within = roads.within(np.minimum(roads.walk_m[:, 0] + max_bypass_m, max_walk_m))
    margin_m = DEPOT_MARGIN_M * WALK_DETOUR_FACTOR
    return Stands(
        vehicle_class=vehicle_class,
        open_s=open_s,
        depots=yards.within(yards.walk_m[:, 0] + margin_m),
        places=_first_columns(within, max(int((within.edge >= 0).sum(axis=1).max(initial=0)), 1)),
    )


def _first_columns(access: Access, n: int) -> Access:
    """The `n` nearest roads of every point."""
    return Access(
        edge=access.edge[:, :n],
        fraction=access.fraction[:, :n],
        walk_m=access.walk_m[:, :n],
        walk_s=access.walk_s[:, :n],
    )


def pockets(graph: Graph, is_open: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(n_edges,) number of the strongly connected part of the open arcs that an edge begins in.

    Edges that begin in one part are reached together or not at all. An edge without an open arc is
    a part of its own.
    """
    arc = np.flatnonzero(is_open)
    matrix = sparse.coo_array(
        (np.ones(len(arc), dtype=np.int8), (graph.tail[arc], graph.head[arc])),
        shape=(graph.n_nodes, graph.n_nodes),
    )
    n_parts, part = connected_components(matrix, directed=True, connection="strong")
    pocket = int(n_parts) + np.arange(graph.n_edges, dtype=np.int64)
    # Of the copies of a node at which turns are forbidden, the node itself counts, if it is there.
    for some in (arc, arc[graph.base_node[graph.tail[arc]] == graph.tail[arc]]):
        pocket[graph.edge[some]] = part[graph.tail[some]]
    return pocket


def kept_roads(
    places: Access, pocket: NDArray[np.int64], *, each: int = ROADS_OF_A_POCKET
) -> Access:
    """Only the `each` nearest roads of every place in every pocket, (n_edges,)."""
    point, candidate = np.nonzero(places.edge >= 0)
    of = pocket[places.edge[point, candidate]]
    # Candidates are nearest first, and a stable sort leaves them so.
    order = np.lexsort((candidate, of, point))
    opens = np.ones(len(order), dtype=bool)
    opens[1:] = (np.diff(point[order]) != 0) | (np.diff(of[order]) != 0)
    first = np.flatnonzero(opens)
    rank = np.arange(len(order)) - np.repeat(first, np.diff(np.append(first, len(order))))
    chosen = order[rank < each]
    kept = np.zeros(places.edge.shape, dtype=bool)
    kept[point[chosen], candidate[chosen]] = True
    return replace(
        places,
        edge=np.where(kept, places.edge, -1).astype(np.int32),
        walk_m=np.where(kept, places.walk_m, np.inf),
        walk_s=np.where(kept, places.walk_s, np.inf),
    )
