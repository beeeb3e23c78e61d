"""Chains: the ways that a relay found, taken apart into legs and the roadheads between them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from geo.crs import project
from routing.relay import FROM_DEPOT, Layer, Relay

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import ArrayLike, NDArray

    from geo.model import Depot, VehicleClassName

_NO_NODE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """A part of the way in one vehicle class; `start` and `end` are a depot, an edge or a place.

    `handling_s` is spent before it, on changing the load over; it is not part of `travel_time_s`.
    """

    vehicle_class: VehicleClassName
    start: str
    end: str
    travel_time_s: float
    length_m: float
    handling_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Roadhead:
    """Where a load changes vehicles: at the end of `edge_id` that lies at `lon`, `lat`, degrees.

    `node` is its row in the graph; `near` the nearest place, `near_m` away in a straight line
    (``""`` and NaN where there are no places).
    """

    node: int
    edge_id: str
    lon: float
    lat: float
    near: str
    near_m: float
    giver: VehicleClassName
    taker: VehicleClassName
    handling_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The fastest way of a load to a place; `capacity_*` is one vehicle of its smallest class."""

    depot_id: str
    travel_time_s: float
    walk_m: float
    legs: tuple[Leg, ...]
    roadheads: tuple[Roadhead, ...]
    capacity_kg: float
    capacity_m3: float

    @property
    def classes(self) -> tuple[VehicleClassName, ...]:
        """The vehicle classes in order; the walk at the end is none of them."""
        return (*(one.giver for one in self.roadheads), self._last)

    @property
    def _last(self) -> VehicleClassName:
        return self.legs[len(self.roadheads)].vehicle_class


def chains(
    relay: Relay,
    *,
    depots: Sequence[Depot],
    places: gpd.GeoDataFrame,
    crs: str,
    rows: ArrayLike | None = None,
) -> list[Chain | None]:
    """The chains to the sites in `rows` (default: all), None where there is none.

    Parameters
    ----------
    depots, places
        Those that `relay` was computed for, in the same order.
    """
    wanted = np.arange(len(relay.layer)) if rows is None else np.asarray(rows, dtype=np.intp)
    parts = _parts(relay, wanted)
    near = _nearest_places(relay, parts, places, crs)
    ids = [str(place_id) for place_id in places["place_id"]]
    last_ids = relay.graph.edge_ids.take(np.maximum(relay.edge[wanted], 0)).tolist()
    return [
        _chain(relay, parts, at, int(row), depots, ids[row], last_ids[at], near)
        if relay.layer[row] >= 0
        else None
        for at, row in enumerate(wanted.tolist())
    ]


# --- back from the places ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Parts:
    """What each way does in each layer, (n_ways, n_layers): -1 and NaN where it does not go there.

    It begins at `begin` and ends at node `end`, after `time_s` and `length_m`.
    """

    begin: NDArray[np.intp]
    end: NDArray[np.intp]
    time_s: NDArray[np.float64]
    length_m: NDArray[np.float64]


def _parts(relay: Relay, rows: NDArray[np.intp]) -> _Parts:
    """Follow all ways back, layer by layer: a giver always comes before the one that takes."""
    graph, n_layers = relay.graph, len(relay.layers)
    shape = (len(rows), n_layers)
    begin, end = np.full(shape, _NO_NODE, dtype=np.intp), np.full(shape, _NO_NODE, dtype=np.intp)
    time_s, length_m = np.full(shape, np.nan), np.full(shape, np.nan)
    layer = np.where(relay.depot[rows] >= 0, -1, relay.layer[rows]).astype(np.intp)
    node = graph.tail[relay.arc[rows]].astype(np.intp)
    for row in range(n_layers - 1, -1, -1):
        here = np.flatnonzero(layer == row)
        if not len(here):
            continue
        one = relay.layers[row]
        end[here, row] = node[here]
        root, length_m[here, row] = _back(graph.length_m[graph.edge], one, node[here])
        begin[here, row] = root
        from_depot = one.giver[root] == FROM_DEPOT
        began_s = np.where(from_depot, 0.0, one.begin_s[root])
        time_s[here, row] = one.spread.time_s[node[here]] - began_s
        if one.links is not None:
            first = here[from_depot]
            link = one.link[root[from_depot]]
            part = 1.0 - one.links.share[link]
            length_m[first, row] += part * graph.length_m[graph.edge[one.links.arc[link]]]
        node[here], layer[here] = root, one.giver[root]
    return _Parts(begin=begin, end=end, time_s=time_s, length_m=length_m)


