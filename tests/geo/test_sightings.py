"""One building seen by several satellites is one building; nothing else is merged."""

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
from geopandas.testing import assert_geodataframe_equal
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point

from geo.crs import unproject
from geo.damage import damage_from_vector, empty_points
from geo.errors import CrsError, InputError, TooLargeError
from geo.sightings import in_force, merge_sightings, resolution_m
from geo.vectors import read_vector

UTM = "EPSG:32629"
EAST_M, NORTH_M = 600_000.0, 3_430_000.0


def sighting(x_m: float, y_m: float = 0.0, **given: Any) -> dict[str, Any]:
    """A graded building `x_m` east and `y_m` north of a corner in the High Atlas."""
    row = {
        "grade": "damaged",
        "grade_written": "",
        "is_building": True,
        "object": "",
        "sensor": "Pleiades",
        "observed_at": "2023-09-10",
        "source": "UNOSAT",
        "footprint": False,
        "x_m": x_m,
        "y_m": y_m,
    }
    return row | given


def table(*rows: dict[str, Any]) -> gpd.GeoDataFrame:
    if not rows:
        return empty_points()
    frame = pd.DataFrame(rows)
    lon, lat = unproject(
        EAST_M + frame["x_m"].to_numpy(float), NORTH_M + frame["y_m"].to_numpy(float), UTM
    )
    frame["observed_at"] = pd.to_datetime(frame["observed_at"], utc=True).astype(
        "datetime64[us, UTC]"
    )
    columns = frame.drop(columns=["x_m", "y_m"])
    for name in ("grade", "grade_written", "object", "sensor", "source"):
        columns[name] = columns[name].astype("str")
    return gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy(lon, lat), crs="EPSG:4326")


def test_two_sensors_within_the_distance_see_one_building() -> None:
    merged = merge_sightings(
        table(sighting(0), sighting(5, sensor="Jilin-1"), sighting(50, sensor="Jilin-1")), crs=UTM
    )
    assert merged["sightings"].sort_values().tolist() == [1, 2]
    both = merged[merged["sightings"] == 2].iloc[0]
    assert both["seen_by"] == "UNOSAT / Jilin-1 | UNOSAT / Pleiades"
    assert not both["disagrees"]


def test_neighbours_seen_by_one_sensor_stay_two_buildings() -> None:
    assert len(merge_sightings(table(sighting(0), sighting(3)), crs=UTM)) == 2


def test_only_the_nearest_of_another_survey_is_the_same_building() -> None:
    merged = merge_sightings(
        table(
            sighting(0, grade="damaged"),
            sighting(6, grade="destroyed"),
            sighting(5, sensor="Jilin-1", grade="possibly_damaged"),
        ),
        crs=UTM,
    )
    assert sorted(merged["grades_seen"]) == ["damaged", "destroyed | possibly_damaged"]


def test_two_sources_with_the_same_sensor_merge_too() -> None:
    merged = merge_sightings(table(sighting(0), sighting(1, source="Copernicus EMS")), crs=UTM)
    assert merged["sightings"].tolist() == [2]


def test_latest_sighting_gives_the_grade_and_the_other_is_kept() -> None:
    merged = merge_sightings(
        table(
            sighting(0, grade="destroyed", observed_at="2023-09-10", sensor="WorldView-3"),
            sighting(2, grade="damaged", observed_at="2023-09-12", sensor="Jilin-1"),
        ),
        crs=UTM,
    )
    (row,) = merged.to_dict("records")
    assert (row["grade"], row["sensor"]) == ("damaged", "Jilin-1")
    assert row["grades_seen"] == "destroyed | damaged"
    assert row["disagrees"]


def test_better_resolution_decides_on_one_day() -> None:
    merged = merge_sightings(
        table(
            sighting(0, grade="destroyed", sensor="Jilin-1"),
            sighting(2, grade="damaged", sensor="WorldView-3"),
        ),
        crs=UTM,
    )
    assert merged["grade"].tolist() == ["damaged"]


def test_known_date_comes_before_an_unknown_one() -> None:
    merged = merge_sightings(
        table(
            sighting(0, grade="destroyed", observed_at=None, sensor="WorldView-3"),
            sighting(2, grade="damaged", sensor="Jilin-1"),
        ),
        crs=UTM,
    )
    assert merged["grade"].tolist() == ["damaged"]


