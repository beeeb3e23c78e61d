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
    classes: Sequence[VehicleClassName] = DEFAULT_CLASSES,
    *,
    at: datetime | None = None,
    max_time_s: float = MAX_TIME_S,
) -> dict[str, Any]:
    """Say of every place whether it can be reached, from where, how, and if not, why not.

    Parameters
    ----------
    classes
        Vehicle classes to consider; each place also gets the verdict per class.
    at
        The moment whose closures count (default: now).
    max_time_s
        Farther than this from every depot counts as cut off.

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
    closures = [one for one in situation.store.closures() if one.holds_at(moment)]
    key = (
        "reach", tuple(classes), max_time_s, situation.roads_key(), situation.crs(),
        tuple(layer.layer_id for layer in situation.store.layers("places")),
        tuple(depots),
        tuple(closure.closure_id for closure in closures),
    )  # fmt: skip
    return situation.remember(
        key, lambda: _compute(situation, classes, closures, moment, max_time_s)
    )


def _compute(
    situation: Situation,
    classes: Sequence[VehicleClassName],
    closures: Sequence[Closure],
    at: datetime,
    max_time_s: float,
) -> dict[str, Any]:
    from routing.reach import reach, reach_to_dict
    from routing.vehicles import vehicle_classes

    known = vehicle_classes()
    if missing := [name for name in classes if name not in known]:
        raise InputError(
            f"vehicle class {', '.join(missing)}",
            f"travel is known for {', '.join(sorted(known))}",
            "ask for one of these",
        )
    reached = reach(
        situation.graph(),
        situation.roads(),
        classes=[known[name] for name in classes],
        places=situation.places(),
        depots=situation.store.depots(active_only=True),
        closures=closures,
        at=at,
        crs=situation.crs(),
        max_walk_m=MAX_WALK_M,
        max_time_s=max_time_s,
    )
    result = reach_to_dict(reached)
    result["at"] = at.isoformat()
    result["notice"] = situation.info().notice
    result["totals"] = {
        name: Counter(place["by_class"][name]["status"] for place in result["places"])
        for name in classes
    }
    return result
