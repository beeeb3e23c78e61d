"""Staging: where a forward base saves most of the way for the vehicles of the last kilometres.

Large vehicles bring loads to the base, smaller ones go on from there. A base is worth what it
saves: people × the time that the way from the depots to their place takes the smaller class more
than the way from the base. Of several bases each place counts the best, so the second is worth
what it adds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geo.errors import RuleError
from routing.clearance_kernels import through_doors
from routing.doors import doors_in, doors_out, meetings
from routing.hierarchy_metric import customize
from routing.hierarchy_queries import Seeds, from_nodes, select, times

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from routing.access import Access
    from routing.graph import Graph
    from routing.hierarchy import Hierarchy

#: Junctions are thinned to the most important one on each square of this size (m).
SQUARE_M = 1_000.0
MAX_CANDIDATES = 2_000
#: Ground that a base for a few lorries, tents and a store needs. Estimate: 100 m × 100 m.
ROOM_M2 = 10_000.0
ROOM_SLOPE_DEG, ROOM_RADIUS_M = 5.0, 150.0
_ORIGINS_AT_ONCE = 64
# Junctions of large roads first.
_ROADS = ("motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidates:
    """Junctions that the large class reaches: `node`, (n,), and `reached_s` from the depots."""

    node: NDArray[np.int32]
    reached_s: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """A chosen candidate (row), and what it adds to those chosen before it.

    `saved_s` is people × seconds; `factor` what safety and room leave of it; `served` are rows of
    places that are nearer from here than from the depots and other bases, the most saved first.
    """

    candidate: int
    saved_s: float
    factor: float
    served: tuple[int, ...]


def candidates(
    graph: Graph,
    hierarchy: Hierarchy,
    time_s: NDArray[np.float64],
    depots: Access,
    x_m: NDArray[np.float64],
    y_m: NDArray[np.float64],
    *,
    limit_s: float,
) -> Candidates:
    """Junctions that a class reaches from the depots within a limit, thinned.

    Parameters
    ----------
    time_s
        (n_arcs,) seconds of the class as the roads are.
    x_m, y_m
        (n_nodes,) of the nodes in the working CRS.
    """
    node_s = times(
        customize(hierarchy, time_s),
        _from_depots(graph, depots, time_s),
        select(hierarchy, np.arange(graph.n_nodes)),
    )[0]
    # A node at which turns are forbidden has copies; to stand there it does not matter in which.
    at_node_s = np.full(graph.n_nodes, np.inf)
    np.minimum.at(at_node_s, graph.base_node, node_s)
    is_base = graph.base_node == np.arange(graph.n_nodes)
    node_s = np.where(is_base, at_node_s, np.inf)
    rank = _road_rank(graph, np.isfinite(time_s))
    # Ways of all kinds: where the road of the large vehicle ends, others go on.
    degree = np.bincount(graph.tail, minlength=graph.n_nodes)
    node = np.flatnonzero((node_s <= limit_s) & (degree >= 2) & (rank < len(_ROADS)))
    order = np.lexsort((node, node_s[node], -degree[node], rank[node]))
    square = np.floor(np.column_stack([x_m[node], y_m[node]])[order] / SQUARE_M).astype(np.int64)
    _, first = np.unique(square, axis=0, return_index=True)
    kept = node[order][np.sort(first)][:MAX_CANDIDATES]
    return Candidates(node=kept.astype(np.int32), reached_s=node_s[kept])


def onward_s(
    graph: Graph,
    hierarchy: Hierarchy,
    time_s: NDArray[np.float64],
    depots: Access,
    places: Access,
    nodes: NDArray[np.int32],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Seconds of the smaller class to every place.

    Returns
    -------
    from_depots : (n_places,), the nearest
    from_nodes : (n_nodes, n_places)
    """
    into = doors_in(graph, places)
    goes_s = into.times_s(time_s)
    able = np.isfinite(goes_s)
    target, column = np.unique(into.node[able], return_inverse=True)
    counts = np.bincount(into.point[able], minlength=places.n_points)
    start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    metric, selection = customize(hierarchy, time_s), select(hierarchy, target)

    def places_s(seeds: Seeds) -> NDArray[np.float64]:
        node_s = times(metric, seeds, selection)
        found = np.empty((seeds.n_origins, places.n_points))
        through_doors(node_s, start, column.astype(np.int32), goes_s[able], found)
        return found

    at_depots_s = places_s(_from_depots(graph, depots, time_s))[0]
    same = meetings(graph, depots, places)
    spent_s = same.walk_s.copy()
    on_arc = same.arc >= 0
    spent_s[on_arc] += same.share[on_arc] * time_s[same.arc[on_arc]]
    np.minimum.at(at_depots_s, same.destination, spent_s)
    parts = [
        places_s(from_nodes(nodes[at : at + _ORIGINS_AT_ONCE]))
        for at in range(0, len(nodes), _ORIGINS_AT_ONCE)
    ]
    return at_depots_s, np.concatenate([np.empty((0, places.n_points)), *parts])


