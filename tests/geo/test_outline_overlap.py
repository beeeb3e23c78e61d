"""Two drawings of one house are one house; two houses wall to wall are two."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box

from geo.crs import project
from geo.damage import damage_from_vector, merge_sightings
from geo.errors import TooLargeError
from geo.outline_overlap import overlapping_pairs
from geo.packages import read_package

UTM = "EPSG:32629"
X, Y = 560_000.0, 3_430_000.0


def drawn(
    *boxes: tuple[float, float, float, float], source: str, grade: str = "Destroyed"
) -> gpd.GeoDataFrame:
    shapes = [box(X + west, Y + south, X + east, Y + north) for west, south, east, north in boxes]
    frame = gpd.GeoDataFrame({"damage_gra": [grade] * len(boxes)}, geometry=shapes, crs=UTM)
    return damage_from_vector(frame, source=source).points


def merged(*tables: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return merge_sightings(pd.concat(tables, ignore_index=True), crs=UTM)


def test_a_long_house_drawn_twice_with_its_middles_far_apart_is_one() -> None:
    # 60 m and 40 m long: the middles lie 10 m apart, beyond the 8 m of two points.
    found = merged(drawn((0, 0, 60, 8), source="A"), drawn((20, 1, 60, 9), source="B"))
    assert found["sightings"].tolist() == [2]


def test_houses_wall_to_wall_in_two_surveys_stay_as_many() -> None:
    walls = [(0, 0, 12, 12), (12, 0, 24, 12), (24, 0, 36, 12)]
    moved = [(west + 3, south, east + 3, north) for west, south, east, north in walls]
    found = merged(drawn(*walls, source="A"), drawn(*moved, source="B"))
    assert found["sightings"].tolist() == [2, 2, 2]


def test_most_in_common_counts_before_the_nearer_point() -> None:
    # The small shed's point is nearer to the drawing of the house than the house's own.
    first = drawn((0, 0, 40, 10), (41, 0, 47, 10), source="A")
    again = drawn((10, 0, 41, 10), source="B")
    found = merged(first, again)
    both = found[found["sightings"] == 2]
    assert len(found) == 2
    assert len(both) == 1
    assert shapely.area(shapely.from_wkb(both["outline"].iloc[0])) > 0


def test_a_block_in_one_survey_does_not_swallow_the_houses_of_another() -> None:
    houses = [(0, 0, 10, 10), (12, 0, 22, 10), (24, 0, 34, 10)]
    found = merged(drawn((0, 0, 34, 10), source="block"), drawn(*houses, source="houses"))
    assert len(found) == 3
    assert found["sightings"].sum() == 4


def test_a_point_and_an_outline_are_told_by_their_distance() -> None:
    outline = drawn((0, 0, 10, 10), source="A")
    point = outline.assign(source="B", outline=None)
    assert len(merged(outline, point)) == 1
    far = point.set_geometry(gpd.GeoSeries.from_xy([X + 20], [Y], crs=UTM).to_crs(4326).values)
    assert len(merged(outline, far)) == 2


def test_tables_without_outlines_are_merged_as_before() -> None:
    a, b = drawn((0, 0, 60, 8), source="A"), drawn((20, 1, 60, 9), source="B")
    assert len(merged(a.drop(columns="outline"), b.drop(columns="outline"))) == 2
    assert len(merged(a, b.drop(columns="outline"))) == 2


def test_what_is_no_building_carries_no_outline() -> None:
    frame = gpd.GeoDataFrame(
        {
            "damage_gra": ["Destroyed"] * 2,
            "obj_type": ["AL020 - Built-up Area", "AL015 - Building"],
        },
        geometry=[box(0, 0, 1, 1), box(2, 2, 3, 3)],
        crs="EPSG:4326",
    )
    assert damage_from_vector(frame, source="x").points["outline"].isna().tolist() == [True, False]


def test_a_heap_of_outlines_is_refused_before_it_fills_the_memory() -> None:
    boxes = [(i * 10.0, 0.0, i * 10.0 + 1_000, 10.0) for i in range(40)]
    table = drawn(*boxes, source="A")
    here_m = np.column_stack(project(table.geometry.x, table.geometry.y, UTM))
    every = np.arange(len(table))
    with pytest.raises(TooLargeError, match="more than 100 of them lie over each other"):
        overlapping_pairs(table, every, here_m, UTM, max_pairs=100)
    low, high, _ = overlapping_pairs(table, every, here_m, UTM, max_pairs=1_000)
    assert (low < high).all()


house = st.tuples(
    st.sampled_from("ABC"),
    st.integers(0, 60),
    st.integers(0, 20),
    st.integers(4, 40),
    st.integers(4, 15),
    st.booleans(),
)


@given(st.lists(house, min_size=1, max_size=9), st.randoms(use_true_random=False))
def test_merging_outlines_is_idempotent_and_free_of_order(
    rows: list[tuple[str, int, int, int, int, bool]], chance: random.Random
) -> None:
    table = pd.concat(
        [
            drawn((x, y, x + width, y + depth), source=source).assign(
                **({} if outlined else {"outline": None})
            )
            for source, x, y, width, depth, outlined in rows
        ],
        ignore_index=True,
    )
    once = merged(table)
    pd.testing.assert_frame_equal(pd.DataFrame(merged(once)), pd.DataFrame(once))
    order = list(range(len(table)))
    chance.shuffle(order)
    pd.testing.assert_frame_equal(pd.DataFrame(merged(table.iloc[order])), pd.DataFrame(once))
    assert once["sightings"].sum() == len(table)
    for seen in once["seen_by"]:
        assert len(seen.split(" | ")) == len(set(seen.split(" | ")))


def test_preci_from_satellite_and_from_the_air(real_data: Path) -> None:
    """Neighbours between 8 and 12 m that the points leave apart are joined by their outlines."""
    points: list[Any] = [
        read_package(
            real_data / "emsr190" / f"EMSR190_{name}_GRADING_OVERVIEW_{v}_vector.zip"
        ).points
        for name, v in (("04PRECI", "v1"), ("24PRECIAERIAL", "v2"))
    ]
    both = pd.concat(points, ignore_index=True)
    with_outlines = merge_sightings(both, crs="EPSG:32633")
    by_points = merge_sightings(both.drop(columns="outline"), crs="EPSG:32633")
    assert with_outlines["sightings"].sum() == by_points["sightings"].sum() == len(both)
    # Of the 11 neighbours that the points leave apart 7 were drawn over each other; 4 were not.
    assert (with_outlines["is_building"].sum(), by_points["is_building"].sum()) == (1065, 1072)
