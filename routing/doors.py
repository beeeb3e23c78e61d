"""Doors: the arcs by which points are entered from the network, and by which they leave onto it.

A point stands on an edge, some share along it, after a walk. For the engine that is a node, an arc
and the share of it that is travelled; what an arc costs may change from one question to the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from routing.access import Access
    from routing.graph import Graph


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Doors:
    """Ways between points and nodes, shape (n_doors,), sorted by `point`.

    Between the point and `node` lie the `share` of `arc` (-1 = none: the point is at the node) and
    a walk of `walk_s`.
    """

    point: NDArray[np.int32]
    node: NDArray[np.int32]
    arc: NDArray[np.int32]
    share: NDArray[np.float64]
    walk_s: NDArray[np.float64]

    def times_s(self, arc_time_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n_doors,) seconds through each door; inf where its arc cannot be travelled."""
        spent_s = self.walk_s.copy()
        on_arc = self.arc >= 0
        spent_s[on_arc] += self.share[on_arc] * arc_time_s[self.arc[on_arc]]
        return spent_s


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Meetings:
    """Origins and destinations that stand on one edge: `share` of `arc` lies between them."""

    origin: NDArray[np.int32]
    destination: NDArray[np.int32]
    arc: NDArray[np.int32]
    share: NDArray[np.float64]
    walk_s: NDArray[np.float64]


def doors_in(graph: Graph, destinations: Access) -> Doors:
    """From nodes to points."""
    return _doors(graph, destinations, inward=True)


def doors_out(graph: Graph, origins: Access) -> Doors:
    """From points to nodes."""
    return _doors(graph, origins, inward=False)


def meetings(graph: Graph, origins: Access, destinations: Access) -> Meetings:
    """Ways that never leave the edge on which they begin."""
    by_edge = _Arcs(graph)
    begin, end = _stands(origins), _stands(destinations)
    order = np.argsort(begin.edge, kind="stable")
    low = np.searchsorted(begin.edge[order], end.edge, side="left")
    high = np.searchsorted(begin.edge[order], end.edge, side="right")
    to = np.repeat(np.arange(len(end.edge)), high - low)
    within = np.arange(len(to)) - np.repeat(np.cumsum(high - low) - (high - low), high - low)
    of = order[np.repeat(low, high - low) + within]
    row, arc = by_edge.of(end.edge[to])
    to, of = to[row], of[row]
    apart = end.fraction[to] - begin.fraction[of]
    share = np.where(graph.along[arc], apart, -apart)
    onward = share >= 0
    return Meetings(
        origin=begin.point[of][onward].astype(np.int32),
        destination=end.point[to][onward].astype(np.int32),
        arc=np.where(share > 0, arc, -1)[onward].astype(np.int32),
        share=share[onward],
        walk_s=(begin.walk_s[of] + end.walk_s[to])[onward],
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Stands:
    point: NDArray[np.intp]
    edge: NDArray[np.int32]
    fraction: NDArray[np.float64]
    walk_s: NDArray[np.float64]


def _stands(access: Access) -> _Stands:
    point, candidate = np.nonzero(access.edge >= 0)
    at = (point, candidate)
    return _Stands(
        point=point,
        edge=access.edge[at],
        fraction=access.fraction[at],
        walk_s=access.walk_s[at],
    )


class _Arcs:
    """The arcs of every edge; a network may give one more than two."""

    def __init__(self, graph: Graph) -> None:
        self._arc = np.argsort(graph.edge, kind="stable")
        self._start = np.searchsorted(graph.edge[self._arc], np.arange(graph.n_edges + 1))

    def of(self, edges: NDArray[np.int32]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Rows of `edges` and arcs, paired."""
        first, size = self._start[edges], self._start[edges + 1] - self._start[edges]
        row = np.repeat(np.arange(len(edges)), size)
        within = np.arange(len(row)) - np.repeat(np.cumsum(size) - size, size)
        return row, self._arc[np.repeat(first, size) + within]


def _doors(graph: Graph, access: Access, *, inward: bool) -> Doors:
    stands = _stands(access)
    row, arc = _Arcs(graph).of(stands.edge)
    done = np.where(graph.along[arc], stands.fraction[row], 1.0 - stands.fraction[row])
    share = done if inward else 1.0 - done
    return Doors(
        point=stands.point[row].astype(np.int32),
        node=(graph.tail if inward else graph.head)[arc].astype(np.int32),
        # A point at the very end of an edge is at its node, even if the edge is closed.
        arc=np.where(share > 0, arc, -1).astype(np.int32),
        share=share,
        walk_s=stands.walk_s[row],
    )
