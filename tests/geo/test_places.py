"""One table of places, whatever the source called its columns."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiPoint, Point, Polygon

from geo.errors import CrsError, EmptyInputError, SchemaError
from geo.model import Source
from geo.places import (
    COLUMNS,
    empty_places,
    outside,
    places_from_osm,
    places_from_vector,
    require_places,
)
from geo.vectors import read_attributes, read_vector

ASNI, IMLIL = Point(-7.98012, 31.25013), Point(-7.91, 31.13)


def frame(*, points=None, crs="EPSG:4326", **columns):
    n = len(next(iter(columns.values())))
    points = points or [Point(-8 + row / 100, 31) for row in range(n)]
    return gpd.GeoDataFrame(columns, geometry=points, crs=crs)


def places(**columns):
    return places_from_vector(frame(**columns), source="test")


# --- columns ------------------------------------------------------------------------------------


def test_french_columns_are_recognised():
    made = places(
        Nom=["Asni"], **{"Nom:AR": ["أسني"]}, Population=[22_000], **{"Ménages": [4_000]},
        Code_Commune=["07.041.03.01."], Commune=["Asni"],
    )  # fmt: skip
    assert list(made.columns) == list(COLUMNS)
    row = made.iloc[0]
    assert (row["name"], row["name_ar"], row["commune_code"]) == ("Asni", "أسني", "07.041.03.01")
    assert (row["people"], row["households"]) == (22_000, 4_000)
    assert row["source"] == "test"
    require_places(made)


@pytest.mark.parametrize("key", ["name:zgh", "name:zgh-Tfng", "name:ber"])
def test_tifinagh_names_of_osm_are_recognised(key):
    assert places(name=["Asni"], **{key: ["ⴰⵙⵏⵉ"]}).iloc[0]["name_zgh"] == "ⴰⵙⵏⵉ"


def test_a_name_in_three_scripts_fills_three_columns():
    row = places(name=["Rabat ⵔⴱⴰⵟ الرباط"]).iloc[0]
    assert (row["name"], row["name_fr"]) == ("Rabat", "Rabat")
    assert (row["name_ar"], row["name_zgh"]) == ("الرباط", "ⵔⴱⴰⵟ")


def test_an_arabic_name_alone_is_the_name():
    row = places(name_ar=["امسكرجن"]).iloc[0]
    assert (row["name"], row["name_ar"], row["name_fr"]) == ("امسكرجن", "امسكرجن", "")


def test_the_column_place_may_hold_the_kind_or_the_name():
    made = places(place=["village", "Imlil"])
    assert made["kind"].tolist() == ["village", ""]
    assert made["name"].tolist() == ["", "Imlil"]


def test_unknown_people_stay_unknown():
    made = places(name=list("abcdef"), people=[12, None, np.nan, "", " - ", "1 204"])
    np.testing.assert_array_equal(made["people"], [12, np.nan, np.nan, np.nan, np.nan, 1204])


def test_zero_people_are_nobody_and_not_unknown():
    assert places(name=["a"], people=["0"])["people"].tolist() == [0]


def test_a_second_column_fills_what_the_first_leaves_empty():
    assert places(name=["a", "b"], people=[None, 5], population=[7, 9])["people"].tolist() == [7, 5]


# --- impossible numbers -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "people", [-1, -0.5, 5_000_001, 1e12, np.inf, "nan", "many", "1.204", "1,204"]
)
def test_negative_absurd_or_unreadable_people_are_refused_with_the_row(people):
    with pytest.raises(SchemaError, match=r"row 2, column population.*0 to 5,000,000") as caught:
        places(name=["Asni", "Imlil"], population=[100, people])
    (problem,) = caught.value.problems
    assert (problem.row, problem.column) == ("2", "population")


def test_all_rows_are_reported_at_once():
    with pytest.raises(SchemaError, match="and 2 more") as caught:
        places(name=["a", "b", "c"], people=[-1, -2, 3], households=[1, 1, -3])
    assert [(p.row, p.column) for p in caught.value.problems] == [
        ("1", "people"),
        ("2", "people"),
        ("3", "households"),
    ]


def test_a_point_between_digits_gets_a_suggestion():
    with pytest.raises(SchemaError) as caught:
        places(name=["a"], people=["12.500"])
    assert caught.value.problems[0].suggestion == "write thousands without a point or comma"


def test_the_row_of_a_csv_is_the_line_that_a_person_sees(tmp_path):
    (tmp_path / "p.csv").write_text("name,lon,lat,people\nA,,,1\nB,-8,31,5\nC,-8,31,-4\n")
    with pytest.raises(SchemaError, match="row 4, column people"):
        places_from_vector(read_vector(tmp_path / "p.csv"), source="p")


# --- ids ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"place_id": ["place:MA-1"], "code": ["0410705201021"]}, "place:MA-1"),
        ({"code": ["0410705201021"]}, "place:MA-0410705201021"),
        ({"code": ["041.07.05.201.021"]}, "place:MA-0410705201021"),
        ({"code": [410705201021]}, "place:MA-0410705201021"),
        ({"code": [410705201021.0]}, "place:MA-0410705201021"),
        ({"osm_id": [2272919682]}, "place:osm-n2272919682"),
        ({"@id": ["node/12"], "osm_id": ["node/12"]}, "place:osm-n12"),
        ({"osm_id": ["w34"]}, "place:osm-w34"),
        ({"source_id": ["n2272919682"], "source": ["osm"]}, "place:osm-n2272919682"),
        ({"source_id": ["10917546"], "source": ["geonames"]}, "place:geonames-10917546"),
        ({"id": [7]}, "place:test-7"),
        ({"name": ["Asni"]}, "place:at-31.25013N-7.98012W"),
        ({"place_id": ["../../etc"]}, "place:test-etc"),
    ],
)
def test_ids_are_made_from_what_the_source_has(columns, expected):
    made = places_from_vector(frame(points=[ASNI], **columns), source="test")
    assert made["place_id"].tolist() == [expected]


def test_the_same_file_gives_the_same_ids():
    one, other = (places(name=["Asni", "Imlil"], code=["", "0410705201021"]) for _ in range(2))
    assert one["place_id"].tolist() == other["place_id"].tolist()


def test_two_files_that_count_from_one_do_not_share_ids():
    one = places_from_vector(frame(id=[1], name=["Asni"]), source=Source(name="NGO A, list.csv"))
    other = places_from_vector(frame(id=[1], name=["Imlil"]), source=Source(name="NGO B"))
    assert one["place_id"][0] != other["place_id"][0]


def test_doubled_ids_are_made_different_and_that_is_said():
    made = places(code=["0410705201021"] * 3 + ["place:x"], name=["a", "b", "c", "d"])
    assert made["place_id"].tolist()[:3] == [
        "place:MA-0410705201021",
        "place:MA-0410705201021.2",
        "place:MA-0410705201021.3",
    ]
    assert "2 places shared the id of another" in made.attrs["notes"][0]
    require_places(made)


def test_a_lost_zero_is_given_back_and_that_is_said():
    made = places(code=[410705201021], name=["Ighil"])
    assert made.attrs["notes"] == ["1 codes had lost their leading zero in a column of numbers"]


@given(st.lists(st.sampled_from(["", "1", "1.2", "1.3", "x"]), min_size=1, max_size=8))
def test_ids_are_always_different(ids):
    made = places_from_vector(frame(id=ids, points=[ASNI] * len(ids)), source="test")
    assert made["place_id"].is_unique
    assert made["place_id"].str.fullmatch(r"place:\S+").all()


# --- geometry -----------------------------------------------------------------------------------


def test_areas_and_lines_become_a_point_inside_them():
    hook = Polygon([(0, 0), (3, 0), (3, 3), (2, 3), (2, 1), (0, 1)])
    shapes = [hook, LineString([(0, 0), (2, 2)]), MultiPoint([(5, 5), (6, 6)]), ASNI]
    made = places_from_vector(frame(name=list("abcd"), points=shapes), source="test")
    assert (made.geom_type == "Point").all()
    assert hook.contains(made.geometry[0])
    assert made.geometry[3].equals(ASNI)
    assert made.attrs["notes"] == ["3 places drawn as areas or lines became a point inside them"]


def test_another_crs_is_refused():
    with pytest.raises(CrsError, match="places: CRS is EPSG:32629"):
        places_from_vector(frame(name=["a"], crs="EPSG:32629"), source="test")


def test_outside_counts_the_margin_and_widens_it_with_latitude():
    made = places_from_vector(
        frame(
            name=list("abcd"), points=[Point(0, 60), Point(1.15, 60), Point(1.25, 60), Point(0, 62)]
        ),
        source="test",
    )
    assert outside(made, (-1, 59, 1, 61)).tolist() == [False, True, True, True]
    assert outside(made, (-1, 59, 1, 61), 0.1).tolist() == [False, False, True, True]


def test_outside_needs_bounds_in_degrees():
    with pytest.raises(CrsError, match="area: bounds"):
        outside(places(name=["a"]), (600_000, 3_400_000, 700_000, 3_500_000))


def test_swapped_coordinates_lie_outside():
    made = places_from_vector(frame(name=["a"], points=[Point(31.25, -7.98)]), source="test")
    assert outside(made, (-9, 30, -7, 32), 0.5).all()


# --- guards -------------------------------------------------------------------------------------


def test_an_empty_table_is_a_table():
    require_places(empty_places())
    assert len(pd.concat([empty_places(), places(name=["a"])])) == 1


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda made: made.drop(columns="people"), "columns people are missing"),
        (lambda made: pd.concat([made, made]), "stands 2 times"),
        (lambda made: made.set_geometry(made.buffer(1)), "needs a point"),
    ],
)
def test_what_is_no_table_of_places_is_refused(change, match):
    made = places(name=["a"]).set_crs("EPSG:32629", allow_override=True)
    with pytest.raises(SchemaError, match=match):
        require_places(change(made).set_crs("EPSG:4326", allow_override=True))


# --- a second table -----------------------------------------------------------------------------


def test_a_second_table_fills_what_is_empty_and_counts():
    first = frame(code=["0410705201021", "0410705201022"], name=["Ighil", ""], people=[None, 50])
    second = pd.DataFrame(
        {
            "code": ["0410705201021", "0410705201022", "0410705201099"],
            "name_ar": ["اغيل", "الموضا", "غيره"],
            "population": ["163", "999", "1"],
        }
    )
    made = places_from_vector(first, source="test", attributes=second)
    assert made["people"].tolist() == [163, 50]
    assert made["name_ar"].tolist() == ["اغيل", "الموضا"]
    assert made["name"].tolist() == ["Ighil", "الموضا"]
    assert made.attrs["notes"] == [
        "2 of 2 places found in the second table, 1 of whose 3 rows have none"
    ]


def test_a_second_table_without_codes_is_refused():
    with pytest.raises(SchemaError, match="column of codes"):
        places_from_vector(
            frame(code=["0410705201021"]), source="t", attributes=pd.DataFrame({"nom": ["a"]})
        )


def test_a_second_table_with_impossible_people_is_refused():
    table = pd.DataFrame({"code": ["0410705201021"], "population": ["-4"]})
    with pytest.raises(SchemaError, match="row 2, column population"):
        places_from_vector(frame(code=["0410705201021"]), source="t", attributes=table)


# --- OSM ----------------------------------------------------------------------------------------


def osm(**columns):
    n = len(columns["place"])
    return pd.DataFrame(
        {"osm_id": [f"n{row}" for row in range(1, n + 1)], "lon": [1.5] * n, "lat": [42.5] * n}
        | columns
    )


def test_osm_nodes_that_nobody_lives_in_or_that_are_parts_are_left_out_and_counted():
    made = places_from_osm(
        osm(place=["village", "locality", "suburb", "hamlet", ""], name=list("abcde")), source="OSM"
    )
    assert made["place_id"].tolist() == ["place:osm-n1", "place:osm-n4"]
    assert made["kind"].tolist() == ["village", "hamlet"]
    (note,) = made.attrs["notes"]
    for part in ("1 locality", "1 suburb", "1 without kind"):
        assert part in note
    require_places(made)


def test_a_population_tag_that_is_no_number_is_unknown_and_counted():
    made = places_from_osm(
        osm(place=["village"] * 4, population=["120", "about 50", "-3", ""], name=list("abcd")),
        source="OSM",
    )
    np.testing.assert_array_equal(made["people"], [120, np.nan, np.nan, np.nan])
    assert "2 numbers that cannot be read count as unknown" in made.attrs["notes"]


def test_unnamed_osm_places_are_kept_and_counted():
    made = places_from_osm(osm(place=["hamlet", "hamlet"], name=["", "b"]), source="OSM")
    assert len(made) == 2
    assert made.attrs["notes"] == ["1 of 2 places have no name"]


def test_no_inhabited_place_is_said():
    with pytest.raises(EmptyInputError, match="none is an inhabited place"):
        places_from_osm(osm(place=["locality"]), source="OSM")


# --- real ---------------------------------------------------------------------------------------


def test_real_douars_with_their_census_list(real_data):
    table = read_attributes(real_data / "alhaouz" / "alhaouz_core_douars.csv")
    assert len(table) == 158
    made = places_from_vector(
        read_vector(real_data / "alhaouz" / "alhaouz_core_douars_points.geojson"),
        source="HCP 2024",
        attributes=table,
    )
    require_places(made)
    assert len(made) == 135
    assert (made["kind"] == "douar").all()
    assert made["place_id"].str.fullmatch(r"place:MA-0\d{12}").all()
    assert made["people"].notna().sum() == 95
    ighil = made.set_index("place_id").loc["place:MA-0410705201022"]
    assert (ighil["name"], ighil["name_ar"], ighil["people"]) == ("Ighil", "اغيل", 246)
    assert ighil["commune_code"] == "07.041.07.05"


def test_real_census_list_alone_gives_the_rows_with_coordinates(real_data):
    frame = read_vector(real_data / "alhaouz" / "alhaouz_core_douars.csv")
    made = places_from_vector(frame, source="HCP 2024")
    assert len(made) == 95
    assert "63 of 158 rows have no coordinates" in made.attrs["notes"][0]
    table = read_attributes(real_data / "alhaouz" / "alhaouz_core_douars.csv")
    placed = table[table["lat"] != ""]
    assert made["people"].sum() == placed["population"].astype(float).sum()


def test_real_communes_as_places_lie_in_their_commune(real_data):
    frame = read_vector(real_data / "alhaouz" / "communes.geojson")
    made = places_from_vector(frame, source="HCP 2014")
    assert frame.geometry.contains(made.geometry).all()
    assert made["people"].sum() == 573_128
