"""Cloud-optimised GeoTIFFs: how a picture is kept, so that any part at any size is a short read.

A raster is copied window by window into tiles with overviews; what it says of itself (nodata, alpha
or mask, colours, names, units) goes along and no value changes: the packing is lossless. A file
that is such a raster already is kept as it is.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rasterio
import rasterio.shutil
from rasterio.enums import ColorInterp, MaskFlags, Resampling
from rasterio.windows import Window
from rasterio.windows import transform as window_transform

from geo.errors import CoverageError
from geo.frames import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable

    Progress = Callable[[float, str], None]

# A file in tiles larger than this, or in strips, is read whole for a corner of it.
LARGEST_TILE = 1024
# Cells read at once while copying, a multiple of the block: 64 MB for four bands of bytes.
STEP = 8 * BLOCK
BLOCK_CACHE_BYTES = 128 * 1024**2


def is_cog(source: Any) -> bool:
    """Whether an open raster is stored in tiles and, if it is large, with overviews.

    The tag `LAYOUT=COG` alone proves nothing: a file that was tiled as one strip carries it too.
    """
    height, width = source.block_shapes[0]
    small = max(source.width, source.height) <= BLOCK
    tiled = max(height, width) <= LARGEST_TILE and (width < source.width or small)
    return bool(source.driver == "GTiff" and tiled and (small or source.overviews(1)))


def write_cog(
    source: Any,
    out_path: Path | str,
    *,
    window: Window | None = None,
    smooth: bool = True,
    progress: Progress | None = None,
) -> None:
    """Copy an open raster, or a window of it, as a cloud-optimised GeoTIFF; lossless.

    Parameters
    ----------
    source
        An open raster, also one that is read by range; it may be larger than memory.
    window
        Part to copy, in whole cells; all of it by default.
    smooth
        Overviews by averages, as for pictures and measurements; without, by the nearest cell, as
        for classes.
    progress
        Told the share that is done.

    Raises
    ------
    CoverageError
        The window holds no cell of the raster.
    """
    whole = Window(0, 0, source.width, source.height)
    part = whole if window is None else _within(window, whole, source)
    tell = progress or (lambda _share, _text: None)
    out = Path(out_path)
    out.parent.mkdir(parents=True, exist_ok=True)
    resampling = Resampling.average if smooth else Resampling.nearest
    with (
        tempfile.TemporaryDirectory(dir=out.parent) as folder,
        rasterio.Env(GDAL_CACHEMAX=BLOCK_CACHE_BYTES, GDAL_TIFF_INTERNAL_MASK=True),
    ):
        tiled, packed = Path(folder) / "tiled.tif", Path(folder) / "packed.tif"
        _copy_tiles(source, tiled, part, tell)
        tell(0.6, "making overviews")
        with rasterio.open(tiled, "r+") as target:
            if levels := overview_levels(target.width, target.height):
                target.build_overviews(levels, resampling)
        tell(0.8, "packing")
        rasterio.shutil.copy(
            tiled,
            packed,
            driver="COG",
            COMPRESS="DEFLATE",
            PREDICTOR="YES",
            BLOCKSIZE=BLOCK,
            BIGTIFF="IF_SAFER",
            OVERVIEW_RESAMPLING=resampling.name.upper(),
        )
        packed.replace(out)
    tell(1.0, "packed")


def overview_levels(width: int, height: int) -> list[int]:
    """Give the factors of overviews, 2, 4, 8 …, until one block holds all."""
    levels, factor = [], 2
    while max(width, height) * 2 / factor > BLOCK:
        levels.append(factor)
        factor *= 2
    return levels


def _copy_tiles(source: Any, path: Path, part: Window, tell: Progress) -> None:
    masked = _has_own_mask(source)
    profile = {
        "driver": "GTiff",
        "crs": source.crs,
        "transform": window_transform(part, source.transform),
        "width": part.width,
        "height": part.height,
        "count": source.count,
        "dtype": source.dtypes[0],
        "nodata": source.nodata,
        "tiled": True,
        "blockxsize": BLOCK,
        "blockysize": BLOCK,
        "compress": "deflate",
        "zlevel": 1,
        "interleave": "pixel" if source.count > 1 else "band",
        "bigtiff": "if_safer",
    }
    if ColorInterp.alpha in source.colorinterp:
        profile["alpha"] = "NON-PREMULTIPLIED"
    with rasterio.open(path, "w", **profile) as target:
        target.colorinterp = source.colorinterp
        target.descriptions = source.descriptions
        target.units, target.scales, target.offsets = source.units, source.scales, source.offsets
        rows = range(0, part.height, STEP)
        for row in rows:
            tell(0.6 * row / part.height, f"copying {part.width} by {part.height} cells")
            for col in range(0, part.width, STEP):
                here = Window(col, row, min(STEP, part.width - col), min(STEP, part.height - row))
                there = Window(part.col_off + col, part.row_off + row, here.width, here.height)
                target.write(source.read(window=there), window=here)
                if masked:
                    target.write_mask(source.dataset_mask(window=there), window=here)


def _has_own_mask(source: Any) -> bool:
    """Whether a mask beside the bands says where there is no picture (and no alpha band does)."""
    flags = source.mask_flag_enums[0]
    return MaskFlags.per_dataset in flags and MaskFlags.alpha not in flags


def _within(window: Window, whole: Window, source: Any) -> Window:
    left, top = max(0, int(window.col_off)), max(0, int(window.row_off))
    right = min(whole.width, int(window.col_off + window.width))
    bottom = min(whole.height, int(window.row_off + window.height))
    if left >= right or top >= bottom:
        raise CoverageError(
            Path(source.name).name, "no cell of it lies in the area asked for", "check the area"
        )
    return Window(left, top, right - left, bottom - top)
