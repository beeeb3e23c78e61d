"""The search for early arrival: several walks side by side, best so far at any time.

Each walk is simulated annealing over the moves of `search_walk`, without the interpreter lock, on a
thread of its own. Walks meet at fixed shares of the work, where the worst takes over the
days of the best. With a number of turns the result depends on the seed and that number alone;
with a cap in seconds the temperature follows the clock, and it may differ from run to run.
"""

from __future__ import annotations

import functools
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from routing import search_exchanges, search_kernels, search_moves, search_walk
from routing.hierarchy_compiler import compile_message, drop_outdated, is_kept
from routing.search_arrays import BEST, N_ABSENT, Instance, Solution, empty_solution

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


logger = logging.getLogger(__name__)

EndedBy = Literal["turns", "seconds", "stop"]

# Fitted on ccvrp_cmt (see docs/convoys.md): shares of the mean cost of a job.
HOT, COLD = 1.0, 0.005
# With fewer turns for a job the walk begins cooler: there is no time to cool it down.
TURNS_FOR_HOT, COOLEST = 30.0, 0.01
# What a second of a vehicle costs in constructions, as a share of what it would have to bring.
CONSTRUCTION_PRICES = (0.0, 0.1, 0.2, 0.3, 0.5)
# Seconds that one call of the compiled walk should take: how soon a stop is heard.
CALL_S = 0.1
FIRST_TURNS = PROBE_TURNS = 50
# In runs by turns the walks report so often.
CALLS = 40
WALKS = 2
# Shares of the work at which the worst walk takes over the best.
MEETINGS = (0.5, 0.75, 0.9)
COMPILE_S = 40

# What is called from here; the rest is compiled into it.
_ENTRIES = (search_walk.walk, search_walk.begin, search_kernels.settle_all)

Days = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found: for every vehicle its jobs in order, with `RELOAD` between trips."""

    days: Days
    cost: float
    turns: int
    ended_by: EndedBy


@dataclass
class _Walk:
    """One walk and how far it is."""

    instance: Instance
    solution: Solution
    hot: float = 0.0
    turns: int = 0
    turns_a_call: int = FIRST_TURNS

    @property
    def best(self) -> float:
        return float(self.solution.sums[BEST])


def is_warm() -> bool:
    """Whether the search starts without a compilation."""
    _drop_outdated()
    return is_kept(_ENTRIES)


def warm_up(say: Callable[[str], None] = logger.info) -> None:
    """Tell `say` before the first search of an installation, which compiles for a minute."""
    if not is_warm():
        say(compile_message("the search for convoys", COMPILE_S))


@functools.cache
def _drop_outdated() -> None:
    every = [
        one
        for module in (search_kernels, search_moves, search_exchanges, search_walk)
        for one in vars(module).values()
        if hasattr(one, "py_func")
    ]
    drop_outdated(every)


def search(
    instance: Instance,
    *,
    seed: int,
    turns: int | None = None,
    seconds: float | None = None,
    start: Days | None = None,
    walks: int = WALKS,
    report: Callable[[float, float], None] | None = None,
    stop: threading.Event | None = None,
) -> Found:
    """Look for days of low cost.

    Parameters
    ----------
    seed
        Of all walks.
    turns
        Steps of each walk.
    seconds
        Cap by the clock. One of the two is needed.
    start
        Days to begin with, and never to fall behind; not used where they break a rule.
    report
        Called from this thread with the share done and the cost of the best so far.
    stop
        Once set, the best so far is given within some tenths of a second.
    """
    if turns is None and seconds is None:
        raise ValueError("turns or seconds are needed")
    _drop_outdated()
    halt = stop or threading.Event()
    begun = time.perf_counter()
    until = None if seconds is None else begun + seconds
    troop = [_Walk(instance, empty_solution(instance, seed * 64 + w)) for w in range(walks)]
    with ThreadPoolExecutor(walks) as pool:
        try:
            list(pool.map(lambda walk: _begin(walk, start, turns, seconds), troop))
            ended = _run(pool, troop, turns, begun, until, halt, report)
        except KeyboardInterrupt:
            # What was found until now is worth having: the caller decides what to do with it.
            halt.set()
            ended = "stop"
    best = min(range(walks), key=lambda w: (troop[w].best, w))
    return Found(
        days=days_of(troop[best].solution),
        cost=troop[best].best,
        turns=sum(walk.turns for walk in troop),
        ended_by=ended,
    )


def days_of(solution: Solution) -> Days:
    """Best days of a walk."""
    return tuple(
        tuple(int(job) for job in solution.best_day[v, : solution.best_length[v]])
        for v in range(len(solution.best_length))
    )


def cost_of(instance: Instance, days: Days) -> float:
    """Cost of `days`, worked out anew; infinite if they break a rule."""
    _drop_outdated()
    solution = empty_solution(instance, 0)
    _write(solution, days)
    return float(solution.sums[BEST]) if search_walk.begin(instance, solution) else np.inf


def _begin(walk: _Walk, start: Days | None, turns: int | None, seconds: float | None) -> None:
    d, s = walk.instance, walk.solution
    _write(s, () if start is None else _kept(d, s, start))
    search_walk.begin(d, s)
    if d.n_jobs:
        _construct(walk)
    # Penalties do not count: they are the same whatever the order of the day.
    served = max(d.n_jobs - int(s.counts[N_ABSENT]), 1)
    walk.hot = max(float(s.cost.sum()), 1e-9) / served
    if turns is None and d.n_jobs and d.n_vehicles:
        # A few turns tell how many there will be.
        before = time.perf_counter()
        _walk_turns(walk, PROBE_TURNS, 0.0, 0.0)
        took = max(time.perf_counter() - before, 1e-6)
        turns = int((seconds or 0.0) / took * PROBE_TURNS)
    per_job = (turns or 0) / max(d.n_jobs, 1)
    walk.hot *= float(np.clip((per_job / TURNS_FOR_HOT) ** 2, COOLEST, 1.0))


def _construct(walk: _Walk) -> None:
    """Put in what is out, with several prices of vehicles' time; the best stays."""
    d, s = walk.instance, walk.solution
    begun = days_of(s)
    for price in CONSTRUCTION_PRICES:
        _write(s, begun)
        search_kernels.settle_all(d, s)
        walk.turns += 1
        try_all = d.n_jobs <= search_moves.TRY_ALL
        search_walk.walk(d, s, walk.turns, 1, price, 0.0, 0.0, try_all, True)
    _write(s, days_of(s))
    search_kernels.settle_all(d, s)


