"""Reach: which places each vehicle class gets to, from which depot, how long it takes, and why not.

*Cut off* means: from no active depot, for that class, within the time limit. A place is reached
where the class can drive to any road from which the rest is walked; the walk is capped and part of
the answer. A verdict carries `sensitive` where a doubtful closure or the walk decides it. A place
that no class reaches by itself may be reached *by relay* (`routing.relay`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from geo.errors import RuleError
from routing.access import MAX_BYPASS_M, MAX_WALK_M, Access
from routing.chain import Chain, Leg
from routing.closures import overlay
from routing.engine import Engine
from routing.matrix import TimeMatrix, time_matrix
from routing.reach_document import reach_to_dict
from routing.reach_question import (
    BEYOND_FACTOR,
    NEAR_CAP_SHARE,
    SURE_CONFIDENCE,
    Question,
    with_worst,
    without_doubtful,
)
from routing.reach_relay import RelayQuestion, with_relays
from routing.reasons import Reasons
from routing.travel import arc_times, usable_edges
from routing.verdict import ClassReach, PlaceReach
from routing.world import Arrival, Sites, World

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import geopandas as gpd
    from numpy.typing import NDArray

    from geo.model import Closure, Depot, ReachStatus, VehicleClassName
    from geo.network import RoadTables
    from routing.graph import Graph
    from routing.vehicles import VehicleClass

__all__ = [
    "SURE_CONFIDENCE",
    "Chain",
    "ClassReach",
    "Leg",
    "PlaceReach",
    "RelayQuestion",
    "TimeMatrix",
    "reach",
    "reach_to_dict",
    "time_matrix",
]

MAX_TIME_S = 8 * 3600.0
# A verdict is sensitive to the walk where the nearest road is not the one that is reached and that
# one is this much farther. Estimate.
_OTHER_ROAD_M = 100.0


def reach(
    graph: Graph,
    tables: RoadTables,
    *,
    classes: Sequence[VehicleClass],
    places: gpd.GeoDataFrame,
    depots: Sequence[Depot],
    closures: Sequence[Closure],
    at: datetime,
    crs: str,
    max_walk_m: float = MAX_WALK_M,
    max_bypass_m: float = MAX_BYPASS_M,
    max_time_s: float = MAX_TIME_S,
    by_relay: RelayQuestion | None = None,
    engine: Engine | None = None,
) -> list[PlaceReach]:
    """Decide for every place and class whether it is reached from an active depot.

    Parameters
    ----------
    classes
        In the order of preference among equals, largest vehicle first.
    places
        `place_id`, `name`, `geometry` Points in EPSG:4326; `elevation_m` where known.
    depots
        Only active ones count.
    closures
        Those in force at `at` are applied; edges that the graph does not hold are ignored here and
        listed by `routing.closures.overlay`.
    crs
        Projected working CRS.
    max_walk_m, max_bypass_m
        Longest walk from the road, and how much farther than the nearest road of the class the
        one may be that is reached instead.
    max_time_s
        Longest way from the depot, walk included.
    by_relay
        Look for relays too.
    engine
        Finds the ways in `graph`; the plain reference where there is none.

    Returns
    -------
    list of PlaceReach
        In the order of the places.
    """
    if not classes and by_relay is None:
        raise RuleError("reach for no vehicle class", "at least one is needed", "name one")
    active = [depot for depot in depots if depot.active]
    question = Question(
        engine=engine or Engine(graph),
        tables=tables,
        depots=active,
        overlay=overlay(graph, closures, at=at),
        sites=_sites(places),
        places=places,
        place_ids=[str(place_id) for place_id in places["place_id"]],
        crs=crs,
        max_walk_m=max_walk_m,
        max_bypass_m=max_bypass_m,
        max_time_s=max_time_s,
    )
    by_class = {c.name: _class_reach(question, c) for c in classes}
    names = [str(name) for name in places["name"]]
    reached = [
        _place_reach(place_id, name, {c: verdicts[row] for c, verdicts in by_class.items()})
        for row, (place_id, name) in enumerate(zip(question.place_ids, names, strict=True))
    ]
    return reached if by_relay is None else with_relays(question, by_relay, classes, reached)


# --- one class ----------------------------------------------------------------------------------


def _class_reach(question: Question, vehicle_class: VehicleClass) -> list[ClassReach]:
    state = question.overlay
    affected = bool((state.factor(vehicle_class) > 1.0).any())
    open_s = arc_times(question.graph, vehicle_class)
    roads = question.nearest(usable_edges(question.graph, open_s), beyond=True)
    has_road = roads.walk_m[:, 0] <= question.max_walk_m
    open_world = question.world(vehicle_class, None)
    open_arrival = question.arrival(open_world, roads)
    world = question.world(vehicle_class, state) if affected else open_world
    arrival = question.arrival(world, roads) if affected else open_arrival
    reached = _within(arrival, vehicle_class, question.max_time_s)
    still = question.nearest(world.reached & bool((~reached).any()), beyond=True)
    reasons = Reasons(
        graph=question.graph,
        tables=question.tables,
        world=world,
        arrival=arrival,
        open_world=open_world,
        open_arrival=open_arrival,
        overlay=state,
        roads=roads,
        still=still,
        any_road=_any_road(question, has_road),
        depots=question.depots,
        max_walk_m=question.max_walk_m,
        max_time_s=question.max_time_s,
    )
    within_time = arrival.time_s <= question.max_time_s
    sensitive = _by_walk(question, world, arrival, reached, roads, still)
    sensitive |= _by_doubt(question, vehicle_class, roads, within_time)
    verdicts = []
    for row in range(len(question.place_ids)):
        reason, decided_by = reasons.of(
            row, reached=bool(reached[row]), has_road=bool(has_road[row])
        )
        status: ReachStatus = "cut_off" if has_road[row] else "not_on_network"
        verdict = ClassReach(
            vehicle_class=vehicle_class.name,
            status="reachable" if reached[row] else status,
            depot_id="",
            travel_time_s=float("inf"),
            walk_m=float(roads.walk_m[row, 0]) if has_road[row] else float("nan"),
            legs=(),
            reason=reason,
            decided_by=decided_by,
            sensitive=bool(sensitive[row]),
        )
        verdicts.append(_with_way(question, arrival, verdict, row) if reached[row] else verdict)
    return verdicts


def _within(arrival: Arrival, vehicle_class: VehicleClass, max_time_s: float) -> NDArray[np.bool_]:
    """Which sites the class arrives at in time, and comes back from without fuel there."""
    # A length that is not known (no way at all) is refused by its time.
    too_long = np.nan_to_num(arrival.length_m, nan=0.0) > vehicle_class.range_m
    return np.asarray((arrival.time_s <= max_time_s) & ~too_long, dtype=bool)


def _with_way(question: Question, arrival: Arrival, verdict: ClassReach, row: int) -> ClassReach:
    depot_id = question.depots[int(arrival.depot[row])].depot_id
    time_s, walk_s = float(arrival.time_s[row]), float(arrival.walk_s[row])
    walk_m = float(arrival.walk_m[row])
    roadhead = str(question.graph.edge_ids[int(arrival.edge[row])])
    place_id = question.place_ids[row]
    legs = [
        Leg(
            vehicle_class=verdict.vehicle_class,
            start=depot_id,
            end=roadhead if walk_m > 0 else place_id,
            travel_time_s=time_s - walk_s,
            length_m=float(arrival.length_m[row]),
        )
    ]
    if walk_m > 0:
        walker: VehicleClassName = "mule" if verdict.vehicle_class == "mule" else "foot"
        legs.append(
            Leg(
                vehicle_class=walker,
                start=roadhead,
                end=place_id,
                travel_time_s=walk_s,
                length_m=walk_m,
            )
        )
    return replace(
        verdict, depot_id=depot_id, travel_time_s=time_s, walk_m=walk_m, legs=tuple(legs)
    )


def _any_road(question: Question, has_road: NDArray[np.bool_]) -> Access:
    """Nearest road of any kind; only looked for where the class has none."""
    none = bool(has_road.all())
    every = np.full(question.graph.n_edges, not none, dtype=bool)
    return question.nearest(every)


# --- sensitive ----------------------------------------------------------------------------------


def _by_walk(
    question: Question,
    world: World,
    arrival: Arrival,
    reached: NDArray[np.bool_],
    roads: Access,
    still: Access,
) -> NDArray[np.bool_]:
    """Places whose verdict hangs on how far they are from which road."""
    own_m, cap_m = roads.walk_m[:, 0], question.max_walk_m
    nearly_too_far = reached & (arrival.walk_m > cap_m * NEAR_CAP_SHARE)
    other_road = reached & (arrival.walk_m > own_m + _OTHER_ROAD_M)
    other_road &= ~world.reached[np.maximum(roads.edge[:, 0], 0)]
    just_no_road = ~reached & (own_m > cap_m) & np.isfinite(own_m)
    # A road that is still reached lies a little beyond what is walked.
    bypass_m = own_m + question.max_bypass_m * BEYOND_FACTOR
    limit_m = np.minimum(bypass_m, cap_m * BEYOND_FACTOR)
    just_too_far = ~reached & (still.walk_m[:, 0] <= limit_m) & (own_m <= cap_m)
    return np.asarray(nearly_too_far | other_road | just_no_road | just_too_far, dtype=bool)


def _by_doubt(
    question: Question,
    vehicle_class: VehicleClass,
    roads: Access,
    reached: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Places whose verdict turns if the doubtful reports are wrong, or the vague ones right."""
    sensitive = np.zeros(len(reached), dtype=bool)
    state = question.overlay
    for changed in (without_doubtful(state), with_worst(state)):
        if changed is None:
            continue
        world = question.world(vehicle_class, changed, ways=False)
        then = question.arrival(world, roads).time_s <= question.max_time_s
        sensitive |= then != reached
    return sensitive


