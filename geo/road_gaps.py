"""Gaps of a road network: ends that stop a few metres before another road, and their repair.

An end may stop because the drawing is careless or because there is a wall: nobody can tell from the
lines. So gaps are offered with their place and width, and joined only where a person says so.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.crs import STORAGE_CRS, geodesic_length_m, to_working
from geo.errors import UnknownIdError
from geo.network import RoadTables, require_road_tables

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

# How far apart two roads are that a careless hand meant to join: estimate.
MAX_GAP_M = 5.0
# A stub that is shorter than a few gaps lies beside the road that it leaves: no gap. Estimate.
_STUB_GAPS = 4.0
# Nearer than this to an end of the other road, the end itself is meant.
_AT_END_M = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A dead end and the road near it.

    `end_node` is the row of the dead end, `edge` the edge that ends there, `other_edge` the one
    that it nearly touches, at node row `other_node` or, where that is -1, at `fraction` of its
    length.
    """

    gap_id: str
    lon: float
    lat: float
    distance_m: float
    edge: str
    other_edge: str
    end_node: int
    other_node: int
    fraction: float


def dead_ends(tables: RoadTables) -> NDArray[np.intp]:
    """Rows of the nodes at which just one edge ends."""
    ends = np.concatenate([tables.edges["u"].to_numpy(), tables.edges["v"].to_numpy()])
    return np.flatnonzero(np.bincount(ends, minlength=len(tables.nodes)) == 1)


def find_gaps(tables: RoadTables, *, crs: str, max_gap_m: float = MAX_GAP_M) -> tuple[Gap, ...]:
    """Dead ends that lie within `max_gap_m` of another road, narrowest first.

    Bridges and tunnels are no candidates between their ends, nor are roads on another level.

    Parameters
    ----------
    crs
        Projected working CRS, in which it is measured.
    """
    edges = tables.edges
    u, v = edges["u"].to_numpy(), edges["v"].to_numpy()
    ends = dead_ends(tables)
    if not len(ends):
        return ()
    lines = np.asarray(to_working(edges.geometry, crs).array, dtype=object)
    own = _edge_at(ends, u, v)
    points = shapely.get_point(lines[own], np.where(u[own] == ends, 0, -1))
    row, other = shapely.STRtree(lines).query(points, predicate="dwithin", distance=max_gap_m)
    touching = (
        (u[other] == u[own[row]]) | (v[other] == u[own[row]])
        | (u[other] == v[own[row]]) | (v[other] == v[own[row]])
    )  # fmt: skip
    stub = edges["length_m"].to_numpy()[own[row]] <= _STUB_GAPS * max_gap_m
    layer = edges["layer"].to_numpy()
    kept = (other != own[row]) & ~(touching & stub) & (layer[other] == layer[own[row]])
    row, other = row[kept], other[kept]
    at_m = shapely.line_locate_point(lines[other], points[row])
    whole_m = shapely.length(lines[other])
    node = np.where(
        at_m <= _AT_END_M, u[other], np.where(at_m >= whole_m - _AT_END_M, v[other], -1)
    )
    inside = (edges["bridge"] | edges["tunnel"]).to_numpy()[other] & (node < 0)
    distance_m = shapely.distance(lines[other], points[row])
    order = np.lexsort((other, distance_m, row))
    order = order[~inside[order]]
    _, first = np.unique(row[order], return_index=True)
    nearest = order[first]
    nearest = nearest[np.argsort(distance_m[nearest], kind="stable")]
    return _without_twins(tables, ends, own, row, other, node, at_m / np.maximum(whole_m, 1e-9),
                          distance_m, nearest)  # fmt: skip


