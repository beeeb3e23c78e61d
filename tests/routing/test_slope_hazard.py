"""Landslides on roads from slope and shaking."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from routing.slope_hazard import blocked_prior, is_coarse, pgv_cm_s, sliding_share
from tests.factories import WORKING_CRS, make_roads
from tests.geo.raster_files import write_tif


def test_shaking_and_slope_both_raise_the_share_that_slides() -> None:
    slopes = np.array([5.0, 15.0, 30.0, 45.0])
    by_slope = sliding_share(slopes, np.full(4, 7.5))
    assert (np.diff(by_slope) > 0).all()
    by_shaking = sliding_share(np.full(4, 30.0), np.array([5.0, 6.0, 7.0, 8.0]))
    assert (np.diff(by_shaking) > 0).all()
    # The model never says more than 0.256 (its cubic at a probability of 1).
    assert sliding_share([89.0], [10.0])[0] == pytest.approx(0.256, abs=0.001)


def test_flat_ground_and_unknown_shaking_or_slope_do_not_slide() -> None:
    assert sliding_share([1.9, np.nan, 30.0], [8.0, 8.0, np.nan]).tolist() == [0.0, 0.0, 0.0]


def test_intensity_becomes_ground_velocity_in_two_pieces_that_meet() -> None:
    assert pgv_cm_s([2.89 + 3.16])[0] == pytest.approx(10.0)
    below, above = pgv_cm_s([4.56, 4.5601])
    assert below == pytest.approx(above, rel=0.02)


def test_a_road_under_a_steep_slope_and_not_a_flat_one_a_tunnel_or_one_not_shaken(
    tmp_path: Path,
) -> None:
    # A wall of 45 degrees north of 3,430,000 m, flat south of it; cells of 50 m.
    n = 120
    y = 3_434_000.0 - 50.0 * (np.arange(n) + 0.5)
    heights = np.repeat(np.maximum(y - 3_430_000.0, 0.0)[:, None], n, axis=1)
    elevation = write_tif(
        tmp_path / "wall.tif",
        heights.astype("float32"),
        west=595_000.0,
        north=3_434_000.0,
        cell=50.0,
        crs=WORKING_CRS,
    )
    assert not is_coarse(elevation)
    to_lon_lat = gpd.GeoSeries.from_xy(
        [596_000.0, 600_000.0] * 4,
        [3_430_100.0] * 4 + [3_428_500.0] * 2 + [3_433_000.0] * 2,
        crs=WORKING_CRS,
    ).to_crs("EPSG:4326")
    nodes = [(point.x, point.y) for point in to_lon_lat]
    road = {"highway": "tertiary", "length_m": 4000.0}
    tables = make_roads(
        nodes,
        [
            {"edge_id": "steep", "u": 0, "v": 1, **road},
            {"edge_id": "tunnel", "u": 2, "v": 3, "tunnel": True, **road},
            {"edge_id": "flat", "u": 4, "v": 5, **road},
            {"edge_id": "far", "u": 6, "v": 7, **road},
        ],
    )
    corners = gpd.GeoSeries.from_xy(
        [595_000.0, 601_000.0], [3_428_000.0, 3_432_000.0], crs=WORKING_CRS
    ).to_crs("EPSG:4326")
    band = shapely.box(*corners.total_bounds)
    shaken = gpd.GeoDataFrame({"mmi": [6.0, 7.5]}, geometry=[band, band], crs="EPSG:4326")
    prior = blocked_prior(tables, elevation, shaken, crs=WORKING_CRS)
    by_edge = dict(zip(tables.edges["edge_id"], prior, strict=True))
    assert 0.5 < by_edge["steep"] < 1.0
    assert by_edge["tunnel"] == by_edge["flat"] == by_edge["far"] == 0.0
