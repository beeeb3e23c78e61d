"""Travel between depots and places of a plan: times, lengths and the ways themselves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from dashboard.operations.reaching import MAX_TIME_S, MAX_WALK_M
from geo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from numpy.typing import NDArray
    from shapely import LineString

    from dashboard.operations.situation import Situation
    from geo.model import Closure, Depot, VehicleClassName
    from geo.network import RoadTables
    from routing.graph import Graph
    from routing.matrix import TimeMatrix
    from routing.vehicles import VehicleClass
    from routing.ways import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """Depots, then places: the points of a plan, in the order of every matrix."""

    ids: tuple[str, ...]
    lon: tuple[float, ...]
    lat: tuple[float, ...]
    n_depots: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Travel:
    """Travel of one class between points under the closures of one moment."""

    points: Points
    arc_time_s: NDArray[np.float64]
    matrix: TimeMatrix


def points_of(
    situation: Situation,
    depots: Sequence[Depot],
    place_ids: Sequence[str],
    *,
    roadheads: Mapping[str, tuple[float, float]] | None = None,
) -> Points:
    """Give the points of these depots and places; raises `InputError` for an unknown place.

    Convoys for a place in `roadheads` stop there, at lon, lat, instead of at the place.
    """
    frame = situation.places().set_index("place_id")
    # A plan may name a place by an id that was joined to another since.
    current_place = situation.current_places()
    now = [current_place(place) for place in place_ids]
    if missing := [place for place in now if place not in frame.index]:
        raise InputError(
            f"place {missing[0]}", "it is not among the places of this situation", "load it again"
        )
    here = frame.loc[now]
    moved = roadheads or {}
    where = [
        moved.get(place, (float(x), float(y)))
        for place, x, y in zip(place_ids, here.geometry.x, here.geometry.y, strict=True)
    ]
    return Points(
        ids=(*(depot.depot_id for depot in depots), *place_ids),
        lon=(*(depot.lon for depot in depots), *(one[0] for one in where)),
        lat=(*(depot.lat for depot in depots), *(one[1] for one in where)),
        n_depots=len(depots),
    )


def travel_by_class(
    situation: Situation,
    names: Sequence[VehicleClassName],
    points: Points,
    *,
    closures: Sequence[Closure],
    at: datetime,
) -> Mapping[VehicleClassName, Travel]:
    """Give the travel of each class; classes without a travel table are left out."""
    known = situation.vehicle_classes()
    in_force = tuple(one for one in closures if one.holds_at(at))
    result: dict[VehicleClassName, Travel] = {}
    for name in names:
        if name not in known:
            continue
        key = (
            "travel",
            name,
            points,
            situation.roads_key(),
            tuple(closure.closure_id for closure in in_force),
        )
        make = partial(_travel, situation, name, points, in_force, at)
        result[name] = situation.remember(key, make)
    return result


def _travel(
    situation: Situation,
    name: VehicleClassName,
    points: Points,
    closures: Sequence[Closure],
    at: datetime,
) -> Travel:
    from routing.closures import overlay
    from routing.matrix import time_matrix
    from routing.travel import arc_times

    graph, tables = situation.graph(), situation.roads()
    vehicle_class = situation.vehicle_classes()[name]
    closed = overlay(graph, closures, at=at)
    matrix = time_matrix(
        graph,
        tables,
        vehicle_class=vehicle_class,
        overlay=closed,
        lon=points.lon,
        lat=points.lat,
        crs=situation.crs(),
        max_walk_m=MAX_WALK_M,
        depots=np.arange(points.n_depots),
        engine=situation.engine(),
    )
    return Travel(
        points=points,
        arc_time_s=arc_times(graph, vehicle_class, closed),
        matrix=_as_reach_sees_it(
            matrix, _open_walk_m(situation, vehicle_class, points), vehicle_class.range_m
        ),
    )


def _open_walk_m(
    situation: Situation, vehicle_class: VehicleClass, points: Points
) -> NDArray[np.float64]:
    """Give the walk from each point to the nearest road of the class if nothing were closed."""
    from routing.access import attach
    from routing.travel import arc_times, usable_edges

    graph = situation.graph()
    return attach(
        graph,
        situation.roads(),
        points.lon,
        points.lat,
        usable=usable_edges(graph, arc_times(graph, vehicle_class)),
        crs=situation.crs(),
        max_walk_m=MAX_WALK_M,
        k=1,
    ).walk_m[:, 0]


def _as_reach_sees_it(
    matrix: TimeMatrix, open_walk_m: NDArray[np.float64], range_m: float
) -> TimeMatrix:
    """Close what reach calls cut off, so that no plan serves what the map shows as out of reach.

    Ways longer than the time limit (a mule may walk for three days) or than the range of the class,
    and places whose road is closed while another one lies much farther away.
    """
    from routing.access import MAX_BYPASS_M

    apart = ~(matrix.walk_m <= open_walk_m + MAX_BYPASS_M)
    far = (matrix.travel_time_s > MAX_TIME_S) | (matrix.length_m > range_m)
    far |= apart[:, None] | apart[None, :]
    np.fill_diagonal(far, val=False)
    return replace(
        matrix,
        travel_time_s=np.where(far, np.inf, matrix.travel_time_s),
        length_m=np.where(far, np.inf, matrix.length_m),
        attached=matrix.attached & ~apart,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way on the road from a point to another, in the direction of travel.

    `geometry` is in EPSG:4326; `roads` gives the name or number of each stretch with the metre at
    which it begins.
    """

    geometry: LineString
    length_m: float
    travel_time_s: float
    roads: tuple[tuple[str, float], ...]


