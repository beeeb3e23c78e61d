"""A hint where to look first: how little of a building in a picture is found again in a later one.

It is a hint and never a grade. It cannot tell a fallen house from one that was rebuilt, painted or
hidden by a tree, and it says nothing of houses that cracked and stand. It changes neither what is
counted nor what counts as assessed; `docs/evidence.md` says how well it did where it was measured.

The pattern of a building (what lies in its outline and 2 m around: walls, edges of the roof,
shadows) is searched in the later picture around the place to which the alignment points, because
pictures from two angles show a roof at two places. The best normalised cross-correlation is what
was found again; one that stands looks like itself, rubble does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from rasterio.windows import Window
from scipy.ndimage import gaussian_filter

from geo.crs import to_working
from geo.errors import CoverageError
from geo.image_pair import fit_brightness

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd
    from numpy.typing import NDArray

    from geo.image_pair import Alignment, Pair

# Around a footprint: its walls and what they throw as shadow.
MARGIN_M = 2.0
# The footprint is searched so far from the place where the alignment expects it: along the line on
# which what is high leans between the two angles of the look, and across that line.
ALONG_M, ACROSS_M = 8.0, 1.5
# Smaller ones are sheds of a few cells, in which anything looks like anything.
LEAST_AREA_M2 = 15.0
# Part of a footprint that both pictures must show.
LEAST_SEEN = 0.8
# From this score on a footprint counts as "changed much": less than half of its pattern was found.
HIGH_SCORE = 0.5
# Footprints are taken together in squares of this side, so that pictures may exceed memory.
TILE_M = 512.0
SMOOTH_CELLS = 1.0
BESIDE = np.array([(row, col) for row in (-1, 0, 1) for col in (-1, 0, 1) if row or col])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Hints:
    """Change of footprints between two pictures.

    `table` is on the index of the footprints: `score` (0 to 1, NaN where not compared), `rank` (1 =
    changed most, NaN likewise), `high` (bool), `similarity` (-1 to 1), `texture_change` (log2 of
    the strength of edges after to before, less that of the middle footprint), `shift_m` (how far
    its pattern was found from its place) and `why_not` (why it was not compared, else "").
    """

    table: pd.DataFrame
    compared: int
    notes: tuple[str, ...]


def change_hints(
    footprints: gpd.GeoDataFrame,
    pair: Pair,
    alignment: Alignment,
    *,
    progress: Callable[[float], None] = lambda _share: None,
) -> Hints:
    """Score the change of each footprint between two aligned pictures.

    Parameters
    ----------
    footprints
        Polygons in EPSG:4326.
    pair, alignment
        As `geo.image_pair` gives them.
    progress
        Told the share of the footprints that was compared.

    Raises
    ------
    CoverageError
        No footprint lies where both pictures show something.
    """
    shapes = to_working(footprints[["geometry"]], pair.crs).geometry.to_numpy()
    table = pd.DataFrame(
        {
            "score": np.nan,
            "rank": np.nan,
            "high": False,
            "similarity": np.nan,
            "texture_change": np.nan,
            "shift_m": np.nan,
            "why_not": "outside of the pictures",
        },
        index=footprints.index,
    )
    inside = np.flatnonzero(_within(shapes, pair.bounds))
    small = inside[shapely.area(shapes[inside]) < LEAST_AREA_M2]
    table.iloc[small, table.columns.get_loc("why_not")] = f"smaller than {LEAST_AREA_M2:g} m²"
    rows = np.setdiff1d(inside, small)
    order = _tiles(shapes, rows, pair)
    found = []
    for number, part in enumerate(order):
        progress(number / len(order))
        found.append(_tile(shapes[part], pair, alignment))
    if not order or not np.isfinite(np.concatenate([one["similarity"] for one in found])).any():
        raise CoverageError(
            f"{len(footprints):,} footprints",
            f"none lies where both {pair.before.name} and {pair.after.name} show the ground",
            "load footprints of that ground",
        )
    at = np.concatenate(order)
    for name in ("similarity", "texture_change", "shift_m"):
        table.iloc[at, table.columns.get_loc(name)] = np.concatenate([one[name] for one in found])
    table["texture_change"] -= table["texture_change"].median()
    compared = table["similarity"].notna()
    table.loc[compared, "why_not"] = ""
    table.iloc[at, table.columns.get_loc("why_not")] = np.where(
        compared.to_numpy()[at], "", "not seen in both pictures"
    )
    table["score"] = 1.0 - table["similarity"].clip(0.0, 1.0)
    table["rank"] = table["score"].rank(ascending=False, method="first")
    table["high"] = (table["score"] >= HIGH_SCORE) & compared
    return Hints(table=table, compared=int(compared.sum()), notes=_notes(table, alignment))


def _within(shapes: NDArray[Any], bounds: tuple[float, ...]) -> NDArray[np.bool_]:
    west, south, east, north = bounds
    box = shapely.bounds(shapes)
    with np.errstate(invalid="ignore"):
        inside = (
            (box[:, 0] >= west) & (box[:, 1] >= south) & (box[:, 2] <= east) & (box[:, 3] <= north)
        )
    return np.asarray(inside)


def _tiles(shapes: NDArray[Any], rows: NDArray[np.intp], pair: Pair) -> list[NDArray[np.intp]]:
    """Rows of footprints whose middles lie in one square each."""
    if len(rows) == 0:
        return []
    middle = shapely.get_coordinates(shapely.centroid(shapes[rows]))
    square = np.floor((middle - pair.bounds[:2]) / TILE_M).astype(np.int64)
    _, which = np.unique(square, axis=0, return_inverse=True)
    order = np.argsort(which.ravel(), kind="stable")
    return [
        rows[part] for part in np.split(order, np.flatnonzero(np.diff(which.ravel()[order])) + 1)
    ]


def _tile(shapes: NDArray[Any], pair: Pair, alignment: Alignment) -> dict[str, NDArray[Any]]:
    """Compare the footprints of one square."""
    cell = pair.cell_m
    middle = shapely.get_coordinates(shapely.centroid(shapes))
    shift = alignment.at(middle)
    # To move the later picture by +s is to read it at -s; rows run south.
    expected = np.rint(np.column_stack([shift[:, 1], -shift[:, 0]]) / cell).astype(np.int64)
    # One cell more on every side for the refined search around the best of the coarse one.
    edge = int(np.abs(expected).max()) + int(ALONG_M / cell) + 3
    window = _window_of(shapes, pair, edge)
    before, after = (_smooth(view.grey(window)) for view in (pair.before, pair.after))
    cells = _Cells.of(shapes, window, pair, before.shape)
    after = _fitted(before, after, expected, cells)
    steps = _steps(alignment.lean(), cell)
    best, at = _search(before, after, cells, expected, steps)
    texture = _texture(before, after, cells, at)
    unseen = ~np.isfinite(best)
    off = np.hypot(*(at - expected).T) * cell
    return {
        "similarity": best,
        "texture_change": np.where(unseen, np.nan, texture),
        "shift_m": np.where(unseen, np.nan, off),
    }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Cells:
    """The cells of all footprints of a square, one after the other, with where each begins."""

    flat: NDArray[np.int64]
    owner: NDArray[np.int64]
    starts: NDArray[np.int64]
    n: NDArray[np.int64]
    width: int

    @classmethod
    def of(cls, shapes: NDArray[Any], window: Window, pair: Pair, shape: tuple[int, ...]) -> _Cells:
        wide = shapely.buffer(shapes, MARGIN_M, quad_segs=2)
        west = pair.bounds[0] + window.col_off * pair.cell_m
        north = pair.bounds[3] - window.row_off * pair.cell_m
        box = shapely.bounds(wide)
        left = np.floor((box[:, 0] - west) / pair.cell_m).astype(np.int64)
        top = np.floor((north - box[:, 3]) / pair.cell_m).astype(np.int64)
        cols = np.ceil((box[:, 2] - west) / pair.cell_m).astype(np.int64) - left
        rows = np.ceil((north - box[:, 1]) / pair.cell_m).astype(np.int64) - top
        size = rows * cols
        owner = np.repeat(np.arange(len(shapes)), size)
        within = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
        row = top[owner] + within // cols[owner]
        col = left[owner] + within % cols[owner]
        shapely.prepare(wide)
        x, y = west + (col + 0.5) * pair.cell_m, north - (row + 0.5) * pair.cell_m
        held = shapely.contains_xy(wide[owner], x, y)
        owner = owner[held]
        count = np.bincount(owner, minlength=len(shapes))
        return cls(
            flat=row[held] * shape[1] + col[held],
            owner=owner,
            starts=np.cumsum(count) - count,
            n=count,
            width=shape[1],
        )

    def total(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum of the values of each footprint's cells."""
        sums = np.bincount(self.owner, weights=values, minlength=len(self.n))
        return sums.astype(np.float64)

    def moved(self, by: NDArray[np.int64]) -> NDArray[np.int64]:
        """Cells of each footprint, moved by its (row, col)."""
        return np.asarray(self.flat + (by[:, 0] * self.width + by[:, 1])[self.owner])


