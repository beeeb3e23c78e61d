"""The hint: pairs are brought together, fallen houses rank first, what does not fit is refused."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.transform import from_origin
from scipy.ndimage import gaussian_filter
from scipy.ndimage import shift as shifted
from shapely.geometry import box

from geo.change_hint import HIGH_SCORE, change_hints
from geo.errors import CoverageError, InputError
from geo.image_pair import align, fit_brightness, open_pair
from geo.imagery import look_at

CRS = "EPSG:32629"
WEST, NORTH, CELL = 580_000.0, 3_430_000.0, 0.5
SIDE = 400


def village(seed: int = 1) -> tuple[np.ndarray, list[tuple[int, int, int, int]]]:
    """Ground and 36 houses as (row, col, height, width) in cells, lit from one side."""
    rng = np.random.default_rng(seed)
    ground = 90 + 12 * gaussian_filter(rng.standard_normal((SIDE, SIDE)), 2) / 0.14
    houses = []
    for row in range(40, 340, 55):
        for col in range(40, 340, 55):
            height, width = rng.integers(14, 26, 2)
            houses.append((row, col, int(height), int(width)))
            roof = ground[row : row + height, col : col + width]
            roof[:] = 150 + 20 * rng.random() + rng.standard_normal(roof.shape)
            ground[row + height : row + height + 4, col : col + width] = 35
            ground[row + 4 : row + 9, col + 4 : col + 4 + int(width) // 3] = 60
    return ground, houses


def fallen(ground: np.ndarray, houses, which, seed: int = 5) -> np.ndarray:
    """The same with rubble where these houses stood."""
    rng = np.random.default_rng(seed)
    after = ground.copy()
    for number in which:
        row, col, height, width = houses[number]
        heap = after[row - 2 : row + height + 6, col - 2 : col + width + 2]
        heap[:] = 100 + 25 * gaussian_filter(rng.standard_normal(heap.shape), 1.2) / 0.24
    return after


def write(
    path: Path, values: np.ndarray, *, west: float = WEST, cell: float = CELL, **more
) -> Path:
    bands = np.clip(np.stack([values] * 3), 1, 255).astype("uint8")
    profile = {"driver": "GTiff", "count": 3, "dtype": "uint8", "crs": CRS} | more
    with rasterio.open(
        path,
        "w",
        height=values.shape[0],
        width=values.shape[1],
        transform=from_origin(west, NORTH, cell, cell),
        **profile,
    ) as out:
        out.write(bands)
    return path


def outlines(houses) -> gpd.GeoDataFrame:
    shapes = [
        box(
            WEST + col * CELL,
            NORTH - (row + height) * CELL,
            WEST + (col + width) * CELL,
            NORTH - row * CELL,
        )
        for row, col, height, width in houses
    ]
    return gpd.GeoDataFrame(geometry=shapes, crs=CRS).to_crs("EPSG:4326")


def compared(before: Path, after: Path, shapes: gpd.GeoDataFrame):
    with open_pair(before, after, before=look_at(before), after=look_at(after), crs=CRS) as pair:
        alignment = align(pair)
        return alignment, change_hints(shapes, pair, alignment)


def test_fallen_houses_rank_first_though_the_light_the_place_and_the_noise_differ(tmp_path):
    ground, houses = village()
    down = [3, 8, 14, 20, 21, 30]
    later = shifted(fallen(ground, houses, down), (5.4, -7.2), mode="nearest")
    later = 0.6 * later + 40 + 3 * np.random.default_rng(9).standard_normal(later.shape)
    alignment, hints = compared(
        write(tmp_path / "b.tif", ground), write(tmp_path / "a.tif", later), outlines(houses)
    )
    # Moved 7.2 cells west and 5.4 south: it has to come back east and north.
    assert alignment.middle_m == pytest.approx((3.6, 2.7), abs=0.15)
    table = hints.table
    assert set(table.sort_values("rank").index[:6]) == set(down)
    assert table.loc[down, "high"].all()
    assert not table.drop(index=down)["high"].any()
    assert table["score"].between(0, 1).all()
    assert hints.compared == 36
    assert (table["high"] == (table["score"] >= HIGH_SCORE)).all()


def test_the_same_picture_twice_hints_at_nothing(tmp_path):
    ground, houses = village()
    path = write(tmp_path / "b.tif", ground)
    alignment, hints = compared(path, path, outlines(houses))
    assert alignment.middle_m == pytest.approx((0, 0), abs=0.05)
    assert hints.table["score"].max() < 0.02


def test_another_resolution_and_another_crs_are_brought_onto_one_grid(tmp_path):
    ground, houses = village()
    coarse = fallen(ground, houses, [7])[:400:2, :400:2]
    before = write(tmp_path / "b.tif", ground)
    after = write(tmp_path / "a.tif", coarse, cell=2 * CELL)
    _, hints = compared(before, after, outlines(houses))
    assert hints.table["score"].idxmax() == 7


def test_a_hole_is_not_compared_and_not_called_unchanged(tmp_path):
    ground, houses = village()
    holed = ground.copy()
    row, col, height, width = houses[10]
    before = write(tmp_path / "b.tif", ground)
    after = write(tmp_path / "a.tif", holed, nodata=0)
    with rasterio.open(after, "r+") as picture:
        values = picture.read()
        values[:, row - 20 : row + height + 20, col - 20 : col + width + 20] = 0
        picture.write(values)
    _, hints = compared(before, after, outlines(houses))
    assert np.isnan(hints.table.loc[10, "score"])
    assert np.isnan(hints.table.loc[10, "rank"])
    assert not hints.table.loc[10, "high"]
    assert hints.table.loc[10, "why_not"] == "not seen in both pictures"
    assert hints.table.drop(index=10)["score"].notna().all()


def test_what_is_outside_or_too_small_is_said(tmp_path):
    ground, houses = village()
    shapes = outlines([*houses, (30, 900, 20, 20), (200, 200, 5, 5)])
    path = write(tmp_path / "b.tif", ground)
    _, hints = compared(path, path, shapes)
    assert hints.table["why_not"].iloc[-2:].tolist() == [
        "outside of the pictures",
        "smaller than 15 m²",
    ]
    assert any("1 footprints not compared: smaller" in note for note in hints.notes)


# --- refused ------------------------------------------------------------------------------------


def test_pictures_of_other_ground_do_not_match(tmp_path):
    before = write(tmp_path / "b.tif", village(1)[0])
    noise = gaussian_filter(np.random.default_rng(4).standard_normal((SIDE, SIDE)), 2) * 200 + 120
    after = write(tmp_path / "a.tif", noise)
    with pytest.raises(CoverageError, match=r"b\.tif and a\.tif: their p"):
        compared(before, after, outlines(village()[1]))


def test_pictures_far_apart_share_nothing(tmp_path):
    ground, houses = village()
    before = write(tmp_path / "b.tif", ground)
    far = write(tmp_path / "a.tif", ground, west=WEST + 5000)
    with pytest.raises(CoverageError, match="they show different ground"):
        compared(before, far, outlines(houses))
    beside = write(tmp_path / "c.tif", ground, west=WEST + 190)
    with pytest.raises(CoverageError, match="in common, at least"):
        compared(before, beside, outlines(houses))


def test_a_shift_that_is_not_plausible(tmp_path):
    _, houses = village()
    ground = gaussian_filter(np.random.default_rng(4).standard_normal((SIDE, SIDE)), 2) * 200 + 120
    later = shifted(ground, (0, 60), mode="wrap")
    with pytest.raises(CoverageError, match=r"they lie 30 m apart, over the plausible 25 m"):
        compared(
            write(tmp_path / "b.tif", ground), write(tmp_path / "a.tif", later), outlines(houses)
        )


def test_pictures_coarser_than_two_metres(tmp_path):
    ground, houses = village()
    before = write(tmp_path / "b.tif", ground)
    after = write(tmp_path / "a.tif", ground[::6, ::6], cell=3.0)
    with pytest.raises(InputError, match=r"a\.tif: cells of 3\.0 m: at most 2 m are needed"):
        compared(before, after, outlines(houses))


def test_no_footprint_in_the_pictures(tmp_path):
    ground, _ = village()
    path = write(tmp_path / "b.tif", ground)
    with pytest.raises(CoverageError, match="1 footprints: none lies where both"):
        compared(path, path, outlines([(30, 900, 20, 20)]))


@given(
    slope=st.floats(0.2, 4),
    offset=st.floats(-50, 50),
    changed=st.floats(0, 0.3),
)
@settings(max_examples=30, deadline=None)
def test_the_brightness_of_what_did_not_change_is_found(slope, offset, changed):
    rng = np.random.default_rng(2)
    before = rng.uniform(20, 200, 4000)
    after = (before - offset) / slope
    which = rng.random(4000) < changed
    after[which] = rng.uniform(after.min(), after.max(), which.sum())
    found_slope, found_offset = fit_brightness(before, after)
    assert found_slope == pytest.approx(slope, rel=0.05)
    assert found_offset == pytest.approx(offset, abs=8)
