"""Rasters at the door: what is refused, what a file holds, and several tiles as one file.

Read are GeoTIFF (also cloud-optimised) and SRTM `.hgt`, from this machine's disk only. A raster
travels as one object, `Grid`: masked values with their transform, CRS, name and unit, so that no
function can take an array and forget its place on earth. Nodata stays nodata through every step.
"""

from __future__ import annotations

import logging
import math
import warnings
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio
from affine import Affine
from rasterio.errors import NotGeoreferencedWarning, RasterioError, RasterioIOError
from rasterio.warp import transform_bounds
from rasterio.windows import Window

from geo.crs import STORAGE_CRS, WGS84, Bounds, crs_name, same_crs
from geo.errors import CrsError, EmptyInputError, SchemaError, TooLargeError, UnreadableError
from geo.frames import (
    BLOCK,
    Frame,
    Resampled,
    atomic_raster,
    nodata_for,
    read_masked,
    write_profile,
)
from geo.raster_guards import (
    MAX_BYTES,
    MAX_PIXELS,
    require_bearable,
    require_confined,
    require_file,
    require_georeferenced,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

logger = logging.getLogger(__name__)


BLOCK_CACHE_BYTES = 128 * 1024**2


@dataclass(frozen=True, slots=True, kw_only=True)
class RasterInfo:
    """What a raster file holds.

    `bounds` is in EPSG:4326; `resolution_m` is the size (across, down) of a cell at the centre, in
    metres; `void_share` the share of cells of band 1 without a value; `value_min` and `value_max`
    are NaN where there is none. `notes` says what was changed on the way.
    """

    path: Path
    crs: str
    bounds: Bounds
    width: int
    height: int
    n_bands: int
    dtype: str
    nodata: float | None
    resolution_m: tuple[float, float]
    void_share: float
    value_min: float
    value_max: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grid:
    """One band with its place on earth; `values` is (height, width) and masked where nothing is."""

    values: np.ma.MaskedArray[Any, Any]
    transform: Affine
    crs: str
    name: str = ""
    unit: str = ""


@contextmanager
def open_raster(
    path: Path | str,
    *,
    max_pixels: int = MAX_PIXELS,
    max_bytes: int = MAX_BYTES,
    opener: Any = None,
    overview: int | None = None,
) -> Iterator[Any]:
    """Open a raster file for reading, past the guards; use it in a `with` statement.

    `opener` (a `rasterio.abc.FileContainer`) holds a GeoTIFF named `path` that is no file of this
    machine. `overview` opens the raster as its n-th overview (0: the first). GDAL keeps at most
    128 MB of blocks while it is open; its own default is a twentieth of all memory.

    Yields
    ------
    rasterio.DatasetReader
        With a CRS, a transform and at least one band. A read that fails inside the `with` body
        (a truncated file) is raised as UnreadableError too.

    Raises
    ------
    UnreadableError
        Missing, empty, truncated, neither GeoTIFF nor `.hgt`, or it names other files to be read.
    CrsError
        No CRS, no transform, or a CRS that is tied to no place on earth.
    TooLargeError
        More bytes or pixels than allowed, or a file that unpacks to far more than it is.
    InputError
        Cells that are complex numbers, or of an absurd size.
    """
    file = Path(path)
    if opener is None:
        require_file(file, max_bytes)
    try:
        with warnings.catch_warnings():
            # We say the same as an error, in words that help.
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            # The format is named, so that GDAL tries no other: a VRT or WMS could point anywhere.
            if opener is None:
                driver = "SRTMHGT" if file.suffix.lower() == ".hgt" else "GTiff"
                level = {} if overview is None else {"overview_level": overview}
                source = rasterio.open(file.resolve(), driver=driver, **level)
            else:
                source = rasterio.open(file.name, driver="GTiff", opener=opener)
    except RasterioIOError as error:
        raise _unreadable(file) from error
    with rasterio.Env(GDAL_CACHEMAX=BLOCK_CACHE_BYTES), source:
        if opener is None:
            require_confined(source, file)
        require_georeferenced(source, file)
        packed_bytes = file.stat().st_size if opener is None else None
        require_bearable(source, file, max_pixels, packed_bytes=packed_bytes)
        try:
            yield source
        except RasterioError as error:
            raise _unreadable(file) from error


def raster_info(path: Path | str) -> RasterInfo:
    """Read a raster once through, block by block, and say what it holds.

    Because every block of band 1 is read, a truncated file is found here.

    Raises
    ------
    UnreadableError, CrsError, TooLargeError
        As `open_raster`.
    """
    with open_raster(path) as source:
        n_valid, low, high = _scan(source)
        west, south, east, north = lon_lat_bounds(source)
        return RasterInfo(
            path=Path(path),
            crs=crs_name(source.crs),
            bounds=(west, south, east, north),
            width=source.width,
            height=source.height,
            n_bands=source.count,
            dtype=source.dtypes[0],
            nodata=None if source.nodata is None else float(source.nodata),
            resolution_m=resolution_m(source, (west, south, east, north)),
            void_share=1.0 - n_valid / (source.width * source.height),
            value_min=low,
            value_max=high,
        )


def read_grid(
    path: Path | str,
    *,
    band: int = 1,
    max_pixels: int = 100_000_000,
    name: str = "",
    unit: str = "",
) -> Grid:
    """Read one whole band into memory, masked where the file has no value."""
    with open_raster(path, max_pixels=max_pixels) as source:
        if not 1 <= band <= source.count:
            raise SchemaError(
                f"{Path(path).name}: band {band}", f"it has {source.count}", "name one it has"
            )
        values = read_masked(source, band, Window(0, 0, source.width, source.height))
        return Grid(
            values=values,
            transform=source.transform,
            crs=source.crs.to_wkt(),
            name=name or (source.descriptions[band - 1] or ""),
            unit=unit or (source.units[band - 1] or ""),
        )


def mosaic(paths: Sequence[Path | str], out_path: Path | str) -> RasterInfo:
    """Join several rasters into one tiled, compressed GeoTIFF; where they overlap the first wins.

    A void in the first is filled from the next one that covers it. The finest raster gives the grid
    and its CRS; one in another CRS or of another resolution is resampled (bilinear) onto it, which
    `notes` says. Tiles of one grid, as SRTM's with their shared rows, are copied cell by cell.

    A single `.hgt` is worth a mosaic of its own too: the GeoTIFF does not depend on its name.

    Returns
    -------
    RasterInfo
        Of the file written at `out_path`.

    Raises
    ------
    EmptyInputError
        No paths.
    SchemaError
        Rasters with different numbers of bands.
    TooLargeError
        Tiles so far apart that one raster over all of them would be over the limit.
    UnreadableError, CrsError
        As `open_raster`.
    """
    if not paths:
        raise EmptyInputError("mosaic", "no raster was given", "name one or more files")
    out = Path(out_path)
    with ExitStack() as stack:
        sources = [stack.enter_context(open_raster(path)) for path in paths]
        _require_equal_bands(sources, paths)
        reference = min(sources, key=_cell_m)
        frame = _union_frame(sources, reference)
        aligned = [_on_frame(source, frame) for source in sources]
        notes = _mosaic_notes(sources, aligned, reference, paths)
        _write_mosaic(sources, aligned, frame, out)
    info = raster_info(out)
    logger.info("joined %d raster(s), %d by %d cells", len(paths), info.width, info.height)
    return replace(info, notes=tuple(notes))


def _unreadable(file: Path) -> UnreadableError:
    return UnreadableError(
        file.name,
        "it cannot be read as GeoTIFF or .hgt; it is damaged, cut short or something else",
        "copy or download it again, or convert it to GeoTIFF",
    )


def _scan(source: Any) -> tuple[int, float, float]:
    """Count the cells of band 1 that have a value, and find the lowest and highest."""
    n_valid, low, high = 0, math.inf, -math.inf
    for window in _windows(source.width, source.height):
        values = read_masked(source, 1, window).compressed()
        if values.size:
            n_valid += values.size
            low, high = min(low, float(values.min())), max(high, float(values.max()))
    return (n_valid, low, high) if n_valid else (0, math.nan, math.nan)


def _windows(width: int, height: int, step: int = 4 * BLOCK) -> Iterator[Window]:
    for row in range(0, height, step):
        for col in range(0, width, step):
            yield Window(col, row, min(step, width - col), min(step, height - row))


def lon_lat_bounds(source: Any) -> Bounds:
    """Give the bounds of an open raster in EPSG:4326; raises CrsError where they are nowhere."""
    west, south, east, north = transform_bounds(
        source.crs, STORAGE_CRS, *source.bounds, densify_pts=21
    )
    if not all(map(math.isfinite, (west, south, east, north))):
        raise CrsError(
            f"{Path(source.name).name}: {crs_name(source.crs)}",
            "its corners lie nowhere on earth",
            "check the CRS stored in the file",
        )
    # Rows that run north begin at the southern edge.
    south, north = min(south, north), max(south, north)
    # A tile that ends at 180° reaches past it by half a cell.
    return max(west, -180.0), max(south, -90.0), min(east, 180.0), min(north, 90.0)


def resolution_m(source: Any, bounds: Bounds) -> tuple[float, float]:
    """Give the size (across, down) of a cell at the centre of `bounds` (EPSG:4326), in metres."""
    west, south, east, north = bounds
    lon, lat = (west + east) / 2, (south + north) / 2
    _, _, across = WGS84.inv(west, lat, east, lat) if east > west else (0.0, 0.0, 0.0)
    _, _, down = WGS84.inv(lon, south, lon, north)
    return abs(across) / source.width, abs(down) / source.height


def _cell_m(source: Any) -> float:
    return max(resolution_m(source, lon_lat_bounds(source)))


def _require_equal_bands(sources: Sequence[Any], paths: Sequence[Path | str]) -> None:
    for source, path in zip(sources, paths, strict=True):
        if source.count != sources[0].count:
            raise SchemaError(
                f"{Path(path).name}: {source.count} band(s)",
                f"{Path(paths[0]).name} has {sources[0].count}; one raster needs the same number",
                "join rasters of one kind only",
            )


def _union_frame(sources: Sequence[Any], reference: Any) -> Frame:
    """Give the reference's grid, extended in whole cells over all sources."""
    inverse = ~reference.transform
    cols: list[float] = []
    rows: list[float] = []
    for source in sources:
        west, south, east, north = (
            source.bounds
            if same_crs(source.crs, reference.crs)
            else transform_bounds(source.crs, reference.crs, *source.bounds, densify_pts=21)
        )
        for x, y in ((west, north), (east, north), (west, south), (east, south)):
            col, row = inverse @ (x, y)
            cols.append(col)
            rows.append(row)
    # The hundredth of a cell keeps rounding in the file from adding a row of nothing.
    left, top = math.floor(min(cols) + 0.01), math.floor(min(rows) + 0.01)
    width, height = math.ceil(max(cols) - 0.01) - left, math.ceil(max(rows) - 0.01) - top
    if width * height * reference.count > MAX_PIXELS:
        raise TooLargeError(
            f"{len(sources)} rasters",
            f"one raster over all of them has {width:,} by {height:,} cells, over {MAX_PIXELS:,}",
            "join only the tiles of the area",
        )
    return Frame(
        crs=reference.crs,
        transform=reference.transform @ Affine.translation(left, top),
        width=width,
        height=height,
    )


def _on_frame(source: Any, frame: Frame) -> bool:
    """Whether the cells of `source` are cells of the frame (to a hundredth of a cell)."""
    if not same_crs(source.crs, frame.crs):
        return False
    relative = ~frame.transform @ source.transform
    far = relative @ (source.width, source.height)
    return (
        math.isclose(relative.a, 1, abs_tol=1e-6)
        and math.isclose(relative.e, 1, abs_tol=1e-6)
        and math.isclose(relative.b, 0, abs_tol=1e-9)
        and math.isclose(relative.d, 0, abs_tol=1e-9)
        and all(abs(value - round(value)) < 0.01 for value in (relative.c, relative.f, *far))
    )


def _mosaic_notes(
    sources: Sequence[Any], aligned: Sequence[bool], reference: Any, paths: Sequence[Path | str]
) -> list[str]:
    notes = []
    for source, fits, path in zip(sources, aligned, paths, strict=True):
        if not same_crs(source.crs, reference.crs):
            notes.append(
                f"{Path(path).name}: reprojected from {crs_name(source.crs)} "
                f"to {crs_name(reference.crs)}"
            )
        elif not fits:
            notes.append(f"{Path(path).name}: resampled onto the grid of the finest raster")
    return notes


def _write_mosaic(sources: Sequence[Any], aligned: Sequence[bool], frame: Frame, out: Path) -> None:
    dtype, nodata = nodata_for(sources)
    profile = write_profile(frame, n_bands=sources[0].count, dtype=dtype, nodata=nodata)
    with ExitStack() as stack:
        layers = [
            source
            if fits
            else stack.enter_context(Resampled(source, frame, dtype=dtype, nodata=nodata))
            for source, fits in zip(sources, aligned, strict=True)
        ]
        target = stack.enter_context(atomic_raster(out, profile))
        for window in _windows(frame.width, frame.height):
            for band in range(1, sources[0].count + 1):
                block = np.full((window.height, window.width), nodata, dtype=dtype)
                empty = np.ones(block.shape, dtype=bool)
                for layer in layers:
                    _fill(block, empty, layer, band, window, frame)
                target.write(block, band, window=window)


def _fill(
    block: NDArray[Any],
    empty: NDArray[np.bool_],
    layer: Any,
    band: int,
    window: Window,
    frame: Frame,
) -> None:
    """Put the values of `layer` into the cells of `block` that are still empty."""
    col, row = (round(value) for value in ~layer.transform @ (frame.transform @ _corner(window)))
    left, top = max(col, 0), max(row, 0)
    right, bottom = min(col + window.width, layer.width), min(row + window.height, layer.height)
    if left >= right or top >= bottom:
        return
    values = read_masked(layer, band, Window(left, top, right - left, bottom - top))
    here = np.s_[top - row : bottom - row, left - col : right - col]
    take = empty[here] & ~np.ma.getmaskarray(values)
    block[here][take] = values.data[take]
    empty[here] &= ~take


def _corner(window: Window) -> tuple[int, int]:
    return window.col_off, window.row_off
