"""How many people live at each place, where nobody wrote it down: from totals, by shares.

A figure of a place's own census stands. Elsewhere the total of its commune, less what is known of
its places, is shared out, or a population raster tells. Every figure has a range and says what it
rests on; where nothing is known it stays unknown. Rules and constants stand in `docs/people.md`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from geo.affected import HOUSEHOLD_SIZE
from geo.crs import project, require_storage
from geo.errors import CoverageError, InputError, SchemaError
from geo.zonal import zonal_statistics

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

logger = logging.getLogger(__name__)

# People further than this from every place belong to none; as for graded buildings.
RADIUS_M = 1000.0
# Between these factors of the figure lie 90 % of the 158 douars of five communes of Al Haouz
# (census of 2024), when their commune's total is shared out again by this weight. What was not
# measured (buildings, raster) is taken to be no better than equal shares.
RANGE_BY_WEIGHT: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"households": (0.8, 1.2), "raster": (0.15, 2.2), "buildings": (0.15, 2.2), "none": (0.15, 2.2)}
)
BASIS_BY_WEIGHT: Mapping[str, str] = MappingProxyType(
    {
        "households": "commune_by_households",
        "raster": "commune_by_raster",
        "buildings": "commune_by_buildings",
        "none": "commune_equally",
    }
)
# A raster that shows nobody where a place is has missed it.
SOMEBODY = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class People:
    """People per place, and who is left over.

    Attributes
    ----------
    table
        On the index of the places: `people`, `people_low`, `people_high`, `households` (NaN =
        unknown) and `people_basis` (`census`, `commune_by_households`, `commune_by_raster`,
        `commune_by_buildings`, `commune_equally`, `population_raster`, `unknown`).
    unplaced
        Persons of communes with a total whose places are all known, or that have no place.
    """

    table: pd.DataFrame
    unplaced: float
    notes: tuple[str, ...]


def people_of_places(
    places: gpd.GeoDataFrame,
    *,
    boundaries: gpd.GeoDataFrame | None = None,
    buildings: pd.Series | None = None,
    population: Path | str | None = None,
    crs: str,
    radius_m: float = RADIUS_M,
) -> People:
    """Give each place its people: its own census, a share of its commune, or a raster.

    Parameters
    ----------
    places
        A places table (`geo.places`) in EPSG:4326; `commune_code` joins it to `boundaries`.
    boundaries
        A boundaries table (`geo.boundaries`); units with `people` are totals of their places.
    buildings
        Buildings counted at each place, on its index; NaN where nobody counted.
    population
        Raster of people per cell, as `geo.population.read_population` gives it.
    crs
        Projected working CRS, in metres.
    radius_m
        A cell belongs to the nearest place within this distance.

    Returns
    -------
    People
        Shared-out figures are whole persons and sum to what was shared out.

    Raises
    ------
    SchemaError
        Places without the needed columns, or negative buildings.
    CrsError, InputError, CoverageError
        As `raster_people`.
    """
    _require(places, buildings)
    people = places["people"].to_numpy(dtype=np.float64)
    table = pd.DataFrame(
        {
            "people": people,
            "people_low": people,
            "people_high": people,
            "households": places["households"].to_numpy(dtype=np.float64),
            "people_basis": np.where(np.isnan(people), "unknown", "census").astype(object),
        },
        index=places.index,
    )
    notes: list[str] = []
    raster = None
    if population is not None and np.isnan(people).any():
        raster = raster_people(population, places, crs=crs, radius_m=radius_m)
    unplaced = 0.0
    if boundaries is not None and len(boundaries):
        unplaced = _share_communes(table, places, boundaries, buildings, raster, notes)
    if raster is not None:
        _take_raster(table, raster, notes)
    table["households"] = table["households"].fillna(table["people"] / HOUSEHOLD_SIZE)
    table["people_basis"] = table["people_basis"].astype("str")
    return People(table=table, unplaced=unplaced, notes=tuple(notes))


def raster_people(
    population: Path | str, places: gpd.GeoDataFrame, *, crs: str, radius_m: float = RADIUS_M
) -> pd.DataFrame:
    """People of a raster by place: each spot belongs to the nearest place within the radius.

    Cells on a border are split by area, so that no one counts twice and those near some place all
    count. Places at one spot share its people equally.

    Returns
    -------
    pandas.DataFrame
        On the index of `places`: `people`; `people_low` and `people_high` with half and with twice
        the radius. NaN where the raster has no value.

    Raises
    ------
    InputError
        A radius that is no positive number.
    CoverageError
        The raster covers no place, or a place lies where the working CRS does not reach.
    Exception
        As `geo.zonal.zonal_statistics`.
    """
    if not (np.isfinite(radius_m) and radius_m > 0):
        raise InputError(f"radius {radius_m} m", "a radius above 0 m is needed", "give metres")
    require_storage(places, "places")
    place_m = np.column_stack(project(places.geometry.x, places.geometry.y, crs))
    if not np.isfinite(place_m).all():
        raise CoverageError(
            f"{int((~np.isfinite(place_m)).any(axis=1).sum())} places",
            f"{crs} does not reach there",
            "correct their coordinates or take them out",
        )
    spots, spot_of_place, sharing = np.unique(
        place_m, axis=0, return_inverse=True, return_counts=True
    )
    spot_of_place = spot_of_place.ravel()
    cells = _nearest_cells(spots, 2 * radius_m)
    found = {}
    for column, reach_m in (
        ("people", radius_m),
        ("people_low", radius_m / 2),
        ("people_high", 2 * radius_m),
    ):
        zones = shapely.intersection(cells, _circles(spots, reach_m))
        summed = zonal_statistics(
            population, gpd.GeoDataFrame(geometry=zones, crs=crs), statistics=("sum",)
        )["sum"].to_numpy(dtype=np.float64)
        found[column] = (summed / sharing)[spot_of_place]
    table = pd.DataFrame(found, index=places.index)
    # What half the radius does not see is nobody, not unknown, where the whole radius sees some.
    seen = table["people"].notna()
    table.loc[seen, "people_low"] = table.loc[seen, "people_low"].fillna(0.0)
    return table


def buildings_of_places(
    footprints: gpd.GeoDataFrame,
    places: gpd.GeoDataFrame,
    *,
    crs: str,
    radius_m: float = RADIUS_M,
) -> pd.Series:
    """Count outlines of buildings by the nearest place within the radius.

    Returns
    -------
    pandas.Series
        On the index of `places`; NaN where no outline lies near: nobody drew them there, which is
        not the same as no houses. Outlines far from every place count nowhere.

    Raises
    ------
    CrsError
        Footprints or places are not in EPSG:4326, or `crs` is no projected CRS.
    """
    require_storage(places, "places")
    require_storage(footprints, "footprints")
    counted = np.zeros(len(places))
    if len(footprints) and len(places):
        # A point on each outline is enough here, and no degree is measured.
        points = shapely.point_on_surface(footprints.geometry.to_numpy())
        here = np.column_stack(project(shapely.get_x(points), shapely.get_y(points), crs))
        there = np.column_stack(project(places.geometry.x, places.geometry.y, crs))
        near = np.isfinite(here).all(axis=1)
        distance_m, nearest = cKDTree(there).query(here[near], distance_upper_bound=radius_m)
        counted = np.bincount(nearest[np.isfinite(distance_m)], minlength=len(places)).astype(
            np.float64
        )
    return pd.Series(np.where(counted > 0, counted, np.nan), index=places.index)


def widen_affected(places: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Carry the range of the people of each place into the range of the affected.

    Parameters
    ----------
    places
        With `people`, `people_low`, `people_high`, `affected`, `affected_low`, `affected_high`.

    Returns
    -------
    geopandas.GeoDataFrame
        A copy: the bounds of the affected times the bounds of the people, never narrower than
        they were.
    """
    people, low, high = (
        places[name].to_numpy(dtype=np.float64) for name in ("people", "people_low", "people_high")
    )
    with_people = people > 0
    down = np.divide(low, people, out=np.ones_like(people), where=with_people)
    up = np.divide(high, people, out=np.ones_like(people), where=with_people)
    result = places.copy()
    result["affected_low"] = places["affected_low"] * np.minimum(down, 1.0)
    result["affected_high"] = places["affected_high"] * np.maximum(up, 1.0)
    return result


