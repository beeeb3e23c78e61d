"""Roads and bridges that analysts graded, from the packages that grade buildings too.

A graded road proposes a closure; it closes nothing by itself. What a satellite calls "Not Affected"
may be blocked by a stone that no satellite sees, and a road "Completely Destroyed" may have a way
round that is not on the map: a person decides.
"""

from __future__ import annotations

import logging
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.crs import STORAGE_CRS
from geo.damage import grade_column
from geo.damage_columns import OBJECT_COLUMNS, delivered
from geo.damage_report import DamageReport, counts, used, with_notes
from geo.errors import SchemaError
from geo.grades import GRADES, MISSING_TEXTS, grade_of, normalise_label
from geo.sightings import in_force

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

logger = logging.getLogger(__name__)

ROAD_COLUMNS = (
    "grade",
    "grade_written",
    "proposal",
    "name",
    "road_class",
    "object",
    "state_written",
    "sensor",
    "observed_at",
    "source",
)
NAME_COLUMNS = ("nam", "name", "road_name", "ref")
CLASS_COLUMNS = ("road_type", "highway", "fclass", "road_class")
STATE_COLUMNS = ("functional", "function_s", "status")

#: What a graded road asks of the people who decide: to close it, or to have it looked at.
PROPOSALS: Mapping[str, str] = MappingProxyType(
    {
        "destroyed": "close",
        "damaged": "check",
        "possibly_damaged": "check",
        "no_visible_damage": "",
        "not_analysed": "",
    }
)
# Two surveys draw one road from one reference; a seventh decimal is a centimetre.
SAME_LINE_DEG = 1e-6


def graded_roads(
    frame: gpd.GeoDataFrame,
    *,
    source: str,
    observed_at: datetime | None = None,
    event_window: tuple[datetime, datetime] | None = None,
    vocabulary: str | None = None,
) -> tuple[gpd.GeoDataFrame, DamageReport]:
    """Read a layer of graded roads, bridges or other ways.

    Parameters
    ----------
    frame, source, observed_at, event_window, vocabulary
        As `geo.damage.damage_from_vector` takes them.

    Returns
    -------
    tuple
        One row a line (or bridge: a point) in EPSG:4326 with `ROAD_COLUMNS`: `grade` of the five,
        `grade_written`, `proposal` (``close``, ``check`` or nothing), `name` and `road_class`
        (empty = unknown), `object` and `state_written` as delivered, `sensor`, `observed_at` (UTC,
        NaT = unknown), `source`, `geometry`; and the report.

    Raises
    ------
    SchemaError
        No column holds grades.
    InputError, EmptyInputError, CrsError
        As `geo.damage.damage_from_vector`.
    """
    layer = delivered(frame, source=source, observed_at=observed_at, event_window=event_window)
    column, suffix, chosen = grade_column(layer, vocabulary)
    if column is None:
        raise SchemaError(
            f"roads of {source}",
            "no column holds damage grades",
            "name the grade column damage_gra or grading",
        )
    grade, unknown = grade_of(layer.rows[column], chosen)
    grade = grade.where(grade != "", "not_analysed").astype("str")
    written = layer.text(column)
    missing = written.map(normalise_label).isin(MISSING_TEXTS).to_numpy()
    sensors, sensor_column = layer.sensors(suffix)
    object_column, seen = layer.column(OBJECT_COLUMNS, but=column), layer.seen(suffix)
    name_column, class_column = layer.column(NAME_COLUMNS), layer.column(CLASS_COLUMNS)
    roads = gpd.GeoDataFrame(
        {
            "grade": grade,
            "grade_written": written,
            "proposal": grade.map(PROPOSALS).astype("str"),
            "name": layer.known(name_column),
            "road_class": layer.known(class_column),
            "object": layer.text(object_column),
            "state_written": layer.text(layer.column(STATE_COLUMNS)),
            "sensor": sensors,
            "observed_at": seen.at,
            "source": source,
        },
        geometry=layer.rows.geometry.to_numpy(),
        crs=STORAGE_CRS,
    )
    report = DamageReport(
        source=source,
        kind="graded_roads",
        columns=used(
            grade=column,
            object=object_column,
            sensor=sensor_column,
            date=seen.column,
            name=name_column,
        ),
        n_rows=len(roads) + layer.n_without_geometry,
        n_without_geometry=layer.n_without_geometry,
        n_not_buildings=len(roads),
        n_dates_swapped=seen.n_swapped,
        n_dates_from_name=seen.n_from_name,
        n_dates_unreadable=seen.n_unreadable,
        grades=counts(grade, order=GRADES),
        labels=counts(written[~missing]),
        unknown_labels=dict(unknown),
        sensors=counts(sensors),
    )
    return roads, with_notes(report)


def empty_roads() -> gpd.GeoDataFrame:
    """Give a table of graded roads without rows."""
    columns: dict[str, Any] = {name: pd.Series([], dtype="str") for name in ROAD_COLUMNS}
    columns["observed_at"] = pd.Series([], dtype="datetime64[us, UTC]")
    return gpd.GeoDataFrame(columns, geometry=[], crs=STORAGE_CRS)


def roads_in_force(roads: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Each road of an area once, with the word of its latest survey.

    A corrected product takes the place of the one before it; a re-survey (MONIT) takes the place of
    the earlier word on the same line of the same area, unless it could not analyse it. Rows that
    come from no package stay as they are.
    """
    rows = in_force(roads)
    if "survey_area" not in rows.columns or rows.empty:
        return rows
    area = rows["survey_area"].fillna("").astype("str")
    line = shapely.to_wkb(
        shapely.normalize(shapely.set_precision(rows.geometry.to_numpy(), SAME_LINE_DEG))
    )
    table = pd.DataFrame(
        {
            "area": area.to_numpy(),
            "line": line,
            "analysed": (rows["grade"] != "not_analysed").to_numpy(),
            "number": pd.to_numeric(rows["survey_number"], errors="coerce").fillna(0).to_numpy(),
            "source": rows["source"].to_numpy(),
            "row": np.arange(len(rows)),
        }
    )
    table = table.sort_values(["analysed", "number", "source", "row"], kind="stable")
    alone = table["area"] == ""
    last = ~table.duplicated(["area", "line"], keep="last")
    keep = np.sort(table.loc[alone | last, "row"].to_numpy())
    return rows.iloc[keep].reset_index(drop=True)
