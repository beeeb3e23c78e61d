"""Plan convoys: the open needs, the stock, the fleet and the damaged network, joined and solved."""

from __future__ import annotations

import itertools
import logging
import re
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from dashboard.operations import (
    assessing,
    explaining,
    goods,
    lacking,
    plan_stock,
    reaching,
    relaying,
    travelling,
)
from dashboard.operations.one_moment import once
from dashboard.operations.organisations import vehicles_that_count
from dashboard.operations.plan_terms import PlanTerms
from dashboard.operations.situation import Progress, Situation, silent
from dashboard.operations.trusting import trust_in_force
from data.events import PlanMade
from data.needs import persons_per_unit
from geo.errors import InputError, RuleError, UnknownIdError
from geo.model import VEHICLE_CLASS_NAMES, new_id

if TYPE_CHECKING:
    import threading
    from collections.abc import Collection, Sequence

    from geo.model import Closure, VehicleClassName
    from routing.hours import Daylight
    from routing.plan import Objective
    from routing.problem import ClassMatrix, Demand, Problem

logger = logging.getLogger(__name__)

#: Ids of depots and places as they occur in sentences.
_ID = re.compile(r"\b(?:depot|place):[^\s,;:()]+")

#: The hour from which a plan counts, in the situation's own zone; who does not drive in the dark
#: leaves when it is light (`daylight_of`).
DEPARTURE = time(6, 0)


