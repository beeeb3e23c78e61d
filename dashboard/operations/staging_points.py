"""Staging points: where a forward base would save most of the last kilometres."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dashboard.operations import reaching, roadwork
from dashboard.operations.situation import Progress, Situation, silent
from dashboard.operations.weights import weights_of
from geo.errors import InputError

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from geo.model import VehicleClassName
    from routing.access import Access
    from routing.staging import Base, Candidates

MAX_POINTS = 50
DEFAULT_POINTS = 5
#: A candidate this near to a closed road (m) stands where things fall. Estimate.
NEAR_CLOSURE_M = 300.0


def make_staging(
    situation: Situation,
    *,
    points: int = DEFAULT_POINTS,
    brings: VehicleClassName = "truck",
    goes_on: VehicleClassName = "pickup",
    at: datetime | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Rank places for a forward base: reached by one class, from which another goes on.

    Raises
    ------
    InputError
        No places, roads or depots, or an impossible number of points.
    """
    from geo.crs import project
    from routing.closures import overlay
    from routing.staging import candidates, choose, onward_s
    from routing.stands import kept_roads, pockets
    from routing.travel import arc_times

    if not 1 <= points <= MAX_POINTS:
        raise InputError(
            f"--points {points}", f"a number from 1 to {MAX_POINTS} is needed", "correct it"
        )
    moment = at or situation.now()
    roadwork.make_ready(progress)
    first, last = roadwork.stands(situation, brings), roadwork.stands(situation, goes_on)
    progress(0.10, "weighing places")
    weights = weights_of(situation)
    graph, engine = situation.graph(), roadwork.hierarchy(situation)
    state = overlay(graph, situation.store.closures(), at=moment)
    x_m, y_m = project(graph.lon, graph.lat, situation.crs())
    brings_s = arc_times(graph, first.vehicle_class, state)
    goes_on_s = arc_times(graph, last.vehicle_class, state)

    def reached_from(time_s: NDArray[np.float64], access: Access) -> Access:
        return kept_roads(access, pockets(graph, np.isfinite(time_s)))

    progress(0.30, "finding junctions that can be reached")
    found = candidates(
        graph, engine, brings_s, first.depots, x_m, y_m, limit_s=reaching.MAX_TIME_S,
    )  # fmt: skip
    progress(0.50, "measuring the ways from there")
    direct_s, _ = onward_s(
        graph, engine, brings_s, first.depots, reached_from(brings_s, first.places),
        found.node[:0],
    )  # fmt: skip
    # Where the large vehicle arrives itself nothing has to be handed over.
    handed_over = direct_s > reaching.MAX_TIME_S
    people = np.where(handed_over, weights.people, 0.0) if handed_over.any() else weights.people
    depots_s, nodes_s = onward_s(
        graph, engine, goes_on_s, last.depots, reached_from(goes_on_s, last.places), found.node,
    )  # fmt: skip
    ground = _ground(situation, x_m[found.node], y_m[found.node])
    near = _closed_near(situation, moment, x_m[found.node], y_m[found.node])
    factor = np.where(near, 0.0, ground["factor"])
    progress(0.80, "choosing")
    chosen = choose(depots_s, nodes_s, people, factor, n_bases=points, limit_s=reaching.MAX_TIME_S)
    progress(1.0, f"{len(chosen)} staging points")
    notes = list(ground["notes"])
    if not handed_over.any():
        notes.insert(0, f"{brings} reaches every place: the points shorten ways of {goes_on} only")
    if not chosen:
        notes.insert(0, "no junction within reach is nearer to any place than the depots are")
    return {
        "at": moment.isoformat(),
        "brings": brings,
        "goes_on": goes_on,
        "notice": situation.info().notice,
        "totals": {
            "places_to_hand_over_to": int(handed_over.sum()),
            "people_there": round(float(weights.people[handed_over].sum()), 1),
            "candidates": len(found.node),
            "too_near_a_closed_road": int(near.sum()),
            "without_room": int(((ground["factor"] <= 0) & ~near).sum()),
        },
        "points": [
            _point(situation, found, one, rank, ground, weights.people, (depots_s, nodes_s))
            for rank, one in enumerate(chosen, start=1)
        ],
        "score": "person-hours saved × room factor; near a closed road: not taken",
        "weights": weights.summary(),
        "notes": notes,
        "sources": [
            {"name": "roads and closures of this situation", "at": moment.isoformat()},
            {"name": "room and distances: estimates of this project, docs/risk.md", "at": None},
        ],
    }


