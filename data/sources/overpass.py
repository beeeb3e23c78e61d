"""Roads and places of an area from OpenStreetMap, by Overpass; the area by name, by Nominatim.

osmnx finds the area of a name. The roads are asked of Overpass as OSM XML and read by
`data.sources.osm`, the same way as an extract, so that an edge has the same id and the same tags
whether it was fetched or loaded from a file: see docs/decisions/0002-fetching.md.
"""

from __future__ import annotations

import logging
import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shapely.geometry import box

from data.retrieve import Endpoints, FetchError, HttpRetriever, Request, Retriever
from data.sources.osmnx_calls import osmnx_calls
from geo.crs import WGS84, Bounds
from geo.errors import InputError, TooLargeError, UnreadableError
from geo.scripts import clean_name

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger(__name__)

SOURCE_NAME = "OpenStreetMap"
LICENCE = "ODbL-1.0, © OpenStreetMap contributors"
# 2,500 km² is about the size of osmnx's own limit for one query, and a third of Al Haouz province.
MAX_AREA_KM2 = 2_500.0
# With `large`: three times Al Haouz. Beyond, an extract of the country is quicker and kinder.
MAX_LARGE_AREA_KM2 = 20_000.0
MAX_OSM_BYTES = 1_000_000_000
# The server plans its memory by these; it refuses a query that claims more than it has left.
SERVER_TIMEOUT_S = 180
SERVER_MAX_BYTES = 1_073_741_824
# A name may stand for a point, as most douars do in OpenStreetMap: then this far around it.
AROUND_POINT_M = 10_000.0

