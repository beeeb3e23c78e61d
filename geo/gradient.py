"""Climb and descent along lines that are drawn on the ground, over it, and under it.

What `geo.network.drape` does with the elevations that it samples. Bridges and tunnels do not follow
the ground: they run straight between their ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import spsolve

from geo.crs import WGS84

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

# Between the posts of SRTM (about 90 m) and those of a 1" model (about 30 m).
_SAMPLE_STEP_M = 75.0
# An edge of which less is known has no climb and no descent.
_MIN_SAMPLES_KNOWN_SHARE = 0.5


def off_the_ground(
    elevation_m: NDArray[np.float64], edges: gpd.GeoDataFrame
) -> NDArray[np.float64]:
    """Elevation of nodes that only bridges and tunnels meet, straight between their ends.

    Along a chain of bridges this is linear in the length; where bridges branch it is the
    length-weighted mean of the neighbours (the discrete Laplace equation).
    """
    n_nodes = len(elevation_m)
    u, v = edges["u"].to_numpy(), edges["v"].to_numpy()
    aloft = (edges["bridge"] | edges["tunnel"]).to_numpy() & (u != v)
    grounded = np.bincount(np.concatenate([u[~aloft], v[~aloft]]), minlength=n_nodes) > 0
    degree_aloft = np.bincount(np.concatenate([u[aloft], v[aloft]]), minlength=n_nodes)
    # The end of a dead-end tunnel is a portal: it lies on the ground.
    free = ~grounded & (degree_aloft >= 2)
    if not free.any():
        return elevation_m
    weight = 1.0 / np.maximum(edges["length_m"].to_numpy()[aloft], 0.1)
    tail, head = np.concatenate([u[aloft], v[aloft]]), np.concatenate([v[aloft], u[aloft]])
    links = sparse.coo_array((np.tile(weight, 2), (tail, head)), shape=(n_nodes, n_nodes)).tocsr()
    # A chain hangs from what is fixed and known; one that hangs from nothing stays as sampled.
    fixed = ~free & np.isfinite(elevation_m)
    of_use = sparse.diags_array((free | fixed).astype(np.float64))
    _, label = connected_components(of_use @ links @ of_use, directed=False)
    anchored = np.bincount(label[fixed], minlength=int(label.max()) + 1) > 0
    free &= anchored[label]
    rows = np.flatnonzero(free)
    if len(rows) == 0:
        return elevation_m
    known = links[rows][:, np.flatnonzero(fixed)]
    among = links[rows][:, rows]
    total = np.asarray(known.sum(axis=1)).ravel() + np.asarray(among.sum(axis=1)).ravel()
    system = sparse.diags_array(total).tocsc() - among.tocsc()
    raised = elevation_m.copy()
    raised[rows] = spsolve(system, known @ elevation_m[fixed])
    return raised


def climb_and_descent(
    edges: gpd.GeoDataFrame,
    node_elevation_m: NDArray[np.float64],
    edge: NDArray[np.intp],
    sampled_m: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Metres up and down along every edge in its drawn direction, NaN where it is unknown.

    Parameters
    ----------
    node_elevation_m
        (n_nodes,) metres, NaN = unknown.
    edge, sampled_m
        (n_samples,) from `samples_along`: edge row of each sample and the elevation found there.

    Notes
    -----
    Voids are interpolated along an edge, and inner samples smoothed by [1 2 1]/4, because the noise
    of a raster would otherwise be climbed. Bridges and tunnels take their two ends only.
    """
    u, v = edges["u"].to_numpy(), edges["v"].to_numpy()
    is_first = np.diff(edge, prepend=-1) != 0
    is_last = np.diff(edge, append=-1) != 0
    level = sampled_m.copy()
    level[is_first], level[is_last] = node_elevation_m[u], node_elevation_m[v]
    level = _voids_filled(level, edge, n_edges=len(edges))
    # [1 2 1]/4 inside an edge; its ends stay, so that edges meet at the same height.
    at = np.flatnonzero(~(is_first | is_last))
    smooth = level.copy()
    smooth[at] = 0.25 * level[at - 1] + 0.5 * level[at] + 0.25 * level[at + 1]
    rise = np.diff(smooth, append=np.nan)
    rise[is_last] = 0.0
    up, down = np.clip(rise, 0, None), np.clip(-rise, 0, None)
    climb_m = np.bincount(edge, weights=up, minlength=len(edges)).astype(np.float64)
    descent_m = np.bincount(edge, weights=down, minlength=len(edges)).astype(np.float64)
    aloft = (edges["bridge"] | edges["tunnel"]).to_numpy()
    straight = node_elevation_m[v] - node_elevation_m[u]
    climb_m[aloft] = np.clip(straight, 0, None)[aloft]
    descent_m[aloft] = np.clip(-straight, 0, None)[aloft]
    return climb_m, descent_m


