"""Closures on the graph: what each does to which arc, and which edges a person means.

A closure is evidence about edges (rule 6 of the design). It becomes a factor on the times of their
arcs: inf where it closes, more than 1 where it slows. The graph is never touched, so opening a
road again gives back the very same numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.crs import project
from geo.errors import CoverageError, EmptyInputError, RuleError
from geo.model import require_lon_lat
from routing.edge_index import edge_index, nearest_edges

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from geo.model import Closure
    from geo.network import RoadTables
    from routing.edge_index import EdgeIndex
    from routing.graph import Graph
    from routing.vehicles import VehicleClass

# People who point at the map mean the road, not the footpath beside it. Estimate.
PATH_HANDICAP_M = 25.0
# Where a bridge and the road below lie under one point, the road on the ground is meant. Estimate.
BRIDGE_HANDICAP_M = 10.0
PATH_KINDS = frozenset({"footway", "path", "steps", "pedestrian", "cycleway", "bridleway"})
MAX_NEAR_M = 250.0
_CANDIDATES = 12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Overlay:
    """What the closures in force at one moment do to the arcs of a graph.

    `closures` are those in force, sorted by id. `arc` and `closure`, shape (n_marks,), pair an
    arc with the row in `closures` that speaks of it. `unknown_edges` are (closure id, edge id)
    that the graph does not hold: the report about the road stands, but nothing is closed by it.
    `contradicted` are closures about an edge of which another report says that it is open.
    """

    n_arcs: int
    closures: tuple[Closure, ...]
    arc: NDArray[np.intp]
    closure: NDArray[np.intp]
    unknown_edges: tuple[tuple[str, str], ...]
    contradicted: frozenset[str]

    def factor(self, vehicle_class: VehicleClass) -> NDArray[np.float64]:
        """(n_arcs,) by what the time along each arc is multiplied for this class."""
        factor = np.ones(self.n_arcs)
        arc, closure, effect = self._marks(vehicle_class)
        del closure
        np.maximum.at(factor, arc, effect)
        return factor

    def decided_by(self, vehicle_class: VehicleClass) -> NDArray[np.int32]:
        """(n_arcs,) row in `closures` of the one that decides the factor of each arc, -1 = none.

        The strongest effect decides; among equals the surest report, then the smallest id.
        """
        decided = np.full(self.n_arcs, -1, dtype=np.int32)
        arc, closure, effect = self._marks(vehicle_class)
        confidence = np.array([c.confidence for c in self.closures])
        effective = effect > 1.0
        arc, closure, effect = arc[effective], closure[effective], effect[effective]
        order = np.lexsort((-closure, confidence[closure], effect))
        decided[arc[order]] = closure[order]
        return decided

    def _marks(
        self, vehicle_class: VehicleClass
    ) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
        speaks = np.array([c.speaks_of(vehicle_class.name) for c in self.closures], dtype=bool)
        effect = np.array([effect_on(c, vehicle_class) for c in self.closures], dtype=np.float64)
        kept = speaks[self.closure]
        return self.arc[kept], self.closure[kept], effect[self.closure[kept]]


def effect_on(closure: Closure, vehicle_class: VehicleClass) -> float:
    """By what a closure that speaks of a class multiplies its time; inf = it does not pass.

    A restriction that says a weight stops what is heavier and slows nobody else; one that says none
    leaves the share of the speed that the class names. `unknown` is doubt and `open` is good news:
    neither slows anybody. Reach asks what would be if the doubt were right.
    """
    if closure.state == "closed":
        return float("inf")
    if closure.state != "restricted":
        return 1.0
    if closure.max_weight_t is not None:
        return float("inf") if vehicle_class.gross_weight_t > closure.max_weight_t else 1.0
    return 1.0 / vehicle_class.damage.restricted


@dataclass(frozen=True, slots=True, kw_only=True)
class NearEdge:
    """An edge that a person may have meant, and what tells it from the one above or below it."""

    edge_id: str
    distance_m: float
    name: str
    ref: str
    highway: str
    layer: int
    bridge: bool
    tunnel: bool


def overlay(graph: Graph, closures: Sequence[Closure], *, at: datetime) -> Overlay:
    """Lay the closures that are in force at `at` over the graph.

    An edge id with a trailing ``+`` or ``-`` speaks of one direction, a bare one of both.

    Raises
    ------
    RuleError
        `at` does not say its time zone.
    """
    if at.tzinfo is None:
        raise RuleError(f"time {at.isoformat()}", "a time with its zone is needed", "use UTC")
    in_force = tuple(sorted((c for c in closures if c.holds_at(at)), key=lambda c: c.closure_id))
    mark_ids = [edge_id for closure in in_force for edge_id in closure.edges]
    n_marks = np.array([len(closure.edges) for closure in in_force], dtype=np.intp)
    mark_closure = np.repeat(np.arange(len(in_force), dtype=np.intp), n_marks)
    direction = np.array([edge_id[-1:] for edge_id in mark_ids], dtype="U1")
    directed = (direction == "+") | (direction == "-")
    bare = [e[:-1] if d else e for e, d in zip(mark_ids, directed.tolist(), strict=True)]
    row, of_mark = _edge_rows(graph, bare)
    mark_closure, direction = mark_closure[of_mark], direction[of_mark]
    mark_ids = [mark_ids[mark] for mark in of_mark.tolist()]
    known = row >= 0
    along = known & (direction != "-")
    against = known & (direction != "+")
    arcs_along, of_along = graph.arcs_of(row[along], against=False)
    arcs_against, of_against = graph.arcs_of(row[against], against=True)
    arc = np.concatenate([arcs_along, arcs_against])
    closure = np.concatenate([mark_closure[along][of_along], mark_closure[against][of_against]])
    unknown = tuple(
        (in_force[mark_closure[mark]].closure_id, mark_ids[mark]) for mark in np.flatnonzero(~known)
    )
    return Overlay(
        n_arcs=graph.n_arcs,
        closures=in_force,
        arc=arc,
        closure=closure,
        unknown_edges=unknown,
        contradicted=_contradicted(in_force, arc, closure),
    )


def _edge_rows(graph: Graph, edge_ids: Sequence[str]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows of edges, and for each the id it belongs to; -1 where the graph has no such edge.

    An edge that was cut since, where a gap was joined, stands for all its parts (``ID/1`` …); a
    part whose edge is whole again stands for the whole.
    """
    row = graph.rows_of(edge_ids)
    mark = np.arange(len(row), dtype=np.intp)
    lost = np.flatnonzero(row < 0)
    if not len(lost):
        return row, mark
    wanted = {edge_ids[at]: at for at in lost.tolist()}
    parts = [
        (at, wanted[whole])
        for at, edge_id in enumerate(graph.edge_ids)
        if "/" in edge_id and (whole := edge_id.rpartition("/")[0]) in wanted
    ]
    whole = graph.rows_of([edge_ids[at].rpartition("/")[0] for at in lost.tolist()])
    row[lost] = whole
    found = np.array(parts, dtype=np.intp).reshape(-1, 2)
    kept = ~np.isin(mark, found[:, 1])
    return np.concatenate([row[kept], found[:, 0]]), np.concatenate([mark[kept], found[:, 1]])


