"""Lines on disk as a geometry column: an object is made of a line only where somebody asks for it.

Making two million lines takes seconds, and most questions look at a few. `MappedLines` stands in a
GeoDataFrame like any geometry: rows that are chosen become lines, and whoever wants the whole
column gets it, made once.
"""

from __future__ import annotations

import numbers
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from geopandas.array import GeometryArray

if TYPE_CHECKING:
    from numpy.typing import NDArray


class MappedLines(GeometryArray):  # type: ignore[misc]
    """LineStrings that lie as numbers in memory-mapped arrays; a copy costs nothing.

    Whoever sets a line in it gets objects of all lines for that: the file stays as it is.

    Parameters
    ----------
    points
        (n_points, 2) x, y of all lines, one after the other.
    start
        (n_lines + 1,) int64: the points of line i are ``points[start[i]:start[i + 1]]``.
    box
        (n_lines, 4) least x, least y, greatest x, greatest y of every line.
    crs
        Of the points.
    """

    def __init__(
        self,
        points: NDArray[np.float64],
        start: NDArray[np.int64],
        box: NDArray[np.float64],
        crs: Any,
    ) -> None:
        # Not the constructor of GeometryArray: it wants the objects.
        self._points, self._start, self._box = points, start, box
        self._made: NDArray[np.object_] | None = None
        self._is_changed = False
        self._crs = None
        self.crs = crs
        self._sindex = None

    @property
    def _data(self) -> NDArray[np.object_]:
        """All lines as objects; what GeometryArray calls its content."""
        if self._made is None:
            self._made = _lines(self._points, np.asarray(self._start))
        return self._made

    @property
    def shape(self) -> tuple[int]:
        """Number of lines."""
        return (len(self._start) - 1,)

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays, of which only those that were looked at are in memory."""
        return int(self._points.nbytes + self._start.nbytes + self._box.nbytes)

    @property
    def bounds(self) -> NDArray[np.float64]:
        """Box of every line, (n_lines, 4)."""
        return np.asarray(shapely.bounds(self._data) if self._is_changed else self._box)

    @property
    def total_bounds(self) -> NDArray[np.float64]:
        """Box of all lines, (4,); NaN where there is none."""
        if not len(self) or self._is_changed:
            return np.asarray(shapely.total_bounds(self._data))
        return np.concatenate([self._box[:, :2].min(axis=0), self._box[:, 2:].max(axis=0)])

    def isna(self) -> NDArray[np.bool_]:
        """Which lines are missing: none, unless somebody has set one so."""
        return shapely.is_missing(self._data) if self._is_changed else np.zeros(len(self), bool)

    def __getitem__(self, idx: Any) -> Any:
        if isinstance(idx, slice) and idx == slice(None):
            return self.view()
        if isinstance(idx, numbers.Integral):
            at = range(len(self))[int(idx)]
            return self._taken(np.array([at]))[0]
        rows = np.arange(len(self))[pd.api.indexers.check_array_indexer(self, idx)]
        return GeometryArray(self._taken(rows), crs=self.crs)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._made, self._is_changed = self._data.copy(), True
        super().__setitem__(key, value)

    def take(self, indices: Any, allow_fill: bool = False, fill_value: Any = None) -> GeometryArray:
        """The lines of some rows; as in pandas."""
        rows = np.asarray(indices, dtype=np.intp)
        if allow_fill and (rows < 0).any():
            return super().take(indices, allow_fill=allow_fill, fill_value=fill_value)
        return GeometryArray(self._taken(np.arange(len(self))[rows]), crs=self.crs)

    def view(self, dtype: Any = None) -> Any:
        """The same lines, on the same files."""
        if dtype is not None or self._is_changed:
            return super().view(dtype)
        same = MappedLines(self._points, self._start, self._box, self.crs)
        same._made, same._sindex = self._made, self._sindex
        return same

    def copy(self, *args: Any, **kwargs: Any) -> GeometryArray:
        """As `view`: setting a line in one of them does not change the other."""
        return super().copy(*args, **kwargs) if self._is_changed else self.view()

    def __reduce__(self) -> tuple[Any, ...]:
        return GeometryArray, (self._data, self._crs)

    def _taken(self, rows: NDArray[np.intp]) -> NDArray[np.object_]:
        if self._made is not None:
            return self._made[rows]
        size = self._start[rows + 1] - self._start[rows]
        start = np.concatenate([[0], np.cumsum(size)])
        at = np.repeat(self._start[rows] - start[:-1], size) + np.arange(start[-1])
        return _lines(self._points[at], start)


def _lines(points: NDArray[np.float64], start: NDArray[np.int64]) -> NDArray[np.object_]:
    made: NDArray[np.object_] = shapely.from_ragged_array(
        shapely.GeometryType.LINESTRING, np.ascontiguousarray(points), (start,)
    )
    return made
