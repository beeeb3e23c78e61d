"""The two coordinate reference systems of a situation, and the guards in front of measuring.

Storage and exchange are EPSG:4326, order lon, lat. Whatever measures takes the one projected
working CRS of the situation: the UTM zone of its area. Nothing measures in degrees, and nothing
measures in EPSG:3857, which is for tiles only: at 31° N it stretches lengths by 17 %.

Bounds are always `(west, south, east, north)`.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from pyproj import CRS, Geod, Transformer
from pyproj.exceptions import CRSError as ProjCrsError

from geo.errors import CrsError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Bounds = tuple[float, float, float, float]

STORAGE_CRS = "EPSG:4326"

# UTM is defined between 80° S and 84° N (NGA.SIG.0012, 2014, section 7).
UTM_SOUTH_DEG, UTM_NORTH_DEG = -80.0, 84.0
# Scales for the screen, not for measuring: web Mercator under its official and two older codes.
SCREEN_CRS_CODES = frozenset({3857, 3785, 900913})
WGS84 = Geod(ellps="WGS84")


def working_crs(bounds: Bounds) -> str:
    """Projected CRS in which an area is measured: the UTM zone of its centre.

    Parameters
    ----------
    bounds
        (west, south, east, north) in degrees.

    Returns
    -------
    str
        ``EPSG:326zz`` north of the equator, ``EPSG:327zz`` south of it.

    Raises
    ------
    CrsError
        The bounds are no degrees, or lie outside the zones of UTM.
    """
    west, south, east, north = require_bounds(bounds, "area")
    lon, lat = (west + east) / 2, (south + north) / 2
    if not UTM_SOUTH_DEG <= lat <= UTM_NORTH_DEG:
        raise CrsError(
            f"area centred at latitude {lat:.2f}",
            "UTM zones end at 80° south and 84° north",
            "name a projected working CRS for this area",
        )
    zone = min(int((lon + 180) // 6) + 1, 60)
    return f"EPSG:{326 if lat >= 0 else 327}{zone:02d}"


def require_bounds(bounds: Bounds, what: str) -> Bounds:
    """Give back `bounds` if they are (west, south, east, north) in degrees, else raise CrsError."""
    values = tuple(float(value) for value in bounds)
    if len(values) == 4 and all(map(math.isfinite, values)):
        west, south, east, north = values
        if -180 <= west <= east <= 180 and -90 <= south <= north <= 90:
            return west, south, east, north
    raise CrsError(
        f"{what}: bounds {bounds}",
        "west, south, east, north in degrees are needed, west below east and south below north",
        "check the order and the signs",
    )


def to_working(gdf: Any, crs: str) -> Any:
    """`gdf` (GeoDataFrame or GeoSeries) in the projected CRS `crs`; the given one is unchanged."""
    require_projected_crs(crs, "working CRS")
    require_crs(gdf, "table")
    return gdf.to_crs(crs)


def to_storage(gdf: Any) -> Any:
    """`gdf` (GeoDataFrame or GeoSeries) in EPSG:4326, order lon, lat."""
    require_crs(gdf, "table")
    return gdf.to_crs(STORAGE_CRS)


def require_crs(gdf: Any, what: str) -> None:
    """Raise CrsError if `gdf` does not say in which CRS its coordinates are."""
    if gdf.crs is None:
        raise CrsError(
            what,
            "it has no CRS, so nobody knows where its coordinates lie",
            "store it again with its CRS (in QGIS: Export, Save Features As, choose the CRS)",
        )


def require_storage(gdf: Any, what: str) -> None:
    """Raise CrsError unless `gdf` is in EPSG:4326."""
    require_crs(gdf, what)
    if not same_crs(gdf.crs, STORAGE_CRS):
        raise CrsError(
            f"{what}: CRS is {crs_name(gdf.crs)}",
            f"{STORAGE_CRS} is needed for storage",
            "call geo.crs.to_storage() first",
        )


def require_projected(gdf: Any, what: str) -> None:
    """Raise CrsError unless lengths and areas of `gdf` can be measured in metres."""
    require_crs(gdf, what)
    require_projected_crs(gdf.crs, what)


def require_projected_crs(crs: Any, what: str) -> None:
    """Raise CrsError unless `crs` is projected, in metres and not made for screens."""
    given = parse_crs(crs, what)
    if not given.is_projected:
        raise CrsError(
            f"{what}: CRS is {crs_name(given)}",
            "a projected CRS is needed for distances in metres",
            "call geo.crs.to_working() first",
        )
    if given.to_epsg() in SCREEN_CRS_CODES:
        raise CrsError(
            f"{what}: CRS is {crs_name(given)}",
            "web Mercator is for tiles and stretches lengths (by 17 % at 31° N)",
            "use the UTM zone of the area, geo.crs.working_crs(bounds)",
        )
    if any(not math.isclose(axis.unit_conversion_factor, 1.0) for axis in given.axis_info):
        raise CrsError(
            f"{what}: CRS is {crs_name(given)}, its axes are in {given.axis_info[0].unit_name}",
            "a CRS in metres is needed",
            "use the UTM zone of the area, geo.crs.working_crs(bounds)",
        )


def require_same_crs(left: Any, right: Any, what: str) -> None:
    """Raise CrsError unless two tables are in the same CRS; nothing is reprojected silently."""
    require_crs(left, what)
    require_crs(right, what)
    if not same_crs(left.crs, right.crs):
        raise CrsError(
            f"{what}: {crs_name(left.crs)} and {crs_name(right.crs)}",
            "both must be in the same CRS",
            "bring both to one with geo.crs.to_storage() or geo.crs.to_working()",
        )


def same_crs(left: Any, right: Any) -> bool:
    """Whether two CRS are the same for us; the order of axes is always lon, lat here.

    ``OGC:CRS84`` and ``EPSG:4326`` differ in the order of axes only, so they count as the same.
    """
    return CRS.from_user_input(left).equals(CRS.from_user_input(right), ignore_axis_order=True)


def parse_crs(crs: Any, what: str) -> CRS:
    """Turn text, a code or an object into a CRS; raise CrsError where that fails."""
    try:
        return CRS.from_user_input(crs)
    except (ProjCrsError, TypeError) as error:
        raise CrsError(
            f"{what}: CRS {crs!r}",
            "no known coordinate reference system",
            "give a code such as EPSG:32629",
        ) from error


def crs_name(crs: Any) -> str:
    """Short name of a CRS for messages: its code where it has one, else its title."""
    given = CRS.from_user_input(crs)
    code = given.to_epsg()
    return f"EPSG:{code}" if code else str(given.name)


def project(
    lon: ArrayLike, lat: ArrayLike, crs: Any
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Metres east and north in the projected `crs` of points in degrees.

    Points that the CRS cannot show, and NaN, come back as inf.
    """
    require_projected_crs(crs, "project")
    x, y = _transformer(STORAGE_CRS, CRS.from_user_input(crs).to_wkt()).transform(
        np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    )
    return np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)


