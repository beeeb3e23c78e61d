"""Units with one kind of code, and places stamped with theirs."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import Point, box

from geo.boundaries import (
    COLUMNS,
    boundaries_from_vector,
    empty_boundaries,
    stamp_commune,
)
from geo.crs import to_working
from geo.errors import CrsError, EmptyInputError, SchemaError
from geo.places import empty_places, places_from_vector
from geo.vectors import read_vector

# Two communes side by side: Asni in the west, Ouirgane in the east, parted at lon -8.
WEST, EAST = box(-9, 31, -8, 32), box(-8, 31, -7, 32)


def units(**columns):
    columns = columns or {
        "Code_Commu": ["07.041.03.01.", "07.041.03.02."],
        "Nom_Commun": ["Asni", "Ouirgane"],
        "Nom_Comm_1": ["أسني", "ويركان"],
        "Population": [100, 200],
        "Nb_Menages": [20, 40],
    }
    n = len(next(iter(columns.values())))
    return boundaries_from_vector(
        gpd.GeoDataFrame(columns, geometry=[WEST, EAST][:n], crs="EPSG:4326"), source="HCP"
    )


def some_places(*points, **columns):
    columns = {"name": [f"p{n}" for n in range(len(points))]} | columns
    return places_from_vector(
        gpd.GeoDataFrame(columns, geometry=list(points), crs="EPSG:4326"), source="test"
    )


def test_hcp_columns_become_ours_and_codes_lose_their_last_point():
    made = units()
    assert list(made.columns) == list(COLUMNS)
    row = made.iloc[0]
    assert (row["unit_id"], row["name"], row["name_ar"]) == ("07.041.03.01", "Asni", "أسني")
    assert (row["level"], row["people"], row["households"]) == ("commune", 100, 20)


@pytest.mark.parametrize(
    ("code", "level"),
    [
        ("07.", "region"),
        ("07.041.", "province"),
        ("07.041.03.", "circle"),
        ("07.041.03.01", "commune"),
    ],
)
def test_the_level_follows_from_the_code(code, level):
    assert units(code=[code])["level"].tolist() == [level]


def test_a_code_is_put_together_from_its_parts():
    made = units(code_reg=[7.0], code_prov=[41.0], cod_cercle=[9.0], cod_com=[1.0], com_fr=["Asni"])
    assert made["unit_id"].tolist() == ["07.041.09.01"]
    assert made["level"].tolist() == ["commune"]


def test_a_name_in_two_scripts_is_parted_and_tells_a_province():
    row = units(id=["MA-TET"], name=["Province de Tétouan إقليم تطوان"]).iloc[0]
    assert (row["name"], row["name_ar"]) == ("Province de Tétouan", "إقليم تطوان")
    assert (row["unit_id"], row["level"]) == ("MA-TET", "province")


def test_without_code_the_name_is_the_id_and_doubles_are_numbered():
    made = units(name=["Asni", "Asni"])
    assert made["unit_id"].tolist() == ["asni", "asni.2"]
    assert "1 units shared the id" in made.attrs["notes"][0]
    assert units(n=[1, 2])["unit_id"].tolist() == ["unit-1", "unit-2"]


def test_a_level_can_be_given():
    frame = gpd.GeoDataFrame({"name": ["Asni"]}, geometry=[WEST], crs="EPSG:4326")
    made = boundaries_from_vector(frame, source="x", level="commune")
    assert made["level"].tolist() == ["commune"]


def test_points_and_lines_are_left_out_and_counted():
    frame = gpd.GeoDataFrame({"name": ["a", "b"]}, geometry=[WEST, Point(0, 0)], crs="EPSG:4326")
    made = boundaries_from_vector(frame, source="x")
    assert len(made) == 1
    assert made.attrs["notes"] == ["1 features without an area were left out"]
    with pytest.raises(EmptyInputError, match="boundaries are polygons"):
        boundaries_from_vector(frame.iloc[1:], source="x")


@pytest.mark.parametrize("people", [-1, "?!", 3e9])
def test_impossible_people_are_refused_with_the_row(people):
    with pytest.raises(SchemaError, match="boundaries: row 2, column people"):
        units(name=["a", "b"], people=[1, people])


def test_another_crs_is_refused():
    with pytest.raises(CrsError, match="EPSG:32629"):
        boundaries_from_vector(
            to_working(gpd.GeoDataFrame(geometry=[WEST], crs="EPSG:4326"), "EPSG:32629"), source="x"
        )


# --- stamping -----------------------------------------------------------------------------------


def test_places_get_the_commune_they_lie_in_and_others_none():
    made = some_places(Point(-8.5, 31.5), Point(-7.5, 31.5), Point(0, 0))
    stamped = stamp_commune(made, units())
    assert stamped["commune_code"].tolist() == ["07.041.03.01", "07.041.03.02", ""]
    assert stamped["commune"].tolist() == ["Asni", "Ouirgane", ""]
    assert (made["commune"] == "").all()  # the given table is unchanged


def test_a_written_commune_stands_and_the_difference_is_counted():
    made = some_places(Point(-8.5, 31.5), commune_code=["07.041.03.02"], commune=["Ouirgane"])
    stamped = stamp_commune(made, units())
    assert stamped["commune"].tolist() == ["Ouirgane"]
    assert "1 places lie outside the commune that their source names" in stamped.attrs["notes"][-1]


def test_a_code_without_name_gets_the_name_of_its_unit_and_of_no_other():
    made = some_places(
        Point(-8.5, 31.5), Point(-8.5, 31.5), commune_code=["07.041.03.01", "07.041.03.02"]
    )
    assert stamp_commune(made, units())["commune"].tolist() == ["Asni", ""]


def test_on_the_line_between_two_units_the_lower_id_counts():
    made = some_places(Point(-8, 31.5))
    for boundaries in (units(), units().iloc[::-1]):
        assert stamp_commune(made, boundaries)["commune"].tolist() == ["Asni"]


def test_provinces_are_no_communes():
    province = units(code=["07.041."], name=["Al Haouz"])
    assert stamp_commune(some_places(Point(-8.5, 31.5)), province)["commune"].tolist() == [""]


def test_rows_keep_their_index_and_order():
    made = some_places(Point(-7.5, 31.5), Point(-8.5, 31.5)).set_axis([9, 4])
    stamped = stamp_commune(made, units())
    assert stamped.index.tolist() == [9, 4]
    assert stamped["commune"].tolist() == ["Ouirgane", "Asni"]


def test_nothing_to_stamp_with_or_to_stamp_is_fine():
    assert stamp_commune(empty_places(), units()).empty
    made = some_places(Point(-8.5, 31.5))
    pd.testing.assert_frame_equal(stamp_commune(made, empty_boundaries()), made)


def test_two_coordinate_systems_are_an_error():
    made = some_places(Point(-8.5, 31.5))
    with pytest.raises(CrsError, match="both must be in the same CRS"):
        stamp_commune(made, to_working(units(), "EPSG:32629"))


# --- real ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def communes(real_data):
    return boundaries_from_vector(
        read_vector(real_data / "alhaouz" / "communes.geojson"), source="HCP 2014"
    )


def test_real_communes_of_al_haouz(communes):
    assert len(communes) == 40
    assert communes["people"].sum() == 573_128
    assert communes["unit_id"].str.fullmatch(r"07\.041\.\d\d\.\d\d").all()
    assert communes["unit_id"].is_unique
    assert (communes["level"] == "commune").all()
    assert (communes["name_ar"] != "").all()


def test_real_douars_lie_in_the_commune_that_the_census_says(real_data, communes):
    made = places_from_vector(
        read_vector(real_data / "alhaouz" / "alhaouz_core_douars_points.geojson"), source="HCP"
    )
    blank = made.assign(commune_code="", commune="")
    stamped = stamp_commune(blank, communes)
    assert stamped["commune_code"].tolist() == made["commune_code"].tolist()
    assert np.mean(stamped["commune"] == made["commune"]) > 0.9


def test_real_provinces_in_two_scripts(real_data):
    made = boundaries_from_vector(
        read_vector(real_data / "admin" / "provinces.topojson"), source="OSM"
    )
    assert len(made) == 75
    assert (made["level"] == "province").sum() == 74
    assert (made["name_ar"] != "").sum() >= 74


def test_real_census_gml_agrees_with_the_communes(real_data, communes):
    made = boundaries_from_vector(read_vector(real_data / "admin" / "Al-Haouz.xml"), source="HCP")
    assert len(made) == 45  # five communes have an urban centre of their own
    codes = set(made["unit_id"].str[:12])
    assert codes == set(communes["unit_id"])
