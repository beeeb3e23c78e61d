"""Pictures: what they hold, what is void in them, and how they are kept."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rasterio.enums import ColorInterp
from rasterio.transform import from_origin
from rasterio.windows import Window

from geo.cog import is_cog, write_cog
from geo.errors import CoverageError, CrsError, EmptyInputError, InputError
from geo.imagery import look_at
from geo.raster import open_raster, raster_info


def write_picture(path: Path, values: np.ndarray, *, cell: float = 0.5, **more) -> Path:
    """A picture of (bands, rows, cols) in UTM 29N near Ijoukak."""
    values = np.asarray(values)
    profile = {
        "driver": "GTiff",
        "crs": "EPSG:32629",
        "transform": from_origin(580_000, 3_430_000, cell, cell),
    } | more
    with rasterio.open(
        path,
        "w",
        count=values.shape[0],
        height=values.shape[1],
        width=values.shape[2],
        dtype=values.dtype,
        **profile,
    ) as out:
        out.write(values)
    return path


def noise(bands: int, rows: int, cols: int, dtype: str = "uint8") -> np.ndarray:
    return np.random.default_rng(7).integers(1, 200, (bands, rows, cols)).astype(dtype)


def test_what_a_picture_holds(tmp_path):
    path = write_picture(tmp_path / "p.tif", noise(4, 40, 60), cell=0.5, nodata=0)
    found = look_at(path)
    assert (found.width, found.height, found.dtype, found.nodata) == (60, 40, "uint8", 0)
    assert found.resolution_m == pytest.approx(0.5, rel=0.02)
    assert (found.rgb, found.void_share, found.is_cog) == ((1, 2, 3), 0, True)


def test_colours_are_shown_as_the_file_names_them(tmp_path):
    path = write_picture(tmp_path / "bgr.tif", noise(4, 8, 8))
    with rasterio.open(path, "r+") as picture:
        kinds = [ColorInterp.blue, ColorInterp.green, ColorInterp.red, ColorInterp.undefined]
        picture.colorinterp = kinds
    assert look_at(path).rgb == (3, 2, 1)
    assert look_at(write_picture(tmp_path / "grey.tif", noise(1, 8, 8))).rgb == (1,)


def test_a_black_collar_is_void_only_where_no_void_is_declared(tmp_path):
    values = noise(3, 50, 50)
    values[:, :, :10] = 0
    undeclared = look_at(write_picture(tmp_path / "a.tif", values))
    assert undeclared.black_is_void
    assert undeclared.void_share == pytest.approx(0.2)
    assert "cells of 0 in all bands count as void (20.0% of it)" in undeclared.notes[0]
    declared = look_at(write_picture(tmp_path / "b.tif", values, nodata=255))
    assert not declared.black_is_void
    assert declared.void_share == 0


def test_a_picture_without_nodata_is_read_and_that_is_said(tmp_path):
    found = look_at(write_picture(tmp_path / "p.tif", noise(3, 9, 9)))
    assert found.notes == ("no void is declared: every cell counts as seen",)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32", "float64"])
def test_a_picture_of_nothing_is_refused(tmp_path, dtype):
    path = write_picture(tmp_path / "p.tif", np.zeros((2, 9, 9), dtype=dtype), nodata=0)
    with pytest.raises(EmptyInputError, match="every cell of this one is void"):
        look_at(path)


def test_a_picture_of_nan_is_a_picture_of_nothing(tmp_path):
    path = write_picture(tmp_path / "p.tif", np.full((1, 9, 9), np.nan, dtype="float32"))
    with pytest.raises(EmptyInputError, match="every cell of this one is void"):
        look_at(path)


@pytest.mark.parametrize(
    ("turn", "what"),
    [
        (rasterio.Affine(0.5, 0.1, 580_000, 0.1, -0.5, 3_430_000), "rotated or its axes"),
        (rasterio.Affine(0.5, 0, 580_000, 0, 0.5, 3_429_000), "flipped"),
        (rasterio.Affine(0, 0.5, 580_000, -0.5, 0, 3_430_000), "axes are swapped"),
    ],
)
def test_a_turned_picture_is_refused(tmp_path, turn, what):
    path = write_picture(tmp_path / "p.tif", noise(3, 9, 9), transform=turn)
    with pytest.raises(CrsError, match=rf"{what}.*gdalwarp"):
        look_at(path)


def test_a_picture_too_coarse_for_a_village_is_refused(tmp_path):
    path = write_picture(tmp_path / "p.tif", noise(3, 9, 9), cell=250)
    with pytest.raises(InputError, match=r"cells of 25. m: a picture of at most 100 m"):
        look_at(path)


# --- how it is kept -----------------------------------------------------------------------------


def packed(path: Path, folder: Path, **how) -> Path:
    out = folder / "packed.tif"
    with open_raster(path) as source:
        write_cog(source, out, **how)
    return out


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_no_value_is_changed_and_overviews_are_there(tmp_path, dtype):
    values = noise(3, 700, 1100, dtype)
    path = write_picture(tmp_path / "p.tif", values, nodata=0)
    shares: list[float] = []
    out = packed(path, tmp_path, progress=lambda share, _text: shares.append(share))
    with rasterio.open(out) as kept:
        assert np.array_equal(kept.read(), values)
        assert kept.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert kept.overviews(1) == [2, 4]
        assert kept.nodata == 0
        assert is_cog(kept)
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_a_file_in_strips_is_no_cog_whatever_it_calls_itself(tmp_path):
    path = write_picture(tmp_path / "p.tif", noise(1, 900, 900))
    with rasterio.open(path) as source:
        assert not is_cog(source)
    with rasterio.open(path, "r+") as source:
        source.build_overviews([2, 4])
    with rasterio.open(path) as source:
        assert not is_cog(source)


def test_alpha_mask_names_units_and_scale_go_along(tmp_path):
    path = write_picture(tmp_path / "p.tif", noise(4, 40, 40), photometric="rgb", alpha="yes")
    with rasterio.open(path, "r+") as picture:
        picture.descriptions = ("r", "g", "b", "a")
        picture.scales, picture.offsets = (0.1,) * 4, (5.0,) * 4
    with rasterio.open(packed(path, tmp_path)) as kept:
        assert kept.colorinterp[3] == ColorInterp.alpha
        assert kept.descriptions == ("r", "g", "b", "a")
        assert (kept.scales, kept.offsets) == ((0.1,) * 4, (5.0,) * 4)


@given(hole=st.tuples(*[st.integers(0, 39)] * 4), how=st.sampled_from(["nodata", "mask", "alpha"]))
@settings(
    max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_a_hole_survives(tmp_path, hole, how):
    (top, bottom), (left, right) = sorted(hole[:2]), sorted(hole[2:])
    void = np.zeros((40, 40), dtype=bool)
    void[top : bottom + 1, left : right + 1] = True
    values = noise(4 if how == "alpha" else 3, 40, 40)
    path = tmp_path / f"{how}.tif"
    if how == "nodata":
        values[:, void] = 0
        write_picture(path, values, nodata=0)
    elif how == "alpha":
        values[3] = np.where(void, 0, 255)
        write_picture(path, values, photometric="rgb", alpha="yes")
    else:
        with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
            write_picture(path, values)
            with rasterio.open(path, "r+") as picture:
                picture.write_mask(~void)
    with rasterio.open(packed(path, tmp_path)) as kept:
        assert np.array_equal(kept.dataset_mask() == 0, void)
    if not void.all():
        assert look_at(path).void_share == pytest.approx(void.mean())


def test_a_window_keeps_its_place(tmp_path):
    values = noise(2, 60, 80)
    path = write_picture(tmp_path / "p.tif", values)
    out = packed(path, tmp_path, window=Window(70, -5, 30, 15))
    with rasterio.open(out) as kept:
        assert np.array_equal(kept.read(), values[:, :10, 70:])
        assert kept.bounds.left == 580_035
        assert kept.bounds.top == 3_430_000
    with pytest.raises(CoverageError, match="no cell of it lies in the area"):
        packed(path, tmp_path, window=Window(90, 0, 5, 5))
    assert raster_info(out).n_bands == 2