def _ground(
    situation: Situation, x_m: NDArray[np.float64], y_m: NDArray[np.float64]
) -> dict[str, Any]:
    """Give room and slope at candidates, and the factor that room leaves."""
    from routing.flat_ground import patches
    from routing.landing_sites import MAX_CELL_M
    from routing.slope_hazard import cell_m
    from routing.staging import ROOM_M2, ROOM_RADIUS_M, ROOM_SLOPE_DEG

    elevation = situation.elevation()
    n = len(x_m)
    unknown: dict[str, Any] = {
        "room_m2": np.full(n, np.nan),
        "slope_deg": np.full(n, np.nan),
        "factor": np.ones(n),
    }
    if elevation is None:
        return unknown | {"notes": ["room is not assessed: no elevation model is loaded"]}
    cell = cell_m(elevation)
    if cell > MAX_CELL_M:
        return unknown | {
            "notes": [
                f"room is not assessed: cells of {cell:,.0f} m show no ground of "
                f"{2 * ROOM_RADIUS_M:.0f} m"
            ]
        }
    made = patches(elevation, x_m, y_m, radius_m=ROOM_RADIUS_M, cell_m=cell, crs=situation.crs())
    flat = [np.nansum(one.slope_deg <= ROOM_SLOPE_DEG) * one.step_m**2 for one in made]
    blank = np.array([bool(np.isnan(one.slope_deg[1:-1, 1:-1]).all()) for one in made], dtype=bool)
    room = np.where(blank, np.nan, np.array(flat, dtype=np.float64))
    middle = [one.slope_deg[len(one.y_m) // 2, len(one.x_m) // 2] for one in made]
    # Ground of which nothing is known is neither refused nor praised.
    factor = np.where(np.isnan(room), 1.0, np.minimum(np.nan_to_num(room) / ROOM_M2, 1.0))
    return {
        "room_m2": room,
        "slope_deg": np.array(middle, dtype=np.float64),
        "factor": factor,
        "notes": ["room is flat ground in the elevation model: houses and fields on it are unseen"],
    }


def _closed_near(
    situation: Situation, at: datetime, x_m: NDArray[np.float64], y_m: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Say which candidates lie near a road that is closed to anybody."""
    import shapely

    from dashboard.operations.roads import bare_edge_id
    from routing.edge_index import working_lines

    closed = {
        bare_edge_id(edge)
        for one in situation.store.closures()
        if one.state == "closed" and one.holds_at(at)
        for edge in one.edges
    }
    tables = situation.roads()
    rows = np.flatnonzero(tables.edges["edge_id"].isin(closed).to_numpy())
    near = np.zeros(len(x_m), dtype=bool)
    if len(rows):
        tree = shapely.STRtree(working_lines(tables, situation.crs())[rows])
        hits = tree.query(shapely.points(x_m, y_m), predicate="dwithin", distance=NEAR_CLOSURE_M)
        near[hits[0]] = True
    return near


def _point(
    situation: Situation,
    found: Candidates,
    one: Base,
    rank: int,
    ground: dict[str, Any],
    people: NDArray[np.float64],
    ways_s: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> dict[str, Any]:
    graph, frame, at = situation.graph(), situation.places(), one.candidate
    node = int(found.node[at])
    edges = np.unique(graph.edge[graph.start[node] : graph.start[node + 1]])
    name = roadwork.road_names(situation, [[str(graph.edge_ids[e]) for e in edges]])[0]
    room, slope = float(ground["room_m2"][at]), float(ground["slope_deg"][at])
    hours = one.saved_s / 3600.0
    return {
        "rank": rank,
        "staging_id": f"staging:{situation.roads().nodes['node_id'].iloc[node]}",
        "label": f"staging {rank}: junction on {name}" if name else f"staging {rank}: junction",
        "lon": round(float(graph.lon[node]), 6),
        "lat": round(float(graph.lat[node]), 6),
        "hours_from_depot": round(float(found.reached_s[at]) / 3600.0, 2),
        "room_m2": round(room) if np.isfinite(room) else None,
        "slope_deg": round(slope, 1) if np.isfinite(slope) else None,
        "score": {
            "person_hours_saved": round(hours, 1),
            "room_factor": round(one.factor, 3),
            "product": round(hours * one.factor, 1),
        },
        "places_nearer_from_here": len(one.served),
        "places": [
            {
                "place_id": str(frame["place_id"].iloc[row]),
                "name": str(frame["name"].iloc[row]),
                "people": round(float(people[row]), 1),
                "hours_from_here": round(float(ways_s[1][at, row]) / 3600.0, 2),
                "hours_from_depot": (
                    round(float(ways_s[0][row]) / 3600.0, 2)
                    if np.isfinite(ways_s[0][row])
                    else None
                ),
            }
            for row in one.served[:10]
        ],
    }