# --- places -------------------------------------------------------------------------------------


def _sites(places: gpd.GeoDataFrame) -> Sites:
    elevation_m = np.full(len(places), np.nan)
    if "elevation_m" in places.columns:
        elevation_m = places["elevation_m"].to_numpy(dtype=np.float64)
    return Sites(
        lon=places.geometry.x.to_numpy(dtype=np.float64),
        lat=places.geometry.y.to_numpy(dtype=np.float64),
        elevation_m=elevation_m,
    )


def _place_reach(
    place_id: str, name: str, by_class: dict[VehicleClassName, ClassReach]
) -> PlaceReach:
    if not by_class:
        nobody = _flies_or_not()
        return PlaceReach(place_id=place_id, name=name, best=nobody, by_class={})
    verdicts = list(by_class.values())
    reached = [verdict for verdict in verdicts if verdict.status == "reachable"]
    cut_off = [verdict for verdict in verdicts if verdict.status == "cut_off"]
    # `min` keeps the order asked among equals.
    best = min(reached, key=lambda one: one.travel_time_s) if reached else (cut_off or verdicts)[0]
    return PlaceReach(place_id=place_id, name=name, best=best, by_class=by_class)


def _flies_or_not() -> ClassReach:
    """The verdict where no class goes by road, as long as no flight takes its place."""
    return ClassReach(
        vehicle_class="air",
        status="cut_off",
        depot_id="",
        travel_time_s=float("inf"),
        walk_m=float("nan"),
        legs=(),
        reason="out of range of every depot",
        decided_by=(),
        sensitive=False,
    )
