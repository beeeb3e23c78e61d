"""Open elevation: the tiles of an area, unpacked within limits."""

import gzip

import numpy as np
import pytest

from data.retrieve import Endpoints, FetchError, HttpRetriever
from data.sources.elevation import fetch_elevation, tile_names
from geo.errors import CoverageError, CrsError, TooLargeError, UnreadableError
from geo.raster import mosaic
from geo.terrain import sample_elevation
from tests.stand_in import Answer, closed_port, stand_in

SIDE = 1201


def tile(height_m):
    """An SRTM tile that is level, packed as the source packs it."""
    return gzip.compress(np.full((SIDE, SIDE), height_m).astype(">i2").tobytes(), mtime=0)


def packed(n_bytes):
    """So many zeros, packed; without the time, or the name of a test would change every second."""
    return gzip.compress(b"\0" * n_bytes, mtime=0)


@pytest.fixture
def server(tmp_path):
    answers = {
        "/skadi/N31/N31W008.hgt.gz": Answer(tile(1200)),
        "/skadi/N31/N31W009.hgt.gz": Answer(tile(800)),
    }
    with stand_in(answers) as running:
        running.endpoints = Endpoints(
            cache=tmp_path / "cache", elevation_url=f"{running.url}/skadi"
        )
        yield running


@pytest.mark.parametrize(
    ("bounds", "names"),
    [
        ((-7.9, 31.1, -7.8, 31.2), ["N31W008"]),
        ((-8.05, 31.2, -7.9, 31.3), ["N31W009", "N31W008"]),
        ((-8.0, 31.0, -7.0, 32.0), ["N31W008"]),
        ((1.4, 41.9, 1.8, 42.1), ["N41E001", "N42E001"]),
        ((-0.1, -0.1, 0.1, 0.1), ["S01W001", "S01E000", "N00W001", "N00E000"]),
        ((-8.0, 31.0, -8.0, 31.0), ["N31W008"]),
    ],
)
def test_tiles_are_named_by_their_south_west_corner(bounds, names):
    assert list(tile_names(bounds)) == names


def test_the_tiles_of_an_area_become_one_raster(server, tmp_path):
    paths = fetch_elevation((-8.05, 31.2, -7.9, 31.3), tmp_path, endpoints=server.endpoints)
    assert [path.name for path in paths] == ["N31W009.hgt", "N31W008.hgt"]
    dem = mosaic(paths, tmp_path / "dem.tif").path
    np.testing.assert_allclose(sample_elevation(dem, [-8.04, -7.91], [31.25, 31.25]), [800, 1200])


def test_tiles_are_kept(server, tmp_path):
    for _ in range(2):
        fetch_elevation((-7.9, 31.1, -7.8, 31.2), tmp_path, endpoints=server.endpoints)
    assert len(server.asked) == 1


def test_a_tile_that_the_transfer_unpacked_is_fine_too(server, tmp_path):
    server.answers["/skadi/N31/N31W008.hgt.gz"] = Answer(
        tile(1200), headers={"content-encoding": "gzip"}
    )
    (path,) = fetch_elevation((-7.9, 31.1, -7.8, 31.2), tmp_path, endpoints=server.endpoints)
    assert path.stat().st_size == SIDE * SIDE * 2


@pytest.mark.parametrize("status", [403, 404])
def test_a_tile_of_sea_is_left_out(server, tmp_path, status):
    server.answers["/skadi/N31/N31W009.hgt.gz"] = Answer(status=status)
    paths = fetch_elevation((-8.05, 31.2, -7.9, 31.3), tmp_path, endpoints=server.endpoints)
    assert [path.name for path in paths] == ["N31W008.hgt"]


def test_an_area_without_any_tile_is_said(server, tmp_path):
    with pytest.raises(CoverageError, match=r"no tile there.*qafila load elevation"):
        fetch_elevation((-30.5, 31.2, -30.4, 31.3), tmp_path, endpoints=server.endpoints)


def test_a_server_that_fails_is_no_sea(server, tmp_path):
    server.answers["/skadi/N31/N31W009.hgt.gz"] = Answer(status=500)
    with pytest.raises(FetchError, match="status 500"):
        fetch_elevation((-8.05, 31.2, -7.9, 31.3), tmp_path, endpoints=server.endpoints)


@pytest.mark.parametrize(
    ("body", "error", "match"),
    [
        (b"<html>log in</html>", UnreadableError, "sent something else"),
        (packed(26_000_000), TooLargeError, r"N31W008\.hgt: 25,934,403 bytes"),
        (packed(5_000), UnreadableError, "5,000 bytes unpacked"),
        (tile(1200)[:-200], UnreadableError, "the tile is damaged"),
    ],
    ids=["a page", "too large", "too small", "cut off"],
)
def test_what_is_no_tile_is_refused(server, tmp_path, body, error, match):
    server.answers["/skadi/N31/N31W008.hgt.gz"] = Answer(body)
    with pytest.raises(error, match=match):
        fetch_elevation((-7.9, 31.1, -7.8, 31.2), tmp_path, endpoints=server.endpoints)
    assert not (tmp_path / "N31W008.hgt").exists()


def test_too_many_tiles_are_refused_before_the_first(server, tmp_path):
    with pytest.raises(TooLargeError, match="49 elevation tiles"):
        fetch_elevation((-9, 28, -2, 35), tmp_path, endpoints=server.endpoints)
    assert server.asked == []


def test_bounds_in_metres_are_refused(tmp_path):
    with pytest.raises(CrsError, match="degrees"):
        fetch_elevation((600_000, 3_400_000, 610_000, 3_410_000), tmp_path)


def test_without_a_network_one_line_says_so(tmp_path):
    with closed_port() as url:
        endpoints = Endpoints(cache=tmp_path / "cache", elevation_url=url)
        retriever = HttpRetriever(endpoints.cache, wait=lambda _: None)
        with pytest.raises(FetchError, match="everything else works without"):
            fetch_elevation(
                (-7.9, 31.1, -7.8, 31.2), tmp_path, endpoints=endpoints, retriever=retriever
            )
