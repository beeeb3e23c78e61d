"""Which edges lie near a point: the lines of the network in the working CRS, and how far away."""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geo.crs import require_projected_crs, to_working, unproject
from routing.box_grid import BoxGrid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo.network import RoadTables

# Projecting a country's roads takes seconds and they are asked for at every closure and reach;
# tables are never changed, so what was projected can be kept for as long as the tables live.
_indexes: weakref.WeakKeyDictionary[RoadTables, dict[str, EdgeIndex]] = weakref.WeakKeyDictionary()
_lock = threading.Lock()
# Radii are tried from small to large: most points have their roads close by.
_FIRST_RADIUS_M = 200.0
_RADIUS_STEP = 4.0
# Boxes of edges are in degrees, distances in the working CRS. A straight line of one is slightly
# bent in the other, by some 0.002 degrees for one of a degree's length, with the square of it; and
# the degrees of a circle are taken from eight points around it. Generous allowances for both.
_BENT_PER_DEG = 0.02
_WIDER = 1.05
_AROUND = np.array([(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1) if (x, y) != (0, 0)]) * _WIDER


def edge_index(tables: RoadTables, crs: str) -> EdgeIndex:
    """The index of the network in the projected `crs`, made once for each."""
    require_projected_crs(crs, "working CRS")
    with _lock:
        by_crs = _indexes.setdefault(tables, {})
        if str(crs) not in by_crs:
            by_crs[str(crs)] = EdgeIndex(tables, crs)
        return by_crs[str(crs)]


def working_lines(tables: RoadTables, crs: str) -> NDArray[np.object_]:
    """Lines of all edges in the projected `crs`, shape (n_edges,): seconds for a country."""
    return edge_index(tables, crs).all_lines()


