"""The road graph as flat arrays: every edge is two arcs, sorted by the node they leave.

Nothing here depends on a vehicle or on a closure. Travel times and closures are arrays over the
arcs, so a road that closes is a few numbers written into an array and nothing is rebuilt.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from geo.network import RoadTables

TAG_COLUMNS = ("highway", "surface", "tracktype", "smoothness", "access", "motor_vehicle")
NUMBER_COLUMNS = ("width_m", "maxweight_t", "maxheight_m", "maxspeed_kmh")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """One tag of all edges: `labels[code[row]]` is its value, ``""`` where it is not set."""

    code: NDArray[np.int32]
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, weakref_slot=True)
class Graph:
    """Nodes, edges and arcs of a road network.

    Arcs, shape (n_arcs,) = 2 per edge, sorted by (tail, head): `tail`, `head` node rows, `edge`
    edge row, `along` whether the arc follows the drawing. Arcs of node i are
    ``start[i]:start[i + 1]``. `arc_along` and `arc_against`, shape (n_edges,), give the two arcs
    of an edge. Arcs between the same two nodes are neighbours; `pair` is the first of each such
    group, `pair_of_arc` the group of an arc.
    """

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    elevation_m: NDArray[np.float64]
    start: NDArray[np.intp]
    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    edge: NDArray[np.int32]
    along: NDArray[np.bool_]
    arc_along: NDArray[np.intp]
    arc_against: NDArray[np.intp]
    pair: NDArray[np.intp]
    pair_of_arc: NDArray[np.intp]
    edge_ids: pd.Index
    u: NDArray[np.int32]
    v: NDArray[np.int32]
    length_m: NDArray[np.float64]
    climb_m: NDArray[np.float64]
    descent_m: NDArray[np.float64]
    forward: NDArray[np.bool_]
    backward: NDArray[np.bool_]
    ford: NDArray[np.bool_]
    tags: dict[str, Tag]
    numbers: dict[str, NDArray[np.float64]]

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.lon)

    @property
    def n_edges(self) -> int:
        """Number of edges."""
        return len(self.length_m)

    @property
    def n_arcs(self) -> int:
        """Number of arcs, two an edge."""
        return len(self.tail)

    def rows_of(self, edge_ids: Iterable[str]) -> NDArray[np.intp]:
        """Edge row of each id, -1 where the graph has no such edge."""
        return np.asarray(self.edge_ids.get_indexer(list(edge_ids)), dtype=np.intp)


def build_graph(tables: RoadTables) -> Graph:
    """Build the graph of checked road tables (`geo.network.road_tables` makes them)."""
    nodes, edges = tables.nodes, tables.edges
    n_nodes, n_edges = len(nodes), len(edges)
    u = edges["u"].to_numpy(dtype=np.int32)
    v = edges["v"].to_numpy(dtype=np.int32)
    row = np.arange(n_edges, dtype=np.int32)
    tail, head = np.concatenate([u, v]), np.concatenate([v, u])
    order = np.lexsort((np.concatenate([row, row]), head, tail))
    tail, head = tail[order], head[order]
    place = np.empty(2 * n_edges, dtype=np.intp)
    place[order] = np.arange(2 * n_edges)
    opens = np.ones(2 * n_edges, dtype=bool)
    opens[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
    return Graph(
        lon=nodes["lon"].to_numpy(dtype=np.float64),
        lat=nodes["lat"].to_numpy(dtype=np.float64),
        elevation_m=nodes["elevation_m"].to_numpy(dtype=np.float64),
        start=np.concatenate([[0], np.cumsum(np.bincount(tail, minlength=n_nodes))]).astype(
            np.intp
        ),
        tail=tail,
        head=head,
        edge=np.concatenate([row, row])[order],
        along=order < n_edges,
        arc_along=place[:n_edges],
        arc_against=place[n_edges:],
        pair=np.flatnonzero(opens),
        pair_of_arc=np.cumsum(opens) - 1,
        edge_ids=pd.Index(edges["edge_id"]),
        u=u,
        v=v,
        length_m=edges["length_m"].to_numpy(dtype=np.float64),
        climb_m=edges["climb_m"].to_numpy(dtype=np.float64),
        descent_m=edges["descent_m"].to_numpy(dtype=np.float64),
        forward=edges["forward"].to_numpy(dtype=bool),
        backward=edges["backward"].to_numpy(dtype=bool),
        ford=edges["ford"].to_numpy(dtype=bool),
        tags={name: _tag(edges[name]) for name in TAG_COLUMNS},
        numbers={name: edges[name].to_numpy(dtype=np.float64) for name in NUMBER_COLUMNS},
    )


def _tag(column: pd.Series) -> Tag:
    code, labels = pd.factorize(column, use_na_sentinel=True)
    return Tag(code=code.astype(np.int32), labels=tuple(str(label) for label in labels))
