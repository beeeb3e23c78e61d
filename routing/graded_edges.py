"""Which edges of the network a graded road or bridge means, and the closure that it proposes.

Analysts draw on another reference than OpenStreetMap: the same road lies some metres beside ours,
is cut elsewhere, or is not in our network at all. An edge is meant where a good part of it, or of
the graded line, lies along the other, in the same direction. A road that only crosses does not run
along, so the bridge above a graded road stays open, and so does the road below a graded bridge.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.crs import to_working
from geo.grades import GRADES
from routing.closures import PATH_KINDS
from routing.edge_index import edge_index, nearest_edges

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from geo.model import RoadState
    from geo.network import RoadTables
    from routing.edge_index import EdgeIndex

# Roads of analysts (OSM, national maps, their own) lie within some metres of ours; carriageways of
# one road some 10 m apart. Estimate.
BESIDE_M = 15.0
# Half of the shorter of both lines runs along the other. Estimate.
ALONG_SHARE = 0.5
# A line that crosses another at 45 degrees advances along it by 0.7 of its own length.
PARALLEL_SHARE = 0.75
# A bridge is drawn as one point, somewhere on it.
BRIDGE_M = 40.0

#: What a grade seen from above says of a road: the state, and how sure that is. A road that is
#: gone is closed; damage may still be passed. The confidences are estimates of this project.
STATES: dict[str, tuple[RoadState, float]] = {
    "destroyed": ("closed", 0.8),
    "damaged": ("restricted", 0.5),
    "possibly_damaged": ("unknown", 0.3),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A closure that one graded road or bridge proposes.

    `row` is its row in the table of graded roads; `edges` are edge ids, empty where the network
    has no such road. `nearest_m` is the distance to the nearest edge then (inf: none within 1 km).
    """

    row: int
    edges: tuple[str, ...]
    state: RoadState
    confidence: float
    nearest_m: float = 0.0


def propose_closures(
    tables: RoadTables, graded: gpd.GeoDataFrame, *, crs: str, beside_m: float = BESIDE_M
) -> list[Proposal]:
    """Match graded roads to edges.

    Parameters
    ----------
    tables
        The road network.
    graded
        Table of `geo.graded_roads` in EPSG:4326: lines are roads, points bridges.
    crs
        Projected working CRS, in which everything is measured.
    beside_m
        How far apart the two drawings of one road may lie.

    Returns
    -------
    list of Proposal
        One for each row whose grade proposes anything, in the order of the rows.
    """
    asks = np.flatnonzero(graded["grade"].isin(list(STATES)).to_numpy())
    if len(asks) == 0:
        return []
    index = edge_index(tables, crs)
    shapes = np.asarray(to_working(graded.geometry.iloc[asks], crs).array, dtype=object)
    found = _meant(tables, graded.iloc[asks], index, shapes, beside_m)
    lost = np.array([len(edges) == 0 for edges in found], dtype=bool)
    nearest_m = _nearest_m(index.all_lines(), shapes, lost)
    ids = tables.edges["edge_id"].to_numpy()
    grades = graded["grade"].to_numpy()
    return [
        Proposal(
            row=int(row),
            edges=tuple(str(edge) for edge in ids[np.sort(found[at])]),
            state=STATES[grades[row]][0],
            confidence=STATES[grades[row]][1],
            nearest_m=float(nearest_m[at]),
        )
        for at, row in enumerate(asks)
    ]


def grades_of_edges(
    tables: RoadTables, graded: gpd.GeoDataFrame, *, crs: str, beside_m: float = BESIDE_M
) -> dict[str, str]:
    """The damage grade of every edge that a graded road or bridge means, the worst of each.

    Parameters are those of `propose_closures`; the edges are found in the same way, so what risk
    and clearance believe of a road is what would be proposed to a person.
    """
    if graded.empty:
        return {}
    index = edge_index(tables, crs)
    shapes = np.asarray(to_working(graded.geometry, crs).array, dtype=object)
    found = _meant(tables, graded, index, shapes, beside_m)
    ids = tables.edges["edge_id"].to_numpy()
    rank = {str(grade): number for number, grade in enumerate(GRADES)}
    worst: dict[str, str] = {}
    for grade, edges in zip(graded["grade"].astype(str), found, strict=True):
        for edge_id in ids[edges].tolist():
            if edge_id not in worst or rank[grade] < rank[worst[edge_id]]:
                worst[edge_id] = grade
    return worst


def _meant(
    tables: RoadTables,
    graded: gpd.GeoDataFrame,
    index: EdgeIndex,
    shapes: NDArray[np.object_],
    beside_m: float,
) -> list[NDArray[np.intp]]:
    """Rows of the edges that each row of `graded` means; shapes in the CRS of the index."""
    is_point = np.isin(shapely.get_type_id(shapes), (0, 4))
    is_bridge = graded["object"].str.contains("bridge", case=False).to_numpy()
    found: list[NDArray[np.intp]] = [np.empty(0, dtype=np.intp)] * len(shapes)
    for at, edges in _along(index.all_lines(), shapes, np.flatnonzero(~is_point), beside_m):
        found[at] = edges
    for at, edges in _bridges(tables, index, shapes, np.flatnonzero(is_point)):
        found[at] = edges
    every = np.arange(len(graded))
    return _apart(tables, found, is_bridge & ~is_point, _names(graded, every))


