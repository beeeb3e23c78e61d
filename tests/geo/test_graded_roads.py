"""Graded roads propose closures; the latest survey of a line has the word."""

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import LineString

from geo.errors import SchemaError
from geo.graded_roads import empty_roads, graded_roads, roads_in_force

LINES = [LineString([(13.0, 42.8 + n / 100), (13.1, 42.8 + n / 100)]) for n in range(4)]


def delivered(*grades: str | None) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "nam": ["Strada Provinciale 476", "Unk", "Unknown", None][: len(grades)],
            "road_type": ["Secondary Road"] * len(grades),
            "grading": list(grades),
            "functional": ["Fully Functional"] * len(grades),
            "subtype": ["AP030 - Road"] * len(grades),
            "source_nam": ["DEIMOS"] * len(grades),
            "src_date": ["2016-10-27"] * len(grades),
        },
        geometry=LINES[: len(grades)],
        crs="EPSG:4326",
    )


def surveyed(number: int, version: int, *grades: str | None) -> gpd.GeoDataFrame:
    roads, _ = graded_roads(delivered(*grades), source=f"survey {number} v{version}")
    return roads.assign(
        survey_area="EMSR190 11GROTTI",
        survey=f"EMSR190 11GROTTI {number}",
        survey_number=number,
        survey_version=version,
    )


def together(*frames: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return pd.concat(frames, ignore_index=True)


def test_a_graded_road_proposes_what_to_do() -> None:
    roads, report = graded_roads(
        delivered("Completely Destroyed", "Highly Damaged", "Not Affected", None), source="CEMS"
    )
    assert roads["grade"].tolist() == ["destroyed", "damaged", "no_visible_damage", "not_analysed"]
    assert roads["proposal"].tolist() == ["close", "check", "", ""]
    assert roads["name"].tolist() == ["Strada Provinciale 476", "", "", ""]
    assert roads["road_class"].tolist() == ["Secondary Road"] * 4
    assert set(roads["sensor"]) == {"DEIMOS"}
    assert {str(day.date()) for day in roads["observed_at"]} == {"2016-10-27"}
    assert report.n_rows == report.n_not_buildings == 4
    assert report.grades == {
        "destroyed": 1,
        "damaged": 1,
        "no_visible_damage": 1,
        "not_analysed": 1,
    }


def test_roads_without_grades_are_refused() -> None:
    with pytest.raises(SchemaError, match="no column holds damage grades"):
        graded_roads(delivered("x").drop(columns="grading"), source="CEMS")


def test_the_latest_survey_of_a_line_has_the_word() -> None:
    first = surveyed(0, 1, "Completely Destroyed", "Not Affected")
    again = surveyed(1, 1, "Not Affected")
    for rows in (together(first, again), together(again, first)):
        found = roads_in_force(rows)
        assert sorted(zip(found["survey_number"], found["grade"], strict=True)) == [
            (0, "no_visible_damage"),
            (1, "no_visible_damage"),
        ]


def test_a_survey_that_could_not_see_a_road_leaves_the_earlier_word() -> None:
    rows = together(surveyed(0, 1, "Completely Destroyed"), surveyed(1, 1, "Not Applicable"))
    assert roads_in_force(rows)["grade"].tolist() == ["destroyed"]


def test_a_corrected_product_replaces_the_one_before() -> None:
    rows = together(surveyed(0, 1, "Completely Destroyed", "Damaged"), surveyed(0, 2, "Damaged"))
    assert roads_in_force(rows)["grade"].tolist() == ["damaged"]


def test_roads_of_no_package_stay() -> None:
    plain, _ = graded_roads(delivered("Damaged", "Damaged"), source="CEMS")
    assert len(roads_in_force(together(plain, plain))) == 4
    assert len(roads_in_force(empty_roads())) == 0
    assert len(roads_in_force(together(plain, surveyed(0, 1, "Damaged")))) == 3
