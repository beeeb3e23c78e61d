"""Compiled exchanges between days: what putting in single jobs does not reach in one step.

Two days change pieces: the rest of a trip (2-opt*), single jobs and short strings (relocate, swap,
or-opt), whole trips, whole days. One day changes by itself: a piece the other way round (2-opt), a
trip parted in two, two made one.
"""

from __future__ import annotations

from routing.hierarchy_compiler import bare_kernel
from routing.search_arrays import (
    CAPACITY_KG,
    CAPACITY_M3,
    DEPOT,
    ITEM,
    KIND,
    MAX_TRIPS,
    POINT,
    RELOAD,
    Instance,
    Solution,
)
from routing.search_kernels import (
    HAIR,
    book,
    log,
    random_below,
    random_share,
    settle,
    tidy,
    touch,
)

# Partners are drawn among the points that lie so near.
NEARBY = 24


@bare_kernel
def trip_bounds(s: Solution, v: int, at: int) -> tuple[int, int]:
    """First position of the trip that holds position `at`, and the one behind its last."""
    first, last = at, at
    while first > 0 and s.day[v, first - 1] != RELOAD:
        first -= 1
    while last < s.length[v] and s.day[v, last] != RELOAD:
        last += 1
    return first, last


@bare_kernel
def nearby_job(d: Instance, s: Solution, job: int) -> int:
    """A job near `job` that some vehicle brings, or -1."""
    around = d.near[d.job_at[job, POINT]]
    reach = min(len(around), NEARBY)
    for _ in range(4):
        point = around[random_below(s, reach)]
        count = d.jobs_from[point + 1] - d.jobs_from[point]
        if count > 0:
            other = d.jobs_at[d.jobs_from[point] + random_below(s, count)]
            if s.carrier[other] >= 0 and other != job:
                return int(other)
    return -1


@bare_kernel
def holds(d: Instance, s: Solution, v: int) -> bool:
    """Settle the day of `v`; whether it is allowed."""
    if not settle(d, s, v) or s.trips[v] > d.vehicle_at[v, MAX_TRIPS]:
        return False
    for trip in range(s.trips[v]):
        if (
            s.trip_load[v, trip, 0] > d.vehicle[v, CAPACITY_KG] + HAIR
            or s.trip_load[v, trip, 1] > d.vehicle[v, CAPACITY_M3] + HAIR
        ):
            return False
    return True


@bare_kernel
def room_for(d: Instance, s: Solution, v: int, elements: int, reloads: int) -> bool:
    """Whether the arrays hold a day of so many elements and trips."""
    return bool(elements + 2 <= s.day.shape[1] and reloads + 1 < s.trip_load.shape[1])


@bare_kernel
def reloads_in(s: Solution, v: int, first: int, last: int) -> int:
    """How often the vehicle returns between the positions."""
    count = 0
    for i in range(first, last):
        if s.day[v, i] == RELOAD:
            count += 1
    return count


@bare_kernel
def rebook(d: Instance, s: Solution, which: int, size: int, v: int, sign: int) -> bool:
    """Book a piece to `v` (sign 1) or off it (-1); whether its depot still has enough."""
    enough = True
    for i in range(size):
        job = s.piece[which, i]
        if job == RELOAD:
            continue
        book(d, s, job, v, sign)
        log(s, job, v if sign > 0 else -1 - v)
        item = d.job_at[job, ITEM]
        enough = enough and (item < 0 or s.stock[d.vehicle_at[v, DEPOT], item] >= 0)
    return enough


@bare_kernel
def replace_piece(
    s: Solution, v: int, first: int, last: int, which: int, size: int, apart: bool
) -> None:
    """Put a piece in the place of what stands from `first` to before `last`."""
    n = s.length[v]
    for i in range(last, n):
        s.piece[2, i - last] = s.day[v, i]
    at = first
    alone = apart and size > 0
    if alone:
        s.day[v, at] = RELOAD
        at += 1
    for i in range(size):
        s.day[v, at + i] = s.piece[which, i]
    at += size
    if alone:
        s.day[v, at] = RELOAD
        at += 1
    for i in range(n - last):
        s.day[v, at + i] = s.piece[2, i]
    s.length[v] = at + n - last
    tidy(s, v)


