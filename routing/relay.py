"""Relay: a load handed from class to class, to all places at once, as one shortest-path problem.

A layer is the network as one class travels it. From every node of a layer where a vehicle can be
unloaded an arc of handling time leads to the same node of the layers of the classes that may take
the load. A class only hands to one that comes after it, so the layers are found one after the
other, each by one search from all its beginnings; a chain of one class is a chain too, which is
why a relay is never slower than the best class by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geo.errors import RuleError
from routing.access import Access
from routing.travel import (
    Links,
    Trees,
    _links,
    _on_one_edge,
    arc_times,
    arrivals,
    arriving,
    candidate_of,
    usable_edges,
)
from routing.world import attach_sites, reached_edges, stands_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from geo.model import Depot, VehicleClassName
    from geo.network import RoadTables
    from routing.closures import Overlay
    from routing.engine import Engine
    from routing.graph import Graph
    from routing.relay_rules import RelayRules
    from routing.spread import Spread
    from routing.vehicles import VehicleClass
    from routing.world import Sites

FROM_DEPOT, NO_WAY = -1, -2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layer:
    """The network as one class travels it, with loads from depots and from earlier layers.

    `begin_s`, (n_nodes,), is when a load is ready to leave a node, inf where none is; `giver` the
    layer that brought it there (`FROM_DEPOT`, `NO_WAY`), `handling_s` how long the change took
    and `link` the row in `links` by which it left its depot. `stands` is where the depots of
    `links` stand; both are None where no load of this class leaves a depot.
    """

    vehicle_class: VehicleClass
    time_s: NDArray[np.float64]
    stands: Access | None
    links: Links | None
    begin_s: NDArray[np.float64]
    giver: NDArray[np.int8]
    handling_s: NDArray[np.float64]
    link: NDArray[np.int32]
    spread: Spread
    reached: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Relay:
    """The fastest chain to every site, (n_sites,) each.

    `layer` is the row in `layers` of the last class, -1 where no chain arrives within the longest
    time; `time_s` door to door (inf); `edge` and `fraction` where it leaves the road, `arc` the
    one on which it comes there; `walk_m` and `walk_s` the rest. `depot` is the row of the depot
    from which a vehicle never leaves the edge on which both stand, -1 elsewhere.
    """

    graph: Graph
    layers: tuple[Layer, ...]
    layer: NDArray[np.int8]
    time_s: NDArray[np.float64]
    edge: NDArray[np.int32]
    fraction: NDArray[np.float64]
    arc: NDArray[np.intp]
    walk_m: NDArray[np.float64]
    walk_s: NDArray[np.float64]
    depot: NDArray[np.intp]


def relay(
    engine: Engine,
    tables: RoadTables,
    *,
    classes: Mapping[VehicleClassName, VehicleClass],
    rules: RelayRules,
    starts: Sequence[VehicleClassName],
    depots: Sequence[Depot],
    overlay: Overlay | None,
    sites: Sites,
    crs: str,
    max_walk_m: float,
    max_bypass_m: float,
    max_time_s: float,
) -> Relay:
    """Find the fastest chain of classes to every site.

    Parameters
    ----------
    classes
        The vehicle classes that take part, by name.
    rules
        Which hands to which; classes that are not among `classes` are left out.
    starts
        Classes that leave the depots.
    overlay
        The closures; None = all roads open.
    max_walk_m, max_bypass_m, max_time_s
        As in `routing.reach.reach`; the time includes handling.
    """
    if unknown := [name for name in starts if name not in classes]:
        raise RuleError(
            f"{', '.join(unknown)} leaving the depots",
            f"one of the classes that take part ({', '.join(classes)}) is needed",
            "name it among them too",
        )
    graph = engine.graph
    layers: list[Layer] = []
    stops = handover_nodes(graph, tables, rules)
    for name in rules.among(tuple(classes)).classes_from(starts):
        ready = _ready(graph, layers, classes[name], rules, stops, max_time_s)
        layers.append(
            _layer(
                engine,
                tables,
                classes[name],
                depots=depots if name in starts else (),
                overlay=overlay,
                crs=crs,
                ready=ready,
            )
        )
    return _arrived(graph, tables, layers, sites, crs, max_walk_m, max_bypass_m, max_time_s)


def handover_nodes(graph: Graph, tables: RoadTables, rules: RelayRules) -> NDArray[np.bool_]:
    """(n_nodes,) where a vehicle can stop and be unloaded: not only on motorways and bridges."""
    edges = tables.edges
    kind = graph.tags["highway"]
    by_code = np.array([label in rules.no_handover_on for label in kind.labels], dtype=bool)
    refused = by_code[kind.code] if len(by_code) else np.zeros(graph.n_edges, dtype=bool)
    inside = edges["bridge"].to_numpy(dtype=bool) | edges["tunnel"].to_numpy(dtype=bool)
    good = ~(refused | inside)
    stops = np.zeros(graph.n_nodes, dtype=bool)
    stops[graph.tail[good[graph.edge]]] = True
    return stops


# --- layer by layer -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Ready:
    """Loads that earlier layers have brought to nodes, (n_nodes,) each."""

    begin_s: NDArray[np.float64]
    giver: NDArray[np.int8]
    handling_s: NDArray[np.float64]


def _ready(
    graph: Graph,
    layers: Sequence[Layer],
    taker: VehicleClass,
    rules: RelayRules,
    stops: NDArray[np.bool_],
    max_time_s: float,
) -> _Ready:
    begin_s = np.full(graph.n_nodes, np.inf)
    giver = np.full(graph.n_nodes, NO_WAY, dtype=np.int8)
    handling_s = np.zeros(graph.n_nodes)
    takes = {one.giver: one.handling_s(taker) for one in rules.change if one.taker == taker.name}
    for row, layer in enumerate(layers):
        if (spent_s := takes.get(layer.vehicle_class.name)) is None:
            continue
        ready_s = layer.spread.time_s + spent_s
        sooner = stops & (ready_s < begin_s) & (ready_s <= max_time_s)
        begin_s[sooner] = ready_s[sooner]
        giver[sooner], handling_s[sooner] = row, spent_s
    return _Ready(begin_s=begin_s, giver=giver, handling_s=handling_s)


def _layer(
    engine: Engine,
    tables: RoadTables,
    vehicle_class: VehicleClass,
    *,
    depots: Sequence[Depot],
    overlay: Overlay | None,
    crs: str,
    ready: _Ready,
) -> Layer:
    graph = engine.graph
    open_s = arc_times(graph, vehicle_class)
    time_s = open_s if overlay is None else arc_times(graph, vehicle_class, overlay)
    stands, links = None, None
    link = np.full(graph.n_nodes, -1, dtype=np.int32)
    begin_s, giver, handling_s = ready.begin_s, ready.giver, ready.handling_s
    if depots:
        stands = stands_of(graph, tables, depots, usable=usable_edges(graph, open_s), crs=crs)
        links = _links(graph, time_s, stands)
        for row, (node, spent_s) in enumerate(zip(links.node, links.time_s, strict=True)):
            if spent_s < begin_s[node]:
                begin_s[node], giver[node], handling_s[node] = spent_s, FROM_DEPOT, 0.0
                link[node] = row
    spread = engine.spread(time_s, begin_s)
    return Layer(
        vehicle_class=vehicle_class,
        time_s=time_s,
        stands=stands,
        links=links,
        begin_s=begin_s,
        giver=giver,
        handling_s=handling_s,
        link=link,
        spread=spread,
        reached=reached_edges(graph, time_s, spread.time_s, stands),
    )


# --- at the places ------------------------------------------------------------------------------


def _arrived(
    graph: Graph,
    tables: RoadTables,
    layers: Sequence[Layer],
    sites: Sites,
    crs: str,
    max_walk_m: float,
    max_bypass_m: float,
    max_time_s: float,
) -> Relay:
    n_sites = len(sites.lon)
    best_s = np.full(n_sites, np.inf)
    found = Relay(
        graph=graph,
        layers=tuple(layers),
        layer=np.full(n_sites, -1, dtype=np.int8),
        time_s=best_s,
        edge=np.full(n_sites, -1, dtype=np.int32),
        fraction=np.zeros(n_sites),
        arc=np.zeros(n_sites, dtype=np.intp),
        walk_m=np.full(n_sites, np.inf),
        walk_s=np.full(n_sites, np.inf),
        depot=np.full(n_sites, -1, dtype=np.intp),
    )
    for row, layer in enumerate(layers):
        open_s = arc_times(graph, layer.vehicle_class)
        own = attach_sites(
            graph, tables, sites, usable=usable_edges(graph, open_s), crs=crs,
            max_walk_m=np.full(n_sites, max_walk_m), k=1,
        )  # fmt: skip
        limit_m = np.minimum(own.walk_m[:, 0] + max_bypass_m, max_walk_m)
        limit_m[own.edge[:, 0] < 0] = -1.0
        access = attach_sites(
            graph, tables, sites, usable=layer.reached, crs=crs, max_walk_m=limit_m
        )
        _keep_sooner(found, row, layer, access, max_time_s)
    return found


def _keep_sooner(found: Relay, row: int, layer: Layer, access: Access, max_time_s: float) -> None:
    """Write the sites that this layer reaches sooner than those before it."""
    graph = found.graph
    nobody = np.empty((1, 0))
    trees = Trees(
        time_s=layer.spread.time_s[None, :], parent=nobody.astype(np.int32),
        arc=nobody.astype(np.int32), link=nobody.astype(np.int32), links=_no_links(),
    )  # fmt: skip
    time_s, how = arrivals(graph, layer.time_s, trees, _nowhere(), access)
    best_s, depot = time_s[0], np.full(access.n_points, -1, dtype=np.intp)
    candidate = np.where(how[0] >= 0, candidate_of(how[0]), 0)
    if layer.stands is not None:
        for column in range(access.edge.shape[1]):
            staying_s = _on_one_edge(graph, layer.time_s, layer.stands, access, column)
            if not len(staying_s):
                continue
            which = staying_s.argmin(axis=0)
            sooner = staying_s[which, np.arange(access.n_points)] < best_s
            best_s[sooner] = staying_s[which, np.arange(access.n_points)][sooner]
            candidate[sooner], depot[sooner] = column, which[sooner]
    better = (best_s < found.time_s) & (best_s <= max_time_s)
    at, column = np.flatnonzero(better), candidate[better]
    found.layer[at], found.time_s[at], found.depot[at] = row, best_s[at], depot[at]
    found.edge[at], found.fraction[at] = access.edge[at, column], access.fraction[at, column]
    found.arc[at] = arriving(graph, how[0][at], found.edge[at])[1]
    found.walk_m[at], found.walk_s[at] = access.walk_m[at, column], access.walk_s[at, column]


def _no_links() -> Links:
    rows, shares = np.empty(0, dtype=np.intp), np.empty(0)
    return Links(
        origin=rows, node=np.empty(0, dtype=np.int32), time_s=shares, arc=rows, share=shares,
        candidate=rows,
    )  # fmt: skip


def _nowhere() -> Access:
    """One origin that stands on no edge: its ways begin at nodes."""
    never = np.full((1, 1), np.inf)
    return Access(
        edge=np.full((1, 1), -1, dtype=np.int32), fraction=np.zeros((1, 1)),
        walk_m=never, walk_s=never,
    )  # fmt: skip
