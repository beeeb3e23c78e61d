"""Who looked at a place, when, and at how much of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point, box

from geo.assessment import assess_places
from geo.coverage import covering, looked_at
from geo.crs import to_storage

UTM = "EPSG:32629"
X, Y = 560_000.0, 3_430_000.0
MONDAY, TUESDAY = (pd.Timestamp(f"2023-09-{day} 11:00", tz="UTC") for day in (11, 12))


def area(
    west: float, east: float, *, source: str = "A", at: Any = MONDAY, void: bool = False
) -> dict[str, Any]:
    return {
        "name": "",
        "sensor": "",
        "observed_at": at,
        "source": source,
        "is_void": void,
        "geometry": box(X + west, Y - 1000, X + east, Y + 1000),
    }


def table(*rows: dict[str, Any]) -> gpd.GeoDataFrame:
    return to_storage(gpd.GeoDataFrame(list(rows), crs=UTM))


def assessed(*rows: dict[str, Any], **more: Any) -> Any:
    places = table({"place_id": "p", "people": 100.0, "households": 20.0, "geometry": Point(X, Y)})
    return assess_places(
        places,
        analysed_areas=table(*rows) if rows else (),
        crs=UTM,
        now=datetime(2023, 9, 14, tzinfo=UTC),
        **more,
    )


def test_every_area_over_a_place_is_listed_with_source_time_and_share() -> None:
    place = assessed(
        area(-1000, 0, source="UNOSAT"), area(-1000, 1000, source="EMSR695", at=TUESDAY)
    ).places.iloc[0]
    listed = {one["source"]: one for one in place["covered_by"]}
    assert listed["UNOSAT"]["share"] == pytest.approx(0.5, abs=1e-3)
    assert listed["UNOSAT"]["at"] == "2023-09-11T11:00:00+00:00"
    assert listed["EMSR695"]["share"] == pytest.approx(1.0)
    assert {one["kind"] for one in place["covered_by"]} == {"analysed area"}
    assert place["assessed_share"] == pytest.approx(1.0)


def test_an_area_elsewhere_is_not_listed() -> None:
    place = assessed(area(5_000, 6_000)).places.iloc[0]
    assert place["covered_by"] == []
    assert not place["assessed"]


def test_the_cloud_of_monday_is_no_hole_in_what_was_seen_on_tuesday() -> None:
    cloud = area(-1000, 1000, void=True, at=MONDAY)
    under = assessed(area(-1000, 1000, at=MONDAY), cloud).places.iloc[0]
    assert (under["assessed_share"], under["covered_by"]) == (0.0, [])
    after = assessed(area(-1000, 1000, at=MONDAY), area(-1000, 1000, at=TUESDAY), cloud)
    listed = after.places.iloc[0]["covered_by"]
    assert [one["at"] for one in listed] == ["2023-09-12T11:00:00+00:00"]
    assert after.places.iloc[0]["assessed"]


@pytest.mark.parametrize(("area_at", "cloud_at"), [(MONDAY, pd.NaT), (pd.NaT, MONDAY)])
def test_a_cloud_or_an_area_without_a_day_is_taken_for_the_worst(
    area_at: Any, cloud_at: Any
) -> None:
    place = assessed(
        area(-1000, 1000, at=area_at), area(0, 1000, at=cloud_at, void=True)
    ).places.iloc[0]
    assert place["assessed_share"] == pytest.approx(0.5, abs=1e-3)


def test_a_source_that_does_not_say_where_it_looked_is_named() -> None:
    points = table(
        *(
            {
                "grade": "destroyed",
                "grade_written": "Destroyed",
                "is_building": True,
                "object": "",
                "sensor": "",
                "observed_at": MONDAY,
                "source": source,
                "footprint": False,
                "geometry": Point(X + x_m, Y),
            }
            for source, x_m in (("inside", 10.0), ("outside", 2_000.0), ("outside", 2_100.0))
        )
    )
    notes = assessed(area(-1000, 1000), damage_points=points).notes
    said = [note for note in notes if "outside every analysed area" in note]
    assert said == [
        "2 of 2 graded buildings of outside lie outside every analysed area: by them no place "
        "counts as assessed"
    ]


spans = st.tuples(st.integers(-900, 900), st.integers(50, 900), st.booleans(), st.integers(0, 2))


@given(st.lists(spans, min_size=1, max_size=6))
def test_a_void_never_adds_and_a_share_is_a_share(drawn: list[tuple[int, int, bool, int]]) -> None:
    days = (MONDAY, TUESDAY, pd.NaT)
    rows = [
        area(west, west + width, void=void, at=days[day], source=f"s{day}")
        for west, width, void, day in drawn
    ]
    rings = np.array([Point(X, Y).buffer(300)])
    whole, each = covering(rings, looked_at(table(*rows), UTM))
    assert 0.0 <= whole[0] <= 1.0
    assert (each["share"] <= whole[0] + 1e-9).all()
    assert whole[0] <= each["share"].sum() + 1e-9
    free = [row for row in rows if not row["is_void"]]
    without, _ = covering(rings, looked_at(table(*free), UTM)) if free else (np.zeros(1), None)
    assert whole[0] <= without[0] + 1e-9
    # By hand: strips are cut from south to north, so shares are those of intervals.
    expected = shapely.union_all(
        [
            shapely.difference(
                row["geometry"],
                shapely.union_all(
                    [
                        void["geometry"]
                        for void in rows
                        if void["is_void"]
                        and (
                            pd.isna(void["observed_at"])
                            or pd.isna(row["observed_at"])
                            or void["observed_at"] == row["observed_at"]
                        )
                    ]
                ),
            )
            for row in free
        ]
    )
    assert whole[0] == pytest.approx(rings[0].intersection(expected).area / rings[0].area, abs=1e-5)
