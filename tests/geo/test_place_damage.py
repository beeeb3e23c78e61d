"""Prior, evidence and posterior of places: what counts as looked at, floors, ground counts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point

from geo.affected import Looked
from geo.errors import SchemaError
from geo.place_damage import FIELD_COLUMNS, PlaceDamage, damage_of_places, newest_counts
from geo.vulnerability import expected_damage

SEPTEMBER = datetime(2023, 9, 10, tzinfo=UTC)
HOMES = 50.0


def place(
    *,
    mmi: float = 8.0,
    destroyed: int = 0,
    damaged: int = 0,
    possibly: int = 0,
    intact: int = 0,
    area: float = 0.0,
    raster: tuple[float, float] = (np.nan, 0.0),
    field: list[tuple[Any, ...]] | None = None,
    homes: float = HOMES,
) -> PlaceDamage:
    """One place of fifty homes: shaking, counted grades, looked-at share, raster, ground counts."""
    places = gpd.GeoDataFrame({"place_id": ["place:a"]}, geometry=[Point(0, 0)], crs="EPSG:4326")
    reports = pd.DataFrame([("place:a", *row) for row in field or []], columns=list(FIELD_COLUMNS))
    return damage_of_places(
        places,
        np.array([homes]),
        {
            "destroyed": np.array([destroyed]),
            "damaged": np.array([damaged]),
            "possibly_damaged": np.array([possibly]),
            "no_visible_damage": np.array([intact]),
        },
        Looked(
            area_share=np.array([area]),
            raster_share=np.array([raster[0]]),
            raster_share_high=np.array([raster[0]]),
            raster_covered=np.array([raster[1]]),
        ),
        expected_damage(pd.Series([mmi])),
        reports,
    )


def value(found: PlaceDamage, what: str = "hit") -> float:
    return float(getattr(found, what)["value"].iloc[0])


def test_without_evidence_the_posterior_is_the_prior() -> None:
    found = place()
    expected = expected_damage(pd.Series([8.0])).iloc[0]
    pd.testing.assert_frame_equal(found.hit, found.prior_hit)
    assert value(found) == pytest.approx(expected["affected"], abs=2e-3)
    assert value(found, "destroyed") == pytest.approx(expected["destroyed"], abs=2e-3)
    assert found.basis.tolist() == ["expected_from_shaking"]
    assert found.evidence["images_looked_at"].tolist() == [0]


def test_without_shaking_nothing_is_believed() -> None:
    found = place(mmi=np.nan, destroyed=3, area=1.0)
    assert np.isnan(value(found))
    assert found.basis.tolist() == ["unknown"]


def test_buildings_left_alone_inside_the_area_were_looked_at() -> None:
    """All fifty homes looked at, four of them perhaps: 46 looked at, 5 hit."""
    found = place(destroyed=2, damaged=3, possibly=4, area=1.0)
    assert found.evidence["images_looked_at"].tolist() == [46]
    assert found.evidence["images_damaged"].tolist() == [3]
    assert value(found) < value(place())
    assert found.basis.tolist() == ["updated_by_images"]


def test_only_the_share_that_was_looked_at_counts() -> None:
    """A tenth of fifty homes was looked at and nothing seen: five buildings, not fifty."""
    part, whole = place(area=0.1), place(area=1.0)
    assert part.evidence["images_looked_at"].tolist() == [5]
    assert value(whole) < value(part) < value(place())


def test_points_of_damage_alone_are_a_floor_and_no_share() -> None:
    """Ten of fifty are seen and nobody says what was looked at: at least a fifth, no less of it."""
    weak = place(mmi=5.0, destroyed=10)
    assert weak.evidence["images_looked_at"].tolist() == [0]
    assert value(weak) == pytest.approx(0.2)
    assert weak.basis.tolist() == ["counted"]
    strong = place(mmi=9.0, destroyed=10)
    assert value(strong) == value(place(mmi=9.0))
    assert strong.basis.tolist() == ["expected_from_shaking"]


def test_points_where_nobody_knows_the_homes_are_no_share() -> None:
    """24 damaged are seen in a place of unknown size: that is not 24 of 24."""
    found = place(damaged=24, area=1.0, homes=np.nan)
    assert found.evidence["images_looked_at"].tolist() == [0]
    assert value(found) == value(place())
    graded = place(damaged=24, intact=24, area=1.0, homes=np.nan)
    assert graded.evidence["images_looked_at"].tolist() == [48]


def test_perhaps_damaged_raises_only_the_upper_bound() -> None:
    with_some = place(mmi=4.0, possibly=40)
    assert with_some.hit["high"].iloc[0] == pytest.approx(0.8)
    assert value(with_some) == value(place(mmi=4.0))


def test_raster_speaks_of_what_is_hit_not_of_what_is_destroyed() -> None:
    found = place(raster=(0.05, 1.0))
    assert found.evidence["raster_hit"].tolist() == pytest.approx([2.5])
    assert value(found) < value(place())
    assert found.basis.tolist() == ["updated_by_raster"]
    seen = place(raster=(0.05, 1.0), area=1.0)
    assert seen.evidence["raster_looked_at"].tolist() == [0], "analysts come first"


def test_count_on_the_ground_decides() -> None:
    """Ten of fifty destroyed, five damaged, counted by people: 0.2 and 0.3, up to 0.3 / 0.95."""
    found = place(destroyed=1, area=1.0, field=[(10, 5, 50, SEPTEMBER, "Red Crescent")])
    assert value(found, "destroyed") == pytest.approx(0.2)
    assert value(found) == pytest.approx(0.3)
    assert found.hit["high"].iloc[0] == pytest.approx(0.3 / 0.95)
    assert found.basis.tolist() == ["updated_by_field"]
    assert found.evidence["field_by"].tolist() == ["Red Crescent"]


def test_count_without_damage_refutes_points_from_above() -> None:
    found = place(mmi=9.0, destroyed=20, field=[(0, 0, 50, SEPTEMBER, "Red Crescent")])
    assert value(found) == 0
    assert found.hit["high"].iloc[0] == 0


def test_of_houses_that_nobody_counted_the_rest_is_believed() -> None:
    """Ten of fifty were counted, none is hit: a fifth is known, of the rest less is believed."""
    found = place(field=[(0, 0, 10, SEPTEMBER, "Red Crescent")])
    assert 0.02 < value(found) < 0.8 * value(place())
    all_hit = place(mmi=5.0, field=[(10, 0, 10, SEPTEMBER, "Red Crescent")])
    assert value(all_hit) > 0.2 + 0.8 * value(place(mmi=5.0))


def test_count_without_a_total_is_a_floor() -> None:
    found = place(mmi=4.0, field=[(10, 15, None, SEPTEMBER, "Red Crescent")])
    assert value(found) == pytest.approx(0.5)
    assert found.basis.tolist() == ["counted"]


def test_count_on_the_ground_needs_no_shaking() -> None:
    found = place(mmi=np.nan, field=[(10, 0, 50, SEPTEMBER, "Red Crescent")])
    assert value(found) == pytest.approx(0.2)


def test_newest_count_speaks_in_whatever_order_they_come() -> None:
    later = datetime(2023, 9, 12, tzinfo=UTC)
    rows = [(10, 0, 50, SEPTEMBER, "A"), (20, 0, 50, later, "B"), (5, 0, 40, later, "C")]
    one = place(field=rows)
    other = place(field=rows[::-1])
    assert one.evidence["field_by"].tolist() == other.evidence["field_by"].tolist() == ["B"]


@given(
    st.integers(0, 20), st.integers(0, 20), st.floats(0, 1), st.floats(4, 10),
    st.sampled_from(["destroyed", "damaged"]),
)  # fmt: skip
def test_one_more_destroyed_never_lowers_what_is_believed(
    destroyed: int, damaged: int, area: float, mmi: float, more: str
) -> None:
    # Of the same buildings looked at; how many those are does not hang on what is seen.
    given_counts = {"destroyed": destroyed, "damaged": damaged, "intact": 61 - destroyed - damaged}
    fewer = place(mmi=mmi, area=area, **given_counts)
    given_counts[more] += 1
    given_counts["intact"] -= 1
    after = place(mmi=mmi, area=area, **given_counts)
    assert (after.hit.to_numpy() >= fewer.hit.to_numpy() - 1e-9).all()
    if more == "destroyed":
        assert (after.destroyed.to_numpy() >= fewer.destroyed.to_numpy() - 1e-9).all()


@given(
    st.integers(0, 30), st.integers(0, 30), st.integers(0, 30), st.floats(0, 1), st.floats(3, 11)
)
def test_destroyed_is_never_more_than_hit(
    destroyed: int, damaged: int, intact: int, area: float, mmi: float
) -> None:
    found = place(destroyed=destroyed, damaged=damaged, intact=intact, area=area, mmi=mmi)
    assert (found.destroyed.to_numpy() <= found.hit.to_numpy()).all()
    assert found.hit["value"].iloc[0] >= min(1, (destroyed + damaged) / HOMES) - 1e-12
    assert found.hit["low"].iloc[0] <= found.hit["high"].iloc[0] <= 1


@pytest.mark.parametrize("row", [(-1, 0, 50), (40, 20, 50), (1, -2, None)])
def test_impossible_count_is_refused(row: tuple[Any, ...]) -> None:
    places = gpd.GeoDataFrame({"place_id": ["place:a"]}, geometry=[Point(0, 0)], crs="EPSG:4326")
    reports = pd.DataFrame([("place:a", *row, SEPTEMBER, "x")], columns=list(FIELD_COLUMNS))
    with pytest.raises(SchemaError, match=r"count on the ground at place:a.*correct the count"):
        newest_counts(reports, places)