def edges_near(
    tables: RoadTables,
    lon: float,
    lat: float,
    *,
    crs: str,
    max_distance_m: float = MAX_NEAR_M,
    road: str | None = None,
    layer: int | None = None,
) -> tuple[str, ...]:
    """Id of the edge that is meant by a point: the first of `candidates_near`, as a tuple."""
    found = candidates_near(
        tables, lon, lat, crs=crs, max_distance_m=max_distance_m, road=road, layer=layer
    )
    return (found[0].edge_id,)


def candidates_near(
    tables: RoadTables,
    lon: float,
    lat: float,
    *,
    crs: str,
    max_distance_m: float = MAX_NEAR_M,
    road: str | None = None,
    layer: int | None = None,
) -> list[NearEdge]:
    """Edges near a point, likeliest first.

    So that a bridge and the road below it can be told apart. Sorted by distance; a footpath counts
    as `PATH_HANDICAP_M` farther than it is, a bridge or tunnel as `BRIDGE_HANDICAP_M`.

    Parameters
    ----------
    crs
        Projected working CRS.
    road
        Only edges with this name or number (``N9`` finds ``N9;R203``); case does not matter.
    layer
        Only edges on this level (the OSM tag: 0 on the ground, 1 above, -1 below).

    Raises
    ------
    CoverageError
        No road (of that name) lies within `max_distance_m`; the message says how far one is.
    """
    require_lon_lat("point of a closure", lon, lat)
    x_m, y_m = project([lon], [lat], crs)
    points = np.asarray(shapely.points(x_m, y_m), dtype=object)
    index = edge_index(tables, crs)
    named = np.ones(len(tables.edges), dtype=bool) if road is None else _named(tables, road)
    if layer is not None:
        named = named & _on_layer(tables, layer)
    row, far_m = nearest_edges(
        index, points, of=named, max_distance_m=max_distance_m, k=_CANDIDATES
    )
    found = row[0] >= 0
    if not found.any():
        raise _nothing_near(index, points, named, lon, lat, max_distance_m, road)
    edges = tables.edges.iloc[row[0][found]]
    distance_m = far_m[0][found]
    rank_m = distance_m + PATH_HANDICAP_M * edges["highway"].isin(PATH_KINDS).to_numpy()
    rank_m = rank_m + BRIDGE_HANDICAP_M * (edges["bridge"] | edges["tunnel"]).to_numpy()
    return [
        NearEdge(
            edge_id=str(edges["edge_id"].iloc[at]),
            distance_m=float(distance_m[at]),
            name=str(edges["name"].iloc[at]),
            ref=str(edges["ref"].iloc[at]),
            highway=str(edges["highway"].iloc[at]),
            layer=int(edges["layer"].iloc[at]),
            bridge=bool(edges["bridge"].iloc[at]),
            tunnel=bool(edges["tunnel"].iloc[at]),
        )
        for at in np.argsort(rank_m, kind="stable")
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaEdges:
    """Edges that an area closes, and those above or below it that it only crosses on the map."""

    edges: tuple[str, ...]
    passing: tuple[str, ...]


def edges_in_area(
    tables: RoadTables,
    area: shapely.Geometry,
    *,
    road: str | None = None,
    layer: int | None = None,
) -> AreaEdges:
    """The edges that a polygon touches, in the order of the table.

    A landslide below a bridge does not close the bridge: bridges and tunnels count only where both
    their ends lie in the area too, the others are `passing`. Whoever means them names the `layer`.

    Parameters
    ----------
    area
        Polygon or MultiPolygon in EPSG:4326.
    road, layer
        Only edges with this name or number, on this level.

    Raises
    ------
    EmptyInputError
        It is no area, or an empty one.
    CoverageError
        No road (of that name, on that level) lies in it, or only bridges over it.
    """
    if shapely.is_missing(area) or area.is_empty or not area.geom_type.endswith("Polygon"):
        raise EmptyInputError("area of a closure", "a polygon is needed", "draw the area closed")
    lines = np.asarray(tables.edges.geometry.array, dtype=object)
    whole = shapely.make_valid(area)
    rows = np.sort(shapely.STRtree(lines).query(whole, predicate="intersects"))
    if road is not None:
        rows = rows[_named(tables, road)[rows]]
    if layer is not None:
        rows = rows[_on_layer(tables, layer)[rows]]
    west, south, east, north = area.bounds
    shown = f"area from lon {west:.4f}, lat {south:.4f} to lon {east:.4f}, lat {north:.4f}"
    if len(rows) == 0:
        which = "a road" + (f" {road}" if road else "")
        which += "" if layer is None else f" on layer {layer}"
        raise CoverageError(
            shown,
            f"it must touch {which}, and touches none",
            "check the area and its CRS (EPSG:4326)",
        )
    passes = np.zeros(len(rows), dtype=bool)
    if layer is None:
        off = (tables.edges["bridge"] | tables.edges["tunnel"]).to_numpy()[rows]
        ends = [shapely.get_point(lines[rows], at) for at in (0, -1)]
        passes = off & ~(shapely.intersects(whole, ends[0]) & shapely.intersects(whole, ends[1]))
    ids = tables.edges["edge_id"].iloc[rows].astype(str)
    if passes.all():
        raise CoverageError(
            f"{shown}: only bridges or tunnels cross it ({', '.join(ids.iloc[:5])})",
            "a road on the ground is needed, or the level of the one that is meant",
            "name the bridge as EDGE, or give its --layer",
        )
    return AreaEdges(edges=tuple(ids[~passes]), passing=tuple(ids[passes]))


def _contradicted(
    closures: tuple[Closure, ...], arc: NDArray[np.intp], closure: NDArray[np.intp]
) -> frozenset[str]:
    says_open = np.array([c.state == "open" for c in closures], dtype=bool)
    if not says_open.any():
        return frozenset()
    against = ~says_open[closure] & np.isin(arc, arc[says_open[closure]])
    return frozenset(closures[row].closure_id for row in np.unique(closure[against]))


def _named(tables: RoadTables, road: str) -> NDArray[np.bool_]:
    wanted = " ".join(road.split()).casefold()
    if not wanted:
        raise RuleError(f"road {road!r}", "a name or a number is needed", "leave it out or give it")

    def says(written: str) -> bool:
        parts = [" ".join(part.split()).casefold() for part in written.split(";")]
        return wanted in parts

    edges = tables.edges
    # A country has far fewer names than edges.
    matching = {
        written
        for written in {*edges["name"].unique(), *edges["ref"].unique()}
        if written and says(written)
    }
    named: NDArray[np.bool_] = (
        edges["name"].isin(matching) | edges["ref"].isin(matching)
    ).to_numpy()
    if not named.any():
        raise CoverageError(
            f"road {road!r}", "no road of that name or number is loaded", "check the spelling"
        )
    return named


def _on_layer(tables: RoadTables, layer: int) -> NDArray[np.bool_]:
    there: NDArray[np.bool_] = tables.edges["layer"].to_numpy() == layer
    if not there.any():
        levels = ", ".join(str(one) for one in sorted(tables.edges["layer"].unique()))
        raise CoverageError(
            f"layer {layer}", "no road lies on it", f"levels that are there: {levels}"
        )
    return there


def _nothing_near(
    index: EdgeIndex,
    points: NDArray[np.object_],
    named: NDArray[np.bool_],
    lon: float,
    lat: float,
    max_distance_m: float,
    road: str | None,
) -> CoverageError:
    if not named.any():
        return CoverageError(
            f"road {road!r}", "it has no piece on that layer", "leave one of the two out"
        )
    lines = index.lines(np.flatnonzero(named))
    nearest_m = float(shapely.distance(points[0], lines).min())
    what = "road" if road is None else f"piece of {road}"
    return CoverageError(
        f"point lon {lon:.5f}, lat {lat:.5f}",
        f"a {what} within {max_distance_m:,.0f} m is needed; the nearest is {nearest_m:,.0f} m "
        "away",
        "point at the road, or check the order (lon, lat)",
    )
