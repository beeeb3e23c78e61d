"""From OSM ways to edges: where a way is cut, what the pieces are called, what a barrier closes.

The pieces of all ways are found at once with arrays over their vertices. A way is cut where another
road way meets it, where it meets itself, at its ends, where a node is missing, and around a barrier
that stops motor traffic.
"""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.sources.osm_turns import Pieces, Restrictions, turns_of
from geo.crs import STORAGE_CRS
from geo.errors import EmptyInputError
from geo.network import TEXT_COLUMNS, RoadTables, road_tables

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from geo.model import Source


@dataclass(slots=True)
class Ways:
    """Columns of the road ways, in the order of the file.

    `refs` are the nodes of all ways in a row, `n_refs` of them to each way.
    """

    way_id: list[int] = field(default_factory=list)
    refs: array[int] = field(default_factory=lambda: array("q"))
    n_refs: list[int] = field(default_factory=list)
    columns: dict[str, list[Any]] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)
    not_understood: Counter[str] = field(default_factory=Counter)
    conditional: Counter[str] = field(default_factory=Counter)
    n_duplicate: int = 0
    n_areas: int = 0
    n_ferries: int = 0
    newest: datetime | None = None


@dataclass(slots=True)
class TaggedNodes:
    """Nodes that matter by their own tags: rows of places, ids of barriers that block and fords."""

    place_rows: list[tuple[Any, ...]] = field(default_factory=list)
    blocking: list[int] = field(default_factory=list)
    fords: list[int] = field(default_factory=list)
    n_gates_private: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Vertices:
    """All vertices of all ways in a row: way number, node row, whether the next one follows."""

    way: NDArray[np.int32]
    node: NDArray[np.int32]
    joined: NDArray[np.bool_]
    n_missing: int
    n_ways_cut: int


def tables_from_ways(
    ways: Ways,
    used: NDArray[np.int64],
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    nodes: TaggedNodes,
    restrictions: Restrictions,
    *,
    source: Source,
) -> RoadTables:
    """Cut the ways into edges.

    Parameters
    ----------
    used, lon, lat
        (n,) ids of all nodes on the ways, rising, and where they are, NaN = not in the file.
    nodes
        Of these the barriers and fords.
    restrictions
        Turns that the relations of the extract forbid.

    Raises
    ------
    EmptyInputError
        No way has two nodes in a row whose location is known.
    """
    vertices = _vertices(ways, used, known=np.isfinite(lon))
    if not vertices.joined.any():
        raise EmptyInputError(
            "OSM data in which no road has two nodes with a location",
            "the nodes of the ways are needed",
            "extract complete ways (osmium extract --strategy complete_ways)",
        )
    walls, n_walls_unclear = _walls(vertices, used, nodes.blocking, lon, lat)
    first, last = _cuts(vertices, walls, n_nodes=len(used))
    kept, row_of = np.unique(
        np.concatenate([vertices.node[first], vertices.node[last]]), return_inverse=True
    )
    node_frame = pd.DataFrame(
        {"node_id": used[kept].astype(str), "lon": lon[kept], "lat": lat[kept]}
    )
    edges = _edge_frame(ways, vertices, first, last, lon, lat)
    edges["u"] = row_of[: len(first)].astype(np.int32)
    edges["v"] = row_of[len(first) :].astype(np.int32)
    edges["edge_id"] = _edge_ids(ways, vertices, first, last, used)
    walled = walls[first] & (last == first + 1)
    edges.loc[walled, ["forward", "backward"]] = False
    edges["ford"] |= _fords_inside(vertices, first, last, used, nodes.fords)
    with_edges = np.bincount(vertices.way[vertices.joined], minlength=len(ways.n_refs)) > 0
    notes = _notes(
        ways,
        vertices,
        nodes,
        n_walls=int(walled.sum()),
        n_walls_unclear=n_walls_unclear,
        n_short=int((~with_edges).sum()),
        n_on_a_spot=int((shapely.length(edges.geometry.to_numpy()) == 0).sum()),
    )
    pieces = Pieces(
        edge_id=edges["edge_id"].to_numpy(dtype=object),
        way=np.array(ways.way_id, dtype=np.int64)[vertices.way[first]],
        first=used[vertices.node[first]],
        last=used[vertices.node[last]],
        forward=edges["forward"].to_numpy(dtype=bool),
        backward=edges["backward"].to_numpy(dtype=bool),
    )
    turns, turn_notes = turns_of(restrictions, pieces)
    return road_tables(node_frame, edges, source=source, notes=[*notes, *turn_notes], turns=turns)


