"""Facilities that analysts graded: what they are, how they stand, and by which place.

A church, school, hospital, bridge or water tank is no home. It counts in no figure of buildings and
no figure of people; it is a state of its own, with its name, grade and source. A school or hospital
that analysts drew as a building is listed here too and stays a building.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from geo.crs import STORAGE_CRS, project
from geo.damage import empty_points
from geo.grades import SEVERITY
from geo.sightings import merge_sightings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

# Two surveys put the point of one facility on its roof, its gate or its yard. Estimate.
SAME_FACILITY_M = 25.0
OTHER_FACILITY = "other"

#: What the words of object and use say, the first that fits. The numbers are those of the
#: Classification of Types of Constructions (Eurostat 1998) that Copernicus writes since 2017.
KINDS: Mapping[str, re.Pattern[str]] = {
    kind: re.compile(words, re.IGNORECASE)
    for kind, words in (
        (
            "place_of_worship",
            r"\b1272\b|relig|worship|church|chapel|mosque|monast|convent|synagogue|temple|christian"
            r"|muslim",
        ),
        ("health", r"\b1264\b|hospital|clinic|health|medical|dispensar|pharmac"),
        ("school", r"\b1263\b|school|universit|college|kindergarten"),
        ("emergency_service", r"fire station|police|civil protection|ambulance|gendarm|barracks"),
        ("government", r"government|town.?hall|municipal|administrati|prefecture|\bcaïdat\b"),
        ("bridge", r"\bAQ040\b|\b2141\b|bridge|viaduct"),
        ("water", r"\bBH020\b|\b2222\b|water|aqueduct|canal|reservoir|pumping|\bdam\b|\bwell\b"),
        ("power", r"\b2224\b|power|electric|substation|transformer|energy"),
        ("communication", r"telecom|communication|antenna|\bmast\b"),
        ("transport", r"railway|\brail\b|station|airport|runway|harbour|\bport\b|helipad"),
        ("industry", r"\bAC000\b|\bAM010\b|\b125\d?\b|industr|processing|storage|depot|warehouse"),
    )
}
#: Kinds of which an outline that counts as a building is listed as a facility too.
PUBLIC_KINDS = ("place_of_worship", "health", "school", "emergency_service", "government")
# Ground and events, whole settlements, ways and tents: no facilities.
NO_FACILITY = re.compile(
    r"stream|river|lake|earthquake|landslide|debris|crater|field|settlement|built.?up|shelter|tent"
    r"|\bidp\b|camp|\broad\b|street|highway|\btrack\b|lava",
    re.IGNORECASE,
)

FACILITY_COLUMNS = (
    "kind",
    "name",
    "written",
    "grade",
    "grade_written",
    "is_building",
    "sensor",
    "observed_at",
    "source",
    "sightings",
    "grades_seen",
    "disagrees",
)


def facility_states(
    points: gpd.GeoDataFrame, roads: gpd.GeoDataFrame | None = None, *, crs: str
) -> gpd.GeoDataFrame:
    """List the facilities among graded objects, each once.

    Parameters
    ----------
    points
        Damage points of `geo.damage`, of one or several surveys, unmerged.
    roads
        Graded roads of `geo.graded_roads`; the bridges among them are facilities.
    crs
        Projected working CRS.

    Returns
    -------
    geopandas.GeoDataFrame
        One row a facility in EPSG:4326 with `FACILITY_COLUMNS`: `kind` (a key of `KINDS` or
        ``other``), `name` (``""`` = unknown), `written` (object and use as delivered),
        `is_building` (it is counted among the buildings as well), and what `merge_sightings` says:
        the grade of the survey that counts and all grades that were seen. Worst grade first.
    """
    given = _with_texts(_together(points, roads))
    written = given["object"] + " · " + given["use"]
    kind = _kinds(written)
    building = given["is_building"].to_numpy(dtype=bool)
    kind = np.where(building & ~np.isin(kind, PUBLIC_KINDS), "", kind)
    rows = given.assign(kind=kind, written=written.str.strip(" ·"))[kind != ""]
    kinds = sorted(set(rows["kind"]))
    merged = [_once(rows[rows["kind"] == one].reset_index(drop=True), crs) for one in kinds]
    if not merged:
        return empty_facilities()
    found = pd.concat(merged, ignore_index=True)
    order = np.lexsort((np.arange(len(found)), -found["grade"].map(SEVERITY).to_numpy()))
    listed = found.iloc[order].reset_index(drop=True)
    return gpd.GeoDataFrame(listed[[*FACILITY_COLUMNS, "geometry"]], crs=STORAGE_CRS)


def empty_facilities() -> gpd.GeoDataFrame:
    """Give a table of facilities without rows."""
    columns: dict[str, Any] = {name: pd.Series([], dtype="str") for name in FACILITY_COLUMNS}
    columns["is_building"] = columns["disagrees"] = pd.Series([], dtype="bool")
    columns["sightings"] = pd.Series([], dtype="int64")
    columns["observed_at"] = pd.Series([], dtype="datetime64[us, UTC]")
    return gpd.GeoDataFrame(columns, geometry=[], crs=STORAGE_CRS)


def place_of_each(
    shapes: gpd.GeoSeries, places: gpd.GeoDataFrame, *, crs: str, radius_m: float
) -> NDArray[np.int64]:
    """Row of the nearest place of each point within the radius, -1 where there is none."""
    owner = np.full(len(shapes), -1, dtype=np.int64)
    if len(shapes) == 0 or len(places) == 0:
        return owner
    place_m = np.column_stack(project(places.geometry.x, places.geometry.y, crs))
    here_m = np.column_stack(project(shapes.x, shapes.y, crs))
    near = np.isfinite(here_m).all(axis=1)
    distance_m, found = cKDTree(place_m).query(here_m[near])
    owner[near] = np.where(distance_m <= radius_m, found, -1)
    return owner


def _together(points: gpd.GeoDataFrame, roads: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
    if roads is None or roads.empty:
        return points
    bridges = roads[roads["object"].str.contains(KINDS["bridge"])].copy()
    if bridges.empty:
        return points
    shapes = bridges.geometry.to_numpy()
    is_line = shapely.get_dimensions(shapes) == 1
    middle = np.where(is_line, shapely.point_on_surface(shapes), shapely.centroid(shapes))
    bridges = bridges.set_geometry(gpd.GeoSeries(middle, index=bridges.index, crs=STORAGE_CRS))
    # A bridge is known by its object; what its road is called is not what the bridge serves for.
    bridges = bridges.assign(is_building=False, use="", footprint=False)
    columns = [name for name in points.columns if name in bridges.columns]
    base = points if len(points) else empty_points()
    return bridges[columns] if base.empty else pd.concat([base, bridges[columns]])


def _with_texts(rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Rows with name and use; tables that were stored before these were read have neither."""
    texts = {
        name: (rows[name] if name in rows.columns else pd.Series("", index=rows.index))
        .fillna("")
        .astype("str")
        for name in ("object", "use", "name")
    }
    return rows.assign(**texts).reset_index(drop=True)


