"""Frames of cells: what a raster that we write looks like, and rasters seen through one.

A frame is a grid of cells without values. Everything here keeps nodata nodata.
"""

from __future__ import annotations

import math
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio
from rasterio.enums import Resampling
from rasterio.vrt import WarpedVRT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from affine import Affine
    from rasterio.windows import Window

# Voids of SRTM, and of many rasters made from it that do not say so.
SRTM_VOID = -32768
BLOCK = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The grid of cells of a raster that is to be written."""

    crs: Any
    transform: Affine
    width: int
    height: int


def write_profile(frame: Frame, *, n_bands: int, dtype: str, nodata: float) -> dict[str, Any]:
    """Profile of the GeoTIFFs we write: tiled, compressed, BigTIFF only where it must be."""
    floating = np.issubdtype(np.dtype(dtype), np.floating)
    return {
        "driver": "GTiff",
        "crs": frame.crs,
        "transform": frame.transform,
        "width": frame.width,
        "height": frame.height,
        "count": n_bands,
        "dtype": dtype,
        "nodata": nodata,
        "tiled": True,
        "blockxsize": BLOCK,
        "blockysize": BLOCK,
        "compress": "deflate",
        "predictor": 3 if floating else 2,
        "bigtiff": "if_safer",
    }


@contextmanager
def atomic_raster(path: Path | str, profile: dict[str, Any]) -> Iterator[Any]:
    """Write a raster beside `path` and move it there only when it is whole."""
    final = Path(path)
    final.parent.mkdir(parents=True, exist_ok=True)
    partial = final.with_name(f".{final.name}.part")
    try:
        with rasterio.open(partial, "w", **profile) as target:
            yield target
        partial.replace(final)
    finally:
        partial.unlink(missing_ok=True)


def nodata_for(sources: Sequence[Any]) -> tuple[str, float]:
    """Data type and nodata value that hold every value of `sources` and a void besides."""
    dtype = np.result_type(*(source.dtypes[0] for source in sources))
    declared = [source.nodata for source in sources if source.nodata is not None]
    if np.issubdtype(dtype, np.floating):
        return dtype.name, float(declared[0]) if declared else math.nan
    if declared and np.iinfo(dtype).min <= declared[0] <= np.iinfo(dtype).max:
        return dtype.name, float(declared[0])
    # No value of these bytes is free to mean "nothing": take the next wider type.
    wider = np.result_type(dtype, np.int16)
    return wider.name, float(np.iinfo(wider).min)


def read_masked(source: Any, band: int, window: Window) -> np.ma.MaskedArray[Any, Any]:
    """Read a window of a band, masked in nodata, in NaN and in the undeclared voids of SRTM."""
    values = source.read(band, window=window, masked=True)
    data, mask = values.data, np.ma.getmaskarray(values)
    if np.issubdtype(data.dtype, np.floating):
        mask = mask | ~np.isfinite(data)
    if source.nodata is None and np.can_cast(np.int16, data.dtype):
        mask = mask | (data == SRTM_VOID)
    return np.ma.MaskedArray(data, mask=mask)


class Resampled:
    """View of a raster on the cells of `frame`, bilinear; close it, or use it in a `with`.

    GDAL fills a cell beside a void from the neighbours that are left, so holes would shrink by half
    a cell a step. A second view, by nearest neighbour, keeps them as large as they were.
    """

    def __init__(self, source: Any, frame: Frame, *, dtype: str, nodata: float) -> None:
        self.transform, self.width, self.height = frame.transform, frame.width, frame.height
        self.nodata, self.dtypes = nodata, (dtype,) * source.count
        self._views = [
            WarpedVRT(
                source,
                crs=frame.crs,
                transform=frame.transform,
                width=frame.width,
                height=frame.height,
                resampling=method,
                src_nodata=_source_nodata(source),
                nodata=nodata,
                dtype=dtype,
            )
            for method in (Resampling.bilinear, Resampling.nearest)
        ]

    def __enter__(self) -> Resampled:
        return self

    def __exit__(self, *_: object) -> None:
        for view in self._views:
            view.close()

    def read(self, band: int, *, window: Window, masked: bool = True) -> Any:
        """Values of a band in a window; masked, or filled with the nodata value."""
        smooth, nearest = (view.read(band, window=window, masked=True) for view in self._views)
        mask = np.ma.getmaskarray(smooth) | np.ma.getmaskarray(nearest)
        values = np.ma.MaskedArray(smooth.data, mask=mask, fill_value=self.nodata)
        return values if masked else values.filled()


def _source_nodata(source: Any) -> float | None:
    if source.nodata is not None:
        return float(source.nodata)
    return float(SRTM_VOID) if np.can_cast(np.int16, source.dtypes[0]) else None
