"""One state of the roads for one vehicle class: how far the active depots reach in it.

Reach compares such worlds: with the closures, without them, and with the doubtful ones left out
or taken at their worst.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from routing.access import WALK_DETOUR_FACTOR, Access, attach
from routing.travel import Trees, arc_times, arrivals, candidate_of, usable_edges
from routing.ways import arrival_lengths

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from geo.model import Depot
    from geo.network import RoadTables
    from routing.closures import Overlay
    from routing.engine import Engine
    from routing.graph import Graph
    from routing.vehicles import VehicleClass

# A depot lies at a road: vehicles do not cross fields. Its yard may touch several edges, so all
# within the margin of the nearest count. Estimates.
MAX_DEPOT_M = 1_000.0
DEPOT_MARGIN_M = 50.0
_CANDIDATES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Sites:
    """Points that are to be reached, shape (n,): lon, lat in degrees, elevation NaN = unknown."""

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    elevation_m: NDArray[np.float64]

    def take(self, rows: Sequence[int]) -> Sites:
        """The same for some of the points, in this order."""
        at = np.asarray(rows, dtype=np.intp)
        return Sites(lon=self.lon[at], lat=self.lat[at], elevation_m=self.elevation_m[at])


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What one class reaches from the depots.

    `depots` are their places on the roads that the class could use if all were open; `node_m`,
    shape (n_depots, n_nodes), are the lengths of the ways of `trees` (empty if only times were
    asked for); `reached`, shape (n_edges,), are the edges on which it can arrive.
    """

    vehicle_class: VehicleClass
    overlay: Overlay | None
    time_s: NDArray[np.float64]
    depots: Access
    trees: Trees
    node_m: NDArray[np.float64]
    reached: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """How sites are reached in a world, from the depot that is nearest in time; shape (n,).

    `access` has the roads that were reached near each site; `depot` is a row of the depots, -1
    where none reaches the site; `time_s` is door to door (inf), `length_m` on the road (NaN),
    `walk_m` from the road (inf). `how` is as in `routing.travel.arrivals`, (n_depots, n).
    """

    access: Access
    how: NDArray[np.int32]
    depot: NDArray[np.intp]
    time_s: NDArray[np.float64]
    length_m: NDArray[np.float64]
    walk_m: NDArray[np.float64]
    walk_s: NDArray[np.float64]
    edge: NDArray[np.int32]


def explore(
    engine: Engine,
    tables: RoadTables,
    vehicle_class: VehicleClass,
    depots: Sequence[Depot],
    *,
    overlay: Overlay | None,
    crs: str,
    ways: bool = True,
) -> World:
    """Travel from the depots through the network as it is under `overlay` (None = all open).

    Without `ways` only the times are found: enough to know who is reached.
    """
    graph = engine.graph
    open_s = arc_times(graph, vehicle_class)
    time_s = open_s if overlay is None else arc_times(graph, vehicle_class, overlay)
    # A depot stands where it stands: closing its road must not move it to the next one.
    stands = stands_of(graph, tables, depots, usable=usable_edges(graph, open_s), crs=crs)
    trees = engine.trees(time_s, stands, ways=ways)
    node_s = trees.time_s.min(axis=0) if stands.n_points else np.full(graph.n_nodes, np.inf)
    reached = reached_edges(graph, time_s, node_s, stands)
    return World(
        vehicle_class=vehicle_class,
        overlay=overlay,
        time_s=time_s,
        depots=stands,
        trees=trees,
        node_m=engine.lengths_to_nodes(trees) if ways else np.empty((0, 0)),
        reached=reached,
    )


def arrive(
    graph: Graph,
    tables: RoadTables,
    world: World,
    sites: Sites,
    *,
    crs: str,
    max_walk_m: NDArray[np.float64],
) -> Arrival:
    """Best way to every site, walking from any reached road within its own `max_walk_m`, (n,)."""
    access = attach_sites(
        graph, tables, sites, usable=world.reached, crs=crs, max_walk_m=max_walk_m
    )
    return _arrive_at(graph, world, access)


def attach_sites(
    graph: Graph,
    tables: RoadTables,
    sites: Sites,
    *,
    usable: NDArray[np.bool_],
    crs: str,
    max_walk_m: NDArray[np.float64],
    k: int = _CANDIDATES,
) -> Access:
    """The nearest usable edges of every site within its own `max_walk_m`, (n,)."""
    access = attach(
        graph,
        tables,
        sites.lon,
        sites.lat,
        usable=usable,
        crs=crs,
        max_walk_m=float(max_walk_m.max(initial=0.0)),
        k=k,
        elevation_m=sites.elevation_m,
    )
    return access.within(max_walk_m)


def _arrive_at(graph: Graph, world: World, access: Access) -> Arrival:
    n_sites = access.n_points
    if world.depots.n_points == 0:
        return _nowhere(access)
    best_s, how = arrivals(graph, world.time_s, world.trees, world.depots, access)
    every_m = np.full(best_s.shape, np.nan)
    if world.node_m.size:
        every_m = arrival_lengths(graph, world.node_m, how, world.depots, access)
    site = np.arange(n_sites)
    depot = np.argmin(best_s, axis=0) if n_sites else np.empty(0, dtype=np.intp)
    time_s = best_s[depot, site]
    goes = np.isfinite(time_s)
    candidate = np.where(goes, candidate_of(how[depot, site]), 0)
    return Arrival(
        access=access,
        how=how,
        depot=np.where(goes, depot, -1),
        time_s=time_s,
        length_m=every_m[depot, site],
        walk_m=np.where(goes, access.walk_m[site, candidate], np.inf),
        walk_s=np.where(goes, access.walk_s[site, candidate], np.inf),
        edge=np.where(goes, access.edge[site, candidate], -1).astype(np.int32),
    )


def stands_of(
    graph: Graph,
    tables: RoadTables,
    depots: Sequence[Depot],
    *,
    usable: NDArray[np.bool_],
    crs: str,
) -> Access:
    """Where the depots stand on the usable edges, (n_depots,) points."""
    access = attach(
        graph,
        tables,
        [depot.lon for depot in depots],
        [depot.lat for depot in depots],
        usable=usable,
        crs=crs,
        max_walk_m=MAX_DEPOT_M * WALK_DETOUR_FACTOR,
        k=_CANDIDATES,
    )
    margin_m = DEPOT_MARGIN_M * WALK_DETOUR_FACTOR
    return access.within(access.walk_m[:, 0] + margin_m)


def reached_edges(
    graph: Graph,
    time_s: NDArray[np.float64],
    node_s: NDArray[np.float64],
    stands: Access | None,
) -> NDArray[np.bool_]:
    """(n_edges,) on which a vehicle arrives that is at nodes after `node_s`, inf = never.

    `time_s` are those of the arcs; the edges of `stands` are reached by those who stand there.
    """
    reached = np.zeros(graph.n_edges, dtype=bool)
    arrives = np.isfinite(node_s)[graph.tail] & np.isfinite(time_s)
    reached[graph.edge[arrives]] = True
    if stands is not None:
        own = stands.edge[stands.edge >= 0]
        reached[own] |= usable_edges(graph, time_s)[own]
    return reached


def _nowhere(access: Access) -> Arrival:
    n_sites = access.n_points
    never = np.full(n_sites, np.inf)
    return Arrival(
        access=access,
        how=np.empty((0, n_sites), dtype=np.int32),
        depot=np.full(n_sites, -1, dtype=np.intp),
        time_s=never,
        length_m=np.full(n_sites, np.nan),
        walk_m=never,
        walk_s=never,
        edge=np.full(n_sites, -1, dtype=np.int32),
    )
