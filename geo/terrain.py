"""Elevation and slope from a raster.

Heights are metres as the raster gives them (SRTM: above the EGM96 geoid). A void stays a void: a
point beside one has no height (NaN), and is never given that of a neighbour.
"""

from __future__ import annotations

import logging
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rasterio.warp import calculate_default_transform
from rasterio.windows import Window

from geo.crs import (
    STORAGE_CRS,
    crs_name,
    parse_crs,
    require_projected_crs,
    same_crs,
    transform_points,
)
from geo.errors import InputError, TooLargeError
from geo.frames import (
    Frame,
    Resampled,
    atomic_raster,
    nodata_for,
    read_masked,
    write_profile,
)
from geo.raster import Grid, RasterInfo, open_raster, raster_info, read_grid
from geo.raster_guards import MAX_PIXELS
from geo.units import METRES_PER_FOOT, slope_deg_from_share

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

logger = logging.getLogger(__name__)

# Land lies between the shore of the Dead Sea (-439 m, 2024) and Everest (8,849 m, survey of 2020).
# What is outside is an undeclared void, such as -9999, or no elevation at all.
LOWEST_M, HIGHEST_M = -500.0, 9000.0
# Cells read at once: 25 million are 100 MB as float32.
MAX_CELLS_AT_ONCE = 25_000_000
CHUNK = 2048
FOOT_UNITS = frozenset({"ft", "foot", "feet", "us survey foot", "ftus", "us-ft"})


def sample_elevation(path: Path | str, lon: ArrayLike, lat: ArrayLike) -> NDArray[np.float64]:
    """Elevation under points, in metres, bilinear between the centres of the four cells around.

    Parameters
    ----------
    path
        Elevation raster in any CRS; band 1, metres (or feet, where the file says so).
    lon, lat
        (n,) degrees, EPSG:4326. NaN is allowed and gives NaN.

    Returns
    -------
    numpy.ndarray
        (n,) float64 metres in the order given. NaN where the raster does not reach, where one of
        the cells that count is a void, and where the value is no height of land (below -500 m or
        above 9,000 m). Within half a cell of the raster's edge the nearest cells are used.

    Raises
    ------
    UnreadableError, CrsError, TooLargeError
        As `geo.raster.open_raster`.
    InputError
        `lon` and `lat` differ in length.

    Notes
    -----
    Only the part of the raster under the points is read, in pieces of at most 100 MB.
    """
    lon = np.atleast_1d(np.asarray(lon, dtype=np.float64))
    lat = np.atleast_1d(np.asarray(lat, dtype=np.float64))
    if lon.shape != lat.shape or lon.ndim != 1:
        raise InputError(
            f"{lon.size} longitudes, {lat.size} latitudes", "one of each for a point", "pair them"
        )
    elevation_m = np.full(lon.shape, np.nan)
    if not lon.size:
        return elevation_m
    with open_raster(path) as source:
        x, y = lon, lat
        if not same_crs(source.crs, STORAGE_CRS):
            x, y = transform_points(lon, lat, source=STORAGE_CRS, target=source.crs)
        col, row, inside = _cells(source, x, y)
        for points, window in _pieces(col, row, np.flatnonzero(inside), source):
            found_m = heights_m(source, window)
            elevation_m[points] = _bilinear(
                found_m, col[points] - window.col_off, row[points] - window.row_off
            )
    return elevation_m


def slope_deg(raster: Path | str | Grid) -> Grid:
    """Slope of the ground in degrees, on the cells of a projected elevation raster.

    The cells at the edge and those with a void among their eight neighbours are masked.

    Parameters
    ----------
    raster
        Elevation in metres in a projected CRS: a file or a Grid (see `warp_to`).

    Raises
    ------
    CrsError
        The raster is in degrees, in feet or in web Mercator: rise over run would be nonsense.

    References
    ----------
    Horn, B. K. P. (1981): Hill shading and the reflectance map. Proc. IEEE 69 (1), p. 14-47,
    doi:10.1109/PROC.1981.11918: the weighted differences of the eight neighbours.
    """
    grid = raster if isinstance(raster, Grid) else read_grid(raster)
    name = "elevation" if isinstance(raster, Grid) else Path(raster).name
    require_projected_crs(grid.crs, f"{name}: slope")
    z = np.ma.filled(grid.values.astype(np.float64), np.nan)
    slope = np.full(z.shape, np.nan)
    if min(z.shape) >= 3:
        a, b, c = z[:-2, :-2], z[:-2, 1:-1], z[:-2, 2:]
        d, f = z[1:-1, :-2], z[1:-1, 2:]
        g, h, i = z[2:, :-2], z[2:, 1:-1], z[2:, 2:]
        per_col = ((c + 2 * f + i) - (a + 2 * d + g)) / 8
        per_row = ((g + 2 * h + i) - (a + 2 * b + c)) / 8
        # The inverse of the transform turns steps of cells into metres, for a turned raster too.
        inverse = ~grid.transform
        east = per_col * inverse.a + per_row * inverse.d
        north = per_col * inverse.b + per_row * inverse.e
        slope[1:-1, 1:-1] = slope_deg_from_share(np.hypot(east, north))
    slope[np.isnan(z)] = np.nan
    return Grid(
        values=np.ma.masked_invalid(slope),
        transform=grid.transform,
        crs=grid.crs,
        name="slope",
        unit="deg",
    )