def _steps(lean: NDArray[np.float64], cell_m: float) -> NDArray[np.int64]:
    """Steps (row, col) of the coarse search, every other cell, the nearest first."""
    reach = int(ALONG_M / cell_m)
    grid = np.arange(-reach, reach + 1, 2)
    row, col = (axis.ravel() for axis in np.meshgrid(grid, grid, indexing="ij"))
    along = np.abs(col * lean[0] - row * lean[1]) * cell_m
    across = np.abs(col * lean[1] + row * lean[0]) * cell_m
    kept = (along <= ALONG_M) & (across <= ACROSS_M)
    steps = np.column_stack([row[kept], col[kept]])
    return steps[np.argsort(along[kept] + across[kept], kind="stable")]


def _search(
    before: NDArray[np.float32],
    after: NDArray[np.float32],
    cells: _Cells,
    expected: NDArray[np.int64],
    steps: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Best correlation of each footprint and where it was found, (row, col) from its place."""
    template = before.ravel()[cells.flat].astype(np.float64)
    known = np.isfinite(template)
    template = np.where(known, template, 0.0)
    flat_after = after.ravel()
    best = np.full(len(cells.n), -np.inf)
    at = expected.copy()

    def try_at(by: NDArray[np.int64]) -> None:
        found = flat_after[cells.moved(by)].astype(np.float64)
        seen = known & np.isfinite(found)
        correlation = _correlation(template, np.where(seen, found, 0.0), seen, cells)
        better = correlation > best
        best[better] = correlation[better]
        at[better] = by[better]

    for step in steps:
        try_at(expected + step)
    coarse = at.copy()
    for step in BESIDE:
        try_at(coarse + step)
    best[~np.isfinite(best)] = np.nan
    return best, at


def _correlation(
    a: NDArray[np.float64], b: NDArray[np.float64], seen: NDArray[np.bool_], cells: _Cells
) -> NDArray[np.float64]:
    """Normalised cross-correlation of each footprint; -inf where too little of it is seen."""
    weight = seen.astype(np.float64)
    a = a * weight
    n = cells.total(weight)
    safe = np.maximum(n, 1.0)
    sum_a, sum_b = cells.total(a), cells.total(b)
    covariance = cells.total(a * b) - sum_a * sum_b / safe
    spread = (cells.total(a * a) - sum_a**2 / safe) * (cells.total(b * b) - sum_b**2 / safe)
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = np.where(spread > 1e-6, covariance / np.sqrt(np.maximum(spread, 0)), 0.0)
    return np.where(n >= np.maximum(LEAST_SEEN * cells.n, 1), correlation, -np.inf)


def _fitted(
    before: NDArray[np.float32],
    after: NDArray[np.float32],
    expected: NDArray[np.int64],
    cells: _Cells,
) -> NDArray[np.float32]:
    """Give the later picture with the brightness of the earlier, by what lies at the footprints."""
    pairs = before.ravel()[cells.flat], after.ravel()[cells.moved(expected)]
    there = np.isfinite(pairs[0]) & np.isfinite(pairs[1])
    if not there.any():
        return after
    slope, offset = fit_brightness(pairs[0][there], pairs[1][there])
    return np.asarray(slope * after + offset, dtype=np.float32)


def _texture(
    before: NDArray[np.float32],
    after: NDArray[np.float32],
    cells: _Cells,
    at: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Log2 of the strength of edges after to before, in each footprint where it was found."""
    strength = []
    for grey, flat in ((before, cells.flat), (after, cells.moved(at))):
        down, across = np.gradient(np.where(np.isfinite(grey), grey, 0.0))
        edge = np.hypot(down, across).ravel()[flat].astype(np.float64)
        strength.append(cells.total(edge) / np.maximum(cells.n, 1))
    return np.asarray(np.log2((strength[1] + 0.1) / (strength[0] + 0.1)))


def _smooth(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """Gaussian of one cell over what is seen; what is not stays NaN."""
    there = np.isfinite(grey)
    weight = gaussian_filter(there.astype(np.float32), SMOOTH_CELLS)
    total = gaussian_filter(np.where(there, grey, 0).astype(np.float32), SMOOTH_CELLS)
    return np.where(there, total / np.maximum(weight, 1e-6), np.nan).astype(np.float32)


def _window_of(shapes: NDArray[Any], pair: Pair, edge: int) -> Window:
    west, south, east, north = shapely.total_bounds(shapes)
    wide = edge + int(MARGIN_M / pair.cell_m) + 2
    left = int((west - pair.bounds[0]) / pair.cell_m) - wide
    top = int((pair.bounds[3] - north) / pair.cell_m) - wide
    right = int((east - pair.bounds[0]) / pair.cell_m) + wide
    bottom = int((pair.bounds[3] - south) / pair.cell_m) + wide
    return Window(left, top, right - left, bottom - top)


def _notes(table: pd.DataFrame, alignment: Alignment) -> tuple[str, ...]:
    east, north = alignment.middle_m
    notes = [
        f"pictures aligned at {len(alignment.at_m)} of {alignment.windows} parts, "
        f"middle shift {np.hypot(east, north):.1f} m"
    ]
    reasons = table.loc[table["why_not"] != "", "why_not"].value_counts()
    notes += [f"{count:,} footprints not compared: {why}" for why, count in reasons.items()]
    return tuple(notes)
