"""Tiles of a raster for the map: 256 by 256 pixels of web Mercator, as PNG, void transparent.

The one place where EPSG:3857 is used: nothing is measured in it. A tile is read through the
overviews of the file, so a small scale costs no more than a large one.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from affine import Affine
from rasterio.enums import Resampling
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile
from rasterio.vrt import WarpedVRT

from geo.errors import InputError
from geo.frames import read_masked
from geo.imagery import values_and_void
from geo.raster import lon_lat_bounds, open_raster, resolution_m

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

TILE = 256
WEB_MERCATOR = "EPSG:3857"
# Half the circumference of the sphere of web Mercator, in its metres.
HALF_WORLD = math.pi * 6_378_137.0
MOST_ZOOM = 22
#: Where web Mercator ends.
MOST_LAT = 85.05
#: Side of what is read to see whether there is anything at a point, in metres.
POINT_M = 4.0

# Colours of the grades as on the rest of the map (Okabe and Ito 2008); the last is opacity.
GRADE_COLOURS = {
    "destroyed": (213, 94, 0, 215),
    "damaged": (240, 180, 41, 205),
    "possibly_damaged": (240, 228, 66, 190),
    "no_visible_damage": (255, 255, 255, 120),
    "not_analysed": (0, 0, 0, 0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Paint:
    """How a raster is coloured.

    `shadow` is grey bytes, the darker the more opaque the black of the tile; `picture` shows
    `bands` between `low` and `high`; `shares` runs from white to the colour of destroyed at
    `scale`; `classes` pair a whole number with its grade.
    """

    kind: Literal["shadow", "picture", "shares", "classes"]
    bands: tuple[int, ...] = (1,)
    low: float = 0.0
    high: float = 255.0
    black_is_void: bool = False
    scale: float = 1.0
    classes: tuple[tuple[int, str], ...] = ()


def tile_png(path: Path | str, z: int, x: int, y: int, paint: Paint) -> bytes:
    """Draw one tile; all of it is transparent where the raster does not reach.

    Parameters
    ----------
    z, x, y
        Zoom, column from the west and row from the north, as web maps count them.

    Raises
    ------
    InputError
        There is no such tile.
    """
    if not (0 <= z <= MOST_ZOOM and 0 <= x < 2**z and 0 <= y < 2**z):
        raise InputError(f"tile {z}/{x}/{y}", f"zoom 0 to {MOST_ZOOM} and a tile of it", "")
    side = 2 * HALF_WORLD / 2**z
    return _png(_square(path, x * side - HALF_WORLD, HALF_WORLD - y * side, side, paint))


def square_png(path: Path | str, lon: float, lat: float, side_m: float, paint: Paint) -> bytes:
    """Draw the square of so many metres on the ground around a point, 256 by 256 pixels as PNG.

    Raises
    ------
    InputError
        The point lies outside web Mercator, or the square has no size.
    """
    return _png(_square_around(path, lon, lat, side_m, paint))


def shows(path: Path | str, lon: float, lat: float, paint: Paint) -> bool:
    """Whether a raster has anything at a point: a turned picture leaves corners of its frame."""
    seen = _square_around(path, lon, lat, POINT_M, paint)
    return bool(seen[3, TILE // 2, TILE // 2])


def _square_around(
    path: Path | str, lon: float, lat: float, side_m: float, paint: Paint
) -> NDArray[np.uint8]:
    if not (abs(lat) <= MOST_LAT and abs(lon) <= 180 and 0 < side_m < HALF_WORLD):
        raise InputError(f"{side_m:g} m around {lat:.4f}, {lon:.4f}", "a square on the map", "")
    side = side_m / math.cos(math.radians(lat))
    x = HALF_WORLD * lon / 180
    y = HALF_WORLD * math.asinh(math.tan(math.radians(lat))) / math.pi
    return _square(path, x - side / 2, y + side / 2, side, paint)


def _square(
    path: Path | str, left: float, top: float, side: float, paint: Paint
) -> NDArray[np.uint8]:
    cell = side / TILE
    transform = Affine(cell, 0, left, 0, -cell, top)
    smooth = Resampling.nearest if paint.kind == "classes" else Resampling.bilinear
    with (
        open_raster(path, overview=_overview(path, cell)) as source,
        WarpedVRT(
            source,
            crs=WEB_MERCATOR,
            transform=transform,
            width=TILE,
            height=TILE,
            resampling=smooth,
        ) as view,
    ):
        return _painted(view, paint)


def _overview(path: Path | str, cell: float) -> int | None:
    """Number of the coarsest overview that is no coarser than the tile; None for the raster itself.

    A warped view reads the raster itself however small the scale is: 2 s for a tile of a drone's
    mosaic of 20,000 by 20,000 cells, against some 10 ms through its overview.
    """
    with open_raster(path) as source:
        west, south, east, north = lon_lat_bounds(source)
        lat = (south + north) / 2
        own = max(resolution_m(source, (west, south, east, north)))
        ratio = cell * math.cos(math.radians(lat)) / own
        fitting = [n for n, factor in enumerate(source.overviews(1)) if factor <= ratio]
    return fitting[-1] if fitting else None


def native_zoom(resolution_m: float, lat: float) -> int:
    """Zoom at which a pixel of the map is about a cell of the raster."""
    world = 2 * HALF_WORLD * math.cos(math.radians(lat)) / TILE
    return int(np.clip(math.ceil(math.log2(world / max(resolution_m, 1e-3))), 0, MOST_ZOOM))


def _painted(view: Any, paint: Paint) -> NDArray[np.uint8]:
    """(4, 256, 256) red, green, blue, opacity."""
    out = np.zeros((4, TILE, TILE), dtype=np.uint8)
    if paint.kind == "picture":
        values, there = values_and_void(view, paint.bands, black_is_void=paint.black_is_void)
        spread = max(paint.high - paint.low, 1e-9)
        scaled = (values.astype(np.float32) - paint.low) / spread * 255
        out[:3] = np.clip(np.nan_to_num(scaled), 0, 255)  # one grey band spreads over three
        out[3] = np.where(there, 255, 0)
        return out
    read = read_masked(view, paint.bands[0], _whole())
    there = ~np.ma.getmaskarray(read)
    if paint.kind == "shadow":
        # Laid over the map as it is, it darkens like a grey picture that is multiplied with what
        # lies below, and costs the browser a quarter of that.
        out[3] = np.where(there, 255 - read.data, 0)
    elif paint.kind == "classes":
        for value, grade in paint.classes:
            out[:, there & (read.data == value)] = np.array(GRADE_COLOURS[grade])[:, None]
    else:
        share = np.clip(np.where(there, read.data, 0).astype(np.float64) / paint.scale, 0, 1)
        white, full = (np.array(GRADE_COLOURS[key]) for key in ("no_visible_damage", "destroyed"))
        mixed = white[:, None, None] + share * (full - white)[:, None, None]
        out[:] = np.where(there, mixed.round(), 0)
    return out


def _whole() -> Any:
    from rasterio.windows import Window

    return Window(0, 0, TILE, TILE)


def _png(pixels: NDArray[np.uint8]) -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with MemoryFile() as memory:
            with memory.open(
                driver="PNG", width=TILE, height=TILE, count=4, dtype="uint8", zlevel=6
            ) as out:
                out.write(pixels)
            return bytes(memory.read())
