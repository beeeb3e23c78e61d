"""Fastest ways from the nearest of many beginnings to every node, by scipy: the plain reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse.csgraph import dijkstra

from geo.errors import RuleError
from routing.travel import Links, _entering_arcs, _matrix, _require_times

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from routing.graph import Graph

# Explicit zeros of a sparse matrix would read as "no road": beginnings at no time are moved by it.
_NEVER_ZERO_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spread:
    """Fastest ways from the nearest of many beginnings to every node; all (n_nodes,).

    `time_s` is inf where there is no way; `parent` the node before and `arc` the arc that enters,
    -1 where a way begins or none exists.
    """

    time_s: NDArray[np.float64]
    parent: NDArray[np.int32]
    arc: NDArray[np.int32]


def spread(graph: Graph, time_s: NDArray[np.float64], begin_s: NDArray[np.float64]) -> Spread:
    """Fastest ways over arcs of `time_s`, (n_arcs,), from beginnings `begin_s`, (n_nodes,).

    `begin_s` are the seconds already spent where a way may begin, 0 or more, inf elsewhere.
    """
    _require_times(graph, time_s)
    if begin_s.shape != (graph.n_nodes,) or not begin_s.min(initial=0.0) >= 0.0:
        raise RuleError(
            f"beginnings of shape {begin_s.shape}",
            f"{graph.n_nodes} times of 0 or more are needed",
            "give one for each node of the graph, inf where no way begins",
        )
    node = np.flatnonzero(np.isfinite(begin_s)).astype(np.int32)
    nothing = np.zeros(len(node))
    links = Links(
        origin=np.zeros(len(node), dtype=np.intp),
        node=node,
        time_s=begin_s[node] + _NEVER_ZERO_S,
        arc=np.full(len(node), -1, dtype=np.intp),
        share=nothing,
        candidate=np.zeros(len(node), dtype=np.intp),
    )
    matrix = _matrix(graph, time_s, links, n_origins=1)
    found_s, before = dijkstra(
        matrix, directed=True, indices=graph.n_nodes, return_predecessors=True
    )
    before = before[: graph.n_nodes]
    parent = np.where((before < 0) | (before >= graph.n_nodes), -1, before).astype(np.int32)
    return Spread(
        time_s=found_s[: graph.n_nodes] - _NEVER_ZERO_S,
        parent=parent,
        arc=_entering_arcs(graph, time_s, parent[None, :])[0],
    )
