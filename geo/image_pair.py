"""Two pictures of one ground brought together: one grid, one place, one brightness.

Pictures taken years apart lie metres apart, and houses lean with the angle of the look. So the pair
is laid on one grid in the working CRS, the shift of the later one is found part by part (phase
correlation, to a part of a cell), and its brightness is fitted to that of the earlier on what did
not change. A pair whose parts do not match is refused: what differs would be the place and not the
ground.
"""

from __future__ import annotations

import math
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from affine import Affine
from rasterio.enums import Resampling
from rasterio.vrt import WarpedVRT
from rasterio.warp import transform_bounds
from rasterio.windows import Window
from scipy.spatial import cKDTree

from geo.crs import STORAGE_CRS, require_projected_crs
from geo.errors import CoverageError, InputError
from geo.imagery import values_and_void
from geo.raster import lon_lat_bounds, open_raster, resolution_m
from geo.raster_guards import require_upright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from geo.crs import Bounds
    from geo.imagery import Picture

# Above this a house is a few cells and its walls are none (DESIGN: 0.3-0.5 m is what analysts use).
COARSEST_M = 2.0
# Finer than this is not needed to see a house stand or fall, and costs the square.
FINEST_M = 0.5
# Side of the windows that are laid over each other (cells), and how many are tried.
WINDOW = 128
MOST_WINDOWS = 64
# Ortho-rectified scenes lie within some 10 m of each other; more is another place or a wrong CRS.
MOST_SHIFT_M = 25.0
# A window counts if its peak stands out of the rest of the correlation by this many deviations.
# Of unrelated windows one in twenty reaches 7.8 (measured on the pairs of Al Haouz).
LEAST_PEAK = 8.0
# So many windows must show a clear peak, or they are chance.
LEAST_CLEAR_SHARE, LEAST_WINDOWS = 0.25, 3
# Ground that lies higher leans further between two angles of the look: in a valley by some metres.
AGREE_M, LEAST_AGREEING, OFF_LINE_M = 15.0, 0.5, 2.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Alignment:
    """How two pictures lie to each other, where they were compared.

    `at_m` (n, 2) are the middles of the windows whose shift is trusted, in the CRS of the pair, and
    `shift_m` (n, 2) what the later picture has to be moved by there, east and north, to lie on the
    earlier one. `windows` were tried, `clear` of them showed one peak.
    """

    at_m: NDArray[np.float64]
    shift_m: NDArray[np.float64]
    windows: int
    clear: int

    @property
    def middle_m(self) -> tuple[float, float]:
        """The shift in the middle of all, east and north, in metres."""
        east, north = np.median(self.shift_m, axis=0)
        return float(east), float(north)

    def lean(self) -> NDArray[np.float64]:
        """Give the direction (east, north; length 1) along which the shifts differ most.

        What lies higher is shifted further along one line, that between the two angles of the look.
        """
        return _direction(self.shift_m)

    def at(self, xy_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the shift (n, 2) at points (n, 2): that of the four windows around, nearer more."""
        near = min(4, len(self.at_m))
        distance, which = cKDTree(self.at_m).query(xy_m, k=near)
        distance, which = distance.reshape(-1, near), which.reshape(-1, near)
        weight = 1 / (distance + WINDOW / 4) ** 2
        total = (self.shift_m[which] * weight[:, :, None]).sum(axis=1)
        return np.asarray(total / weight.sum(axis=1, keepdims=True))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pair:
    """Two open pictures as views on one grid of square cells; `bounds` is theirs in common.

    `bounds` is in `crs`, whose unit is the metre; `cell_m` the side of a cell.
    """

    before: _View
    after: _View
    crs: str
    bounds: Bounds
    cell_m: float
    width: int
    height: int


@contextmanager
def open_pair(
    before_path: Path | str,
    after_path: Path | str,
    *,
    before: Picture,
    after: Picture,
    crs: str,
    names: tuple[str, str] | None = None,
) -> Iterator[Pair]:
    """Lay two pictures on one grid in the projected `crs`; nothing is read yet.

    Raises
    ------
    InputError
        A picture is coarser than 2 m.
    CoverageError
        They do not lie over each other.
    UnreadableError, CrsError, TooLargeError
        As `geo.imagery.look_at`.
    """
    require_projected_crs(crs, "pictures before and after")
    names = names or (Path(before_path).name, Path(after_path).name)
    with ExitStack() as stack:
        sources = [stack.enter_context(open_raster(path)) for path in (before_path, after_path)]
        for source, name in zip(sources, names, strict=True):
            require_upright(source, name)
            _require_fine(source, name)
        bounds = _common(sources, names, crs)
        cell_m = max(FINEST_M, *(_cell_m(source) for source in sources))
        west, south, east, north = bounds
        width, height = int((east - west) / cell_m), int((north - south) / cell_m)
        if min(width, height) < WINDOW // 2:
            raise CoverageError(
                f"{names[0]} and {names[1]}",
                f"they have {width * cell_m:,.0f} by {height * cell_m:,.0f} m in common, at least "
                f"{WINDOW // 2 * cell_m:,.0f} m each way are needed",
                "take two pictures of the same ground",
            )
        transform = Affine(cell_m, 0, west, 0, -cell_m, north)
        views = [
            stack.enter_context(_View(source, picture, name, crs, transform, width, height))
            for source, picture, name in zip(sources, (before, after), names, strict=True)
        ]
        yield Pair(
            before=views[0],
            after=views[1],
            crs=crs,
            bounds=bounds,
            cell_m=cell_m,
            width=width,
            height=height,
        )


def align(pair: Pair) -> Alignment:
    """Find the shifts between two pictures by phase correlation of windows spread over them.

    The spectrum of the gradients is used, which the height of the sun and the colour of the season
    change less than the brightness itself.

    Raises
    ------
    CoverageError
        Too few windows match, or what they say is not plausible: the middle shift over 25 m, or
        fewer than half of them within 15 m of it.

    References
    ----------
    Kuglin, C. D. and Hines, D. C. (1975): The phase correlation image alignment method. Proc. IEEE
    Int. Conf. on Cybernetics and Society, p. 163-165.
    """
    windows = _spread_windows(pair)
    found = np.array([_peak(pair, window) for window in windows])
    clear = found[:, 2] >= LEAST_PEAK
    names = f"{pair.before.name} and {pair.after.name}"
    if clear.sum() < LEAST_WINDOWS or clear.mean() < LEAST_CLEAR_SHARE:
        raise CoverageError(
            names,
            f"their patterns do not match ({int(clear.sum())} of {len(found)} parts do)",
            "take two cloudless pictures of the same ground and of similar fineness",
        )
    shifts = found[clear, :2]
    middle = np.median(shifts, axis=0)
    near = np.hypot(*(shifts - middle).T) <= AGREE_M
    if near.mean() < LEAST_AGREEING:
        raise CoverageError(
            names,
            f"their parts are shifted differently ({int(near.sum())} of {len(near)} agree)",
            "take ortho-rectified pictures",
        )
    if math.hypot(*middle) > MOST_SHIFT_M:
        raise CoverageError(
            names,
            f"they lie {math.hypot(*middle):.0f} m apart, over the plausible {MOST_SHIFT_M:.0f} m",
            "check the CRS and the place of both",
        )
    kept = np.flatnonzero(clear)[near]
    kept = kept[_on_one_line(found[kept, :2])]
    west, north = pair.bounds[0], pair.bounds[3]
    half = windows[0].width / 2
    return Alignment(
        at_m=np.array(
            [
                (
                    west + (windows[at].col_off + half) * pair.cell_m,
                    north - (windows[at].row_off + half) * pair.cell_m,
                )
                for at in kept
            ]
        ),
        shift_m=found[kept, :2],
        windows=len(found),
        clear=int(clear.sum()),
    )


def fit_brightness(
    before: NDArray[np.floating[Any]], after: NDArray[np.floating[Any]]
) -> tuple[float, float]:
    """Give slope and offset that bring `after` to the brightness of `before`.

    Parameters
    ----------
    before, after
        (n,) values at the same places, all finite.

    Notes
    -----
    The line is refitted to the half of the cells that lie nearest to it, five times, which takes
    out what was built, fell or grew. Slope by the ratio of deviations, so that it is the same line
    read either way (reduced major axis).
    """
    x, y = after.astype(np.float64), before.astype(np.float64)
    slope, offset = 1.0, 0.0
    kept = np.ones(len(x), dtype=bool)
    for _ in range(6):
        spread = x[kept].std()
        if spread == 0 or y[kept].std() == 0:
            break
        slope = y[kept].std() / spread
        offset = y[kept].mean() - slope * x[kept].mean()
        residual = np.abs(y - (slope * x + offset))
        kept = residual <= np.median(residual)
    return float(slope), float(offset)


class _View:
    """A picture as grey values on a grid; voids are NaN. Use it in a ``with`` block."""

    def __init__(
        self,
        source: Any,
        picture: Picture,
        name: str,
        crs: str,
        transform: Affine,
        width: int,
        height: int,
    ) -> None:
        self.name = name
        self._picture = picture
        # A finer picture is averaged; nearest or bilinear would pick single stones.
        finer = _cell_m(source) < 0.75 * transform.a
        self._view = WarpedVRT(
            source,
            crs=crs,
            transform=transform,
            width=width,
            height=height,
            resampling=Resampling.average if finer else Resampling.bilinear,
        )

    def __enter__(self) -> _View:
        return self

    def __exit__(self, *_: object) -> None:
        self._view.close()

    def grey(self, window: Window) -> NDArray[np.float32]:
        """(height, width) of a window that may reach beyond the grid; NaN where nothing is."""
        return _read_grey(self._view, self._picture, window)


def _read_grey(view: Any, picture: Picture, window: Window) -> NDArray[np.float32]:
    left, top = max(0, window.col_off), max(0, window.row_off)
    right = min(view.width, window.col_off + window.width)
    bottom = min(view.height, window.row_off + window.height)
    grey = np.full((window.height, window.width), np.nan, dtype=np.float32)
    if left >= right or top >= bottom:
        return grey
    values, there = values_and_void(
        view,
        picture.rgb,
        black_is_void=picture.black_is_void,
        window=Window(left, top, right - left, bottom - top),
    )
    mean = values.astype(np.float32).mean(axis=0)
    mean[~there] = np.nan
    rows = slice(top - window.row_off, bottom - window.row_off)
    grey[rows, left - window.col_off : right - window.col_off] = mean
    return grey


def _require_fine(source: Any, name: str) -> None:
    cell_m = _cell_m(source)
    if cell_m > COARSEST_M:
        raise InputError(
            f"{name}: cells of {cell_m:.1f} m",
            f"at most {COARSEST_M:g} m are needed: no fallen house is seen in coarser pictures",
            "take pictures of 0.3 to 2 m, or load an analyst's grading",
        )


def _cell_m(source: Any) -> float:
    return max(resolution_m(source, lon_lat_bounds(source)))


def _common(sources: list[Any], names: tuple[str, str], crs: str) -> Bounds:
    boxes = [
        transform_bounds(STORAGE_CRS, crs, *lon_lat_bounds(source), densify_pts=21)
        for source in sources
    ]
    west, south = (max(box[side] for box in boxes) for side in (0, 1))
    east, north = (min(box[side] for box in boxes) for side in (2, 3))
    if west >= east or south >= north:
        raise CoverageError(
            f"{names[0]} and {names[1]}",
            "they show different ground",
            "take a picture before and one after of the same place",
        )
    return west, south, east, north


def _spread_windows(pair: Pair) -> list[Window]:
    """Windows over all of the pair, half overlapping where it is small."""
    side = min(WINDOW, pair.width, pair.height)
    wanted = math.sqrt(MOST_WINDOWS)

    def starts(length: int) -> NDArray[np.int64]:
        count = int(min(wanted, max(1, 2 * length // side - 1)))
        return np.linspace(0, length - side, count).astype(np.int64)

    return [
        Window(int(col), int(row), side, side)
        for row in starts(pair.height)
        for col in starts(pair.width)
    ]


def _direction(shifts: NDArray[np.float64]) -> NDArray[np.float64]:
    off = shifts - np.median(shifts, axis=0)
    _, direction = np.linalg.eigh(off.T @ off)
    return np.asarray(direction[:, -1])


def _on_one_line(shifts: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which shifts lie within 2 m of the line along which height moves things; the rest is chance.

    Fitted again without those that lie off it, the farthest first, until none does.
    """
    kept = np.ones(len(shifts), dtype=bool)
    while kept.sum() > LEAST_WINDOWS:
        line = _direction(shifts[kept])
        off = np.abs((shifts - np.median(shifts[kept], axis=0)) @ (-line[1], line[0]))
        if off[kept].max() <= OFF_LINE_M:
            break
        kept[np.argmax(np.where(kept, off, -1))] = False
    return kept


def _peak(pair: Pair, window: Window) -> tuple[float, float, float]:
    """Shift (east, north) in metres between two windows, and how far its peak stands out."""
    edges = [_gradient(view.grey(window)) for view in (pair.before, pair.after)]
    if any(edge is None for edge in edges):
        return 0.0, 0.0, 0.0
    taper = np.outer(np.hanning(window.height), np.hanning(window.width))
    first, second = (np.fft.rfft2(edge * taper) for edge in edges)  # type: ignore[operator]
    cross = first * np.conj(second)
    size = np.abs(cross)
    # Frequencies that hold nothing but noise would count as much as the walls.
    cross /= np.sqrt(size) + 1e-9 * size.max()
    surface = np.fft.irfft2(cross, s=(window.height, window.width))
    reach = int(2 * MOST_SHIFT_M / pair.cell_m)
    rows, cols = _signed(window.height), _signed(window.width)
    near = (np.abs(rows)[:, None] <= reach) & (np.abs(cols)[None, :] <= reach)
    row, col = np.unravel_index(np.argmax(np.where(near, surface, -np.inf)), surface.shape)
    strength = float((surface[row, col] - surface.mean()) / surface.std())
    down = rows[row] + _between(surface[:, col], int(row))
    across = cols[col] + _between(surface[row, :], int(col))
    return float(across * pair.cell_m), float(-down * pair.cell_m), strength


def _gradient(grey: NDArray[np.float32]) -> NDArray[np.float64] | None:
    """Strength of the edges, free of their mean; None where too little of the window is seen."""
    there = np.isfinite(grey)
    if there.mean() < 0.7:
        return None
    filled = np.where(there, grey, np.nanmedian(grey)).astype(np.float64)
    down, across = np.gradient(filled)
    edge = np.hypot(down, across)
    edge[~there] = 0
    # A lamp or a tin roof must not outshine the village.
    edge = np.minimum(edge, np.percentile(edge, 99))
    if edge.std() == 0:
        return None
    return np.asarray((edge - edge.mean()) / edge.std())


def _signed(length: int) -> NDArray[np.int64]:
    return np.fft.fftfreq(length, 1 / length).round().astype(np.int64)


def _between(line: NDArray[np.float64], at: int) -> float:
    """Part of a cell by which the top of a parabola through three values lies beside the middle."""
    before, here, after = line[at - 1], line[at], line[(at + 1) % len(line)]
    bend = before - 2 * here + after
    return 0.0 if bend == 0 else float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5))
