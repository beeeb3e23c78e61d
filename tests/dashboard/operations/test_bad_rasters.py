"""Bad rasters of every kind through the command line: one line that helps, nothing changed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import Affine, from_origin

from dashboard.cli import main
from dashboard.operations.situation import Situation
from tests.geo.raster_files import VOID, write_tif

WEST, NORTH, CELL = -8.02, 31.05, 0.0008
SHAPE = (100, 100)


@pytest.fixture
def home(valley: Situation, tmp_path: Path) -> Path:
    """A copy of the valley's home that no process holds open."""
    valley.close()
    return Path(shutil.copytree(valley.home, tmp_path / "copy"))


def good(path: Path, values: np.ndarray | None = None, **more) -> Path:
    given = np.full(SHAPE, 1, dtype=np.int16) if values is None else values
    return write_tif(path, given, **{"west": WEST, "north": NORTH, "cell": CELL} | more)


def virtual(folder: Path) -> Path:
    """A virtual raster that points at another file of this machine."""
    secret = good(folder / "secret.tif")
    path = folder / "x.vrt"
    path.write_text(
        f'<VRTDataset rasterXSize="100" rasterYSize="100"><SRS>EPSG:4326</SRS>'
        f"<GeoTransform>{WEST},{CELL},0,{NORTH},0,-{CELL}</GeoTransform>"
        '<VRTRasterBand dataType="Int16" band="1"><SimpleSource>'
        f"<SourceFilename>{secret}</SourceFilename><SourceBand>1</SourceBand>"
        "</SimpleSource></VRTRasterBand></VRTDataset>"
    )
    return path


def renamed(folder: Path) -> Path:
    return virtual(folder).rename(folder / "x.tif")


def truncated(folder: Path) -> Path:
    noise = np.random.default_rng(1).integers(0, 9, (900, 900)).astype(np.int16)
    whole = good(folder / "w.tif", noise, cell=CELL / 9, tiled=True).read_bytes()
    (folder / "x.tif").write_bytes(whole[: len(whole) // 2])
    return folder / "x.tif"


def bomb(folder: Path) -> Path:
    path = folder / "x.tif"
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=50_000,
        height=50_000,
        count=1,
        dtype="uint8",
        crs="EPSG:4326",
        transform=from_origin(WEST, NORTH, CELL / 500, CELL / 500),
        tiled=True,
        sparse_ok=True,
        compress="deflate",
    ):
        pass
    return path


def linked(folder: Path) -> Path:
    """A raster whose metadata names another file as its overview."""
    secret = good(folder / "secret.tif", np.full((50, 50), 7, np.int16))
    path = good(folder / "x.tif")
    with rasterio.open(path, "r+") as raster:
        raster.update_tags(ns="OVERVIEWS", OVERVIEW_FILE=str(secret))
    return path


BAD: dict[str, tuple[Callable[[Path], Path], str]] = {
    "virtual": (virtual, "x.vrt: it cannot be read as GeoTIFF"),
    "virtual, renamed": (renamed, "x.tif: it cannot be read as GeoTIFF"),
    "truncated": (truncated, "x.tif: it cannot be read as GeoTIFF or .hgt; it is damaged, cut"),
    "bomb": (bomb, "unpack to 2.5 GB"),
    "names another file": (linked, "names another file to be read in its place"),
    "text": (lambda d: _text(d), "cannot be read as GeoTIFF"),
    "no CRS": (lambda d: good(d / "x.tif", crs=None), "the raster has no CRS"),
    "complex": (
        lambda d: good(d / "x.tif", np.ones(SHAPE, "complex64"), nodata=None),
        "complex numbers",
    ),
    "all void": (
        lambda d: good(d / "x.tif", np.full(SHAPE, VOID, np.int16)),
        "every cell of this one is void|no cell of it has a value",
    ),
    "swapped axes": (
        lambda d: good(d / "x.tif", west=31.0, north=-8.0),
        "axes swapped|axes are swapped",
    ),
    "elsewhere": (lambda d: good(d / "x.tif", west=8.1), "covers|area"),
    "rotated": (
        lambda d: good(d / "x.tif", transform=Affine(CELL, 1e-4, WEST, 1e-4, -CELL, NORTH)),
        "rotated",
    ),
    "upside down": (
        lambda d: good(d / "x.tif", transform=Affine(CELL, 0, WEST, 0, CELL, NORTH - 0.08)),
        "flipped",
    ),
    "absurd cells": (
        lambda d: good(
            d / "x.tif", crs="EPSG:32629", transform=Affine(1e-6, 0, 58e4, 0, -1e-6, 343e4)
        ),
        "cells from 1 mm",
    ),
}


def _text(folder: Path) -> Path:
    (folder / "x.tif").write_text("elevation\n")
    return folder / "x.tif"


@pytest.mark.parametrize("kind", ["imagery", "damage", "elevation", "population"])
@pytest.mark.parametrize("what", list(BAD))
def test_a_bad_raster_is_refused_in_one_line_and_changes_nothing(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, what: str
) -> None:
    import re

    make, said = BAD[what]
    path = make(tmp_path)
    with Situation.open(home) as situation:
        before = situation.seq()
    capsys.readouterr()
    words = ["load", kind, str(path), "--home", str(home), "--json"]
    status = main([*words, "--classes", "1=damaged,7=damaged"] if kind == "damage" else words)
    shown = capsys.readouterr()
    lines = [line for line in shown.err.splitlines() if line.startswith("qafila: ")]
    assert status == 2, shown.err
    assert len(lines) == 1
    assert re.search(said, lines[0]), lines[0]
    assert "Traceback" not in shown.err
    with Situation.open(home) as situation:
        assert situation.seq() == before


def test_a_raster_without_nodata_is_read_and_its_values_count(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for value, kind in enumerate(("imagery", "damage", "elevation"), 1):
        path = good(tmp_path / f"{kind}.tif", np.full(SHAPE, value, np.uint8), nodata=None)
        words = ["load", kind, str(path), "--home", str(home), "--json"]
        assert main([*words, "--classes", "2=damaged"] if kind == "damage" else words) == 0
        assert '"void_share": 0.0' in capsys.readouterr().out
