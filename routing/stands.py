"""Where depots and places stand on the roads of a class if nothing were closed.

Closing a road moves nobody: a place keeps the roads from which it is walked to, and each question
decides which of them can still be reached.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from routing.access import MAX_BYPASS_M, MAX_WALK_M, WALK_DETOUR_FACTOR, Access, attach
from routing.travel import arc_times, usable_edges
from routing.world import DEPOT_MARGIN_M, MAX_DEPOT_M

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from geo.model import Depot
    from geo.network import RoadTables
    from routing.graph import Graph
    from routing.vehicles import VehicleClass

# Roads near a place that are kept in mind. Reach looks again for the nearest roads that are still
# reached; here they are chosen once, so there must be enough of them.
PLACE_ROADS = 8
_DEPOT_ROADS = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stands:
    """`open_s`, (n_arcs,), are the seconds of the class with nothing closed."""

    vehicle_class: VehicleClass
    open_s: NDArray[np.float64]
    depots: Access
    places: Access


def stands_of(
    graph: Graph,
    tables: RoadTables,
    vehicle_class: VehicleClass,
    *,
    places: gpd.GeoDataFrame,
    depots: Sequence[Depot],
    crs: str,
    max_walk_m: float = MAX_WALK_M,
    max_bypass_m: float = MAX_BYPASS_M,
) -> Stands:
    """Attach depots and places as reach does: same walks, same limits."""
    open_s = arc_times(graph, vehicle_class)
    usable = usable_edges(graph, open_s)
    yards = attach(
        graph,
        tables,
        [depot.lon for depot in depots],
        [depot.lat for depot in depots],
        usable=usable,
        crs=crs,
        max_walk_m=MAX_DEPOT_M * WALK_DETOUR_FACTOR,
        k=_DEPOT_ROADS,
    )
    elevation_m = places["elevation_m"] if "elevation_m" in places.columns else None
    roads = attach(
        graph,
        tables,
        places.geometry.x.to_numpy(dtype=np.float64),
        places.geometry.y.to_numpy(dtype=np.float64),
        usable=usable,
        crs=crs,
        max_walk_m=max_walk_m,
        k=PLACE_ROADS,
        elevation_m=None if elevation_m is None else elevation_m.to_numpy(dtype=np.float64),
    )
    margin_m = DEPOT_MARGIN_M * WALK_DETOUR_FACTOR
    return Stands(
        vehicle_class=vehicle_class,
        open_s=open_s,
        depots=yards.within(yards.walk_m[:, 0] + margin_m),
        places=roads.within(np.minimum(roads.walk_m[:, 0] + max_bypass_m, max_walk_m)),
    )
