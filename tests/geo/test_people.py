"""People per place: census first, then shares of the commune, then a raster; totals kept."""

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box

from geo.errors import CoverageError, CrsError, InputError, SchemaError
from geo.people import (
    buildings_of_places,
    people_of_places,
    raster_people,
    whole_persons,
    widen_affected,
)
from tests.geo.test_zonal import raster

UTM = "EPSG:32629"
# Metres of UTM zone 29 that a raster of 100 m cells begins at.
WEST_M, NORTH_M = 600_000.0, 3_400_000.0


def places(
    spots_m: list[tuple[float, float]],
    people: list[float],
    *,
    commune: str = "07.1",
    households: list[float] | None = None,
) -> gpd.GeoDataFrame:
    """Places by metres east and south of the corner of the raster."""
    x, y = ([WEST_M + one[0] for one in spots_m], [NORTH_M - one[1] for one in spots_m])
    count = len(spots_m)
    frame = gpd.GeoDataFrame(
        {
            "place_id": [f"place:{n}" for n in range(count)],
            "people": np.array(people, dtype=float),
            "households": np.array(households or [np.nan] * count, dtype=float),
            "commune_code": [commune] * count,
        },
        geometry=gpd.points_from_xy(x, y, crs=UTM),
        index=[f"p{n}" for n in range(count)],
    )
    return frame.to_crs("EPSG:4326")


def communes(*totals: tuple[str, float], level: str = "commune") -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "unit_id": [code for code, _ in totals],
            "level": level,
            "people": [float(total) for _, total in totals],
        },
        geometry=[box(-9, 30, -8, 31)] * len(totals),
        crs="EPSG:4326",
    )


def spread(count: int) -> list[tuple[float, float]]:
    return [(200.0 + 400 * number, 500.0) for number in range(count)]


NAN = float("nan")


# --- census and communes ----------------------------------------------------------------------


def test_a_census_figure_stands_and_is_its_own_range() -> None:
    found = people_of_places(places(spread(2), [40, NAN]), crs=UTM).table
    assert found.loc["p0"].tolist() == [40, 40, 40, 8, "census"]
    assert found.loc["p1", "people_basis"] == "unknown"
    assert found.loc["p1", ["people", "people_low", "people_high"]].isna().all()


def test_what_is_left_of_a_commune_is_shared_equally_in_whole_persons() -> None:
    """110 less 10 among three: 34, 33, 33; factors 0.15 and 2.2 of 33.3."""
    given_places = places(spread(4), [10, NAN, NAN, NAN])
    found = people_of_places(given_places, boundaries=communes(("07.1", 110)), crs=UTM)
    assert found.table["people"].tolist() == [10, 34, 33, 33]
    assert found.table.loc["p1", ["people_low", "people_high"]].tolist() == [5, 74]
    assert set(found.table["people_basis"][1:]) == {"commune_equally"}
    assert found.unplaced == 0


def test_buildings_weigh_more_than_equal_shares_and_households_more_than_buildings() -> None:
    frame = places(spread(2), [NAN, NAN])
    buildings = pd.Series([1, 3], index=frame.index)
    total = communes(("07.1", 100))
    by_buildings = people_of_places(frame, boundaries=total, buildings=buildings, crs=UTM).table
    assert by_buildings["people"].tolist() == [25, 75]
    assert set(by_buildings["people_basis"]) == {"commune_by_buildings"}
    counted = places(spread(2), [NAN, NAN], households=[4, 1])
    by_households = people_of_places(counted, boundaries=total, buildings=buildings, crs=UTM).table
    assert by_households["people"].tolist() == [80, 20]
    assert by_households.loc["p0", ["people_low", "people_high"]].tolist() == [64, 96]
    assert by_households["households"].tolist() == [4, 1]


