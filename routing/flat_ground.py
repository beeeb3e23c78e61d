"""Flat ground around points, from an elevation model: where one could land, park or build.

The model is sampled on a square grid around each point, never finer than its own cells: what it
cannot show is not made up by interpolation. Ground without a height is not flat, it is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from affine import Affine
from scipy import ndimage

from geo.crs import STORAGE_CRS, transform_points
from geo.raster import Grid
from geo.terrain import sample_elevation, slope_deg

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray

#: Grids finer than this show nothing more (m), and cost.
FINEST_STEP_M = 20.0
# Points sampled at once: 1 million take some 100 MB with their coordinates.
_AT_ONCE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Patch:
    """The ground around one point, rows from north to south, in the working CRS.

    `x_m`, `y_m`: (n,), of columns and rows; `height_m` and `slope_deg`: (n, n), NaN = unknown.
    """

    step_m: float
    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]
    height_m: NDArray[np.float64]
    slope_deg: NDArray[np.float64]

    def steepest_deg(self, radius_m: float) -> NDArray[np.float64]:
        """(n, n) steepest slope within a radius of each cell; NaN where any is unknown."""
        reach = int(np.floor(radius_m / self.step_m))
        if reach == 0:
            return self.slope_deg.copy()
        across = np.arange(-reach, reach + 1) * self.step_m
        disc = np.hypot(across[:, None], across[None, :]) <= radius_m
        known = np.where(np.isnan(self.slope_deg), np.inf, self.slope_deg)
        worst = ndimage.maximum_filter(known, footprint=disc, mode="constant", cval=np.inf)
        return np.where(np.isinf(worst), np.nan, worst)


def patches(
    elevation: Path,
    x_m: ArrayLike,
    y_m: ArrayLike,
    *,
    radius_m: float,
    cell_m: float,
    crs: str,
) -> list[Patch]:
    """The ground within `radius_m` of every point (a square), in the order given.

    Parameters
    ----------
    x_m, y_m
        (n,) in the projected `crs`.
    cell_m
        Size of the cells of the model.
    """
    step_m = max(cell_m, FINEST_STEP_M)
    # One cell more on every side: the slope of a cell needs its neighbours.
    half = int(np.ceil(radius_m / step_m)) + 1
    offset_m = np.arange(-half, half + 1, dtype=np.float64) * step_m
    east, south = np.meshgrid(offset_m, -offset_m)
    xs, ys = np.atleast_1d(np.asarray(x_m)), np.atleast_1d(np.asarray(y_m))
    size = max(1, _AT_ONCE // east.size)
    made: list[Patch] = []
    for at in range(0, len(xs), size):
        some = slice(at, at + size)
        all_x = (xs[some, None, None] + east).ravel()
        all_y = (ys[some, None, None] + south).ravel()
        lon, lat = transform_points(all_x, all_y, source=crs, target=STORAGE_CRS)
        heights = sample_elevation(elevation, lon, lat).reshape(-1, *east.shape)
        made += [
            _patch(x, y, offset_m, height, step_m, crs)
            for x, y, height in zip(xs[some], ys[some], heights, strict=True)
        ]
    return made


def _patch(
    x: float,
    y: float,
    offset_m: NDArray[np.float64],
    height_m: NDArray[np.float64],
    step_m: float,
    crs: str,
) -> Patch:
    west, north = x + offset_m[0] - step_m / 2, y + offset_m[-1] + step_m / 2
    grid = Grid(
        values=np.ma.masked_invalid(height_m),
        transform=Affine(step_m, 0.0, west, 0.0, -step_m, north),
        crs=crs,
    )
    slope = np.ma.filled(slope_deg(grid).values, np.nan)
    return Patch(
        step_m=step_m,
        x_m=x + offset_m,
        y_m=y - offset_m,
        height_m=height_m,
        slope_deg=np.asarray(slope, dtype=np.float64),
    )