def choose(
    from_depots_s: NDArray[np.float64],
    from_candidates_s: NDArray[np.float64],
    weight: NDArray[np.float64],
    factor: NDArray[np.float64],
    *,
    n_bases: int,
    limit_s: float,
) -> list[Base]:
    """Choose bases one by one, each time the one that adds most.

    What bases save together is submodular, so without factors the choice is at least 1 - 1/e of the
    best possible (Nemhauser, Wolsey & Fisher 1978, Mathematical Programming 14, p. 265-294).

    Parameters
    ----------
    weight
        (n_places,) people.
    factor
        (n_candidates,) 0 to 1, what safety and room leave of a candidate's worth; 0 is never taken.
    limit_s
        A place that is not reached sooner counts as so far away.
    """
    if n_bases < 1:
        raise RuleError(f"{n_bases} staging points", "at least 1 is needed", "correct it")
    best_s = np.minimum(from_depots_s, limit_s)
    ways_s = np.minimum(from_candidates_s, limit_s)
    left = np.flatnonzero(factor > 0)
    chosen: list[Base] = []
    while len(chosen) < n_bases and len(left):
        saved_s = np.maximum(best_s[None, :] - ways_s[left], 0.0) @ weight
        at = int(np.argmax(saved_s * factor[left]))
        if saved_s[at] <= 0:
            break
        row = int(left[at])
        nearer_s = np.maximum(best_s - ways_s[row], 0.0) * weight
        order = np.argsort(-nearer_s, kind="stable")
        chosen.append(
            Base(
                candidate=row,
                saved_s=float(saved_s[at]),
                factor=float(factor[row]),
                served=tuple(order[nearer_s[order] > 0].tolist()),
            )
        )
        best_s = np.minimum(best_s, ways_s[row])
        left = np.delete(left, at)
    return chosen


def _from_depots(graph: Graph, depots: Access, time_s: NDArray[np.float64]) -> Seeds:
    """All depots as one origin."""
    out = doors_out(graph, depots)
    spent_s = out.times_s(time_s)
    goes = np.isfinite(spent_s)
    return Seeds(
        start=np.array([0, int(goes.sum())], dtype=np.int32),
        node=out.node[goes],
        time_s=spent_s[goes],
    )


def _road_rank(graph: Graph, usable: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(n_nodes,) the best road at each node, 0 = motorway; `len(_ROADS)` = none of them."""
    tag = graph.tags["highway"]
    by_code = np.array(
        [
            _ROADS.index(label.removesuffix("_link"))
            if label.removesuffix("_link") in _ROADS
            else len(_ROADS)
            for label in tag.labels
        ],
        dtype=np.int64,
    )
    rank = np.full(graph.n_nodes, len(_ROADS), dtype=np.int64)
    arc = np.flatnonzero(usable)
    np.minimum.at(rank, graph.tail[arc], by_code[tag.code[graph.edge[arc]]])
    return rank
