"""Compiled moves of the search: ruin and recreate.

Slack induction by string removals (Christiaens and Vanden Berghe, 2020): strings of jobs that lie
near each other are taken out of several days, and put back one after the other where they cost the
least; here for the cumulative objective, and with jobs that may stay out. Trips of a day stand in
the order that brings the most per hour first (Smith's rule, 1956).
"""

from __future__ import annotations

from routing.hierarchy_compiler import bare_kernel
from routing.search_arrays import (
    CALLS,
    COMMUNE,
    KG,
    KIND,
    LEAVES,
    N_ABSENT,
    PENALTY,
    POINT,
    RELOAD,
    RELOAD_S,
    WORTH,
    Instance,
    Solution,
)
from routing.search_kernels import (
    JOINS,
    fair_cost,
    put,
    random_below,
    random_share,
    settle,
    take_out,
    touch,
    try_day,
)

# Christiaens and Vanden Berghe, 2020, table 4, except where measured otherwise (see docs).
MEAN_REMOVED = 10.0
LONGEST_STRING = 10.0
SPLIT_STRINGS = 0.5
LENGTHEN_SPLIT = 0.01
# Below so many steps in all days every vehicle is tried for a job; above, those that pass near it.
TRY_ALL = 400
MOST_CANDIDATES = 24
# Of the jobs that no vehicle takes, how many are tried again each time.
MOST_RETRIED = 12
NEAR_TO_RETRY, TOURNAMENT = 12, 3


@bare_kernel
def remove_string(d: Instance, s: Solution, v: int, at: int, size: int) -> int:
    """Take `size` neighbours in the day of `v` out, the one at `at` among them."""
    n = s.length[v]
    kept = 0
    if size > 1 and size < n and random_share(s) < SPLIT_STRINGS:
        kept = 1
        while size + kept < n and random_share(s) > LENGTHEN_SPLIT:
            kept += 1
            if random_share(s) < 0.5:
                break
    span = min(size + kept, n)
    first = max(0, min(at - random_below(s, span), n - span))
    # What is kept lies inside the string, and not on the job that brought us here.
    hole = first
    if kept > 0:
        hole += random_below(s, span - kept + 1)
        if hole <= at < hole + kept:
            hole = at + 1 if at + 1 + kept <= first + span else max(first, at - kept)
    taken = take_out(d, s, v, first, first + span - 1, hole, hole + kept - 1)
    settle(d, s, v)
    return taken


@bare_kernel
def ruin(d: Instance, s: Solution, turn: int, mean_removed: float) -> int:
    """Take strings of jobs near a random one out of several days; how many jobs."""
    n, m = d.job.shape[0], d.vehicle.shape[0]
    busy, visits = 0, 0
    for v in range(m):
        if s.length[v] > 0:
            busy += 1
            visits += s.length[v] - s.trips[v] + 1
    if busy == 0:
        return 0
    longest = min(LONGEST_STRING, visits / busy)
    strings = 1 + int(random_share(s) * (4.0 * mean_removed / (1.0 + longest) - 1.0))
    seed = random_below(s, n)
    s.counts[CALLS] += 1
    call = s.counts[CALLS]
    done, taken = 0, 0
    around = d.near[d.job_at[seed, POINT]]
    for number in range(around.shape[0]):
        point = around[number]
        begin, count = d.jobs_from[point], d.jobs_from[point + 1] - d.jobs_from[point]
        if count == 0:
            continue
        shift = random_below(s, count) if count > 1 else 0
        for i in range(count):
            job = d.jobs_at[begin + (i + shift) % count]
            v = s.carrier[job]
            if v < 0 or s.stamp[v] == call:
                continue
            s.stamp[v] = call
            touch(s, v, turn)
            jobs = s.length[v] - s.trips[v] + 1
            most = min(float(jobs), longest)
            taken += remove_string(d, s, v, s.at[job], 1 + random_below(s, int(most)))
            done += 1
            if done >= strings:
                return taken
    return taken


@bare_kernel
def is_listed(s: Solution, job: int, count: int) -> bool:
    """Whether the job is among the first `count` to be put in."""
    found = False
    for i in range(count):
        found = found or s.todo[i] == job
    return found