def repair_gaps(tables: RoadTables, gaps: Sequence[Gap], wanted: Collection[str]) -> RoadTables:
    """Join the gaps whose ids are `wanted` by short edges; all other edges keep their ids.

    A road that is met between its ends is cut there: its parts are called ``ID/1``, ``ID/2`` …

    Raises
    ------
    UnknownIdError
        One of `wanted` is not among `gaps`.
    """
    known = {gap.gap_id: gap for gap in gaps}
    if unknown := sorted(set(wanted) - set(known)):
        raise UnknownIdError(
            unknown[0], "no such gap is offered", "take the ids from the list of gaps"
        )
    chosen = [gap for gap in gaps if gap.gap_id in set(wanted)]
    if not chosen:
        return tables
    nodes, edges, meets = _cut_at(tables, chosen)
    lon, lat = nodes["lon"].to_numpy(), nodes["lat"].to_numpy()
    end = np.array([gap.end_node for gap in chosen])
    lines = shapely.linestrings(
        np.stack([np.column_stack([lon[one], lat[one]]) for one in (end, meets)], axis=1)
    )
    # A joint is as good a road as the one that ends there.
    like = tables.edges.set_index("edge_id").loc[[gap.edge for gap in chosen]]
    joints = like.reset_index(drop=True).drop(columns="geometry")
    joints = joints.assign(
        edge_id=[gap.gap_id for gap in chosen], u=end.astype(np.int32), v=meets.astype(np.int32),
        bridge=False, tunnel=False, ford=False, climb_m=np.nan, descent_m=np.nan,
        forward=like["forward"].to_numpy() | like["backward"].to_numpy(),
        backward=like["forward"].to_numpy() | like["backward"].to_numpy(),
        length_m=geodesic_length_m(lines),
    )  # fmt: skip
    drawn = gpd.GeoDataFrame(joints, geometry=lines, crs=STORAGE_CRS)[list(edges.columns)]
    said = ", ".join(f"{gap.gap_id} ({gap.distance_m:.1f} m)" for gap in chosen[:20])
    note = f"gaps joined because it was asked for: {len(chosen)} ({said})"
    turns = tables.turns[
        tables.turns["from_edge"].isin(edges["edge_id"])
        & tables.turns["to_edge"].isin(edges["edge_id"])
    ].reset_index(drop=True)
    notes = [*tables.notes, note]
    if lost := len(tables.turns) - len(turns):
        notes.append(f"turn restrictions of roads that were cut at a joint, now left out: {lost}")
    joined = replace(
        tables,
        nodes=nodes,
        edges=gpd.GeoDataFrame(
            pd.concat([edges, drawn], ignore_index=True), geometry="geometry", crs=STORAGE_CRS
        ),
        turns=turns,
        notes=tuple(notes),
    )
    require_road_tables(joined)
    return joined


# --- finding ------------------------------------------------------------------------------------


def _edge_at(
    ends: NDArray[np.intp], u: NDArray[np.int32], v: NDArray[np.int32]
) -> NDArray[np.intp]:
    """The one edge at every dead end."""
    n_nodes = int(max(u.max(), v.max())) + 1
    edge = np.full(n_nodes, -1, dtype=np.intp)
    edge[u] = np.arange(len(u))
    edge[v] = np.where(np.bincount(u, minlength=n_nodes)[v] == 0, np.arange(len(v)), edge[v])
    return edge[ends]


def _without_twins(
    tables: RoadTables,
    ends: NDArray[np.intp],
    own: NDArray[np.intp],
    row: NDArray[np.intp],
    other: NDArray[np.intp],
    node: NDArray[np.int32],
    fraction: NDArray[np.float64],
    distance_m: NDArray[np.float64],
    nearest: NDArray[np.intp],
) -> tuple[Gap, ...]:
    """As values; two dead ends that face each other are one gap."""
    ids, lon, lat = (
        tables.edges["edge_id"].to_numpy(), tables.nodes["lon"].to_numpy(),
        tables.nodes["lat"].to_numpy(),
    )  # fmt: skip
    seen: set[frozenset[int]] = set()
    gaps = []
    for at in nearest.tolist():
        end, met = int(ends[row[at]]), int(node[at])
        pair = frozenset((end, met))
        if met >= 0 and pair in seen:
            continue
        seen.add(pair)
        edge, touched = str(ids[own[row[at]]]), str(ids[other[at]])
        gaps.append(
            Gap(
                gap_id=_gap_id(edge, touched, lon[end], lat[end]),
                lon=round(float(lon[end]), 7), lat=round(float(lat[end]), 7),
                distance_m=round(float(distance_m[at]), 2), edge=edge, other_edge=touched,
                end_node=end, other_node=met, fraction=float(fraction[at]),
            )
        )  # fmt: skip
    return tuple(gaps)