def test_what_was_not_analysed_does_not_undo_what_was() -> None:
    merged = merge_sightings(
        table(
            sighting(0, grade="destroyed"),
            sighting(1, grade="not_analysed", sensor="Jilin-1", observed_at="2023-09-20"),
        ),
        crs=UTM,
    )
    (row,) = merged.to_dict("records")
    assert row["grade"] == "destroyed"
    assert not row["disagrees"], "silence is no other opinion"


def test_shelter_sites_are_not_merged_with_houses() -> None:
    merged = merge_sightings(
        table(sighting(0), sighting(1, sensor="Jilin-1", is_building=False)), crs=UTM
    )
    assert len(merged) == 2


def test_three_sensors_see_one_building_once() -> None:
    merged = merge_sightings(
        table(
            sighting(0),
            sighting(3, sensor="Jilin-1"),
            sighting(6, sensor="WorldView-2", observed_at="2023-09-12"),
        ),
        crs=UTM,
    )
    assert merged["sightings"].tolist() == [3]
    assert merged["sensor"].tolist() == ["WorldView-2"]


def test_merged_and_fresh_tables_can_be_merged_together() -> None:
    first = merge_sightings(table(sighting(0), sighting(3, sensor="Jilin-1")), crs=UTM)
    fresh = table(sighting(1, sensor="WorldView-2"), sighting(6, sensor="Jilin-1"))
    merged = merge_sightings(pd.concat([first, fresh], ignore_index=True), crs=UTM)
    assert sorted(merged["sightings"]) == [1, 3], "Jilin-1 saw two buildings"


def test_nothing_merges_into_nothing() -> None:
    assert len(merge_sightings(empty_points(), crs=UTM)) == 0


SURVEYS = ("Pleiades", "Jilin-1", "WorldView-2")
GRADES = ("destroyed", "damaged", "possibly_damaged", "no_visible_damage", "not_analysed")
random_sightings = st.lists(
    st.builds(
        sighting,
        x_m=st.integers(0, 40).map(float),
        y_m=st.integers(0, 15).map(float),
        sensor=st.sampled_from(SURVEYS),
        grade=st.sampled_from(GRADES),
        observed_at=st.sampled_from(["2023-09-10", "2023-09-12", None]),
        is_building=st.sampled_from([True, True, True, False]),
    ),
    min_size=1,
    max_size=25,
)


@given(rows=random_sightings)
def test_merging_again_changes_nothing(rows: list[dict[str, Any]]) -> None:
    once = merge_sightings(table(*rows), crs=UTM)
    assert_geodataframe_equal(once, merge_sightings(once, crs=UTM))


@given(rows=random_sightings, seed=st.integers(0, 1000))
def test_order_of_rows_makes_no_difference(rows: list[dict[str, Any]], seed: int) -> None:
    shuffled = [rows[i] for i in np.random.default_rng(seed).permutation(len(rows))]
    assert_geodataframe_equal(
        merge_sightings(table(*rows), crs=UTM), merge_sightings(table(*shuffled), crs=UTM)
    )


@given(rows=random_sightings)
def test_no_sighting_is_lost_and_no_survey_counts_twice(rows: list[dict[str, Any]]) -> None:
    merged = merge_sightings(table(*rows), crs=UTM)
    assert merged["sightings"].sum() == len(rows)
    surveys = merged["seen_by"].str.split(" | ", regex=False)
    assert (surveys.map(len) == merged["sightings"]).all()
    for survey in SURVEYS:
        n_given = sum(row["sensor"] == survey for row in rows)
        assert surveys.map(lambda seen, s=survey: f"UNOSAT / {s}" in seen).sum() == n_given


@pytest.mark.parametrize(
    ("name", "expected_m"),
    [
        ("Pléiades", 0.5),
        ("PLEIADES NEO", 0.3),
        ("WorldView-2 c.0.5m pan-sharpened multispectral imagery", 0.46),
        ("WV3", 0.31),
        ("Jilin-1", 0.75),
        ("", float("inf")),
        ("Unknown", float("inf")),
    ],
)
def test_resolution_is_known_by_the_name_of_the_sensor(name: str, expected_m: float) -> None:
    assert resolution_m(name) == expected_m


def test_working_crs_must_be_projected() -> None:
    with pytest.raises(CrsError, match="projected"):
        merge_sightings(table(sighting(0)), crs="EPSG:4326")