def ways(
    situation: Situation, travel: Travel, pairs: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], Way]:
    """Give the way between each pair of points; a pair without a way is left out.

    All ways from one point are found in one search.
    """
    graph, tables, engine = situation.graph(), situation.roads(), situation.engine()
    row_of = {point: row for row, point in enumerate(travel.points.ids)}
    access = travel.matrix.access.without_walk()
    found: dict[tuple[str, str], Path] = {}
    by_origin: dict[str, list[str]] = {}
    for origin, destination in dict.fromkeys(pairs):
        by_origin.setdefault(origin, []).append(destination)
    for origin, destinations in by_origin.items():
        rows = [row_of[one] for one in destinations]
        ends = access.take(rows)
        made = engine.paths(travel.arc_time_s, access.take([row_of[origin]]), ends)
        for destination, path in zip(destinations, made, strict=True):
            if path is not None:
                found[origin, destination] = path
    name_of = _road_names(graph, tables, found.values())
    return {pair: _way(graph, tables, path, name_of) for pair, path in found.items()}


def _road_names(graph: Graph, tables: RoadTables, found: Iterable[Path]) -> dict[int, str]:
    """Number, else name, of every road that some ways use, by the row of its edge.

    Asked once for all of them: a table gives a few thousand rows as fast as ten.
    """
    used = [graph.edge[one.arcs] for one in found]
    if not used:
        return {}
    rows = np.unique(np.concatenate(used))
    edges = tables.edges[["ref", "name"]].take(rows)
    names = edges["ref"].where(edges["ref"] != "", edges["name"])
    return dict(zip(rows.tolist(), names.tolist(), strict=True))


def _way(graph: Graph, tables: RoadTables, path: Path, name_of: Mapping[int, str]) -> Way:
    from routing.ways import path_geometry

    edges = graph.edge[path.arcs]
    shares = np.ones(len(edges))
    shares[-1] = path.to_share
    shares[0] -= path.from_share
    ends_m = np.cumsum(graph.length_m[edges] * np.clip(shares, 0.0, 1.0))
    begins_m = np.concatenate([[0.0], ends_m[:-1]])
    roads: list[tuple[str, float]] = []
    for edge, begin_m in zip(edges.tolist(), begins_m, strict=True):
        name = name_of[edge]
        if not roads or roads[-1][0] != name:
            roads.append((name, float(begin_m)))
    return Way(
        geometry=path_geometry(graph, tables, path),
        length_m=path.length_m,
        travel_time_s=path.time_s,
        roads=tuple(roads),
    )