@bare_kernel
def gather(d: Instance, s: Solution, removed: int, retried: int) -> int:
    """List what is to be put in: what was just removed, and some of what was out before."""
    out = s.counts[N_ABSENT]
    # What was removed last stands last.
    count = 0
    for i in range(removed):
        s.todo[count] = s.absent[out - 1 - i]
        count += 1
    before = out - removed
    if before <= retried:
        for i in range(before):
            s.todo[count] = s.absent[i]
            count += 1
        return count
    # Half of them lie near what was removed, the others are worth much for what they weigh.
    around = d.near[d.job_at[s.todo[0], POINT]] if removed > 0 else d.near[0]
    row, wanted = 0, count + retried // 2
    while removed > 0 and count < wanted and row < min(around.shape[0], NEAR_TO_RETRY):
        point = around[row]
        row += 1
        size = d.jobs_from[point + 1] - d.jobs_from[point]
        for _ in range(min(size, 2)):
            job = d.jobs_at[d.jobs_from[point] + random_below(s, size)]
            # Those behind `before` were removed just now.
            if s.carrier[job] < 0 and s.absent_at[job] < before and not is_listed(s, job, count):
                s.todo[count] = job
                count += 1
    for _ in range(retried - retried // 2):
        job = s.absent[random_below(s, before)]
        for _ in range(TOURNAMENT - 1):
            other = s.absent[random_below(s, before)]
            density = d.job[job, PENALTY] * max(d.job[other, KG], 1e-9)
            if d.job[other, PENALTY] * max(d.job[job, KG], 1e-9) > density:
                job = other
        if not is_listed(s, job, count):
            s.todo[count] = job
            count += 1
    return count


@bare_kernel
def sort_todo(d: Instance, s: Solution, count: int, construct: bool) -> None:
    """Put what is to be put in into one of six orders, drawn by lot."""
    # A construction takes the far places first, and what is for one place together.
    lot = 7 if construct else random_below(s, 16)
    for i in range(count):
        job = s.todo[i]
        if lot < 4:
            key = random_share(s)
        elif lot < 7:
            key = -d.job[job, KG]
        elif lot < 9:
            key = -d.remote_s[job]
        elif lot < 10:
            key = d.remote_s[job]
        elif lot < 13:
            key = -d.job[job, WORTH]
        else:
            key = -d.job[job, PENALTY] / max(d.job[job, KG], 1e-9)
            if d.job_at[job, COMMUNE] >= 0 and lot == 15:
                commune = d.job_at[job, COMMUNE]
                key = s.commune_served[commune] / d.commune_worth[commune]
        s.key[i] = key
    # Insertion sort: a dozen or two.
    for i in range(1, count):
        job, key = s.todo[i], s.key[i]
        j = i
        while j > 0 and s.key[j - 1] > key:
            s.key[j], s.todo[j] = s.key[j - 1], s.todo[j - 1]
            j -= 1
        s.key[j], s.todo[j] = key, job


@bare_kernel
def place(d: Instance, s: Solution, job: int, turn: int, try_all: bool) -> None:
    """Put `job` in where it costs the least, unless leaving it out costs less."""
    m = d.vehicle.shape[0]
    bound = d.job[job, PENALTY]
    commune = d.job_at[job, COMMUNE]
    if commune >= 0:
        bound += fair_cost(d, s, commune, 0.0) - fair_cost(d, s, commune, d.job[job, WORTH])
    best, best_v, best_at, best_how = bound, -1, 0, JOINS
    s.counts[CALLS] += 1
    call = s.counts[CALLS]
    if not try_all:
        tried = 0
        around = d.near[d.job_at[job, POINT]]
        for i in range(around.shape[0]):
            point = around[i]
            for number in range(d.jobs_from[point], d.jobs_from[point + 1]):
                v = s.carrier[d.jobs_at[number]]
                if v < 0 or s.stamp[v] == call:
                    continue
                s.stamp[v] = call
                tried += 1
                cost, at, how = try_day(d, s, v, job, best, True)
                if at >= 0:
                    best, best_v, best_at, best_how = cost, v, at, how
            if tried >= MOST_CANDIDATES:
                break
    idle_kind = -1
    for v in range(m):
        if s.length[v] == 0:
            # Of vehicles that are alike and idle the first will do.
            kind = d.vehicle_at[v, KIND]
            if kind == idle_kind:
                continue
            idle_kind = kind
        elif not try_all:
            continue
        cost, at, how = try_day(d, s, v, job, best, try_all)
        if at >= 0:
            best, best_v, best_at, best_how = cost, v, at, how
    if best_v >= 0:
        touch(s, best_v, turn)
        put(d, s, job, best_v, best_at, best_how)


@bare_kernel
def recreate(
    d: Instance,
    s: Solution,
    turn: int,
    removed: int,
    try_all: bool,
    retried: int,
    construct: bool,
) -> None:
    """Put back what was removed, and up to `retried` of what was out before."""
    count = gather(d, s, removed, retried)
    sort_todo(d, s, count, construct)
    for i in range(count):
        place(d, s, s.todo[i], turn, try_all)


@bare_kernel
def order_trips(d: Instance, s: Solution, v: int) -> None:
    """Drive the trips of `v` by falling worth per hour, which is best without windows."""
    trips, n = s.trips[v], s.length[v]
    if trips < 2 or d.windows:
        return
    trip, started, worth = 0, s.step[v, 0, LEAVES], 0.0
    s.order[0, 0] = 0
    sorted_already = True
    for i in range(n + 1):
        if i == n or s.day[v, i] == RELOAD:
            ended = s.end_s[v] + d.vehicle[v, RELOAD_S] if i == n else s.step[v, i + 1, LEAVES]
            s.rate[trip] = worth / max(ended - started, 1e-9)
            sorted_already = sorted_already and (trip == 0 or s.rate[trip] <= s.rate[trip - 1])
            started, worth = ended, 0.0
            trip += 1
            s.order[0, trip] = i + 1
        else:
            worth += d.job[s.day[v, i], WORTH]
    if sorted_already:
        return
    for i in range(n):
        s.piece[2, i] = s.day[v, i]
    for i in range(trips):
        s.order[1, i] = i
        j = i
        while j > 0 and s.rate[s.order[1, j - 1]] < s.rate[s.order[1, j]]:
            s.order[1, j - 1], s.order[1, j] = s.order[1, j], s.order[1, j - 1]
            j -= 1
    at = 0
    for i in range(trips):
        which = s.order[1, i]
        for j in range(s.order[0, which], s.order[0, which + 1] - 1):
            s.day[v, at] = s.piece[2, j]
            at += 1
        if i < trips - 1:
            s.day[v, at] = RELOAD
            at += 1
    settle(d, s, v)