def _require(places: gpd.GeoDataFrame, buildings: pd.Series | None) -> None:
    missing = [
        name for name in ("people", "households", "commune_code") if name not in places.columns
    ]
    if missing:
        raise SchemaError(
            f"places without {', '.join(missing)}",
            "people, households and commune_code are needed",
            "make the table with geo.places.places_from_vector",
        )
    if buildings is not None and (buildings.to_numpy(dtype=np.float64) < 0).any():
        raise SchemaError("buildings", "numbers from 0 on are needed", "correct them")


# --- communes ---------------------------------------------------------------------------------


def _share_communes(
    table: pd.DataFrame,
    places: gpd.GeoDataFrame,
    boundaries: gpd.GeoDataFrame,
    buildings: pd.Series | None,
    raster: pd.DataFrame | None,
    notes: list[str],
) -> float:
    """Share what is left of each commune's total among its unknown places; give who is left."""
    units = boundaries[boundaries["level"].isin(["commune", ""]) & boundaries["people"].notna()]
    if units.empty:
        return 0.0
    total = units.groupby("unit_id")["people"].sum().round()
    commune = places["commune_code"].to_numpy(str)
    known = table["people"].groupby(commune).sum().round()
    left = (total - known.reindex(total.index).fillna(0.0)).astype(np.float64)
    exceeded = int((left < 0).sum())
    if exceeded:
        notes.append(f"in {exceeded} communes the places hold more people than the commune's total")
    unknown = table["people"].isna().to_numpy()
    row = left.index.get_indexer(commune)
    row = np.where(unknown & (row >= 0), row, -1)
    row = np.where((row >= 0) & (left.to_numpy()[row] > 0), row, -1)
    mine = np.flatnonzero(row >= 0)
    if len(mine):
        kind, weight = _weights(table, buildings, raster, mine, row[mine], len(left))
        _fill(table, mine, row[mine], left.to_numpy(), kind, weight)
    taken = np.isin(np.arange(len(left)), row[mine])
    return float(left.to_numpy()[~taken].clip(min=0.0).sum())


