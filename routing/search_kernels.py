"""Compiled parts of the search: a vehicle's day, what a job would cost in it, and changes undone.

The cost of a day is Σ worth × arrival + travel price × length. A job put between two others delays
all that is worth something behind it by the same time, so with the worth behind every step kept
(`WORTH_AFTER`) the cost of a place in the day is known in constant time (Ngueveu, Prins and Wolfler
Calvo, 2010; Silva, Subramanian, Vidal and Ochi, 2012). With time windows a delay may be
absorbed by waiting; then the steps behind are walked through.
"""

from __future__ import annotations

import numpy as np

from routing.hierarchy_compiler import bare_kernel
from routing.search_arrays import (
    ARC,
    BLINK,
    BLOCKED_S,
    CAPACITY_KG,
    CAPACITY_M3,
    COMMUNE,
    DEPOT,
    DEPOT_POINT,
    EARLIEST,
    END,
    GUIDE,
    HANDLED,
    ITEM,
    KG,
    KIND,
    LATEST,
    LEAVES,
    M3,
    MAX_TRIPS,
    N_ABSENT,
    N_LOG,
    N_TOUCHED,
    PENALTIES,
    PENALTY,
    POINT,
    PROFILE,
    REACHES,
    RELOAD,
    RELOAD_S,
    START,
    TOTAL,
    UNFAIRNESS,
    WORTH,
    WORTH_AFTER,
    Instance,
    Solution,
)
from routing.solver_units import SLACK

# How a job goes into a day: into a trip, as a new trip from there, as a new trip at the end.
JOINS, NEW_TRIP, LAST_TRIP = 0, 1, 2
NEVER = np.inf
# Stands in a day, for a moment, where a job was taken out.
GONE = -2
# Sums of floats may end a hair above a capacity that they were cut to.
HAIR = 1e-6
# One place in a hundred is overlooked (Christiaens and Vanden Berghe, 2020, section 5.3).
BLINK_EVERY = 100


