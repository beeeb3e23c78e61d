"""Light and shadow of a surface known on paper, and its tiles."""

import io

import numpy as np
import pytest
import rasterio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rasterio.transform import Affine
from rasterio.warp import transform

from geo.errors import CrsError, InputError
from geo.hillshade import hillshade, shaded
from geo.raster_tiles import HALF_WORLD, TILE, Paint, native_zoom, square_png, tile_png
from geo.voids import SMALL_CELLS, fill_small_voids
from tests.geo.raster_files import VOID, write_tif

CRS = "EPSG:32629"
FLAT = 1 + round(254 * np.sin(np.radians(45)))


def plane(east: float, north: float, size: int = 6) -> np.ndarray:
    """Heights in cells of 10 m that rise by so many metres a metre to the east and north."""
    col, row = np.meshgrid(np.arange(size), np.arange(size))
    return (500 + 10 * (east * col - north * row)).astype(np.float32)


@pytest.mark.parametrize(
    ("east", "north", "value"),
    [
        (0, 0, FLAT),
        # Turned to the light in the north-west and as steep as it is high: full light.
        (2**-0.5, -(2**-0.5), 255),
        (-(2**-0.5), 2**-0.5, 1),
    ],
)
def test_a_plane_is_as_light_as_its_turn_to_the_sun(east, north, value):
    shade = shaded(plane(east, north), Affine(10, 0, 0, 0, -10, 0))
    assert shade.shape == (4, 4)
    assert (np.abs(shade.astype(int) - value) <= 1).all()


def test_a_hillshade_is_measured_in_metres_and_keeps_its_holes(tmp_path):
    heights = np.full((60, 60), 1200, dtype=np.int16)
    heights[30, 30] = VOID
    path = write_tif(tmp_path / "dem.tif", heights, cell=0.001)
    hillshade(path, tmp_path / "shade.tif", crs=CRS)
    with rasterio.open(tmp_path / "shade.tif") as drawn:
        assert drawn.crs.to_epsg() == 32629
        assert (drawn.dtypes, drawn.nodata) == (("uint8",), 0)
        shade = drawn.read(1)
        x, y = transform("EPSG:4326", CRS, [-8 + 0.0305], [31 - 0.0305])
        row, col = drawn.index(x[0], y[0])
    assert (shade[row - 1 : row + 2, col - 1 : col + 2] == 0).all()
    inner = shade[8:-8, 8:-8]
    assert set(np.unique(inner)) == {0, FLAT}
    with pytest.raises(CrsError, match="hillshade"):
        hillshade(path, tmp_path / "no.tif", crs="EPSG:4326")


# --- voids --------------------------------------------------------------------------------------


def test_small_voids_are_filled_and_counted_large_ones_and_those_at_the_edge_stay(tmp_path):
    size = 120
    heights = np.add.outer(np.arange(size), np.arange(size)).astype(np.int16) + 1000
    whole = heights.copy()
    heights[20:25, 30:33] = VOID
    heights[60:110, 60:110] = VOID
    heights[0:3, 50:53] = VOID
    path = write_tif(tmp_path / "dem.tif", heights)
    filled = fill_small_voids(path, tmp_path / "out.tif")
    assert (filled.void, filled.filled) == (15 + 2500 + 9, 15)
    assert "15 of 2,524 void cells filled from the heights around them" in filled.note()
    with rasterio.open(tmp_path / "out.tif") as out:
        values = out.read(1)
    assert np.abs(values[20:25, 30:33] - whole[20:25, 30:33]).max() <= 2
    assert (values[60:110, 60:110] == VOID).all()
    assert (values[0:3, 50:53] == VOID).all()
    kept = heights != VOID
    assert np.array_equal(values[kept], heights[kept])
    assert SMALL_CELLS < 50


def test_a_void_across_the_border_of_two_windows_is_filled_once(tmp_path, monkeypatch):
    monkeypatch.setattr("geo.voids.STEP", 40)
    heights = np.full((100, 100), 700, dtype=np.int16)
    heights[35:45, 38:42] = VOID
    path = write_tif(tmp_path / "dem.tif", heights)
    assert fill_small_voids(path, tmp_path / "out.tif").filled == 40
    with rasterio.open(tmp_path / "out.tif") as out:
        assert (out.read(1) == 700).all()


