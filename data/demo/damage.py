"""Simulated damage: houses drawn around every place, and what analysts would report of them.

Houses and their grades are drawn for all places; analysts report only what lies in the analysed
areas, only what is damaged, sometimes under a wrong grade and sometimes twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.demo.chance import generator
from data.demo.places import building_shares
from data.demo.shaking import drill_intensity
from data.demo.terrain import CRS
from geo.crs import STORAGE_CRS, project, unproject
from geo.vulnerability import expected_damage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from data.demo.tables import Tables

GRADES = np.array(["destroyed", "damaged", "possibly_damaged", "no_visible_damage"])
N_REPORTED = 3  # of GRADES, from the worst on
HOUSEHOLD_SIZE = 5.0
# Ground of one house with its yard. Houses of a douar then stand some 18 m apart; the median of
# the buildings that UNOSAT graded in 2023 is 13 m, but those are the dense ones.
GROUND_M2 = 350.0
LEAST_RADIUS_M = 60.0
# Angle between neighbours of a sunflower: equal ground for all, no rows.
GOLDEN_ANGLE = np.pi * (3 - np.sqrt(5))
JITTER = 0.25  # of the distance between neighbours
CONFUSED_SHARE = 0.04
SEEN_TWICE_SHARE = 0.05
APART_M = (2.0, 4.0)
SECOND_SENSOR = "optical 0.7 m, simulated"
SECOND_LATER = pd.Timedelta(hours=12)
N_SHELTERS = 25
SHELTER_FROM_PLACE_M = (80.0, 200.0)
SOURCE = "Al Haouz drill, simulated grading"
AREA_SOURCE = "Al Haouz drill, drawn area"
DECIMALS = 6


def analysed_areas(tables: Tables) -> gpd.GeoDataFrame:
    """Areas that simulated analysts looked at; columns as in ``docs/architecture.md``."""
    given = tables.analysed_areas
    return gpd.GeoDataFrame(
        {
            "name": given["name"].astype("str"),
            "sensor": given["sensor"].astype("str"),
            "observed_at": _times(given["acquired_at"]),
            "source": pd.Series([AREA_SOURCE] * len(given), dtype="str"),
        },
        geometry=shapely.from_wkt(given["wkt"].to_numpy()),
        crs=STORAGE_CRS,
    )


def expected_shares(tables: Tables) -> pd.DataFrame:
    """Shares of houses `destroyed`, `damaged`, `slight`, `affected`, a row a place.

    From the intensity at the place and the building types of its commune
    (`geo.vulnerability.expected_damage`).
    """
    places = tables.places
    mmi = pd.Series(drill_intensity(tables, places["lon"], places["lat"]))
    return expected_damage(mmi, building_shares=building_shares(tables))


def draw_buildings(tables: Tables) -> pd.DataFrame:
    """All houses of the drill with what happened to them.

    Returns
    -------
    pandas.DataFrame
        `place` (row of the place), `x_m`, `y_m` in the terrain's CRS, `lon`, `lat`, `grade` (row of
        `GRADES`) and `area` (row of the analysed area it lies in, -1 for none). One household is
        one house; where households are unknown there is a house for every five people.
    """
    places = tables.places
    households = places["households"].fillna(places["people"] / HOUSEHOLD_SIZE)
    n_houses = np.maximum(np.rint(households.to_numpy(dtype=np.float64)), 1).astype(np.int64)
    place = np.repeat(np.arange(len(places)), n_houses)
    x_m, y_m = _settled(tables, place, n_houses)
    lon, lat = (np.round(values, DECIMALS) for values in unproject(x_m, y_m, CRS))
    return pd.DataFrame(
        {
            "place": place,
            "x_m": x_m,
            "y_m": y_m,
            "lon": lon,
            "lat": lat,
            "grade": _grades(tables, place),
            "area": _area_of(tables, lon, lat),
        }
    )


def damage_points(tables: Tables, buildings: pd.DataFrame) -> gpd.GeoDataFrame:
    """What analysts report: graded houses and shelter sites; columns as in the architecture."""
    areas = analysed_areas(tables)
    seen = buildings[(buildings["area"] >= 0) & (buildings["grade"] < N_REPORTED)]
    chance = generator("analysts")
    first = pd.DataFrame(
        {
            "grade": _confused(seen["grade"].to_numpy(), chance),
            "lon": seen["lon"].to_numpy(),
            "lat": seen["lat"].to_numpy(),
            "sensor": areas["sensor"].to_numpy()[seen["area"]],
            "observed_at": areas["observed_at"].iloc[seen["area"].to_numpy()].to_numpy(),
        }
    )
    rows = pd.concat([first, _second_sightings(tables, seen, first)], ignore_index=True)
    rows["written"] = GRADES[rows["grade"].to_numpy()]
    rows = rows.assign(is_building=True, object="house", grade=rows["written"])
    rows["written"] = rows["written"].str.replace("_", " ").str.capitalize()
    rows = pd.concat([rows, _shelters(tables, areas)], ignore_index=True)
    return gpd.GeoDataFrame(
        {
            "grade": rows["grade"].astype("str"),
            "grade_written": rows["written"].astype("str"),
            "is_building": rows["is_building"].astype("bool"),
            "object": rows["object"].astype("str"),
            "sensor": rows["sensor"].astype("str"),
            "observed_at": _times(rows["observed_at"]),
            "source": pd.Series([SOURCE] * len(rows), dtype="str"),
        },
        geometry=gpd.points_from_xy(rows["lon"], rows["lat"]),
        crs=STORAGE_CRS,
    )


# --- houses -------------------------------------------------------------------------------------


def _settled(
    tables: Tables, place: NDArray[np.int64], n_houses: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Positions of houses: an ellipse about the place, turned at random, evenly filled."""
    chance = generator("houses")
    centre_x, centre_y = project(tables.places["lon"], tables.places["lat"], CRS)
    radius_m = np.maximum(np.sqrt(n_houses * GROUND_M2 / np.pi), LEAST_RADIUS_M)
    stretch = chance.uniform(1.0, 1.5, len(n_houses))
    turn = chance.uniform(0.0, np.pi, len(n_houses))
    number = np.arange(len(place)) - np.repeat(np.cumsum(n_houses) - n_houses, n_houses)
    distance_m = radius_m[place] * np.sqrt((number + 0.5) / n_houses[place])
    jitter_m = JITTER * radius_m[place] * np.sqrt(np.pi / n_houses[place])
    along = distance_m * np.cos(number * GOLDEN_ANGLE) + jitter_m * chance.uniform(
        -1, 1, len(place)
    )
    across = distance_m * np.sin(number * GOLDEN_ANGLE) + jitter_m * chance.uniform(
        -1, 1, len(place)
    )
    along, across = along * stretch[place], across / stretch[place]
    cos, sin = np.cos(turn)[place], np.sin(turn)[place]
    return (
        centre_x[place] + along * cos - across * sin,
        centre_y[place] + along * sin + across * cos,
    )


