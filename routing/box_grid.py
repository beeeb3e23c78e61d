"""Boxes by where they lie: a grid for the many small ones, a tree for the few large ones.

A tree over the boxes of a country's roads takes seconds to make, mostly for two million objects; a
grid is one sorting of numbers.
"""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

Degrees = NDArray[np.float64]
Rows = NDArray[np.intp]

# About two kilometres. A larger box does not lie in a cell; with so few boxes all may be large.
_CELL_DEG = 0.02
_FEW_BOXES = 50_000
_N_CELLS_EAST = int(360 / _CELL_DEG) + 4


class BoxGrid:
    """Boxes in degrees, (4, n_boxes) west, south, east, north; those not finite are nowhere."""

    def __init__(self, boxes: Degrees) -> None:
        self._boxes = boxes
        west, south, east, north = boxes
        is_large = np.maximum(east - west, north - south) > _CELL_DEG
        if boxes.shape[1] <= _FEW_BOXES:
            is_large[:] = True
        is_known = np.isfinite(boxes).all(axis=0)
        self._large = np.flatnonzero(is_large & is_known)
        self._tree = shapely.STRtree(shapely.box(*boxes[:, self._large]))
        small = np.flatnonzero(~is_large & is_known)
        # A small box reaches half a cell from its middle at most.
        key = _row((south + north)[small] / 2) * _N_CELLS_EAST + _column((west + east)[small] / 2)
        order = np.argsort(key, kind="stable")
        self._small, self._key = small[order], key[order]

    def query(self, asked: Degrees) -> tuple[Rows, Rows]:
        """Rows of `asked`, (4, n), ascending, and of the boxes that each of them meets."""
        row, large = self._tree.query(shapely.box(*asked))
        ask, hit = self._in_cells(asked)
        west, south, east, north = asked[:, ask]
        box = self._boxes[:, hit]
        meets = (box[0] <= east) & (box[2] >= west) & (box[1] <= north) & (box[3] >= south)
        rows = np.concatenate([row, ask[meets]])
        hits = np.concatenate([self._large[large], hit[meets]])
        order = np.argsort(rows, kind="stable")
        return rows[order], hits[order]

    def _in_cells(self, asked: Degrees) -> tuple[Rows, Rows]:
        """Pairs of what is asked and small boxes in the cells that it may meet."""
        west, south, east, north = asked
        half = _CELL_DEG / 2
        bottom, top = _row(south - half), _row(north + half)
        left, right = _column(west - half), _column(east + half)
        # Cells of one row of the grid follow each other in the order of the keys.
        ask, line = _spread(top - bottom + 1)
        line += bottom[ask]
        begin = np.searchsorted(self._key, line * _N_CELLS_EAST + left[ask], side="left")
        end = np.searchsorted(self._key, line * _N_CELLS_EAST + right[ask], side="right")
        of, place = _spread(end - begin)
        return ask[of], self._small[begin[of] + place]


def _row(lat: Degrees) -> NDArray[np.int64]:
    return np.floor((np.clip(lat, -91.0, 91.0) + 91.0) / _CELL_DEG).astype(np.int64)


def _column(lon: Degrees) -> NDArray[np.int64]:
    return np.floor((np.clip(lon, -180.0, 180.0) + 180.0) / _CELL_DEG).astype(np.int64)


def _spread(size: NDArray[np.int64]) -> tuple[Rows, NDArray[np.int64]]:
    """Each row as often as its size says, and a number from 0 within each."""
    row = np.repeat(np.arange(len(size)), size)
    return row, np.arange(len(row)) - np.repeat(np.cumsum(size) - size, size)