class EdgeIndex:
    """Edges by where they lie; only lines that are asked for are read and projected.

    What is near is found by boxes in degrees, what is nearest by the lines in the working CRS.
    """

    def __init__(self, tables: RoadTables, crs: str) -> None:
        self._lines_deg, self.crs = tables.edges.geometry, crs
        n_edges = len(self._lines_deg)
        self._line = np.full(n_edges, None, dtype=object)
        self._box_m = np.empty((4, n_edges))
        self._is_known = np.zeros(n_edges, dtype=bool)
        self._grid: BoxGrid | None = None
        self._own_lock = threading.RLock()

    def lines(self, rows: NDArray[np.integer[Any]]) -> NDArray[np.object_]:
        """Lines of some edges in the working CRS, (n,)."""
        with self._own_lock:
            new = rows[~self._is_known[rows]]
            if len(new):
                new = np.unique(new)
                chosen = to_working(self._lines_deg.iloc[new], self.crs)
                self._line[new] = np.asarray(chosen.array, dtype=object)
                self._box_m[:, new] = shapely.bounds(self._line[new]).T
                self._is_known[new] = True
            found: NDArray[np.object_] = self._line[rows]
            return found

    def all_lines(self) -> NDArray[np.object_]:
        """Lines of all edges in the working CRS, (n_edges,)."""
        self.lines(np.flatnonzero(~self._is_known))
        return self._line

    def within(
        self, points: NDArray[np.object_], distance_m: float
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Rows of points and of edges, paired, that are `distance_m` apart or less.

        `points`, (n,), in the working CRS; none of them missing or empty.
        """
        asked, hit, _ = self.perhaps_within(points, distance_m)
        near = shapely.dwithin(points[asked], self.lines(hit), distance_m)
        return asked[near], hit[near]

    def perhaps_within(
        self, points: NDArray[np.object_], distance_m: float
    ) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
        """As `within` by the boxes of the lines alone: all of those pairs, and more.

        Rows of points, ascending, and of edges, and metres that are not more than their distance.
        """
        asked, hit = self._boxes().query(self._around(points, distance_m))
        self.lines(hit)
        west_m, south_m, east_m, north_m = (side[hit] for side in self._box_m)
        x_m, y_m = (axis[asked] for axis in shapely.get_coordinates(points).T)
        beside_m = np.maximum(np.maximum(west_m - x_m, x_m - east_m), 0.0)
        above_m = np.maximum(np.maximum(south_m - y_m, y_m - north_m), 0.0)
        # A hair less, so that rounding does not make it more.
        least_m = np.sqrt(beside_m * beside_m + above_m * above_m) * (1.0 - 1e-12)
        near = least_m <= distance_m
        return asked[near], hit[near], least_m[near]

    def _boxes(self) -> BoxGrid:
        with self._own_lock:
            if self._grid is None:
                west, south, east, north = self._lines_deg.array.bounds.T
                pad = _BENT_PER_DEG * ((east - west) ** 2 + (north - south) ** 2)
                boxes = np.stack([west - pad, south - pad, east + pad, north + pad])
                self._grid = BoxGrid(boxes)
            return self._grid

    def _around(self, points: NDArray[np.object_], distance_m: float) -> NDArray[np.float64]:
        """Degrees west, south, east and north of all that is so near to each point, (4, n)."""
        at_m = shapely.get_coordinates(points)[:, None, :] + _AROUND * distance_m
        lon, lat = unproject(at_m[..., 0].ravel(), at_m[..., 1].ravel(), self.crs)
        lon, lat = lon.reshape(-1, len(_AROUND)), lat.reshape(-1, len(_AROUND))
        west, south = lon.min(axis=1), lat.min(axis=1)
        east, north = lon.max(axis=1), lat.max(axis=1)
        # Across the date line, or where the CRS has no answer, all longitudes count.
        lost = ~np.isfinite(west + south + east + north) | (east - west > 180.0)
        west[lost], south[lost], east[lost], north[lost] = -180.0, -90.0, 180.0, 90.0
        return np.stack([west, south, east, north])


def nearest_edges(
    index: EdgeIndex,
    points: NDArray[np.object_],
    *,
    of: NDArray[np.bool_],
    max_distance_m: float,
    k: int,
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Up to `k` edges nearest to each point, nearest first.

    Parameters
    ----------
    points
        Geometries in the CRS of the index. A missing or empty point has no edge.
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
    pending = np.flatnonzero(~shapely.is_missing(points) & ~shapely.is_empty(points))
    if not of.any() or max_distance_m < 0:
        return edge, distance_m
    radius_m = min(_FIRST_RADIUS_M, max_distance_m)
    while len(pending):
        asked, hit = index.within(points[pending], radius_m)
        counts = of[hit]
        asked, hit = asked[counts], hit[counts]
        n_hits = np.bincount(asked, minlength=len(pending))
        done = (n_hits >= k) | (radius_m >= max_distance_m)
        kept = done[asked]
        _keep_nearest(pending[asked[kept]], hit[kept], index, points, edge, distance_m)
        pending = pending[~done]
        radius_m = min(radius_m * _RADIUS_STEP, max_distance_m)
    return edge, distance_m


def _keep_nearest(
    point: NDArray[np.intp],
    row: NDArray[np.intp],
    index: EdgeIndex,
    points: NDArray[np.object_],
    edge: NDArray[np.int32],
    distance_m: NDArray[np.float64],
) -> None:
    """Write the nearest of the pairs (point, row) into `edge` and `distance_m`."""
    far_m = shapely.distance(points[point], index.lines(row))
    order = np.lexsort((row, far_m, point))
    point, row, far_m = point[order], row[order], far_m[order]
    opens = np.flatnonzero(np.diff(point, prepend=-1) != 0)
    n_of = np.diff(np.append(opens, len(point)))
    rank = np.arange(len(point)) - np.repeat(opens, n_of)
    kept = rank < edge.shape[1]
    edge[point[kept], rank[kept]] = row[kept]
    distance_m[point[kept], rank[kept]] = far_m[kept]
