"""What risk, clearance, airlift and staging ask of a situation alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dashboard.operations.reaching import MAX_WALK_M
from geo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboard.operations.situation import Progress, Situation
    from geo.model import VehicleClassName
    from routing.hierarchy import Hierarchy
    from routing.stands import Stands
    from routing.vehicles import VehicleClass

#: A road that analysts drew lies at most this far from the same road of the network (m).
SAME_ROAD_M = 30.0


def vehicle_class(situation: Situation, name: VehicleClassName) -> VehicleClass:
    """Give a class of the catalogue; `InputError` for one whose travel on roads is not known."""
    known = situation.vehicle_classes()
    if name not in known:
        raise InputError(
            f"vehicle class {name}",
            f"travel is known for {', '.join(sorted(known))}",
            "ask for one of these",
        )
    return known[name]


def stands(situation: Situation, class_name: VehicleClassName) -> Stands:
    """Give where depots and places stand; `InputError` while there are none."""
    from routing.stands import stands_of

    one = vehicle_class(situation, class_name)
    places = situation.places()
    depots = situation.store.depots(active_only=True)
    if places.empty:
        raise InputError(
            "this situation", "places are needed", "load them first: `qafila load places FILE`"
        )
    if not depots:
        raise InputError(
            "this situation", "a depot is needed", "upload stock with depots: `qafila upload stock`"
        )
    key = (
        "stands", class_name, situation.roads_key(), situation.crs(), tuple(depots),
        situation.places_key(),
    )  # fmt: skip
    return situation.remember(
        key,
        lambda: stands_of(
            situation.graph(),
            situation.roads(),
            one,
            places=places,
            depots=depots,
            crs=situation.crs(),
            max_walk_m=MAX_WALK_M,
        ),
    )


def make_ready(progress: Progress) -> None:
    """Have the road engine compiled, and say so if a person has to wait for it."""
    from routing.hierarchy_engine import warm_up

    warm_up(lambda text: progress(0.01, text))


def hierarchy(situation: Situation) -> Hierarchy:
    """Give the road engine's preparation of the network, kept in the situation's home."""
    from routing.hierarchy import prepared

    if (made := situation.engine().hierarchy) is not None:
        return made
    # A small network has an engine without one; here it is asked many to many all the same.
    folder = situation.home / "cache" / "hierarchy"
    key = ("hierarchy", situation.roads_key())
    return situation.remember(key, lambda: prepared(situation.graph(), folder))


def grades_of_edges(situation: Situation) -> dict[str, str]:
    """Give the damage grade that analysts gave to edges, the worst of each; {} where none did.

    An edge has the grade of a graded line that runs along it for half of its length or more, within
    `SAME_ROAD_M`, or of a graded point (a bridge) that lies on it.
    """
    graded = situation.graded_roads()
    if graded.empty:
        return {}
    from geo.crs import to_working
    from geo.grades import GRADES
    from routing.edge_index import working_lines

    tables, crs = situation.roads(), situation.crs()
    lines = pd.Series(working_lines(tables, crs))
    drawn = to_working(graded.geometry, crs)
    import shapely

    around = shapely.buffer(np.asarray(drawn.array, dtype=object), SAME_ROAD_M)
    tree = shapely.STRtree(lines.to_numpy())
    which, edge = tree.query(around, predicate="intersects")
    along_m = shapely.length(shapely.intersection(lines.to_numpy()[edge], around[which]))
    is_point = np.asarray(drawn.geom_type == "Point")[which]
    on_it = is_point & (shapely.distance(lines.to_numpy()[edge], np.asarray(drawn)[which]) <= 10.0)
    same = on_it | (along_m >= 0.5 * shapely.length(lines.to_numpy()[edge]))
    ids = tables.edges["edge_id"].to_numpy()
    rank = {str(grade): number for number, grade in enumerate(GRADES)}
    found: dict[str, str] = {}
    for row, at in zip(which[same].tolist(), edge[same].tolist(), strict=True):
        edge_id, grade = str(ids[at]), str(graded["grade"].iloc[row])
        if edge_id not in found or rank[grade] < rank[found[edge_id]]:
            found[edge_id] = grade
    return found


def road_names(situation: Situation, groups: Sequence[Sequence[str]]) -> list[str]:
    """Give the number or name of the road that each group of edges lies on, if it has one."""
    frame = situation.roads().edges
    rows = frame[frame["edge_id"].isin({edge for group in groups for edge in group})]
    named = rows["ref"].where(rows["ref"] != "", rows["name"])
    by_edge = dict(zip(rows["edge_id"], named, strict=True))
    return [", ".join(sorted({by_edge.get(edge, "") for edge in group} - {""})) for group in groups]
