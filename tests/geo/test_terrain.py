"""Heights under points, and slope only where metres are metres."""

import time

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st

from geo.crs import project
from geo.errors import CrsError, InputError, TooLargeError, UnreadableError
from geo.raster import Grid, mosaic
from geo.terrain import sample_elevation, slope_deg, warp_to
from tests.geo.raster_files import VOID, hgt_plane, write_hgt, write_tif

# Cells of 0.01°, centres at lon -7.995, -7.985 … and lat 30.995, 30.985 …
SQUARE = np.array([[100, 200], [300, 400]], dtype=np.int16)


def test_on_a_centre_the_height_is_the_cell_and_between_it_is_in_between(tmp_path):
    dem = write_tif(tmp_path / "dem.tif", SQUARE)
    lon = [-7.995, -7.985, -7.990, -7.990]
    lat = [30.995, 30.985, 30.995, 30.990]
    np.testing.assert_allclose(sample_elevation(dem, lon, lat), [100, 400, 150, 250], atol=1e-3)


def test_half_a_cell_at_the_edge_takes_the_nearest_and_beyond_is_nothing(tmp_path):
    dem = write_tif(tmp_path / "dem.tif", SQUARE)
    found = sample_elevation(dem, [-7.9999, -8.0001, -7.99, np.nan], [30.9999, 30.99, 31.2, 30.99])
    assert found[0] == pytest.approx(100)
    assert np.isnan(found[1:]).all()


def test_beside_a_void_there_is_no_height_but_on_a_good_cell_there_is(tmp_path):
    values = np.full((3, 3), 500, np.int16)
    values[1, 1] = VOID
    dem = write_tif(tmp_path / "dem.tif", values)
    found = sample_elevation(
        dem, [-7.985, -7.990, -7.995, -7.9949], [30.985, 30.990, 30.995, 30.995]
    )
    assert np.isnan(found[:2]).all()
    assert found[2] == pytest.approx(500)
    assert found[3] == pytest.approx(500)


@pytest.mark.parametrize("nonsense", [VOID, -9999, 30000])
def test_a_value_that_is_no_height_of_land_is_a_void(tmp_path, nonsense):
    values = np.full((3, 3), nonsense, np.int16)
    dem = write_tif(tmp_path / "dem.tif", values, nodata=None)
    assert np.isnan(sample_elevation(dem, [-7.985], [30.985])).all()


def test_feet_become_metres(tmp_path):
    dem = write_tif(tmp_path / "dem.tif", np.full((2, 2), 1000, np.int16))
    with rasterio.open(dem, "r+") as target:
        target.units = ("ft",)
    assert sample_elevation(dem, [-7.99], [30.99])[0] == pytest.approx(304.8)


def test_scaled_values_are_unscaled(tmp_path):
    dem = write_tif(tmp_path / "dem.tif", np.full((2, 2), 15000, np.int16))
    with rasterio.open(dem, "r+") as target:
        target.scales, target.offsets = (0.1,), (50.0,)
    assert sample_elevation(dem, [-7.99], [30.99])[0] == pytest.approx(1550)


@given(lon=st.floats(-7.9999, -7.0001), lat=st.floats(30.0001, 30.9999))
def test_a_plane_is_met_everywhere_in_a_tile(plane_tile, lon, lat):
    found = sample_elevation(plane_tile, [lon], [lat])[0]
    assert found == pytest.approx(1000 * (lat - 30) + 100 * (lon + 9), abs=0.51)


