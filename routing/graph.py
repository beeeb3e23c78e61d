"""The road graph as flat arrays: every edge is two arcs, sorted by the node they leave.

Nothing here depends on a vehicle or on a closure. Travel times and closures are arrays over the
arcs, so a road that closes is a few numbers written into an array and nothing is rebuilt.

Where a turn is forbidden, the node is split (`routing.turn_states`): the arc that must not turn
enters a copy of the node, which every way out leaves as from the node itself, the forbidden ones
marked in `barred`. So any engine that knows nothing of turns obeys them, and who walks, obeys none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from routing.turn_states import split_nodes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from geo.network import RoadTables
    from routing.turn_states import Split

TAG_COLUMNS = ("highway", "surface", "tracktype", "smoothness", "access", "motor_vehicle")
NUMBER_COLUMNS = ("width_m", "maxweight_t", "maxheight_m", "maxspeed_kmh")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """One tag of all edges: `labels[code[row]]` is its value, ``""`` where it is not set."""

    code: NDArray[np.int32]
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Copies:
    """The arcs of edges that are more than their two: those that leave a copy of a node.

    Shape (n,), sorted by (`key`, `tail`): `key` is twice the edge row, plus 1 against the drawing;
    `arc` the row of the arc, `tail` the copy that it leaves.
    """

    key: NDArray[np.intp]
    arc: NDArray[np.intp]
    tail: NDArray[np.int32]

    def of(
        self, edge: NDArray[np.integer], against: int
    ) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
        """All copies of one direction of some edges.

        Returns
        -------
        which, at, rank
            (n_found,) row in `edge`, row in the copies, and number among those of that edge from 0.
        """
        asked = 2 * edge.astype(np.intp) + against
        first = np.searchsorted(self.key, asked)
        n_of = np.searchsorted(self.key, asked, side="right") - first
        which = np.repeat(np.arange(len(asked), dtype=np.intp), n_of)
        rank = np.arange(len(which), dtype=np.intp) - np.repeat(np.cumsum(n_of) - n_of, n_of)
        return which, first[which] + rank, rank


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, weakref_slot=True)
class Graph:
    """Nodes, edges and arcs of a road network.

    The nodes of the tables come first, then copies of those at which a turn is forbidden;
    `base_node`, shape (n_nodes,), is the row of the node in the tables.

    Arcs, shape (n_arcs,), sorted by (tail, head): `tail`, `head` node rows, `edge` edge row,
    `along` whether the arc follows the drawing. Arcs of node i are ``start[i]:start[i + 1]``.
    `arc_along` and `arc_against`, shape (n_edges,), give the two arcs of an edge; `copies` the
    further ones that leave a copy of its node; these may end at a copy of the node where the arc
    itself ends. `barred` has the bits of `routing.turn_states.BARRED` for those who must not turn
    into the arc. Arcs between the
    same two nodes are neighbours; `pair` is the first of each such group, `pair_of_arc` the group
    of an arc.
    """

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    elevation_m: NDArray[np.float64]
    base_node: NDArray[np.int32]
    start: NDArray[np.intp]
    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    edge: NDArray[np.int32]
    along: NDArray[np.bool_]
    arc_along: NDArray[np.intp]
    arc_against: NDArray[np.intp]
    pair: NDArray[np.intp]
    pair_of_arc: NDArray[np.intp]
    copies: Copies
    barred: NDArray[np.uint8]
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
        """Number of nodes, copies of nodes included."""
        return len(self.lon)

    @property
    def n_edges(self) -> int:
        """Number of edges."""
        return len(self.length_m)

    @property
    def n_arcs(self) -> int:
        """Number of arcs: two an edge, and the copies."""
        return len(self.tail)

    def rows_of(self, edge_ids: Iterable[str]) -> NDArray[np.intp]:
        """Edge row of each id, -1 where the graph has no such edge."""
        return np.asarray(self.edge_ids.get_indexer(list(edge_ids)), dtype=np.intp)

    def arcs_of(
        self, edge: NDArray[np.integer], *, against: bool
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """All arcs of one direction of some edges, and for each the row in `edge` it belongs to."""
        own = (self.arc_against if against else self.arc_along)[edge]
        which, at, _ = self.copies.of(edge, int(against))
        every = np.concatenate([np.arange(len(edge), dtype=np.intp), which])
        return np.concatenate([own, self.copies.arc[at]]), every


def build_graph(tables: RoadTables) -> Graph:
    """Build the graph of checked road tables (`geo.network.road_tables` makes them)."""
    nodes, edges = tables.nodes, tables.edges
    n_edges = len(edges)
    u = edges["u"].to_numpy(dtype=np.int32)
    v = edges["v"].to_numpy(dtype=np.int32)
    row = np.arange(n_edges, dtype=np.int32)
    split = split_nodes(tables, u, v)
    tail = np.concatenate([u, v, split.tail])
    head = np.concatenate([v, u])
    head[split.enters] = split.entered
    head = np.concatenate([head, split.heads])
    edge = np.concatenate([row, row, (split.leaving % n_edges).astype(np.int32)])
    along = np.concatenate([np.arange(2 * n_edges) < n_edges, split.leaving < n_edges])
    base_node = np.concatenate([np.arange(len(nodes), dtype=np.int32), split.base])
    n_nodes, n_arcs = len(base_node), len(tail)
    order = np.lexsort((edge, head, tail))
    tail, head = tail[order], head[order]
    place = np.empty(n_arcs, dtype=np.intp)
    place[order] = np.arange(n_arcs)
    opens = np.ones(n_arcs, dtype=bool)
    opens[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
    barred = np.zeros(n_arcs, dtype=np.uint8)
    barred[place[2 * n_edges :]] = split.barred
    return Graph(
        lon=nodes["lon"].to_numpy(dtype=np.float64)[base_node],
        lat=nodes["lat"].to_numpy(dtype=np.float64)[base_node],
        elevation_m=nodes["elevation_m"].to_numpy(dtype=np.float64)[base_node],
        base_node=base_node,
        start=np.concatenate([[0], np.cumsum(np.bincount(tail, minlength=n_nodes))]).astype(
            np.intp
        ),
        tail=tail,
        head=head,
        edge=edge[order],
        along=along[order],
        arc_along=place[:n_edges],
        arc_against=place[n_edges : 2 * n_edges],
        pair=np.flatnonzero(opens),
        pair_of_arc=np.cumsum(opens) - 1,
        copies=_copies(split, place[2 * n_edges :], n_edges),
        barred=barred,
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


def _copies(split: Split, place: NDArray[np.intp], n_edges: int) -> Copies:
    back, edge = np.divmod(split.leaving, n_edges)
    key = 2 * edge + back
    order = np.lexsort((split.tail, key))
    return Copies(key=key[order], arc=place[order], tail=split.tail[order])


def _tag(column: pd.Series) -> Tag:
    code, labels = pd.factorize(column, use_na_sentinel=True)
    return Tag(code=code.astype(np.int32), labels=tuple(str(label) for label in labels))