def test_points_must_be_in_the_storage_crs() -> None:
    with pytest.raises(CrsError, match="EPSG:4326 is needed"):
        merge_sightings(table(sighting(0)).to_crs(UTM), crs=UTM)


@pytest.mark.parametrize("distance_m", [0.0, -8.0, float("nan")])
def test_distance_must_be_positive(distance_m: float) -> None:
    with pytest.raises(InputError, match="above 0 m"):
        merge_sightings(table(sighting(0)), crs=UTM, distance_m=distance_m)


def test_heap_of_points_is_refused_before_it_fills_the_memory() -> None:
    heap = pd.concat([table(sighting(0))] * 4000, ignore_index=True)
    with pytest.raises(TooLargeError, match="smaller distance"):
        merge_sightings(heap, crs=UTM)


# --- real layers --------------------------------------------------------------------------------


def test_unosat_and_copernicus_at_al_haouz_do_not_overlap(real_data: Path) -> None:
    """Nearest sightings of two surveys are 1.9 km apart there, so nothing may merge."""
    layers = [
        damage_from_vector(read_vector(real_data / "alhaouz" / name), source=source).points
        for name, source in (
            ("damage_unosat.geojson", "UNOSAT"),
            ("damage_copernicus.geojson", "Copernicus EMS"),
        )
    ]
    points = pd.concat(layers, ignore_index=True)
    merged = merge_sightings(points, crs=UTM)
    buildings = merged[merged["is_building"]]
    assert len(points) == 4920 + 273
    assert len(buildings) == 4804 + 273
    assert (merged["sightings"] == 1).all()


def test_second_survey_of_todiano_supersedes_the_first(real_data: Path) -> None:
    """897 footprints graded twice, three days apart, are 897 buildings with the later grades."""
    first, second = (
        damage_from_vector(_emsr190(real_data, package, shape), source=package).points
        for package, shape in (
            ("07TODIANO_GRADING_OVERVIEW_v2", "07TODIANO_02GRADING_v2_12500"),
            ("07TODIANO_GRADING_OVERVIEW-MONIT01_v1", "07TODIANO_02GRADING_MONIT01_v1_12500"),
        )
    )
    both = pd.concat([first, second], ignore_index=True)
    merged = merge_sightings(both, crs="EPSG:32633")
    assert (len(first), len(second), len(merged)) == (897, 897, 897)
    assert (merged["sightings"] == 2).all()
    assert merged["grade"].value_counts().to_dict() == second["grade"].value_counts().to_dict()
    assert merged["disagrees"].sum() == 5


def _emsr190(real_data: Path, package: str, shape: str) -> gpd.GeoDataFrame:
    archive = real_data / "emsr190" / f"EMSR190_{package}_vector.zip"
    return pyogrio.read_dataframe(f"/vsizip/{archive}/EMSR190_{shape}_settlements_poly_grading.shp")


def test_point_is_where_the_sighting_that_counts_saw_it() -> None:
    rows = table(sighting(0), sighting(4, sensor="WorldView-3"))
    merged = merge_sightings(rows, crs=UTM)
    assert merged.geometry.iloc[0].equals(Point(rows.geometry.iloc[1].coords[0]))


# --- re-surveys and corrected products ----------------------------------------------------------


def surveyed(
    x_m: float, grade: str = "damaged", *, number: int = 0, version: int = 1, **given: Any
) -> dict[str, Any]:
    """A building of a package: a re-survey has a number above 0, a correction a version above 1."""
    row = {
        "grade": grade,
        "sensor": "Pleiades",
        "source": "Copernicus",
        "survey_area": "EMSR190 07TODIANO",
        "survey": f"EMSR190 07TODIANO {number}",
        "survey_number": number,
        "survey_version": version,
    }
    return sighting(x_m, **(row | given))


def test_a_resurvey_with_one_sensor_and_one_source_counts_no_building_twice() -> None:
    merged = merge_sightings(
        table(surveyed(0, "destroyed"), surveyed(1, "damaged", number=1)), crs=UTM
    )
    assert merged[["grade", "sightings"]].to_numpy().tolist() == [["damaged", 2]]
    assert merged["disagrees"].tolist() == [True]


