"""Population rasters at the door: people per cell, whatever the file calls it, or a refusal.

WorldPop, GHS-POP and Meta's HRSL give people per cell; GPW and others also give people per square
kilometre. A density is made into counts where the file says that it is one, with the true area of
each cell. A height looks like any other number, so values that no population has are refused.
"""

from __future__ import annotations

import logging
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pyproj import CRS, Proj
from rasterio.windows import Window

from geo.crs import WGS84, transform_points
from geo.errors import CoverageError, EmptyInputError, SchemaError
from geo.frames import BLOCK, Frame, atomic_raster, read_masked, write_profile
from geo.raster import open_raster, raster_info
from geo.raster_guards import require_upright
from geo.zonal import band_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from geo.crs import Bounds

logger = logging.getLogger(__name__)

# The densest square kilometres of the global grids hold some 100,000 to 200,000 people (Cairo,
# Dhaka); a cell of 100 m may be denser.
MAX_CELL_PER_KM2 = 500_000.0
# Metropolitan Dhaka, the densest city of its size, has some 30,000 people a km2 over all.
MAX_MEAN_PER_KM2 = 40_000.0
MAX_TOTAL = 9_000_000_000.0
# Heights leave no cell nearly empty; people leave most of them so. Of a smaller raster, or a thinly
# settled one, this says nothing.
EMPTIEST_SHARE, CELLS_TO_TELL, PER_KM2_TO_TELL = 0.05, 1000, 100.0
# Float32 rounding of a resampled raster, not a licence to count below nothing.
TOLERANCE = 1e-6