def _vertices(ways: Ways, used: NDArray[np.int64], *, known: NDArray[np.bool_]) -> _Vertices:
    # A country has tens of millions of vertices: numbers of 4 bytes, and nothing is kept twice.
    way = np.repeat(np.arange(len(ways.n_refs), dtype=np.int32), ways.n_refs)
    node = np.searchsorted(used, np.frombuffer(ways.refs, dtype=np.int64)).astype(np.int32)
    there = known[node]
    n_missing = int((~there).sum())
    n_ways_cut = len(np.unique(way[~there]))
    follows = np.zeros(len(way), dtype=bool)
    follows[:-1] = (way[1:] == way[:-1]) & there[1:] & there[:-1]
    # A node written twice in a row is one vertex; the link of the second one is kept.
    again = np.zeros(len(way), dtype=bool)
    again[1:] = (way[1:] == way[:-1]) & (node[1:] == node[:-1])
    keep = there & ~again
    joined_next = np.zeros(len(way), dtype=bool)
    at = np.flatnonzero(keep)
    # Between two kept neighbours all links must hold.
    broken = np.concatenate([[0], np.cumsum(~follows)])
    joined_next[at[:-1]] = broken[at[1:]] == broken[at[:-1]]
    return _Vertices(
        way=way[at],
        node=node[at],
        joined=joined_next[at],
        n_missing=n_missing,
        n_ways_cut=n_ways_cut,
    )


def _walls(
    vertices: _Vertices,
    used: NDArray[np.int64],
    blocking: list[int],
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
) -> tuple[NDArray[np.bool_], int]:
    """Links (by their first vertex) that a barrier closes to motor traffic.

    A barrier is a node, and a graph has no doors in its nodes: the shorter of the two links at the
    barrier is closed instead, usually a few metres. A barrier on a junction is unclear and counted.
    """
    walls = np.zeros(len(vertices.node), dtype=bool)
    rows = np.searchsorted(used, np.array(blocking, dtype=np.int64))
    rows = rows[rows < len(used)]
    is_barrier = np.zeros(len(used), dtype=bool)
    is_barrier[rows] = np.isin(used[rows], np.array(blocking, dtype=np.int64))
    link = np.flatnonzero(vertices.joined)
    tail, head = vertices.node[link], vertices.node[link + 1]
    touching = np.concatenate([link[is_barrier[tail]], link[is_barrier[head]]])
    barrier = np.concatenate([tail[is_barrier[tail]], head[is_barrier[head]]])
    # Planar degrees, for telling the shorter of two neighbours only.
    stretch = np.cos(np.deg2rad(lat[vertices.node[touching]]))
    size = np.hypot(
        (lon[vertices.node[touching + 1]] - lon[vertices.node[touching]]) * stretch,
        lat[vertices.node[touching + 1]] - lat[vertices.node[touching]],
    )
    n_arms = np.bincount(barrier, minlength=len(used))
    order = np.lexsort((touching, size, barrier))
    _, first_of = np.unique(barrier[order], return_index=True)
    shortest = order[first_of]
    clear = n_arms[barrier[shortest]] == 2
    walls[touching[shortest[clear]]] = True
    return walls, int((n_arms[barrier[shortest]] > 2).sum())