def _back(
    arc_m: NDArray[np.float64], layer: Layer, node: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Where the ways to these nodes begin in the layer, and how long they are there."""
    parent, arc = layer.spread.parent, layer.spread.arc
    root, length_m = node.copy(), np.zeros(len(node))
    going = np.flatnonzero(parent[root] >= 0)
    while len(going):
        at = root[going]
        length_m[going] += arc_m[arc[at]]
        root[going] = parent[at]
        going = going[parent[root[going]] >= 0]
    return root, length_m


def _nearest_places(
    relay: Relay, parts: _Parts, places: gpd.GeoDataFrame, crs: str
) -> dict[int, tuple[str, float]]:
    """Name and distance of the place nearest to every node where a load changes."""
    node = np.unique(parts.begin[parts.begin >= 0])
    x_m, y_m = project(places.geometry.x.to_numpy(), places.geometry.y.to_numpy(), crs)
    there = np.isfinite(x_m) & np.isfinite(y_m)
    if not len(node) or not there.any():
        return {}
    at_x_m, at_y_m = project(relay.graph.lon[node], relay.graph.lat[node], crs)
    away_m, row = cKDTree(np.column_stack([x_m[there], y_m[there]])).query(
        np.column_stack([at_x_m, at_y_m])
    )
    names = places["name"].to_numpy(dtype=object)[there]
    return {int(n): (str(names[r]), float(m)) for n, r, m in zip(node, row, away_m, strict=True)}


# --- as legs -----------------------------------------------------------------------------------


def _chain(
    relay: Relay,
    parts: _Parts,
    at: int,
    row: int,
    depots: Sequence[Depot],
    place_id: str,
    last_edge: str,
    near: dict[int, tuple[str, float]],
) -> Chain:
    used = [number for number in range(len(relay.layers)) if parts.begin[at, number] >= 0]
    roadheads = tuple(_roadhead(relay, parts, at, a, b, near) for a, b in pairwise(used))
    final = used[-1] if used else int(relay.layer[row])
    depot_id = depots[_depot(relay, parts, at, row, used)].depot_id
    walk_m = float(relay.walk_m[row])
    stations = [depot_id, *(one.edge_id for one in roadheads)]
    stations.append(last_edge if walk_m > 0 else place_id)
    rest_s, rest_m = _last_part(relay, row)
    handling_s = [0.0, *(one.handling_s for one in roadheads)]
    legs = []
    for number, which in enumerate(used or [final]):
        time_s, length_m = (
            (parts.time_s[at, which], parts.length_m[at, which]) if used else (0.0, 0.0)
        )
        is_last = which == final
        legs.append(
            Leg(
                vehicle_class=relay.layers[which].vehicle_class.name,
                start=stations[number],
                end=stations[number + 1],
                travel_time_s=float(time_s) + (rest_s if is_last else 0.0),
                length_m=float(length_m) + (rest_m if is_last else 0.0),
                handling_s=handling_s[number],
            )
        )
    if walk_m > 0:
        walker: VehicleClassName = "mule" if legs[-1].vehicle_class == "mule" else "foot"
        legs.append(
            Leg(
                vehicle_class=walker,
                start=last_edge,
                end=place_id,
                travel_time_s=float(relay.walk_s[row]),
                length_m=walk_m,
            )
        )
    driven = [relay.layers[which].vehicle_class for which in used or [final]]
    return Chain(
        depot_id=depot_id,
        travel_time_s=float(relay.time_s[row]),
        walk_m=walk_m,
        legs=tuple(legs),
        roadheads=roadheads,
        capacity_kg=min(one.capacity_kg for one in driven),
        capacity_m3=min(one.capacity_m3 for one in driven),
    )


def _depot(relay: Relay, parts: _Parts, at: int, row: int, used: list[int]) -> int:
    if not used:
        return int(relay.depot[row])
    first = relay.layers[used[0]]
    links = first.links
    if links is None:
        raise ValueError("a chain begins in a layer that no depot sends to")
    return int(links.origin[first.link[parts.begin[at, used[0]]]])


def _last_part(relay: Relay, row: int) -> tuple[float, float]:
    """Seconds and metres along the last edge, from its end or from where the depot stands."""
    graph, edge = relay.graph, int(relay.edge[row])
    layer = relay.layers[int(relay.layer[row])]
    fraction = float(relay.fraction[row])
    if (depot := int(relay.depot[row])) >= 0 and layer.stands is not None:
        column = int(np.flatnonzero(layer.stands.edge[depot] == edge)[0])
        share = abs(fraction - float(layer.stands.fraction[depot, column]))
        return float(relay.time_s[row] - relay.walk_s[row]), share * float(graph.length_m[edge])
    arc = int(relay.arc[row])
    share = fraction if graph.along[arc] else 1.0 - fraction
    rest_s = share * float(layer.time_s[arc]) if share > 0.0 else 0.0
    return rest_s, share * float(graph.length_m[edge])


def _roadhead(
    relay: Relay, parts: _Parts, at: int, a: int, b: int, near: dict[int, tuple[str, float]]
) -> Roadhead:
    graph, node = relay.graph, int(parts.begin[at, b])
    giver, taker = relay.layers[a], relay.layers[b]
    name, near_m = near.get(node, ("", float("nan")))
    return Roadhead(
        node=node,
        edge_id=str(graph.edge_ids[_edge_into(relay, giver, node)]),
        lon=float(graph.lon[node]),
        lat=float(graph.lat[node]),
        near=name,
        near_m=near_m,
        giver=giver.vehicle_class.name,
        taker=taker.vehicle_class.name,
        handling_s=float(taker.handling_s[node]),
    )


def _edge_into(relay: Relay, layer: Layer, node: int) -> int:
    """The edge on which a layer comes to a node; where it only begins there, as it came before."""
    graph = relay.graph
    while True:
        if (arc := int(layer.spread.arc[node])) >= 0:
            return int(graph.edge[arc])
        if layer.giver[node] == FROM_DEPOT and layer.links is not None:
            return int(graph.edge[int(layer.links.arc[layer.link[node]])])
        layer = relay.layers[int(layer.giver[node])]
