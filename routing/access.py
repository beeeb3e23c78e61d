"""Where a place or a depot meets the road, and the walk between the two.

A place is not moved onto the network: it keeps its distance. The walk from the road is part of the
answer and it is capped, so whether a village is cut off never hangs on a silent snap.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.crs import project
from geo.errors import RuleError
from routing.nearby_edges import nearby_edges
from routing.pace import OFF_PATH_FACTOR, tobler_speed_kmh

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from geo.network import RoadTables
    from routing.graph import Graph

# Walks are longer than the straight line. Estimate: networks of roads and paths show circuities of
# 1.2 to 1.4 (Giacomin & Levinson 2015, Road network circuity in metropolitan areas).
WALK_DETOUR_FACTOR = 1.3
MAX_WALK_M = 5_000.0
# A village whose own road is closed is not reached by lorry because a road is open across the
# ridge: that is a relay on foot. So a road other than the nearest counts only if it costs at most
# this much more walking. Estimate.
MAX_BYPASS_M = 1_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """For each point its nearest edges, nearest first; all arrays have the shape (n_points, k).

    `edge` is an edge row, -1 where there are fewer than k; `fraction` the place along the edge as
    it is drawn (0 at u, 1 at v); `walk_m` and `walk_s` the walk between road and point (inf where
    there is no edge).
    """

    edge: NDArray[np.int32]
    fraction: NDArray[np.float64]
    walk_m: NDArray[np.float64]
    walk_s: NDArray[np.float64]

    @property
    def n_points(self) -> int:
        """Number of points."""
        return len(self.edge)

    @property
    def attached(self) -> NDArray[np.bool_]:
        """(n_points,) whether a point has any edge."""
        found: NDArray[np.bool_] = self.edge[:, 0] >= 0
        return found

    def take(self, rows: ArrayLike) -> Access:
        """Only the points in `rows`, in that order."""
        at = np.asarray(rows)
        return Access(
            edge=self.edge[at],
            fraction=self.fraction[at],
            walk_m=self.walk_m[at],
            walk_s=self.walk_s[at],
        )

    def nearest(self) -> Access:
        """Only the nearest edge of each point (k = 1)."""
        return Access(
            edge=self.edge[:, :1],
            fraction=self.fraction[:, :1],
            walk_m=self.walk_m[:, :1],
            walk_s=self.walk_s[:, :1],
        )

    def within(self, max_walk_m: NDArray[np.float64]) -> Access:
        """Without the edges that are farther from a point than its `max_walk_m`, (n_points,)."""
        near = self.walk_m <= max_walk_m[:, None]
        return Access(
            edge=np.where(near, self.edge, -1).astype(np.int32),
            fraction=self.fraction,
            walk_m=np.where(near, self.walk_m, np.inf),
            walk_s=np.where(near, self.walk_s, np.inf),
        )

    def without_walk(self) -> Access:
        """The same places on the road, as if the points lay on it."""
        there = self.edge >= 0
        level = np.where(there, 0.0, np.inf)
        return replace(self, walk_m=level, walk_s=level)


def attach(
    graph: Graph,
    tables: RoadTables,
    lon: ArrayLike,
    lat: ArrayLike,
    *,
    usable: NDArray[np.bool_],
    crs: str,
    max_walk_m: float = MAX_WALK_M,
    k: int = 4,
    elevation_m: ArrayLike | None = None,
) -> Access:
    """Find up to `k` usable edges near each point and the walk from each.

    Parameters
    ----------
    tables
        The tables that `graph` was built from.
    lon, lat
        (n_points,) degrees.
    usable
        (n_edges,) edges that count, for example those that a vehicle class may drive.
    crs
        Projected working CRS: distances are measured in it, on the line itself, not on its nodes.
    max_walk_m
        Longest walk; what is farther counts as not there. Metres walked, which are
        `WALK_DETOUR_FACTOR` times the straight line.
    elevation_m
        (n_points,) elevation of the points, NaN = unknown. With it and the elevation of the road
        the walk is slower uphill; without, it counts as level.
    """
    if not (np.isfinite(max_walk_m) and max_walk_m >= 0):
        raise RuleError(f"longest walk {max_walk_m} m", "0 m or more is needed", "correct it")
    x_m, y_m = project(lon, lat, crs)
    points = np.asarray(shapely.points(x_m, y_m), dtype=object)
    points[~(np.isfinite(x_m) & np.isfinite(y_m))] = None
    nearby = nearby_edges(tables, crs, points)
    edge, distance_m = nearby.nearest(
        of=usable, max_distance_m=max_walk_m / WALK_DETOUR_FACTOR, k=k
    )
    there = edge >= 0
    fraction = np.zeros(edge.shape)
    row = np.broadcast_to(np.arange(len(points))[:, None], edge.shape)[there]
    fraction[there] = nearby.shares(row, edge[there])
    walk_m = distance_m * WALK_DETOUR_FACTOR
    walk_s = np.full(edge.shape, np.inf)
    rise_m = _rise_m(graph, edge[there], fraction[there], row, elevation_m)
    walk_s[there] = _walk_s(walk_m[there], rise_m)
    return Access(edge=edge, fraction=fraction, walk_m=walk_m, walk_s=walk_s)


def _rise_m(
    graph: Graph,
    edge: NDArray[np.int32],
    fraction: NDArray[np.float64],
    point: NDArray[np.intp],
    elevation_m: ArrayLike | None,
) -> NDArray[np.float64]:
    """From the road up to the point; NaN where either elevation is unknown."""
    if elevation_m is None:
        return np.full(len(edge), np.nan)
    at_u, at_v = graph.elevation_m[graph.u[edge]], graph.elevation_m[graph.v[edge]]
    road_m = at_u + (at_v - at_u) * fraction
    rise_m: NDArray[np.float64] = np.asarray(elevation_m, dtype=np.float64)[point] - road_m
    return rise_m


def _walk_s(walk_m: NDArray[np.float64], rise_m: NDArray[np.float64]) -> NDArray[np.float64]:
    slope = rise_m / np.maximum(walk_m, 1.0)
    speed_kmh = tobler_speed_kmh(slope) * OFF_PATH_FACTOR
    walk_s: NDArray[np.float64] = walk_m * 3.6 / speed_kmh
    return walk_s
