"""Statistics of rasters in zones: each cell counts with the exact part of it that lies in the zone.

Everything is read in windows, in an order in which neighbouring zones follow each other, so that
each block of the file is decompressed about once and the raster may be larger than memory. Cells
without a value count nowhere: a zone without any has no sum, which is not a sum of 0. Parts of
cells are float32 in exactextract: sums are exact to one in some ten millions.

Rasters are files on this machine; `geo.raster` opens nothing else, so a cloud-optimised GeoTIFF is
downloaded first.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
from exactextract import exact_extract
from exactextract.feature import GeoPandasFeatureSource
from exactextract.raster import RasterioRasterSource
from rasterio.windows import Window

from geo.crs import crs_name, require_crs
from geo.errors import CoverageError, CrsError, InputError, SchemaError
from geo.frames import read_masked
from geo.raster import open_raster
from geo.raster_guards import require_upright

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

logger = logging.getLogger(__name__)

STATISTICS = ("sum", "mean", "count", "coverage", "min", "max")
# A zone larger than this is read piece by piece (of 8 bytes at most).
MAX_CELLS_IN_MEMORY = 4_000_000
# Blocks kept from one zone to the next; GDAL's own default is a twentieth of all memory.
BLOCK_CACHE_BYTES = 128 * 1024**2
# More classes than this are measurements, not classes.
MAX_CLASSES = 256


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClassShares:
    """What share of each zone each class holds, both on the index of the zones.

    `shares` has a column for each class, as whole numbers in rising order: the share of the cells
    with a value, summing to 1 where `coverage` (share of the zone with a value) is above 0, NaN
    elsewhere.
    """

    shares: pd.DataFrame
    coverage: pd.Series


def zonal_statistics(
    raster_path: Path | str,
    zones: gpd.GeoDataFrame,
    *,
    statistics: Sequence[str] = ("sum", "mean", "count", "coverage"),
    bands: int | str | Sequence[int | str] | None = None,
) -> pd.DataFrame:
    """Sum up the cells of a raster in each zone.

    Parameters
    ----------
    raster_path
        GeoTIFF or `.hgt` in any CRS, of any number type, with its rows from north to south.
    zones
        Polygons in any CRS; brought to that of the raster corner by corner. Invalid ones are
        repaired. Missing and empty ones cover nothing.
    statistics
        Of `sum`, `mean`, `min`, `max` (in the unit of the raster), `count` (cells with a value,
        parts counting as parts) and `coverage` (0 to 1, share of the zone's area with a value).
    bands
        Number from 1, or name, of the band; or several of them. Needed if there are several.

    Returns
    -------
    pandas.DataFrame
        On the index of `zones`, a column for each statistic; of several bands ``BAND_STATISTIC``,
        with the band as it was asked for. NaN where a zone holds no value, but `count` and
        `coverage` are 0 there.

    Raises
    ------
    UnreadableError, TooLargeError
        As `geo.raster.open_raster`.
    CrsError
        As `open_raster`; also zones without a CRS, a raster that is rotated or has swapped or
        flipped axes, and zones that the CRS of the raster cannot show.
    InputError
        An unknown statistic or band, several bands and none chosen, or zones without an area.
    CoverageError
        The raster lies wholly outside of the zones.
    """
    _require_statistics(statistics)
    name = Path(raster_path).name
    with rasterio.Env(GDAL_CACHEMAX=BLOCK_CACHE_BYTES), open_raster(raster_path) as raster:
        placed = _placed(raster, zones, name)
        wanted = _bands(bands)
        columns: dict[str, NDArray[np.float64]] = {}
        for band in wanted:
            number = band_number(raster, band, name)
            found = _statistics(raster, number, placed, statistics)
            prefix = f"{band}_" if len(wanted) > 1 else ""
            columns |= {f"{prefix}{statistic}": values for statistic, values in found.items()}
    return pd.DataFrame(columns, index=zones.index)


def class_shares(
    raster_path: Path | str, zones: gpd.GeoDataFrame, *, band: int | str | None = None
) -> ClassShares:
    """Share of each class of a class raster in each zone; parameters as `zonal_statistics`.

    Raises
    ------
    SchemaError
        The cells are no whole numbers, or more than 256 different ones.
    Exception
        As `zonal_statistics`.
    """
    name = Path(raster_path).name
    with rasterio.Env(GDAL_CACHEMAX=BLOCK_CACHE_BYTES), open_raster(raster_path) as raster:
        placed = _placed(raster, zones, name)
        number = band_number(raster, band, name)
        found = _extract(raster, number, placed, ["count", "unique", "frac"])
        coverage = _coverage(raster, found["count"].to_numpy(dtype=np.float64), placed)
    classes, shares = _shares(found, name)
    return ClassShares(
        shares=pd.DataFrame(shares, index=zones.index, columns=classes),
        coverage=pd.Series(coverage, index=zones.index, name="coverage"),
    )


def band_number(raster: Any, band: int | str | None, name: str) -> int:
    """Number of a band of an open raster, from 1, given its number or name.

    Raises
    ------
    InputError
        There is no such band, or several and none is chosen.
    """
    names = [str(text or "") for text in raster.descriptions]
    if band is None and raster.count > 1:
        called = f" ({', '.join(filter(None, names))})" if any(names) else ""
        raise InputError(
            f"{name}: {raster.count} bands{called}", "one of them is needed", "say which, from 1"
        )
    if isinstance(band, str):
        if names.count(band) != 1:
            known = ", ".join(filter(None, names)) or "none has a name"
            raise InputError(f"{name}: band {band!r}", f"bands by name: {known}", "correct it")
        return names.index(band) + 1
    number = 1 if band is None else band
    if not 1 <= number <= raster.count:
        raise InputError(
            f"{name}: band {band}", f"a band from 1 to {raster.count} is needed", "correct it"
        )
    return number


class _Source(RasterioRasterSource):  # type: ignore[misc]
    """A band as exactextract reads it, masked wherever the rest of Qafila sees no value."""

    def read_window(self, x0: int, y0: int, nx: int, ny: int) -> Any:
        values = read_masked(self.ds, self.band_idx, Window(x0, y0, nx, ny))
        if self.scaled:
            values = values.astype(np.float64) * self.scale + self.offset
        return values


# --- what is given ----------------------------------------------------------------------------


def _require_statistics(statistics: Sequence[str]) -> None:
    unknown = [one for one in statistics if one not in STATISTICS]
    if unknown or not statistics:
        raise InputError(
            f"statistics {', '.join(unknown) or 'none'}",
            f"known are {', '.join(STATISTICS)}",
            "correct them",
        )


def _bands(bands: int | str | Sequence[int | str] | None) -> list[int | str | None]:
    if bands is None or isinstance(bands, int | str):
        return [bands]
    if len(bands) == 0:
        raise InputError("no band", "one or more bands are needed", "name them")
    return list(bands)


def _placed(raster: Any, zones: gpd.GeoDataFrame, name: str) -> NDArray[Any]:
    """Zones as valid polygons in the CRS of the raster; None where there is no area."""
    require_crs(zones, "zones")
    require_upright(raster, name)
    shapes = zones.geometry.to_numpy()
    there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    flat = there & (shapely.get_dimensions(shapes) < 2)
    if flat.any():
        kind = shapes[flat][0].geom_type
        raise InputError(
            f"zones: {int(flat.sum())} without an area, the first a {kind}",
            "polygons are needed",
            "draw a circle round them first (buffer)",
        )
    moved = np.asarray(zones.geometry.to_crs(raster.crs).array, dtype=object)
    moved[~there] = None
    _require_on_earth(moved, raster, name)
    broken = there & ~shapely.is_valid(moved)
    moved[broken] = [_areas_of(shape) for shape in shapely.make_valid(moved[broken])]
    moved[shapely.area(moved) <= 0] = None  # what was a line all along
    _require_overlap(raster, moved, name)
    return moved


def _require_on_earth(moved: NDArray[Any], raster: Any, name: str) -> None:
    bounds = shapely.bounds(moved)
    lost = ~np.isfinite(bounds).all(axis=1) & ~shapely.is_missing(moved)
    if lost.any():
        raise CrsError(
            f"{name}: {crs_name(raster.crs)} cannot show {int(lost.sum())} of the zones",
            "a raster of this area is needed",
            "check its CRS, and that of the zones",
        )


def _areas_of(shape: Any) -> Any:
    parts = shapely.get_parts(shape)
    return shapely.union_all(parts[shapely.get_dimensions(parts) == 2])


def _require_overlap(raster: Any, moved: NDArray[Any], name: str) -> None:
    if shapely.is_missing(moved).all():
        return
    west, south, east, north = shapely.total_bounds(moved)
    left, bottom, right, top = raster.bounds
    if west < right and east > left and south < top and north > bottom:
        return
    swapped = south < right and north > left and west < top and east > bottom
    raise CoverageError(
        f"{name}: {left:g}, {bottom:g}, {right:g}, {top:g} in its CRS",
        "it covers none of the places" + (", but would with its axes swapped" if swapped else ""),
        "write it again with lon as x and lat as y"
        if swapped
        else "check that it is the raster of this area",
    )


# --- reading ----------------------------------------------------------------------------------


def _statistics(
    raster: Any, band: int, placed: NDArray[Any], statistics: Sequence[str]
) -> dict[str, NDArray[np.float64]]:
    asked = [one for one in statistics if one not in ("count", "coverage")]
    found = _extract(raster, band, placed, ["count", *dict.fromkeys(asked)])
    count = found["count"].to_numpy(dtype=np.float64)
    result: dict[str, NDArray[np.float64]] = {}
    for statistic in statistics:
        if statistic == "count":
            result[statistic] = count
        elif statistic == "coverage":
            result[statistic] = _coverage(raster, count, placed)
        else:
            values = found[statistic].to_numpy(dtype=np.float64)
            result[statistic] = np.where(count > 0, values, np.nan)
    return result


def _coverage(raster: Any, count: NDArray[np.float64], placed: NDArray[Any]) -> NDArray[np.float64]:
    area = np.nan_to_num(shapely.area(placed))
    held = count * abs(raster.transform.determinant)
    share = np.divide(held, area, out=np.zeros_like(held), where=area > 0)
    return np.asarray(np.clip(share, 0.0, 1.0), dtype=np.float64)


def _extract(raster: Any, band: int, placed: NDArray[Any], ops: list[str]) -> pd.DataFrame:
    """Statistics on 0 to n-1; the rest of a zone that nothing covers is NaN, but `count` is 0."""
    dtype = np.dtype(raster.dtypes[band - 1])
    if not (np.issubdtype(dtype, np.integer) or np.issubdtype(dtype, np.floating)):
        raise InputError(
            f"{Path(raster.name).name}: cells of type {dtype}", "numbers are needed", "convert it"
        )
    rows = np.flatnonzero(~shapely.is_missing(placed))
    if len(rows) == 0:
        empty = {op: np.zeros(len(placed)) if op == "count" else np.nan for op in ops}
        return pd.DataFrame(empty, index=np.arange(len(placed)))
    rows = rows[_reading_order(raster, placed[rows])]
    found = exact_extract(
        _Source(raster, band_idx=band),
        GeoPandasFeatureSource(gpd.GeoDataFrame(geometry=placed[rows], crs=raster.crs)),
        ops,
        strategy="feature-sequential",
        output="pandas",
        max_cells_in_memory=MAX_CELLS_IN_MEMORY,
    )
    found.index = rows
    whole = found.reindex(np.arange(len(placed)))
    whole["count"] = whole["count"].fillna(0.0)
    return whole


def _reading_order(raster: Any, shapes: NDArray[Any]) -> NDArray[np.intp]:
    """An order in which zones that lie in the same blocks of the file follow each other."""
    _, block_width = raster.block_shapes[0]
    if block_width >= raster.width:  # stored in strips: from north to south
        return np.argsort(-shapely.bounds(shapes)[:, 3], kind="stable")
    along = gpd.GeoSeries(shapes).hilbert_distance().to_numpy()
    return np.argsort(along, kind="stable")


def _shares(found: pd.DataFrame, name: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    lengths = found["unique"].map(lambda values: np.size(values) if _some(values) else 0)
    zone = np.repeat(np.arange(len(found)), lengths.to_numpy(dtype=np.int64))
    present = found.loc[lengths > 0]
    value = np.concatenate([*present["unique"], np.empty(0)])
    part = np.concatenate([*present["frac"], np.empty(0)]).astype(np.float64)
    classes, column = np.unique(value, return_inverse=True)
    if len(classes) > MAX_CLASSES or (classes != np.round(classes)).any():
        raise SchemaError(
            f"{name}: {len(classes)} different values, such as {classes[0]:g}",
            f"a class raster holds at most {MAX_CLASSES} whole numbers",
            "give a class raster, or take the mean of these values",
        )
    shares = np.zeros((len(found), len(classes)))
    np.add.at(shares, (zone, column), part)
    shares[lengths.to_numpy() == 0] = np.nan
    return classes.astype(np.int64), shares


def _some(values: Any) -> bool:
    return isinstance(values, np.ndarray) and values.size > 0
