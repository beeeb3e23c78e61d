"""Administrative boundaries of an area from OpenStreetMap, by osmnx and Overpass."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from data.retrieve import Endpoints
from data.sources.osmnx_calls import osmnx_calls
from geo.errors import EmptyInputError

if TYPE_CHECKING:
    from pathlib import Path

    from data.sources.overpass import Area

SOURCE_NAME = "OpenStreetMap"
LICENCE = "ODbL-1.0, © OpenStreetMap contributors"
# Provinces and communes: see geo.boundaries.LEVEL_WORDS.
ADMIN_LEVELS = ("5", "8")
COLUMNS = ("name", "name:fr", "name:ar", "name:zgh", "admin_level")


def fetch_boundaries(
    area: Area, folder: Path, *, endpoints: Endpoints | None = None
) -> Path | None:
    """Fetch the provinces and communes that touch an area, as a GeoJSON file in `folder`.

    Returns
    -------
    pathlib.Path or None
        A file for `geo.vectors.read_vector` and `geo.boundaries.boundaries_from_vector`; None where
        OpenStreetMap has no boundary, which is no failure.

    Raises
    ------
    FetchError
        No network, or Overpass is busy or gave up.
    """
    import osmnx

    try:
        with osmnx_calls(
            endpoints or Endpoints.from_environment(), asked=f"boundaries of {area.name}"
        ):
            found = osmnx.features_from_bbox(area.bounds, {"admin_level": list(ADMIN_LEVELS)})
    except EmptyInputError:
        return None
    units = _units(found)
    if units.empty:
        return None
    plain_name = re.sub(r"\W+", "-", area.name.lower()).strip("-")[:60] or "area"
    target = folder / f"{plain_name}-boundaries.geojson"
    units.to_file(target, driver="GeoJSON")
    return target


def _units(found: Any) -> Any:
    """Whole areas only: a query by tag also gives the ways that make up their outlines."""
    found = found.reset_index()
    areas = found.geom_type.isin(["Polygon", "MultiPolygon"]) & (found["element"] == "relation")
    if "boundary" in found:
        areas &= found["boundary"] == "administrative"
    units = found[areas].copy()
    units["unit_id"] = "osm-r" + units["id"].astype(str)
    columns = [column for column in COLUMNS if column in units]
    return units[["unit_id", *columns, "geometry"]].sort_values("unit_id")
