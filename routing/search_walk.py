"""The compiled walk: turn after turn of moves, kept or undone by simulated annealing."""

from __future__ import annotations

import numpy as np

from routing.hierarchy_compiler import bare_kernel
from routing.search_arrays import (
    BEST,
    END,
    GUIDE,
    N_ABSENT,
    N_LOG,
    N_TOUCHED,
    PENALTIES,
    PENALTY,
    START,
    TOTAL,
    UNFAIRNESS,
    Instance,
    Solution,
)
from routing.search_exchanges import exchange, holds
from routing.search_kernels import random_share, settle_all, undo
from routing.search_moves import MOST_RETRIED, order_trips, recreate, ruin

# Turns that exchange pieces of days; the others ruin and recreate.
EXCHANGE_SHARE = 0.2
# While something is out, so many turns price a vehicle's seconds, at up to so much of what they
# would have to bring on average if all were served.
GUIDED, GUIDE_MOST = 0.5, 0.4


@bare_kernel
def keep_best(s: Solution) -> None:
    """Remember the days as the best so far."""
    for v in range(s.length.shape[0]):
        s.best_length[v] = s.length[v]
        for i in range(s.length[v]):
            s.best_day[v, i] = s.day[v, i]


@bare_kernel
def begin(d: Instance, s: Solution) -> bool:
    """Start a walk from the days as they stand, the best so far; whether they are allowed."""
    fits = settle_all(d, s)
    s.sums[BEST] = s.sums[TOTAL] + s.sums[PENALTIES] + s.sums[UNFAIRNESS]
    keep_best(s)
    return fits


@bare_kernel
def walk(
    d: Instance,
    s: Solution,
    first_turn: int,
    turns: int,
    hot: float,
    cold: float,
    mean_removed: float,
    try_all: bool,
    construct: bool,
) -> int:
    """Take `turns` turns while the temperature falls from `hot` to `cold`; how many were kept.

    With `construct` nothing is taken out and all that is out is tried, far places first, and `hot`
    prices a vehicle's seconds (see `GUIDE_MOST`). `settle_all` comes first.
    """
    current = s.sums[TOTAL] + s.sums[PENALTIES] + s.sums[UNFAIRNESS]
    cooling = (cold / hot) ** (1.0 / max(turns, 1)) if hot > 0.0 and not construct else 1.0
    heat, kept = 0.0 if construct else hot, 0
    scarcity = 0.0
    for job in range(d.job.shape[0]):
        scarcity += d.job[job, PENALTY]
    shifts = 0.0
    for v in range(d.vehicle.shape[0]):
        shifts += d.vehicle[v, END] - d.vehicle[v, START]
    scarcity /= max(shifts, 1e-9)
    for turn in range(first_turn, first_turn + turns):
        heat *= cooling
        s.counts[N_LOG] = s.counts[N_TOUCHED] = 0
        allowed = True
        if not construct and random_share(s) < EXCHANGE_SHARE:
            allowed = exchange(d, s, turn)
        else:
            s.sums[GUIDE] = hot * scarcity if construct else 0.0
            if not construct and s.counts[N_ABSENT] > 0 and random_share(s) < GUIDED:
                s.sums[GUIDE] = random_share(s) * GUIDE_MOST * scarcity
            removed, retried = 0, d.job.shape[0]
            if not construct:
                removed, retried = ruin(d, s, turn, mean_removed), MOST_RETRIED
            recreate(d, s, turn, removed, try_all, retried, construct)
        if s.counts[N_TOUCHED] == 0:
            continue
        i = 0
        while allowed and i < s.counts[N_TOUCHED]:
            allowed = holds(d, s, s.touched[i])
            order_trips(d, s, s.touched[i])
            i += 1
        if allowed:
            total = 0.0
            for v in range(d.vehicle.shape[0]):
                total += s.cost[v]
            cost = total + s.sums[PENALTIES] + s.sums[UNFAIRNESS]
            if cost < current - heat * np.log(1.0 - random_share(s)):
                current = cost
                s.sums[TOTAL] = total
                kept += 1
                if cost < s.sums[BEST] - 1e-9 * abs(cost):
                    s.sums[BEST] = cost
                    keep_best(s)
                continue
        undo(d, s)
    s.sums[GUIDE] = 0.0
    return kept