def make_plan(
    situation: Situation,
    *,
    objective: Objective = "arrival",
    seed: int = 1,
    seconds: float | None = None,
    iterations: int | None = None,
    fairness: float = 0.5,
    by_night: bool = False,
    terms: PlanTerms | None = None,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> dict[str, Any]:
    """Plan convoys for the open needs, check the plan independently and record it.

    Parameters
    ----------
    objective
        "arrival" for the crisis, "cost" for routine distribution (docs/convoys.md).
    seed, iterations
        Of the search; the same situation, seed and iterations give the same plan.
    seconds
        Cap by the clock; where it ends the search the plan says so.
    fairness
        0 = the largest total, 1 = the commune that fares worst comes first.
    by_night
        Let convoys drive in the dark too; without, they leave and are home while it is light.
    terms
        Priorities, drivers, hours and what stays whole; kept in `terms` of the plan.
    stop
        Once set, the search ends and the best plan so far is checked and recorded.

    Returns
    -------
    dict
        The `plan` JSON of the contract; `light` says from when to when it is light (None by night),
        `why` of a stop why it comes then, `limits` and `helps` of an unserved need what binds and
        what would help (docs/convoys.md).

    Raises
    ------
    InputError
        There are no places, roads, depots or needs to plan for.
    RuleError
        The plan did not pass the checker: nothing is recorded.
    """
    from routing.check import check
    from routing.plan import plan_to_dict
    from routing.solve import solve

    show = progress or silent
    based_on = situation.seq()
    show(0.02, "gathering needs, stock and roads")
    terms = terms or PlanTerms()
    problem = build_problem(situation, by_night=by_night, terms=terms)
    plan = solve(
        problem,
        objective=objective,
        seed=seed,
        iterations=iterations,
        seconds=seconds,
        fairness=fairness,
        notice=situation.info().notice,
        progress=lambda share, text: show(0.15 + 0.75 * share, text),
        stop=stop,
    )
    show(0.92, "checking the plan")
    require_sound(check(problem, plan))
    show(0.95, "explaining the plan")
    document = explaining.explained(situation, plan_to_dict(plan), plan, problem)
    document["terms"] = terms.as_dict()
    return record_plan(situation, document, problem, seed=seed, based_on=based_on, show=show)


def require_sound(violations: Sequence[str]) -> None:
    """Refuse a plan in which a checker found something."""
    if violations:
        raise RuleError(
            f"plan: {len(violations)} rule(s) broken, first: {violations[0]}",
            "a plan that holds is needed",
            "this is a fault of the program, please report it; nothing was recorded",
        )


def record_plan(
    situation: Situation,
    document: dict[str, Any],
    problem: Problem,
    *,
    seed: int,
    based_on: int,
    show: Progress,
) -> dict[str, Any]:
    """Put a plan and its problem into the archive, record it, and give it as it is shown.

    Its loads are kept for its convoys from then on, and no longer for those of older plans.
    """
    from routing.problem_document import to_json

    document["unserved"] += _unweighed(situation)
    document = _readable(situation, document)
    document["light"] = _light_row(problem)
    document["plan_id"] = new_id("plan")
    document["based_on_seq"] = based_on
    situation.record(
        [
            PlanMade(
                plan_id=document["plan_id"],
                document=situation.archive.put_json(document),
                problem=situation.archive.put_bytes(to_json(problem).encode(), "json"),
                seed=seed,
                based_on_seq=based_on,
                summary={
                    "convoys": len(document["convoys"]),
                    "unserved": len(document["unserved"]),
                    **document["score"],
                },
            ),
            *plan_stock.reserving(situation, document),
        ]
    )
    show(1.0, f"{len(document['convoys'])} convoys planned")
    return document


def build_problem(
    situation: Situation,
    *,
    by_night: bool = False,
    leaving: datetime | None = None,
    roads_at: datetime | None = None,
    places: Collection[str] = (),
    depots: Collection[str] = (),
    classes: Collection[VehicleClassName] = (),
    terms: PlanTerms | None = None,
) -> Problem:
    """Gather everything a plan depends on.

    Parameters
    ----------
    by_night
        Convoys may drive in the dark.
    leaving
        The hour from which the plan counts; the next `DEPARTURE` unless said.
    roads_at
        When the roads are looked at; `leaving` unless said.
    places, depots, classes
        To be in the problem in any case: of convoys that are on the road (`replanning`).
    terms
        What was asked for beside: none unless said.
    """
    from routing.problem import Problem

    terms = terms or PlanTerms()
    demands = _demands(situation, terms)
    if not demands and not places:
        raise InputError(
            "plan",
            "no place has an open need",
            "upload needs (`qafila upload needs`) or load damage and people, then try again",
        )
    points = [
        depot
        for depot in sorted(situation.store.depots(), key=lambda one: one.depot_id)
        if depot.active or depot.depot_id in depots
    ]
    if not points:
        raise InputError("plan", "a depot is needed", "upload stock: `qafila upload stock FILE`")
    goals = sorted({demand.place_id for demand in demands} | set(places))
    vehicles = vehicles_that_count(situation)
    # Convoys drive on the roads as they are when they leave: a closure may have ended by then.
    zone = situation.info().timezone
    leaving = leaving or next_departure(situation.now(), zone)
    at = roads_at or leaving
    names = sorted({vehicle.vehicle_class for vehicle in vehicles} | set(classes))
    chained = relaying.chained_places(situation, goals, names, at=at)
    roadheads = {one.place_id: one.position for one in chained}
    ground = travelling.points_of(situation, points, goals, roadheads=roadheads)
    travel = travelling.travel_by_class(
        situation,
        names,
        ground,
        closures=situation.store.closures(),
        at=at,
    )
    catalogue = goods.loadable_items(situation)
    stock = plan_stock.plannable(situation, leaving=leaving)
    used = {demand.item_id for demand in demands} | {line.item_id for line in stock}
    known = {depot.depot_id for depot in points}
    relays = relaying.relay_legs(situation, chained, travel, now=situation.now(), leaving=leaving)
    givers = {leg.place_id: leg.givers for leg in relays}
    return Problem(
        depots=tuple(depot.depot_id for depot in points),
        places=tuple(goals),
        items=tuple(catalogue[item] for item in sorted(used) if item in catalogue),
        stock=tuple(line for line in stock if line.depot_id in known and line.item_id in catalogue),
        vehicles=tuple(
            vehicle
            for vehicle in vehicles
            if vehicle.depot_id in known and vehicle.vehicle_class in travel
        ),
        needs=tuple(demands),
        matrices={
            name: class_matrix(
                found,
                # Those who carry on from a roadhead do not bring loads there.
                closed=[row for row in roadheads if name not in givers.get(row, ())],
            )
            for name, found in travel.items()
        },
        relays=relays,
        departs_at=leaving,
        reasons=_reasons(situation, set(goals), tuple(travel), at=at),
        daylight=None if by_night else daylight_of(situation, ground, leaving),
        drivers={depot: n for depot, n in terms.drivers.items() if depot in known},
        windows=terms.windows(goals, leaving=leaving, timezone=zone),
        depot_hours=terms.windows(known, leaving=leaving, timezone=zone),
    )


def daylight_of(
    situation: Situation, points: travelling.Points, leaving: datetime
) -> Daylight | None:
    """Give the light that all of `points` have on the day of `leaving`: civil dawn to dusk.

    None where the sun stays up, or down, all day: then nobody can wait for light. Which classes do
    not travel in the dark is said by their catalogue; ``--by-night`` lifts it for all.
    """
    from geo.sun import light_of
    from routing.hours import Daylight

    corners = itertools.product(
        (min(points.lon), max(points.lon)), (min(points.lat), max(points.lat))
    )
    lights = [light_of(leaving.date(), lon=lon, lat=lat) for lon, lat in corners]
    known = [light for light in lights if light is not None]
    if len(known) < len(lights):
        return None
    return Daylight(
        begins_s=max((light.begins_at - leaving).total_seconds() for light in known),
        ends_s=min((light.ends_at - leaving).total_seconds() for light in known),
        classes=tuple(
            name for name, one in situation.vehicle_classes().items() if one.daylight_only
        ),
    )


def _light_row(problem: Problem) -> dict[str, str] | None:
    light = problem.daylight
    if light is None:
        return None
    return {
        "begins_at": (problem.departs_at + timedelta(seconds=light.begins_s)).isoformat(),
        "ends_at": (problem.departs_at + timedelta(seconds=light.ends_s)).isoformat(),
    }


def latest(situation: Situation) -> dict[str, Any] | None:
    """Give the newest recorded plan, or None."""
    made = situation.store.plans()
    return None if not made else load_plan(situation, made[-1].plan_id)


def load_plan(situation: Situation, plan_id: str) -> dict[str, Any]:
    """Give a recorded plan by its id, or the newest for ``latest``."""
    made = once(situation, "plans", situation.store.plans)
    if plan_id == "latest" and made:
        plan_id = made[-1].plan_id
    ref = next((record.document for record in made if record.plan_id == plan_id), None)
    if ref is not None:
        document = situation.remember(("document", ref), lambda: situation.archive.get_json(ref))
        return _with_locks(document, situation.store.locked_convoys())
    raise UnknownIdError(
        plan_id,
        "there is no plan of this id" if made else "there is no plan yet",
        "make one with `qafila plan`; `latest` names the newest",
    )


def _with_locks(document: dict[str, Any], locked: Collection[str]) -> dict[str, Any]:
    """Say for every convoy whether somebody wants it to stay."""
    convoys = [{**one, "locked": one["convoy_id"] in locked} for one in document["convoys"]]
    return {**document, "convoys": convoys}


def load_problem(situation: Situation, plan_id: str) -> Problem:
    """Give the problem that a recorded plan was made from."""
    from routing.problem_document import from_json

    ref = next(one.problem for one in situation.store.plans() if one.plan_id == plan_id)

    def read() -> Problem:
        return from_json(situation.archive.path(ref).read_text(encoding="utf-8"))

    return situation.remember(("problem", ref), read)


def is_old(situation: Situation, plan: dict[str, Any]) -> bool:
    """Say whether something that a plan depends on was recorded after it was made."""
    since = situation.store.changes_since(int(plan["based_on_seq"]))
    return bool(
        since.closures
        or since.needs
        or since.stock
        or since.vehicles
        or since.depots
        or since.layers
        or since.removed
    )


def closures_then(situation: Situation, plan: dict[str, Any]) -> list[Closure]:
    """Give the closures that were in force when the plan was made."""
    based_on = int(plan["based_on_seq"])
    if not situation.store.changes_since(based_on).closures:
        return list(situation.store.closures())
    with situation.store.as_of(based_on) as past:
        return list(past.closures())


def next_departure(now: datetime, timezone: str) -> datetime:
    """Give the next `DEPARTURE` after `now` in the situation's zone."""
    local = now.astimezone(ZoneInfo(timezone))
    leaving = datetime.combine(local.date(), DEPARTURE, tzinfo=local.tzinfo)
    return leaving if leaving > local else leaving + timedelta(days=1)


def _demands(situation: Situation, terms: PlanTerms) -> list[Demand]:
    """Turn what the places lack into one demand per place and item."""
    from routing.problem import Demand

    now = situation.now()
    assessment = assessing.compute(situation, now=now)
    needs = lacking.needs_of_places(situation, assessment, now=now, trust=trust_in_force(situation))
    frame = assessment.places.set_index("place_id")
    catalogue = goods.loadable_items(situation)
    helps = persons_per_unit(sorted(catalogue))
    demands = []
    for place_id, rows in needs.items():
        place = frame.loc[place_id]
        for row in rows:
            if row["item"] not in catalogue or row["missing"] <= 0:
                continue
            demands.append(
                Demand(
                    place_id=place_id,
                    item_id=row["item"],
                    quantity=row["missing"],
                    # People a unit helps, times urgency as reported, more where more was
                    # destroyed (at most doubled), times the priority that was asked for.
                    weight=helps[row["item"]]
                    * row["weight"]
                    * (1.0 + float(place["priority"]))
                    * terms.priorities.get(row["item"], 1.0),
                    commune=place["commune"] or place["commune_code"],
                    whole=row["item"] in terms.whole,
                )
            )
    return demands


def _unweighed(situation: Situation) -> list[dict[str, Any]]:
    """Give what places lack of items that no plan can load, as nobody has said what they weigh."""
    known = goods.relief_items(situation)
    silent = known.keys() - goods.loadable_items(situation).keys()
    if not silent:
        return []
    now = situation.now()
    needs = lacking.needs_of_places(
        situation, assessing.compute(situation, now=now), now=now, trust=trust_in_force(situation)
    )
    return [
        {
            "place_id": place_id,
            "item": row["item"],
            "quantity": row["missing"],
            "reason": f"nobody has said what one {known[row['item']].unit} weighs and fills: "
            f"`qafila stock item {row['item']} --kg … --m3 …`",
            "code": "weight_unknown",
        }
        for place_id, rows in needs.items()
        for row in rows
        if row["item"] in silent and row["missing"] > 0
    ]


def class_matrix(found: travelling.Travel, *, closed: Sequence[str]) -> ClassMatrix:
    """Give the travel of a class as a problem takes it; places in `closed` are not attached."""
    from routing.problem import ClassMatrix

    matrix = found.matrix
    attached = matrix.attached.copy()
    attached[[found.points.ids.index(place) for place in closed]] = False
    return ClassMatrix(
        travel_time_s=matrix.travel_time_s,
        length_m=matrix.length_m,
        attached=attached,
        walk_s=matrix.walk_s,
    )


def _reasons(
    situation: Situation,
    places: set[str],
    classes: tuple[VehicleClassName, ...],
    *,
    at: datetime,
) -> dict[str, str]:
    """Give, for places that no vehicle of the fleet reaches, why: a closure before other causes."""
    ordered = tuple(name for name in VEHICLE_CLASS_NAMES if name in classes)
    if not ordered:
        return {}
    reasons = {}
    for row in reaching.make_reach(situation, ordered, at=at, relay=False)["places"]:
        if row["place_id"] not in places or row["status"] in ("reachable", "by_relay"):
            continue
        verdicts = row["by_class"].values()
        closed = next((one for one in verdicts if one["decided_by"]), row)
        reasons[row["place_id"]] = closed["reason"]
    return reasons


def _readable(situation: Situation, document: dict[str, Any]) -> dict[str, Any]:
    """Add the names of places to a plan, and put names for ids into its reasons."""
    names = dict(zip(situation.places()["place_id"], situation.places()["name"], strict=True))
    named = {depot.depot_id: depot.name for depot in situation.store.depots()} | names
    for convoy in document["convoys"]:
        for stop in convoy["stops"]:
            stop["place_name"] = names.get(stop["place_id"], "")
    for line in document["unserved"]:
        line["place_name"] = names.get(line["place_id"], "")
        line["reason"] = _ID.sub(lambda one: named.get(one[0], one[0]), line["reason"])
    return document
