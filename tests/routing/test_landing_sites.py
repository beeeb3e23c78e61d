"""Flat ground from an elevation model, and what of it is free to land on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely

from geo.errors import RuleError
from routing.access import WALK_DETOUR_FACTOR
from routing.flat_ground import patches
from routing.landing_sites import landing_sites
from tests.factories import WORKING_CRS
from tests.geo.raster_files import write_tif

WEST, NORTH, CELL, N = 600_000.0, 3_434_000.0, 30.0, 200
#: The place stands in the middle of the model.
X, Y = WEST + CELL * N / 2, NORTH - CELL * N / 2
NOTHING = np.empty(0, dtype=object)


def ground(tmp_path: Path, *, meadow_east_m: float = 900.0, void: bool = False) -> Path:
    """A slope of 30 degrees up to the north, with a level meadow of 300 m to the east."""
    y = NORTH - CELL * (np.arange(N) + 0.5)
    x = WEST + CELL * (np.arange(N) + 0.5)
    heights = np.repeat(((y - Y) * np.tan(np.radians(30.0)) + 2_000.0)[:, None], N, axis=1)
    meadow = (np.abs(y - Y) <= 150.0)[:, None] & (np.abs(x - X - meadow_east_m) <= 150.0)[None, :]
    heights[meadow] = -32768 if void else 2_000.0
    return write_tif(
        tmp_path / "ground.tif", heights.astype("float32"), west=WEST, north=NORTH, cell=CELL,
        crs=WORKING_CRS,
    )  # fmt: skip


def sites_at(elevation: Path, obstacles: np.ndarray = NOTHING, **options: object):  # type: ignore[no-untyped-def]
    return landing_sites(
        elevation, np.array([X]), np.array([Y]), kind="helicopter", obstacles=obstacles,
        cell_m=CELL, crs=WORKING_CRS, **options,  # type: ignore[arg-type]
    )  # fmt: skip


def test_the_slope_of_a_plane_is_the_slope_of_its_patch(tmp_path: Path) -> None:
    (patch,) = patches(
        ground(tmp_path), [X - 1000.0], [Y], radius_m=300.0, cell_m=CELL, crs=WORKING_CRS
    )
    assert patch.step_m == CELL
    inner = patch.slope_deg[1:-1, 1:-1]
    assert inner == pytest.approx(30.0, abs=0.1)
    # North is the first row.
    assert patch.height_m[0, 0] > patch.height_m[-1, 0]


def test_the_meadow_is_found_and_the_slope_is_not(tmp_path: Path) -> None:
    sites = sites_at(ground(tmp_path))
    assert sites
    for one in sites:
        assert abs(one.x_m - X - 900.0) <= 150.0
        assert abs(one.y_m - Y) <= 150.0
        assert one.slope_deg <= 7.0
        assert one.walk_m == pytest.approx(
            np.hypot(one.x_m - X, one.y_m - Y) * WALK_DETOUR_FACTOR, rel=1e-6
        )
        assert one.obstacle_m == np.inf
    assert [one.score for one in sites] == sorted(one.score for one in sites)
    # The near end of the meadow is the better one.
    assert sites[0].x_m < X + 900.0


def test_a_meadow_out_of_reach_and_one_without_heights_are_none(tmp_path: Path) -> None:
    assert sites_at(ground(tmp_path, meadow_east_m=2_600.0)) == []
    assert sites_at(ground(tmp_path, void=True)) == []


def test_houses_and_wires_keep_helicopters_away(tmp_path: Path) -> None:
    elevation = ground(tmp_path)
    wire = shapely.LineString([(X + 800.0, Y - 200.0), (X + 800.0, Y + 200.0)])
    beside = sites_at(elevation, np.array([wire]))
    assert beside
    assert all(one.obstacle_m >= 25.0 + 40.0 for one in beside)
    houses = shapely.points(*np.meshgrid(X + np.arange(700.0, 1100.0, 60.0),
                                         Y + np.arange(-180.0, 181.0, 60.0)))  # fmt: skip
    assert sites_at(elevation, houses.ravel()) == []


def test_a_wider_clearing_needs_more_level_ground(tmp_path: Path) -> None:
    elevation = ground(tmp_path)
    assert sites_at(elevation, diameter_m=150.0)
    assert sites_at(elevation, diameter_m=400.0) == []


def test_a_coarse_model_is_refused_in_a_plain_sentence(tmp_path: Path) -> None:
    with pytest.raises(
        RuleError,
        match=r"cells of 925 m: a clearing of 50 m cannot be seen in it; cells of 100 m or less",
    ):
        landing_sites(
            ground(tmp_path), np.array([X]), np.array([Y]), kind="helicopter",
            obstacles=NOTHING, cell_m=925.0, crs=WORKING_CRS,
        )  # fmt: skip
