"""Candidate landing sites: flat ground near places, wide enough, with nothing known in the way.

A candidate is where to look, not where to land: trees, wires, stones and dust are seen by nobody
here. Who lands decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import shapely

from geo.errors import RuleError
from routing.access import WALK_DETOUR_FACTOR
from routing.flat_ground import Patch, patches
from routing.pace import OFF_PATH_FACTOR, tobler_speed_kmh

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

Kind = Literal["helicopter", "drone"]
#: US Army FM 3-21.38, Pathfinder Operations (2006), chapter 4: up to 7° any helicopter lands
#: without an advisory, up to 15° upslope with one; touchdown points of 25, 35, 50, 80 m by type
#: (50 m for the UH-60 class). Read second-hand in training material, not in the manual itself.
MAX_SLOPE_DEG = 7.0
HELICOPTER_DIAMETER_M = 50.0
#: The same manual: an obstacle of height h needs 10 h of free approach. A low house of 4 m: 40 m.
OBSTACLE_GAP_M = 40.0
#: A drone that sets down or lowers a parcel. Estimates.
DRONE_DIAMETER_M, DRONE_GAP_M = 10.0, 10.0
#: How far from the place a load is carried on foot.
HELICOPTER_RADIUS_M, DRONE_RADIUS_M = 2_000.0, 500.0
#: Where cells are wider than this a clearing cannot be told from the slope around it.
MAX_CELL_M = 100.0
SITES_PER_PLACE = 3
# Candidates of one place lie at least so far apart: three on one meadow are one.
_APART_M = 200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingSite:
    """One candidate for one place, in the working CRS.

    `slope_deg` is the steepest in the clearing; `walk_m` and `walk_s` from it to the place;
    `obstacle_m` the distance to the nearest known obstacle (inf = none is known near). The lower
    `score`, the better: minutes on foot + degrees of slope.
    """

    kind: Kind
    place: int
    x_m: float
    y_m: float
    height_m: float
    slope_deg: float
    diameter_m: float
    walk_m: float
    walk_s: float
    obstacle_m: float

    @property
    def score(self) -> float:
        """Minutes on foot + degrees of slope."""
        return self.walk_s / 60.0 + self.slope_deg


def landing_sites(
    elevation: Path,
    x_m: NDArray[np.float64],
    y_m: NDArray[np.float64],
    *,
    kind: Kind,
    obstacles: NDArray[np.object_],
    cell_m: float,
    crs: str,
    diameter_m: float | None = None,
    max_slope_deg: float = MAX_SLOPE_DEG,
) -> list[LandingSite]:
    """Up to `SITES_PER_PLACE` candidates for every place, best first, place by place.

    Parameters
    ----------
    obstacles
        Geometries in the working CRS that a clearing must keep clear of: buildings, wires …
    cell_m
        Size of the cells of the elevation model.

    Raises
    ------
    RuleError
        The elevation model is too coarse for the question.
    """
    if cell_m > MAX_CELL_M:
        raise RuleError(
            f"elevation model with cells of {cell_m:,.0f} m",
            f"a clearing of {diameter_m or HELICOPTER_DIAMETER_M:.0f} m cannot be seen in it; "
            f"cells of {MAX_CELL_M:.0f} m or less are needed",
            "load a finer one (SRTM 1 arc-second, Copernicus GLO-30)",
        )
    helicopter = kind == "helicopter"
    across_m = diameter_m or (HELICOPTER_DIAMETER_M if helicopter else DRONE_DIAMETER_M)
    radius_m = HELICOPTER_RADIUS_M if helicopter else DRONE_RADIUS_M
    gap_m = across_m / 2 + (OBSTACLE_GAP_M if helicopter else DRONE_GAP_M)
    tree = shapely.STRtree(obstacles)
    grounds = patches(elevation, x_m, y_m, radius_m=radius_m, cell_m=cell_m, crs=crs)
    return [
        site
        for place, ground in enumerate(grounds)
        for site in _of_place(
            ground, place, float(x_m[place]), float(y_m[place]), kind, across_m, radius_m, gap_m,
            tree, max_slope_deg,
        )
    ]  # fmt: skip


def _of_place(
    ground: Patch,
    place: int,
    x_m: float,
    y_m: float,
    kind: Kind,
    diameter_m: float,
    radius_m: float,
    gap_m: float,
    obstacles: shapely.STRtree,
    max_slope_deg: float,
) -> list[LandingSite]:
    steepest = ground.steepest_deg(diameter_m / 2)
    far_m = np.hypot(ground.x_m[None, :] - x_m, ground.y_m[:, None] - y_m)
    row, column = np.nonzero((steepest <= max_slope_deg) & (far_m <= radius_m))
    if len(row) == 0:
        return []
    walk_m = far_m[row, column] * WALK_DETOUR_FACTOR
    # The middle cell is the place itself.
    middle = len(ground.x_m) // 2
    rise_m = ground.height_m[middle, middle] - ground.height_m[row, column]
    speed_kmh = tobler_speed_kmh(rise_m / np.maximum(walk_m, 1.0)) * OFF_PATH_FACTOR
    walk_s = walk_m * 3.6 / speed_kmh
    points = shapely.points(ground.x_m[column], ground.y_m[row])
    obstacle_m = _distance_m(points, obstacles)
    score = walk_s / 60.0 + steepest[row, column]
    chosen: list[int] = []
    for at in np.lexsort((column, row, score)).tolist():
        if obstacle_m[at] < gap_m:
            continue
        if any(shapely.distance(points[at], points[other]) < _APART_M for other in chosen):
            continue
        chosen.append(at)
        if len(chosen) == SITES_PER_PLACE:
            break
    return [
        LandingSite(
            kind=kind,
            place=place,
            x_m=float(ground.x_m[column[at]]),
            y_m=float(ground.y_m[row[at]]),
            height_m=float(ground.height_m[row[at], column[at]]),
            slope_deg=float(steepest[row[at], column[at]]),
            diameter_m=diameter_m,
            walk_m=float(walk_m[at]),
            walk_s=float(walk_s[at]),
            obstacle_m=float(obstacle_m[at]),
        )
        for at in chosen
    ]


def _distance_m(points: NDArray[np.object_], tree: shapely.STRtree) -> NDArray[np.float64]:
    """To the nearest obstacle, inf where there is none at all."""
    distance_m = np.full(len(points), np.inf)
    if len(tree.geometries):
        (at, _), near_m = tree.query_nearest(points, return_distance=True, all_matches=False)
        distance_m[at] = near_m
    return distance_m
