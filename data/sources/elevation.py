"""Open elevation of an area: SRTM-derived tiles of one degree, as `.hgt`.

From the Terrain Tiles on AWS in their "skadi" form: 1 arc second (about 30 m), all land, SRTM where
that is the best source. https://registry.opendata.aws/terrain-tiles/ and
https://github.com/tilezen/joerd/blob/master/docs/formats.md#skadi (read 2026-11).
"""

from __future__ import annotations

import gzip
import logging
import math
import zlib
from typing import TYPE_CHECKING

from data.retrieve import Endpoints, FetchError, HttpRetriever, Request, Retriever
from geo.crs import Bounds, require_bounds
from geo.errors import CoverageError, TooLargeError, UnreadableError
from geo.raster_guards import HGT_SIZES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

logger = logging.getLogger(__name__)

SOURCE_NAME = "Terrain Tiles (SRTM and others)"
LICENCE = "Terrain Tiles: data courtesy of NASA SRTM, USGS and others; see their attribution page"
# A degree square is 10,600 km² at 31° N; more than this is no area of one operation.
MAX_TILES = 36
MAX_HGT_BYTES = max(HGT_SIZES)


def fetch_elevation(
    bounds: Bounds,
    folder: Path,
    *,
    endpoints: Endpoints | None = None,
    retriever: Retriever | None = None,
) -> list[Path]:
    """Fetch the tiles that cover `bounds` and unpack them into `folder`.

    Parameters
    ----------
    bounds
        (west, south, east, north) in degrees.

    Returns
    -------
    list of pathlib.Path
        Files such as ``N31W008.hgt``, from the south-west; tiles that are all sea do not exist and
        are left out. `geo.raster.mosaic` makes one raster of them.

    Raises
    ------
    FetchError
        No network, or the server fails.
    TooLargeError
        The area needs more than 36 tiles, or a tile unpacks to more than a tile can hold.
    UnreadableError
        A tile is damaged.
    CoverageError
        There is no elevation at all for the area.
    """
    endpoints = endpoints or Endpoints.from_environment()
    retriever = retriever or HttpRetriever(endpoints.cache)
    names = list(tile_names(bounds))
    if len(names) > MAX_TILES:
        raise TooLargeError(
            f"area of {len(names)} elevation tiles", f"at most {MAX_TILES} are fetched", "cut it"
        )
    paths = []
    for name in names:
        url = f"{endpoints.elevation_url}/{name[:3]}/{name}.hgt.gz"
        try:
            answer = retriever.retrieve(
                Request(url=url, licence=LICENCE, max_bytes=2 * MAX_HGT_BYTES, check=_check_tile)
            )
        except FetchError as error:
            # The store of tiles answers 403 or 404 for one that does not exist.
            if error.status not in {403, 404}:
                raise
            logger.info("no elevation tile %s: sea, or not covered", name)
            continue
        paths.append(_unpack(answer.path, folder / f"{name}.hgt"))
    if not paths:
        raise CoverageError(
            f"area {', '.join(f'{value:g}' for value in bounds)}",
            "the open elevation source has no tile there",
            "load an elevation file that you have (qafila load elevation FILE)",
        )
    return paths


def tile_names(bounds: Bounds) -> Iterator[str]:
    """Names of the one-degree tiles over `bounds`, by their south-west corner, from the south."""
    west, south, east, north = require_bounds(bounds, "area")
    for lat in range(math.floor(south), max(math.ceil(north), math.floor(south) + 1)):
        for lon in range(math.floor(west), max(math.ceil(east), math.floor(west) + 1)):
            if -90 <= lat < 90 and -180 <= lon < 180:
                yield f"{'NS'[lat < 0]}{abs(lat):02d}{'EW'[lon < 0]}{abs(lon):03d}"


def _is_packed(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(2) == b"\x1f\x8b"


def _check_tile(path: Path) -> None:
    """Refuse what is no tile before it is kept: an error page, a captive portal's greeting."""
    if not _is_packed(path) and path.stat().st_size not in HGT_SIZES:
        raise UnreadableError(
            "elevation tile", "the server sent something else", "check QAFILA_ELEVATION_URL"
        )


def _unpack(packed: Path, target: Path) -> Path:
    """Unpack a tile, up to the size that a tile can have."""
    try:
        # A server that names gzip as the encoding of the transfer has it unpacked on the way.
        with gzip.open(packed) if _is_packed(packed) else packed.open("rb") as stream:
            data = stream.read(MAX_HGT_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableError(
            target.name, "the tile is damaged", "empty the cache (QAFILA_CACHE) and fetch again"
        ) from error
    if len(data) not in HGT_SIZES:
        kind = TooLargeError if len(data) > MAX_HGT_BYTES else UnreadableError
        raise kind(
            f"{target.name}: {len(data):,} bytes unpacked",
            "an SRTM tile has 2,884,802, 12,967,202 or 25,934,402 bytes",
            "check QAFILA_ELEVATION_URL",
        )
    target.write_bytes(data)
    return target
