"""Zonal statistics: exact parts of cells, holes kept, any CRS and type, crooked grids refused."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString, Polygon, box

from geo.errors import CoverageError, CrsError, InputError, SchemaError
from geo.zonal import class_shares, zonal_statistics

UTM = "EPSG:32629"
WEST_M, NORTH_M, CELL_M = 600_000.0, 3_400_000.0, 100.0
UPRIGHT = Affine(CELL_M, 0, WEST_M, 0, -CELL_M, NORTH_M)


def raster(path: Path, values: Any, *, names: tuple[str, ...] = (), **profile: Any) -> Path:
    """Rows from north to south, cells of 100 m, upper left corner at WEST_M, NORTH_M."""
    bands = np.asarray(values)
    bands = bands[np.newaxis] if bands.ndim == 2 else bands
    settings = {"crs": UTM, "transform": UPRIGHT, "nodata": None} | profile
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=len(bands),
        height=bands.shape[1],
        width=bands.shape[2],
        dtype=bands.dtype,
        **settings,
    ) as target:
        target.write(bands)
        for number, name in enumerate(names, start=1):
            target.set_band_description(number, name)
    return path


def zones(*cells: tuple[float, float, float, float]) -> gpd.GeoDataFrame:
    """Boxes in cells from the upper left corner: from column, row to column, row."""
    shapes = [
        box(
            WEST_M + left * CELL_M,
            NORTH_M - bottom * CELL_M,
            WEST_M + right * CELL_M,
            NORTH_M - top * CELL_M,
        )
        for left, top, right, bottom in cells
    ]
    index = [f"zone {number}" for number in range(len(shapes))]
    return gpd.GeoDataFrame(geometry=shapes, crs=UTM, index=index)


# --- figures ----------------------------------------------------------------------------------


def test_parts_of_cells_count_as_parts(tmp_path: Path) -> None:
    """One cell of 2 and half of one of 6: sum 2 + 3, mean 5 / 1.5."""
    path = raster(tmp_path / "a.tif", np.array([[2.0, 6.0]]))
    found = zonal_statistics(path, zones((0, 0, 1.5, 1)))
    assert found.loc["zone 0"].to_dict() == pytest.approx(
        {"sum": 5.0, "mean": 5 / 1.5, "count": 1.5, "coverage": 1.0}
    )


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float32", "float64"])
def test_any_number_type_and_its_nodata(tmp_path: Path, dtype: str) -> None:
    path = raster(tmp_path / "a.tif", np.array([[3, 99], [5, 7]], dtype=dtype), nodata=99)
    found = zonal_statistics(
        path, zones((0, 0, 2, 2), (1, 0, 2, 1)), statistics=("sum", "min", "max", "coverage")
    )
    assert found.loc["zone 0"].tolist() == pytest.approx([15, 3, 7, 0.75])
    assert found.loc["zone 1"].isna().tolist() == [True, True, True, False]
    assert found.loc["zone 1", "coverage"] == 0


def test_nan_and_infinity_are_no_values(tmp_path: Path) -> None:
    path = raster(tmp_path / "a.tif", np.array([[1.0, np.nan, np.inf, -np.inf]]))
    found = zonal_statistics(path, zones((0, 0, 4, 1)))
    assert found.loc["zone 0", ["sum", "count"]].tolist() == [1, 1]


def test_rows_keep_the_index_and_order_of_the_zones(tmp_path: Path) -> None:
    path = raster(tmp_path / "a.tif", np.arange(64.0).reshape(8, 8))
    cells = [(col, row, col + 1, row + 1) for col in (7, 0, 3) for row in (5, 0, 7, 2)]
    found = zonal_statistics(path, zones(*cells), statistics=("mean",))
    assert found["mean"].tolist() == [8 * row + col for col, row, _, _ in cells]
    assert found.index.tolist() == [f"zone {number}" for number in range(12)]


def test_bands_by_number_and_by_name(tmp_path: Path) -> None:
    bands = np.array([[[1.0]], [[2.0]], [[4.0]]])
    path = raster(tmp_path / "a.tif", bands, names=("women", "men", "other"))
    square = zones((0, 0, 1, 1))
    assert zonal_statistics(path, square, bands="men", statistics=("sum",))["sum"].item() == 2
    both = zonal_statistics(path, square, bands=[1, "other"], statistics=("sum", "count"))
    assert both.columns.tolist() == ["1_sum", "1_count", "other_sum", "other_count"]
    assert both.loc["zone 0"].tolist() == [1, 1, 4, 1]


def test_zones_in_another_crs_are_brought_to_the_raster(tmp_path: Path) -> None:
    path = raster(tmp_path / "a.tif", np.full((10, 10), 2.0))
    here = zones((1, 1, 9, 9))
    found = zonal_statistics(path, here.to_crs("EPSG:4326"))
    assert found["sum"].item() == pytest.approx(128, rel=1e-4)


def test_scale_and_offset_of_the_file_are_applied(tmp_path: Path) -> None:
    path = raster(tmp_path / "a.tif", np.array([[10, 255]], dtype="uint8"), nodata=255)
    with rasterio.open(path, "r+") as target:
        target.scales, target.offsets = (0.5,), (1.0,)
    assert zonal_statistics(path, zones((0, 0, 2, 1)))["sum"].item() == 6


def test_missing_empty_and_outside_zones_hold_nothing(tmp_path: Path) -> None:
    path = raster(tmp_path / "a.tif", np.ones((2, 2)))
    given_zones = zones((0, 0, 1, 1), (0, 0, 1, 1), (0, 0, 1, 1), (50, 50, 51, 51))
    given_zones.geometry = [
        given_zones.geometry.iloc[0],
        None,
        Polygon(),
        given_zones.geometry.iloc[3],
    ]
    found = zonal_statistics(path, given_zones)
    assert found["count"].tolist() == [1, 0, 0, 0]
    assert found["sum"].isna().tolist() == [False, True, True, True]


def test_an_invalid_zone_is_repaired(tmp_path: Path) -> None:
    """A bow tie of two triangles, half a cell each: 2 x 0.25 cells of 4."""
    path = raster(tmp_path / "a.tif", np.full((1, 1), 4.0))
    corners = [(0, 0), (100, 100), (100, 0), (0, 100)]
    tie = Polygon([(WEST_M + x, NORTH_M - y) for x, y in corners])
    found = zonal_statistics(path, gpd.GeoDataFrame(geometry=[tie], crs=UTM))
    assert found["sum"].item() == pytest.approx(2)


def test_strips_are_read_as_tiles_are(tmp_path: Path) -> None:
    values = np.arange(64.0 * 64).reshape(64, 64)
    cells = [
        (col, row, col + 5.5, row + 7.25) for col in range(0, 50, 9) for row in range(0, 50, 7)
    ]
    strips = raster(tmp_path / "strips.tif", values, blockysize=1)
    tiles = raster(tmp_path / "t.tif", values, tiled=True, blockxsize=16, blockysize=16)
    first, second = (zonal_statistics(path, zones(*cells)) for path in (strips, tiles))
    np.testing.assert_allclose(first, second)


def test_shares_of_classes(tmp_path: Path) -> None:
    path = raster(tmp_path / "a.tif", np.array([[1, 1, 3, 9]], dtype="uint8"), nodata=9)
    found = class_shares(path, zones((0, 0, 4, 1), (3, 0, 4, 1)))
    assert found.shares.columns.tolist() == [1, 3]
    assert found.shares.loc["zone 0"].tolist() == pytest.approx([2 / 3, 1 / 3])
    assert found.shares.loc["zone 1"].isna().all()
    assert found.coverage.tolist() == pytest.approx([0.75, 0])


# --- what always holds ------------------------------------------------------------------------


@given(
    values=st.lists(st.integers(0, 1000), min_size=30, max_size=30),
    holes=st.sets(st.integers(0, 29), max_size=29),
    across=st.lists(st.floats(0.05, 5.95), max_size=3),
    down=st.lists(st.floats(0.05, 4.95), max_size=3),
)
def test_sums_of_a_partition_equal_the_total_and_holes_stay_holes(
    tmp_path_factory: pytest.TempPathFactory,
    values: list[int],
    holes: set[int],
    across: list[float],
    down: list[float],
) -> None:
    cells = np.array(values, dtype="int32")
    cells[sorted(holes)] = -1
    path = raster(tmp_path_factory.mktemp("p") / "a.tif", cells.reshape(5, 6), nodata=-1)
    x, y = [0.0, *sorted(across), 6.0], [0.0, *sorted(down), 5.0]
    parts = [
        (left, top, right, bottom)
        for left, right in pairwise(x)
        for top, bottom in pairwise(y)
        if right > left and bottom > top
    ]
    found = zonal_statistics(path, zones(*parts))
    assert np.nansum(found["sum"]) == pytest.approx(cells[cells >= 0].sum(), rel=1e-6, abs=1e-3)
    assert found["count"].sum() == pytest.approx((cells >= 0).sum(), rel=1e-6)
    alone = zonal_statistics(
        path, zones(*[(n % 6, n // 6, n % 6 + 1, n // 6 + 1) for n in range(30)])
    )
    assert alone["sum"].isna().tolist() == (cells < 0).tolist()


# --- what is refused --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("transform", "message"),
    [
        (Affine(70, 70, WEST_M, 70, -70, NORTH_M), "rotated or its axes are swapped"),
        (Affine(0, CELL_M, WEST_M, -CELL_M, 0, NORTH_M), "rotated or its axes are swapped"),
        (Affine(CELL_M, 0, WEST_M, 0, CELL_M, NORTH_M), "flipped"),
    ],
)
def test_a_crooked_grid_is_refused(tmp_path: Path, transform: Affine, message: str) -> None:
    path = raster(tmp_path / "a.tif", np.ones((4, 4)), transform=transform)
    with pytest.raises(CrsError, match=message):
        zonal_statistics(path, zones((0, 0, 1, 1)))


def test_latitudes_beyond_the_pole_are_swapped_axes(tmp_path: Path) -> None:
    turned = Affine(0.1, 0, 31, 0, -0.1, 100)
    path = raster(tmp_path / "a.tif", np.ones((4, 4)), transform=turned, crs="EPSG:4326")
    with pytest.raises(CrsError, match="swapped"):
        zonal_statistics(path, zones((0, 0, 1, 1)))


def test_a_raster_elsewhere_is_refused_and_swapped_axes_are_named(tmp_path: Path) -> None:
    far = raster(tmp_path / "far.tif", np.ones((4, 4)))
    with pytest.raises(CoverageError, match="covers none of the places; check"):
        zonal_statistics(far, zones((50, 50, 51, 51)))
    swapped = Affine(0.1, 0, 30.5, 0, -0.1, -7.5)
    path = raster(tmp_path / "a.tif", np.ones((10, 10)), transform=swapped, crs="EPSG:4326")
    with pytest.raises(CoverageError, match="would with its axes swapped"):
        zonal_statistics(path, gpd.GeoDataFrame(geometry=[box(-8, 31, -7.9, 31.1)], crs=4326))


def test_zones_without_an_area_or_a_crs_are_refused(tmp_path: Path) -> None:
    path = raster(tmp_path / "a.tif", np.ones((4, 4)))
    line = LineString([(WEST_M, NORTH_M), (WEST_M + 100, NORTH_M)])
    with pytest.raises(InputError, match="1 without an area, the first a LineString"):
        zonal_statistics(path, gpd.GeoDataFrame(geometry=[line], crs=UTM))
    with pytest.raises(CrsError, match="zones: it has no CRS"):
        zonal_statistics(path, zones((0, 0, 1, 1)).set_crs(None, allow_override=True))


def test_bands_and_statistics_must_be_known(tmp_path: Path) -> None:
    path = raster(tmp_path / "a.tif", np.ones((2, 2, 2)), names=("women", "men"))
    square = zones((0, 0, 1, 1))
    with pytest.raises(InputError, match=r"2 bands \(women, men\): one of them is needed"):
        zonal_statistics(path, square)
    with pytest.raises(InputError, match="band 'girls': bands by name: women, men"):
        zonal_statistics(path, square, bands="girls")
    with pytest.raises(InputError, match="band 3: a band from 1 to 2"):
        zonal_statistics(path, square, bands=3)
    with pytest.raises(InputError, match="no band"):
        zonal_statistics(path, square, bands=[])
    with pytest.raises(InputError, match="statistics mode: known are sum"):
        zonal_statistics(path, square, bands=1, statistics=("mode",))


def test_measurements_and_complex_numbers_are_no_classes(tmp_path: Path) -> None:
    square = zones((0, 0, 20, 20))
    halves = raster(tmp_path / "h.tif", np.array([[0.5, 1.0]]))
    with pytest.raises(SchemaError, match="2 different values"):
        class_shares(halves, square)
    many = raster(tmp_path / "m.tif", np.arange(400, dtype="int32").reshape(20, 20))
    with pytest.raises(SchemaError, match="400 different values"):
        class_shares(many, square)
    waves = raster(tmp_path / "w.tif", np.ones((2, 2), dtype="complex64"))
    with pytest.raises(InputError, match="cells are complex numbers \\(complex64\\)"):
        zonal_statistics(waves, square)