def unproject(
    x_m: ArrayLike, y_m: ArrayLike, crs: Any
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Degrees lon and lat of points in metres of the projected `crs`; the inverse of `project`."""
    require_projected_crs(crs, "unproject")
    lon, lat = _transformer(CRS.from_user_input(crs).to_wkt(), STORAGE_CRS).transform(
        np.asarray(x_m, dtype=np.float64), np.asarray(y_m, dtype=np.float64)
    )
    return np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)


def transform_points(
    x: ArrayLike, y: ArrayLike, *, source: Any, target: Any
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points of one CRS in another, always in the order x (lon, east), y (lat, north)."""
    transformer = _transformer(
        parse_crs(source, "source").to_wkt(), parse_crs(target, "target").to_wkt()
    )
    out_x, out_y = transformer.transform(
        np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    )
    return np.asarray(out_x, dtype=np.float64), np.asarray(out_y, dtype=np.float64)


# The points of a country's roads, and what is computed of them, would fill the memory at once.
_LINES_AT_A_TIME = 200_000


def geodesic_length_m(lines: Any) -> NDArray[np.float64]:
    """Length of lines on the WGS 84 ellipsoid, in metres.

    Parameters
    ----------
    lines
        (n,) LineStrings or MultiLineStrings in EPSG:4326: an array, a GeoSeries or a GeoDataFrame.
        The gap between two parts of a MultiLineString does not count.

    Returns
    -------
    numpy.ndarray
        (n,) metres, in the order given; 0 for an empty line, NaN for a missing one.

    Raises
    ------
    CrsError
        A GeoSeries or GeoDataFrame in another CRS was given.

    Notes
    -----
    Inverse geodesic by Karney (2013), doi:10.1007/s00190-012-0578-z, as in PROJ.
    """
    if getattr(lines, "crs", None) is not None:
        require_storage(lines, "lines")
    geometries = np.asarray(getattr(lines, "geometry", lines), dtype=object)
    if len(geometries) > _LINES_AT_A_TIME:
        begins = range(0, len(geometries), _LINES_AT_A_TIME)
        some = [geodesic_length_m(geometries[at : at + _LINES_AT_A_TIME]) for at in begins]
        return np.concatenate(some)
    parts, line_of_part = shapely.get_parts(geometries, return_index=True)
    points, part_of_point = shapely.get_coordinates(parts, return_index=True)
    joined = np.flatnonzero(part_of_point[1:] == part_of_point[:-1])
    start, end = points[joined], points[joined + 1]
    _, _, step_m = WGS84.inv(start[:, 0], start[:, 1], end[:, 0], end[:, 1])
    length_m = np.bincount(
        line_of_part[part_of_point[joined]], weights=step_m, minlength=len(geometries)
    ).astype(np.float64)
    length_m[shapely.is_missing(geometries)] = np.nan
    return length_m


@lru_cache(maxsize=32)
def _transformer(source: str, target: str) -> Transformer:
    # PROJ takes some 20 ms to find the way between two systems; a Transformer is thread-safe since
    # pyproj 3.1 because it keeps one context a thread.
    return Transformer.from_crs(source, target, always_xy=True)
