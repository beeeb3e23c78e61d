"""The drill's terrain: a smooth surface through published spot heights.

It has the passes, valleys and summits of the tables at about the right height and nothing between
them: ridges are rounded, gorges are missing. Good enough to make a mountain road slow, not for
anything else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from affine import Affine
from scipy.interpolate import RBFInterpolator
from scipy.ndimage import zoom

from geo.crs import project
from geo.frames import Frame, atomic_raster, write_profile

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from data.demo.tables import Tables

    Bounds = tuple[float, float, float, float]

CRS = "EPSG:32629"  # UTM zone 29 N holds the whole drill (12° W to 6° W)
COARSE_M, FINE_M = 500, 250
# Wide enough that nothing of the drill lies at the edge, where cubic interpolation leans outwards.
MARGIN_M = 4 * COARSE_M
# In units of the kernel r² ln r with r in kilometres: a bend rather than a spike where two tables
# disagree by some ten metres.
SMOOTHING = 0.5
# The lowest ground around is the Souss at Taroudant (about 200 m), the highest Toubkal (4,167 m).
LOWEST_M, HIGHEST_M = 100, 4200
NODATA = -32768
DESCRIPTION = "interpolated from published spot heights"


def write_terrain(tables: Tables, path: Path, *, bounds: Bounds) -> None:
    """Write the terrain as a GeoTIFF: int16 metres above sea level, 250 m, EPSG:32629.

    Thin-plate spline through places, waypoints and spot heights, evaluated every 500 m and brought
    to 250 m by cubic interpolation.

    Parameters
    ----------
    bounds
        (west, south, east, north) in degrees: the area to cover; some kilometres more are written.
    """
    left, bottom, right, top = _extent_m(bounds)
    east_m = np.arange(left + COARSE_M / 2, right, COARSE_M)
    north_m = np.arange(top - COARSE_M / 2, bottom, -COARSE_M)
    coarse = _surface(tables)(_grid_km(east_m, north_m)).reshape(len(north_m), len(east_m))
    # grid_mode keeps the corners of the raster where they are, not the centres of its cells.
    fine = zoom(coarse, COARSE_M // FINE_M, order=3, mode="nearest", grid_mode=True)
    heights = np.clip(np.rint(fine), LOWEST_M, HIGHEST_M).astype(np.int16)
    frame = Frame(
        crs=CRS,
        transform=Affine(FINE_M, 0, left, 0, -FINE_M, top),
        width=heights.shape[1],
        height=heights.shape[0],
    )
    profile = write_profile(frame, n_bands=1, dtype="int16", nodata=NODATA)
    with atomic_raster(path, profile) as target:
        target.write(heights, 1)
        target.set_band_description(1, "elevation")
        target.update_tags(DESCRIPTION=DESCRIPTION, UNIT="m")


def known_heights(tables: Tables) -> pd.DataFrame:
    """`lon`, `lat`, `elevation_m` of every point with a written height, each position once."""
    columns = ["lon", "lat", "elevation_m"]
    known = pd.concat([tables.spot_heights[columns], tables.points[columns]], ignore_index=True)
    return known.groupby(["lon", "lat"], as_index=False, sort=True)["elevation_m"].mean()


def _surface(tables: Tables) -> RBFInterpolator:
    known = known_heights(tables)
    x_m, y_m = project(known["lon"], known["lat"], CRS)
    # One system for all points: with some 600 it costs a second, and a surface made of nearest
    # neighbours would have a step wherever the neighbours change.
    return RBFInterpolator(
        np.column_stack([x_m, y_m]) / 1000.0,
        known["elevation_m"].to_numpy(),
        kernel="thin_plate_spline",
        smoothing=SMOOTHING,
    )


def _grid_km(east_m: NDArray[np.float64], north_m: NDArray[np.float64]) -> NDArray[np.float64]:
    east, north = np.meshgrid(east_m, north_m)
    grid: NDArray[np.float64] = np.column_stack([east.ravel(), north.ravel()]) / 1000.0
    return grid


def _extent_m(bounds: Bounds) -> tuple[int, int, int, int]:
    """Left, bottom, right, top on whole coarse cells around the bounds, in metres of `CRS`."""
    # A side of a box of degrees is bowed in UTM: a point each few kilometres of it.
    ring = shapely.get_coordinates(shapely.segmentize(shapely.box(*bounds), 0.05))
    x_m, y_m = project(ring[:, 0], ring[:, 1], CRS)
    return (
        int(np.floor((x_m.min() - MARGIN_M) / COARSE_M)) * COARSE_M,
        int(np.floor((y_m.min() - MARGIN_M) / COARSE_M)) * COARSE_M,
        int(np.ceil((x_m.max() + MARGIN_M) / COARSE_M)) * COARSE_M,
        int(np.ceil((y_m.max() + MARGIN_M) / COARSE_M)) * COARSE_M,
    )
