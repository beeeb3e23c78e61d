"""The ground around a convoy's way, as its map shows it: roads, closures, names of places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# Widths on paper: 0 is drawn boldest; what a map leaves out when it grows too large comes last.
_RANKS: dict[str, int] = {
    "motorway": 0, "trunk": 0, "primary": 0, "secondary": 1, "tertiary": 2,
    "unclassified": 3, "residential": 3, "living_street": 3, "road": 3, "service": 4, "track": 4,
}  # fmt: skip
N_RANKS = 6
_FOOT = N_RANKS - 1

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ground:
    """What can be drawn under the ways of all convoys; EPSG:4326, lon, lat.

    Parameters
    ----------
    roads : (n_roads,) of LineString
    rank : (n_roads,)
        0 main road … `N_RANKS` - 1 footway.
    names : (n_roads,) of str
        Number or name of each road, `""` for none.
    closed
        Lines of the roads that were closed when the plan was made.
    places : (n_places, 2)
        lon, lat of places that may be named, the most important first.
    place_names
        Their names, as people wrote them.
    """

    roads: NDArray[np.object_]
    rank: NDArray[np.int8]
    names: NDArray[np.object_]
    closed: NDArray[np.object_]
    places: NDArray[np.float64]
    place_names: Sequence[str]

    def within(self, bounds: Bounds) -> Ground:
        """Give what touches `bounds` (west, south, east, north)."""
        roads, closed = _touching(self.roads, bounds), _touching(self.closed, bounds)
        west, south, east, north = bounds
        lon, lat = self.places.reshape(-1, 2).T
        here = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
        return Ground(
            roads=self.roads[roads],
            rank=self.rank[roads],
            names=self.names[roads],
            closed=self.closed[closed],
            places=self.places.reshape(-1, 2)[here],
            place_names=[self.place_names[row] for row in np.flatnonzero(here).tolist()],
        )


def road_ranks(highway: Sequence[str]) -> NDArray[np.int8]:
    """Rank of roads by their class in OpenStreetMap; links are what they link, others are paths."""
    return np.array(
        [_RANKS.get(str(kind).removesuffix("_link"), _FOOT) for kind in highway], dtype=np.int8
    )


def _touching(lines: NDArray[np.object_], bounds: Bounds) -> NDArray[np.bool_]:
    if len(lines) == 0:
        return np.zeros(0, dtype=bool)
    box = shapely.bounds(lines)
    west, south, east, north = bounds
    hit: NDArray[np.bool_] = (
        (box[:, 0] <= east) & (box[:, 2] >= west) & (box[:, 1] <= north) & (box[:, 3] >= south)
    )
    return hit
