"""Whatever bytes a file holds, the answer is a table or one of our errors, nothing else."""

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import Point

from geo.errors import InputError
from geo.raster import raster_info
from geo.vectors import read_vector
from tests.geo.raster_files import write_tif

VECTORS = (".geojson", ".gpkg", ".fgb", ".parquet", ".shp", ".zip")
COMMON = {"suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The bytes of one good file of each format."""
    import zipfile

    folder = tmp_path_factory.mktemp("whole")
    frame = gpd.GeoDataFrame(
        {"name": ["Asni", "أسني"], "people": [10, 20]},
        geometry=[Point(-8, 31), Point(-7.9, 31.1)],
        crs="EPSG:32629",
    ).set_crs("EPSG:4326", allow_override=True)
    for suffix in VECTORS[:-1]:
        path = folder / f"file{suffix}"
        frame.to_parquet(path) if suffix == ".parquet" else frame.to_file(path)
    with zipfile.ZipFile(folder / "file.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for suffix in (".shp", ".shx", ".dbf", ".prj"):
            archive.write(folder / f"file{suffix}", f"file{suffix}")
    rng = np.random.default_rng(3)
    write_tif(folder / "file.tif", rng.integers(0, 3000, (70, 70)).astype(np.int16))
    return folder


def spoil(data, places, cut):
    """Change some bytes and cut the end off."""
    spoilt = bytearray(data)
    for share, value in places:
        spoilt[int(share * (len(spoilt) - 1))] = value
    return bytes(spoilt[: max(1, int(len(spoilt) * cut))])


def try_to_read(read, path):
    try:
        read(path)
    except InputError as error:
        assert "\n" not in str(error)


SPOILT = {
    "places": st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=12),
    "cut": st.sampled_from([1.0, 1.0, 0.9, 0.5, 0.1]),
}


@pytest.mark.parametrize("suffix", VECTORS)
@given(**SPOILT)
@settings(max_examples=40, **COMMON)
def test_a_spoilt_vector_file(whole, tmp_path, suffix, places, cut):
    for part in (".shx", ".dbf", ".prj"):
        (tmp_path / f"file{part}").write_bytes((whole / f"file{part}").read_bytes())
    path = tmp_path / f"file{suffix}"
    path.write_bytes(spoil((whole / f"file{suffix}").read_bytes(), places, cut))
    try_to_read(read_vector, path)


@given(**SPOILT)
@settings(max_examples=40, **COMMON)
def test_a_spoilt_table_of_a_shapefile(whole, tmp_path, places, cut):
    for part in (".shp", ".shx", ".prj"):
        (tmp_path / f"file{part}").write_bytes((whole / f"file{part}").read_bytes())
    path = tmp_path / "file.dbf"
    path.write_bytes(spoil((whole / "file.dbf").read_bytes(), places, cut))
    try_to_read(read_vector, tmp_path / "file.shp")


@given(**SPOILT)
@settings(max_examples=60, **COMMON)
def test_a_spoilt_raster(whole, tmp_path, places, cut):
    path = tmp_path / "file.tif"
    path.write_bytes(spoil((whole / "file.tif").read_bytes(), places, cut))
    try_to_read(raster_info, path)


@pytest.mark.parametrize("suffix", [*VECTORS, ".kml", ".gml", ".csv", ".topojson"])
@given(data=st.binary(max_size=400))
@settings(max_examples=20, **COMMON)
def test_noise(tmp_path, suffix, data):
    path = tmp_path / f"file{suffix}"
    path.write_bytes(data)
    try_to_read(read_vector, path)