def test_a_weight_that_one_place_lacks_is_not_used() -> None:
    frame = places(spread(2), [NAN, NAN], households=[4, NAN])
    found = people_of_places(frame, boundaries=communes(("07.1", 10)), crs=UTM).table
    assert found["people"].tolist() == [5, 5]


def test_a_range_never_passes_what_is_left_of_the_commune() -> None:
    found = people_of_places(
        places(spread(1), [NAN]), boundaries=communes(("07.1", 50)), crs=UTM
    ).table
    assert found.loc["p0", ["people", "people_high"]].tolist() == [50, 50]


def test_a_total_that_is_used_up_leaves_the_rest_unknown_never_zero() -> None:
    frame = places(spread(2), [60, NAN])
    for total, note in ((60, 0), (50, 1)):
        found = people_of_places(frame, boundaries=communes(("07.1", total)), crs=UTM)
        assert found.table.loc["p1", "people_basis"] == "unknown"
        assert len(found.notes) == note


def test_people_of_a_commune_without_unknown_places_are_told_as_unplaced() -> None:
    frame = places(spread(1), [60])
    bounds = communes(("07.1", 100), ("07.2", 30))
    assert people_of_places(frame, boundaries=bounds, crs=UTM).unplaced == 70


def test_a_province_is_no_commune() -> None:
    province = communes(("07.1", 100), level="province")
    found = people_of_places(places(spread(1), [NAN]), boundaries=province, crs=UTM)
    assert found.table["people"].isna().all()


@given(
    total=st.integers(0, 100_000),
    weights=st.lists(st.integers(1, 500), min_size=1, max_size=12),
    known=st.lists(st.integers(0, 50), max_size=4),
)
def test_the_total_of_a_commune_is_kept(total: int, weights: list[int], known: list[int]) -> None:
    people = [float(one) for one in known] + [NAN] * len(weights)
    households = [1.0] * len(known) + [float(one) for one in weights]
    frame = places(spread(len(people)), people, households=households)
    found = people_of_places(frame, boundaries=communes(("07.1", total)), crs=UTM)
    table = found.table
    if total >= sum(known):
        assert table["people"].sum() + found.unplaced == total
    else:
        assert table["people"].sum() == sum(known)
    told = table.dropna(subset="people")
    assert (told["people_low"] <= told["people"]).all()
    assert (told["people"] <= told["people_high"]).all()
    assert (told["people"] == told["people"].round()).all()


@given(shares=st.lists(st.floats(0, 1e6), max_size=30), groups=st.integers(1, 4))
def test_whole_persons_keep_the_sum_of_each_group(shares: list[float], groups: int) -> None:
    exact, group = np.array(shares, dtype=float), np.arange(len(shares)) % groups
    persons = whole_persons(exact, group)
    assert (np.abs(persons - exact) <= 1).all()
    for one in range(min(groups, len(shares))):
        total = np.bincount(group, weights=exact)[one]
        assert persons[group == one].sum() == np.round(total)


# --- raster -----------------------------------------------------------------------------------


def test_each_cell_goes_to_its_nearest_place_within_the_radius(tmp_path: Path) -> None:
    """Two places 1 km apart in the middle of their 1 km; the third kilometre is out of reach."""
    cells = np.zeros((10, 40), dtype="float32")
    cells[5, 5], cells[5, 14], cells[5, 35] = 20, 30, 500
    path = raster(tmp_path / "p.tif", cells)
    frame = places([(500, 500), (1500, 500)], [NAN, NAN])
    found = raster_people(path, frame, crs=UTM)
    assert found["people"].tolist() == pytest.approx([20, 30], abs=1e-3)


def test_the_range_is_half_and_twice_the_radius(tmp_path: Path) -> None:
    cells = np.zeros((40, 40), dtype="float32")
    cells[20, 20], cells[20, 27], cells[20, 35] = 10, 5, 2
    path = raster(tmp_path / "p.tif", cells)
    found = raster_people(path, places([(2050, 2050)], [NAN]), crs=UTM).iloc[0]
    assert found.tolist() == pytest.approx([15, 10, 17], abs=1e-3)


