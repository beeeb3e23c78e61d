"""Road pieces: the run of edges between two junctions, and how far along it each edge lies.

Whoever clears a road, and whatever falls on it, does not care where a bend or a change of surface
parts the road into edges. Junctions are nodes at which other than two edges end, whatever travels
on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from routing.hierarchy_compiler import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from routing.graph import Graph


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pieces:
    """For every edge, shape (n_edges,): its `piece`, and the metres `begin_m` at which it begins.

    Metres count from one end of the piece; a ring begins anywhere.
    """

    piece: NDArray[np.int32]
    begin_m: NDArray[np.float64]


def road_pieces(graph: Graph) -> Pieces:
    """Find the pieces of a road network."""
    ends = np.concatenate([graph.u, graph.v])
    n_nodes = int(ends.max(initial=-1)) + 1
    order = np.argsort(ends, kind="stable")
    start = np.concatenate([[0], np.cumsum(np.bincount(ends, minlength=n_nodes))])
    piece = np.full(graph.n_edges, -1, dtype=np.int32)
    begin_m = np.zeros(graph.n_edges)
    walk_pieces(
        graph.u,
        graph.v,
        graph.length_m,
        start.astype(np.int32),
        (order % max(graph.n_edges, 1)).astype(np.int32),
        piece,
        begin_m,
    )
    return Pieces(piece=piece, begin_m=begin_m)


@kernel
def walk_pieces(
    u: NDArray[np.int32],
    v: NDArray[np.int32],
    length_m: NDArray[np.float64],
    start: NDArray[np.int32],
    incident: NDArray[np.int32],
    piece: NDArray[np.int32],
    begin_m: NDArray[np.float64],
) -> None:
    """Walk every piece from a junction, then the rings that have none."""
    n_pieces = 0
    for rings in range(2):
        for first in range(len(u)):
            for side in range(2):
                node = u[first] if side == 0 else v[first]
                if piece[first] >= 0 or (rings == 0 and start[node + 1] - start[node] == 2):
                    continue
                edge, at_m = first, 0.0
                while piece[edge] < 0:
                    piece[edge] = n_pieces
                    begin_m[edge] = at_m
                    at_m += length_m[edge]
                    node = v[edge] if u[edge] == node else u[edge]
                    if start[node + 1] - start[node] != 2:
                        break
                    one = incident[start[node]]
                    edge = one if one != edge else incident[start[node] + 1]
                n_pieces += 1
