"""From a `Problem` to a `Plan`: search, take along, explain.

Two objectives. "arrival" is that of the crisis: weight × quantity × time of arrival, with what
stays unserved, fairness and a little for vehicles' time (`search`). "cost" is that of routine
distribution: value served, then time on the road (`cost_search`). After either, leftovers are taken
along (`leftovers`) and what is unserved is explained (`unserved`). The same problem, seed and
number of iterations give the same plan; a cap in seconds may end the search earlier, and then the
plan says so.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from geo.errors import RuleError
from routing import drivers
from routing.allocate import need_items, need_places
from routing.balance import balance_beside, full_balance
from routing.cost_search import CostSearch
from routing.drivers import most_useful
from routing.fleet import Fleet, fleet_of
from routing.leftovers import take_along
from routing.plan import Objective, Plan, StoppedBy, Unserved, plan_to_dict
from routing.problem_document import digest
from routing.repair import made_to_hold
from routing.schedule import Days, in_order, spread
from routing.score import commune_shares, score, terms_of
from routing.search_problem import days_from, translate
from routing.stop_loads import dealt_anew
from routing.stowing import stowed
from routing.timetable import convoys_of, days_of, relays_of
from routing.together import with_company
from routing.unserved import unserved

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from routing.plan import Convoy, Score
    from routing.problem import Problem

logger = logging.getLogger(__name__)

Progress = Callable[[float, str], None]

FAIRNESS = 0.5
# Turns of each walk where nobody says: some seconds on a 2-core machine of 2024.
TURNS_PER_JOB = 100
FEWEST_TURNS, MOST_TURNS = 2000, 40_000
# A turn takes longer where there are many jobs: 3,000 needs are to be planned within 10 s.
MOST_TURNS_TIMES_JOBS = 70_000_000
# A plan by cost to begin with: steps per depot and round, the share of the time it may take, and
# where there is no time for it.
STEPS_OF_BEGINNING, BEGINNING_SHARE = 100, 0.25
SECONDS_FOR_BEGINNING = 5.0
# Where drivers are few: the share of the search that finds out who is to drive.
CHOOSING_SHARE = 1 / 3
NEEDS_FOR_BEGINNING, SECONDS_FOR_LARGE_BEGINNING = 1500, 30.0
# What is kept of the seconds asked for, to deal out loads and finish: for each need, and at most.
FINISHING_S, FINISHING_SHARE = 0.0005, 0.3
# How often loads are dealt out anew at the end.
MOST_DEALS = 4


def solve(
    problem: Problem,
    *,
    objective: Objective = "arrival",
    seed: int = 1,
    iterations: int | None = None,
    seconds: float | None = None,
    fairness: float = FAIRNESS,
    start: Plan | None = None,
    notice: str = "",
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> Plan:
    """Plan convoys for `problem`.

    Parameters
    ----------
    objective
        "arrival": the least weight × quantity × time of arrival (docs/convoys.md has the formula);
        "cost": the most value served, in the least time on the road.
    seed
        Of the search, 0 to 2^32 - 1.
    iterations
        Steps of the search: of each walk for "arrival", per depot and round for "cost"; None takes
        it from the size.
    seconds
        Cap by the clock for the whole search; a plan that it ended is marked ``stopped_by
        seconds`` and may differ from run to run. Without `iterations` the search for early arrival
        takes all of it.
    fairness
        0 = the largest total of weight × quantity, 1 = the commune that fares worst comes first.
    start
        A plan to begin with, for this problem or the same with other needs, vehicles or roads. The
        search for early arrival gives nothing worse where it still holds.
    notice
        A sentence that goes with the plan wherever it goes (for a drill).
    progress
        Called with the share done (0 to 1) and what is being done.
    stop
        Once set (or after Ctrl-C), the search for early arrival ends with the best so far, and
        the plan says ``stopped_by stop``.

    Returns
    -------
    Plan
        Every need is in it: delivered, unserved with a reason, or partly each. Without vehicles,
        stock or roads it is a plan without convoys.

    Raises
    ------
    RuleError
        An option is out of its range.
    """
    _require_options(objective, seed, iterations, seconds, fairness)
    report = progress or _silent
    first: Sequence[str] = ()
    if start is not None:
        first = most_useful(problem, start)
    elif drivers.are_short(problem):
        start, spent_s = _with_drivers_for_all(
            problem,
            objective=objective,
            seed=seed,
            iterations=iterations,
            seconds=seconds,
            fairness=fairness,
            stop=stop,
            progress=lambda share, _text: report(0.0, f"choosing who drives, {share:.0%}"),
        )
        first = most_useful(problem, start)
        seconds = None if seconds is None else max(seconds - spent_s, 0.0)
    kept = None if start is None else relays_of(start)
    fleet = fleet_of(problem, relay=objective == "arrival", kept=kept, first=first)
    order = _Order(problem, fleet, first, seed, iterations, seconds, fairness, report, notice)
    plan = _by_arrival(order, start, stop) if objective == "arrival" else _by_cost(order)
    report(1.0, f"{len(plan.convoys)} convoys, {len(plan.unserved)} needs unserved")
    logger.info(
        "plan %s: %d convoys, %d needs unserved, %.1f %% served",
        plan.plan_id,
        len(plan.convoys),
        len(plan.unserved),
        100 * plan.score.served_share,
    )
    return plan


def _with_drivers_for_all(
    problem: Problem, *, iterations: int | None, seconds: float | None, **asked: Any
) -> tuple[Plan, float]:
    """Plan as if no depot lacked drivers, in part of the time: it tells who brings most."""
    clock = time.perf_counter()
    plan = solve(
        replace(problem, drivers={}),
        iterations=None if iterations is None else max(int(CHOOSING_SHARE * iterations), 1),
        seconds=None if seconds is None else CHOOSING_SHARE * seconds,
        **asked,
    )
    return plan, time.perf_counter() - clock


@dataclass(frozen=True, slots=True)
class _Order:
    """What was asked for; in `fleet` those who travel together are one vehicle."""

    problem: Problem
    fleet: Fleet
    first: Sequence[str]
    seed: int
    iterations: int | None
    seconds: float | None
    fairness: float
    report: Progress
    notice: str


def _require_options(
    objective: str, seed: int, iterations: int | None, seconds: float | None, fairness: float
) -> None:
    wrong = []
    if objective not in get_args(Objective):
        wrong.append(f"objective {objective!r} (arrival or cost)")
    if not 0 <= seed < 2**32:
        wrong.append(f"seed {seed} (0 to 4294967295)")
    if iterations is not None and iterations < 1:
        wrong.append(f"iterations {iterations} (1 or more)")
    if seconds is not None and not seconds >= 0:
        wrong.append(f"seconds {seconds} (0 or more)")
    if not 0 <= fairness <= 1:
        wrong.append(f"fairness {fairness} (0 to 1)")
    if wrong:
        raise RuleError(", ".join(wrong), "values in brackets are needed", "plan again with them")


def _silent(_share: float, _text: str) -> None:
    return


def plan_of_days(fleet: Fleet, days: Days, *, fairness: float = FAIRNESS) -> Plan:
    """Make a plan of days that somebody else found: leftovers taken along, scored, explained."""
    order = _Order(fleet.problem, fleet, (), 0, None, None, fairness, _silent, "")
    return _finished(order, "arrival", _ended(order, "arrival", days), 0, "iterations")


# --- the two searches -------------------------------------------------------------------------


def _by_arrival(order: _Order, start: Plan | None, stop: threading.Event | None) -> Plan:
    fleet = order.fleet
    clock = time.perf_counter()
    # Here, because the search is compiled: reading a plan and planning for cost start without it.
    from routing import search

    order.report(0.0, "cutting needs into loads")
    lacking, stock = full_balance(fleet)
    if not fleet.groups or not lacking.any():
        return _finished(order, "arrival", _ended(order, "arrival", {}), 0, "nothing_to_plan")
    begun = _beginning(order) if start is None else days_of(fleet, start)
    made = translate(fleet, lacking=lacking, stock=stock, fairness=order.fairness, start=begun)
    if not made.pieces:
        return _finished(order, "arrival", _ended(order, "arrival", {}), 0, "nothing_to_plan")
    search.warm_up(lambda text: order.report(0.02, text))
    turns = order.iterations
    if turns is None and order.seconds is None:
        jobs = len(made.pieces)
        most = min(MOST_TURNS, max(MOST_TURNS_TIMES_JOBS // jobs, FEWEST_TURNS))
        turns = min(max(TURNS_PER_JOB * jobs, FEWEST_TURNS), most)
    left_s = None
    if order.seconds is not None:
        kept_s = min(FINISHING_S * len(fleet.problem.needs), FINISHING_SHARE * order.seconds)
        left_s = max(order.seconds - kept_s - (time.perf_counter() - clock), 0.0)
    found = search.search(
        made.instance,
        seed=order.seed,
        turns=turns,
        seconds=left_s,
        start=made.start,
        report=lambda share, cost: order.report(
            0.05 + 0.85 * share, f"searching, deprivation {cost:.6g}"
        ),
        stop=stop,
    )
    stopped_by: StoppedBy = "iterations" if found.ended_by == "turns" else found.ended_by
    order.report(0.9, "dealing out loads")
    days = days_from(fleet, made, found.days)
    ends = [_dealt_while_better(order, days)]
    # Leftovers may have delayed others by more than they are worth.
    if ends[0] != days:
        ends.append(days)
    if made.start is not None and search.cost_of(made.instance, made.start) < math.inf:
        ends.append(days_from(fleet, made, made.start))
    order.report(0.92, "taking leftovers along")
    best = min(
        (_ended(order, "arrival", end) for end in ends), key=lambda end: end.score.deprivation
    )
    return _finished(order, "arrival", best, found.turns, stopped_by)


def _dealt_while_better(order: _Order, days: Days) -> Days:
    """Deal the loads of all stops out anew as often as that makes the plan better."""
    best = _deprivation(order, days)
    for _ in range(MOST_DEALS):
        dealt = dealt_anew(order.fleet, days, fairness=order.fairness)
        value = _deprivation(order, dealt)
        if value >= best:
            break
        days, best = dealt, value
    return days


def _deprivation(order: _Order, days: Days) -> float:
    convoys = convoys_of(order.fleet, days)
    return score(order.fleet.problem, convoys, fairness=order.fairness).deprivation


def _beginning(order: _Order) -> Days | None:
    """Give days to begin with: a short search for cost, whose linear programme knows of all stock.

    None where steps were asked for, or where there is no time for it.
    """
    needs, seconds = len(order.fleet.problem.needs), order.seconds
    if order.iterations is not None or (seconds is not None and seconds < SECONDS_FOR_BEGINNING):
        return None
    if needs > NEEDS_FOR_BEGINNING and (seconds or 0.0) < SECONDS_FOR_LARGE_BEGINNING:
        return None
    quiet = replace(
        order,
        iterations=STEPS_OF_BEGINNING,
        seconds=None if seconds is None else BEGINNING_SHARE * seconds,
        report=lambda _share, text: order.report(0.0, text),
    )
    return made_to_hold(order.fleet, _search_by_cost(quiet).days())


def _search_by_cost(order: _Order) -> CostSearch:
    order.report(0.0, "allocating stock")
    costs = CostSearch(
        fleet=order.fleet,
        seed=order.seed,
        iterations=order.iterations,
        until=None if order.seconds is None else time.perf_counter() + order.seconds,
        fairness=order.fairness,
        report=order.report,
    )
    costs.run_round(0.05, 0.65)
    if costs.any_left():
        costs.run_round(0.65, 0.9)
    return costs


def _by_cost(order: _Order) -> Plan:
    costs = _search_by_cost(order)
    order.report(0.9, "spreading trips over vehicles")
    stopped_by: StoppedBy = "iterations" if costs.iterations_done else "nothing_to_plan"
    if costs.out_of_time:
        stopped_by = "seconds"
    days = made_to_hold(order.fleet, costs.days())
    end = _ended(order, "cost", days)
    return _finished(order, "cost", end, costs.iterations_done, stopped_by)


# --- the plan ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _End:
    """What a search came to: leftovers taken along, trips in order; not yet explained.

    `fleet` is that of `order` without relays that nobody brings anything to. `lacking`, (n_places,
    n_items), and `stock`, (n_depots, n_items), are what is left, in millionths.
    """

    fleet: Fleet
    days: Days
    convoys: tuple[Convoy, ...]
    lacking: NDArray[np.int64]
    stock: NDArray[np.int64]
    score: Score


def _ended(order: _Order, objective: Objective, days: Days) -> _End:
    """Take leftovers along and put trips in order."""
    fleet, problem = order.fleet, order.fleet.problem
    lacking_needs, stock = balance_beside(fleet, days)
    place, item = need_places(fleet), need_items(fleet)
    shape = (len(problem.places), len(problem.items))
    lacking: NDArray[np.int64] = np.zeros(shape, dtype=np.int64)
    urgency = np.zeros(shape)
    lacking[place, item] = lacking_needs
    urgency[place, item] = [need.weight for need in problem.needs]

    late = terms_of(problem, order.fairness).unserved_h if objective == "arrival" else None
    days = take_along(fleet, days, lacking=lacking, stock=stock, urgency=urgency, unserved_h=late)
    # Teams to whom nobody brings anything drive for themselves.
    relayed = fleet
    fleet = _without_idle_relays(order, fleet, days)
    if fleet is not relayed:
        days = take_along(
            fleet, days, lacking=lacking, stock=stock, urgency=urgency, unserved_h=late
        )
    if objective == "cost":
        days = spread(fleet, days, urgency)
        # Other gaps than before; after this one nothing moves between vehicles any more.
        days = take_along(fleet, days, lacking=lacking, stock=stock, urgency=urgency)
    days = in_order(fleet, days, urgency)
    days = stowed(fleet, days, lacking=lacking, stock=stock)
    convoys = with_company(convoys_of(fleet, days), order.problem.vehicles, problem.items)
    scored = score(problem, convoys, fairness=order.fairness)
    return _End(fleet, days, convoys, lacking, stock, scored)


def _finished(
    order: _Order, objective: Objective, end: _End, iterations: int, stopped_by: StoppedBy
) -> Plan:
    """Explain what is left, and put the plan together."""
    own = f"qafila {importlib.metadata.version('qafila')}"
    return _with_ids(
        Plan(
            plan_id="",
            seed=order.seed,
            departs_at=order.problem.departs_at,
            convoys=end.convoys,
            unserved=_reasons(end, order.fleet),
            score=end.score,
            fairness=order.fairness,
            objective=objective,
            iterations=iterations,
            stopped_by=stopped_by,
            problem_sha256=digest(order.problem),
            solver="pyvrp" if objective == "cost" else own,
            commune_shares=commune_shares(end.fleet.problem, end.convoys),
            notice=order.notice,
        )
    )


def _without_idle_relays(order: _Order, fleet: Fleet, days: Days) -> Fleet:
    """Give the fleet with those relays only that `days` bring something to; itself if all are."""
    halts = {halt.place for trips in days.values() for trip in trips for halt in trip.halts}
    used = {place: one for place, one in fleet.services.items() if place in halts}
    if len(used) == len(fleet.services):
        return fleet
    vehicles = fleet.problem.vehicles
    kept = {
        one.leg.place_id: ([vehicles[row].vehicle_id for row in one.vehicles], one.carries)
        for one in used.values()
    }
    return fleet_of(order.problem, kept=kept, first=order.first, only=kept.keys())


def _reasons(end: _End, relayed: Fleet) -> tuple[Unserved, ...]:
    """Give the reasons; where teams could have carried on, those of the fleet with these teams."""
    fleet, lacking, stock = end.fleet, end.lacking, end.stock
    found = unserved(fleet, end.days, lacking=lacking, stock=stock)
    if relayed is fleet:
        return found
    could = {one.leg.place_id for one in relayed.services.values()}
    known = {row: trips for row, trips in end.days.items() if row in relayed.starts_s}
    with_teams = unserved(relayed, known, lacking=lacking, stock=stock)
    return tuple(
        ours if ours.place_id in could else own for own, ours in zip(found, with_teams, strict=True)
    )


def _with_ids(plan: Plan) -> Plan:
    """Ids made from the content: the same plan has the same ids everywhere."""
    content = json.dumps(plan_to_dict(plan), sort_keys=True, ensure_ascii=False)
    name = hashlib.sha256(content.encode()).hexdigest()[:16]
    return replace(
        plan,
        plan_id=f"plan:{name}",
        convoys=tuple(
            replace(convoy, convoy_id=f"convoy:{name[:8]}-{number:03d}")
            for number, convoy in enumerate(plan.convoys, start=1)
        ),
    )
