"""The ways of all convoys as pieces of road that each are drawn once.

A plan of 150 convoys runs over the same few valley roads again and again, out and home. Drawn one
by one they hide each other and weigh a megabyte; as pieces with the list of convoys that pass, the
same plan is some hundred lines, and a click on one can say who passes there.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

from dashboard.map.layers import DECIMALS, ROAD_TOLERANCE_M, LayerFile, layer_file
from geo.crs import to_working

if TYPE_CHECKING:
    from numpy.typing import NDArray

LAYER = "convoys"
#: Two ends nearer than this (m) are the same point of the road.
SAME_POINT_M = 0.1


def way_files(convoy_lines: gpd.GeoDataFrame, *, crs: str) -> tuple[LayerFile, ...]:
    """Make the layer ``convoys``: pieces of road with the ids of the convoys that pass.

    Parameters
    ----------
    convoy_lines
        `convoy_id` and the whole way of each convoy; a missing or empty one is left out.
    crs
        The projected working CRS.

    Returns
    -------
    tuple
        One file, or none where no convoy has a way.
    """
    segments, owner = _segments(convoy_lines, crs)
    if len(segments) == 0:
        return ()
    names = convoy_lines["convoy_id"].tolist()
    pieces, passing = _pieces(segments, owner, _signatures(names))
    shapes = shapely.simplify(pieces, ROAD_TOLERANCE_M)
    stored = gpd.GeoSeries(shapes, crs=crs).to_crs(convoy_lines.crs)
    features = [
        {
            "type": "Feature",
            "geometry": {
                "type": "LineString",
                "coordinates": np.round(shapely.get_coordinates(shape), DECIMALS).tolist(),
            },
            "properties": {"convoys": [names[i] for i in sorted(convoys)]},
        }
        for shape, convoys in zip(stored.to_numpy(), passing, strict=True)
    ]
    return (layer_file(LAYER, features),)


def _segments(
    convoy_lines: gpd.GeoDataFrame, crs: str
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Straight bits of all ways, each convoy's only once: (n, 2, 2) metres, and whose each is."""
    parts, row = shapely.get_parts(
        to_working(convoy_lines[["geometry"]], crs).geometry.to_numpy(), return_index=True
    )
    points, part = shapely.get_coordinates(parts, return_index=True)
    inside = part[1:] == part[:-1]
    ends = np.stack([points[:-1], points[1:]], axis=1)[inside]
    owner = row[part[1:][inside]]
    grid = np.round(ends / SAME_POINT_M).astype(np.int64)
    # Out and home are the same road: the lesser end first.
    turned = (grid[:, 0, 0] > grid[:, 1, 0]) | (
        (grid[:, 0, 0] == grid[:, 1, 0]) & (grid[:, 0, 1] > grid[:, 1, 1])
    )
    grid[turned] = grid[turned][:, ::-1]
    moved = (grid[:, 0] != grid[:, 1]).any(axis=1)
    keys = np.column_stack([grid.reshape(-1, 4), owner])[moved]
    keys = np.unique(keys, axis=0)
    return keys[:, :4].reshape(-1, 2, 2) * SAME_POINT_M, keys[:, 4]


def _pieces(
    segments: NDArray[np.float64], owner: NDArray[np.int64], signatures: NDArray[np.uint64]
) -> tuple[NDArray[Any], list[set[int]]]:
    """Join the bits that the same convoys pass into lines; the set of convoys for each line."""
    grid = np.round(segments.reshape(-1, 4) / SAME_POINT_M).astype(np.int64)
    _, first, bit = np.unique(grid, axis=0, return_index=True, return_inverse=True)
    bit = bit.reshape(-1)
    passes = np.zeros(len(first), dtype=np.uint64)
    # The sum of their hashes stands for the set of convoys on a bit.
    np.add.at(passes, bit, signatures[owner])
    members: list[set[int]] = [set() for _ in first]
    for i, convoy in zip(bit.tolist(), owner.tolist(), strict=True):
        members[i].add(convoy)
    lines = shapely.linestrings(segments[first])
    pieces: list[Any] = []
    passing: list[set[int]] = []
    for same in np.unique(passes):
        rows = np.flatnonzero(passes == same)
        merged = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(lines[rows])))
        pieces.extend(merged)
        passing.extend([members[rows[0]]] * len(merged))
    return np.array(pieces, dtype=object), passing


def _signatures(names: list[str]) -> NDArray[np.uint64]:
    return np.array(
        [
            int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big")
            for name in names
        ],
        dtype=np.uint64,
    )