def _weights(
    table: pd.DataFrame,
    buildings: pd.Series | None,
    raster: pd.DataFrame | None,
    mine: NDArray[np.intp],
    group: NDArray[np.intp],
    n_groups: int,
) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
    """The best weight that all places of a commune have, and its name."""
    kind = np.full(len(mine), "none", dtype=object)
    weight = np.ones(len(mine))
    offered = {
        "buildings": None if buildings is None else buildings.reindex(table.index),
        "raster": None if raster is None else raster["people"],
        "households": table["households"],
    }
    for name, column in offered.items():  # the surest last
        if column is None:
            continue
        values = column.to_numpy(dtype=np.float64)[mine]
        lacking = np.bincount(
            group, weights=~np.isfinite(values) | (values <= 0), minlength=n_groups
        )
        whole = lacking[group] == 0
        kind = np.where(whole, name, kind)
        weight = np.where(whole, values, weight)
    return kind, weight


def _fill(
    table: pd.DataFrame,
    mine: NDArray[np.intp],
    group: NDArray[np.intp],
    left: NDArray[np.float64],
    kind: NDArray[np.object_],
    weight: NDArray[np.float64],
) -> None:
    exact = left[group] * weight / np.bincount(group, weights=weight, minlength=len(left))[group]
    persons = whole_persons(exact, group)
    low, high = (
        np.array([RANGE_BY_WEIGHT[name][side] for name in kind], dtype=np.float64)
        for side in (0, 1)
    )
    columns = table.columns
    table.iloc[mine, columns.get_loc("people")] = persons
    table.iloc[mine, columns.get_loc("people_low")] = np.minimum(np.floor(exact * low), persons)
    # A place cannot hold more than what is left of its commune.
    most = np.minimum(np.ceil(exact * high), left[group])
    table.iloc[mine, columns.get_loc("people_high")] = np.maximum(most, persons)
    table.iloc[mine, columns.get_loc("people_basis")] = [BASIS_BY_WEIGHT[name] for name in kind]


def whole_persons(shares: NDArray[np.float64], group: NDArray[np.intp]) -> NDArray[np.float64]:
    """Round shares to whole persons so that each group keeps its (whole) sum: largest remainder.

    Parameters
    ----------
    shares
        (n,) persons from 0 on.
    group
        (n,) numbers from 0 on; whose sum is kept.
    """
    if len(shares) == 0:
        return shares.astype(np.float64)
    total = np.round(np.bincount(group, weights=shares))
    down = np.floor(shares)
    missing = np.round(total - np.bincount(group, weights=down)).astype(np.int64)
    order = np.lexsort((-(shares - down), group))
    first = np.searchsorted(group[order], np.arange(len(total)))
    rank = np.arange(len(shares)) - first[group[order]]
    persons = down.copy()
    persons[order] += rank < missing[group[order]]
    return persons


# --- raster -----------------------------------------------------------------------------------


def _take_raster(table: pd.DataFrame, raster: pd.DataFrame, notes: list[str]) -> None:
    unknown = table["people"].isna()
    told = unknown & (raster["people"] >= SOMEBODY)
    rows = np.flatnonzero(told.to_numpy())
    persons = whole_persons(
        raster["people"].to_numpy(dtype=np.float64)[rows], np.zeros(len(rows), dtype=np.intp)
    )
    low = np.floor(raster["people_low"].to_numpy(dtype=np.float64)[rows])
    high = np.ceil(raster["people_high"].to_numpy(dtype=np.float64)[rows])
    columns = table.columns
    table.iloc[rows, columns.get_loc("people")] = persons
    table.iloc[rows, columns.get_loc("people_low")] = np.minimum(low, persons)
    table.iloc[rows, columns.get_loc("people_high")] = np.maximum(high, persons)
    table.iloc[rows, columns.get_loc("people_basis")] = "population_raster"
    if len(rows):
        notes.append(f"people of {len(rows)} places without a census figure are from a raster")
    nobody = int((unknown & ~told).sum())
    if nobody:
        notes.append(f"the population raster shows nobody at {nobody} places: unknown, not nobody")


def _circles(spots: NDArray[np.float64], radius_m: float) -> NDArray[np.object_]:
    circles: NDArray[np.object_] = shapely.buffer(shapely.points(spots), radius_m, quad_segs=16)
    return circles


def _nearest_cells(spots: NDArray[np.float64], reach_m: float) -> NDArray[np.object_]:
    """What lies nearest to each spot (Voronoi), at least out to `reach_m`."""
    frame = shapely.box(*(spots.min(axis=0) - reach_m), *(spots.max(axis=0) + reach_m))
    if len(spots) == 1:
        return np.array([frame], dtype=object)
    diagram = shapely.voronoi_polygons(shapely.multipoints(spots), extend_to=frame, ordered=True)
    return np.asarray(shapely.get_parts(diagram), dtype=object)