def _along(
    lines: NDArray[np.object_],
    shapes: NDArray[np.object_],
    rows: NDArray[np.intp],
    beside_m: float,
) -> list[tuple[int, NDArray[np.intp]]]:
    """Edges that run along each graded line; all pairs of near lines are looked at at once."""
    if len(rows) == 0:
        return []
    # A part of a line stands for itself: distance along a line is not defined over a gap.
    parts, part_of = shapely.get_parts(shapes[rows], return_index=True)
    tree = shapely.STRtree(lines)
    part, edge = tree.query(parts, predicate="dwithin", distance=beside_m)
    graded, road = parts[part], lines[edge]
    piece = shapely.intersection(road, shapely.buffer(graded, beside_m, cap_style="flat"))
    along_m = shapely.length(piece)
    shorter_m = np.minimum(shapely.length(graded), shapely.length(road))
    enough = (along_m >= ALONG_SHARE * shorter_m) & (along_m > 0)
    enough &= _advances(graded, piece, along_m)
    by_row: dict[int, set[int]] = {}
    for at, which in zip(part_of[part[enough]], edge[enough], strict=True):
        by_row.setdefault(int(rows[at]), set()).add(int(which))
    return [(at, np.array(sorted(edges), dtype=np.intp)) for at, edges in by_row.items()]


def _advances(
    graded: NDArray[np.object_], piece: NDArray[np.object_], along_m: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Whether a piece of road gets on along the graded line, instead of crossing it."""
    path = shapely.line_merge(piece)
    parts, of = shapely.get_parts(path, return_index=True)
    line = shapely.get_type_id(parts) == 1  # where a road only touches the strip it leaves points
    parts, of = parts[line], of[line]
    begin_m = shapely.line_locate_point(graded[of], shapely.get_point(parts, 0))
    end_m = shapely.line_locate_point(graded[of], shapely.get_point(parts, -1))
    # A bend of the road lengthens both drawings alike, so progress is set against its own length.
    progress_m = np.bincount(of, weights=np.abs(end_m - begin_m), minlength=len(piece))
    return np.asarray(progress_m >= PARALLEL_SHARE * along_m, dtype=bool)


def _bridges(
    tables: RoadTables,
    index: EdgeIndex,
    shapes: NDArray[np.object_],
    rows: NDArray[np.intp],
) -> list[tuple[int, NDArray[np.intp]]]:
    """The bridge nearest to each point; where the network knows no bridge there, nothing."""
    if len(rows) == 0:
        return []
    points = shapely.centroid(shapes[rows])
    bridge = tables.edges["bridge"].to_numpy(dtype=bool)
    edge, _ = nearest_edges(index, points, of=bridge, max_distance_m=BRIDGE_M, k=1)
    return [
        (int(row), edge[at, :1].astype(np.intp)) for at, row in enumerate(rows) if edge[at, 0] >= 0
    ]


def _apart(
    tables: RoadTables,
    found: Sequence[NDArray[np.intp]],
    is_bridge: NDArray[np.bool_],
    names: Sequence[str],
) -> list[NDArray[np.intp]]:
    """Leave footpaths beside a road; a bridge to bridges, a known name to the road it names."""
    bridge = tables.edges["bridge"].to_numpy(dtype=bool)
    path = tables.edges["highway"].isin(PATH_KINDS).to_numpy()
    own = [tables.edges[name].str.casefold().to_numpy() for name in ("name", "ref")]
    kept = []
    for edges, only_bridge, name in zip(found, is_bridge, names, strict=True):
        # Analysts grade the road, not the footpath drawn beside it.
        chosen = edges[~path[edges]] if (~path[edges]).any() else edges
        if only_bridge and bridge[chosen].any():
            chosen = chosen[bridge[chosen]]
        if name and len(chosen):
            same = np.logical_or.reduce([column[chosen] == name for column in own])
            # The parallel track beside a named road is another road; without the name, both stay.
            chosen = chosen[same] if same.any() else chosen
        kept.append(chosen)
    return kept


def _names(graded: gpd.GeoDataFrame, rows: NDArray[np.intp]) -> list[str]:
    return [str(name).strip().casefold() for name in graded["name"].iloc[rows]]


def _nearest_m(
    lines: NDArray[np.object_], shapes: NDArray[np.object_], lost: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """How far the nearest edge lies from what matched none; 0 for the others, inf beyond 1 km."""
    far_m = np.zeros(len(shapes))
    if lost.any():
        far_m[lost] = np.inf
        asked = np.flatnonzero(lost)
        tree = shapely.STRtree(lines)
        hit, distance_m = tree.query_nearest(
            shapes[asked], max_distance=1_000.0, return_distance=True, all_matches=False
        )
        far_m[asked[hit[0]]] = distance_m
    return far_m