def warp_to(
    path: Path | str, crs: Any, out_path: Path | str, *, resolution_m: float | None = None
) -> RasterInfo:
    """Bring an elevation raster into the projected `crs`, bilinear, as a tiled GeoTIFF.

    Parameters
    ----------
    resolution_m
        Size of a cell; by default that of the source.

    Raises
    ------
    CrsError
        `crs` is unknown or does not measure in metres.
    TooLargeError
        The raster would be over the limit of pixels.
    """
    require_projected_crs(crs, "warp")
    target_crs = parse_crs(crs, "warp").to_wkt()
    out = Path(out_path)
    with open_raster(path) as source:
        transform, width, height = calculate_default_transform(
            source.crs,
            target_crs,
            source.width,
            source.height,
            *source.bounds,
            resolution=resolution_m,
        )
        if width * height * source.count > MAX_PIXELS:
            raise TooLargeError(
                f"{Path(path).name} in {crs_name(crs)}",
                f"it would have {width:,} by {height:,} cells",
                "give a larger resolution_m or cut it to the area",
            )
        frame = Frame(crs=target_crs, transform=transform, width=width, height=height)
        dtype, nodata = nodata_for([source])
        profile = write_profile(frame, n_bands=source.count, dtype=dtype, nodata=nodata)
        with (
            Resampled(source, frame, dtype=dtype, nodata=nodata) as view,
            atomic_raster(out, profile) as target,
        ):
            for _, window in target.block_windows(1):
                for band in range(1, source.count + 1):
                    block = view.read(band, window=window, masked=False)
                    target.write(block, band, window=window)
    return raster_info(out)


def _cells(
    source: Any, x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Column and row of points, counted from the centre of the first cell, and which lie inside."""
    with np.errstate(invalid="ignore"):
        col, row = ~source.transform @ (x, y)
        inside = (col >= 0) & (col <= source.width) & (row >= 0) & (row <= source.height)
    # Half a cell lies between the corner that the transform starts from and the first centre.
    col = np.clip(col - 0.5, 0, source.width - 1)
    row = np.clip(row - 0.5, 0, source.height - 1)
    return col, row, inside


def _pieces(
    col: NDArray[np.float64], row: NDArray[np.float64], points: NDArray[np.intp], source: Any
) -> Iterator[tuple[NDArray[np.intp], Window]]:
    """Group points with the window of cells that they need."""
    if not points.size:
        return
    window = _window_around(col[points], row[points], source)
    if window.width * window.height <= MAX_CELLS_AT_ONCE:
        yield points, window
        return
    n_across = math.ceil(source.width / CHUNK)
    chunk = (row[points] // CHUNK).astype(np.int64) * n_across
    chunk += (col[points] // CHUNK).astype(np.int64)
    order = np.argsort(chunk, kind="stable")
    starts = np.flatnonzero(np.diff(chunk[order])) + 1
    for group in np.split(points[order], starts):
        yield group, _window_around(col[group], row[group], source)


def _window_around(col: NDArray[np.float64], row: NDArray[np.float64], source: Any) -> Window:
    left, top = int(col.min()), int(row.min())
    right, bottom = min(int(col.max()) + 2, source.width), min(int(row.max()) + 2, source.height)
    return Window(left, top, right - left, bottom - top)


def heights_m(source: Any, window: Window) -> NDArray[np.float32]:
    """Values of a window in metres, NaN where there is no height."""
    values = read_masked(source, 1, window)
    heights = values.data.astype(np.float32)
    scale, offset = source.scales[0], source.offsets[0]
    if (scale, offset) != (1.0, 0.0):
        heights = heights * np.float32(scale) + np.float32(offset)
    if (source.units[0] or "").strip().lower() in FOOT_UNITS:
        heights = heights * np.float32(METRES_PER_FOOT)
    with np.errstate(invalid="ignore"):
        no_land = ~((heights >= LOWEST_M) & (heights <= HIGHEST_M))
    heights[np.ma.getmaskarray(values) | no_land] = np.nan
    return heights


def _bilinear(
    heights_m: NDArray[np.float32], col: NDArray[np.float64], row: NDArray[np.float64]
) -> NDArray[np.float64]:
    n_rows, n_cols = heights_m.shape
    left = np.minimum(col.astype(np.intp), max(n_cols - 2, 0))
    top = np.minimum(row.astype(np.intp), max(n_rows - 2, 0))
    right, bottom = np.minimum(left + 1, n_cols - 1), np.minimum(top + 1, n_rows - 1)
    across, down = col - left, row - top
    total = np.zeros(col.shape)
    for weight, r, c in (
        ((1 - across) * (1 - down), top, left),
        (across * (1 - down), top, right),
        ((1 - across) * down, bottom, left),
        (across * down, bottom, right),
    ):
        # A void that weighs nothing does not spoil a point that lies exactly on a good cell.
        total += np.where(weight > 0, weight * heights_m[r, c], 0.0)
    return total