def _gap_id(edge: str, other: str, lon: float, lat: float) -> str:
    """The same for the same roads: a person may name it at the next loading."""
    said = f"{edge}|{other}|{lon:.6f}|{lat:.6f}".encode()
    return f"gap:{hashlib.blake2b(said, digest_size=5).hexdigest()}"


# --- joining ------------------------------------------------------------------------------------


def _cut_at(
    tables: RoadTables, chosen: Sequence[Gap]
) -> tuple[pd.DataFrame, gpd.GeoDataFrame, NDArray[np.intp]]:
    """Nodes and edges with a node where each gap meets its other road, and the rows of these."""
    edges, n_nodes = tables.edges, len(tables.nodes)
    row_of = pd.Index(edges["edge_id"])
    meets = np.array([gap.other_node for gap in chosen], dtype=np.intp)
    cuts: dict[int, list[tuple[float, int]]] = {}
    new_points: list[tuple[float, float]] = []
    for at, gap in enumerate(chosen):
        if gap.other_node >= 0:
            continue
        edge = int(row_of.get_indexer([gap.other_edge])[0])
        meets[at] = n_nodes + len(new_points)
        cuts.setdefault(edge, []).append((gap.fraction, int(meets[at])))
        point = shapely.line_interpolate_point(
            edges.geometry.iloc[edge], gap.fraction, normalized=True
        )
        new_points.append((float(point.x), float(point.y)))
    if not new_points:
        return tables.nodes, edges, meets
    added = pd.DataFrame(
        {
            "node_id": [f"meets:{gap.gap_id}" for gap in chosen if gap.other_node < 0],
            "lon": [x for x, _ in new_points],
            "lat": [y for _, y in new_points],
            "elevation_m": np.nan,
        }
    )
    nodes = pd.concat([tables.nodes, added], ignore_index=True)
    parts = [
        _parts(edges.iloc[[edge]], sorted(at), new_points, n_nodes) for edge, at in cuts.items()
    ]
    whole = edges.drop(index=edges.index[list(cuts)])
    every = pd.concat([whole, *parts], ignore_index=True)
    return nodes, gpd.GeoDataFrame(every, geometry="geometry", crs=STORAGE_CRS), meets


def _parts(
    edge: gpd.GeoDataFrame,
    cuts: list[tuple[float, int]],
    points: list[tuple[float, float]],
    n_nodes: int,
) -> gpd.GeoDataFrame:
    """One edge cut at some places (share, node row), as its parts in order."""
    line = edge.geometry.iloc[0]
    whole = shapely.length(line)
    places = [share * whole for share, _ in cuts]
    vertices = shapely.get_coordinates(line)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(vertices, axis=0).T))])
    stops = [0.0, *places, float(along[-1])]
    rows = [int(edge["u"].iloc[0]), *(row for _, row in cuts), int(edge["v"].iloc[0])]
    corners = [vertices[0], *(np.array(points[row - n_nodes]) for _, row in cuts), vertices[-1]]
    lines = []
    for low, high, first, last in zip(stops, stops[1:], corners, corners[1:], strict=False):
        between = vertices[(along > low + 1e-12) & (along < high - 1e-12)]
        lines.append(shapely.LineString(np.vstack([first, between, last])))
    n = len(lines)
    length_m = geodesic_length_m(np.array(lines, dtype=object))
    # The stated length may differ from that of the line: its parts share it as the line does.
    length_m *= float(edge["length_m"].iloc[0]) / max(float(length_m.sum()), 1e-9)
    share = length_m / max(float(length_m.sum()), 1e-9)
    parts = edge.loc[edge.index.repeat(n)].reset_index(drop=True)
    return parts.assign(
        edge_id=[f"{edge['edge_id'].iloc[0]}/{number}" for number in range(1, n + 1)],
        u=np.array(rows[:-1], dtype=np.int32), v=np.array(rows[1:], dtype=np.int32),
        geometry=lines, length_m=length_m,
        climb_m=parts["climb_m"] * share, descent_m=parts["descent_m"] * share,
    )  # fmt: skip
