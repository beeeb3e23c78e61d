"""Damage rasters: shares and classes by zone, with holes kept as holes."""

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box

from geo.damage_raster import zone_damage
from geo.errors import CoverageError, CrsError, InputError, SchemaError, UnreadableError

UTM = "EPSG:32629"
WEST_M, NORTH_M, CELL_M = 600_000.0, 3_400_000.0, 100.0
CLASSES = {0: "no_visible_damage", 1: "possibly_damaged", 2: "damaged", 3: "destroyed"}


def raster(path: Path, values: Any, *, nodata: float | None = None, crs: str | None = UTM) -> Path:
    """Rows from north to south, cells of 100 m, upper left corner at WEST_M, NORTH_M."""
    bands = np.asarray(values)
    bands = bands[np.newaxis] if bands.ndim == 2 else bands
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=len(bands),
        height=bands.shape[1],
        width=bands.shape[2],
        dtype=bands.dtype,
        crs=crs,
        transform=Affine(CELL_M, 0, WEST_M, 0, -CELL_M, NORTH_M),
        nodata=nodata,
    ) as target:
        target.write(bands)
    return path


def zones(*cells: tuple[float, float, float, float]) -> gpd.GeoDataFrame:
    """Boxes in cells from the upper left corner: from column, row to column, row."""
    boxes = [
        box(
            WEST_M + left * CELL_M,
            NORTH_M - bottom * CELL_M,
            WEST_M + right * CELL_M,
            NORTH_M - top * CELL_M,
        )
        for left, top, right, bottom in cells
    ]
    return gpd.GeoDataFrame(geometry=boxes, crs=UTM, index=[f"zone {i}" for i in range(len(boxes))])


def test_share_is_the_mean_by_exact_parts_of_cells(tmp_path: Path) -> None:
    """The zone holds one whole cell (0) and half of another (1): (0 x 1 + 1 x 0.5) / 1.5."""
    path = raster(tmp_path / "a.tif", np.array([[0, 1]], dtype="float32"))
    found = zone_damage(path, zones((0, 0, 1.5, 1)))
    assert found.loc["zone 0", "damage_share"] == pytest.approx(1 / 3)
    assert found.loc["zone 0", "damage_share_high"] == pytest.approx(1 / 3)
    assert found.loc["zone 0", "covered_share"] == pytest.approx(1)


@pytest.mark.parametrize("nodata", [np.nan, None])
def test_cells_without_a_value_are_not_assessed(tmp_path: Path, nodata: float | None) -> None:
    values = np.array([[1, np.nan, np.nan, np.nan]], dtype="float32")
    found = zone_damage(raster(tmp_path / "a.tif", values, nodata=nodata), zones((0, 0, 4, 1)))
    assert found.loc["zone 0", "damage_share"] == 1
    assert found.loc["zone 0", "covered_share"] == pytest.approx(0.25)


def test_zone_in_a_hole_or_beside_the_raster_is_unknown_not_zero(tmp_path: Path) -> None:
    values = np.array([[0.5, -1, 0.5]], dtype="float32")
    path = raster(tmp_path / "a.tif", values, nodata=-1)
    found = zone_damage(path, zones((1, 0, 2, 1), (5, 0, 6, 1), (0, 0, 1, 1)))
    assert found["damage_share"].isna().tolist() == [True, True, False]
    assert found["covered_share"].tolist() == pytest.approx([0, 0, 1])


def test_zones_in_degrees_give_the_same(tmp_path: Path) -> None:
    path = raster(tmp_path / "a.tif", np.array([[0, 1], [0.5, 1]], dtype="float32"))
    asked = zones((0.2, 0.3, 1.7, 1.9))
    by_metres, by_degrees = zone_damage(path, asked), zone_damage(path, asked.to_crs("EPSG:4326"))
    np.testing.assert_allclose(by_metres, by_degrees, rtol=1e-4)


def test_classes_count_what_they_mean(tmp_path: Path) -> None:
    """Of four cells one is destroyed, one damaged, one possibly damaged, one not."""
    path = raster(tmp_path / "a.tif", np.array([[3, 2], [1, 0]], dtype="uint8"))
    found = zone_damage(path, zones((0, 0, 2, 2)), classes=CLASSES).loc["zone 0"]
    assert found["damage_share"] == pytest.approx(0.5)
    assert found["damage_share_high"] == pytest.approx(0.75)
    assert found["covered_share"] == pytest.approx(1)


def test_class_that_was_not_analysed_is_not_covered(tmp_path: Path) -> None:
    path = raster(tmp_path / "a.tif", np.array([[3, 9, 9, 255]], dtype="uint8"), nodata=255)
    found = zone_damage(path, zones((0, 0, 4, 1)), classes={**CLASSES, 9: "not_analysed"})
    assert found.loc["zone 0", "damage_share"] == 1
    assert found.loc["zone 0", "covered_share"] == pytest.approx(0.25)