def _kept(d: Instance, s: Solution, start: Days) -> Days:
    """Days of `start` that keep every rule: all, or those that do by themselves and together."""
    _write(s, start)
    if search_walk.begin(d, s):
        return start
    kept: list[tuple[int, ...]] = [() for _ in start]
    for v, day in enumerate(start):
        kept[v] = day
        _write(s, kept)
        if not search_walk.begin(d, s):
            kept[v] = ()
    return tuple(kept)


def _write(solution: Solution, days: Sequence[Sequence[int]]) -> None:
    solution.length[:] = 0
    for v, day in enumerate(days):
        solution.day[v, : len(day)] = day
        solution.length[v] = len(day)


def _run(
    pool: ThreadPoolExecutor,
    troop: list[_Walk],
    turns: int | None,
    begun: float,
    until: float | None,
    halt: threading.Event,
    report: Callable[[float, float], None] | None,
) -> EndedBy:
    """Walk from meeting to meeting until the turns, the clock or the stop end it."""
    met = 0
    while True:
        goal = MEETINGS[met] if met < len(MEETINGS) else 1.0
        share = 1.0
        parts = [pool.submit(_walk_until, walk, goal, turns, begun, until, halt) for walk in troop]
        while not all(part.done() for part in parts):
            time.sleep(0.02) if report is None else time.sleep(0.1)
            if report is not None:
                share = min(_share(walk, turns, begun, until) for walk in troop)
                report(min(share, 1.0), min(walk.best for walk in troop))
        for part in parts:
            part.result()
        if halt.is_set():
            return "stop"
        if until is not None and time.perf_counter() >= until and goal < 1.0:
            return "seconds"
        if goal >= 1.0:
            by_clock = turns is None or any(walk.turns < turns for walk in troop)
            return "seconds" if by_clock else "turns"
        _meet(troop)
        met += 1


def _share(walk: _Walk, turns: int | None, begun: float, until: float | None) -> float:
    """How much of the work is done: by turns, or by the clock if that is further."""
    by_turns = walk.turns / turns if turns else 0.0
    if turns == 0:
        by_turns = 1.0
    by_clock = 0.0
    if until is not None:
        total = until - begun
        by_clock = (time.perf_counter() - begun) / total if total > 0 else 1.0
    return max(by_turns, by_clock)


def _walk_until(
    walk: _Walk,
    goal: float,
    turns: int | None,
    begun: float,
    until: float | None,
    halt: threading.Event,
) -> None:
    d = walk.instance
    if d.n_jobs == 0 or d.n_vehicles == 0:
        walk.turns = turns or 0
        return
    while not halt.is_set():
        share = _share(walk, turns, begun, until)
        if share >= goal:
            return
        if turns is not None:
            n = min(max(turns // CALLS, 1), max(int(np.ceil(goal * turns)) - walk.turns, 1))
            ahead = min((walk.turns + n) / turns, 1.0)
            if until is not None:
                n = min(n, walk.turns_a_call)
        else:
            n = walk.turns_a_call
            ahead = min(share + CALL_S / (until - begun), 1.0) if until else 1.0
        before = time.perf_counter()
        _walk_turns(walk, n, walk.hot * _heat(share), walk.hot * _heat(ahead))
        took = max(time.perf_counter() - before, 1e-6)
        walk.turns_a_call = int(np.clip(n * CALL_S / took, 10, 4 * n + 10))


def _walk_turns(walk: _Walk, n: int, hot: float, cold: float) -> None:
    d, s = walk.instance, walk.solution
    try_all = d.n_jobs <= search_moves.TRY_ALL
    search_kernels.settle_all(d, s)
    mean = search_moves.MEAN_REMOVED
    search_walk.walk(d, s, walk.turns + 1, n, hot, cold, mean, try_all, False)
    walk.turns += n


def _heat(share: float) -> float:
    return float(HOT * (COLD / HOT) ** share)


def _meet(troop: list[_Walk]) -> None:
    """The worst walk goes on from the best days of the best."""
    order = sorted(range(len(troop)), key=lambda w: (troop[w].best, w))
    best, worst = troop[order[0]], troop[order[-1]]
    if best is not worst and best.best < worst.best:
        _write(worst.solution, days_of(best.solution))
        search_walk.begin(worst.instance, worst.solution)
