"""Shaking as macroseismic intensity: from a USGS ShakeMap, or from magnitude and place alone.

Intensity is on the Modified Mercalli scale (MMI). The published attenuation serves the first
minutes, before a ShakeMap exists, and the drill; it knows neither fault nor ground, so it comes
with a standard deviation of about one intensity unit.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Literal, get_args

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.crs import STORAGE_CRS, require_storage, to_storage
from geo.errors import EmptyInputError, InputError, SchemaError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

logger = logging.getLogger(__name__)

# Allen, Wald and Worden (2012), Intensity attenuation for active crustal regions, J. Seismology 16,
# 409-433, doi:10.1007/s10950-012-9278-7, model for hypocentral distance: km, natural logarithm,
# derived from Mw 5.0-7.9 within 300 km. OpenQuake holds the same numbers (AllenEtAl2012Rhypo).
C0, C1, C2, C4 = 2.085, 1.428, -1.402, 0.078
M1, M2 = -0.209, 2.042
S1, S2, S3_KM = 0.82, 0.37, 22.9
FAR_KM = 50.0
MAGNITUDE_RANGE = (5.0, 7.9)

MMI_MIN, MMI_MAX = 1.0, 12.0
# In lower case: the shape and GeoJSON products of ShakeMap 3.5 and 4, and what people rename to.
MMI_COLUMNS = ("paramvalue", "mmi", "intensity", "grid_value", "value")
DEFAULT_BAND = 0.2  # USGS draws MMI polygons in steps of 0.2

#: What the values of a map may be: intensity, or peak acceleration in g or in percent of g.
Measure = Literal["mmi", "g", "%g"]
MEASURES: tuple[Measure, ...] = get_args(Measure)

# Worden, Gerstenberger, Rhoades and Wald (2012), Probabilistic relationships between ground-motion
# parameters and modified Mercalli intensity in California, BSSA 102(1), 204-221, for PGA in cm/s²,
# common logarithm. The pieces below MMI 2 and above are those of ShakeMap's own module.
PGA_PIECES = ((-np.inf, 1.71, 2.08), (0.14, 1.78, 1.55), (1.57, -1.60, 3.70))
PGA_SIGMA_MMI = 0.66
G_CM_S2 = 981.0
PGA_MAX_G = 4.0


def intensity(magnitude: float, depth_m: float, distance_m: ArrayLike) -> NDArray[np.float64]:
    """Median intensity to expect from magnitude, depth and distance.

    Parameters
    ----------
    magnitude
        Moment magnitude, 5.0 to 7.9 (the range of the data behind the relation).
    depth_m
        Depth of the hypocentre below ground, in metres, 0 or more.
    distance_m
        Distance of each site from the epicentre along the ground, in metres, 0 or more.

    Returns
    -------
    numpy.ndarray
        MMI on the shape of `distance_m`, within 1 to 10 (the scale in use ends there); NaN where
        the distance is NaN.

    Raises
    ------
    InputError
        Magnitude, depth or a distance outside of its range.

    Notes
    -----
    With R the hypocentral distance in km::

        RM  = m1 + m2 exp(M - 5)
        MMI = c0 + c1 M + c2 ln sqrt(R^2 + RM^2)        R <= 50 km
            ... + c4 ln(R / 50)                         R >  50 km

    No site term: soft ground shakes up to one unit more. A fault tens of kilometres long is one
    point here, so places near its ends are underestimated.
    """
    _require_source(magnitude, depth_m)
    hypocentral_km = _hypocentral_km(depth_m, distance_m)
    near_km = M1 + M2 * np.exp(magnitude - 5)
    mmi = C0 + C1 * magnitude + C2 * np.log(np.hypot(hypocentral_km, near_km))
    mmi = mmi + C4 * np.log(np.maximum(hypocentral_km, FAR_KM) / FAR_KM)
    clipped: NDArray[np.float64] = np.clip(mmi, MMI_MIN, 10.0)
    return clipped


def intensity_sigma(depth_m: float, distance_m: ArrayLike) -> NDArray[np.float64]:
    """Standard deviation of `intensity` in MMI units, on the shape of `distance_m`."""
    hypocentral_km = _hypocentral_km(depth_m, distance_m)
    sigma: NDArray[np.float64] = S1 + S2 / (1 + (hypocentral_km / S3_KM) ** 2)
    return sigma


def intensity_from_pga(pga_g: ArrayLike) -> NDArray[np.float64]:
    """Intensity that goes with a peak ground acceleration (Worden et al. 2012, PGA only).

    Parameters
    ----------
    pga_g
        Peak acceleration in g, 0 or more.

    Returns
    -------
    numpy.ndarray
        MMI on the same shape, within 1 to 10, NaN where the acceleration is NaN. One standard
        deviation of the relation is `PGA_SIGMA_MMI`.

    Notes
    -----
    With y = log10(PGA in cm/s²): MMI = 1.71 + 2.08 y below y = 0.14, 1.78 + 1.55 y below 1.57,
    -1.60 + 3.70 y above. The residual terms with distance and magnitude are left out.
    """
    pga = np.asarray(pga_g, dtype=np.float64)
    if (pga < 0).any():
        raise InputError(
            f"acceleration {np.nanmin(pga):g} g", "0 g or more is needed", "give the peak"
        )
    with np.errstate(divide="ignore"):
        y = np.log10(pga * G_CM_S2)
    mmi = np.full(y.shape, MMI_MIN)
    for begins, constant, slope in PGA_PIECES:
        mmi = np.where(y >= begins, constant + slope * np.maximum(y, -9.0), mmi)
    clipped: NDArray[np.float64] = np.clip(np.where(np.isnan(pga), np.nan, mmi), MMI_MIN, 10.0)
    return clipped


def shakemap_from_vector(
    frame: gpd.GeoDataFrame, *, source: str, measure: Measure = "mmi"
) -> gpd.GeoDataFrame:
    """Read the polygons of a ShakeMap.

    Parameters
    ----------
    frame
        Polygons in any CRS with the intensity in PARAMVALUE (USGS), mmi, intensity, grid_value or
        value.
    source
        Who made it.
    measure
        What the values are; acceleration becomes intensity by `intensity_from_pga`.

    Returns
    -------
    geopandas.GeoDataFrame
        In EPSG:4326, weakest first: `mmi` (the written value, taken as the lower bound of its
        band), `mmi_high` (the next value, for the strongest band one step more), `source`,
        `geometry`.

    Raises
    ------
    EmptyInputError
        No rows.
    CrsError
        No CRS.
    SchemaError
        Contour lines instead of polygons, no intensity column, or values that are no intensities
        (peak acceleration, for example).
    """
    if len(frame) == 0:
        raise EmptyInputError(
            f"shakemap of {source}", "it holds no rows", "load the polygons of mi.shp"
        )
    rows = to_storage(frame)
    rows = rows[~(rows.geometry.isna() | rows.geometry.is_empty)]
    _require_polygons(rows, source)
    values = _values(rows, source, measure)
    levels = np.unique(values)
    step = float(np.median(np.diff(levels))) if len(levels) > 1 else DEFAULT_BAND
    upper = np.append(levels[1:], levels[-1] + step)[np.searchsorted(levels, values)]
    bands = gpd.GeoDataFrame(
        {
            "mmi": _as_intensity(values, measure),
            "mmi_high": _as_intensity(upper, measure),
            "source": source,
        },
        geometry=rows.geometry.to_numpy(),
        crs=STORAGE_CRS,
    )
    bands = bands.sort_values("mmi", kind="stable").reset_index(drop=True)
    if measure != "mmi":
        bands.attrs["notes"] = [
            "intensity from peak acceleration (Worden et al. 2012), within about one unit"
        ]
    return bands


def measure_column(
    rows: gpd.GeoDataFrame, source: str, measure: Measure = "mmi"
) -> NDArray[np.float64]:
    """Intensity of each row of a map's table, whatever its column is called; else `SchemaError`."""
    return _as_intensity(_values(rows, source, measure), measure)


