"""What is refused at the door, and several tiles as one."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.control import GroundControlPoint
from rasterio.errors import NotGeoreferencedWarning

from geo.errors import (
    CrsError,
    EmptyInputError,
    SchemaError,
    TooLargeError,
    UnreadableError,
)
from geo.raster import mosaic, open_raster, raster_info, read_grid
from tests.geo.raster_files import VOID, hgt_plane, write_hgt, write_tif

RAMP = np.arange(12, dtype=np.int16).reshape(3, 4)


# --- refused ------------------------------------------------------------------------------------


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UnreadableError, match=r"dem\.tif: there is no such file"):
        raster_info(tmp_path / "dem.tif")


def test_an_empty_file_is_named(tmp_path):
    (tmp_path / "dem.tif").touch()
    with pytest.raises(UnreadableError, match="the file is empty"):
        raster_info(tmp_path / "dem.tif")


def test_text_called_tif_is_refused(tmp_path):
    (tmp_path / "dem.tif").write_text("elevation\n1200\n")
    with pytest.raises(UnreadableError, match="cannot be read as GeoTIFF"):
        raster_info(tmp_path / "dem.tif")


def test_a_virtual_raster_that_points_elsewhere_is_not_followed(tmp_path):
    write_tif(tmp_path / "secret.tif", RAMP)
    (tmp_path / "dem.tif").write_text(
        '<VRTDataset rasterXSize="4" rasterYSize="3"><SRS>EPSG:4326</SRS>'
        "<GeoTransform>-8,0.01,0,31,0,-0.01</GeoTransform>"
        '<VRTRasterBand dataType="Int16" band="1"><SimpleSource>'
        '<SourceFilename relativeToVRT="1">secret.tif</SourceFilename>'
        "<SourceBand>1</SourceBand></SimpleSource></VRTRasterBand></VRTDataset>"
    )
    with pytest.raises(UnreadableError):
        raster_info(tmp_path / "dem.tif")


@pytest.mark.parametrize("path", ["/vsicurl/http://127.0.0.1:9/dem.tif", "zip://dem.zip!dem.tif"])
def test_an_address_is_no_file(path):
    with pytest.raises(UnreadableError, match="no such file"):
        raster_info(path)


def test_a_truncated_tif_is_found(tmp_path):
    noise = np.random.default_rng(1).integers(0, 3000, (600, 600)).astype(np.int16)
    whole = write_tif(tmp_path / "dem.tif", noise).read_bytes()
    (tmp_path / "cut.tif").write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(UnreadableError, match=r"cut\.tif.*cut short"):
        raster_info(tmp_path / "cut.tif")


def test_a_raster_without_crs_is_refused(tmp_path):
    write_tif(tmp_path / "dem.tif", RAMP, crs=None)
    with pytest.raises(CrsError, match=r"dem\.tif: the raster has no CRS.*gdal_edit"):
        raster_info(tmp_path / "dem.tif")


def test_a_raster_without_transform_is_refused(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        write_tif(tmp_path / "dem.tif", RAMP, transform=rasterio.Affine.identity())
    with pytest.raises(CrsError, match="no geotransform"):
        raster_info(tmp_path / "dem.tif")


def test_control_points_are_no_transform(tmp_path):
    gcps = [
        GroundControlPoint(row, col, -8 + col, 31 - row) for row, col in ((0, 0), (0, 4), (3, 0))
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        write_tif(tmp_path / "dem.tif", RAMP, transform=None, gcps=gcps)
    with pytest.raises(CrsError):
        raster_info(tmp_path / "dem.tif")


def test_a_crs_that_is_tied_to_no_place_is_refused(tmp_path):
    local = 'LOCAL_CS["site plan",UNIT["metre",1]]'
    write_tif(tmp_path / "dem.tif", RAMP, crs=local)
    with pytest.raises(CrsError, match="tied to no place"):
        raster_info(tmp_path / "dem.tif")


def test_too_many_pixels_are_refused_before_they_are_read(tmp_path):
    write_tif(tmp_path / "dem.tif", RAMP)
    with (
        pytest.raises(TooLargeError, match="4 by 3 pixels"),
        open_raster(tmp_path / "dem.tif", max_pixels=11),
    ):
        pass
    with (
        pytest.raises(TooLargeError, match="GB are read"),
        open_raster(tmp_path / "dem.tif", max_bytes=10),
    ):
        pass


def test_an_hgt_needs_the_name_of_its_tile(tmp_path):
    write_hgt(tmp_path / "tile.hgt", np.zeros((1201, 1201)))
    with pytest.raises(UnreadableError, match=r"N31W008\.hgt"):
        raster_info(tmp_path / "tile.hgt")


def test_an_hgt_of_the_wrong_size_is_refused(tmp_path):
    write_hgt(tmp_path / "N31W008.hgt", np.zeros((1200, 1201)))
    with pytest.raises(UnreadableError, match=r"2,882,400 bytes.*2,884,802"):
        raster_info(tmp_path / "N31W008.hgt")


# --- read ---------------------------------------------------------------------------------------


def test_what_a_raster_holds(tmp_path):
    values = RAMP.copy()
    values[0, 0] = VOID
    info = raster_info(write_tif(tmp_path / "dem.tif", values))
    assert info.crs == "EPSG:4326"
    assert info.bounds == pytest.approx((-8.0, 30.97, -7.96, 31.0))
    assert (info.width, info.height, info.n_bands) == (4, 3, 1)
    assert info.void_share == pytest.approx(1 / 12)
    assert (info.value_min, info.value_max) == (1, 11)
    assert info.resolution_m == pytest.approx((955, 1109), rel=0.01)


def test_voids_of_srtm_count_as_voids_even_if_the_file_forgets_to_say_so(tmp_path):
    values = RAMP.copy()
    values[1, 1] = VOID
    info = raster_info(write_tif(tmp_path / "dem.tif", values, nodata=None))
    assert info.void_share == pytest.approx(1 / 12)
    assert info.value_min == 0


def test_a_raster_that_is_all_void_has_no_values(tmp_path):
    info = raster_info(write_tif(tmp_path / "dem.tif", np.full((3, 4), VOID, dtype=np.int16)))
    assert info.void_share == 1
    assert np.isnan([info.value_min, info.value_max]).all()


def test_a_grid_is_masked_where_the_file_has_nothing(tmp_path):
    values = RAMP.astype(np.float32)
    values[2, 3] = np.nan
    grid = read_grid(
        write_tif(tmp_path / "dem.tif", values, nodata=None), name="elevation", unit="m"
    )
    assert grid.values.mask.sum() == 1
    assert grid.values.mask[2, 3]
    assert (grid.name, grid.unit) == ("elevation", "m")


def test_a_band_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SchemaError, match="band 2"):
        read_grid(write_tif(tmp_path / "dem.tif", RAMP), band=2)


# --- mosaic -------------------------------------------------------------------------------------


def test_two_tiles_with_a_shared_row_become_one_without_a_seam(tmp_path):
    tiles = [
        write_hgt(tmp_path / f"N{south}W008.hgt", np.rint(hgt_plane(south, -8)))
        for south in (30, 31)
    ]
    info = mosaic(tiles, tmp_path / "dem.tif")
    assert (info.width, info.height) == (1201, 2401)
    assert info.void_share == 0
    assert info.notes == ()
    with rasterio.open(info.path) as joined, rasterio.open(tiles[1]) as north:
        assert joined.block_shapes == [(512, 512)]
        assert joined.nodata == VOID
        np.testing.assert_array_equal(joined.read(1)[:1201], north.read(1))
        profile = joined.read(1)[:, 600].astype(float)
    assert np.abs(np.diff(profile) + 1000 / 1200).max() <= 1  # rounded heights, no step at the seam


def test_a_void_is_filled_from_the_next_raster_and_stays_where_there_is_none(tmp_path):
    first, second = RAMP.copy(), RAMP + np.int16(100)
    first[0, 0] = first[2, 3] = second[2, 3] = VOID
    paths = [write_tif(tmp_path / "a.tif", first), write_tif(tmp_path / "b.tif", second)]
    info = mosaic(paths, tmp_path / "dem.tif")
    with rasterio.open(info.path) as joined:
        values = joined.read(1)
    assert values[0, 0] == 100
    assert values[0, 1] == 1
    assert values[2, 3] == VOID


def test_between_tiles_far_apart_there_is_nothing_rather_than_zero(tmp_path):
    paths = [
        write_tif(tmp_path / "a.tif", RAMP, west=-8.0),
        write_tif(tmp_path / "b.tif", RAMP, west=-7.9),
    ]
    info = mosaic(paths, tmp_path / "dem.tif")
    assert info.width == 14
    assert info.void_share == pytest.approx(6 / 14)


def test_bytes_without_nodata_get_a_type_that_can_hold_nothing(tmp_path):
    paths = [
        write_tif(tmp_path / f"{west}.tif", np.full((2, 2), 255, np.uint8), west=west, nodata=None)
        for west in (-8.0, -7.9)
    ]
    info = mosaic(paths, tmp_path / "dem.tif")
    assert info.dtype == "int16"
    assert info.value_max == 255
    assert info.void_share == pytest.approx(8 / 12)


def test_a_coarser_raster_is_resampled_onto_the_finer_one_and_that_is_said(tmp_path):
    fine = write_tif(tmp_path / "fine.tif", np.full((10, 10), 1000, np.int16))
    coarse = write_tif(
        tmp_path / "coarse.tif", np.full((4, 4), 2000, np.int16), west=-7.95, cell=0.05
    )
    info = mosaic([coarse, fine], tmp_path / "dem.tif")
    assert info.notes == ("coarse.tif: resampled onto the grid of the finest raster",)
    assert info.resolution_m[0] == pytest.approx(955, rel=0.01)
    with rasterio.open(info.path) as joined:
        east_of_seam, west_of_seam = joined.sample([(-7.9, 30.95), (-7.97, 30.95)])
    assert (east_of_seam[0], west_of_seam[0]) == (2000, 1000)


def test_another_crs_is_reprojected_and_that_is_said(tmp_path):
    here = write_tif(tmp_path / "here.tif", np.full((10, 10), 1000, np.int16))
    utm = write_tif(
        tmp_path / "utm.tif",
        np.full((10, 10), 1000, np.int16),
        west=604_000,
        north=3_430_000,
        cell=1200,
        crs="EPSG:32629",
    )
    info = mosaic([here, utm], tmp_path / "dem.tif")
    assert info.notes == ("utm.tif: reprojected from EPSG:32629 to EPSG:4326",)
    assert (info.value_min, info.value_max) == (1000, 1000)


def test_a_hole_is_not_smaller_after_resampling(tmp_path):
    values = np.full((40, 40), 500, np.int16)
    values[10:20, 10:20] = VOID
    fine = write_tif(tmp_path / "fine.tif", np.full((2, 2), VOID, np.int16), cell=0.004)
    holed = write_tif(tmp_path / "holed.tif", values, cell=0.01)
    info = mosaic([fine, holed], tmp_path / "dem.tif")
    with rasterio.open(info.path) as joined:
        mask = joined.read_masks(1) == 0
    assert mask.sum() * 0.004**2 >= 100 * 0.01**2 * 0.99


def test_no_raster_at_all_is_said():
    with pytest.raises(EmptyInputError, match="no raster was given"):
        mosaic([], Path("dem.tif"))


def test_rasters_of_different_kinds_are_not_joined(tmp_path):
    one = write_tif(tmp_path / "one.tif", RAMP)
    with rasterio.open(one) as source:
        profile = source.profile | {"count": 2}
    with rasterio.open(tmp_path / "two.tif", "w", **profile) as target:
        target.write(np.stack([RAMP, RAMP]))
    with pytest.raises(SchemaError, match=r"two\.tif: 2 band"):
        mosaic([one, tmp_path / "two.tif"], tmp_path / "dem.tif")


def test_tiles_at_two_ends_of_the_world_are_refused(tmp_path):
    paths = [
        write_tif(tmp_path / "a.tif", RAMP, west=-170, north=60, cell=0.0001),
        write_tif(tmp_path / "b.tif", RAMP, west=170, north=-60, cell=0.0001),
    ]
    with pytest.raises(TooLargeError, match="only the tiles of the area"):
        mosaic(paths, tmp_path / "dem.tif")
    assert not (tmp_path / "dem.tif").exists()


def test_a_mosaic_that_fails_leaves_no_file(tmp_path):
    noise = np.random.default_rng(1).integers(0, 3000, (600, 600)).astype(np.int16)
    whole = write_tif(tmp_path / "dem.tif", noise).read_bytes()
    (tmp_path / "cut.tif").write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(UnreadableError):
        mosaic([tmp_path / "cut.tif"], tmp_path / "out.tif")
    assert {path.name for path in tmp_path.iterdir()} == {"dem.tif", "cut.tif"}


# --- real ---------------------------------------------------------------------------------------


def test_the_two_srtm_tiles_over_andorra_are_one_raster(real_data, tmp_path):
    tiles = [real_data / "dem" / f"{name}.hgt" for name in ("N42E001", "N41E001")]
    infos = [raster_info(tile) for tile in tiles]
    assert round(infos[0].void_share * 1201**2) == 7652
    joined = mosaic(tiles, tmp_path / "dem.tif")
    assert (joined.width, joined.height) == (1201, 2401)
    assert joined.bounds == pytest.approx((1, 41, 2, 43), abs=0.001)
    # The shared row fills no void that both have, so the voids are those of the two tiles at most.
    n_voids = round(joined.void_share * 1201 * 2401)
    assert 7652 <= n_voids <= sum(round(info.void_share * 1201**2) for info in infos)