def _grades(tables: Tables, place: NDArray[np.int64]) -> NDArray[np.int64]:
    shares = expected_shares(tables)[["destroyed", "damaged", "slight"]].to_numpy()
    bounds = np.cumsum(shares, axis=1)[place]
    drawn = generator("grades").random(len(place))
    grade: NDArray[np.int64] = (drawn[:, np.newaxis] >= bounds).sum(axis=1)
    return grade


def _area_of(
    tables: Tables, lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Row of the first area that holds each point, -1 for none."""
    points = shapely.points(lon, lat)
    area = np.full(len(points), -1, dtype=np.int64)
    for row, polygon in reversed(list(enumerate(shapely.from_wkt(tables.analysed_areas["wkt"])))):
        shapely.prepare(polygon)
        area[shapely.covers(polygon, points)] = row
    return area


# --- what analysts report -----------------------------------------------------------------------


def _confused(grade: NDArray[np.int64], chance: np.random.Generator) -> NDArray[np.int64]:
    """Grades as written down: some are one grade too good or too bad, none is lost."""
    wrong = chance.random(len(grade)) < CONFUSED_SHARE
    step = chance.choice([-1, 1], len(grade))
    # The worst can only be taken for the next better, and the other way round.
    step = np.where(grade == 0, 1, np.where(grade == N_REPORTED - 1, -1, step))
    written: NDArray[np.int64] = np.where(wrong, grade + step, grade)
    return written


def _second_sightings(tables: Tables, seen: pd.DataFrame, first: pd.DataFrame) -> pd.DataFrame:
    """The same houses once more by another sensor, a few metres off, as products are."""
    chance = generator("second sensor")
    again = chance.random(len(seen)) < SEEN_TWICE_SHARE
    apart_m = chance.uniform(*APART_M, int(again.sum()))
    angle = chance.uniform(0, 2 * np.pi, int(again.sum()))
    x_m = seen["x_m"].to_numpy()[again] + apart_m * np.cos(angle)
    y_m = seen["y_m"].to_numpy()[again] + apart_m * np.sin(angle)
    lon, lat = (np.round(values, DECIMALS) for values in unproject(x_m, y_m, CRS))
    second = pd.DataFrame(
        {
            "grade": _confused(seen["grade"].to_numpy()[again], chance),
            "lon": lon,
            "lat": lat,
            "sensor": SECOND_SENSOR,
            "observed_at": (first["observed_at"][again] + SECOND_LATER).to_numpy(),
        }
    )
    return second[_area_of(tables, lon, lat) >= 0]


def _shelters(tables: Tables, areas: gpd.GeoDataFrame) -> pd.DataFrame:
    """Sites of tents beside the places that lost most houses: no buildings, not graded."""
    chance = generator("shelters")
    places = tables.places
    lost = expected_shares(tables)["affected"] * places["households"]
    area = _area_of(tables, places["lon"].to_numpy(), places["lat"].to_numpy())
    order = np.argsort(-np.where(area >= 0, lost, -1.0), kind="stable")
    x_m, y_m = project(places["lon"], places["lat"], CRS)
    off_m = chance.uniform(*SHELTER_FROM_PLACE_M, len(places))
    angle = chance.uniform(0, 2 * np.pi, len(places))
    lon, lat = unproject(x_m + off_m * np.cos(angle), y_m + off_m * np.sin(angle), CRS)
    lon, lat = np.round(lon, DECIMALS), np.round(lat, DECIMALS)
    inside = _area_of(tables, lon, lat) >= 0
    chosen = order[(inside & (area >= 0))[order]][:N_SHELTERS]
    return pd.DataFrame(
        {
            "grade": "not_analysed",
            "lon": lon[chosen],
            "lat": lat[chosen],
            "sensor": areas["sensor"].to_numpy()[area[chosen]],
            "observed_at": areas["observed_at"].iloc[area[chosen]].to_numpy(),
            "written": "",
            "is_building": False,
            "object": "shelter site",
        }
    )


def _times(values: Any) -> pd.Series:
    times = pd.Series(pd.to_datetime(values, utc=True)).reset_index(drop=True)
    return times.astype("datetime64[us, UTC]")
