"""Facilities: what is one, what kind it is, and that it is counted once and never as a home."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import LineString, Point

from geo.crs import to_storage
from geo.facilities import facility_states, place_of_each
from geo.graded_roads import graded_roads

UTM = "EPSG:32629"
ORIGIN = (560_000.0, 3_430_000.0)


def thing(x_m: float, **given: Any) -> dict[str, Any]:
    return {
        "grade": "destroyed",
        "grade_written": "Destroyed",
        "is_building": False,
        "object": "AL016 - Point of interest",
        "name": "",
        "use": "Religious",
        "sensor": "WorldView-3",
        "observed_at": pd.Timestamp("2023-09-10", tz="UTC"),
        "source": "A",
        "footprint": False,
        "geometry": Point(ORIGIN[0] + x_m, ORIGIN[1]),
        **given,
    }


def table(*rows: dict[str, Any]) -> gpd.GeoDataFrame:
    return to_storage(gpd.GeoDataFrame(list(rows), crs=UTM))


def states(*rows: dict[str, Any]) -> gpd.GeoDataFrame:
    return facility_states(table(*rows), crs=UTM)


@pytest.mark.parametrize(
    ("written", "use", "kind"),
    [
        (
            "AL016 - Point of interest",
            "Religious · place of workship - christian",
            "place_of_worship",
        ),
        (
            "12-Non-residential Buildings",
            "1272-Buildings used as places of worship",
            "place_of_worship",
        ),
        ("12-Non-residential Buildings", "1264-Hospital or institutional care buildings", "health"),
        ("School/University", "", "school"),
        ("AQ040 - Bridge", "", "bridge"),
        ("BH020 - Canal", "", "water"),
        ("AC000 - Processing Facility", "", "industry"),
        ("AM010 - Storage Depot", "", "industry"),
        ("Electric substation", "", "power"),
        ("AL030 - Cemetery", "", "other"),
    ],
)
def test_kind_is_read_from_object_and_use(written: str, use: str, kind: str) -> None:
    assert states(thing(0, object=written, use=use))["kind"].tolist() == [kind]


@pytest.mark.parametrize(
    "written",
    [
        "BH141 - Stream",
        "EM008 - Earthquake",
        "AL020 - Built-up Area",
        "Temporary Shelter",
        "Road",
        "",
    ],
)
def test_ground_settlements_and_tents_are_no_facilities(written: str) -> None:
    assert states(thing(0, object=written, use="")).empty


def test_a_home_is_no_facility_and_a_school_drawn_as_a_building_is_both() -> None:
    found = states(
        thing(0, is_building=True, object="AL015 - Building", use="Residential"),
        thing(100, is_building=True, object="AL015 - Building", use="Industrial"),
        thing(200, is_building=True, object="School/University", use=""),
    )
    assert found["kind"].tolist() == ["school"]
    assert found["is_building"].tolist() == [True]


def test_point_and_outline_of_one_church_are_one_with_the_worse_grade() -> None:
    found = states(
        thing(0, grade="no_visible_damage"),
        thing(20, is_building=True, object="AL015 - Building", grade="damaged"),
        thing(100, grade="destroyed"),
        thing(110, is_building=True, object="AL015 - Building", grade="damaged"),
    )
    assert found["grade"].tolist() == ["destroyed", "damaged"]
    assert found["is_building"].tolist() == [False, True]


def test_two_surveys_of_one_church_are_one_and_the_later_word_counts() -> None:
    found = states(
        thing(0, grade="damaged", name="Tinmel mosque"),
        thing(
            15,
            grade="destroyed",
            source="B",
            sensor="Pleiades",
            observed_at=pd.Timestamp("2023-09-12", tz="UTC"),
        ),
    )
    assert len(found) == 1
    row = found.iloc[0]
    assert (row["grade"], row["grades_seen"], row["disagrees"]) == (
        "destroyed",
        "destroyed | damaged",
        True,
    )
    assert row["sightings"] == 2


def test_a_church_and_a_school_side_by_side_stay_two() -> None:
    found = states(thing(0), thing(5, use="School", source="B"))
    assert sorted(found["kind"]) == ["place_of_worship", "school"]


def test_graded_bridges_come_from_the_roads() -> None:
    lines = gpd.GeoDataFrame(
        {
            "grading": ["Completely Destroyed", "Not Affected", "Highly Damaged"],
            "subtype": ["AQ040 - Bridge", "AP030 - Road", "AQ040 - Bridge"],
        },
        geometry=[
            Point(ORIGIN),
            LineString([ORIGIN, (ORIGIN[0] + 50, ORIGIN[1])]),
            LineString([(ORIGIN[0] + 200, ORIGIN[1]), (ORIGIN[0] + 220, ORIGIN[1])]),
        ],
        crs=UTM,
    )
    roads, _ = graded_roads(lines, source="EMS")
    found = facility_states(table(thing(900)), roads, crs=UTM)
    assert found["kind"].value_counts().to_dict() == {"bridge": 2, "place_of_worship": 1}
    only_roads = facility_states(table(thing(0)).iloc[:0], roads, crs=UTM)
    assert only_roads["grade"].tolist() == ["destroyed", "damaged"]
    assert only_roads.geometry.geom_type.eq("Point").all()


def test_tables_stored_before_names_and_uses_were_read_still_work() -> None:
    old = table(thing(0, object="Hospital")).drop(columns=["name", "use"])
    assert facility_states(old, crs=UTM)["kind"].tolist() == ["health"]


def test_nothing_graded_is_no_facility() -> None:
    assert facility_states(table(thing(0)).iloc[:0], crs=UTM).empty


def test_the_nearest_place_within_the_radius_has_it() -> None:
    places = table({"geometry": Point(ORIGIN)}, {"geometry": Point(ORIGIN[0] + 1_500, ORIGIN[1])})
    here = table(thing(600), thing(1_400), thing(9_000))
    owner = place_of_each(here.geometry, places, crs=UTM, radius_m=1_000)
    assert owner.tolist() == [0, 1, -1]
