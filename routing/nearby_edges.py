"""Roads near the same points, asked again at every closure: found once, then only chosen from.

Which roads lie near a place does not depend on closures; which of them count does. So all edges
whose box is near every point are kept, by rings of growing radius, and a question takes the nearest
of those that count. How far one is, is measured only where its box is not farther than what was
found. Answers are those of `routing.edge_index.nearest_edges`, to the last bit.
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

from routing.edge_index import edge_index, nearest_edges

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo.network import RoadTables
    from routing.edge_index import EdgeIndex

_FIRST_RADIUS_M = 100.0
# Points whose roads are farther than this, or that would make the lists of a radius longer than
# that many pairs (24 MB), are searched for anew at each question.
_MAX_RADIUS_M = 1_600.0
_RADIUS_STEP = 4.0
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
    index = edge_index(tables, crs)
    with _lock:
        sets = _kept.setdefault(tables, OrderedDict())
        if key not in sets:
            sets[key] = NearbyEdges(index, points)
        sets.move_to_end(key)
        while len(sets) > _MAX_SETS:
            sets.popitem(last=False)
        return sets[key]


@dataclass(slots=True)
class _Ring:
    """Edges that may lie within one radius of the points, by point and `least_m`.

    Those of point i are `size[i]` pairs from `start[i]`; size -1 = nobody has asked yet. They are
    `distance_m` away, NaN where that was not measured yet, and not less than `least_m`.
    """

    start: NDArray[np.int64]
    size: NDArray[np.int64]
    edge: NDArray[np.int32]
    least_m: NDArray[np.float32]
    distance_m: NDArray[np.float64]
    full: bool = False


class NearbyEdges:
    """The edges near some points, which are in the CRS of the index."""

    def __init__(self, index: EdgeIndex, points: NDArray[np.object_]) -> None:
        self._index = index
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
            far_m = min(radius_m, max_distance_m)
            found = self._take_nearest(ring, known, of, far_m, edge, distance_m)
            done = (found >= k) | (radius_m >= max_distance_m)
            pending = np.setdiff1d(pending, known[done], assume_unique=True)
            radius_m *= _RADIUS_STEP
        if len(pending):
            edge[pending], distance_m[pending] = nearest_edges(
                self._index, self._points[pending], of=of, max_distance_m=max_distance_m, k=k
            )
        return edge, distance_m

    def shares(self, point: NDArray[np.intp], edge: NDArray[np.int32]) -> NDArray[np.float64]:
        """Where on an edge its nearest spot to a point lies: 0 at the beginning, 1 at the end.

        `point` and `edge` are rows, (n,); an edge without length gives 0.
        """
        pair = (point.astype(np.int64) << 32) + edge
        with self._lock:
            new = np.setdiff1d(pair, self._pair)
            if len(new):
                points, edges = new >> 32, new & (2**32 - 1)
                share = shapely.line_locate_point(
                    self._index.lines(edges), self._points[points], normalized=True
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
                    least_m=np.empty(0, dtype=np.float32),
                    distance_m=np.empty(0),
                )
            ring = self._rings[radius_m]
            new = asked[ring.size[asked] < 0]
            if len(new) and not ring.full:
                ring = self._rings[radius_m] = self._longer(ring, radius_m, new)
            return ring

    def _longer(self, ring: _Ring, radius_m: float, new: NDArray[np.intp]) -> _Ring:
        asked, hit, least_m = self._index.perhaps_within(self._points[new], radius_m)
        n_hits = np.bincount(asked, minlength=len(new))
        fits = len(ring.edge) + np.cumsum(n_hits) <= _MAX_PAIRS
        kept = fits[asked]
        asked, hit, least_m = asked[kept], hit[kept], least_m[kept]
        # One key is sorted several times as fast as two; that it rounds does no harm.
        order = np.argsort(asked * (2.0 * _MAX_RADIUS_M) + least_m)
        start, size = ring.start.copy(), ring.size.copy()
        size[new[fits]] = n_hits[fits]
        start[new[fits]] = len(ring.edge) + np.cumsum(n_hits)[fits] - n_hits[fits]
        # Rounded to fewer digits, it must not become more than the distance.
        least_m = np.nextafter(least_m[order].astype(np.float32), np.float32(-1.0))
        return _Ring(
            start=start,
            size=size,
            edge=np.concatenate([ring.edge, hit[order].astype(np.int32)]),
            least_m=np.concatenate([ring.least_m, least_m]),
            distance_m=np.concatenate([ring.distance_m, np.full(len(hit), np.nan)]),
            full=not fits.all(),
        )

    def _take_nearest(
        self,
        ring: _Ring,
        point: NDArray[np.intp],
        of: NDArray[np.bool_],
        max_distance_m: float,
        edge: NDArray[np.int32],
        distance_m: NDArray[np.float64],
    ) -> NDArray[np.intp]:
        """Write the nearest edges that count into the rows of `point`; how many each has, (n,)."""
        k = edge.shape[1]
        size = ring.size[point]
        pair = np.repeat(ring.start[point] - (np.cumsum(size) - size), size) + np.arange(size.sum())
        pair_at = np.flatnonzero(of[ring.edge[pair]] & (ring.least_m[pair] <= max_distance_m))
        row = np.repeat(np.arange(len(point)), size)[pair_at]
        pair = pair[pair_at]
        rank, n_of = _ranks(row, len(point))
        # The distance of the k with the nearest boxes bounds that of the k nearest edges.
        enough = n_of >= k
        bound_m = np.full(len(point), max_distance_m)
        if enough.any():
            first = np.flatnonzero((rank < k) & enough[row])
            far_m = self._measured(ring, pair[first], point[row[first]]).reshape(-1, k)
            bound_m[enough] = np.minimum(far_m.max(axis=1), max_distance_m)
        perhaps = np.flatnonzero(ring.least_m[pair] <= bound_m[row])
        pair, row = pair[perhaps], row[perhaps]
        far_m = self._measured(ring, pair, point[row])
        near = np.flatnonzero(far_m <= bound_m[row])
        pair, row, far_m = pair[near], row[near], far_m[near]
        order = np.lexsort((ring.edge[pair], far_m, row))
        pair, row, far_m = pair[order], row[order], far_m[order]
        rank, n_of = _ranks(row, len(point))
        kept = rank < k
        at = point[row[kept]], rank[kept]
        edge[at], distance_m[at] = ring.edge[pair[kept]], far_m[kept]
        return n_of

    def _measured(
        self, ring: _Ring, pair: NDArray[np.int64], point: NDArray[np.intp]
    ) -> NDArray[np.float64]:
        """Metres of some pairs, each measured once."""
        new = np.isnan(ring.distance_m[pair])
        if new.any():
            lines = self._index.lines(ring.edge[pair[new]])
            ring.distance_m[pair[new]] = shapely.distance(self._points[point[new]], lines)
        return ring.distance_m[pair]


def _ranks(row: NDArray[np.intp], n_rows: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The place of each item among those of its row, which ascends, and how many each row has."""
    n_of = np.bincount(row, minlength=n_rows)
    return np.arange(len(row)) - np.repeat(np.cumsum(n_of) - n_of, n_of), n_of