def test_places_at_one_spot_share_their_people(tmp_path: Path) -> None:
    path = raster(tmp_path / "p.tif", np.full((10, 10), 1.0))
    frame = places([(500, 500), (500, 500)], [NAN, NAN])
    found = raster_people(path, frame, crs=UTM)
    assert found["people"].tolist() == pytest.approx([50, 50], rel=1e-3)


@given(
    spots=st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000)), min_size=1, max_size=8),
    seed=st.integers(0, 1000),
)
def test_the_total_of_a_raster_near_places_is_kept(
    tmp_path_factory: pytest.TempPathFactory, spots: list[tuple[int, int]], seed: int
) -> None:
    """All cells lie within 1.5 km of any spot."""
    cells = np.random.default_rng(seed).uniform(0, 9, (10, 10))
    cells[3, 4] = -1
    path = raster(tmp_path_factory.mktemp("p") / "p.tif", cells, nodata=-1)
    frame = places([(float(x), float(y)) for x, y in spots], [NAN] * len(spots))
    found = raster_people(path, frame, crs=UTM, radius_m=1500)
    assert found["people"].sum() == pytest.approx(cells[cells >= 0].sum(), rel=1e-6)


def test_a_raster_tells_only_of_places_that_nobody_counted(tmp_path: Path) -> None:
    path = raster(tmp_path / "p.tif", np.full((10, 20), 1.0))
    frame = places([(500, 500), (1500, 500)], [7, NAN])
    found = people_of_places(frame, population=path, crs=UTM)
    assert found.table["people"].tolist() == [7, pytest.approx(100, abs=1)]
    assert found.table["people_basis"].tolist() == ["census", "population_raster"]
    assert found.table.loc["p1", "households"] == pytest.approx(20, abs=0.3)
    assert found.notes == ("people of 1 places without a census figure are from a raster",)


def test_a_raster_that_shows_nobody_leaves_a_place_unknown(tmp_path: Path) -> None:
    path = raster(tmp_path / "p.tif", np.zeros((10, 10)))
    found = people_of_places(places([(500, 500)], [NAN]), population=path, crs=UTM)
    assert found.table["people_basis"].tolist() == ["unknown"]
    assert "unknown, not nobody" in found.notes[0]


def test_a_raster_weighs_the_shares_of_a_commune(tmp_path: Path) -> None:
    cells = np.zeros((10, 20))
    cells[5, 5], cells[5, 15] = 1, 3
    path = raster(tmp_path / "p.tif", cells)
    frame = places([(500, 500), (1500, 500)], [NAN, NAN])
    found = people_of_places(frame, boundaries=communes(("07.1", 100)), population=path, crs=UTM)
    assert found.table["people"].tolist() == [25, 75]
    assert set(found.table["people_basis"]) == {"commune_by_raster"}


def test_the_range_of_the_people_widens_that_of_the_affected() -> None:
    columns: dict[str, Any] = {
        "people": [100.0, 10.0, NAN],
        "people_low": [50.0, 10.0, NAN],
        "people_high": [300.0, 10.0, NAN],
        "affected_low": [10.0, 1.0, NAN],
        "affected_high": [20.0, 2.0, 4.0],
    }
    found = widen_affected(gpd.GeoDataFrame(columns))
    assert found["affected_low"].iloc[:2].tolist() == [5, 1]
    assert found["affected_high"].tolist() == [60, 2, 4]


# --- what is refused --------------------------------------------------------------------------


