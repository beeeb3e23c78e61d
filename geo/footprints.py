"""Outlines of buildings: which are some, where they belong, and what a raster says of them.

Outlines count nothing by themselves: nobody graded them. They are where a raster of damage and two
pictures are asked about single houses, and what those say stays *raster evidence* and *hint*.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from geo.crs import project, require_storage, to_working
from geo.damage_raster import DamageRaster, require_damage_raster, zone_damage
from geo.errors import EmptyInputError
from geo.zonal import class_shares

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    from numpy.typing import NDArray

logger = logging.getLogger(__name__)

RADIUS_M = 1000.0
# A footprint of which a raster says less is not judged by it.
LEAST_COVERED = 0.5
# A share raster grades no house. From this mean share on its footprint counts as possibly damaged:
# the weakest grade, which moves the upper bound of the people affected and nothing else.
POSSIBLY_FROM_SHARE = 0.5
# Grades from the worst, to part a tie.
WORST_FIRST = ("destroyed", "damaged", "possibly_damaged", "no_visible_damage")
LARGEST_M2, LEAST_M2 = 50_000.0, 4.0


def footprints_from_vector(frame: gpd.GeoDataFrame, *, crs: str) -> gpd.GeoDataFrame:
    """Give the outlines of buildings of a layer, each once.

    Parameters
    ----------
    frame
        As `geo.vectors.read_vector` gives it.
    crs
        Projected working CRS in which they are measured.

    Returns
    -------
    geopandas.GeoDataFrame
        `area_m2` and the polygon, EPSG:4326, in the order given. `attrs["notes"]` counts what was
        left out: what is no polygon, the same outline twice, and what is no building by its size
        (below 4 m², above 5 ha).

    Raises
    ------
    EmptyInputError
        No building is left.
    """
    notes = list(frame.attrs.get("notes", []))
    parts = frame[["geometry"]].explode(ignore_index=True)
    polygons = parts[shapely.get_type_id(parts.geometry.to_numpy()) == 3].reset_index(drop=True)
    _count(notes, len(parts) - len(polygons), "no outline of an area")
    twice = pd.Series(shapely.to_wkb(shapely.normalize(polygons.geometry.to_numpy()))).duplicated()
    _count(notes, int(twice.sum()), "the same outline again")
    once = polygons[~twice.to_numpy()].reset_index(drop=True)
    once["area_m2"] = to_working(once, crs).geometry.area if len(once) else 0.0
    sized = once["area_m2"].between(LEAST_M2, LARGEST_M2)
    _count(notes, int((~sized).sum()), f"no building by its size ({LEAST_M2:g} m² to 5 ha)")
    kept = once.loc[sized, ["area_m2", "geometry"]].reset_index(drop=True)
    if kept.empty:
        raise EmptyInputError(
            "footprints", "it holds no outline of a building", "load polygons of buildings"
        )
    kept.attrs["notes"] = notes
    return kept


def place_of(
    shapes: gpd.GeoDataFrame, places: gpd.GeoDataFrame, *, crs: str, radius_m: float = RADIUS_M
) -> NDArray[np.int64]:
    """Row of the nearest place of each outline within `radius_m` of its middle, else -1."""
    require_storage(shapes, "footprints")
    if len(shapes) == 0 or len(places) == 0:
        return np.full(len(shapes), -1, dtype=np.int64)
    there = np.column_stack(project(places.geometry.x, places.geometry.y, crs))
    middle = shapely.get_coordinates(shapely.point_on_surface(shapes.geometry.to_numpy()))
    here = np.column_stack(project(middle[:, 0], middle[:, 1], crs))
    distance_m, nearest = cKDTree(there).query(here)
    return np.where(distance_m <= radius_m, nearest, -1).astype(np.int64)


def raster_evidence(shapes: gpd.GeoDataFrame, raster: DamageRaster) -> pd.DataFrame:
    """What a damage raster says of each outline.

    Returns
    -------
    pandas.DataFrame
        On the index of `shapes`: `damage_share` (0 to 1, of what is covered; NaN where nothing is),
        `covered_share`, and `grade`: of a class raster the one that holds most of the covered part
        (of two equal ones the worse), of a share raster `possibly_damaged` from a mean share of 0.5
        on, else `no_visible_damage`; `not_analysed` where less than half of the outline is covered.

    Raises
    ------
    InputError
        As `geo.damage_raster.zone_damage`.
    """
    require_damage_raster(raster.path, classes=raster.classes, band=raster.band, scale=raster.scale)
    found = zone_damage(
        raster.path, shapes, classes=raster.classes, band=raster.band, scale=raster.scale
    )
    if raster.classes is None:
        high = found["damage_share"] >= POSSIBLY_FROM_SHARE
        grade = np.where(high, "possibly_damaged", "no_visible_damage")
    else:
        grade = _most(raster.path, shapes, raster)
    found["grade"] = np.where(found["covered_share"] >= LEAST_COVERED, grade, "not_analysed")
    return found[["damage_share", "covered_share", "grade"]]


def _most(path: Path, shapes: gpd.GeoDataFrame, raster: DamageRaster) -> NDArray[np.str_]:
    """Grade of the class that holds most of each outline."""
    shares = class_shares(path, shapes, band=raster.band).shares
    meaning = raster.classes or {}
    held = np.zeros((len(shapes), len(WORST_FIRST)))
    for value in shares.columns:
        if (grade := meaning[value]) in WORST_FIRST:
            held[:, WORST_FIRST.index(grade)] += np.nan_to_num(shares[value].to_numpy())
    return np.asarray(np.array(WORST_FIRST)[held.argmax(axis=1)])


def _count(notes: list[str], n: int, why: str) -> None:
    if n:
        notes.append(f"{n:,} left out: {why}")
