"""A simulated damage-proxy raster: the share of houses lost, where there are houses.

Like the real ones it is blurred and noisy, it speaks of built-up cells only, it ends at the edge of
what was imaged, and it has a hole. A cell without a value is not assessed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from affine import Affine
from scipy.ndimage import uniform_filter

from data.demo.chance import generator
from data.demo.damage import analysed_areas
from data.demo.terrain import CRS
from geo.crs import project, to_working
from geo.frames import Frame, atomic_raster, write_profile

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from data.demo.tables import Tables

CELL_M = 100
NODATA = -1.0
NOISE = 0.05
# Destroyed and damaged count as lost, the first two grades (`data.demo.damage.GRADES`).
N_LOST = 2
# A patch of cloud over the upper Ogdemt, west of Ighil: lon, lat, radius in metres.
CLOUD = (-8.39, 30.98, 3500.0)
DESCRIPTION = "simulated damage proxy of the drill: share of houses destroyed or damaged"


def write_damage_raster(tables: Tables, buildings: pd.DataFrame, path: Path) -> None:
    """Write the raster as a GeoTIFF: float32 shares 0 to 1, 100 m, EPSG:32629, nodata -1.

    Parameters
    ----------
    buildings
        As `data.demo.damage.draw_buildings`; a cell speaks of the houses in it and its eight
        neighbours.
    """
    areas = shapely.union_all(to_working(analysed_areas(tables), CRS).geometry.to_numpy())
    left, bottom, right, top = _whole_cells(shapely.bounds(areas))
    width, height = (right - left) // CELL_M, (top - bottom) // CELL_M
    col = np.floor((buildings["x_m"].to_numpy() - left) / CELL_M).astype(np.int64)
    row = np.floor((top - buildings["y_m"].to_numpy()) / CELL_M).astype(np.int64)
    inside = (col >= 0) & (col < width) & (row >= 0) & (row < height)
    cell = (row * width + col)[inside]
    lost = (buildings["grade"].to_numpy() < N_LOST)[inside]
    houses = _around(cell, np.ones(len(cell)), (height, width))
    lost_houses = _around(cell, lost.astype(np.float64), (height, width))
    built_up = houses > 0.5
    share = np.divide(lost_houses, houses, out=np.zeros_like(houses), where=built_up)
    share = share + NOISE * generator("damage raster").standard_normal(share.shape)
    x_m = left + CELL_M * (np.arange(width) + 0.5)
    y_m = top - CELL_M * (np.arange(height) + 0.5)
    looked = built_up & _imaged(areas, *np.meshgrid(x_m, y_m))
    values = np.where(looked, np.clip(share, 0.0, 1.0), NODATA).astype(np.float32)
    frame = Frame(
        crs=CRS,
        transform=Affine(CELL_M, 0, left, 0, -CELL_M, top),
        width=width,
        height=height,
    )
    profile = write_profile(frame, n_bands=1, dtype="float32", nodata=NODATA)
    with atomic_raster(path, profile) as target:
        target.write(values, 1)
        target.set_band_description(1, "damage share")
        target.update_tags(DESCRIPTION=DESCRIPTION)


def _around(
    cell: NDArray[np.int64], weight: NDArray[np.float64], shape: tuple[int, int]
) -> NDArray[np.float64]:
    """Sum of what lies in each cell and its eight neighbours, as whole numbers."""
    counts = np.bincount(cell, weights=weight, minlength=shape[0] * shape[1]).reshape(shape)
    total: NDArray[np.float64] = np.rint(9 * uniform_filter(counts, size=3, mode="constant"))
    return total


def _imaged(
    areas: shapely.Geometry, x_m: NDArray[np.float64], y_m: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Cells whose centre lies in an analysed area and under no cloud."""
    lon, lat, radius_m = CLOUD
    cloud_x, cloud_y = project(lon, lat, CRS)
    shapely.prepare(areas)
    imaged: NDArray[np.bool_] = shapely.contains_xy(areas, x_m, y_m)
    return imaged & (np.hypot(x_m - cloud_x, y_m - cloud_y) > radius_m)


def _whole_cells(bounds: NDArray[np.float64]) -> tuple[int, int, int, int]:
    low = np.floor(bounds[:2] / CELL_M).astype(int) * CELL_M
    high = np.ceil(bounds[2:] / CELL_M).astype(int) * CELL_M
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])
