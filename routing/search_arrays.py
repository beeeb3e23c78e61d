"""What the compiled search works on: jobs, vehicles and travel as flat arrays, and one solution.

A *job* is one portion of one item for one place, delivered whole by one vehicle. A *day* is what
one vehicle does: jobs in order, with `RELOAD` wherever it returns to its depot to load again.
Points are whatever the travel arrays are indexed by; a halt at a point is charged on the way in, so
jobs at one point that follow each other share one halt and arrive together. Times are in seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Stands in a day for the return to the depot.
RELOAD = -1
# No road: longer than any shift, and sums of it stay exact.
BLOCKED_S = 1e12

# A vehicle's day holds no more jobs than this, which keeps the arrays of large problems small.
LONGEST_DAY = 512

# Columns of `Instance.job`.
WORTH, KG, M3, EARLIEST, LATEST, PENALTY = range(6)
# Columns of `Instance.job_at`.
POINT, ITEM, COMMUNE = range(3)
# Columns of `Instance.vehicle`.
START, END, CAPACITY_KG, CAPACITY_M3, RELOAD_S = range(5)
# Columns of `Instance.vehicle_at`.
PROFILE, DEPOT_POINT, MAX_TRIPS, KIND, DEPOT = range(5)
# Columns of `Solution.step`, a row for each element of a day, the departure being the first;
# `HANDLED` are the seconds of handling at the halt so far, not rounded.
LEAVES, REACHES, WORTH_AFTER, ARC, HANDLED = range(5)
# Fields of `Solution.sums`.
TOTAL, PENALTIES, UNFAIRNESS, BEST, GUIDE = range(5)
# Fields of `Solution.counts`.
N_ABSENT, N_LOG, BLINK, N_TOUCHED, CALLS = range(5)


class Instance(NamedTuple):
    """What does not change during a search.

    Attributes
    ----------
    travel_s
        (n_profiles, n_points, n_points) including the halt at the point of arrival; `BLOCKED_S` and
        more where there is no road; 0 on the diagonal.
    service_s
        (n_profiles, n_jobs) that a job adds to a halt; their sum is rounded up once for the halt.
    offset_s
        (n_profiles, n_jobs) by which the aid is there before the halt charged on the way in ends.
    job
        (n_jobs, 6): worth (what one second of delay costs), kg, m³, earliest and latest end of the
        way in (one pair for all jobs of a point), and what leaving it out costs.
    job_at
        (n_jobs, 3): point, item and commune, the latter two -1 for none.
    amount
        (n_jobs,) of the item, in the unit of `stock`.
    allowed
        (n_kinds, n_jobs) whether a kind of vehicle may bring the job.
    vehicle
        (n_vehicles, 5): start and end of the shift, capacity in kg and m³, seconds to reload.
    vehicle_at
        (n_vehicles, 5): profile, point of the depot, most trips, kind (interchangeable vehicles
        have one kind and stand together), depot.
    stock
        (n_depots, n_items) at the beginning.
    near
        (n_points, n_near) points by nearness, each first to itself.
    jobs_from, jobs_at
        Jobs of a point: ``jobs_at[jobs_from[point]:jobs_from[point + 1]]``.
    commune_worth
        (n_communes,) worth of all its jobs, more than 0.
    remote_s
        (n_jobs,) from the nearest depot that may bring it.
    travel_price
        What a second of a vehicle's day costs.
    unfairness
        What a commune that gets nothing costs; one that gets a share s costs (1 - s)⁴ of it.
    windows
        Whether any job has an earliest or a latest time.
    """

    travel_s: NDArray[np.float64]
    service_s: NDArray[np.float64]
    offset_s: NDArray[np.float64]
    job: NDArray[np.float64]
    job_at: NDArray[np.int32]
    amount: NDArray[np.int64]
    allowed: NDArray[np.bool_]
    vehicle: NDArray[np.float64]
    vehicle_at: NDArray[np.int32]
    stock: NDArray[np.int64]
    near: NDArray[np.int32]
    jobs_from: NDArray[np.int32]
    jobs_at: NDArray[np.int32]
    commune_worth: NDArray[np.float64]
    remote_s: NDArray[np.float64]
    travel_price: float
    unfairness: float
    windows: bool

    @property
    def n_jobs(self) -> int:
        """How many jobs there are."""
        return len(self.job)

    @property
    def n_vehicles(self) -> int:
        """How many vehicles there are."""
        return len(self.vehicle)


class Solution(NamedTuple):
    """Days of all vehicles, what is known of them, and the space that a search works in."""

    day: NDArray[np.int32]  # (n_vehicles, room)
    length: NDArray[np.int32]  # (n_vehicles,) elements of the day
    step: NDArray[np.float64]  # (n_vehicles, room + 2, 5)
    point: NDArray[np.int32]  # (n_vehicles, room + 2) departure, elements, return
    trip: NDArray[np.int32]  # (n_vehicles, room + 2) number of the trip an element belongs to
    trip_load: NDArray[np.float64]  # (n_vehicles, most trips, 2) kg and m³
    trips: NDArray[np.int32]  # (n_vehicles,)
    cost: NDArray[np.float64]  # (n_vehicles,)
    end_s: NDArray[np.float64]  # (n_vehicles,)
    carrier: NDArray[np.int32]  # (n_jobs,) vehicle, -1 = absent
    at: NDArray[np.int32]  # (n_jobs,) position in the day
    absent: NDArray[np.int32]  # (n_jobs,) the first counts[N_ABSENT]
    absent_at: NDArray[np.int32]  # (n_jobs,)
    stock: NDArray[np.int64]  # (n_depots, n_items) left
    commune_served: NDArray[np.float64]  # (n_communes,)
    sums: NDArray[np.float64]  # (5,)
    counts: NDArray[np.int64]  # (5,)
    chance: NDArray[np.uint64]  # (1,) state of the generator
    # What this round changed: to be undone if it is not accepted.
    log: NDArray[np.int32]  # (4 n_jobs + 16, 2) job, vehicle; -1 - vehicle for taken away
    touched: NDArray[np.int32]  # (n_vehicles,)
    touched_in: NDArray[np.int64]  # (n_vehicles,) round
    old_day: NDArray[np.int32]  # (n_vehicles, room)
    old_length: NDArray[np.int32]  # (n_vehicles,)
    stamp: NDArray[np.int64]  # (n_vehicles,) for lists of candidates
    todo: NDArray[np.int32]  # (n_jobs,) jobs to put in
    key: NDArray[np.float64]  # (n_jobs,)
    piece: NDArray[np.int32]  # (3, room) what is on its way between days
    order: NDArray[np.int64]  # (2, most trips + 2)
    rate: NDArray[np.float64]  # (most trips + 1,)
    best_day: NDArray[np.int32]  # (n_vehicles, room)
    best_length: NDArray[np.int32]  # (n_vehicles,)


def empty_solution(instance: Instance, seed: int) -> Solution:
    """Nobody drives; `settle_all` has to be called once before it is used."""
    n, m = instance.n_jobs, instance.n_vehicles
    most = int(instance.vehicle_at[:, MAX_TRIPS].max(initial=1))
    room = min(n, LONGEST_DAY) + most
    return Solution(
        day=np.full((m, room), RELOAD, dtype=np.int32),
        length=np.zeros(m, dtype=np.int32),
        step=np.zeros((m, room + 2, 5)),
        point=np.zeros((m, room + 2), dtype=np.int32),
        trip=np.zeros((m, room + 2), dtype=np.int32),
        trip_load=np.zeros((m, most + 1, 2)),
        trips=np.zeros(m, dtype=np.int32),
        cost=np.zeros(m),
        end_s=np.zeros(m),
        carrier=np.full(n, -1, dtype=np.int32),
        at=np.zeros(n, dtype=np.int32),
        absent=np.arange(n, dtype=np.int32),
        absent_at=np.arange(n, dtype=np.int32),
        stock=instance.stock.copy(),
        commune_served=np.zeros(len(instance.commune_worth)),
        sums=np.zeros(5),
        counts=np.array([n, 0, 50, 0, 0], dtype=np.int64),
        chance=np.array([(seed * 0x9E3779B97F4A7C15 + 0x1234567) % 2**64 | 1], dtype=np.uint64),
        log=np.zeros((4 * n + 16, 2), dtype=np.int32),
        touched=np.zeros(m, dtype=np.int32),
        touched_in=np.zeros(m, dtype=np.int64),
        old_day=np.zeros((m, room), dtype=np.int32),
        old_length=np.zeros(m, dtype=np.int32),
        stamp=np.zeros(m, dtype=np.int64),
        todo=np.zeros(max(n, 1), dtype=np.int32),
        key=np.zeros(max(n, 1)),
        piece=np.zeros((3, room + 2), dtype=np.int32),
        order=np.zeros((2, most + 2), dtype=np.int64),
        rate=np.zeros(most + 1),
        best_day=np.full((m, room), RELOAD, dtype=np.int32),
        best_length=np.zeros(m, dtype=np.int32),
    )
