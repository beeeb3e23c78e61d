"""What risk, clearance, airlift and staging ask of a situation alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard.operations.reaching import MAX_WALK_M
from geo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboard.operations.situation import Progress, Situation
    from geo.model import VehicleClassName
    from routing.hierarchy import Hierarchy
    from routing.stands import Stands
    from routing.vehicles import VehicleClass


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
    """Give the damage grade that analysts gave to edges, the worst of each; {} where none did."""
    from routing.graded_edges import grades_of_edges as grades

    graded = situation.graded_roads()
    if graded.empty:
        return {}
    layers = tuple(layer.layer_id for layer in situation.store.layers("graded_roads"))
    return situation.remember(
        ("grades of edges", situation.roads_key(), situation.crs(), layers),
        lambda: grades(situation.roads(), graded, crs=situation.crs()),
    )


def road_names(situation: Situation, groups: Sequence[Sequence[str]]) -> list[str]:
    """Give the number or name of the road that each group of edges lies on, if it has one."""
    frame = situation.roads().edges
    rows = frame[frame["edge_id"].isin({edge for group in groups for edge in group})]
    named = rows["ref"].where(rows["ref"] != "", rows["name"])
    by_edge = dict(zip(rows["edge_id"], named, strict=True))
    return [", ".join(sorted({by_edge.get(edge, "") for edge in group} - {""})) for group in groups]