def _values(rows: gpd.GeoDataFrame, source: str, measure: Measure) -> NDArray[np.float64]:
    """Values as written, checked to be what `measure` says."""
    column = _mmi_column(rows, source)
    values: NDArray[np.float64] = pd.to_numeric(rows[column], errors="coerce").to_numpy(
        dtype=np.float64
    )
    if measure == "mmi":
        _require_intensities(values, column, source)
    else:
        _require_accelerations(values, column, source, measure)
    return values


def _as_intensity(values: NDArray[np.float64], measure: Measure) -> NDArray[np.float64]:
    if measure == "mmi":
        return values
    return intensity_from_pga(values if measure == "g" else values / 100)


def intensity_at(shakemap: gpd.GeoDataFrame, points: Any) -> pd.Series:
    """Intensity at points: the strongest band that holds each of them.

    Parameters
    ----------
    shakemap
        As `shakemap_from_vector` gives it, in EPSG:4326.
    points
        GeoDataFrame or GeoSeries of points in EPSG:4326.

    Returns
    -------
    pandas.Series
        Lower bound of the band, MMI, on the index of `points`; NaN outside of the map.
    """
    return band_at(shakemap, points)["mmi"]


def band_at(shakemap: gpd.GeoDataFrame, points: Any) -> pd.DataFrame:
    """Lower and upper bound (`mmi`, `mmi_high`) of the strongest band that holds each point."""
    require_storage(shakemap, "shakemap")
    require_storage(points, "points")
    strongest = np.full(len(points), -1, dtype=np.int64)
    if len(shakemap) and len(points):
        order = np.argsort(shakemap["mmi"].to_numpy(), kind="stable")
        # The bands ask the points: a band of thousands of vertices is prepared once, not a point.
        tree = shapely.STRtree(points.geometry.to_numpy())
        band, point = tree.query(shakemap.geometry.to_numpy()[order], predicate="intersects")
        np.maximum.at(strongest, point, band)
        strongest = np.where(strongest >= 0, order[strongest], -1)
    found = strongest >= 0
    bands = {
        name: np.where(found, shakemap[name].to_numpy(dtype=np.float64)[strongest], np.nan)
        if len(shakemap)
        else np.full(len(points), np.nan)
        for name in ("mmi", "mmi_high")
    }
    return pd.DataFrame(bands, index=points.index)


