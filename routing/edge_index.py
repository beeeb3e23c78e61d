"""Which edges lie near a point: the lines of the network in the working CRS, and how far away."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.crs import require_projected_crs, to_working

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo.network import RoadTables

# Projecting a country's roads takes seconds and they are asked for at every closure and reach;
# tables are never changed, so the lines can be kept for as long as the tables live.
_projected: weakref.WeakKeyDictionary[RoadTables, dict[str, NDArray[np.object_]]] = (
    weakref.WeakKeyDictionary()
)
_trees: weakref.WeakKeyDictionary[RoadTables, dict[str, shapely.STRtree]] = (
    weakref.WeakKeyDictionary()
)
# Radii are tried from small to large: most points have their roads close by.
_FIRST_RADIUS_M = 200.0
_RADIUS_STEP = 4.0


def working_lines(tables: RoadTables, crs: str) -> NDArray[np.object_]:
    """Lines of the edges in the projected `crs`, shape (n_edges,)."""
    require_projected_crs(crs, "working CRS")
    by_crs = _projected.setdefault(tables, {})
    if str(crs) not in by_crs:
        by_crs[str(crs)] = np.asarray(to_working(tables.edges.geometry, crs).array, dtype=object)
    return by_crs[str(crs)]


def working_tree(tables: RoadTables, crs: str) -> shapely.STRtree:
    """The tree over `working_lines`, made once for each network: seconds for a country."""
    by_crs = _trees.setdefault(tables, {})
    if str(crs) not in by_crs:
        by_crs[str(crs)] = shapely.STRtree(working_lines(tables, crs))
    return by_crs[str(crs)]


def nearest_edges(
    lines: NDArray[np.object_],
    points: NDArray[np.object_],
    *,
    of: NDArray[np.bool_],
    max_distance_m: float,
    k: int,
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Up to `k` edges nearest to each point, nearest first.

    Parameters
    ----------
    lines, points
        Geometries in the same projected CRS. A missing or empty point has no edge.
    of
        (n_edges,) which edges count.

    Returns
    -------
    edge, distance_m
        (n_points, k) edge rows, -1 where there are fewer within `max_distance_m`, and straight
        distances in metres, inf there. Equal distances are in the order of the rows.
    """
    n_points = len(points)
    edge = np.full((n_points, k), -1, dtype=np.int32)
    distance_m = np.full((n_points, k), np.inf)
    rows = np.flatnonzero(of)
    pending = np.flatnonzero(~shapely.is_missing(points) & ~shapely.is_empty(points))
    if len(rows) == 0 or max_distance_m < 0:
        return edge, distance_m
    tree = shapely.STRtree(lines[rows])
    radius_m = min(_FIRST_RADIUS_M, max_distance_m)
    while len(pending):
        asked, hit = tree.query(points[pending], predicate="dwithin", distance=radius_m)
        n_hits = np.bincount(asked, minlength=len(pending))
        done = (n_hits >= k) | (radius_m >= max_distance_m)
        kept = done[asked]
        _keep_nearest(pending[asked[kept]], rows[hit[kept]], lines, points, edge, distance_m)
        pending = pending[~done]
        radius_m = min(radius_m * _RADIUS_STEP, max_distance_m)
    return edge, distance_m


def _keep_nearest(
    point: NDArray[np.intp],
    row: NDArray[np.intp],
    lines: NDArray[np.object_],
    points: NDArray[np.object_],
    edge: NDArray[np.int32],
    distance_m: NDArray[np.float64],
) -> None:
    """Write the nearest of the pairs (point, row) into `edge` and `distance_m`."""
    far_m = shapely.distance(points[point], lines[row])
    order = np.lexsort((row, far_m, point))
    point, row, far_m = point[order], row[order], far_m[order]
    opens = np.flatnonzero(np.diff(point, prepend=-1) != 0)
    n_of = np.diff(np.append(opens, len(point)))
    rank = np.arange(len(point)) - np.repeat(opens, n_of)
    kept = rank < edge.shape[1]
    edge[point[kept], rank[kept]] = row[kept]
    distance_m[point[kept], rank[kept]] = far_m[kept]
