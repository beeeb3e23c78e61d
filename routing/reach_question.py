"""What reach is asked: the network, the depots, the places, and the closures that are in doubt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from routing.access import Access, attach
from routing.world import Arrival, Sites, World, arrive, explore

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from geo.model import Depot
    from geo.network import RoadTables
    from routing.closures import Overlay
    from routing.engine import Engine
    from routing.graph import Graph
    from routing.vehicles import VehicleClass

# Below this confidence a report is doubtful (rule 5 of the design).
SURE_CONFIDENCE = 0.7
# A verdict is sensitive to the walk where the walk is within a fifth of the cap on the inner and a
# quarter on the outer side. Estimates.
NEAR_CAP_SHARE = 0.8
BEYOND_FACTOR = 1.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of all classes alike: the network as it is now, and the places."""

    engine: Engine
    tables: RoadTables
    depots: list[Depot]
    overlay: Overlay
    sites: Sites
    places: gpd.GeoDataFrame
    place_ids: list[str]
    crs: str
    max_walk_m: float
    max_bypass_m: float
    max_time_s: float

    @property
    def graph(self) -> Graph:
        """The network without times."""
        return self.engine.graph

    def world(
        self, vehicle_class: VehicleClass, state: Overlay | None, *, ways: bool = True
    ) -> World:
        """How far a class gets from the depots under some closures."""
        return explore(
            self.engine,
            self.tables,
            vehicle_class,
            self.depots,
            overlay=state,
            crs=self.crs,
            ways=ways,
        )

    def arrival(self, world: World, roads: Access) -> Arrival:
        """Best way to every place; `roads` has the nearest road of the class."""
        limit_m = np.minimum(roads.walk_m[:, 0] + self.max_bypass_m, self.max_walk_m)
        return arrive(self.graph, self.tables, world, self.sites, crs=self.crs, max_walk_m=limit_m)

    def nearest(self, usable: NDArray[np.bool_], *, beyond: bool = False) -> Access:
        """Nearest edge of every place within the cap, or somewhat `beyond` it."""
        return attach(
            self.graph,
            self.tables,
            self.sites.lon,
            self.sites.lat,
            usable=usable,
            crs=self.crs,
            max_walk_m=self.max_walk_m * (BEYOND_FACTOR if beyond else 1.0),
            k=1,
        )


def without_doubtful(state: Overlay) -> Overlay | None:
    """The closures without those that are unsure or contradicted; None if all are sure."""
    doubtful = [
        closure.state in {"closed", "restricted"}
        and (closure.confidence < SURE_CONFIDENCE or closure.closure_id in state.contradicted)
        for closure in state.closures
    ]
    if not any(doubtful):
        return None
    return _with_states(state, ["open" if d else None for d in doubtful])


def with_worst(state: Overlay) -> Overlay | None:
    """The closures with roads of unknown state closed; None if there are none."""
    vague = [closure.state == "unknown" for closure in state.closures]
    if not any(vague):
        return None
    return _with_states(state, ["closed" if v else None for v in vague])


def _with_states(state: Overlay, new: Sequence[Any]) -> Overlay:
    changed = tuple(
        replace(closure, state=word) if word else closure
        for closure, word in zip(state.closures, new, strict=True)
    )
    return replace(state, closures=changed)