def test_band_is_chosen_among_several(tmp_path: Path) -> None:
    both = np.array([[[0.0]], [[1.0]]], dtype="float32")
    path = raster(tmp_path / "a.tif", both)
    assert zone_damage(path, zones((0, 0, 1, 1)), band=2)["damage_share"].tolist() == [1.0]
    with pytest.raises(InputError, match="2 bands"):
        zone_damage(path, zones((0, 0, 1, 1)))
    with pytest.raises(InputError, match="from 1 to 2"):
        zone_damage(path, zones((0, 0, 1, 1)), band=3)


@given(
    values=st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0, float("nan")]), min_size=12, max_size=12),
    cut=st.integers(1, 3),
)
def test_a_hole_survives_and_zones_add_up_to_the_whole(
    tmp_path_factory: pytest.TempPathFactory, values: list[float], cut: int
) -> None:
    grid = np.array(values, dtype="float32").reshape(3, 4)
    path = raster(tmp_path_factory.mktemp("r") / "a.tif", grid, nodata=np.nan)
    found = zone_damage(path, zones((0, 0, cut, 3), (cut, 0, 4, 3), (0, 0, 4, 3)))
    area = np.array([cut * 3.0, (4 - cut) * 3.0, 12.0])
    covered = found["covered_share"].to_numpy() * area
    damaged = np.nan_to_num(found["damage_share"].to_numpy()) * covered
    assert covered == pytest.approx(
        [np.isfinite(grid[:, :cut]).sum(), np.isfinite(grid[:, cut:]).sum(), covered[:2].sum()],
        abs=1e-6,
    )
    assert damaged[:2].sum() == pytest.approx(damaged[2], abs=1e-5)
    assert damaged[2] == pytest.approx(np.nansum(grid), abs=1e-5)


# --- bad input ----------------------------------------------------------------------------------


def test_raster_without_crs_is_refused(tmp_path: Path) -> None:
    path = raster(tmp_path / "a.tif", np.array([[0.5]], dtype="float32"), crs=None)
    with pytest.raises(CrsError, match="CRS"):
        zone_damage(path, zones((0, 0, 1, 1)))


def test_whole_numbers_without_a_meaning_are_refused_with_an_example(tmp_path: Path) -> None:
    path = raster(tmp_path / "a.tif", np.array([[1]], dtype="uint8"))
    with pytest.raises(InputError, match=r"need a meaning.*classes=\{0: 'no_visible_damage'"):
        zone_damage(path, zones((0, 0, 1, 1)))


def test_class_that_nobody_named_is_refused(tmp_path: Path) -> None:
    path = raster(tmp_path / "a.tif", np.array([[0, 7, 8]], dtype="uint8"))
    with pytest.raises(SchemaError, match="classes 7, 8 have no meaning"):
        zone_damage(path, zones((0, 0, 3, 1)), classes=CLASSES)


@pytest.mark.parametrize("classes", [{1: "broken"}, {}])
def test_unknown_grade_of_a_class_is_refused(tmp_path: Path, classes: dict[int, str]) -> None:
    path = raster(tmp_path / "a.tif", np.array([[1]], dtype="uint8"))
    with pytest.raises(InputError, match="each class needs one of destroyed"):
        zone_damage(path, zones((0, 0, 1, 1)), classes=classes)


@pytest.mark.parametrize("value", [35.0, -0.2])
def test_percents_are_not_shares(tmp_path: Path, value: float) -> None:
    path = raster(tmp_path / "a.tif", np.array([[value]], dtype="float32"))
    with pytest.raises(SchemaError, match="from 0 to 1"):
        zone_damage(path, zones((0, 0, 1, 1)))


def test_raster_of_another_area_is_refused(tmp_path: Path) -> None:
    path = raster(tmp_path / "a.tif", np.array([[0.5]], dtype="float32"))
    with pytest.raises(CoverageError, match="covers none of the places"):
        zone_damage(path, zones((50, 50, 51, 51)))


def test_file_that_is_no_raster_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(b"II*\x00 not really")
    with pytest.raises(UnreadableError):
        zone_damage(path, zones((0, 0, 1, 1)))


def test_zones_without_crs_are_refused(tmp_path: Path) -> None:
    path = raster(tmp_path / "a.tif", np.array([[0.5]], dtype="float32"))
    with pytest.raises(CrsError, match="zones"):
        zone_damage(path, gpd.GeoDataFrame(geometry=[box(0, 0, 1, 1)]))
