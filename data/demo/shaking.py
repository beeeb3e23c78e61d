"""The drill's shaking: what the published attenuation makes of the earthquake of 8 September 2023.

The attenuation gives the median of many earthquakes. Near the epicentre this one shook harder than
that: an event term brings it to what the USGS ShakeMap shows, as a ShakeMap itself is fitted to
what was observed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from data.demo.terrain import CRS
from geo.crs import STORAGE_CRS, WGS84, project
from geo.shaking import intensity

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from data.demo.tables import Tables

    Bounds = tuple[float, float, float, float]

# Falls in a straight line from the epicentre to nothing at 70 km. Fitted by us, by eye, to the USGS
# ShakeMap of us7000kufc (middle of its bands of 0.2 MMI) less the attenuation, over the drill's
# places: 0.88 within 10 km, 0.69 at 20-30, 0.32 at 40-50, 0.06 at 80-100 km. The spread of single
# earthquakes about the attenuation is itself about one unit.
EVENT_TERM_MMI, EVENT_TERM_ENDS_M = 0.9, 70_000.0
STEP_MMI = 0.5
# Circles as polygons of 4 x 32 sides: 0.12 % less area, far below the width of a band.
QUAD_SEGMENTS = 32
FARTHEST_M, STEP_M = 400_000.0, 50.0
SOURCE = "Al Haouz drill, shaking computed (Allen, Wald and Worden 2012, with an event term)"


def drill_intensity(tables: Tables, lon: ArrayLike, lat: ArrayLike) -> NDArray[np.float64]:
    """Intensity (MMI) at points in degrees, from their geodesic distance to the epicentre."""
    quake = _quake(tables)
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    here = np.full(lon.shape, quake["lon"]), np.full(lat.shape, quake["lat"])
    _, _, distance_m = WGS84.inv(*here, lon, lat)
    return _intensity(quake, distance_m)


def drill_shakemap(tables: Tables, *, bounds: Bounds) -> gpd.GeoDataFrame:
    """Bands of half a unit as rings about the epicentre, cut to `bounds`, weakest first.

    Columns as in ``docs/architecture.md``: `mmi` is the lower bound of the band.
    """
    quake = _quake(tables)
    distance_m = np.arange(0.0, FARTHEST_M, STEP_M)
    mmi = _intensity(quake, distance_m)
    lower = np.arange(np.floor(mmi[-1] / STEP_MMI) * STEP_MMI + STEP_MMI, mmi[0], STEP_MMI)
    # The intensity falls with distance, np.interp wants it rising.
    radius_m = np.interp(lower, mmi[::-1], distance_m[::-1])
    centre = shapely.points(*project(quake["lon"], quake["lat"], CRS))
    discs = shapely.buffer(centre, radius_m, quad_segs=QUAD_SEGMENTS)
    rings = shapely.difference(discs, np.append(discs[1:], shapely.Polygon()))
    bands = gpd.GeoDataFrame(
        {"mmi": lower, "mmi_high": lower + STEP_MMI, "source": SOURCE}, geometry=rings, crs=CRS
    ).to_crs(STORAGE_CRS)
    bands["geometry"] = shapely.intersection(bands.geometry.to_numpy(), shapely.box(*bounds))
    bands["source"] = bands["source"].astype("str")
    return bands[~bands.geometry.is_empty].reset_index(drop=True)


def _quake(tables: Tables) -> pd.Series:
    return tables.event.iloc[0]


def _intensity(quake: pd.Series, distance_m: NDArray[np.float64]) -> NDArray[np.float64]:
    median = intensity(float(quake["magnitude"]), float(quake["depth_km"]) * 1000.0, distance_m)
    return median + EVENT_TERM_MMI * np.clip(1.0 - distance_m / EVENT_TERM_ENDS_M, 0.0, 1.0)
