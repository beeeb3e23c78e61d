"""Small rasters for tests, whose values can be worked out on paper."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.transform import from_origin

VOID = -32768


def write_tif(
    path: Path,
    values: np.ndarray,
    *,
    west: float = -8.0,
    north: float = 31.0,
    cell: float = 0.01,
    crs: str | None = "EPSG:4326",
    nodata: float | None = VOID,
    **more,
) -> Path:
    """A GeoTIFF of one band; `west` and `north` are the outer edges of its first cell."""
    values = np.asarray(values)
    transform = from_origin(west, north, cell, cell)
    profile = {"driver": "GTiff", "width": values.shape[1], "height": values.shape[0], "count": 1}
    if "transform" not in more:
        profile["transform"] = transform
    with rasterio.open(
        path, "w", **profile, dtype=values.dtype, crs=crs, nodata=nodata, **more
    ) as target:
        target.write(values, 1)
    return path


def write_hgt(path: Path, values: np.ndarray) -> Path:
    """An SRTM tile of 1201 by 1201 cells: big-endian, from the north-west."""
    path.write_bytes(np.asarray(values).astype(">i2").tobytes())
    return path


def hgt_plane(south: int, west: int) -> np.ndarray:
    """Heights that rise by 1,000 m a degree to the north and 100 m a degree to the east."""
    step = np.arange(1201) / 1200
    rows = 1000 * ((south + 1 - step)[:, None] - 30)
    return rows + 100 * (west + step - -9)[None, :]


def write_dem(
    path: Path, function: Callable[..., Any], bounds: tuple[float, float, float, float]
) -> Path:
    """Elevation by (lon, lat) on a grid of about 90 m."""
    west, south, east, north = bounds
    step = 1 / 1200
    width, height = round((east - west) / step), round((north - south) / step)
    lon = west + (np.arange(width) + 0.5) * step
    lat = north - (np.arange(height) + 0.5) * step
    values = function(*np.meshgrid(lon, lat)).astype("float32")
    with rasterio.open(
        path, "w", driver="GTiff", width=width, height=height, count=1, dtype="float32",
        crs="EPSG:4326", transform=from_origin(west, north, step, step),
        nodata=-9999.0,
    ) as raster:  # fmt: skip
        raster.write(values, 1)
    return path
