"""Travel times by networkx: an engine that knows nothing of ours, for networks without turns."""

from itertools import pairwise
from typing import Any

import networkx as nx
import numpy as np

from routing.graph import Graph


def networkx_times(graph: Graph, time_s: Any, points: list[tuple[int, float]]) -> Any:
    """(n, n) s between points (edge row, share): edges are cut at the points that stand on them."""
    made = nx.MultiDiGraph()
    made.add_nodes_from(("node", n) for n in range(graph.n_nodes))
    for row in range(graph.n_edges):
        stops = sorted({share for edge, share in points if edge == row} | {0.0, 1.0})
        for low, high in pairwise(stops):
            a, b = (_stop(graph, row, share) for share in (low, high))
            for tail, head, arc in (
                (a, b, graph.arc_along[row]),
                (b, a, graph.arc_against[row]),
            ):
                if np.isfinite(time_s[arc]):
                    made.add_edge(tail, head, weight=(high - low) * time_s[arc])
    table = np.full((len(points), len(points)), np.inf)
    for i, (edge, share) in enumerate(points):
        start = _stop(graph, edge, share)
        made.add_node(start)
        reached = nx.single_source_dijkstra_path_length(made, start, weight="weight")
        for j, (other, at) in enumerate(points):
            table[i, j] = reached.get(_stop(graph, other, at), np.inf)
    return table


def _stop(graph: Graph, row: int, share: float) -> Any:
    if share == 0.0:
        return ("node", int(graph.u[row]))
    if share == 1.0:
        return ("node", int(graph.v[row]))
    return ("edge", row, share)