def test_bad_input_is_one_clear_line(tmp_path: Path) -> None:
    frame = places(spread(1), [NAN])
    far = raster(tmp_path / "far.tif", np.ones((2, 2)), transform=Affine(100, 0, 0, 0, -100, 0))
    with pytest.raises(CoverageError, match="covers none of the places"):
        people_of_places(frame, population=far, crs=UTM)
    with pytest.raises(CrsError, match="has no CRS"):
        bare = raster(tmp_path / "bare.tif", np.ones((2, 2)), crs=None)
        people_of_places(frame, population=bare, crs=UTM)
    with pytest.raises(InputError, match="radius 0 m"):
        raster_people(far, frame, crs=UTM, radius_m=0)
    with pytest.raises(SchemaError, match="places without commune_code"):
        people_of_places(frame.drop(columns="commune_code"), crs=UTM)
    with pytest.raises(SchemaError, match="buildings: numbers from 0 on"):
        people_of_places(frame, buildings=pd.Series([-1.0], index=frame.index), crs=UTM)
    with pytest.raises(CrsError, match="EPSG:4326 is needed"):
        raster_people(far, frame.to_crs(UTM), crs=UTM)


def test_shares_by_households_keep_to_the_range_on_real_douars(real_data: Path) -> None:
    """The documented factors: they hold for 90 % of the douars of five communes."""
    douars = pd.read_csv(real_data / "alhaouz" / "alhaouz_core_douars.csv")
    douars = douars[douars["population"] > 0]
    for weight, households in (("households", douars["households"]), ("equally", np.nan)):
        frame = gpd.GeoDataFrame(
            {"people": NAN, "households": households, "commune_code": douars["commune_code"]},
            geometry=gpd.points_from_xy([-8.0] * len(douars), [31.0] * len(douars), crs=4326),
        )
        totals = douars.groupby("commune_code")["population"].sum()
        found = people_of_places(frame, boundaries=communes(*totals.items()), crs=UTM).table
        assert found["people"].sum() == totals.sum()
        assert set(found["people_basis"].str.rsplit("_", n=1).str[1]) == {weight}
        within = douars["population"].between(found["people_low"], found["people_high"])
        assert within.mean() >= 0.88


# --- buildings ----------------------------------------------------------------------------------


def outlines(*spots_m: tuple[float, float]) -> gpd.GeoDataFrame:
    """Houses of 10 m by metres east and south of the corner."""
    squares = [
        box(WEST_M + x - 5, NORTH_M - y - 5, WEST_M + x + 5, NORTH_M - y + 5) for x, y in spots_m
    ]
    return gpd.GeoDataFrame(geometry=squares, crs=UTM).to_crs("EPSG:4326")


def test_outlines_count_at_the_nearest_place_within_reach() -> None:
    """Three houses near the first, one near the second, one 3 km from both, none at the third."""
    register = places([(0, 0), (1000, 0), (9000, 9000)], [10, 10, 10])
    found = buildings_of_places(
        outlines((0, 30), (100, 0), (450, 0), (700, 0), (0, 3000)), register, crs=UTM
    )
    assert found.index.tolist() == ["p0", "p1", "p2"]
    assert found.tolist()[:2] == [3, 1]
    assert np.isnan(found.iloc[2]), "nobody drew houses there: that is not none"


def test_no_outlines_are_unknown_everywhere() -> None:
    register = places([(0, 0)], [10])
    assert buildings_of_places(outlines((0, 0)).iloc[:0], register, crs=UTM).isna().all()


@given(
    st.lists(st.tuples(st.floats(0, 5000), st.floats(0, 5000)), min_size=1, max_size=20),
    st.integers(1, 100_000),
)
def test_commune_shared_by_buildings_keeps_its_total(
    houses: list[tuple[float, float]], total: int
) -> None:
    register = places([(0, 0), (2500, 2500), (5000, 5000)], [np.nan, np.nan, np.nan])
    counted = buildings_of_places(outlines(*houses), register, crs=UTM, radius_m=10_000)
    assert counted.sum() == len(houses)
    found = people_of_places(
        register, boundaries=communes(("07.1", total)), buildings=counted, crs=UTM
    )
    assert found.table["people"].sum() == total
