"""Damage layers as analysts deliver them, brought to one table of graded points.

A layer is either graded objects (points, footprints, lines) or the area that was looked at. Rows
that are no buildings (shelter sites, roads, craters) are kept and counted apart. What a layer does
not say stays unsaid: a row without a grade is `not_analysed`, a layer without an area leaves the
places around it *not assessed*.

`merge_sightings` (one building seen by several satellites is one building) lives in
`geo.sightings` and is offered here too.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.crs import STORAGE_CRS
from geo.damage_area import analysed_area
from geo.damage_columns import NAME_COLUMNS, OBJECT_COLUMNS, delivered
from geo.damage_report import DamageReport, counts, used, with_notes
from geo.grades import (
    GRADES,
    MISSING_TEXTS,
    Vocabulary,
    codes_of_no_building,
    grade_of,
    labels_of_no_building,
    normalise_label,
)
from geo.outline_overlap import outlines_as_wkb
from geo.sightings import merge_sightings

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from geo.damage_columns import Delivered
    from geo.damage_mapping import DamageMapping

logger = logging.getLogger(__name__)

__all__ = ["DamageLayer", "DamageReport", "damage_from_vector", "empty_points", "merge_sightings"]

POINT_COLUMNS = (
    "grade",
    "grade_written",
    "is_building",
    "object",
    "name",
    "use",
    "sensor",
    "observed_at",
    "source",
    "footprint",
    "outline",
)

# Column names in lower case, best first. Those of the first group are a grade whatever they hold;
# those of the second only if most of what they hold is a grade we know.
GRADE_COLUMNS = (
    "damage_gra",
    "damage_grading",
    "main_dmg",
    "main_damage",
    "grading",
    "damage_grade",
    "dmg_grade",
    "dmg_class",
    "damage_class",
    "damage_level",
)
DOUBTFUL_GRADE_COLUMNS = ("damage", "subtype", "grade", "class", "label", "status", "type")
KNOWN_SHARE_OF_DOUBTFUL = 0.5
# UNOSAT writes one column a survey: Main_Damage_Site_Class, …_2, …_3; the last one counts.
UNOSAT_CLASS = re.compile(r"main_damage_site_class(?:_(\d+))?")

CAMP_LAYER = re.compile(r"(?:^|[\W_])(?:idp|shelters?|camps?)(?:[\W_]|$)", re.IGNORECASE)
BUILDING_WORDS = re.compile(r"building|dwelling|house|residential|structure", re.IGNORECASE)
OTHER_WORDS = re.compile(
    r"road|street|highway|track|bridge|rail|runway|shelter|tent|\bidp\b|camp|crater|canal|stream"
    r"|river|lake|reservoir|point of interest|earthquake|landslide|field|depot|facility"
    r"|built.?up.?area|settlement",
    re.IGNORECASE,
)
FEATURE_CODE = re.compile(r"^([A-Z]{2}\d{3})\s*-")  # "AL015 - Building", Copernicus until 2016
NUMBER_CODE = re.compile(r"^(\d)\d*\s*-")  # "11-Residential Buildings", Copernicus since 2017
BUILDING_CODE = "AL015"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DamageLayer:
    """A damage layer as read: `points` (may be empty), `analysed_area` or None, and the report."""

    points: gpd.GeoDataFrame
    analysed_area: gpd.GeoDataFrame | None
    report: DamageReport


def damage_from_vector(
    frame: gpd.GeoDataFrame,
    *,
    source: str,
    observed_at: datetime | None = None,
    event_window: tuple[datetime, datetime] | None = None,
    vocabulary: str | None = None,
    mapping: DamageMapping | None = None,
    area_meaning: Literal["area", "void"] | None = None,
) -> DamageLayer:
    """Read graded objects, or the area that was looked at, from one vector layer.

    Parameters
    ----------
    frame
        The layer as read by `geo.vectors.read_vector`, in any CRS.
    source
        Who made the layer; it is carried by every point.
    observed_at
        When it was seen, where the layer itself does not say so (aware).
    event_window
        First and last day at which the imagery can have been taken (aware). It decides whether a
        date is read with day and month swapped; without it a clear majority of the dates does.
    vocabulary
        Name of a vocabulary of `geo.grades`; None recognises it by the labels.
    mapping
        What columns and labels mean, where a person wrote it down; it counts before everything.
    area_meaning
        As `geo.damage_area.analysed_area` takes it: what polygons without grades are.

    Returns
    -------
    DamageLayer
        `points` and `analysed_area` in EPSG:4326. Points have the columns of `docs/architecture.md`
        `footprint` (the point stands for a drawn outline) and `outline` (it, as WKB in EPSG:4326;
        None for points and for what is no building). Areas have `is_void`: True where
        the area was *not* looked at (clouds, no data).

    Raises
    ------
    InputError
        No source, or a time without a zone.
    EmptyInputError
        The layer holds no rows or no geometries.
    CrsError
        The layer has no CRS.
    SchemaError
        Neither a grade column nor polygons that could be an analysed area.
    """
    layer = delivered(frame, source=source, observed_at=observed_at, event_window=event_window)
    if mapping is not None:
        layer = mapping.applied(layer)
    column, suffix, chosen = grade_column(layer, mapping.vocabulary if mapping else vocabulary)
    if column is None:
        areas, report = analysed_area(layer, meaning=area_meaning)
        points = empty_points()
    else:
        areas = None
        points, report = _graded(layer, column, suffix, chosen, mapping)
    logger.info("%s: %s", source, "; ".join(report.notes) or "read without remarks")
    return DamageLayer(points=points, analysed_area=areas, report=report)


def empty_points() -> gpd.GeoDataFrame:
    """Give a table of damage points without rows."""
    columns: dict[str, Any] = {name: pd.Series([], dtype="str") for name in POINT_COLUMNS}
    columns["is_building"] = pd.Series([], dtype="bool")
    columns["footprint"] = pd.Series([], dtype="bool")
    columns["observed_at"] = pd.Series([], dtype="datetime64[us, UTC]")
    columns["outline"] = pd.Series([], dtype="object")
    return gpd.GeoDataFrame(columns, geometry=[], crs=STORAGE_CRS)


def _graded(
    layer: Delivered,
    column: Any,
    suffix: str,
    vocabulary: str | Vocabulary | None,
    mapping: DamageMapping | None,
) -> tuple[gpd.GeoDataFrame, DamageReport]:
    written = layer.text(column)
    grade, unknown = grade_of(layer.rows[column], vocabulary)
    missing = written.map(normalise_label).isin(MISSING_TEXTS).to_numpy()
    object_column = layer.column(OBJECT_COLUMNS, but=column)
    sensors, sensor_column = layer.sensors(suffix)
    objects, seen = layer.text(object_column), layer.seen(suffix)
    shapes = layer.rows.geometry.to_numpy()
    is_point = shapely.get_type_id(shapes) == 0
    is_line = np.isin(shapely.get_type_id(shapes), (1, 2, 5))
    is_building = ~is_line & ~_is_other(layer, objects, written, missing, vocabulary, mapping)
    points = gpd.GeoDataFrame(
        {
            "grade": grade.where(grade != "", "not_analysed").astype("str"),
            "grade_written": written,
            "is_building": is_building,
            "object": objects,
            "name": layer.known(layer.column(NAME_COLUMNS, but=column)),
            "use": layer.uses(but=column),
            "sensor": sensors,
            "observed_at": seen.at,
            "source": layer.source,
            "footprint": ~is_point & ~is_line,
            "outline": outlines_as_wkb(shapes, is_building & _is_polygon(shapes)),
        },
        geometry=np.where(is_point, shapes, shapely.point_on_surface(shapes)),
        crs=STORAGE_CRS,
    )
    analysed = is_building & (points["grade"] != "not_analysed").to_numpy()
    report = DamageReport(
        source=layer.source,
        kind="graded",
        columns=used(grade=column, object=object_column, sensor=sensor_column, date=seen.column),
        n_rows=len(points) + layer.n_without_geometry,
        n_without_geometry=layer.n_without_geometry,
        n_graded=int(analysed.sum()),
        n_not_analysed=int((is_building & ~analysed).sum()),
        n_not_buildings=int((~is_building).sum()),
        n_missing_grade=int((missing & is_building).sum()),
        n_footprints=int((points["footprint"] & is_building).sum()),
        n_dates_swapped=seen.n_swapped,
        n_dates_from_name=seen.n_from_name,
        n_dates_unreadable=seen.n_unreadable,
        grades=counts(points.loc[is_building, "grade"], order=GRADES),
        labels=counts(written[~missing]),
        unknown_labels=dict(unknown),
        sensors=counts(points.loc[is_building, "sensor"]),
    )
    return points, with_notes(report)


def _is_polygon(shapes: NDArray[np.object_]) -> NDArray[np.bool_]:
    return np.isin(shapely.get_type_id(shapes), (3, 6))


def grade_column(
    layer: Delivered, vocabulary: str | Vocabulary | None
) -> tuple[Any, str, str | Vocabulary | None]:
    """Find the column with the grades; give it, its survey suffix and the vocabulary to use."""
    rows, names = layer.rows, layer.names
    surveys = {
        int(match.group(1) or 1): (column, match.group(1))
        for name, column in names.items()
        if (match := UNOSAT_CLASS.fullmatch(name)) and rows[column].notna().any()
    }
    if surveys:
        column, number = surveys[max(surveys)]
        numbers = pd.to_numeric(rows[column], errors="coerce").notna().any()
        guess = "unosat_code" if numbers else "unosat"
        return column, f"_{number}" if number else "", vocabulary or guess
    best, most_known = None, -1
    for name in (*GRADE_COLUMNS, *DOUBTFUL_GRADE_COLUMNS):
        if name not in names:
            continue
        column = names[name]
        chosen = vocabulary or _vocabulary_of_column(name, rows[column])
        grades, unknown = grade_of(rows[column], chosen)
        n_known, n_unknown = int((grades != "").sum()), sum(unknown.values())
        doubtful = name in DOUBTFUL_GRADE_COLUMNS
        if doubtful and n_known < KNOWN_SHARE_OF_DOUBTFUL * max(n_known + n_unknown, 1):
            continue
        if n_known > most_known and not (doubtful and n_known == 0):
            best, most_known = (column, chosen), n_known
    return (best[0], "", best[1]) if best else (None, "", vocabulary)


def _vocabulary_of_column(name: str, values: pd.Series) -> str | None:
    # A bare number is a UNOSAT code only in a column that UNOSAT named.
    numeric = pd.to_numeric(values, errors="coerce").notna().any()
    return "unosat_code" if name == "main_dmg" and numeric else None


def _is_other(
    layer: Delivered,
    objects: pd.Series,
    written: pd.Series,
    missing: NDArray[np.bool_],
    vocabulary: str | Vocabulary | None,
    mapping: DamageMapping | None,
) -> NDArray[np.bool_]:
    """Whether a row is something other than a building."""
    told = mapping.object_says if mapping else lambda text: ""
    says = objects.map({text: told(text) or _object_is_building(text) for text in objects.unique()})
    other = says == "no"
    no_building = codes_of_no_building() if vocabulary == "unosat_code" else labels_of_no_building()
    other |= written.map(normalise_label).isin(no_building)
    # A layer of shelter sites has no grades; a graded building in a camp stays a building.
    other |= missing & layer.layer_names().str.contains(CAMP_LAYER)
    return np.asarray(other, dtype=np.bool_)


def _object_is_building(text: str) -> str:
    code = FEATURE_CODE.match(text)
    if code:
        return "yes" if code.group(1) == BUILDING_CODE else "no"
    if BUILDING_WORDS.search(text):
        return "yes"
    number = NUMBER_CODE.match(text)
    # Classification of Types of Construction: 1 buildings, 2 civil engineering works.
    if OTHER_WORDS.search(text) or (number and number.group(1) == "2"):
        return "no"
    return ""