_NUMBER = r"\s*[+-]?\d+(?:\.\d+)?\s*"
_BOUNDS = re.compile(rf"({_NUMBER}),({_NUMBER}),({_NUMBER}),({_NUMBER})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """What is to be fetched: a name for people and bounds in EPSG:4326."""

    name: str
    bounds: Bounds
    area_km2: float


def find_area(area: str, *, large: bool = False, endpoints: Endpoints | None = None) -> Area:
    """Find the area that a person wrote.

    Parameters
    ----------
    area
        ``west,south,east,north`` in degrees, or the name of a place ("Asni, Maroc").
    large
        Allow up to 20,000 km² instead of 2,500 km².

    Raises
    ------
    InputError
        The bounds are impossible, or no such place is known.
    TooLargeError
        The area is over the limit.
    FetchError
        The name needs Nominatim, and that cannot be reached.
    """
    written = " ".join(area.split())
    if not written:
        raise InputError("area ''", "a name or west,south,east,north is needed", "give one")
    if re.fullmatch(r"[\s\d.,+-]+", written):
        name, bounds = written, _written_bounds(written)
    else:
        name, bounds = _named_area(written, endpoints or Endpoints.from_environment())
    area_km2 = _area_km2(bounds)
    limit_km2 = MAX_LARGE_AREA_KM2 if large else MAX_AREA_KM2
    if area_km2 > limit_km2:
        raise TooLargeError(
            f"{name}: {area_km2:,.0f} km²",
            f"at most {limit_km2:,.0f} km² are fetched at once",
            f"name a smaller area, or add --large for up to {MAX_LARGE_AREA_KM2:,.0f} km²"
            if not large
            else "download an extract of the country and load it (qafila load roads FILE.osm.pbf)",
        )
    return Area(name=name, bounds=bounds, area_km2=area_km2)


def fetch_osm(
    area: Area,
    folder: Path,
    *,
    endpoints: Endpoints | None = None,
    retriever: Retriever | None = None,
) -> Path:
    """Fetch the roads and place nodes of an area as one OSM XML file in `folder`.

    Ways that cross the border come whole, with all their nodes.

    Returns
    -------
    pathlib.Path
        A file for `data.sources.osm.read_osm`.

    Raises
    ------
    FetchError
        No network, or Overpass is busy, or it gave up on the query.
    TooLargeError
        The answer is over 1 GB.
    """
    endpoints = endpoints or Endpoints.from_environment()
    retriever = retriever or HttpRetriever(endpoints.cache)
    answer = retriever.retrieve(
        Request(
            url=f"{endpoints.overpass_url}/interpreter",
            form={"data": overpass_query(area.bounds)},
            licence=LICENCE,
            max_bytes=MAX_OSM_BYTES,
            check=_check_osm,
        )
    )
    plain_name = re.sub(r"\W+", "-", area.name.lower()).strip("-")[:60] or "area"
    target = folder / f"{plain_name}.osm"
    shutil.copyfile(answer.path, target)
    return target


def overpass_query(bounds: Bounds) -> str:
    """Query for the roads with their nodes, and for place nodes, in Overpass QL.

    `meta` brings the time of each edit, and with it the age of the data; `qt` sorts by quadtile,
    which spares the server a sort by id that nobody needs.
    """
    west, south, east, north = bounds
    corners = ",".join(f"{value:.7f}" for value in (south, west, north, east))
    return (
        f"[out:xml][timeout:{SERVER_TIMEOUT_S}][maxsize:{SERVER_MAX_BYTES}][bbox:{corners}];"
        '(way["highway"];node["place"];);(._;>;);out meta qt;'
    )


def _written_bounds(written: str) -> Bounds:
    found = _BOUNDS.fullmatch(written)
    if found:
        west, south, east, north = (float(value) for value in found.groups())
        if -180 <= west < east <= 180 and -90 <= south < north <= 90:
            return west, south, east, north
    raise InputError(
        f"area {written!r}",
        "four numbers west,south,east,north in degrees are needed, west below east",
        "write them like -8.5,30.9,-7.9,31.3",
    )


def _area_km2(bounds: Bounds) -> float:
    area_m2, _ = WGS84.geometry_area_perimeter(box(*bounds))
    return abs(area_m2) / 1e6


def _named_area(name: str, endpoints: Endpoints) -> tuple[str, Bounds]:
    """Ask Nominatim, through osmnx, which keeps the answer in our cache."""
    import osmnx  # 3 s and more: only those who fetch by name pay for it

    with osmnx_calls(endpoints, asked=f"area {name!r}"):
        try:
            found = osmnx.geocode_to_gdf(name[:200])
        except TypeError:  # osmnx's way to say that nothing of that name has an outline
            found = osmnx.geocode_to_gdf(name[:200], which_result=1)
    full_name = clean_name(found["display_name"].iloc[0])
    if found.geom_type.isin(["Polygon", "MultiPolygon"]).all():
        west, south, east, north = (float(value) for value in found.total_bounds)
        return full_name, (west, south, east, north)
    point = found.geometry.iloc[0].centroid
    return f"{AROUND_POINT_M / 1000:.0f} km around {full_name}", _bounds_around(point.x, point.y)


def _bounds_around(lon: float, lat: float) -> Bounds:
    lons, lats, _ = WGS84.fwd([lon] * 4, [lat] * 4, [270, 180, 90, 0], [AROUND_POINT_M] * 4)
    return lons[0], lats[1], lons[2], lats[3]


def _check_osm(path: Path) -> None:
    """Refuse what is no whole answer: Overpass says with status 200 that it gave up half-way."""
    with path.open("rb") as stream:
        head = stream.read(4096)
        stream.seek(max(0, path.stat().st_size - 4096))
        tail = stream.read()
    remark = re.search(rb"<remark>\s*(.*?)\s*</remark>", head + tail, re.DOTALL)
    if remark:
        said = remark[1].decode("utf-8", "replace")[:160]
        raise FetchError(
            "Overpass", f"it gave up: {said}", "ask for a smaller area, or try again later"
        )
    if b"<osm" not in head or b"</osm>" not in tail:
        raise UnreadableError(
            "answer of Overpass",
            "it is cut short, or no OSM data",
            "try again later, or check QAFILA_OVERPASS_URL",
        )