def _kinds(written: pd.Series) -> NDArray[np.object_]:
    """The kind of facility of each text; ``""`` where it is none. Few texts, many rows."""
    return np.asarray(
        written.map({text: _kind(text) for text in written.unique()}).to_numpy(dtype=object),
        dtype=object,
    )


def _kind(text: str) -> str:
    for kind, words in KINDS.items():
        if words.search(text):
            return kind
    nothing = not text.strip(" ·") or NO_FACILITY.search(text)
    return "" if nothing else OTHER_FACILITY


def _once(rows: gpd.GeoDataFrame, crs: str) -> gpd.GeoDataFrame:
    """Merge the sightings of one facility; of its point and its outline the worse grade stays."""
    # Only buildings are merged, so all are called so, and their own word is kept beside it.
    named = rows.assign(counted=rows["is_building"], is_building=True)
    merged = merge_sightings(named, crs=crs, distance_m=SAME_FACILITY_M)
    merged = merged.assign(is_building=merged["counted"].astype(bool)).drop(columns="counted")
    outline = np.flatnonzero(merged["is_building"].to_numpy())
    point = np.flatnonzero(~merged["is_building"].to_numpy())
    if len(outline) == 0 or len(point) == 0:
        return merged
    here_m = np.column_stack(project(merged.geometry.x, merged.geometry.y, crs))
    far_m, nearest = cKDTree(here_m[point]).query(here_m[outline])
    close = far_m <= SAME_FACILITY_M
    outline, point = outline[close], point[nearest[close]]
    severity = merged["grade"].map(SEVERITY).to_numpy()
    drop = np.where(severity[outline] > severity[point], point, outline)
    return merged.drop(index=merged.index[np.unique(drop)])