_PEOPLE = r"(?:people|persons?|pers|inhabitants?|habitants?|hab|population|pop|ppl|counts?)"
_COUNT = re.compile(rf"{_PEOPLE}?(?:(?:per|/|par)(?:grid)?(?:cell|pixel|cellule))?")
_PER_KM2 = re.compile(
    rf"{_PEOPLE}?(?:/|per|par)(?:km\^?2|km²|sqkm|sq\.km|squarekilomet(?:er|re)s?)|{_PEOPLE}km-2"
)
_PER_HA = re.compile(rf"{_PEOPLE}?(?:/|per|par)(?:ha|hectares?)|{_PEOPLE}ha-1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """A raster of people per cell, at `path`; `total` is its sum, in persons."""

    path: Path
    total: float
    bounds: Bounds
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scan:
    """What the cells hold: persons, km2 with a value, and persons per km2."""

    n_valid: int
    low: float
    total: float
    area_km2: float
    densest: float
    emptiest: float


def read_population(
    raster_path: Path | str, counts_path: Path | str, *, area: Bounds | None = None
) -> Population:
    """Check a population raster, and make a density into people per cell.

    Parameters
    ----------
    raster_path
        GeoTIFF of one band in any CRS, of people per cell. A density is converted if the unit of
        its band says so (for example ``people/km2`` or ``inhabitants per ha``).
    counts_path
        Where the counts are written if the raster is a density; not touched otherwise.
    area
        West, south, east, north in degrees of what it should cover.

    Returns
    -------
    Population
        Its `path` is `raster_path` as given, or `counts_path`.

    Raises
    ------
    UnreadableError, CrsError, TooLargeError
        As `geo.raster.open_raster`; also a rotated grid or swapped axes.
    InputError
        Several bands.
    EmptyInputError
        No cell has a value.
    SchemaError
        A unit that is not of people, negative counts, or values that no population has (a height).
    CoverageError
        It covers nothing of `area`.
    """
    name = Path(raster_path).name
    notes: list[str] = []
    with open_raster(raster_path) as raster:
        require_upright(raster, name)
        band_number(raster, None, name)
        per_km2 = _density(raster, name, notes)
        found = _scan(raster, per_km2)
        _require_people(raster, found, name)
        if raster.nodata is None:
            notes.append("no value is declared for 'nothing': every cell counts as it stands")
        if per_km2 is not None:
            _write_counts(raster, per_km2, Path(counts_path))
    bounds = raster_info(raster_path).bounds
    if area is not None:
        notes += _covers(bounds, area, name)
    logger.info("%s: %.0f people in %d cells", name, found.total, found.n_valid)
    return Population(
        path=Path(raster_path if per_km2 is None else counts_path),
        total=found.total,
        bounds=bounds,
        notes=tuple(notes),
    )


def _density(raster: Any, name: str, notes: list[str]) -> float | None:
    """Factor from the values to people per km2, or None if they are people per cell."""
    tags = {key.lower(): value for key, value in (raster.tags(1) | raster.tags()).items()}
    said = str(raster.units[0] or tags.get("units") or tags.get("unit") or "").strip()
    unit = re.sub(r"[\s_]+", "", said.lower())
    if _PER_KM2.fullmatch(unit) or _PER_HA.fullmatch(unit):
        notes.append(f"{said} was made into people per cell")
        return 100.0 if _PER_HA.fullmatch(unit) else 1.0
    if not _COUNT.fullmatch(unit):
        raise SchemaError(
            f"{name}: its unit is {said!r}",
            "people per cell, or per km2 or hectare, are needed",
            "give a population raster; heights are loaded as elevation",
        )
    if not unit:
        notes.append("no unit is declared: its cells are taken as people per cell")
    return None


# --- what the cells hold ----------------------------------------------------------------------


def _scan(raster: Any, per_km2: float | None) -> _Scan:
    n_valid, total, area_km2 = 0, 0.0, 0.0
    low, emptiest, densest = math.inf, math.inf, -math.inf
    for window in _windows(raster):
        people, cell_km2 = _people(raster, window, per_km2)
        valid = ~np.ma.getmaskarray(people)
        if not valid.any():
            continue
        values, cells = people.data[valid], np.broadcast_to(cell_km2, people.shape)[valid]
        density = values / cells
        n_valid += len(values)
        total, area_km2 = total + float(values.sum()), area_km2 + float(cells.sum())
        low = min(low, float(values.min()))
        emptiest = min(emptiest, float(density.min()))
        densest = max(densest, float(density.max()))
    return _Scan(
        n_valid=n_valid,
        low=low,
        total=total,
        area_km2=area_km2,
        densest=densest,
        emptiest=emptiest,
    )


def _require_people(raster: Any, found: _Scan, name: str) -> None:
    if found.n_valid == 0:
        raise EmptyInputError(name, "no cell of it has a value", "give another raster")
    if found.low < -TOLERANCE:
        undeclared = raster.nodata is None
        raise SchemaError(
            f"{name}: counts down to {found.low:g}",
            "people per cell are never negative"
            + ("; the file declares no value for 'nothing'" if undeclared else ""),
            f"if {found.low:g} means 'nothing', declare it: gdal_edit.py -a_nodata {found.low:g}"
            if undeclared
            else "give a population raster",
        )
    mean = found.total / found.area_km2
    even = found.emptiest > EMPTIEST_SHARE * mean
    heights = found.n_valid >= CELLS_TO_TELL and mean > PER_KM2_TO_TELL and even
    too_many = (
        found.densest > MAX_CELL_PER_KM2 or mean > MAX_MEAN_PER_KM2 or found.total > MAX_TOTAL
    )
    if too_many or heights:
        how = "no cell of it is nearly empty" if not too_many else "that is too many"
        raise SchemaError(
            f"{name}: {found.total:,.0f} people, on average {mean:,.0f} a km2, at most "
            f"{found.densest:,.0f} ({how})",
            "no population is like that; is it a height, or a density without its unit?",
            "load heights as elevation; declare a density: gdal_edit.py -units 'people/km2'",
        )


def _people(raster: Any, window: Window, per_km2: float | None) -> tuple[Any, NDArray[np.float64]]:
    """People per cell of a window, masked; and the area of its cells in km2, to be broadcast."""
    values = read_masked(raster, 1, window).astype(np.float64)
    values = values * raster.scales[0] + raster.offsets[0]
    cell_km2 = _cell_km2(raster, window)
    return (values if per_km2 is None else values * per_km2 * cell_km2), cell_km2


def _cell_km2(raster: Any, window: Window) -> NDArray[np.float64]:
    """True area of the cells of a window, (rows, 1) or (1, 1), in km2."""
    if raster.crs.is_geographic:
        edge = np.arange(window.height + 1) + window.row_off
        lat = np.clip(raster.transform.f + raster.transform.e * edge, -90.0, 90.0)
        zone = _area_north_of_equator_m2(np.radians(lat)) * np.radians(raster.transform.a)
        return np.asarray(np.maximum(-np.diff(zone), 1e-3)[:, np.newaxis] / 1e6)
    crs = CRS.from_user_input(raster.crs)
    x, y = raster.transform @ (
        window.col_off + window.width / 2,
        window.row_off + window.height / 2,
    )
    lon, lat = transform_points([x], [y], source=crs, target="EPSG:4326")
    stretched = float(Proj(crs).get_factors(lon[0], lat[0]).areal_scale)
    metre = float(raster.crs.linear_units_factor[1])
    scale = stretched if math.isfinite(stretched) and stretched > 0 else 1.0
    return np.array([[abs(raster.transform.determinant) * metre**2 / scale / 1e6]])


def _area_north_of_equator_m2(lat_rad: NDArray[np.float64]) -> NDArray[np.float64]:
    """Area of the ellipsoid between the equator and a latitude, in m2 a radian of longitude.

    Snyder (1987), Map Projections, USGS PP 1395, equation 3-12.
    """
    e2 = WGS84.es
    e, sine = math.sqrt(e2), np.sin(lat_rad)
    q = (1 - e2) * (sine / (1 - e2 * sine**2) + np.arctanh(e * sine) / e)
    return np.asarray(WGS84.a**2 / 2 * q)


def _write_counts(raster: Any, per_km2: float, out: Path) -> None:
    frame = Frame(
        crs=raster.crs, transform=raster.transform, width=raster.width, height=raster.height
    )
    profile = write_profile(frame, n_bands=1, dtype="float64", nodata=math.nan)
    with atomic_raster(out, profile) as target:
        target.units = ("people",)
        for window in _windows(raster):
            people, _ = _people(raster, window, per_km2)
            target.write(people.filled(math.nan), 1, window=window)


def _windows(raster: Any) -> Iterator[Window]:
    for row in range(0, raster.height, BLOCK):
        for col in range(0, raster.width, BLOCK):
            width, height = min(BLOCK, raster.width - col), min(BLOCK, raster.height - row)
            yield Window(col, row, width, height)


def _covers(bounds: Bounds, area: Bounds, name: str) -> list[str]:
    west, south, east, north = bounds
    if west >= area[2] or east <= area[0] or south >= area[3] or north <= area[1]:
        raise CoverageError(
            f"{name}: lon {west:.2f} to {east:.2f}, lat {south:.2f} to {north:.2f}",
            f"it covers nothing of the situation's area (lon {area[0]:.2f} to {area[2]:.2f}, lat "
            f"{area[1]:.2f} to {area[3]:.2f})",
            "give the population raster of this area",
        )
    whole = west <= area[0] and south <= area[1] and east >= area[2] and north >= area[3]
    return [] if whole else ["it covers a part of the situation's area only"]
