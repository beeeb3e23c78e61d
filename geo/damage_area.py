"""The area that analysts looked at, from the polygons they deliver.

It decides between *assessed* and *not assessed*, so it is refused rather than guessed: polygons
that are building footprints or land cover are no analysed area. Clouds and void collection areas
are kept as holes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import numpy as np
import shapely

from geo.crs import STORAGE_CRS, to_working, working_crs
from geo.damage_columns import NAME_COLUMNS, OBJECT_COLUMNS, SENSOR_COLUMNS
from geo.damage_report import DamageReport, counts, used, with_notes
from geo.errors import SchemaError
from geo.grades import MISSING_TEXTS, normalise_label

if TYPE_CHECKING:
    from geo.damage_columns import Delivered

VOID_WORDS = re.compile(r"void|cloud|not.?analy[sz]ed|no.?data|obscur", re.IGNORECASE)
AREA_WORDS = re.compile(r"interest|\baoi\b|footprint|analy[sz]ed|extent|unknown|n/?a$", re.I)
VOID_NAME = re.compile(r"cloud(?!.?free|less)|void|not_?analy[sz]ed", re.I)
# Nobody draws dozens of analysed areas of less than a hectare; building footprints are like that.
FOOTPRINT_AREA_M2 = 10_000.0
MANY_POLYGONS = 10


def says_void(name: str) -> bool:
    """Whether the name of a layer says that its polygons were *not* looked at."""
    return VOID_NAME.search(name) is not None


def analysed_area(
    layer: Delivered, *, meaning: Literal["area", "void"] | None = None
) -> tuple[gpd.GeoDataFrame, DamageReport]:
    """Read polygons without grades as the area that was looked at.

    Parameters
    ----------
    meaning
        What the name of the layer says its rows are, where they do not say it themselves: areas
        looked at, or clouds and voids. None reads it from the rows, and refuses to guess.

    Returns
    -------
    tuple
        The areas in EPSG:4326 (`name`, `sensor`, `observed_at`, `source`, `is_void`: True where it
        was *not* looked at, `geometry`), and the report.

    Raises
    ------
    SchemaError
        Points or lines, or polygons that are something else.
    """
    rows = layer.rows
    columns = ", ".join(str(c) for c in rows.columns if c != rows.geometry.name) or "none"
    if not np.isin(shapely.get_type_id(rows.geometry.to_numpy()), (3, 6)).all():
        raise SchemaError(
            f"damage layer of {layer.source} with the columns {columns}",
            "no column holds damage grades, and points or lines are no analysed area",
            "name the grade column damage_gra, Main_Dmg or grading",
        )
    object_column = layer.column(OBJECT_COLUMNS)
    objects = layer.text(object_column)
    is_void = objects.str.contains(VOID_WORDS).to_numpy()
    silent = objects.map(normalise_label).isin(MISSING_TEXTS).to_numpy()
    if meaning == "void":
        is_void = np.ones(len(rows), dtype=bool)
    is_area = ~is_void & (silent | objects.str.contains(AREA_WORDS).to_numpy())
    if meaning == "area":
        is_area = ~is_void
    if not (is_void | is_area).any() or (meaning is None and _look_like_footprints(rows[is_area])):
        raise SchemaError(
            f"polygons of {layer.source} with the columns {columns}",
            "they hold no damage grades and are no analysed area",
            "name the grade column damage_gra, Main_Dmg or grading, or load the layer of the area "
            "of interest",
        )
    seen = layer.seen()
    sensor_column, name_column = layer.column(SENSOR_COLUMNS), layer.column(NAME_COLUMNS)
    areas = gpd.GeoDataFrame(
        {
            "name": layer.text(name_column),
            "sensor": layer.text(sensor_column),
            "observed_at": seen.at,
            "source": layer.source,
            "is_void": is_void,
        },
        geometry=rows.geometry.to_numpy(),
        crs=STORAGE_CRS,
    )[is_area | is_void].reset_index(drop=True)
    report = DamageReport(
        source=layer.source,
        kind="analysed_area",
        columns=used(
            object=object_column, sensor=sensor_column, date=seen.column, name=name_column
        ),
        n_rows=len(rows) + layer.n_without_geometry,
        n_without_geometry=layer.n_without_geometry,
        n_areas=int(is_area.sum()),
        n_void_areas=int(is_void.sum()),
        n_left_out=int((~is_area & ~is_void).sum()),
        n_dates_swapped=seen.n_swapped,
        n_dates_from_name=seen.n_from_name,
        n_dates_unreadable=seen.n_unreadable,
        sensors=counts(areas["sensor"]),
    )
    return areas, with_notes(report)


def _look_like_footprints(areas: gpd.GeoDataFrame) -> bool:
    if len(areas) <= MANY_POLYGONS:
        return False
    measured = to_working(areas, working_crs(tuple(areas.total_bounds)))
    return float(measured.area.median()) < FOOTPRINT_AREA_M2
