"""Voids of an elevation: counted always, and small ones filled where somebody asks for it.

A small void of a radar's elevation (a steep slope, a lake) is filled from the heights around it,
which is a guess. What is filled is counted, so that it can be told. Large voids stay: nobody knows
what lies in them. Voids at the edge stay too, because there is nothing to fill them from beyond.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from rasterio.fill import fillnodata
from rasterio.windows import Window
from scipy.ndimage import find_objects, label

from geo.frames import Frame, atomic_raster, nodata_for, read_masked, write_profile
from geo.raster import open_raster

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

# A void is small if it fits in a square of so many cells: 1 km of SRTM's 30 m.
SMALL_CELLS = 33
# Heights around it that it is filled from.
AROUND_CELLS = 16
STEP = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """How many cells were void, and how many of them were filled."""

    void: int
    filled: int
    cells: int

    def note(self) -> str:
        """Say it in one line."""
        if not self.void:
            return "no void cells"
        left = self.void - self.filled
        return (
            f"{self.filled:,} of {self.void:,} void cells filled from the heights around them "
            f"(voids of up to {SMALL_CELLS} by {SMALL_CELLS} cells), {left:,} stay void "
            f"({left / self.cells:.2%})"
        )


def fill_small_voids(path: Path | str, out_path: Path | str) -> Filled:
    """Write a raster anew with its small voids filled (band 1), window by window.

    Filled by inverse distance from what is seen in all directions (GDAL's `fillnodata`), without
    smoothing; no cell that had a value is changed.

    Raises
    ------
    UnreadableError, CrsError, TooLargeError
        As `geo.raster.open_raster`.
    """
    void = filled = 0
    with open_raster(path) as source:
        dtype, nodata = nodata_for([source])
        frame = Frame(
            crs=source.crs, transform=source.transform, width=source.width, height=source.height
        )
        profile = write_profile(frame, n_bands=1, dtype=dtype, nodata=nodata)
        with atomic_raster(out_path, profile) as target:
            for row in range(0, source.height, STEP):
                for col in range(0, source.width, STEP):
                    core = Window(
                        col, row, min(STEP, source.width - col), min(STEP, source.height - row)
                    )
                    values, was_void, is_filled = _filled(source, core, nodata)
                    target.write(values.astype(dtype), 1, window=core)
                    void += int(was_void.sum())
                    filled += int(is_filled.sum())
        return Filled(void=void, filled=filled, cells=source.width * source.height)


def _filled(
    source: Any, core: Window, nodata: float
) -> tuple[NDArray[Any], NDArray[np.bool_], NDArray[np.bool_]]:
    """Values of a window, where it was void, and where it was filled."""
    wide = SMALL_CELLS + AROUND_CELLS
    left, top = max(0, core.col_off - wide), max(0, core.row_off - wide)
    right = min(source.width, core.col_off + core.width + wide)
    bottom = min(source.height, core.row_off + core.height + wide)
    read = read_masked(source, 1, Window(left, top, right - left, bottom - top))
    void = np.ma.getmaskarray(read)
    inner = np.s_[
        core.row_off - top : core.row_off - top + core.height,
        core.col_off - left : core.col_off - left + core.width,
    ]
    values = np.where(void, nodata, read.data)
    if not void[inner].any() or void.all():
        return values[inner], void[inner], np.zeros((core.height, core.width), dtype=bool)
    small = _small(void)
    guess = fillnodata(
        np.where(void, 0, read.data).astype(np.float32),
        mask=(~void).astype(np.uint8),
        max_search_distance=float(wide),
    )
    if np.issubdtype(values.dtype, np.integer):
        guess = np.rint(guess)
    values = np.where(small, guess, values)
    return values[inner], void[inner], small[inner]


def _small(void: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Cells of voids that fit in the square and do not touch the edge of what was read."""
    numbers, n = label(void, structure=np.ones((3, 3)))
    small = np.zeros(n + 1, dtype=bool)
    for number, box in enumerate(find_objects(numbers), 1):
        if box is None:
            continue
        rows, cols = box
        inside = (
            rows.start > 0
            and cols.start > 0
            and rows.stop < void.shape[0]
            and cols.stop < void.shape[1]
        )
        size = max(rows.stop - rows.start, cols.stop - cols.start)
        small[number] = inside and size <= SMALL_CELLS
    return np.asarray(small[numbers])