@pytest.fixture(scope="module")
def plane_tile(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiles")
    return write_hgt(folder / "N30W008.hgt", np.rint(hgt_plane(30, -8)))


def test_many_points_over_a_large_raster_are_read_in_pieces(tmp_path):
    rows, cols = 6000, 6000
    values = (np.arange(rows)[:, None] % 2000 + np.arange(cols)[None, :] % 1000).astype(np.int16)
    dem = write_tif(tmp_path / "dem.tif", values, cell=0.0001, tiled=True)
    rng = np.random.default_rng(7)
    row, col = rng.integers(0, rows, 200_000), rng.integers(0, cols, 200_000)
    began = time.monotonic()
    found = sample_elevation(dem, -8 + (col + 0.5) * 0.0001, 31 - (row + 0.5) * 0.0001)
    took_s = time.monotonic() - began
    np.testing.assert_allclose(found, values[row, col], atol=0.05)
    assert took_s < 20


def test_a_projected_raster_is_sampled_in_its_own_system(tmp_path):
    dem = write_tif(
        tmp_path / "dem.tif",
        np.arange(100, dtype=np.int16).reshape(10, 10),
        west=600_000,
        north=3_430_000,
        cell=100,
        crs="EPSG:32629",
    )
    lon, lat = rasterio.warp.transform("EPSG:32629", "EPSG:4326", [600_550.0], [3_429_450.0])
    assert sample_elevation(dem, lon, lat)[0] == pytest.approx(55, abs=0.01)


def test_no_points_need_no_raster_values(tmp_path):
    dem = write_tif(tmp_path / "dem.tif", SQUARE)
    assert sample_elevation(dem, [], []).shape == (0,)


def test_unpaired_coordinates_are_refused(tmp_path):
    dem = write_tif(tmp_path / "dem.tif", SQUARE)
    with pytest.raises(InputError, match="2 longitudes, 1 latitudes"):
        sample_elevation(dem, [-8, -7], [31])


def test_a_raster_without_crs_or_none_at_all_is_refused(tmp_path):
    with pytest.raises(UnreadableError, match="no such file"):
        sample_elevation(tmp_path / "dem.tif", [-8], [31])
    with pytest.raises(CrsError, match="has no CRS"):
        sample_elevation(write_tif(tmp_path / "dem.tif", SQUARE, crs=None), [-8], [31])


# --- slope --------------------------------------------------------------------------------------


def slope_grid(values: np.ndarray, crs: str = "EPSG:32629") -> Grid:
    return Grid(
        values=np.ma.masked_invalid(np.asarray(values, dtype=float)),
        transform=Affine(10, 0, 600_000, 0, -10, 3_430_000),
        crs=crs,
    )


def test_ten_metres_on_ten_are_45_degrees():
    slope = slope_deg(slope_grid(np.arange(5)[None, :] * 10.0 + np.zeros((5, 1))))
    np.testing.assert_allclose(slope.values[1:-1, 1:-1], 45)
    assert slope.values.mask[0].all()
    assert (slope.unit, slope.name) == ("deg", "slope")


def test_slope_is_the_same_down_and_up_and_flat_is_zero():
    east = np.arange(5)[None, :] * 3.0 + np.zeros((5, 1))
    np.testing.assert_allclose(
        slope_deg(slope_grid(east)).values, slope_deg(slope_grid(-east)).values
    )
    assert slope_deg(slope_grid(np.full((4, 4), 1200.0))).values.max() == 0


def test_a_void_widens_by_one_cell():
    values = np.full((7, 7), 100.0)
    values[3, 3] = np.nan
    slope = slope_deg(slope_grid(values))
    assert slope.values.mask[2:5, 2:5].all()
    assert not slope.values.mask[1, 1:6].any()


def test_slope_in_degrees_of_longitude_is_refused(tmp_path):
    with pytest.raises(CrsError, match=r"dem\.tif: slope: CRS is EPSG:4326"):
        slope_deg(write_tif(tmp_path / "dem.tif", SQUARE))
    with pytest.raises(CrsError, match="web Mercator"):
        slope_deg(slope_grid(np.zeros((3, 3)), crs="EPSG:3857"))


# --- warp ---------------------------------------------------------------------------------------


def test_a_warped_plane_has_the_heights_of_the_plane(plane_tile, tmp_path):
    info = warp_to(plane_tile, "EPSG:32629", tmp_path / "utm.tif", resolution_m=90)
    assert info.crs == "EPSG:32629"
    lon, lat = np.array([-7.8, -7.5, -7.2]), np.array([30.2, 30.5, 30.8])
    found = sample_elevation(info.path, lon, lat)
    np.testing.assert_allclose(found, 1000 * (lat - 30) + 100 * (lon + 9), atol=1.5)
    # 1,000 m a degree of latitude (110.8 km) is a slope of half a degree.
    assert slope_deg(info.path).values.mean() == pytest.approx(0.53, abs=0.05)


def test_voids_survive_a_warp(tmp_path):
    values = np.full((30, 30), 800, np.int16)
    values[10:20, 10:20] = VOID
    info = warp_to(write_tif(tmp_path / "dem.tif", values), "EPSG:32629", tmp_path / "utm.tif")
    hole_lon, hole_lat = np.full(3, -7.85), np.array([30.82, 30.85, 30.88])
    assert np.isnan(sample_elevation(info.path, hole_lon, hole_lat)).all()
    assert info.value_min == 800


def test_a_warp_into_degrees_is_refused(tmp_path):
    with pytest.raises(CrsError, match="a projected CRS is needed"):
        warp_to(write_tif(tmp_path / "dem.tif", SQUARE), "EPSG:4326", tmp_path / "out.tif")


def test_a_warp_onto_absurdly_small_cells_is_refused(tmp_path):
    dem = write_tif(tmp_path / "dem.tif", SQUARE)
    with pytest.raises(TooLargeError, match="larger resolution_m"):
        warp_to(dem, "EPSG:32629", tmp_path / "out.tif", resolution_m=0.001)


# --- real ---------------------------------------------------------------------------------------


def test_real_heights_of_known_places(real_data, tmp_path):
    dem = mosaic(
        [real_data / "dem" / f"{name}.hgt" for name in ("N42E001", "N41E001")], tmp_path / "dem.tif"
    ).path
    # Andorra la Vella 1,023 m (town hall), Coma Pedrosa 2,942 m: Wikidata Q1863, Q748846.
    found = sample_elevation(dem, [1.5218, 1.4437], [42.5075, 42.5917])
    assert found[0] == pytest.approx(1023, abs=40)
    assert found[1] == pytest.approx(2942, abs=120)
    # Across the edge between the tiles, every hundredth of a second, nothing jumps or is missing.
    lat = np.linspace(41.99, 42.01, 2001)
    heights = sample_elevation(dem, np.full_like(lat, 1.5), lat)
    assert not np.isnan(heights).any()
    assert np.abs(np.diff(heights)).max() < 2


def test_real_coarse_elevation_of_the_high_atlas(real_data):
    dem = real_data / "alhaouz" / ".." / "dem" / "alhaouz_dem_30arcsec.tif"
    toubkal, marrakech = sample_elevation(dem, [-7.9151, -7.9811], [31.0596, 31.6295])
    assert 3000 < toubkal < 4167
    assert 400 < marrakech < 520
    x, _ = project([-7.9151], [31.0596], "EPSG:32629")
    assert np.isfinite(x).all()
