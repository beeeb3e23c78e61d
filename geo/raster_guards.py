"""What a raster must be to be read at all: the guards at its door.

A raster is a file from somebody else. It may claim to be larger than any memory, lie nowhere, or
name other files that GDAL would then open for it: overviews and masks beside it, or an address
stored within. Everything here looks at the header only; nothing is decompressed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from geo.crs import crs_name
from geo.errors import CrsError, InputError, TooLargeError, UnreadableError

if TYPE_CHECKING:
    from pathlib import Path

# A 1-arc-second mosaic of Morocco is 1.3e9 pixels; more than this is a mistake or an attack.
MAX_PIXELS = 4_000_000_000
MAX_BYTES = 8 * 1024**3
HGT_NAME = re.compile(r"[NS]\d{2}[EW]\d{3}\.hgt", re.IGNORECASE)
# SRTM tiles of 3 and 1 arc second, and 1 by 2 arc seconds north of 50° (two bytes a cell).
HGT_SIZES = frozenset({1201 * 1201 * 2, 3601 * 3601 * 2, 3601 * 1801 * 2})
# Grids of the whole earth reach past the poles by half a cell.
HIGHEST_DEG = 91.0
# A drone sees half a centimetre, a table of the earth steps by ten degrees.
LEAST_CELL_M, LARGEST_CELL_M = 0.001, 2_000_000.0
# One block is decompressed whole. Ours have 512 x 512 cells; a strip of a wide mosaic a few MB.
MAX_BLOCK_BYTES = 256 * 1024**2
# Deflate packs at most 1,032 : 1 (its longest match is 258 bytes); with blocks left out, more.
MAX_UNPACKED_RATIO, UNPACKED_FREE_BYTES = 2_000, 1024**3
# What GDAL reads beside a GeoTIFF without opening another raster.
PLAIN_SIDECARS = (".aux.xml", ".tfw", ".tifw", ".tiffw", ".wld")
TIFF_SIDECARS = (".ovr", ".msk")
TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def require_file(file: Path, max_bytes: int) -> None:
    """Raise unless there is a file, with bytes in it, of a bearable size and, as .hgt, its name."""
    if not file.is_file():
        raise UnreadableError(file.name, "there is no such file", "check the path")
    size = file.stat().st_size
    if size == 0:
        raise UnreadableError(file.name, "the file is empty", "copy or download it again")
    if size > max_bytes:
        raise TooLargeError(
            f"{file.name}: {size / 1e9:.1f} GB",
            f"at most {max_bytes / 1e9:.1f} GB are read",
            "cut it to the area first (gdal_translate -projwin)",
        )
    if file.suffix.lower() != ".hgt":
        return
    if not HGT_NAME.fullmatch(file.name):
        raise UnreadableError(
            file.name,
            "an .hgt file carries its place in its name only, such as N31W008.hgt",
            "give it back the name of its tile (south-west corner)",
        )
    if size not in HGT_SIZES:
        raise UnreadableError(
            f"{file.name}: {size:,} bytes",
            "an SRTM tile has 2,884,802, 12,967,202 or 25,934,402 bytes",
            "copy or download it again, unpacked",
        )


def require_georeferenced(source: Any, file: Path) -> None:
    """Raise CrsError unless the raster says where on earth it lies."""
    if source.crs is None:
        raise CrsError(
            file.name,
            "the raster has no CRS, so nobody knows where it lies",
            "store its CRS in it (gdal_edit.py -a_srs EPSG:…) or take the original file",
        )
    if not (source.crs.is_geographic or source.crs.is_projected):
        raise CrsError(
            f"{file.name}: CRS is {crs_name(source.crs)}",
            "it is tied to no place on earth",
            "store the real CRS in it (gdal_edit.py -a_srs EPSG:…)",
        )
    if source.transform.is_identity or source.transform.determinant == 0:
        raise CrsError(
            file.name,
            "the raster has a CRS but no geotransform, so its corners are unknown",
            "georeference it (gdalwarp with its control points) or take the original file",
        )


def require_confined(source: Any, file: Path) -> None:
    """Raise UnreadableError if reading the raster would open other files.

    GDAL follows overviews and masks beside a GeoTIFF whatever format they are in, and an overview
    file that the metadata of the GeoTIFF names (`OVERVIEW_FILE`): a VRT there reads any file.
    """
    own = file.resolve()
    for named in source.files:
        if named == str(own) or (named.startswith(str(own)) and named.endswith(".aux.xml")):
            continue
        other = own.parent / named
        stem = other.name.lower()
        if other.parent == own.parent and stem.startswith(own.stem.lower()):
            if stem.endswith(PLAIN_SIDECARS):
                continue
            if stem == own.name.lower() + other.suffix.lower() and _is_tiff_sidecar(other):
                continue
        raise UnreadableError(
            file.name,
            "it names another file to be read in its place, which is not followed",
            "take the original raster, or write it anew: gdal_translate -co COPY_SRC_MDD=NO",
        )


def _is_tiff_sidecar(other: Path) -> bool:
    if other.suffix.lower() not in TIFF_SIDECARS or other.is_symlink():
        return False
    with other.open("rb") as stream:
        return stream.read(4) in TIFF_MAGIC


def require_bearable(source: Any, file: Path, max_pixels: int, *, packed_bytes: int | None) -> None:
    """Raise if the cells are too many, of no size, no real numbers, or packed to burst memory.

    `packed_bytes` is the size of the file, None where it is read by range and counted there.
    """
    n_pixels = source.width * source.height * source.count
    if n_pixels > max_pixels:
        raise TooLargeError(
            f"{file.name}: {source.width} by {source.height} pixels, {source.count} band(s)",
            f"at most {max_pixels:,} pixels are read",
            "cut it to the area first (gdal_translate -projwin)",
        )
    if any(name.startswith("complex") for name in source.dtypes):
        raise InputError(
            f"{file.name}: cells are complex numbers ({source.dtypes[0]})",
            "real numbers are needed",
            "take the amplitude or the product made from it, not the radar's raw image",
        )
    _require_sane_cells(source, file)
    _require_bearable_blocks(source, file, n_pixels, packed_bytes)


def _require_sane_cells(source: Any, file: Path) -> None:
    # Approximate on purpose: a degree is some 111 km, and only the order of magnitude is asked.
    turn = source.transform
    across, down = np.hypot(turn.a, turn.d), np.hypot(turn.b, turn.e)
    factor = 111_320.0 if source.crs.is_geographic else float(source.crs.linear_units_factor[1])
    smallest, largest = sorted((across * factor, down * factor))
    if smallest < LEAST_CELL_M or largest > LARGEST_CELL_M:
        raise InputError(
            f"{file.name}: cells of {across * factor:g} by {down * factor:g} m",
            f"cells from {LEAST_CELL_M * 1000:g} mm to {LARGEST_CELL_M / 1000:,.0f} km are needed",
            "check its transform and the unit of its CRS",
        )


def _require_bearable_blocks(source: Any, file: Path, n_pixels: int, packed: int | None) -> None:
    height, width = source.block_shapes[0]
    cell_bytes = np.dtype(source.dtypes[0]).itemsize
    together = source.count if source.interleaving is not None and _is_mixed(source) else 1
    block_bytes = height * width * cell_bytes * together
    if block_bytes > MAX_BLOCK_BYTES:
        raise TooLargeError(
            f"{file.name}: stored in blocks of {width:,} by {height:,} cells",
            f"{block_bytes / 1e6:,.0f} MB would be unpacked at once, at most "
            f"{MAX_BLOCK_BYTES / 1e6:,.0f} MB are",
            "store it in tiles (gdal_translate -co TILED=YES -co COMPRESS=DEFLATE)",
        )
    unpacked = n_pixels * cell_bytes
    if packed is None:
        return
    if unpacked > UNPACKED_FREE_BYTES and unpacked > MAX_UNPACKED_RATIO * packed:
        raise TooLargeError(
            f"{file.name}: {packed / 1e6:,.1f} MB that unpack to {unpacked / 1e9:,.1f} GB",
            f"at most {MAX_UNPACKED_RATIO:,} times its size is unpacked",
            "it is almost empty: cut it to the area (gdal_translate -projwin)",
        )


def _is_mixed(source: Any) -> bool:
    return str(source.interleaving.value).lower() == "pixel"


def require_upright(raster: Any, name: str) -> None:
    """Raise CrsError if a grid is rotated or flipped, or its axes are swapped."""
    turn = raster.transform
    if turn.b == 0 and turn.d == 0 and turn.a > 0 and turn.e < 0:
        south, north = raster.bounds.bottom, raster.bounds.top
        if raster.crs.is_geographic and max(-south, north) > HIGHEST_DEG:
            raise CrsError(
                f"{name}: latitudes from {south:g} to {north:g}",
                "latitudes end at 90°; its axes are swapped",
                "write it again with lon as x and lat as y (gdalwarp)",
            )
        return
    how = "rotated or its axes are swapped" if turn.b or turn.d else "flipped"
    raise CrsError(
        f"{name}: the grid is {how} (transform {tuple(round(v, 9) for v in turn[:6])})",
        "rows from north to south and columns from west to east are needed",
        f"straighten it first: gdalwarp {name} straight.tif",
    )
