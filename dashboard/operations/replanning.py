"""Plan the rest of a day anew, and keep convoys from it: lock, unlock, re-plan."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from dashboard.operations import explaining, planning
from dashboard.operations.plan_terms import terms_of
from dashboard.operations.situation import Progress, Situation, silent
from data.events import ConvoyLockSet
from geo.errors import InputError, RuleError, UnknownIdError

if TYPE_CHECKING:
    import threading

    from routing.plan import Plan
    from routing.problem import Problem
    from routing.rest_of_day import Reported

#: How long a re-plan searches where nobody says: a crisis cell waits for it.
SECONDS = 2.0
#: A plan is made for the next departure: what is asked for a day before it is a slip.
EARLY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _InForce:
    """A recorded plan with the problem that it was made from."""

    document: dict[str, Any]
    plan: Plan
    problem: Problem


def set_lock(
    situation: Situation, convoy_id: str, *, locked: bool, reason: str = ""
) -> dict[str, Any]:
    """Have a convoy of the newest plan stay at a re-plan, or no longer.

    Raises
    ------
    UnknownIdError
        The newest plan has no such convoy.
    RuleError
        The convoy has left, or it is locked (not locked) already.
    """
    plan = planning.load_plan(situation, "latest")
    convoy = next((one for one in plan["convoys"] if one["convoy_id"] == convoy_id), None)
    if convoy is None:
        raise UnknownIdError(
            convoy_id,
            f"the newest plan ({plan['plan_id']}) has no such convoy",
            "take an id from `qafila plan --json`",
        )
    leaves = datetime.fromisoformat(convoy["departs_at"])
    if leaves <= situation.now():
        raise RuleError(
            f"{convoy_id}: it left at {leaves.isoformat()}",
            "a convoy that has not left can be locked",
            "nothing is to be done: what is on the road stays at a re-plan",
        )
    if convoy["locked"] == locked:
        state = "locked" if locked else "not locked"
        raise RuleError(convoy_id, f"the convoy is {state} already", "nothing is to be done")
    situation.record(
        [ConvoyLockSet(convoy_id=convoy_id, plan_id=plan["plan_id"], locked=locked, reason=reason)]
    )
    return {"convoy_id": convoy_id, "plan_id": plan["plan_id"], "locked": locked}


def plan_again(
    situation: Situation,
    *,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> dict[str, Any]:
    """Plan after a change: the rest of the day of the newest plan, or its next day once it is over.

    The terms of the newest plan (`PlanTerms`) hold for the next day too.

    Arguments, result and errors are those of `replan`.
    """
    made = situation.store.plans()
    terms = None
    if made:
        old = _in_force(situation, made[-1].plan_id)
        begins, ends = _day_of(old)
        if begins - EARLY <= situation.now() < ends:
            return replan(situation, progress=progress, stop=stop)
        terms = terms_of(old.document)
    return planning.make_plan(situation, terms=terms, progress=progress, stop=stop)


def replan(
    situation: Situation,
    plan_id: str = "latest",
    *,
    at: datetime | None = None,
    seconds: float | None = None,
    iterations: int | None = None,
    seed: int = 1,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> dict[str, Any]:
    """Plan the rest of the day of a plan anew, check it independently and record it.

    Parameters
    ----------
    plan_id
        Id of a recorded plan, or ``latest``.
    at
        What left before stays; now unless said.
    seconds
        Cap of the search; `SECONDS` unless that or `iterations` is given.
    stop
        Once set, the search ends and the best plan so far is checked and recorded.

    Returns
    -------
    dict
        The `plan` JSON with `replaces`, `replanned_at`, `returned`, and `kept` and `locked` per
        convoy.

    Raises
    ------
    UnknownIdError
        There is no such plan, or it is of other places.
    RuleError
        `at` is not in the day of the plan, or the new plan did not pass the checkers.
    """
    from routing.check import check
    from routing.check_kept import check_kept
    from routing.plan import plan_to_dict
    from routing.replan import replan as plan_rest

    show = progress or silent
    based_on = situation.seq()
    old = _in_force(situation, plan_id)
    moment = _moment(old, situation.now() if at is None else at)
    show(0.02, "gathering needs, stock and roads")
    now = _problem_now(situation, old, moment)
    if seconds is None and iterations is None:
        seconds = SECONDS
    made = plan_rest(
        old.plan,
        old.problem,
        now,
        at=moment,
        locked=situation.store.locked_convoys(),
        reported=_reported(situation, old.document),
        seed=seed,
        iterations=iterations,
        seconds=seconds,
        progress=lambda share, text: show(0.15 + 0.75 * share, text),
        stop=stop,
    )
    show(0.92, "checking the plan")
    wrong = check(made.whole, made.plan) + check_kept(old.plan, now, made.plan, at=moment)
    planning.require_sound(wrong)
    show(0.95, "explaining the plan")
    document = explaining.explained(
        situation, plan_to_dict(made.plan), made.plan, made.rest, roads_at=moment
    )
    document["terms"] = terms_of(old.document).as_dict()
    return planning.record_plan(
        situation, document, made.whole, seed=seed, based_on=based_on, show=show
    )


def _in_force(situation: Situation, plan_id: str) -> _InForce:
    from routing.plan import plan_from_dict

    document = planning.load_plan(situation, plan_id)
    return _InForce(
        document, plan_from_dict(document), planning.load_problem(situation, document["plan_id"])
    )


def _moment(old: _InForce, at: datetime) -> datetime:
    """The moment of the re-plan, in the day of the plan; before the departure nothing has left."""
    begins, ends = _day_of(old)
    day = f"its convoys drive from {begins.isoformat()} to {ends.isoformat()}"
    name = old.document["plan_id"]
    if at < begins - EARLY:
        raise RuleError(
            f"re-plan of {name} at {at.isoformat()}",
            f"a moment of its day is needed: {day}",
            "correct --at, or choose the plan of that day",
        )
    if at >= ends:
        raise RuleError(
            f"re-plan of {name} at {at.isoformat()}",
            f"its day is over: {day}",
            "plan the next day with `qafila plan`, or correct --at",
        )
    return max(at, begins).replace(microsecond=0)


def _day_of(old: _InForce) -> tuple[datetime, datetime]:
    """From when to when convoys of a plan can be on the road."""
    begins = old.problem.departs_at
    longest = max((int(one.shift_s) for one in old.problem.vehicles), default=0)
    return begins, begins + timedelta(seconds=longest)


def _problem_now(situation: Situation, old: _InForce, moment: datetime) -> Problem:
    """Gather what is planned anew: with all places and depots of the old plan's convoys."""
    places = {stop.place_id for convoy in old.plan.convoys for stop in convoy.stops}
    known = set(situation.places()["place_id"])
    depots = {convoy.depot_id for convoy in old.plan.convoys}
    known |= {depot.depot_id for depot in situation.store.depots()}
    if strange := sorted((places | depots) - known):
        raise InputError(
            f"{old.document['plan_id']}: {strange[0]}",
            "a plan for the places and depots of this situation is needed",
            "plan anew with `qafila plan`",
        )
    now = planning.build_problem(
        situation,
        leaving=old.problem.departs_at,
        roads_at=moment,
        places=places,
        depots=depots,
        classes={convoy.vehicle_class for convoy in old.plan.convoys},
        by_night=True,
        terms=terms_of(old.document),
    )
    # The hours of the day are those that the old plan was made for.
    return replace(
        now,
        daylight=old.problem.daylight,
        windows={name: w for name, w in old.problem.windows.items() if name in now.places},
        depot_hours={name: w for name, w in old.problem.depot_hours.items() if name in now.depots},
        drivers={name: n for name, n in old.problem.drivers.items() if name in now.depots},
    )


def _reported(situation: Situation, document: dict[str, Any]) -> Reported:
    """Movements since the first plan of the day: what left depots, and what reached places."""
    from routing.rest_of_day import Reported

    first = document
    while first.get("replaces"):
        first = planning.load_plan(situation, first["replaces"])
    left: dict[tuple[str, str], float] = defaultdict(float)
    reached: dict[tuple[str, str], float] = defaultdict(float)
    for move in situation.store.movements():
        if move.seq <= int(first["based_on_seq"]) or move.taken_back:
            continue
        if move.from_account.startswith("depot:"):
            left[move.from_account, move.item_id] += float(move.quantity)
        if move.to_account.startswith("place:"):
            reached[move.to_account, move.item_id] += float(move.quantity)
    return Reported(left_depot=left, reached_place=reached)
