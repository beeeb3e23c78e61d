"""Rasters that would read other files, burst memory, or lie about their cells."""

import struct
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import Affine, from_origin

from geo.errors import InputError, TooLargeError, UnreadableError
from geo.raster import open_raster, raster_info, read_grid
from tests.geo.raster_files import write_tif

RAMP = np.arange(64 * 64, dtype=np.int16).reshape(64, 64)


def pointing(target: Path, size: int) -> str:
    return (
        f'<VRTDataset rasterXSize="{size}" rasterYSize="{size}">'
        '<VRTRasterBand dataType="Int16" band="1"><SimpleSource>'
        f"<SourceFilename>{target}</SourceFilename><SourceBand>1</SourceBand>"
        "</SimpleSource></VRTRasterBand></VRTDataset>"
    )


@pytest.mark.parametrize(("ending", "size"), [(".ovr", 32), (".msk", 64)])
def test_a_virtual_raster_beside_the_file_is_not_followed(tmp_path, ending, size):
    secret = write_tif(tmp_path / "secret.tif", np.full((size, size), 99, dtype=np.int16))
    path = write_tif(tmp_path / "x.tif", RAMP)
    (tmp_path / f"x.tif{ending}").write_text(pointing(secret, size))
    with pytest.raises(UnreadableError, match=r"x\.tif: it names another file to be read"):
        raster_info(path)


@pytest.mark.parametrize("where", ["inside", "beside"])
def test_an_overview_file_named_in_the_metadata_is_not_followed(tmp_path, where):
    secret = write_tif(tmp_path / "secret.tif", np.full((32, 32), 99, dtype=np.int16))
    path = write_tif(tmp_path / "x.tif", RAMP)
    if where == "inside":
        with rasterio.open(path, "r+") as raster:
            raster.update_tags(ns="OVERVIEWS", OVERVIEW_FILE=str(secret))
    else:
        (tmp_path / "x.tif.aux.xml").write_text(
            '<PAMDataset><Metadata domain="OVERVIEWS"><MDI key="OVERVIEW_FILE">'
            f"{secret}</MDI></Metadata></PAMDataset>"
        )
    with pytest.raises(UnreadableError, match="names another file"):
        raster_info(path)


def test_overviews_and_statistics_beside_the_file_are_fine(tmp_path):
    path = write_tif(tmp_path / "x.tif", RAMP)
    with rasterio.Env(TIFF_USE_OVR=True), rasterio.open(path, "r+") as raster:
        raster.build_overviews([2])
    (tmp_path / "x.tif.aux.xml").write_text("<PAMDataset></PAMDataset>")
    assert (tmp_path / "x.tif.ovr").is_file()
    assert raster_info(path).value_max == 64 * 64 - 1


def test_a_raster_that_unpacks_to_far_more_than_it_is(tmp_path):
    path = tmp_path / "bomb.tif"
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=60_000,
        height=60_000,
        count=1,
        dtype="uint8",
        crs="EPSG:32629",
        transform=from_origin(500_000, 3_500_000, 1, 1),
        tiled=True,
        sparse_ok=True,
        compress="deflate",
    ):
        pass
    assert path.stat().st_size < 1_000_000
    with pytest.raises(TooLargeError, match=r"bomb\.tif.*unpack to 3\.6 GB.*2,000 times"):
        raster_info(path)


def test_a_raster_in_one_enormous_block(tmp_path):
    path = tmp_path / "block.tif"
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=20_000,
        height=20_000,
        count=1,
        dtype="uint8",
        crs="EPSG:32629",
        transform=from_origin(500_000, 3_500_000, 1, 1),
        tiled=True,
        blockxsize=20_000,
        blockysize=20_000,
        sparse_ok=True,
        compress="deflate",
    ):
        pass
    with (
        pytest.raises(TooLargeError, match=r"blocks of 20,000 by 20,000 cells.*TILED=YES"),
        open_raster(path),
    ):
        pass


def test_complex_cells_are_refused_with_what_to_take_instead(tmp_path):
    path = write_tif(tmp_path / "slc.tif", np.ones((4, 4), dtype="complex64"), nodata=None)
    with pytest.raises(InputError, match=r"complex numbers \(complex64\).*amplitude"):
        read_grid(path)


@pytest.mark.parametrize("cell_m", [1e-7, 5e7])
def test_cells_of_an_absurd_size(tmp_path, cell_m):
    turn = Affine(cell_m, 0, 580_000, 0, -cell_m, 3_430_000)
    path = write_tif(tmp_path / "x.tif", RAMP, crs="EPSG:32629", transform=turn)
    with pytest.raises(InputError, match="cells from 1 mm to 2,000 km are needed"):
        raster_info(path)


@pytest.mark.parametrize("tag", [256, 257])
def test_a_raster_without_a_width_or_height(tmp_path, tag):
    path = write_tif(tmp_path / "x.tif", RAMP)
    data = bytearray(path.read_bytes())
    (directory,) = struct.unpack_from("<I", data, 4)
    (entries,) = struct.unpack_from("<H", data, directory)
    for number in range(entries):
        at = directory + 2 + 12 * number
        if struct.unpack_from("<H", data, at)[0] == tag:
            struct.pack_into("<I", data, at + 8, 0)
    path.write_bytes(data)
    with pytest.raises(UnreadableError, match="cannot be read as GeoTIFF"):
        raster_info(path)


def test_a_raster_with_degrees_for_metres_lies_nowhere(tmp_path):
    path = write_tif(tmp_path / "x.tif", RAMP, west=5e8, north=9e8, cell=30, crs="EPSG:4326")
    with pytest.raises(InputError):
        raster_info(path)