def _require_source(magnitude: float, depth_m: float) -> None:
    low, high = MAGNITUDE_RANGE
    if not low <= magnitude <= high:
        raise InputError(
            f"magnitude {magnitude:g}",
            f"the attenuation holds from {low:g} to {high:g}",
            "use a ShakeMap, or a magnitude in this range",
        )
    if not 0 <= depth_m <= 100_000:
        raise InputError(
            f"depth {depth_m:g} m",
            "0 to 100,000 m is needed (crustal earthquakes)",
            "give the depth in metres",
        )


def _hypocentral_km(depth_m: float, distance_m: ArrayLike) -> NDArray[np.float64]:
    distance = np.asarray(distance_m, dtype=np.float64)
    if (distance < 0).any():
        raise InputError(
            f"distance {np.nanmin(distance):g} m", "0 m or more is needed", "give metres"
        )
    return np.hypot(distance, depth_m) / 1000.0


def _require_polygons(rows: gpd.GeoDataFrame, source: str) -> None:
    kinds = shapely.get_type_id(rows.geometry.to_numpy())
    if len(rows) and np.isin(kinds, (3, 6)).all():
        return
    what = "lines among the polygons" if np.isin(kinds, (1, 5)).any() else "no polygons"
    raise SchemaError(
        f"shakemap of {source}: {what}",
        "polygons of intensity are needed",
        "load grid.xml, cont_mmi.json or mi.shp of the ShakeMap",
    )


def _mmi_column(rows: gpd.GeoDataFrame, source: str) -> Any:
    names = {str(column).lower(): column for column in rows.columns}
    found: Sequence[Any] = [names[name] for name in MMI_COLUMNS if name in names]
    if not found:
        raise SchemaError(
            f"shakemap of {source} with the columns {', '.join(map(str, rows.columns))}",
            f"one of {', '.join(MMI_COLUMNS)} is needed",
            "name the intensity column mmi",
        )
    return found[0]


def _require_intensities(mmi: NDArray[np.float64], column: Any, source: str) -> None:
    if np.isfinite(mmi).all() and mmi.min() >= MMI_MIN and mmi.max() <= MMI_MAX:
        return
    raise SchemaError(
        f"shakemap of {source}: {column} from {np.nanmin(mmi):g} to {np.nanmax(mmi):g}"
        if np.isfinite(mmi).any()
        else f"shakemap of {source}: {column} holds no numbers",
        "intensities of 1 to 12 are needed; this may be peak acceleration or velocity",
        "load the polygons of mi.shp, or acceleration with --measure g or --measure %g",
    )


def _require_accelerations(
    values: NDArray[np.float64], column: Any, source: str, measure: Measure
) -> None:
    limit = PGA_MAX_G if measure == "g" else PGA_MAX_G * 100
    if np.isfinite(values).all() and values.min() >= 0 and values.max() <= limit:
        return
    shown = (
        f"from {np.nanmin(values):g} to {np.nanmax(values):g}"
        if np.isfinite(values).any()
        else "holds no numbers"
    )
    raise SchemaError(
        f"shakemap of {source}: {column} {shown}",
        f"peak accelerations of 0 to {limit:g} {measure} are needed",
        "say in which unit they are: --measure g or --measure %g",
    )
