"""Close and reopen roads: evidence on edges, keyed by edge, undone exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from data.events import RoadClosed, RoadReopened
from geo.errors import InputError, UnknownIdError
from geo.model import VEHICLE_CLASS_NAMES, Closure, RoadState, VehicleClassName, new_id

#: What a report can say of a road; only the first two keep anybody from it.
ROAD_STATES: tuple[str, ...] = ("closed", "restricted", "open", "unknown")
HINDERING = frozenset({"closed", "restricted"})
#: No road carries more; a number above is in kg or a slip.
MAX_WEIGHT_T = 200.0

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    import geopandas as gpd

    from dashboard.operations.situation import Situation
    from routing.closures import AreaEdges


def close_road(
    situation: Situation,
    *,
    edges: Sequence[str] = (),
    near: tuple[float, float] | None = None,
    road: str | None = None,
    layer: int | None = None,
    area: Path | None = None,
    classes: Sequence[str] = (),
    state: str = "closed",
    until: datetime | None = None,
    source: str = "",
    reason: str = "",
    confidence: float = 1.0,
    max_weight_t: float | None = None,
) -> dict[str, Any]:
    """Close or restrict edges, or report them open or in doubt: named, near a point, in an area.

    A report that a road is ``open`` ends no closure: it contradicts those on the same edges, and
    what hangs on them is called doubtful until somebody reopens one or the other.

    Returns
    -------
    dict
        ``{closure_id, edges, classes, until, state, max_weight_t, roads, also_closed_by,
        contradicts}``; `also_closed_by` are closures already in force on one of these edges: the
        road opens again only when all are reopened. `contradicts` are reports in force that say the
        opposite: closures of a road that is reported open, or the other way round.
        With `near` also `nearby`: the road that was taken first, then the next ones. With `area`
        also `passing`: bridges over it and tunnels below it, which stay open.
    """
    event = closure_event(
        situation,
        edges=edges,
        near=near,
        road=road,
        layer=layer,
        area=area,
        classes=classes,
        state=state,
        until=until,
        source=source,
        reason=reason,
        confidence=confidence,
        max_weight_t=max_weight_t,
    )
    told = [
        one
        for one in situation.store.closures()
        if directed_edges(one.edges) & directed_edges(event.edges)
    ]
    hinders = event.state in HINDERING
    contrary = {"open"} if hinders else HINDERING if event.state == "open" else frozenset()
    situation.record([event])
    nearby = [] if near is None else _nearby(situation, near, road, layer)
    passing = () if area is None else _in_area(situation, area, road, layer).passing
    return {
        "closure_id": event.closure_id,
        "edges": list(event.edges),
        "classes": list(event.classes or VEHICLE_CLASS_NAMES),
        "until": event.until.isoformat() if event.until else None,
        "state": event.state,
        "max_weight_t": event.max_weight_t,
        "roads": road_names(situation, event.edges),
        "also_closed_by": [one.closure_id for one in told if one.state in HINDERING],
        "contradicts": [one.closure_id for one in told if one.state in contrary],
        "nearby": nearby,
        "passing": list(passing),
    }


def closure_event(
    situation: Situation,
    *,
    edges: Sequence[str] = (),
    near: tuple[float, float] | None = None,
    road: str | None = None,
    layer: int | None = None,
    area: Path | None = None,
    classes: Sequence[str] = (),
    state: str = "closed",
    until: datetime | None = None,
    source: str = "",
    reason: str = "",
    confidence: float = 1.0,
    max_weight_t: float | None = None,
) -> RoadClosed:
    """Find the edges meant and make the event; `InputError` where none or several are meant."""
    from routing.closures import edges_near

    ways = [bool(edges), near is not None, area is not None]
    if sum(ways) != 1:
        raise InputError(
            "close", "just one of EDGE ids, --near LON,LAT or --area FILE is needed", "give one"
        )
    if state not in ROAD_STATES:
        raise InputError(
            f"--state {state!r}", f"one of {', '.join(ROAD_STATES)} is needed", "correct it"
        )
    if until is not None and until <= situation.now():
        raise InputError(f"--until {until.isoformat()}", "a moment to come is needed", "correct it")
    if not 0 <= confidence <= 1:
        raise InputError(
            f"--confidence {confidence}", "a number from 0 to 1 is needed", "correct it"
        )
    if max_weight_t is not None and not 0 < max_weight_t <= MAX_WEIGHT_T:
        raise InputError(
            f"--max-weight {max_weight_t:g}",
            f"tonnes above 0, at most {MAX_WEIGHT_T:g}, are needed",
            "correct it",
        )
    if max_weight_t is not None and state != "restricted":
        raise InputError(
            f"--max-weight {max_weight_t:g} on a road that is {state}",
            "only a restricted road says what it still carries",
            "leave one of the two out",
        )
    tables = situation.roads()
    if near is not None:
        found = edges_near(tables, near[0], near[1], crs=situation.crs(), road=road, layer=layer)
    elif area is not None:
        found = _in_area(situation, area, road, layer).edges
    else:
        found = tuple(edges)
        _require_edges(situation, found)
    return RoadClosed(
        closure_id=new_id("closure"),
        edges=tuple(dict.fromkeys(found)),
        roads_sha256=situation.roads_key(),
        state=cast("RoadState", state),
        classes=cast("tuple[VehicleClassName, ...]", tuple(classes)),
        since=None,
        until=until,
        confidence=confidence,
        source=source[:2_000],
        reason=reason[:2_000],
        max_weight_t=max_weight_t,
    )


def reopen_road(
    situation: Situation, closure_id: str, *, source: str = "", reason: str = ""
) -> dict[str, Any]:
    """Say that a closure no longer holds."""
    known = {closure.closure_id for closure in situation.store.closures()}
    if closure_id not in known:
        raise UnknownIdError(
            closure_id,
            "no such closure is in force",
            f"closures in force: {', '.join(sorted(known)[:5]) or 'none'}",
        )
    situation.record([RoadReopened(closure_id=closure_id, source=source, reason=reason)])
    return {"closure_id": closure_id, "reopened": True}


def roads_layer(situation: Situation) -> tuple[str, gpd.GeoDataFrame]:
    """Give the road edges for the map with a key that changes when they change."""
    return situation.roads_key(), situation.roads().edges


def bare_edge_id(edge_id: str) -> str:
    """Give the edge without its direction."""
    return edge_id[:-1] if edge_id.endswith(("+", "-")) else edge_id


def directed_edges(edges: Iterable[str]) -> set[str]:
    """Give edge ids with the direction each speaks of; a bare one speaks of both."""
    return {
        one
        for edge in edges
        for one in ([edge] if edge.endswith(("+", "-")) else [f"{edge}+", f"{edge}-"])
    }


def contradictions(told: Iterable[Closure], *, at: datetime) -> dict[str, list[Closure]]:
    """Give for each closure in force the reports in force that say that the road is open."""
    in_force = [one for one in told if one.holds_at(at)]
    good_news: dict[str, list[Closure]] = {}
    for one in in_force:
        if one.state == "open":
            for edge in directed_edges(one.edges):
                good_news.setdefault(edge, []).append(one)
    found: dict[str, list[Closure]] = {}
    for one in in_force:
        if one.state in HINDERING:
            against = [
                news for edge in directed_edges(one.edges) for news in good_news.get(edge, ())
            ]
            if against:
                by_id = {news.closure_id: news for news in against}
                found[one.closure_id] = [by_id[name] for name in sorted(by_id)]
    return found


def _in_area(situation: Situation, area: Path, road: str | None, layer: int | None) -> AreaEdges:
    """Give what the polygons of a file close; several polygons are one area."""
    from geo.vectors import read_vector
    from routing.closures import edges_in_area

    whole = read_vector(area).union_all()
    return edges_in_area(situation.roads(), whole, road=road, layer=layer)


def _nearby(
    situation: Situation, near: tuple[float, float], road: str | None, layer: int | None
) -> list[dict[str, Any]]:
    """Give the road that was taken and the next ones, with how far they lie from the point."""
    from routing.closures import candidates_near

    found = candidates_near(
        situation.roads(), near[0], near[1], crs=situation.crs(), road=road, layer=layer
    )
    return [
        {
            "edge_id": one.edge_id,
            "road": one.ref or one.name or one.highway,
            "distance_m": round(one.distance_m, 1),
            "bridge": one.bridge,
        }
        for one in found[:4]
    ]


def _require_edges(situation: Situation, edges: Sequence[str]) -> None:
    held = set(situation.roads().edges["edge_id"])
    unknown = [edge for edge in edges if bare_edge_id(edge) not in held]
    if unknown:
        raise UnknownIdError(
            f"edge {unknown[0]}" + (f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""),
            "no such edge in this road network (another extract?)",
            "pick it on the map, or use --near LON,LAT",
        )


def road_names(situation: Situation, edges: Sequence[str]) -> list[str]:
    """Give the numbers or names of the roads that these edges are part of."""
    frame = situation.roads().edges
    rows = frame[frame["edge_id"].isin({bare_edge_id(edge) for edge in edges})]
    names = rows["ref"].where(rows["ref"] != "", rows["name"])
    return sorted({name for name in names if name})
