"""Explain a plan: why each stop comes when it does, why needs stay unserved, what would help."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from dashboard.operations import reaching, travelling
from geo.errors import InputError
from geo.model import VEHICLE_CLASS_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from dashboard.operations.situation import Situation
    from routing.explain import OpenRoads
    from routing.explain.words import Speech
    from routing.plan import Plan
    from routing.problem import Problem


def explained(
    situation: Situation,
    document: dict[str, Any],
    plan: Plan,
    problem: Problem,
    *,
    roads_at: datetime | None = None,
) -> dict[str, Any]:
    """Give the JSON of a plan with `why` per stop, and `limits` and `helps` per unserved need.

    Parameters
    ----------
    document
        What `plan_to_dict` gave of `plan`.
    problem
        What was planned: of a re-plan its rest.
    roads_at
        The moment whose closures count; the departure unless said.
    """
    from routing.explain import explain_needs, explain_stops
    from routing.explain.words import row_of, stop_row

    new = replace(plan, convoys=tuple(one for one in plan.convoys if not one.kept))
    lacking = {row.place_id for row in plan.unserved}
    opened = open_roads(situation, problem, lacking, at=roads_at or problem.departs_at)
    needs = explain_needs(problem, new, open_roads=opened)
    stops = explain_stops(problem, plan)
    speech = speech_of(situation, problem)
    items = {item.item_id: item for item in problem.items}
    return {
        **document,
        "convoys": [
            {
                **convoy,
                "stops": [
                    {**stop, "why": stop_row(why, speech)}
                    for stop, why in zip(convoy["stops"], stops[convoy["convoy_id"]], strict=True)
                ],
            }
            for convoy in document["convoys"]
        ],
        "unserved": [
            {**row, **row_of(why, items[row["item"]], speech)}
            for row, why in zip(document["unserved"], needs, strict=True)
        ],
    }


def speech_of(situation: Situation, *problems: Problem) -> Speech:
    """How places, depots and vehicles are called, and the clock of the situation."""
    from routing.explain.words import Speech

    frame = situation.places()
    names: dict[str, str] = dict(zip(frame["place_id"], frame["name"], strict=True))
    names |= {depot.depot_id: depot.name for depot in situation.store.depots()}
    names |= {one.vehicle_id: one.name for problem in problems for one in problem.vehicles}
    zone = ZoneInfo(situation.info().timezone)
    return Speech(
        name_of=lambda one: names.get(one) or one,
        clock=lambda moment: f"{moment.astimezone(zone):%H:%M}",
    )


def open_roads(
    situation: Situation, problem: Problem, places: set[str], *, at: datetime
) -> OpenRoads | None:
    """Give travel as it would be without closures, and which closure decides for which place.

    None where nothing is closed, or where the points of the problem are no longer all there.
    """
    from routing.explain import OpenRoads

    closures = [one for one in situation.store.closures() if one.holds_at(at)]
    if not closures or not places or not problem.matrices:
        return None
    decided, said = _deciding(situation, problem, places, at)
    if not decided:
        return None
    depots = {one.depot_id: one for one in situation.store.depots()}
    if missing := set(problem.depots) - depots.keys():
        raise InputError(f"depot {min(missing)}", "it is no longer known", "plan again")
    points = travelling.points_of(
        situation, [depots[one] for one in problem.depots], problem.places
    )
    travel = travelling.travel_by_class(
        situation, tuple(problem.matrices), points, closures=(), at=at
    )
    from dashboard.operations.planning import class_matrix

    return OpenRoads(
        matrices={name: class_matrix(found, closed=()) for name, found in travel.items()},
        closures=decided,
        said=said,
    )


def _deciding(
    situation: Situation, problem: Problem, places: set[str], at: datetime
) -> tuple[Mapping[str, tuple[str, ...]], Mapping[str, str]]:
    """Closures on the way of the largest class that would get to a place, and where they are."""
    ordered = tuple(name for name in VEHICLE_CLASS_NAMES if name in problem.matrices)
    decided: dict[str, tuple[str, ...]] = {}
    said: dict[str, str] = {}
    for row in reaching.make_reach(situation, ordered, at=at, relay=False)["places"]:
        place = row["place_id"]
        if place not in places:
            continue
        verdicts = row["by_class"]
        for name in ordered:
            if closures := verdicts[name]["decided_by"]:
                decided[place] = tuple(closures)
                said[place] = verdicts[name]["reason"].split(";")[0]
                break
    return decided, said
