"""Roads near the same points, asked again at every closure: found once, then only chosen from.

Which roads lie near a place does not depend on closures; which of them count does. So all edges
near every point are kept, by rings that double in radius, and a question takes the nearest of those
that count. Answers are those of `routing.edge_index.nearest_edges`, to the last bit.
"""

from __future__ import annotations

import hashlib
import threading
import weakref
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from routing.edge_index import nearest_edges, working_tree

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo.network import RoadTables

_FIRST_RADIUS_M = 100.0
# Points whose roads are farther than this, or that would make the lists of a radius longer than
# that many pairs (24 MB), are searched for anew at each question.
_MAX_RADIUS_M = 1_600.0
_MAX_PAIRS = 1_500_000
# Sets of points that are remembered for a network: places, depots, facilities, …
_MAX_SETS = 8

_kept: weakref.WeakKeyDictionary[RoadTables, OrderedDict[tuple[str, str], NearbyEdges]] = (
    weakref.WeakKeyDictionary()
)
_lock = threading.Lock()


def nearby_edges(tables: RoadTables, crs: str, points: NDArray[np.object_]) -> NearbyEdges:
    """What is known of the edges near `points`, which are in the projected `crs`."""
    said = hashlib.sha256(str(len(points)).encode())
    said.update(shapely.is_missing(points).tobytes())
    said.update(shapely.get_coordinates(points).tobytes())
    key = (str(crs), said.hexdigest())
    tree = working_tree(tables, crs)
    with _lock:
        sets = _kept.setdefault(tables, OrderedDict())
        if key not in sets:
            sets[key] = NearbyEdges(tree, points)
        sets.move_to_end(key)
        while len(sets) > _MAX_SETS:
            sets.popitem(last=False)
        return sets[key]


@dataclass(slots=True)
class _Ring:
    """Edges within one radius of the points, by point, distance and row.

    Those of point i are `size[i]` pairs from `start[i]`; size -1 = nobody has asked yet.
    """

    start: NDArray[np.int64]
    size: NDArray[np.int64]
    edge: NDArray[np.int32]
    distance_m: NDArray[np.float64]
    full: bool = False


class NearbyEdges:
    """The edges near some points; the lines of `tree` and `points` in the same projected CRS."""

    def __init__(self, tree: shapely.STRtree, points: NDArray[np.object_]) -> None:
        self._tree = tree
        self._lines: NDArray[np.object_] = tree.geometries
        self._points = points
        self._rings: dict[float, _Ring] = {}
        # Shares along an edge that were asked for, by point and edge.
        self._pair = np.empty(0, dtype=np.int64)
        self._share = np.empty(0)
        self._lock = threading.Lock()

    def nearest(
        self, *, of: NDArray[np.bool_], max_distance_m: float, k: int
    ) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """As `routing.edge_index.nearest_edges`."""
        n_points = len(self._points)
        edge = np.full((n_points, k), -1, dtype=np.int32)
        distance_m = np.full((n_points, k), np.inf)
        there = ~shapely.is_missing(self._points) & ~shapely.is_empty(self._points)
        pending = np.flatnonzero(there)
        if max_distance_m < 0 or not of.any():
            return edge, distance_m
        radius_m = _FIRST_RADIUS_M
        while len(pending) and radius_m <= _MAX_RADIUS_M:
            ring = self._ring(radius_m, pending)
            known = pending[ring.size[pending] >= 0]
            found = _take_nearest(ring, known, of, max_distance_m, edge, distance_m)
            done = (found >= k) | (radius_m >= max_distance_m)
            pending = np.setdiff1d(pending, known[done], assume_unique=True)
            radius_m *= 2.0
        if len(pending):
            edge[pending], distance_m[pending] = nearest_edges(
                self._lines, self._points[pending], of=of, max_distance_m=max_distance_m, k=k
            )
        return edge, distance_m

    def shares(self, point: NDArray[np.intp], edge: NDArray[np.int32]) -> NDArray[np.float64]:
        """Where on an edge its nearest spot to a point lies: 0 at the beginning, 1 at the end.

        `point` and `edge` are rows, (n,); an edge without length gives 0.
        """
        pair = point.astype(np.int64) * len(self._lines) + edge
        with self._lock:
            new = np.setdiff1d(pair, self._pair)
            if len(new):
                points, lines = np.divmod(new, len(self._lines))
                share = shapely.line_locate_point(
                    self._lines[lines], self._points[points], normalized=True
                )
                every = np.concatenate([self._pair, new])
                order = np.argsort(every)
                self._share = np.concatenate([self._share, np.nan_to_num(share)])[order]
                self._pair = every[order]
            found: NDArray[np.float64] = self._share[np.searchsorted(self._pair, pair)]
        return found

    def _ring(self, radius_m: float, asked: NDArray[np.intp]) -> _Ring:
        """All that may be kept within this radius, at least of the points `asked`."""
        with self._lock:
            if radius_m not in self._rings:
                n_points = len(self._points)
                self._rings[radius_m] = _Ring(
                    start=np.zeros(n_points, dtype=np.int64),
                    size=np.full(n_points, -1, dtype=np.int64),
                    edge=np.empty(0, dtype=np.int32),
                    distance_m=np.empty(0),
                )
            ring = self._rings[radius_m]
            new = asked[ring.size[asked] < 0]
            if len(new) and not ring.full:
                ring = self._rings[radius_m] = self._longer(ring, radius_m, new)
            return ring

    def _longer(self, ring: _Ring, radius_m: float, new: NDArray[np.intp]) -> _Ring:
        asked, hit = self._tree.query(self._points[new], predicate="dwithin", distance=radius_m)
        n_hits = np.bincount(asked, minlength=len(new))
        fits = len(ring.edge) + np.cumsum(n_hits) <= _MAX_PAIRS
        kept = fits[asked]
        asked, hit = asked[kept], hit[kept]
        far_m = shapely.distance(self._points[new[asked]], self._lines[hit])
        order = np.lexsort((hit, far_m, asked))
        start, size = ring.start.copy(), ring.size.copy()
        size[new[fits]] = n_hits[fits]
        start[new[fits]] = len(ring.edge) + np.cumsum(n_hits)[fits] - n_hits[fits]
        return _Ring(
            start=start,
            size=size,
            edge=np.concatenate([ring.edge, hit[order].astype(np.int32)]),
            distance_m=np.concatenate([ring.distance_m, far_m[order]]),
            full=not fits.all(),
        )


def _take_nearest(
    ring: _Ring,
    point: NDArray[np.intp],
    of: NDArray[np.bool_],
    max_distance_m: float,
    edge: NDArray[np.int32],
    distance_m: NDArray[np.float64],
) -> NDArray[np.intp]:
    """Write the nearest edges that count into the rows of `point`; how many each has, (n,)."""
    size = ring.size[point]
    begin = np.cumsum(size) - size
    pair = np.repeat(ring.start[point] - begin, size) + np.arange(size.sum())
    counts = of[ring.edge[pair]] & (ring.distance_m[pair] <= max_distance_m)
    before = np.concatenate([[0], np.cumsum(counts)])
    row, k = np.repeat(np.arange(len(point)), size), edge.shape[1]
    rank = before[:-1] - before[begin][row]
    kept = counts & (rank < k)
    edge[point[row[kept]], rank[kept]] = ring.edge[pair[kept]]
    distance_m[point[row[kept]], rank[kept]] = ring.distance_m[pair[kept]]
    found: NDArray[np.intp] = before[begin + size] - before[begin]
    return found