@bare_kernel
def swap_pieces(
    d: Instance,
    s: Solution,
    turn: int,
    a: int,
    a_first: int,
    a_last: int,
    b: int,
    b_first: int,
    b_last: int,
    apart: bool,
) -> bool:
    """Let two vehicles change what stands from first to before last; whether both may bring it.

    With `apart` each piece becomes trips of its own. Booked and logged; not undone here.
    """
    a_size, b_size = a_last - a_first, b_last - b_first
    a_reloads, b_reloads = reloads_in(s, a, a_first, a_last), reloads_in(s, b, b_first, b_last)
    # Separate trips cost up to two more returns, until `tidy` has closed the doubles.
    more = 2 if apart else 0
    if not (
        room_for(d, s, a, s.length[a] - a_size + b_size + more, s.trips[a] + b_reloads - a_reloads)
        and room_for(
            d, s, b, s.length[b] - b_size + a_size + more, s.trips[b] + a_reloads - b_reloads
        )
    ):
        return False
    for i in range(a_first, a_last):
        if s.day[a, i] != RELOAD and not d.allowed[d.vehicle_at[b, KIND], s.day[a, i]]:
            return False
    for i in range(b_first, b_last):
        if s.day[b, i] != RELOAD and not d.allowed[d.vehicle_at[a, KIND], s.day[b, i]]:
            return False
    touch(s, a, turn)
    touch(s, b, turn)
    for i in range(a_size):
        s.piece[0, i] = s.day[a, a_first + i]
    for i in range(b_size):
        s.piece[1, i] = s.day[b, b_first + i]
    # Loops instead of several calls: each further one would be compiled once more.
    enough = True
    for move in range(4):
        which, sign = move % 2, -1 if move < 2 else 1
        v = a if (which == 0) == (sign < 0) else b
        enough = rebook(d, s, which, b_size if which else a_size, v, sign) and enough
    for which in range(2):
        v, first, last, size = (b, b_first, b_last, a_size)
        if which == 1:
            v, first, last, size = (a, a_first, a_last, b_size)
        replace_piece(s, v, first, last, which, size, apart)
    return enough


@bare_kernel
def turn_round(d: Instance, s: Solution, turn: int, v: int, at: int) -> bool:
    """Drive a piece of a trip the other way round (2-opt)."""
    first, last = trip_bounds(s, v, at)
    if last - first < 2:
        return False
    i, j = first + random_below(s, last - first), first + random_below(s, last - first)
    if i == j:
        return False
    i, j = min(i, j), max(i, j)
    touch(s, v, turn)
    while i < j:
        s.day[v, i], s.day[v, j] = s.day[v, j], s.day[v, i]
        i, j = i + 1, j - 1
    return True


@bare_kernel
def part_or_join(d: Instance, s: Solution, turn: int, v: int, at: int) -> bool:
    """Return to the depot before position `at`; or, where the vehicle does so, no more."""
    n = s.length[v]
    if at == 0 or not room_for(d, s, v, n + 1, s.trips[v]):
        return False
    touch(s, v, turn)
    if s.day[v, at - 1] == RELOAD:
        for i in range(at - 1, n - 1):
            s.day[v, i] = s.day[v, i + 1]
        s.length[v] = n - 1
    else:
        for i in range(n - 1, at - 1, -1):
            s.day[v, i + 1] = s.day[v, i]
        s.day[v, at] = RELOAD
        s.length[v] = n + 1
    return True


@bare_kernel
def exchange(d: Instance, s: Solution, turn: int) -> bool:
    """One exchange, drawn by lot, not settled; whether it may be allowed: `holds` has to say so."""
    job = random_below(s, d.job.shape[0])
    a = s.carrier[job]
    if a < 0:
        return False
    at = s.at[job]
    lot = random_share(s)
    multi = d.vehicle_at[a, MAX_TRIPS] > 1
    if lot < 0.08:
        return turn_round(d, s, turn, a, at)
    if lot < 0.2 and multi:
        return part_or_join(d, s, turn, a, at)
    other = nearby_job(d, s, job)
    if other < 0:
        return False
    b = s.carrier[other]
    if multi and 0.2 <= lot < 0.27:
        b = random_below(s, d.vehicle.shape[0])
    if a == b:
        return False
    # One call for all kinds: each further one would be compiled once more.
    first, last = trip_bounds(s, a, at)
    b_first = b_last = s.length[b]
    apart = False
    if multi and lot < 0.35:
        apart = True  # a trip goes to the other vehicle, or to any
    elif multi and lot < 0.39:
        first, last, b_first = 0, s.length[a], 0  # whole days
    else:
        b_first, b_last = trip_bounds(s, b, s.at[other])
        if lot >= 0.75:
            # Single jobs and short strings; none for some is a job that changes days.
            first, last = at, at + 1 + random_below(s, min(3, last - at))
            b_first, most = s.at[other], b_last - s.at[other]
            b_last = b_first + random_below(s, min(4, most + 1))
        elif lot >= 0.42:
            # 2-opt*: what follows in one trip goes behind the other job, and the other way round.
            first, b_first = at + 1, s.at[other] + (1 if random_share(s) < 0.5 else 0)
    return swap_pieces(d, s, turn, a, first, last, b, b_first, b_last, apart)