def test_a_resurvey_counts_before_an_earlier_one_whatever_their_dates() -> None:
    first = surveyed(0, "destroyed", observed_at="2016-10-27")
    again = surveyed(0, "no_visible_damage", number=1, observed_at=None)
    assert merge_sightings(table(first, again), crs=UTM)["grade"].tolist() == ["no_visible_damage"]


def test_a_resurvey_under_clouds_leaves_the_earlier_word() -> None:
    merged = merge_sightings(
        table(surveyed(0, "destroyed"), surveyed(0, "not_analysed", number=1)), crs=UTM
    )
    assert merged["grade"].tolist() == ["destroyed"]


def test_what_a_resurvey_does_not_draw_stays() -> None:
    rows = table(surveyed(0, "destroyed"), surveyed(200, "damaged"), surveyed(0, number=1))
    assert len(merge_sightings(rows, crs=UTM)) == 2


def test_a_corrected_product_replaces_the_one_before_whole() -> None:
    rows = table(
        surveyed(0, "destroyed"), surveyed(200, "destroyed"), surveyed(0, "damaged", version=2)
    )
    merged = merge_sightings(rows, crs=UTM)
    assert merged["grade"].tolist() == ["damaged"]
    assert merged["sightings"].tolist() == [1]


def test_two_images_of_one_product_draw_no_building_twice() -> None:
    rows = table(surveyed(0), surveyed(5, sensor="WorldView-3"))
    assert len(merge_sightings(rows, crs=UTM)) == 2


def test_packages_and_other_layers_are_merged_together() -> None:
    package = table(surveyed(0, "damaged", observed_at="2016-10-27"))
    plain = table(sighting(2, observed_at="2016-10-30", grade="destroyed"))
    for rows in ([package, plain], [plain, package]):
        merged = merge_sightings(pd.concat(rows, ignore_index=True), crs=UTM)
        assert merged[["grade", "sightings"]].to_numpy().tolist() == [["destroyed", 2]]


SURVEYED = st.lists(
    st.builds(
        surveyed,
        st.integers(0, 40).map(float),
        st.sampled_from(["destroyed", "damaged", "no_visible_damage", "not_analysed"]),
        number=st.integers(0, 2),
        version=st.integers(1, 2),
        y_m=st.integers(0, 5).map(float),
        sensor=st.sampled_from(["Pleiades", "DEIMOS"]),
        source=st.sampled_from(["Copernicus", "UNOSAT"]),
        observed_at=st.sampled_from(["2016-10-27", "2016-10-30", None]),
        survey_area=st.sampled_from(["EMSR190 07TODIANO", "EMSR190 04PRECI", ""]),
    ),
    max_size=25,
)


def named(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows whose survey belongs to its area; those of no area belong to no survey either."""
    return [
        row | {"survey": f"{row['survey_area']} {row['survey_number']}" * bool(row["survey_area"])}
        for row in rows
    ]


@given(SURVEYED, st.randoms(use_true_random=False))
def test_merging_with_resurveys_is_idempotent_and_free_of_order(
    rows: list[dict[str, Any]], random: Any
) -> None:
    rows = named(rows)
    merged = merge_sightings(table(*rows), crs=UTM)
    assert_geodataframe_equal(merge_sightings(merged, crs=UTM), merged)
    shuffled = list(rows)
    random.shuffle(shuffled)
    other = merge_sightings(table(*shuffled), crs=UTM)
    assert_geodataframe_equal(other, merged)


@given(SURVEYED)
def test_every_sighting_in_force_is_counted_once(rows: list[dict[str, Any]]) -> None:
    rows = named(rows)
    points = table(*rows)
    assert merge_sightings(points, crs=UTM)["sightings"].sum() == len(in_force(points))


@pytest.mark.parametrize(
    ("sensor", "metres"),
    [
        ("WorldView3 30cm pansharpened", 0.31),
        ("WorldView 3 30 cm pansharpened", 0.31),
        ("WorldView-2 c.0.5m pan-sharpened multispectral imagery", 0.46),
        ("Pleiades - 0.5m pansharpened imagery", 0.5),
        ("DEIMOS", 0.75),
        ("Aerial data 10cm", 0.2),
        ("Sentinel2", 10.0),
    ],
)
def test_sensors_are_known_as_copernicus_writes_them(sensor: str, metres: float) -> None:
    assert resolution_m(sensor) == metres
