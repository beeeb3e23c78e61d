"""A plan made anew in the middle of the day: what is on the road stays, the rest is planned again.

Convoys that left before the moment `at` are kept with their remaining stops, and locked ones with
their hour and the trips of their vehicle before them (`keeping`). Everything else (`rest_of_day`)
is planned anew, beginning with the old plan.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from routing.keeping import keep
from routing.problem_document import digest
from routing.rest_of_day import Reported, problems
from routing.score import commune_shares, score
from routing.solve import solve

if TYPE_CHECKING:
    import threading
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from routing.plan import Convoy, Plan
    from routing.problem import Problem
    from routing.solve import Progress

# Driving times that differ by less than this are the same way.
SAME_WAY_S = 1.0
# Stands for "the shift is over": a vehicle is given no shift of 0 s.
OVER_S = 1

Amounts = dict[tuple[str, str], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replanned:
    """The new plan and what it is checked against.

    Parameters
    ----------
    plan
        Kept and new convoys.
    rest
        What was planned anew: without what is kept.
    whole
        The day: needs, stock and shifts with what is kept. It is what `plan` is stored with, and
        `was` of the next re-plan.
    """

    plan: Plan
    rest: Problem
    whole: Problem


def replan(
    before: Plan,
    was: Problem,
    now: Problem,
    *,
    at: datetime,
    locked: Collection[str] = (),
    reported: Reported | None = None,
    seed: int = 1,
    iterations: int | None = None,
    seconds: float | None = None,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> Replanned:
    """Plan the rest of the day of `before`.

    Parameters
    ----------
    before, was
        The plan in force and the problem it was made from.
    now
        The problem as it stands: needs, stock, vehicles and roads as reported, with `departs_at`
        of `was` and all depots and places of the convoys on the road.
    at
        What left before is kept.
    locked
        Ids of convoys that stay though they have not left.
    reported
        Movements that `now` counts already.
    """
    told = reported or Reported()
    kept = keep(before, was, now, at, frozenset(locked))
    rest, whole = problems(before, was, now, at, kept, told)
    names = {convoy.convoy_id for convoy in kept.convoys}
    gone = names | {one.convoy_id for one in kept.returned}
    begun = replace(
        before, convoys=tuple(one for one in before.convoys if one.convoy_id not in gone)
    )
    made = solve(
        rest,
        objective=before.objective,
        seed=seed,
        iterations=iterations,
        seconds=seconds,
        fairness=before.fairness,
        start=begun,
        notice=before.notice,
        progress=progress,
        stop=stop,
    )
    convoys = _numbered(kept.convoys, made.convoys)
    plan = replace(
        made,
        convoys=convoys,
        score=score(whole, convoys, fairness=before.fairness),
        commune_shares=commune_shares(whole, convoys),
        problem_sha256=digest(whole),
        replaces=before.plan_id,
        replanned_at=at,
        returned=tuple(kept.returned),
    )
    return Replanned(plan=plan, rest=rest, whole=whole)


def _numbered(kept: Iterable[Convoy], new: Iterable[Convoy]) -> tuple[Convoy, ...]:
    """All convoys in time, the trips of every vehicle counted anew."""
    count: dict[str, int] = defaultdict(int)
    convoys = []
    order = sorted([*kept, *new], key=lambda c: (c.departs_at, c.depot_id, c.vehicle_id))
    for convoy in order:
        count[convoy.vehicle_id] += 1
        convoys.append(replace(convoy, trip=count[convoy.vehicle_id]))
    return tuple(convoys)
