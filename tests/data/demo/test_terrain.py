"""The drill's terrain: through the published heights, and honest about what it is."""

import numpy as np
import rasterio

from data.demo.build import Drill
from data.demo.tables import Tables
from data.demo.terrain import known_heights
from geo.terrain import sample_elevation, slope_deg


def test_the_surface_passes_near_the_heights_it_is_made_of(drill: Drill, tables: Tables) -> None:
    known = known_heights(tables)
    height_m = sample_elevation(drill.elevation, known["lon"], known["lat"])
    off_m = np.abs(height_m - known["elevation_m"])[np.isfinite(height_m)]
    # Summits and huts of Toubkal lie nearer to each other than the cells: those are smoothed.
    assert off_m.quantile(0.5) < 10
    assert off_m.quantile(0.95) < 80
    assert off_m.max() < 300


def test_it_covers_the_bounds_and_stays_within_sane_heights(drill: Drill) -> None:
    west, south, east, north = drill.bounds
    corners = [west, west, east, east], [south, north, south, north]
    assert np.isfinite(sample_elevation(drill.elevation, *corners)).all()
    with rasterio.open(drill.elevation) as source:
        heights = source.read(1)
    assert 100 <= heights.min() < 300
    assert 3900 < heights.max() <= 4200


def test_the_file_is_projected_tiled_int16_and_says_where_it_comes_from(drill: Drill) -> None:
    with rasterio.open(drill.elevation) as source:
        assert source.crs.to_epsg() == 32629
        assert source.res == (250.0, 250.0)
        assert source.dtypes == ("int16",)
        assert source.nodata == -32768
        assert source.profile["tiled"] and source.compression.value == "DEFLATE"
        assert source.tags()["DESCRIPTION"] == "interpolated from published spot heights"


def test_slope_can_be_computed_and_mountains_are_steeper_than_the_plain(drill: Drill) -> None:
    slope = slope_deg(drill.elevation).values
    with rasterio.open(drill.elevation) as source:
        heights = source.read(1)
    plain = np.median(slope[heights < 600].compressed())
    mountains = np.median(slope[heights > 2000].compressed())
    assert plain < 1.5 < 6 < mountains < 45


def test_a_position_named_twice_counts_once(tables: Tables) -> None:
    known = known_heights(tables)
    assert not known.duplicated(["lon", "lat"]).any()
    assert len(known) > 500
