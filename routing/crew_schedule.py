"""Crews at work: who clears which site when, travelling on the roads that are open by then.

A crew starts at the depots, goes to a site that it can reach, works, and goes on from there.
Whenever a crew is free it takes the site that begins the best chain: gain per hour of work and
travel, valued as if the sites that are being worked at were open already. A site is worked by one
crew, and is not begun if it cannot be finished in time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geo.errors import RuleError
from routing.clearance import candidates, copy_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from routing.clearance import Clearing

MAX_CREWS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One crew at one site; hours from now. `gain` and `reconnected` places come when it ends."""

    crew: int
    site: int
    leaves_h: float
    begins_h: float
    ends_h: float
    gain: float
    reconnected: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Jobs in the order in which they end; `left` are sites that are not cleared, with why."""

    jobs: tuple[Job, ...]
    left: tuple[tuple[int, str], ...]
    gain: float


@dataclass(slots=True)
class _Crew:
    number: int
    at: int = 0
    free_h: float = 0.0
    done: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    crew: int
    site: int
    leaves_h: float
    begins_h: float
    ends_h: float


def schedule(clearing: Clearing, *, crews: int, hours: float) -> Schedule:
    """Send crews out for some hours; `clearing` is left as it is.

    Raises
    ------
    RuleError
        No crew, too many, or no hours.
    """
    if not 1 <= crews <= MAX_CREWS:
        raise RuleError(f"{crews} crews", f"1 to {MAX_CREWS} are needed", "correct it")
    if not (np.isfinite(hours) and hours > 0):
        raise RuleError(f"{hours} hours", "a number above 0 is needed", "correct it")
    orders = _dispatch(clearing, [_Crew(number=number + 1) for number in range(crews)], hours)
    jobs = _valued(clearing, sorted(orders, key=lambda one: (one.ends_h, one.crew)))
    return Schedule(
        jobs=tuple(jobs),
        left=tuple(_left(clearing, orders, hours)),
        gain=sum(job.gain for job in jobs),
    )


def _dispatch(clearing: Clearing, crews: list[_Crew], hours: float) -> list[_Order]:
    # `now` knows the sites that are finished, `ahead` those that are begun as well.
    now, ahead = copy_of(clearing), copy_of(clearing)
    orders: list[_Order] = []
    finished: set[int] = set()
    while waiting := [crew for crew in crews if not crew.done]:
        crew = min(waiting, key=lambda one: (one.free_h, one.number))
        for ended in sorted(orders, key=lambda one: one.ends_h):
            if ended.ends_h <= crew.free_h and ended.site not in finished:
                now.open(ended.site)
                finished.add(ended.site)
        order = _next(now, ahead, crew, hours)
        if order is not None:
            orders.append(order)
            ahead.open(order.site)
            crew.at, crew.free_h = _end_of(now, order.site), order.ends_h
            continue
        later = [one.ends_h for one in orders if one.ends_h > crew.free_h]
        if later:
            crew.free_h = min(later)
        else:
            crew.done = True
    return orders


def _next(now: Clearing, ahead: Clearing, crew: _Crew, hours: float) -> _Order | None:
    """The site that this crew begins the best chain with, None if there is none in time."""
    groups, gains = candidates(ahead)
    travel_h = _travel_h(now, crew.at)
    best: tuple[float, float, int] | None = None
    for group, gain in zip(groups, gains.tolist(), strict=True):
        there = [site for site in group if np.isfinite(travel_h[site])]
        if gain <= 0 or not there:
            continue
        site, work_h = there[0], now.crew_hours[list(group)]
        # Sites that can all be reached are worked side by side, others one after the other.
        at_least_h = work_h.max() if len(there) == len(group) else work_h.sum()
        way_h = float(travel_h[site])
        if crew.free_h + way_h + at_least_h > hours * (1 + 1e-12):
            continue
        value = (-gain / (float(work_h.sum()) + way_h), way_h, site)
        best = value if best is None else min(best, value)
    if best is None:
        return None
    _, way_h, site = best
    begins_h = crew.free_h + way_h
    return _Order(
        crew=crew.number,
        site=site,
        leaves_h=crew.free_h,
        begins_h=begins_h,
        ends_h=begins_h + float(now.crew_hours[site]),
    )


def _travel_h(now: Clearing, at: int) -> NDArray[np.float64]:
    """(n_sites,) hours from a terminal to the nearest end of each site, inf = it is barred."""
    ends = now.ends
    travel_h = np.full(ends.n_sites, np.inf)
    np.minimum.at(travel_h, ends.arc_site, now.table_s[at, ends.arc_from] / 3600.0)
    return travel_h


def _end_of(now: Clearing, site: int) -> int:
    """A terminal at which a crew stands when it has cleared a site."""
    ends = now.ends
    arcs = slice(int(ends.arc_start[site]), int(ends.arc_start[site + 1]))
    stand = np.concatenate([ends.arc_to[arcs], ends.arc_from[arcs]])
    inner = stand[(stand > 0) & (stand < len(now.table_s))]
    return int(inner[0]) if len(inner) else 0


def _valued(clearing: Clearing, orders: list[_Order]) -> list[Job]:
    """What every job wins, the moment it ends."""
    then = copy_of(clearing)
    jobs = []
    for order in orders:
        before = then.reached
        gain = float(then.gains([(order.site,)])[0])
        then.open(order.site)
        jobs.append(
            Job(
                crew=order.crew,
                site=order.site,
                leaves_h=order.leaves_h,
                begins_h=order.begins_h,
                ends_h=order.ends_h,
                gain=gain,
                reconnected=tuple(np.flatnonzero(then.reached & ~before).tolist()),
            )
        )
    return jobs


def _left(clearing: Clearing, orders: list[_Order], hours: float) -> list[tuple[int, str]]:
    """Sites that stay blocked, each with the reason."""
    then = copy_of(clearing)
    for order in orders:
        then.open(order.site)
    travel_h = _travel_h(then, 0)
    groups, gains = candidates(then)
    worth = {site for group, gain in zip(groups, gains.tolist(), strict=True) if gain > 0
             for site in group}  # fmt: skip
    left = []
    for site in np.flatnonzero(~then.is_open).tolist():
        if then.crew_hours[site] > hours:
            why = f"takes {then.crew_hours[site]:g} crew-hours, more than the {hours:g} hours"
        elif site not in worth:
            why = "opening it wins nothing for any place"
        elif not np.isfinite(travel_h[site]):
            why = "no crew can get there: other sites bar the way, or no road leads there"
        else:
            why = "no crew has the time for it"
        left.append((site, why))
    return left