def _cuts(
    vertices: _Vertices, walls: NDArray[np.bool_], *, n_nodes: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First and last vertex of every edge."""
    ended = ~vertices.joined
    began = np.concatenate([[True], ended[:-1]])
    alone = began & ended
    uses = np.bincount(vertices.node[~alone], minlength=n_nodes)
    cut = began | ended | (uses[vertices.node] >= 2) | walls
    cut[1:] |= walls[:-1]
    first = np.flatnonzero(cut & vertices.joined)
    cuts = np.flatnonzero(cut)
    last = cuts[np.searchsorted(cuts, first, side="right")]
    return first, last


def _edge_frame(
    ways: Ways,
    vertices: _Vertices,
    first: NDArray[np.intp],
    last: NDArray[np.intp],
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
) -> gpd.GeoDataFrame:
    n_points = last - first + 1
    starts = np.concatenate([[0], np.cumsum(n_points)[:-1]])
    edge = np.repeat(np.arange(len(first)), n_points)
    vertex = np.arange(len(edge)) + np.repeat(first - starts, n_points)
    node = vertices.node[vertex]
    del vertex
    points = np.column_stack([lon[node], lat[node]])
    del node
    lines = shapely.linestrings(points, indices=edge)
    del points, edge
    # Text in compact columns before its rows are repeated.
    columns = pd.DataFrame(
        {
            name: pd.Series(values, dtype="str" if name in TEXT_COLUMNS else None)
            for name, values in ways.columns.items()
        }
    )
    repeated = columns.take(vertices.way[first]).reset_index(drop=True)
    return gpd.GeoDataFrame(repeated, geometry=lines, crs=STORAGE_CRS)


def _edge_ids(
    ways: Ways,
    vertices: _Vertices,
    first: NDArray[np.intp],
    last: NDArray[np.intp],
    used: NDArray[np.int64],
) -> NDArray[np.object_]:
    way_id = np.array(ways.way_id, dtype=np.int64)[vertices.way[first]]
    tail, head = used[vertices.node[first]], used[vertices.node[last]]
    ids = pd.Series([f"w{w}:{a}-{b}" for w, a, b in zip(way_id, tail, head, strict=True)])
    turn = ids.groupby(ids).cumcount().to_numpy()
    again = np.flatnonzero(turn > 0)
    ids.iloc[again] = [f"{ids.iloc[row]}.{turn[row] + 1}" for row in again]
    return np.asarray(ids, dtype=object)


def _fords_inside(
    vertices: _Vertices,
    first: NDArray[np.intp],
    last: NDArray[np.intp],
    used: NDArray[np.int64],
    fords: list[int],
) -> NDArray[np.bool_]:
    """Edges that pass a ford mapped as a node between their ends.

    A ford on a junction is left out: which of the roads goes through the water is not said.
    """
    is_ford = np.isin(used, np.array(fords, dtype=np.int64))[vertices.node]
    up_to = np.concatenate([[0], np.cumsum(is_ford)])
    passed: NDArray[np.bool_] = up_to[last] - up_to[first + 1] > 0
    return passed


def _notes(
    ways: Ways,
    vertices: _Vertices,
    nodes: TaggedNodes,
    *,
    n_walls: int,
    n_walls_unclear: int,
    n_short: int,
    n_on_a_spot: int,
) -> list[str]:
    counted = [
        ("ways that are no roads (yet)", ways.skipped.total(), _listed(ways.skipped)),
        ("ways that are areas (area=yes), left out", ways.n_areas, ""),
        ("ferries and car trains, which nobody is sent over", ways.n_ferries, ""),
        ("ways with fewer than two nodes that are there, which give no road", n_short, ""),
        ("pieces of road without length (their nodes lie on one spot), kept", n_on_a_spot, ""),
        ("ways that came twice, of which the first was kept", ways.n_duplicate, ""),
        ("references to nodes that the file lacks", vertices.n_missing,
         f"{vertices.n_ways_cut} ways cut there"),
        ("values that were not understood and count as unknown", ways.not_understood.total(),
         _listed(ways.not_understood)),
        ("rules for certain hours, seasons or weights only, which are not applied",
         ways.conditional.total(), _listed(ways.conditional)),
        ("barriers that stop motor vehicles (bollards, blocks, gates with access=no)", n_walls, ""),
        ("barriers on a junction, which close nothing as no road of it is named",
         n_walls_unclear, ""),
        ("private gates, which count as passable", nodes.n_gates_private, ""),
    ]  # fmt: skip
    return [
        f"{what}: {count}" + (f" ({detail})" if detail else "")
        for what, count, detail in counted
        if count
    ]


def _listed(counter: Counter[str]) -> str:
    shown = [f"{value} {count}" for value, count in counter.most_common(8)]
    return ", ".join(shown) + (" …" if len(counter) > 8 else "")