def samples_along(
    edges: gpd.GeoDataFrame,
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """Edge row, lon and lat of samples: both ends of every edge and equal steps between them."""
    lines = np.asarray(edges.geometry.array, dtype=object)
    points, row = shapely.get_coordinates(lines, return_index=True)
    step_m = np.zeros(len(points))
    step_m[1:] = WGS84.inv(points[:-1, 0], points[:-1, 1], points[1:, 0], points[1:, 1])[2]
    # 1 m between edges on the common axis, so that no position belongs to two edges.
    step_m[np.diff(row, prepend=row[0]) != 0] = 1.0
    along_m = np.cumsum(step_m)
    starts_m = along_m[np.flatnonzero(np.diff(row, prepend=-1) != 0)]
    ends_m = along_m[np.flatnonzero(np.diff(row, append=-1) != 0)]
    n_steps = np.maximum(np.ceil((ends_m - starts_m) / _SAMPLE_STEP_M), 1).astype(np.intp)
    edge = np.repeat(np.arange(len(edges)), n_steps + 1)
    first = np.concatenate([[0], np.cumsum(n_steps + 1)[:-1]])
    number = np.arange(len(edge)) - first[edge]
    at_m = starts_m[edge] + (ends_m - starts_m)[edge] * number / n_steps[edge]
    lon = np.interp(at_m, along_m, points[:, 0])
    lat = np.interp(at_m, along_m, points[:, 1])
    return edge, lon, lat


def _voids_filled(
    sampled: NDArray[np.float64], edge: NDArray[np.intp], *, n_edges: int
) -> NDArray[np.float64]:
    """Interpolate voids inside each edge; all samples of a mostly unknown edge become NaN."""
    known = np.isfinite(sampled)
    if known.all():
        return sampled
    n_samples = np.bincount(edge, minlength=n_edges)
    known_share = np.bincount(edge, weights=known, minlength=n_edges) / np.maximum(n_samples, 1)
    # Nearest known sample before and after each one; those of another edge do not count.
    order = np.arange(len(sampled))
    before = np.maximum.accumulate(np.where(known, order, -1))
    after = np.minimum.accumulate(np.where(known, order, len(sampled))[::-1])[::-1]
    has_before = (before >= 0) & (edge[np.maximum(before, 0)] == edge)
    has_after = (after < len(sampled)) & (edge[np.minimum(after, len(sampled) - 1)] == edge)
    low = sampled[np.maximum(before, 0)]
    high = sampled[np.minimum(after, len(sampled) - 1)]
    span = np.maximum(after - before, 1)
    between = low + (high - low) * (order - before) / span
    filled = np.where(has_before & has_after, between, np.where(has_before, low, high))
    filled[~(has_before | has_after)] = np.nan
    filled[known_share[edge] < _MIN_SAMPLES_KNOWN_SHARE] = np.nan
    return np.where(known & np.isfinite(filled), sampled, filled)
