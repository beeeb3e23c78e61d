"""Rasters at an address: the part over the situation's area is read by range and kept here.

Afterwards the layer is a file of the archive like any other, so that nothing needs the network
again.
"""

from __future__ import annotations

import re
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from geo.errors import CoverageError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dashboard.operations.situation import Bounds, Progress, Situation

#: Kinds that are rasters, or may be.
RASTER_KINDS = ("imagery", "damage", "elevation", "population")
#: What is kept around the area (degrees, about 1 km): a house at its edge needs what is beside it.
KEPT_MARGIN_DEG = 0.01


def is_address(path: Path | str) -> bool:
    """Whether a person named an address instead of a file."""
    return isinstance(path, str) and path.lower().startswith(("http://", "https://"))


@contextmanager
def at_hand(
    situation: Situation, kind: str, paths: Sequence[Path | str], progress: Progress
) -> Iterator[tuple[list[Path], dict[str, str]]]:
    """Give files for all paths while the block lasts, and the address of each that had one.

    Raises
    ------
    InputError
        An address for a kind of layer that is no raster, or one that cannot be read by range.
    CoverageError
        The raster lies elsewhere.
    """
    addresses = {str(path) for path in paths if is_address(path)}
    if addresses and kind not in RASTER_KINDS:
        raise InputError(
            f"load {kind} {min(addresses)[:120]}",
            f"by address only rasters are read ({', '.join(RASTER_KINDS)})",
            "download the file first, or use `qafila fetch`",
        )
    with tempfile.TemporaryDirectory() as folder:
        files: list[Path] = []
        origins: dict[str, str] = {}
        for number, path in enumerate(paths):
            if str(path) not in addresses:
                files.append(Path(path))
                continue
            file = Path(folder) / str(number) / _name_of(str(path))
            progress(0.0, f"reading {file.name} by range")
            _fetch_part(situation, str(path), file, progress)
            files.append(file)
            origins[file.name] = str(path)
        yield files, origins


def _fetch_part(situation: Situation, url: str, file: Path, progress: Progress) -> None:
    from data.range_file import RangeSource, RemoteFolder
    from geo.cog import write_cog
    from geo.raster import open_raster

    with RangeSource(url, wait=time.sleep) as source:
        folder = RemoteFolder(file.name, source)
        try:
            with open_raster(file.name, opener=folder) as raster:
                window = _window(raster, situation.info().bounds, file.name)
                write_cog(raster, file, window=window, progress=progress)
        except Exception:
            if source.error is not None:
                raise source.error from None
            raise


def _window(raster: Any, area: Bounds | None, name: str) -> Any:
    """Give the cells over the area; all of them while no layer told the area."""
    from rasterio.warp import transform_bounds
    from rasterio.windows import Window, from_bounds

    from geo.crs import STORAGE_CRS
    from geo.raster import lon_lat_bounds
    from geo.raster_guards import require_upright

    require_upright(raster, name)
    if area is None:
        return None
    west, south, east, north = lon_lat_bounds(raster)
    wanted = (
        max(west, area[0] - KEPT_MARGIN_DEG),
        max(south, area[1] - KEPT_MARGIN_DEG),
        min(east, area[2] + KEPT_MARGIN_DEG),
        min(north, area[3] + KEPT_MARGIN_DEG),
    )
    if wanted[0] >= wanted[2] or wanted[1] >= wanted[3]:
        raise CoverageError(
            f"{name} (lon {west:.2f} to {east:.2f}, lat {south:.2f} to {north:.2f})",
            f"a raster of the situation's area (lon {area[0]:.2f} to {area[2]:.2f}, "
            f"lat {area[1]:.2f} to {area[3]:.2f}) is needed",
            "check the address",
        )
    inside = transform_bounds(STORAGE_CRS, raster.crs, *wanted, densify_pts=21)
    part = from_bounds(*inside, transform=raster.transform)
    left, top = int(part.col_off), int(part.row_off)
    right, bottom = int(part.col_off + part.width) + 1, int(part.row_off + part.height) + 1
    return Window(left, top, right - left, bottom - top)


def _name_of(url: str) -> str:
    """Give a file name for an address: its last part, of plain letters, always a GeoTIFF's."""
    last = unquote(urlsplit(url).path).rsplit("/", 1)[-1]
    plain = re.sub(r"[^\w.-]+", "_", last).strip("._")[:120] or "raster"
    return plain if plain.lower().endswith((".tif", ".tiff")) else f"{plain}.tif"