@given(holes=st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29)), max_size=12))
@settings(
    max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_filling_changes_no_height_and_counts_every_void(tmp_path, holes):
    heights = np.random.default_rng(1).integers(100, 2000, (30, 30)).astype(np.int16)
    for row, col in holes:
        heights[row, col] = VOID
    filled = fill_small_voids(write_tif(tmp_path / "d.tif", heights), tmp_path / "o.tif")
    with rasterio.open(tmp_path / "o.tif") as out:
        values = out.read(1)
    known = heights != VOID
    assert np.array_equal(values[known], heights[known])
    assert filled.void == (~known).sum()
    assert (values == VOID).sum() == filled.void - filled.filled


# --- tiles --------------------------------------------------------------------------------------


def pixels(png: bytes) -> np.ndarray:
    with rasterio.open(io.BytesIO(png)) as picture:
        return picture.read()


def tile_of(lon: float, lat: float, z: int) -> tuple[int, int, int, int]:
    """Tile and pixel of a point."""
    x, y = (axis[0] for axis in transform("EPSG:4326", "EPSG:3857", [lon], [lat]))
    side = 2 * HALF_WORLD / 2**z
    col, row = (x + HALF_WORLD) / side, (HALF_WORLD - y) / side
    return int(col), int(row), int(col % 1 * TILE), int(row % 1 * TILE)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_a_class_lies_where_it_lies_in_its_colour_and_voids_are_clear(tmp_path):
    values = np.array([[3, 255], [0, 1]], dtype=np.uint8)
    path = write_tif(tmp_path / "c.tif", values, cell=0.05, nodata=255)
    paint = Paint(kind="classes", classes=((0, "no_visible_damage"), (3, "destroyed")))
    for lon, lat, colour in (
        (-7.98, 30.98, (213, 94, 0, 215)),
        (-7.93, 30.98, (0, 0, 0, 0)),
        (-7.98, 30.93, (255, 255, 255, 120)),
        (-7.93, 30.93, (0, 0, 0, 0)),  # a class that nobody gave a meaning
        (-8.05, 31.05, (0, 0, 0, 0)),
    ):
        x, y, col, row = tile_of(lon, lat, 10)
        assert tuple(pixels(tile_png(path, 10, x, y, paint))[:, row, col]) == colour


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_pictures_of_more_than_bytes_are_stretched_and_shares_take_their_scale(tmp_path):
    path = write_tif(tmp_path / "p.tif", np.full((9, 9), 600, dtype=np.uint16), cell=0.1, nodata=0)
    x, y, col, row = tile_of(-7.6, 30.6, 9)
    grey = pixels(tile_png(path, 9, x, y, Paint(kind="picture", low=500, high=700)))
    assert tuple(grey[:, row, col]) == (127, 127, 127, 255)
    share = pixels(tile_png(path, 9, x, y, Paint(kind="shares", scale=600)))
    assert tuple(share[:, row, col]) == (213, 94, 0, 215)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_shadow_is_black_and_the_more_opaque_the_darker(tmp_path):
    values = np.array([[200, 1], [0, 255]], dtype=np.uint8).repeat(20, 0).repeat(20, 1)
    path = write_tif(tmp_path / "s.tif", values, cell=0.005, nodata=0)
    for lon, lat, opacity in ((-7.95, 30.95, 55), (-7.85, 30.95, 254), (-7.95, 30.85, 0)):
        x, y, col, row = tile_of(lon, lat, 10)
        shadow = pixels(tile_png(path, 10, x, y, Paint(kind="shadow")))
        assert tuple(shadow[:, row, col]) == (0, 0, 0, opacity)


def test_there_is_no_tile_beyond_the_world(tmp_path):
    path = write_tif(tmp_path / "p.tif", np.ones((2, 2), dtype=np.uint8), nodata=0)
    for z, x, y in ((-1, 0, 0), (23, 0, 0), (3, 8, 0), (3, 0, -1)):
        with pytest.raises(InputError, match=f"tile {z}/"):
            tile_png(path, z, x, y, Paint(kind="shadow"))


def test_the_zoom_of_a_cell():
    # 256 pixels around the equator at zoom 0, 156,543 m each.
    assert native_zoom(156_544.0, 0) == 0
    assert native_zoom(0.5, 31) == 19


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize("lat", [0.0, 31.1, 60.0])
def test_a_square_around_a_point_has_its_metres_on_the_ground(tmp_path, lat):
    """A bright field of 40 m by 40 m in the middle of 80 m fills the middle half of the picture."""
    # Cells of 1 m on the ground, in degrees.
    east, north = 1 / (111_320 * np.cos(np.radians(lat))), 1 / 111_320
    values = np.full((400, 400), 50, dtype="uint8")
    values[180:220, 180:220] = 200
    corner = Affine(east, 0, -8.0 - 200 * east, 0, -north, lat + 200 * north)
    path = write_tif(tmp_path / "field.tif", values, transform=corner, crs="EPSG:4326", nodata=None)
    seen = pixels(square_png(path, -8.0, lat, 80.0, Paint(kind="picture")))[0] > 125
    for line in (seen[TILE // 2], seen[:, TILE // 2]):
        (bright,) = np.nonzero(line)
        assert bright[0] == pytest.approx(TILE / 4, abs=4)
        assert bright[-1] == pytest.approx(3 * TILE / 4, abs=4)


@pytest.mark.parametrize(
    ("lon", "lat", "side_m"), [(0.0, 89.0, 80.0), (181.0, 0.0, 80.0), (0.0, 0.0, 0.0)]
)
def test_a_square_off_the_map_is_refused(tmp_path, lon, lat, side_m):
    path = write_tif(tmp_path / "field.tif", np.ones((4, 4), dtype="uint8"), nodata=None)
    with pytest.raises(InputError, match="a square on the map"):
        square_png(path, lon, lat, side_m, Paint(kind="picture"))
