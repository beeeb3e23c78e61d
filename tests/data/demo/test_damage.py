"""Simulated damage: it follows the shaking, and analysts report only what they could see."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely

from data.demo.build import Drill
from data.demo.damage import GRADES, N_REPORTED, damage_points, draw_buildings, expected_shares
from data.demo.damage_raster import CLOUD, NODATA
from data.demo.tables import Tables
from geo.crs import project, to_working
from geo.damage_raster import zone_damage
from geo.sightings import merge_sightings

CRS = "EPSG:32629"


@pytest.fixture(scope="module")
def buildings(tables: Tables) -> pd.DataFrame:
    return draw_buildings(tables)


def circles(drill: Drill, radius_m: float) -> gpd.GeoDataFrame:
    places = to_working(drill.places, CRS)
    return gpd.GeoDataFrame(
        drill.places[["name"]], geometry=places.geometry.buffer(radius_m), crs=CRS
    )


def test_there_is_a_house_for_every_household_near_its_place(
    buildings: pd.DataFrame, tables: Tables
) -> None:
    counts = np.bincount(buildings["place"], minlength=len(tables.places))
    assert counts.tolist() == tables.places["households"].tolist()
    x_m, y_m = project(tables.places["lon"], tables.places["lat"], CRS)
    place = buildings["place"].to_numpy()
    away_m = np.hypot(buildings["x_m"] - x_m[place], buildings["y_m"] - y_m[place])
    in_villages = counts[place] < 300
    assert away_m[in_villages].max() < 350
    assert away_m.groupby(place).max().min() > 40


def test_where_households_are_unknown_there_is_a_house_for_five_people(tables: Tables) -> None:
    from dataclasses import replace

    places = tables.places.head(2).assign(people=[100, 3], households=[np.nan, np.nan])
    few = draw_buildings(replace(tables, places=places))
    assert np.bincount(few["place"]).tolist() == [20, 1]


def test_more_houses_are_lost_at_the_epicentre_than_far_away(
    buildings: pd.DataFrame, tables: Tables
) -> None:
    lost = (buildings["grade"] < 2).groupby(buildings["place"]).mean()
    by_code = lost.set_axis(tables.places["code"])
    assert by_code["0410705202001"] > 0.5  # Arg, 7 km from the epicentre
    assert by_code["drill-taroudannt-01"] < 0.1
    expected = expected_shares(tables)["affected"].to_numpy()
    n_houses = buildings.groupby("place").size().to_numpy()
    # The drawn share of each place within four standard deviations of what was expected.
    spread = np.sqrt(expected * (1 - expected) / n_houses)
    assert (np.abs(lost.to_numpy() - expected) < 4 * spread + 1 / n_houses).all()


def test_points_have_the_columns_of_the_architecture(drill: Drill) -> None:
    assert list(drill.damage_points.columns) == [
        "grade",
        "grade_written",
        "is_building",
        "object",
        "sensor",
        "observed_at",
        "source",
        "geometry",
    ]
    assert list(drill.analysed_areas.columns) == [
        "name",
        "sensor",
        "observed_at",
        "source",
        "geometry",
    ]
    for frame in (drill.damage_points, drill.analysed_areas):
        assert str(frame["observed_at"].dtype) == "datetime64[us, UTC]"
        assert frame["source"].str.startswith("Al Haouz drill").all()
        assert frame["sensor"].str.contains("simulated").all()


def test_damage_is_reported_only_inside_the_analysed_areas(drill: Drill) -> None:
    areas = shapely.union_all(drill.analysed_areas.geometry.to_numpy())
    assert shapely.covers(areas, drill.damage_points.geometry.to_numpy()).all()


def test_analysts_report_damage_only_and_shelters_apart(drill: Drill) -> None:
    points = drill.damage_points
    buildings = points[points["is_building"]]
    assert set(buildings["grade"]) == {"destroyed", "damaged", "possibly_damaged"}
    assert set(buildings["grade_written"]) == {"Destroyed", "Damaged", "Possibly damaged"}
    shelters = points[~points["is_building"]]
    assert len(shelters) == 25
    assert set(shelters["grade"]) == {"not_analysed"}
    assert set(shelters["object"]) == {"shelter site"}
    assert 5_000 < len(buildings) < 20_000


def test_every_damaged_house_in_an_area_is_reported_once_and_some_twice(
    buildings: pd.DataFrame, drill: Drill
) -> None:
    seen = (buildings["area"] >= 0) & (buildings["grade"] < N_REPORTED)
    points = drill.damage_points[drill.damage_points["is_building"]]
    twice = len(points) - int(seen.sum())
    assert 0.04 * seen.sum() < twice < 0.06 * seen.sum()
    merged = merge_sightings(points, crs=CRS)
    assert 0.9 * twice < (merged["sightings"] == 2).sum() <= twice
    assert merged["disagrees"].any()


def test_about_one_label_in_twenty_five_is_a_grade_off_and_never_more(
    buildings: pd.DataFrame, tables: Tables
) -> None:
    seen = buildings[(buildings["area"] >= 0) & (buildings["grade"] < N_REPORTED)]
    written = damage_points(tables, buildings)["grade"].head(len(seen))
    rank = written.map({grade: row for row, grade in enumerate(GRADES)}).to_numpy()
    off = np.abs(rank - seen["grade"].to_numpy())
    assert off.max() == 1
    assert 0.03 < (off > 0).mean() < 0.05


def test_each_area_has_its_sensor_and_day(drill: Drill) -> None:
    ourika = drill.analysed_areas.set_index("name").loc["Ourika and Oukaimeden"]
    inside = drill.damage_points[
        shapely.covers(ourika.geometry, drill.damage_points.geometry.to_numpy())
    ]
    first = inside[inside["sensor"] == "optical 0.3 m, simulated"]
    assert len(first) > 0.9 * len(inside)
    assert set(first["observed_at"]) == {pd.Timestamp("2023-09-12T11:00Z")}
    assert (inside["observed_at"] >= first["observed_at"].iloc[0]).all()


# --- raster -------------------------------------------------------------------------------------


def test_the_raster_holds_shares_where_houses_stand_and_nothing_elsewhere(drill: Drill) -> None:
    with rasterio.open(drill.damage_raster) as source:
        assert (source.crs.to_epsg(), source.res) == (32629, (100.0, 100.0))
        assert source.dtypes == ("float32",)
        assert source.nodata == NODATA
        values = source.read(1)
    known = values[values != NODATA]
    assert known.min() >= 0 and known.max() <= 1
    assert 0.001 < (values != NODATA).mean() < 0.02


def test_the_raster_follows_the_houses(
    drill: Drill, buildings: pd.DataFrame, tables: Tables
) -> None:
    found = zone_damage(drill.damage_raster, circles(drill, 300))
    lost = (buildings["grade"] < 2).groupby(buildings["place"]).mean()
    large = (tables.places["households"] >= 60) & (found["covered_share"] > 0.5)
    assert large.sum() > 10
    assert np.abs(found["damage_share"] - lost)[large].max() < 0.15


def test_the_hole_under_the_cloud_stays_without_value(drill: Drill) -> None:
    lon, lat, radius_m = CLOUD
    cloud = shapely.buffer(shapely.points(*project(lon, lat, CRS)), radius_m)
    under = shapely.covers(cloud, circles(drill, 200).geometry.to_numpy())
    assert {"Arg", "Aoudid"} <= set(drill.places.loc[under, "name"])
    found = zone_damage(drill.damage_raster, circles(drill, 200)[under])
    assert (found["covered_share"] == 0).all()
    assert found["damage_share"].isna().all()
    # They were graded by analysts all the same: it is the raster that has the hole.
    areas = shapely.union_all(drill.analysed_areas.geometry.to_numpy())
    assert shapely.covers(areas, drill.places.geometry.to_numpy()[under]).all()


def test_outside_the_analysed_areas_the_raster_has_no_value(drill: Drill) -> None:
    areas = shapely.union_all(to_working(drill.analysed_areas, CRS).geometry.to_numpy())
    with rasterio.open(drill.damage_raster) as source:
        row, col = np.nonzero(source.read(1) != NODATA)
        x_m, y_m = source.transform @ (col + 0.5, row + 0.5)
    assert shapely.contains_xy(areas, x_m, y_m).all()
