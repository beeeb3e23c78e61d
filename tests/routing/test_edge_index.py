"""Edges near a point, by boxes first: as many as by measuring every distance."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.crs import project
from geo.model import Source
from geo.network import RoadTables, road_tables
from routing.edge_index import EdgeIndex, working_lines


def scattered(seed: int, *, lon: float, lat: float, n: int = 60) -> RoadTables:
    """Roads of all lengths, from metres to a degree, around a point."""
    rng = np.random.default_rng(seed)
    size = 10.0 ** rng.uniform(-5, 0, n)
    bends = rng.uniform(-0.5, 0.5, (n, 3, 2)) * size[:, None, None]
    points = np.array([lon, lat]) + rng.uniform(-0.1, 0.1, (n, 1, 2)) + bends
    ends = points[:, [0, 2]].reshape(-1, 2)
    nodes = pd.DataFrame(
        {"node_id": [f"n{i}" for i in range(2 * n)], "lon": ends[:, 0], "lat": ends[:, 1]}
    )
    edges = gpd.GeoDataFrame(
        {
            "edge_id": [f"e{i}" for i in range(n)],
            "u": np.arange(0, 2 * n, 2),
            "v": np.arange(1, 2 * n, 2),
        },
        geometry=list(shapely.linestrings(points)),
        crs="EPSG:4326",
    )
    return road_tables(nodes, edges, source=Source(name="scattered"))


@given(
    seed=st.integers(0, 1000),
    # In the zone of its CRS, six degrees off it, in one with other metres, and far north.
    where=st.sampled_from(
        [
            (-8.0, 31.0, "EPSG:32629"),
            (-2.0, 31.0, "EPSG:32629"),
            (-8.0, 31.0, "EPSG:3395"),
            (25.0, 69.0, "EPSG:3035"),
        ]
    ),
    radius_m=st.sampled_from([0.0, 3.0, 150.0, 1600.0, 30_000.0]),
)
@settings(max_examples=25, deadline=None)
def test_within_finds_what_measuring_all_finds(
    seed: int, where: tuple[float, float, str], radius_m: float
) -> None:
    lon, lat, crs = where
    tables = scattered(seed, lon=lon, lat=lat)
    rng = np.random.default_rng(seed)
    at = project(lon + rng.uniform(-0.2, 0.2, 8), lat + rng.uniform(-0.2, 0.2, 8), crs)
    points = np.asarray(shapely.points(*at), dtype=object)
    asked, hit = EdgeIndex(tables, crs).within(points, radius_m)
    lines = working_lines(tables, crs)
    expected = np.argwhere(shapely.dwithin(points[:, None], lines[None, :], radius_m))
    assert sorted(zip(asked.tolist(), hit.tolist(), strict=True)) == sorted(
        map(tuple, expected.tolist())
    )
    assert (np.diff(asked) >= 0).all()
    asked, hit, least_m = EdgeIndex(tables, crs).perhaps_within(points, radius_m)
    assert (least_m <= shapely.distance(points[asked], lines[hit])).all()


def test_only_lines_that_may_be_near_are_projected(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = scattered(4, lon=-8.0, lat=31.0)
    index = EdgeIndex(tables, "EPSG:32629")
    far = np.asarray([shapely.points(*project(-7.0, 33.0, "EPSG:32629"))], dtype=object)
    assert len(index.within(far, 500.0)[0]) == 0
    assert not index._is_known.any()
    first = tables.edges.geometry.iloc[0].interpolate(0.5, normalized=True)
    near = np.asarray([shapely.points(*project(first.x, first.y, "EPSG:32629"))], dtype=object)
    assert 0 in index.within(near, 500.0)[1]
    assert 0 < index._is_known.sum() < len(tables.edges)


def test_across_the_date_line_all_longitudes_are_looked_at() -> None:
    """A CRS of the Pacific: a circle there lies on both sides of 180 degrees."""
    tables = scattered(9, lon=179.0, lat=-18.0)
    crs = "EPSG:3832"  # PDC Mercator, centred on 150 degrees east
    at = shapely.points(*project(-179.9, -18.0, crs))
    asked, hit = EdgeIndex(tables, crs).within(np.asarray([at], dtype=object), 90_000.0)
    lines = working_lines(tables, crs)
    assert sorted(hit.tolist()) == np.flatnonzero(shapely.dwithin(at, lines, 90_000.0)).tolist()
    assert len(hit) == len(asked) > 0
