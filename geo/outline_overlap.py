"""Outlines of buildings: carried in the table of points, and which two are drawings of one house.

Analysts of two products draw the same house twice, some metres apart and from different sides. The
middles of two drawings of a long house lie further apart than two houses of a douar do, so where
both were drawn, what they have in common tells more than how far their points are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from geo.crs import project
from geo.errors import TooLargeError

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

# Drawings of one house have at least so much in common (intersection over union). Two houses wall
# to wall, registered 3 m apart, have 0.18 at 10 m of width. Estimate.
SAME_SHARE = 0.3
_CHUNK = 200


def outlines_as_wkb(shapes: NDArray[np.object_], drawn: NDArray[np.bool_]) -> pd.Series:
    """Outlines in EPSG:4326 as WKB, None where nothing was drawn."""
    written = np.full(len(shapes), None, dtype=object)
    written[drawn] = shapely.to_wkb(shapes[drawn])
    return pd.Series(written, dtype="object")


def overlapping_pairs(
    rows: gpd.GeoDataFrame,
    buildings: NDArray[np.int64],
    place_m: NDArray[np.float64],
    crs: str,
    *,
    max_pairs: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Pairs of buildings that were drawn as one.

    Parameters
    ----------
    rows
        Damage points; without a column `outline` there are no pairs.
    buildings
        Rows that are buildings.
    place_m
        Points of all rows in `crs`, (n, 2).

    Returns
    -------
    tuple
        Row numbers of both (the lower first), and intersection over union. A pair is one where
        that is at least `SAME_SHARE`, or where one outline holds the point of the other.

    Raises
    ------
    TooLargeError
        More than `max_pairs` outlines lie over each other.
    """
    nothing = np.empty(0, dtype=np.int64)
    if "outline" not in rows.columns:
        return nothing, nothing, np.empty(0)
    held = rows["outline"].to_numpy(dtype=object)[buildings]
    mine = buildings[~pd.isna(held)]
    if len(mine) < 2:
        return nothing, nothing, np.empty(0)
    drawn = shapely.from_wkb(rows["outline"].to_numpy(dtype=object)[mine])
    shapes = shapely.transform(
        drawn, lambda lon_lat: np.column_stack(project(lon_lat[:, 0], lon_lat[:, 1], crs))
    )
    one, other = _touching(shapes, max_pairs)
    shared = shapely.area(shapely.intersection(shapes[one], shapes[other]))
    area = shapely.area(shapes)
    union = area[one] + area[other] - shared
    share = np.divide(shared, union, out=np.zeros(len(one)), where=union > 0)
    points = shapely.points(place_m[mine])
    holds = shapely.contains(shapes[one], points[other]) | shapely.contains(
        shapes[other], points[one]
    )
    same = (share >= SAME_SHARE) | holds
    return mine[one[same]], mine[other[same]], share[same]


def _touching(
    shapes: NDArray[np.object_], max_pairs: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of shapes that have something in common, in pieces so that a heap is refused early."""
    tree = shapely.STRtree(shapes)
    low, high, total = [], [], 0
    for begin in range(0, len(shapes), _CHUNK):
        asked, hit = tree.query(shapes[begin : begin + _CHUNK], predicate="intersects")
        asked = asked + begin
        first = asked < hit
        low.append(asked[first])
        high.append(hit[first])
        total += int(first.sum())
        if total > max_pairs:
            raise TooLargeError(
                f"{len(shapes):,} outlines of damaged buildings",
                f"more than {max_pairs:,} of them lie over each other",
                "check whether the layer was loaded several times under other names",
            )
    return np.concatenate(low).astype(np.int64), np.concatenate(high).astype(np.int64)
