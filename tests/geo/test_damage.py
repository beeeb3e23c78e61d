"""Damage layers as delivered: what is a building, what its grade is, what was looked at."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import LineString, Point, Polygon, box

from geo.damage import POINT_COLUMNS, damage_from_vector
from geo.damage_area import says_void
from geo.errors import CrsError, EmptyInputError, InputError, SchemaError
from geo.vectors import read_vector


def layer(columns: dict[str, list[Any]], geometry: list[Any] | None = None) -> gpd.GeoDataFrame:
    n = len(next(iter(columns.values())))
    shapes = geometry if geometry is not None else [Point(-8 + i / 1000, 31) for i in range(n)]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4326")


def test_points_have_the_columns_of_the_contract() -> None:
    read = damage_from_vector(
        layer({"damage_gra": ["Destroyed"], "obj_type": ["11-Residential Buildings"]}),
        source="Copernicus EMS",
    )
    assert list(read.points.columns) == [*POINT_COLUMNS, "geometry"]
    row = read.points.iloc[0]
    assert (row["grade"], row["grade_written"], row["is_building"]) == (
        "destroyed",
        "Destroyed",
        True,
    )
    assert row["object"] == "11-Residential Buildings"
    assert row["source"] == "Copernicus EMS"
    assert pd.isna(row["observed_at"])
    assert read.analysed_area is None


@pytest.mark.parametrize("column", ["Main_Dmg", "GRADING", "damage_gra", "Damage", "subtype"])
def test_grade_column_is_found_under_its_many_names(column: str) -> None:
    read = damage_from_vector(layer({"id": [1, 2], column: ["Damaged", "Destroyed"]}), source="x")
    assert read.points["grade"].tolist() == ["damaged", "destroyed"]
    assert read.report.columns["grade"] == column


def test_feature_type_is_not_taken_for_a_grade() -> None:
    read = damage_from_vector(
        layer({"subtype": ["AL015 - Building"] * 2, "grading": ["Not Affected", "Null"]}),
        source="EMSR190",
    )
    assert read.report.columns["grade"] == "grading"
    assert read.points["grade"].tolist() == ["no_visible_damage", "not_analysed"]


def test_last_survey_of_several_counts_with_its_own_date() -> None:
    read = damage_from_vector(
        layer(
            {
                "Main_Damage_Site_Class": [3, 3, 6],
                "SensorDate": ["2023-09-10"] * 3,
                "SensorID": ["Pleiades"] * 3,
                "Main_Damage_Site_Class_2": [1, 11, 5],
                "SensorDate_2": ["2023-09-20"] * 3,
                "SensorID_2": ["WorldView-3"] * 3,
            }
        ),
        source="UNOSAT",
    )
    assert read.points["grade"].tolist() == ["destroyed", "possibly_damaged", "not_analysed"]
    assert read.points["is_building"].tolist() == [True, True, False], "5 is a crater in a road"
    assert set(read.points["sensor"]) == {"WorldView-3"}
    assert read.points["observed_at"].iloc[0] == pd.Timestamp("2023-09-20", tz="UTC")


def test_unknown_labels_are_reported_and_stay_not_analysed() -> None:
    read = damage_from_vector(
        layer({"grading": ["Destroyed", "Kaputt", "Kaputt", None]}), source="x"
    )
    assert read.points["grade"].tolist() == ["destroyed"] + ["not_analysed"] * 3
    assert read.points["grade_written"].tolist() == ["Destroyed", "Kaputt", "Kaputt", ""]
    assert read.report.unknown_labels == {"Kaputt": 2}
    assert read.report.n_missing_grade == 1
    assert any("'Kaputt' 2" in note for note in read.report.notes)


@pytest.mark.parametrize(
    ("written", "is_building"),
    [
        ("Building (Genaral/Default)", True),
        ("AL015 - Building", True),
        ("11-Residential Buildings", True),
        ("12-Non-residential Buildings", True),
        ("", True),
        ("AP030 - Road", False),
        ("AQ040 - Bridge", False),
        ("AL016 - Point of interest", False),
        ("211-Highways, Streets and Roads", False),
        ("230-Complex constructions", False),
        ("IDP shelter", False),
    ],
)
def test_object_type_says_what_is_a_building(written: str, is_building: bool) -> None:
    read = damage_from_vector(layer({"obj_type": [written], "grading": ["Damaged"]}), source="x")
    assert read.points["is_building"].tolist() == [is_building]


def test_ungraded_rows_of_a_shelter_layer_are_no_buildings() -> None:
    read = damage_from_vector(
        layer(
            {
                "Main_Dmg": [None, None, "Damage", "Damage"],
                "layer": ["PL_20230910_IDP_Adassil", "Damage_X", "PL_IDP_Y", "Damage_Z"],
            }
        ),
        source="UNOSAT",
    )
    assert read.points["is_building"].tolist() == [False, True, True, True]
    assert read.report.n_not_buildings == 1
    assert read.report.n_graded == 2
    assert read.report.n_not_analysed == 1


def test_footprints_become_points_inside_and_lines_no_buildings() -> None:
    ring = Polygon([(0, 0), (4, 0), (4, 4), (3, 4), (3, 1), (1, 1), (1, 4), (0, 4)])
    shapes = [ring, LineString([(0, 0), (1, 1)]), Point(9, 9)]
    read = damage_from_vector(
        layer({"grading": ["Damaged", "Not affected", "Destroyed"]}, shapes), source="x"
    )
    assert read.points["footprint"].tolist() == [True, False, False]
    assert read.points["is_building"].tolist() == [True, False, True]
    assert ring.contains(read.points.geometry.iloc[0]), "its centroid lies outside"
    assert read.points.geometry.iloc[2] == Point(9, 9)


def test_dates_are_read_swapped_back_and_taken_from_the_layer_name() -> None:
    read = damage_from_vector(
        layer(
            {
                "Main_Dmg": ["Damage"] * 11,
                "SensorDate": ["2023-09-10"] * 8 + ["2023-10-09", None, None],
                "layer": ["JL_20230910_A"] * 10 + ["JL_B"],
            }
        ),
        source="UNOSAT",
        observed_at=datetime(2023, 9, 15, tzinfo=UTC),
    )
    expected = [pd.Timestamp("2023-09-10", tz="UTC")] * 10 + [pd.Timestamp("2023-09-15", tz="UTC")]
    assert read.points["observed_at"].tolist() == expected
    assert read.report.n_dates_swapped == 1
    assert read.report.n_dates_from_name == 1


def test_layer_in_another_crs_comes_back_in_degrees() -> None:
    frame = layer({"grading": ["Damaged"]}).to_crs("EPSG:32629")
    point = damage_from_vector(frame, source="x").points.geometry.iloc[0]
    assert (round(point.x, 9), round(point.y, 9)) == (-8.0, 31.0)


def test_the_given_layer_is_unchanged() -> None:
    frame = layer({"grading": ["Damaged", None]})
    before = frame.copy(deep=True)
    damage_from_vector(frame, source="x")
    pd.testing.assert_frame_equal(pd.DataFrame(frame), pd.DataFrame(before))


def test_rows_without_geometry_are_counted_and_left_out() -> None:
    frame = layer({"grading": ["Damaged"] * 3}, [Point(0, 0), None, Point()])
    read = damage_from_vector(frame, source="x")
    assert len(read.points) == 1
    assert read.report.n_without_geometry == 2
    assert read.report.n_rows == 3


# --- the area that was looked at ----------------------------------------------------------------


def test_polygons_without_grades_are_the_analysed_area() -> None:
    read = damage_from_vector(
        layer({"Site_ID": [0], "Sensor_ID": ["Pleiades"]}, [box(-8, 31, -7.9, 31.1)]), source="U"
    )
    assert len(read.points) == 0
    assert read.analysed_area is not None
    row = read.analysed_area.iloc[0]
    assert (row["sensor"], row["source"], row["is_void"]) == ("Pleiades", "U", False)
    assert read.report.kind == "analysed_area"


def test_clouds_are_holes_and_land_cover_is_left_out() -> None:
    read = damage_from_vector(
        layer(
            {
                "subtype": ["Satellite Footprint", "ZD020 - Void Collection Area", "ZD040 - Named"],
                "src_date": ["2016-10-27"] * 3,
            },
            [box(0, 0, 1, 1), box(0, 0, 0.1, 0.1), box(0, 0, 1, 1)],
        ),
        source="EMSR190",
    )
    assert read.analysed_area is not None
    assert read.analysed_area["is_void"].tolist() == [False, True]
    assert (read.report.n_areas, read.report.n_void_areas, read.report.n_left_out) == (1, 1, 1)


def test_a_cloud_mask_without_columns_is_told_by_its_name() -> None:
    mask = layer({"id": [1]}, [box(-8, 31, -7.9, 31.1)])
    assert damage_from_vector(mask, source="x").analysed_area["is_void"].tolist() == [False]
    meaning = "void" if says_void("20230911_clouds") else None
    read = damage_from_vector(mask, source="x", area_meaning=meaning)
    assert read.analysed_area is not None
    assert read.analysed_area["is_void"].tolist() == [True]
    assert not says_void("cloud_free_footprint")


def test_building_footprints_are_no_analysed_area() -> None:
    houses = [box(-8 + i / 1000, 31, -7.9999 + i / 1000, 31.0001) for i in range(20)]
    with pytest.raises(SchemaError, match=r"no analysed area.*area of interest"):
        damage_from_vector(layer({"height": [3.0] * 20}, houses), source="footprints")


def test_land_cover_is_no_analysed_area() -> None:
    frame = layer({"subtype": ["EC030 - Trees"] * 2}, [box(0, 0, 1, 1), box(2, 2, 3, 3)])
    with pytest.raises(SchemaError, match="no analysed area"):
        damage_from_vector(frame, source="EMSR190")


# --- bad input ----------------------------------------------------------------------------------


def test_points_without_a_grade_column_are_refused_with_their_columns() -> None:
    with pytest.raises(SchemaError, match=r"columns height.*name the grade column damage_gra"):
        damage_from_vector(layer({"height": [3.0]}), source="x")


def test_empty_layer_is_refused() -> None:
    with pytest.raises(EmptyInputError, match="holds no rows"):
        damage_from_vector(layer({"grading": []}), source="x")


def test_layer_without_geometries_is_refused() -> None:
    with pytest.raises(EmptyInputError, match="none of its rows has a geometry"):
        damage_from_vector(layer({"grading": ["Damaged"]}, [None]), source="x")


def test_layer_without_crs_is_refused() -> None:
    frame = gpd.GeoDataFrame({"grading": ["Damaged"]}, geometry=[Point(0, 0)])
    with pytest.raises(CrsError, match="no CRS"):
        damage_from_vector(frame, source="x")


def test_layer_without_a_source_is_refused() -> None:
    with pytest.raises(InputError, match="say who made it"):
        damage_from_vector(layer({"grading": ["Damaged"]}), source=" ")


def test_time_without_a_zone_is_refused() -> None:
    with pytest.raises(InputError, match="add the zone"):
        damage_from_vector(
            layer({"grading": ["Damaged"]}),
            source="x",
            observed_at=datetime(2023, 9, 8),  # noqa: DTZ001
        )


# --- real layers --------------------------------------------------------------------------------


def test_unosat_al_haouz_counts_as_in_its_file(real_data: Path) -> None:
    path = real_data / "alhaouz" / "damage_unosat.geojson"
    rows = [f["properties"] for f in json.loads(path.read_text(encoding="utf-8"))["features"]]
    written = Counter(row["Main_Dmg"] for row in rows)
    read = damage_from_vector(read_vector(path), source="UNOSAT")
    report = read.report

    assert report.n_rows == len(rows) == 4920
    assert report.n_graded == sum(n for label, n in written.items() if label) == 4804
    assert report.n_not_buildings == sum("_IDP_" in row["layer"] for row in rows) == 116
    assert report.labels == {label: n for label, n in written.items() if label}
    assert report.grades == {
        "damaged": written["Damage"],
        "possibly_damaged": written["Possible damage"] + written["Possible damaged"],
    }
    assert report.sensors == dict(Counter(row["SensorID"] for row in rows if row["SensorID"]))
    assert report.unknown_labels == {}
    assert report.n_dates_swapped == sum(row["SensorDate"] == "2023-10-09" for row in rows) == 37
    assert report.n_dates_from_name == sum(not row["SensorDate"] for row in rows)
    assert set(read.points["observed_at"].dt.strftime("%m-%d")) == {"09-09", "09-10", "09-12"}


def test_copernicus_al_haouz_counts_as_in_its_file(real_data: Path) -> None:
    path = real_data / "alhaouz" / "damage_copernicus.geojson"
    rows = [f["properties"] for f in json.loads(path.read_text(encoding="utf-8"))["features"]]
    written = Counter(row["damage_gra"] for row in rows)
    read = damage_from_vector(read_vector(path), source="Copernicus EMS")
    assert read.report.grades == {
        "destroyed": written["Destroyed"],
        "damaged": written["Damaged"],
        "possibly_damaged": written["Possibly damaged"],
    }
    assert read.report.grades == {"destroyed": 98, "damaged": 89, "possibly_damaged": 86}
    assert read.points["is_building"].all()


def test_analysed_areas_of_al_haouz_are_areas(real_data: Path) -> None:
    paths = sorted((real_data / "alhaouz" / "analysed_areas").glob("*.geojson"))
    assert len(paths) == 6
    for path in paths:
        read = damage_from_vector(read_vector(path), source="UNOSAT")
        assert read.report.kind == "analysed_area"
        assert read.analysed_area is not None
        assert not read.analysed_area["is_void"].any()


def test_real_footprints_are_not_taken_for_an_analysed_area(real_data: Path) -> None:
    frame = read_vector(real_data / "alhaouz" / "footprints" / "Ijoukak.geojson")
    with pytest.raises(SchemaError, match="no analysed area"):
        damage_from_vector(frame, source="footprints")
