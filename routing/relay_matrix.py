"""From roadheads to places: what a team that waits at a roadhead needs to plan its rounds.

`routing.chain.chains` names the roadheads and the legs of the fastest chain to each place; here are
the times of one class, mostly mules or carriers, between any roadheads and any places.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geo.errors import RuleError
from routing.access import Access
from routing.travel import arc_times, usable_edges
from routing.world import attach_sites

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from geo.network import RoadTables
    from routing.closures import Overlay
    from routing.engine import Engine
    from routing.graph import Graph
    from routing.vehicles import VehicleClass
    from routing.world import Sites


def times_from_roadheads(
    engine: Engine,
    tables: RoadTables,
    vehicle_class: VehicleClass,
    *,
    nodes: ArrayLike,
    sites: Sites,
    overlay: Overlay | None,
    crs: str,
    max_walk_m: float,
) -> NDArray[np.float64]:
    """Seconds from every roadhead to every site, (n_nodes, n_sites), inf where there is no way.

    The walk at the end is part of it, handling is not. Rounds on foot come back the same way, but
    not in the same time: uphill is slower.

    Parameters
    ----------
    nodes
        Rows of the graph, as `routing.chain.Roadhead.node` gives them.
    max_walk_m
        Longest walk from the road, metres walked.
    """
    graph = engine.graph
    time_s = arc_times(graph, vehicle_class, overlay)
    stops = attach_sites(
        graph,
        tables,
        sites,
        usable=usable_edges(graph, time_s),
        crs=crs,
        max_walk_m=np.full(len(sites.lon), max_walk_m),
    )
    return engine.times(time_s, at_nodes(graph, nodes), stops)


def at_nodes(graph: Graph, nodes: ArrayLike) -> Access:
    """Points that stand on nodes, as places at the end of an edge that leaves them.

    Raises
    ------
    RuleError
        A row that is no node, or a node without any edge.
    """
    rows = np.atleast_1d(np.asarray(nodes, dtype=np.intp))
    known = (rows >= 0) & (rows < graph.n_nodes)
    alone = np.zeros(len(rows), dtype=bool)
    alone[known] = graph.start[rows[known] + 1] == graph.start[rows[known]]
    if not known.all() or alone.any():
        wrong = rows[~known | alone][0]
        raise RuleError(f"node {wrong}", "a node of the graph at a road is needed", "correct it")
    arc = graph.start[rows]
    nothing = np.zeros((len(rows), 1))
    return Access(
        edge=graph.edge[arc].astype(np.int32)[:, None],
        fraction=np.where(graph.along[arc], 0.0, 1.0)[:, None],
        walk_m=nothing,
        walk_s=nothing,
    )
