"""Reach: from every depot to every place, for each vehicle class, closures applied."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from geo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from dashboard.operations.situation import Situation
    from geo.model import Closure, VehicleClassName

DEFAULT_CLASSES: tuple[VehicleClassName, ...] = ("truck", "pickup")
MAX_TIME_S = 12 * 3600.0
#: Loads are carried by hand from the road to a place at most this far (m), as in Al Haouz.
MAX_WALK_M = 2_000.0


def make_reach(
    situation: Situation,
    classes: Sequence[VehicleClassName] = (),
    *,
    at: datetime | None = None,
    max_time_s: float = MAX_TIME_S,
    relay: bool = True,
    closures: Sequence[Closure] | None = None,
) -> dict[str, Any]:
    """Say of every place whether it can be reached, from where, how, and if not, why not.

    Parameters
    ----------
    classes
        The vehicle classes that take part, each with a verdict of its own; without, truck and
        pickup leave the depots and any class may take over from them. With ``air`` among them a
        place that only a flight reaches counts as reached by relay.
    at
        The moment whose closures count (default: now).
    max_time_s
        Farther than this from every depot counts as cut off.
    relay
        Look for hand-overs from class to class too.
    closures
        Take these instead of those that are recorded.

    Returns
    -------
    dict
        The `reach` JSON of the contract, with `totals` per class.

    Raises
    ------
    InputError
        No places, roads or depots are there yet.
    """
    places = situation.places()
    depots = situation.store.depots(active_only=True)
    if places.empty:
        raise InputError("reach", "places are needed", "load them first: `qafila load places FILE`")
    if not depots:
        raise InputError(
            "reach", "a depot is needed", "upload stock with depots: `qafila upload stock`"
        )
    moment = at or situation.now()
    told = situation.store.closures() if closures is None else closures
    in_force = [one for one in told if one.holds_at(moment)]
    key = (
        "reach", tuple(classes), max_time_s, relay, situation.roads_key(), situation.crs(),
        situation.places_key(),
        tuple(depots),
        tuple(closure.closure_id for closure in in_force),
    )  # fmt: skip
    return situation.remember(
        key, lambda: _compute(situation, classes, in_force, moment, max_time_s, relay=relay)
    )


def _compute(
    situation: Situation,
    classes: Sequence[VehicleClassName],
    closures: Sequence[Closure],
    at: datetime,
    max_time_s: float,
    *,
    relay: bool,
) -> dict[str, Any]:
    from routing.reach import RelayQuestion, reach, reach_to_dict
    from routing.relay_rules import relay_rules

    known = situation.vehicle_classes()
    by_road = [name for name in classes or DEFAULT_CLASSES if name != "air"]
    if missing := [name for name in by_road if name not in known]:
        raise InputError(
            f"vehicle class {', '.join(missing)}",
            f"travel is known for {', '.join(sorted(known))}",
            "ask for one of these",
        )
    members = {name: one for name, one in known.items() if not classes or name in by_road}
    asked = RelayQuestion(
        rules=relay_rules(),
        classes=members,
        air=situation.vehicle_catalogue().air,
        air_counts=relay and "air" in classes,
    )
    reached = reach(
        situation.graph(),
        situation.roads(),
        classes=[known[name] for name in by_road],
        places=situation.places(),
        depots=situation.store.depots(active_only=True),
        closures=closures,
        at=at,
        crs=situation.crs(),
        max_walk_m=MAX_WALK_M,
        max_time_s=max_time_s,
        by_relay=asked if relay else None,
        engine=situation.engine(),
    )
    result = reach_to_dict(reached)
    result["at"] = at.isoformat()
    result["notice"] = situation.info().notice
    result["totals"] = {
        name: Counter(place["by_class"][name]["status"] for place in result["places"])
        for name in by_road
    }
    if relay:
        result["totals"]["any"] = Counter(place["status"] for place in result["places"])
    return result
