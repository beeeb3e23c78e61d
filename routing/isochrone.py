"""Isochrones: the ground within some minutes of the depots, polygons around roads reached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.errors import RuleError
from routing.edge_index import working_lines
from routing.travel import _links, arc_times, usable_edges
from routing.world import stands_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from geo.model import Depot
    from geo.network import RoadTables
    from routing.access import Access
    from routing.closures import Overlay
    from routing.engine import Engine
    from routing.graph import Graph
    from routing.vehicles import VehicleClass

# How far from a road counts as reached by it; a quarter of an hour on foot at Tobler's pace off
# paths. Estimate.
BUFFER_M = 500.0
# Bends that are smaller do not show in a polygon that lies this much farther out.
_SIMPLIFY_SHARE = 0.04


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Isochrone:
    """What is reached within `limit_s`: a (Multi)Polygon in the working CRS, and the roads in it.

    `road_m` is the length of the roads that are reached, each counted once, partly reached ones by
    their part.
    """

    limit_s: float
    polygon: shapely.Geometry
    road_m: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parts:
    """Pieces of edges, (n_parts,): from share `low` to share `high` of the drawing."""

    edge: NDArray[np.intp]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def isochrones(
    engine: Engine,
    tables: RoadTables,
    vehicle_class: VehicleClass,
    depots: Sequence[Depot],
    *,
    overlay: Overlay | None,
    limits_s: Sequence[float],
    crs: str,
    buffer_m: float = BUFFER_M,
) -> list[Isochrone]:
    """The ground within each of `limits_s` of the depot that is nearest in time, shortest first.

    Parameters
    ----------
    overlay
        The closures; None = all roads open.
    crs
        Projected working CRS, in which the polygons are given.
    buffer_m
        How far around a road that is reached.
    """
    if not limits_s or not all(np.isfinite(s) and s > 0 for s in limits_s):
        raise RuleError(
            f"time limits {list(limits_s)}", "one or more above 0 s are needed", "correct them"
        )
    if not (np.isfinite(buffer_m) and buffer_m > 0):
        raise RuleError(f"buffer {buffer_m} m", "more than 0 m is needed", "correct it")
    graph = engine.graph
    open_s = arc_times(graph, vehicle_class)
    time_s = open_s if overlay is None else arc_times(graph, vehicle_class, overlay)
    stands = stands_of(graph, tables, depots, usable=usable_edges(graph, open_s), crs=crs)
    begin_s = np.full(graph.n_nodes, np.inf)
    links = _links(graph, time_s, stands)
    np.minimum.at(begin_s, links.node, links.time_s)
    node_s = engine.spread(time_s, begin_s).time_s
    lines = working_lines(tables, crs)
    polygon: shapely.Geometry = shapely.Polygon()
    known = np.zeros(graph.n_edges, dtype=bool)
    found = []
    for limit_s in sorted(set(limits_s)):
        parts = reached_parts(graph, time_s, node_s, stands, limit_s)
        whole = (parts.low <= 0.0) & (parts.high >= 1.0)
        fresh = ~(whole & known[parts.edge])
        pieces = cut_lines(lines[parts.edge[fresh]], parts.low[fresh], parts.high[fresh])
        smooth = shapely.simplify(pieces, buffer_m * _SIMPLIFY_SHARE)
        around = shapely.buffer(smooth, buffer_m, quad_segs=4)
        polygon = shapely.union_all([polygon, *around])
        known[parts.edge[whole]] = True
        road_m = float(((parts.high - parts.low) * graph.length_m[parts.edge]).sum())
        found.append(Isochrone(limit_s=limit_s, polygon=polygon, road_m=road_m))
    return found


def reached_parts(
    graph: Graph,
    time_s: NDArray[np.float64],
    node_s: NDArray[np.float64],
    stands: Access,
    limit_s: float,
) -> Parts:
    """Which part of which edge is reached within a limit, from nodes and from where depots stand.

    Parts of one edge do not overlap: those from its ends that meet are one whole.
    """
    from_u, from_v = np.zeros(graph.n_edges), np.zeros(graph.n_edges)
    rest_s = limit_s - node_s[graph.tail]
    goes = (rest_s > 0) & np.isfinite(time_s)
    share = np.zeros(graph.n_arcs)
    share[goes] = np.minimum(rest_s[goes] / time_s[goes], 1.0)
    np.maximum.at(from_u, graph.edge[graph.along], share[graph.along])
    np.maximum.at(from_v, graph.edge[~graph.along], share[~graph.along])
    edge, low, high = _around_stands(graph, time_s, stands, limit_s)
    rows = np.arange(graph.n_edges)
    edge = np.concatenate([rows, rows, edge])
    low = np.concatenate([np.zeros(graph.n_edges), 1.0 - from_v, low])
    high = np.concatenate([from_u, np.ones(graph.n_edges), high])
    kept = high > low
    return _merged(Parts(edge=edge[kept], low=low[kept], high=high[kept]))


def _around_stands(
    graph: Graph, time_s: NDArray[np.float64], stands: Access, limit_s: float
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    depot, column = np.nonzero(stands.edge >= 0)
    edge, at = stands.edge[depot, column].astype(np.intp), stands.fraction[depot, column]
    rest_s = np.maximum(limit_s - stands.walk_s[depot, column], 0.0)
    onward = np.minimum(at + rest_s / time_s[graph.arc_along[edge]], 1.0)
    back = np.maximum(at - rest_s / time_s[graph.arc_against[edge]], 0.0)
    return edge, back, onward


def _merged(parts: Parts) -> Parts:
    """Overlapping parts of one edge as one."""
    order = np.lexsort((parts.low, parts.edge))
    edge, low, high = parts.edge[order], parts.low[order], parts.high[order]
    if not len(edge):
        return parts
    # The farthest end so far, edge by edge: shares are below 2, so an edge number lifts them apart.
    lifted = np.maximum.accumulate(high + 2.0 * edge) - 2.0 * edge
    opens = np.ones(len(edge), dtype=bool)
    opens[1:] = (edge[1:] != edge[:-1]) | (low[1:] > lifted[:-1])
    first = np.flatnonzero(opens)
    return Parts(edge=edge[first], low=low[first], high=np.maximum.reduceat(high, first))


def cut_lines(
    lines: NDArray[np.object_], low: NDArray[np.float64], high: NDArray[np.float64]
) -> NDArray[np.object_]:
    """Pieces of lines between two shares of their length, low < high, all at once."""
    if not len(lines):
        return np.empty(0, dtype=object)
    points, row = shapely.get_coordinates(lines, return_index=True)
    step_m = np.hypot(*np.diff(points, axis=0, prepend=points[:1]).T)
    first = np.diff(row, prepend=-1) != 0
    step_m[first] = 0.0
    along_m = np.cumsum(step_m)
    along_m -= along_m[np.flatnonzero(first)][row]
    total_m = shapely.length(lines)
    begin_m, end_m = low * total_m, high * total_m
    inner = (along_m > begin_m[row]) & (along_m < end_m[row])
    ends = [shapely.line_interpolate_point(lines, at_m) for at_m in (begin_m, end_m)]
    which = np.concatenate([np.arange(len(lines)), row[inner], np.arange(len(lines))])
    at_m = np.concatenate([begin_m, along_m[inner], end_m])
    kind = np.concatenate([np.zeros(len(lines)), np.ones(int(inner.sum())), np.full(len(lines), 2)])
    corner = np.concatenate(
        [shapely.get_coordinates(ends[0]), points[inner], shapely.get_coordinates(ends[1])]
    )
    order = np.lexsort((kind, at_m, which))
    return np.asarray(shapely.linestrings(corner[order], indices=which[order]), dtype=object)
