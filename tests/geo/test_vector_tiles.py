"""Vector tiles: read again with GDAL, nothing thinned out."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely.geometry import LineString

from geo.errors import InputError
from geo.vector_tiles import write_vector_tiles


def lines(n: int) -> gpd.GeoDataFrame:
    rng = np.random.default_rng(7)
    starts = np.column_stack([rng.uniform(-8.00, -7.99, n), rng.uniform(31.00, 31.01, n)])
    ends = starts + rng.uniform(0.001, 0.002, (n, 2))
    shapes = shapely.linestrings(np.stack([starts, ends], axis=1))
    return gpd.GeoDataFrame({"edge": [f"e{i}" for i in range(n)]}, geometry=shapes, crs=4326)


def deepest(path: Path) -> gpd.GeoDataFrame:
    """The tiles of the deepest zoom, as one table in degrees."""
    return gpd.read_file(path).to_crs(4326)


def test_every_feature_keeps_its_properties_and_its_place(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        {
            "highway": ["track", "primary"],
            "name": ["", "Tizi n\u2019Test \u062a\u064a\u0632\u064a"],
        },
        geometry=[
            LineString([(-8.1, 31.0), (-8.05, 31.02)]),
            LineString([(-8.0, 31.0), (-7.9, 31.0)]),
        ],
        crs=4326,
    )
    path = tmp_path / "roads.pmtiles"
    write_vector_tiles(frame, path, name="roads", min_zoom=5, max_zoom=12)
    assert path.read_bytes()[:7] == b"PMTiles"
    found = deepest(path)
    assert set(found["name"].fillna("")) == set(frame["name"])
    drawn = found[found["highway"] == "track"].to_crs(32629).union_all()
    meant = frame.to_crs(32629).geometry.iloc[0]
    # A unit of a tile at zoom 12 is 2 m here.
    assert shapely.hausdorff_distance(drawn, meant) < 5


def test_a_full_tile_is_not_thinned(tmp_path: Path) -> None:
    path = tmp_path / "roads.pmtiles"
    write_vector_tiles(lines(20_000), path, name="roads", min_zoom=9, max_zoom=9)
    assert deepest(path)["edge"].nunique() == 20_000


def test_columns_may_have_nothing_in_them(tmp_path: Path) -> None:
    frame = lines(2).assign(edge=[None, "b"], people=[np.nan, 3.0])
    path = tmp_path / "some.pmtiles"
    write_vector_tiles(frame, path, name="some", min_zoom=9, max_zoom=12)
    assert set(deepest(path)["edge"].dropna()) == {"b"}


@pytest.mark.parametrize("zooms", [(5, 4), (-1, 3), (3, 23)])
def test_zooms_that_are_none_are_refused(tmp_path: Path, zooms: tuple[int, int]) -> None:
    with pytest.raises(InputError, match="zooms"):
        write_vector_tiles(
            lines(1), tmp_path / "x.pmtiles", name="x", min_zoom=zooms[0], max_zoom=zooms[1]
        )


def test_an_empty_table_and_one_without_a_crs_are_refused(tmp_path: Path) -> None:
    for frame in (lines(1).iloc[:0], lines(1).set_crs(None, allow_override=True)):
        with pytest.raises(InputError, match="a table with features and a CRS"):
            write_vector_tiles(frame, tmp_path / "x.pmtiles", name="x", min_zoom=1, max_zoom=2)
