"""How likely an earthquake brought a landslide down on a road that nobody has reported on.

Slope above the road from the elevation model and shaking from the ShakeMap go into the published
global model of Nowicki Jessee and others (2018), which gives the share of ground that slides. What
that means for a road is an estimate of this project: slides as wide as `SLIDE_WIDTH_M`, each of
which blocks it. Read as "where to look first", never as "closed".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.crs import STORAGE_CRS, transform_points
from geo.raster import raster_info
from geo.terrain import sample_elevation
from geo.units import slope_deg_from_share
from routing.edge_index import working_lines

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import geopandas as gpd
    from numpy.typing import ArrayLike, NDArray

    from geo.network import RoadTables

# Nowicki Jessee, Hamburger, Allstadt, Wald, Robeson, Tanyas, Hearne, Thompson (2018), A Global
# Empirical Model for Near-Real-Time Assessment of Seismically Induced Landslides, J. Geophys. Res.
# Earth Surface 123, 1835-1859, doi:10.1029/2017JF004494: logit = A + B ln PGV + C slope + D ln PGV
# × slope + lithology + land cover + wetness; share = exp(of a cubic in the probability). Written
# from memory: the largest share that it gives, 0.256, is the one in the USGS configuration of the
# model; the other coefficients could not be checked against the paper here.
_A, _B, _C, _D = -6.30, 1.65, 0.06, 0.01
_CUBIC = (-7.592, 5.237, -3.042, 4.035)
# Lithology and land cover are not loaded: mixed sedimentary rock (-1.36) under sparse vegetation
# (+0.54), the wetness index left out. An estimate for semi-arid mountains.
_GROUND = -0.82
MIN_SLOPE_DEG = 2.0
# Worden, Gerstenberger, Rhoades, Wald (2012), Probabilistic relationships between ground-motion
# parameters and Modified Mercalli Intensity in California, BSSA 102 (1), 204-221,
# doi:10.1785/0120110156: MMI of the logarithm of PGV in cm/s, in two pieces. From memory, too.
_LOW, _HIGH, _BREAK_MMI = (3.78, 1.47), (2.89, 3.16), 4.56
# Width of a slide where it meets the road. Estimate.
SLIDE_WIDTH_M = 50.0
# The slope is measured from the road to so far beside it, on both sides.
BESIDE_M = 100.0
_STEP_M = 200.0
#: An elevation model with larger cells than this flattens the slopes that matter.
COARSE_M = 100.0


def pgv_cm_s(mmi: ArrayLike) -> NDArray[np.float64]:
    """Peak ground velocity in cm/s for an intensity."""
    values = np.asarray(mmi, dtype=np.float64)
    low = (values - _LOW[0]) / _LOW[1]
    high = (values - _HIGH[0]) / _HIGH[1]
    return np.asarray(10.0 ** np.where(values <= _BREAK_MMI, low, high))


def sliding_share(slope_deg: ArrayLike, mmi: ArrayLike) -> NDArray[np.float64]:
    """Share of the ground that slides, 0 to 0.256; 0 where slope or shaking is unknown."""
    slope, log_pgv = np.asarray(slope_deg, dtype=np.float64), np.log(pgv_cm_s(mmi))
    logit = _A + _GROUND + _B * log_pgv + _C * slope + _D * log_pgv * slope
    p = 1.0 / (1.0 + np.exp(-logit))
    share = np.exp(_CUBIC[0] + _CUBIC[1] * p + _CUBIC[2] * p**2 + _CUBIC[3] * p**3)
    return np.where(slope >= MIN_SLOPE_DEG, np.nan_to_num(share), 0.0)


def blocked_prior(
    tables: RoadTables,
    elevation: Path,
    shakemap: gpd.GeoDataFrame,
    *,
    crs: str,
    sample: Callable[..., NDArray[np.float64]] = sample_elevation,
) -> NDArray[np.float64]:
    """(n_edges,) how likely a landslide blocks each edge; 0 in tunnels and on bridges.

    Parameters
    ----------
    shakemap
        Polygons with `mmi`, the lower bound of their band, EPSG:4326. Outside of all is no shaking.
    crs
        Projected working CRS.
    """
    lines = working_lines(tables, crs)
    length_m = shapely.length(lines)
    n_points = np.maximum(np.ceil(length_m / _STEP_M), 1).astype(np.intp)
    edge = np.repeat(np.arange(len(lines)), n_points)
    within = np.arange(len(edge)) - np.repeat(np.cumsum(n_points) - n_points, n_points)
    at_m = (within + 0.5) / n_points[edge] * length_m[edge]
    slope_deg = _slope_above_deg(lines[edge], at_m, elevation, crs, sample)
    middle = shapely.line_interpolate_point(lines[edge], at_m)
    lon, lat = transform_points(
        shapely.get_x(middle), shapely.get_y(middle), source=crs, target=STORAGE_CRS
    )
    share = sliding_share(slope_deg, _mmi_at(shakemap, lon, lat))
    # Tables tell the true length; lines may be drawn more coarsely.
    true_m = tables.edges["length_m"].to_numpy(dtype=np.float64)
    expected = np.bincount(edge, weights=share, minlength=len(lines)) / n_points
    prior = 1.0 - np.exp(-expected * true_m / SLIDE_WIDTH_M)
    carried = (tables.edges["bridge"] | tables.edges["tunnel"]).to_numpy(dtype=bool)
    return np.where(carried, 0.0, prior)


def is_coarse(elevation: Path) -> bool:
    """Whether slopes beside a road drown in the cells of the model."""
    return cell_m(elevation) > COARSE_M


def cell_m(elevation: Path) -> float:
    """Size of a cell in metres, the longer side."""
    return max(raster_info(elevation).resolution_m)


def _slope_above_deg(
    lines: NDArray[np.object_],
    at_m: NDArray[np.float64],
    elevation: Path,
    crs: str,
    sample: Callable[..., NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Steepest rise to either side of points along lines; NaN where there is no height."""
    beside_m = max(BESIDE_M, cell_m(elevation))
    here = shapely.get_coordinates(shapely.line_interpolate_point(lines, at_m))
    ahead = shapely.get_coordinates(shapely.line_interpolate_point(lines, at_m + 5.0))
    behind = shapely.get_coordinates(
        shapely.line_interpolate_point(lines, np.maximum(at_m - 5.0, 0.0))
    )
    way = ahead - behind
    size = np.hypot(way[:, 0], way[:, 1])
    unit = np.divide(way, size[:, None], out=np.zeros_like(way), where=size[:, None] > 0)
    across = np.column_stack([-unit[:, 1], unit[:, 0]]) * beside_m

    def height_m(points: NDArray[np.float64]) -> NDArray[np.float64]:
        lon, lat = transform_points(points[:, 0], points[:, 1], source=crs, target=STORAGE_CRS)
        return sample(elevation, lon, lat)

    road_m = height_m(here)
    rise_m = np.fmax(height_m(here + across), height_m(here - across)) - road_m
    return np.asarray(slope_deg_from_share(np.maximum(rise_m, 0.0) / beside_m))


def _mmi_at(
    shakemap: gpd.GeoDataFrame, lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Strongest band over each point, NaN outside of all."""
    tree = shapely.STRtree(np.asarray(shakemap.geometry.array, dtype=object))
    point, band = tree.query(shapely.points(lon, lat), predicate="intersects")
    mmi = np.full(len(lon), np.nan)
    np.fmax.at(mmi, point, shakemap["mmi"].to_numpy(dtype=np.float64)[band])
    return mmi
