"""Damage rasters: what share of a place they show damaged, and how much of it they cover.

A raster says nothing by itself. Either it is a float raster whose cells are shares from 0 to 1, or
its whole-numbered classes are given a meaning by whoever loads it. Cells without a value, and cells
of a class that means "not analysed", are not assessed; they never count as undamaged.

Damage is not computed from pictures here (10 m imagery finds none of it); rasters of analysts and
damage-proxy maps are read.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo.crs import require_crs
from geo.errors import InputError, SchemaError
from geo.grades import GRADES
from geo.raster import open_raster
from geo.zonal import band_number, class_shares, zonal_statistics

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    import geopandas as gpd
    from numpy.typing import NDArray

logger = logging.getLogger(__name__)

# Share of homes lost in a cell of each class: the same rule as for counted buildings, where what
# is only possibly damaged moves the upper bound and not the value.
SHARE_OF_GRADE: Mapping[str, float] = MappingProxyType(
    {"destroyed": 1.0, "damaged": 1.0, "possibly_damaged": 0.0, "no_visible_damage": 0.0}
)
HIGH_SHARE_OF_GRADE: Mapping[str, float] = MappingProxyType(
    {**SHARE_OF_GRADE, "possibly_damaged": 1.0}
)
# Float32 rounding of a resampled share, not a licence to read percents.
TOLERANCE = 1e-3
# Below this a zone only touches the raster along an edge, by rounding of coordinates.
LEAST_COVERED = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class DamageRaster:
    """A damage raster with who made it, when it was seen and what its classes mean.

    `classes` maps each whole number of the raster to a grade; None means shares of what `scale`
    is (1: from 0 to 1; 100: percents; 255: bytes).
    """

    path: Path
    source: str
    observed_at: datetime | None = None
    classes: Mapping[int, str] | None = None
    band: int | None = None
    scale: float | None = None


def zone_damage(
    raster_path: Path | str,
    zones: gpd.GeoDataFrame,
    *,
    classes: Mapping[int, str] | None = None,
    band: int | None = None,
    scale: float | None = None,
) -> pd.DataFrame:
    """Damage share of zones, weighted by the exact part of each cell that lies in the zone.

    Parameters
    ----------
    raster_path
        GeoTIFF in any CRS. It is read in windows, so it may be larger than memory.
    zones
        Polygons in any CRS.
    classes
        Grade of each whole number the raster holds, for example
        ``{0: "no_visible_damage", 1: "possibly_damaged", 2: "damaged", 255: "not_analysed"}``.
        None for a float raster of shares from 0 to 1.
    band
        Number of the band, from 1; needed if there are several.
    scale
        The value that means that all is lost, for a raster of shares; 1 if it is not said, which
        whole numbers need to be.

    Returns
    -------
    pandas.DataFrame
        On the index of `zones`: `damage_share` (0 to 1, of what is covered), `damage_share_high`
        (with what is possibly damaged), both NaN where nothing is covered, and `covered_share`
        (0 to 1, part of the zone that holds analysed cells).

    Raises
    ------
    UnreadableError, CrsError, TooLargeError
        As `geo.raster.open_raster`; CrsError also where the zones have no CRS.
    InputError
        Whole numbers without a meaning, an unknown grade, or several bands and none chosen.
    SchemaError
        A share below 0 or above 1, or a class that `classes` does not name.
    CoverageError
        The raster lies wholly outside of the zones.
    """
    require_crs(zones, "zones")
    require_damage_raster(raster_path, classes=classes, band=band, scale=scale)
    name = Path(raster_path).name
    if classes is None:
        found = zonal_statistics(
            raster_path, zones, statistics=("coverage", "mean", "min", "max"), bands=band
        )
        covered = found["coverage"].to_numpy(dtype=np.float64)
        share = high = _shares(found, scale or 1.0, name)
    else:
        held = class_shares(raster_path, zones, band=band)
        share, high, analysed = _class_shares(held.shares, classes, name)
        covered = held.coverage.to_numpy(dtype=np.float64) * analysed
    nothing = covered < LEAST_COVERED
    return pd.DataFrame(
        {
            "damage_share": np.where(nothing, np.nan, share),
            "damage_share_high": np.where(nothing, np.nan, high),
            "covered_share": np.where(nothing, 0.0, np.clip(covered, 0.0, 1.0)),
        },
        index=zones.index,
    )


def require_damage_raster(
    raster_path: Path | str,
    *,
    classes: Mapping[int, str] | None = None,
    band: int | None = None,
    scale: float | None = None,
) -> None:
    """Check that a raster can be read as damage before it is kept.

    Raises
    ------
    UnreadableError, CrsError, TooLargeError
        As `geo.raster.open_raster`.
    InputError
        Whole numbers without a meaning, an unknown grade, several bands and none chosen, classes
        and a scale together, or a scale that is no positive number.
    """
    _require_grades(classes)
    _require_scale(classes, scale)
    with open_raster(raster_path) as raster:
        name = Path(raster_path).name
        number = band_number(raster, band, name)
        _require_meaning(raster.dtypes[number - 1], classes, scale, name)


def _shares(found: pd.DataFrame, scale: float, name: str) -> NDArray[np.float64]:
    low, high = found["min"].min() / scale, found["max"].max() / scale
    if low < -TOLERANCE or high > 1 + TOLERANCE:
        raise SchemaError(
            f"{name}: values from {low * scale:g} to {high * scale:g}",
            "shares of damaged buildings are needed, from 0 to "
            + ("1" if scale == 1 else f"the scale {scale:g}"),
            "say the scale (100 for percents), or give classes a meaning",
        )
    share: NDArray[np.float64] = np.clip(found["mean"].to_numpy(dtype=np.float64) / scale, 0.0, 1.0)
    return share


def _class_shares(
    shares: pd.DataFrame, classes: Mapping[int, str], name: str
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Damage share and upper bound among analysed cells, and the analysed share of valid cells."""
    unnamed = sorted(set(shares.columns) - set(classes))
    if unnamed:
        raise SchemaError(
            f"{name}: classes {', '.join(map(str, unnamed))} have no meaning",
            "every class in the raster needs one",
            f"add for example {unnamed[0]}: 'not_analysed' to the classes",
        )
    parts = np.nan_to_num(shares.to_numpy(dtype=np.float64))

    def summed(weights: Mapping[str, float]) -> NDArray[np.float64]:
        weight = [weights.get(classes[value], 0.0) for value in shares.columns]
        total: NDArray[np.float64] = parts @ np.array(weight, dtype=np.float64)
        return total

    analysed = summed({grade: 1.0 for grade in GRADES if grade != "not_analysed"})
    safe = np.where(analysed > 0, analysed, 1.0)
    return summed(SHARE_OF_GRADE) / safe, summed(HIGH_SHARE_OF_GRADE) / safe, analysed