@bare_kernel
def random_share(s: Solution) -> float:
    """Next number in [0, 1): xorshift64*."""
    x = s.chance[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    s.chance[0] = x
    return float((x * np.uint64(2685821657736338717)) >> np.uint64(11)) / 9007199254740992.0


@bare_kernel
def random_below(s: Solution, n: int) -> int:
    """Whole number from 0 to `n` - 1."""
    return min(int(random_share(s) * n), n - 1)


@bare_kernel
def whole_s(seconds: float) -> float:
    """Seconds of handling, rounded up as they are in a plan: once for a whole halt."""
    return float(np.ceil(seconds - SLACK))


@bare_kernel
def settle(d: Instance, s: Solution, v: int) -> bool:
    """Work out everything about the day of vehicle `v`; whether it keeps its windows and shift."""
    k, home = d.vehicle_at[v, PROFILE], d.vehicle_at[v, DEPOT_POINT]
    n = s.length[v]
    now, here, reached, trip = d.vehicle[v, START], home, d.vehicle[v, START], 0
    cost, fits = 0.0, True
    entered, handled = now, 0.0
    s.point[v, 0], s.trip[v, 0] = home, 0
    s.step[v, 0, LEAVES] = s.step[v, 0, REACHES] = now
    s.trip_load[v, 0, 0] = s.trip_load[v, 0, 1] = 0.0
    for i in range(n):
        job = s.day[v, i]
        if job == RELOAD:
            arc = d.travel_s[k, here, home]
            now += arc + d.vehicle[v, RELOAD_S]
            reached, here = now, home
            trip += 1
            s.trip_load[v, trip, 0] = s.trip_load[v, trip, 1] = 0.0
        else:
            there = d.job_at[job, POINT]
            arc = 0.0
            if there != here:
                arc = d.travel_s[k, here, there]
                now += arc
                reached = now
                if d.windows:
                    reached = max(reached, d.job[job, EARLIEST])
                entered, handled = reached, 0.0
            fits = fits and (not d.windows or reached <= d.job[job, LATEST])
            cost += d.job[job, WORTH] * (reached - d.offset_s[k, job])
            handled += d.service_s[k, job]
            now = entered + whole_s(handled)
            here = there
            s.at[job] = i
            s.trip_load[v, trip, 0] += d.job[job, KG]
            s.trip_load[v, trip, 1] += d.job[job, M3]
        s.step[v, i, ARC] = arc
        s.step[v, i + 1, LEAVES] = now
        s.step[v, i + 1, REACHES] = reached
        s.step[v, i + 1, HANDLED] = handled
        s.point[v, i + 1], s.trip[v, i + 1] = here, trip
    arc = d.travel_s[k, here, home]
    s.step[v, n, ARC] = arc
    s.point[v, n + 1] = home
    end = now + arc
    after = 0.0
    for i in range(n, -1, -1):
        s.step[v, i, WORTH_AFTER] = after
        if i > 0 and s.day[v, i - 1] != RELOAD:
            after += d.job[s.day[v, i - 1], WORTH]
    s.trips[v] = trip + 1 if n > 0 else 0
    s.end_s[v] = end
    s.cost[v] = cost + d.travel_price * (end - d.vehicle[v, START])
    return fits and end <= d.vehicle[v, END]


@bare_kernel
def delayed(d: Instance, s: Solution, v: int, i: int, delay: float) -> tuple[float, float]:
    """Cost of leaving step `i` so much later (or earlier), and what is left of that at home.

    Infinite if something would be late. For instances with windows.
    """
    cost = 0.0
    now = s.step[v, i, LEAVES] + delay
    reached = now
    for at in range(i, s.length[v]):
        job = s.day[v, at]
        if job == RELOAD:
            now += s.step[v, at, ARC] + d.vehicle[v, RELOAD_S]
            reached = now
        else:
            begun = s.step[v, at, LEAVES]
            if s.point[v, at] != s.point[v, at + 1]:
                now += s.step[v, at, ARC]
                now = reached = max(now, d.job[job, EARLIEST])
                begun = s.step[v, at + 1, REACHES]
            if reached > d.job[job, LATEST]:
                return NEVER, delay
            cost += d.job[job, WORTH] * (reached - s.step[v, at + 1, REACHES])
            now += s.step[v, at + 1, LEAVES] - begun
        if now == s.step[v, at + 1, LEAVES] and reached == s.step[v, at + 1, REACHES]:
            return cost, 0.0  # waiting has taken it up
    return cost, now - s.step[v, s.length[v], LEAVES]


@bare_kernel
def try_day(
    d: Instance, s: Solution, v: int, job: int, best: float, blink: bool
) -> tuple[float, int, int]:
    """Cheapest way of job into the day of `v`, if cheaper than `best`: cost, position, how."""
    at, how = -1, JOINS
    kind, k = d.vehicle_at[v, KIND], d.vehicle_at[v, PROFILE]
    item, depot = d.job_at[job, ITEM], d.vehicle_at[v, DEPOT]
    n = s.length[v]
    kg, m3 = d.job[job, KG], d.job[job, M3]
    kg_room, m3_room = d.vehicle[v, CAPACITY_KG] - kg, d.vehicle[v, CAPACITY_M3] - m3
    if (
        not d.allowed[kind, job]
        or (item >= 0 and s.stock[depot, item] < d.amount[job])
        or kg_room < -HAIR
        or m3_room < -HAIR
        or n + 2 > s.day.shape[1]
    ):
        return best, at, how
    there, home = d.job_at[job, POINT], d.vehicle_at[v, DEPOT_POINT]
    # While not all can be served, time costs more than the travel: it could serve others.
    worth, price = d.job[job, WORTH], d.travel_price + s.sums[GUIDE]
    alone, offset = whole_s(d.service_s[k, job]), d.offset_s[k, job]
    spare = d.vehicle[v, END] - s.end_s[v] + HAIR
    blinks = s.counts[BLINK]
    last_trip, open_trip = -1, False
    for i in range(n + 1):
        if blink:
            blinks -= 1
            if blinks <= 0:
                blinks = 1 + int(-BLINK_EVERY * np.log(1.0 - random_share(s)))
                continue
        trip = s.trip[v, i]
        if trip != last_trip:
            last_trip = trip
            open_trip = (
                s.trip_load[v, trip, 0] <= kg_room + HAIR
                and s.trip_load[v, trip, 1] <= m3_room + HAIR
            )
        if not open_trip:
            continue
        here, following = s.point[v, i], s.point[v, i + 1]
        if following == there:
            continue  # goes behind the halt, which is the same
        if here == following and here != home:
            continue  # would part a halt
        way_in, service = d.travel_s[k, here, there], alone
        if here == there:
            handled = s.step[v, i, HANDLED]
            service = whole_s(handled + d.service_s[k, job]) - whole_s(handled)
        extra = way_in + service + d.travel_s[k, there, following] - s.step[v, i, ARC]
        reach = s.step[v, i, REACHES] if here == there else s.step[v, i, LEAVES] + way_in
        if d.windows:
            leave = s.step[v, i, LEAVES] + way_in
            early = d.job[job, EARLIEST]
            if max(reach, early) > d.job[job, LATEST]:
                continue
            extra += max(early - leave, 0.0)
            reach = max(reach, early)
            behind, extra = delayed(d, s, v, i, extra)
            cost = worth * (reach - offset) + behind + extra * price
        else:
            cost = worth * (reach - offset) + extra * (s.step[v, i, WORTH_AFTER] + price)
        if cost < best and extra <= spare:
            best, at, how = cost, i, JOINS
    s.counts[BLINK] = blinks
    if n > 0 and s.trips[v] < d.vehicle_at[v, MAX_TRIPS]:
        way_in, back = d.travel_s[k, home, there], d.travel_s[k, there, home]
        reload = d.vehicle[v, RELOAD_S]
        for i in range(n + 1):
            if i > 0 and i < n and s.day[v, i - 1] != RELOAD:
                continue
            last = i == n
            begins = s.end_s[v] + reload if last else s.step[v, i, LEAVES]
            reach, wait = begins + way_in, 0.0
            if d.windows:
                wait = max(d.job[job, EARLIEST] - reach, 0.0)
                reach += wait
                if reach > d.job[job, LATEST]:
                    continue
            extra = way_in + wait + alone + back + reload
            behind = 0.0
            if not last:
                if d.windows:
                    behind, extra = delayed(d, s, v, i, extra)
                else:
                    behind = extra * s.step[v, i, WORTH_AFTER]
            cost = worth * (reach - offset) + behind + extra * price
            if cost < best and extra <= spare:
                best, at, how = cost, i, LAST_TRIP if last else NEW_TRIP
    return best, at, how


@bare_kernel
def touch(s: Solution, v: int, turn: int) -> None:
    """Remember the day of `v` before its first change in this turn."""
    if s.touched_in[v] == turn:
        return
    s.touched_in[v] = turn
    s.touched[s.counts[N_TOUCHED]] = v
    s.counts[N_TOUCHED] += 1
    s.old_length[v] = s.length[v]
    for i in range(s.length[v]):
        s.old_day[v, i] = s.day[v, i]


@bare_kernel
def fair_cost(d: Instance, s: Solution, commune: int, more: float) -> float:
    """What it costs that the commune gets its share and `more` worth."""
    share = min((s.commune_served[commune] + more) / d.commune_worth[commune], 1.0)
    return float(d.unfairness * (1.0 - share) ** 4)


@bare_kernel
def book(d: Instance, s: Solution, job: int, v: int, sign: int) -> None:
    """Take the job off stock and shares for vehicle `v` (sign 1), or give it back (-1)."""
    item, commune = d.job_at[job, ITEM], d.job_at[job, COMMUNE]
    if item >= 0:
        s.stock[d.vehicle_at[v, DEPOT], item] -= sign * d.amount[job]
    if commune >= 0:
        s.sums[UNFAIRNESS] -= fair_cost(d, s, commune, 0.0)
        s.commune_served[commune] += sign * d.job[job, WORTH]
        s.sums[UNFAIRNESS] += fair_cost(d, s, commune, 0.0)
    s.sums[PENALTIES] -= sign * d.job[job, PENALTY]
    n = s.counts[N_ABSENT]
    if sign > 0:
        s.carrier[job] = v
        last = s.absent[n - 1]
        s.absent[s.absent_at[job]] = last
        s.absent_at[last] = s.absent_at[job]
        s.counts[N_ABSENT] = n - 1
    else:
        s.carrier[job] = -1
        s.absent[n] = job
        s.absent_at[job] = n
        s.counts[N_ABSENT] = n + 1


@bare_kernel
def log(s: Solution, job: int, v: int) -> None:
    """Note a change for `undo`."""
    s.log[s.counts[N_LOG], 0] = job
    s.log[s.counts[N_LOG], 1] = v
    s.counts[N_LOG] += 1


@bare_kernel
def put(d: Instance, s: Solution, job: int, v: int, at: int, how: int) -> None:
    """Put an absent job into the day of `v`, and settle it."""
    n = s.length[v]
    room = 1 if how == JOINS else 2
    for i in range(n - 1, at - 1, -1):
        s.day[v, i + room] = s.day[v, i]
    if how == JOINS:
        s.day[v, at] = job
    elif how == NEW_TRIP:
        s.day[v, at], s.day[v, at + 1] = job, RELOAD
    else:
        s.day[v, at], s.day[v, at + 1] = RELOAD, job
    s.length[v] = n + room
    book(d, s, job, v, 1)
    log(s, job, v)
    settle(d, s, v)


@bare_kernel
def tidy(s: Solution, v: int) -> None:
    """Close gaps (`GONE`) in the day of `v`, and drop trips without a job."""
    kept = 0
    for i in range(s.length[v]):
        job = s.day[v, i]
        if job == GONE or (job == RELOAD and (kept == 0 or s.day[v, kept - 1] == RELOAD)):
            continue
        s.day[v, kept] = job
        kept += 1
    if kept > 0 and s.day[v, kept - 1] == RELOAD:
        kept -= 1
    s.length[v] = kept


@bare_kernel
def take_out(
    d: Instance, s: Solution, v: int, first: int, last: int, keep_first: int, keep_last: int
) -> int:
    """Take the jobs from `first` to `last` out, but for those in between that stay; how many."""
    taken = 0
    for i in range(first, last + 1):
        job = s.day[v, i]
        if job != RELOAD and not keep_first <= i <= keep_last:
            book(d, s, job, v, -1)
            log(s, job, -1 - v)
            s.day[v, i] = GONE
            taken += 1
    tidy(s, v)
    return taken


@bare_kernel
def undo(d: Instance, s: Solution) -> None:
    """Take back everything since the log was begun."""
    for i in range(s.counts[N_LOG] - 1, -1, -1):
        job, v = s.log[i, 0], s.log[i, 1]
        if v >= 0:
            book(d, s, job, v, -1)
        else:
            book(d, s, job, -1 - v, 1)
    for i in range(s.counts[N_TOUCHED]):
        v = s.touched[i]
        s.length[v] = s.old_length[v]
        for at in range(s.length[v]):
            s.day[v, at] = s.old_day[v, at]
        settle(d, s, v)


@bare_kernel
def settle_all(d: Instance, s: Solution) -> bool:
    """Work everything out from the days alone; whether all of it is allowed."""
    s.sums[TOTAL] = s.sums[PENALTIES] = s.sums[UNFAIRNESS] = 0.0
    for commune in range(s.commune_served.shape[0]):
        s.commune_served[commune] = 0.0
    for depot in range(s.stock.shape[0]):
        for item in range(s.stock.shape[1]):
            s.stock[depot, item] = d.stock[depot, item]
    for job in range(s.carrier.shape[0]):
        s.carrier[job] = -1
    fits = True
    for v in range(d.vehicle.shape[0]):
        fits = settle(d, s, v) and fits
        fits = fits and s.trips[v] <= d.vehicle_at[v, MAX_TRIPS]
        s.sums[TOTAL] += s.cost[v]
        for trip in range(s.trips[v]):
            fits = fits and s.trip_load[v, trip, 0] <= d.vehicle[v, CAPACITY_KG] + HAIR
            fits = fits and s.trip_load[v, trip, 1] <= d.vehicle[v, CAPACITY_M3] + HAIR
        fits = fits and s.end_s[v] < BLOCKED_S
        for i in range(s.length[v]):
            job = s.day[v, i]
            if job == RELOAD:
                continue
            fits = fits and s.carrier[job] < 0 and d.allowed[d.vehicle_at[v, KIND], job]
            s.carrier[job] = v
            if d.job_at[job, ITEM] >= 0:
                s.stock[d.vehicle_at[v, DEPOT], d.job_at[job, ITEM]] -= d.amount[job]
            if d.job_at[job, COMMUNE] >= 0:
                s.commune_served[d.job_at[job, COMMUNE]] += d.job[job, WORTH]
    n = 0
    for job in range(d.job.shape[0]):
        if s.carrier[job] < 0:
            s.absent[n], s.absent_at[job] = job, n
            n += 1
            s.sums[PENALTIES] += d.job[job, PENALTY]
    s.counts[N_ABSENT] = n
    for commune in range(d.commune_worth.shape[0]):
        s.sums[UNFAIRNESS] += fair_cost(d, s, commune, 0.0)
    for depot in range(s.stock.shape[0]):
        for item in range(s.stock.shape[1]):
            fits = fits and s.stock[depot, item] >= 0
    return fits