def _require_grades(classes: Mapping[int, str] | None) -> None:
    wrong = sorted({str(grade) for grade in (classes or {}).values()} - set(GRADES))
    if wrong or classes == {}:
        raise InputError(
            f"classes with the grades {', '.join(wrong) or 'none'}",
            f"each class needs one of {', '.join(GRADES)}",
            "correct the classes",
        )


def _require_scale(classes: Mapping[int, str] | None, scale: float | None) -> None:
    if scale is None:
        return
    if classes is not None:
        raise InputError("classes and a scale", "a raster holds classes or shares", "give one")
    if not (np.isfinite(scale) and scale > 0):
        raise InputError(
            f"scale {scale:g}",
            "the value that means all is lost is needed",
            "give 100 for percents",
        )


def _require_meaning(
    dtype: str, classes: Mapping[int, str] | None, scale: float | None, name: str
) -> None:
    whole = np.issubdtype(np.dtype(dtype), np.integer)
    if whole and classes is None and scale is None:
        raise InputError(
            f"{name}: a raster of whole numbers ({dtype})",
            "its classes need a meaning",
            "give it, for example classes={0: 'no_visible_damage', 1: 'possibly_damaged', "
            "2: 'damaged', 3: 'destroyed'}, or the scale of a share (100 for percents)",
        )
    if not whole and not np.issubdtype(np.dtype(dtype), np.floating):
        raise InputError(f"{name}: cells of type {dtype}", "numbers are needed", "convert it")
