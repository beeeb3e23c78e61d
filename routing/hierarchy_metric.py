"""The times of a vehicle class under the closures of an hour, put into a hierarchy.

All times at once take tens of milliseconds; after a closure only what depends on the changed arcs
is looked at again, and the result is the same to the last bit.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geo.errors import RuleError
from routing.hierarchy_elimination import eliminate, put_own, take_over
from routing.hierarchy_metric_kernels import changed_arcs, customize_changed, put_changed

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from routing.hierarchy import Hierarchy


# Putting all times in anew reads memory in order; looking again at single arcs does not, and costs
# some ten times as much a triangle (measured). It is slower where many arcs changed, more than the
# first share of the upward arcs, all over the network, as if in more than the second share of all
# tasks; and where more than the third of all triangles was looked at before it was done.
_MANY_SHARE = 1.0 / 1500
_SPREAD_SHARE = 0.6
_GIVE_UP_SHARE = 1.0 / 10
# With so few triangles for each upward arc (every bend a node) all times are put in anew in a
# millisecond, less than it takes to follow more than this share of changed arcs (measured).
_THIN_TRIANGLES = 2.0
_MANY_SHARE_THIN = 1.0 / 5000
_FEW_CHANGED = 20
# With fewer pairs than that a second core is not worth waking: it takes a tenth of a millisecond.
_MIN_PAIRS_SHARED = 500_000
_N_CORES = os.cpu_count() or 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Metric:
    """Times in a hierarchy.

    `arc_time_s`, (n_arcs,), are the seconds of the arcs of the graph, inf where there is no way;
    `own_s` the same in the order of `Hierarchy.slot_arc`, as putting times in reads them. `room_s`
    are those up and down every upward arc, and room to work in behind them.
    """

    hierarchy: Hierarchy
    arc_time_s: NDArray[np.float64]
    own_s: NDArray[np.float64]
    room_s: NDArray[np.float64]

    @property
    def weight_s(self) -> NDArray[np.float64]:
        """Seconds up and down every upward arc, (n_up_arcs, 2)."""
        return self.room_s[: self.hierarchy.n_up_arcs]


def customize(hierarchy: Hierarchy, arc_time_s: ArrayLike) -> Metric:
    """Put times into the hierarchy.

    Parameters
    ----------
    arc_time_s
        (n_arcs,) seconds, 0 or more, inf where the arc cannot be used.
    """
    times_s = _own(_checked_times(hierarchy, arc_time_s), arc_time_s)
    own_s = times_s[hierarchy.slot_arc]
    room_s = np.empty((hierarchy.n_up_arcs + len(hierarchy.schedule.aside_over), 2))
    _customize_into(room_s, own_s, hierarchy)
    return Metric(hierarchy=hierarchy, arc_time_s=times_s, own_s=own_s, room_s=room_s)


def recustomize(metric: Metric, arc_time_s: ArrayLike, *, in_place: bool = False) -> Metric:
    """The metric for other times: only what changed is looked at again, if that is not too much.

    Parameters
    ----------
    arc_time_s
        (n_arcs,) seconds of all arcs, as for `customize`.
    in_place
        Change the arrays of `metric` instead of copies: for a metric that nobody else reads, such
        as that of a series of sampled worlds. Going back to the former times restores every bit.
    """
    hierarchy = metric.hierarchy
    times_s = _checked_times(hierarchy, arc_time_s)
    changed = changed_arcs(metric.arc_time_s, times_s)
    many = are_many(hierarchy, changed)
    if in_place or not many:
        room_s = metric.room_s if in_place else metric.room_s.copy()
    else:
        room_s = np.empty_like(metric.room_s)
    own_s = metric.own_s if in_place else metric.own_s.copy()
    put_changed(own_s, changed, times_s, hierarchy.schedule.own_at)
    if many or customize_again(room_s, times_s, changed, hierarchy) is None:
        _customize_into(room_s, own_s, hierarchy)
    if in_place:
        metric.arc_time_s[changed] = times_s[changed]
        return metric
    arc_time_s = _own(times_s, arc_time_s)
    return Metric(hierarchy=hierarchy, arc_time_s=arc_time_s, own_s=own_s, room_s=room_s)


def _customize_into(
    room_s: NDArray[np.float64], own_s: NDArray[np.float64], hierarchy: Hierarchy
) -> None:
    """All times anew; on two cores where that pays, with the same bits."""
    schedule = hierarchy.schedule
    tasks = iter(range(schedule.n_tasks))

    def work() -> None:
        panel_s = schedule.working_room()
        # Taking the next of one iterator is safe: only one thread at a time runs Python.
        for task in tasks:
            _do(task, room_s, own_s, hierarchy, panel_s)

    if schedule.n_pairs >= _MIN_PAIRS_SHARED and _N_CORES > 1:
        with ThreadPoolExecutor(1) as helper:
            helped = helper.submit(work)
            work()
        helped.result()
    else:
        work()
    _do(schedule.n_tasks, room_s, own_s, hierarchy, schedule.working_room())


def _do(
    task: int,
    room_s: NDArray[np.float64],
    own_s: NDArray[np.float64],
    hierarchy: Hierarchy,
    panel_s: NDArray[np.float64],
) -> None:
    """One task of the schedule; the last of them takes over what the others have laid aside."""
    schedule, n_up = hierarchy.schedule, hierarchy.n_up_arcs
    begin, end = schedule.task_arc[task], schedule.task_arc[task + 1]
    starts = hierarchy.slot_start
    put_own(room_s, own_s, schedule.own_slot, begin, end, starts[2 * begin], starts[2 * end])
    if task < schedule.n_tasks:
        room_s[n_up + schedule.aside_at[task] : n_up + schedule.aside_at[task + 1]] = np.inf
    else:
        take_over(room_s, schedule.aside_over)
    eliminate(
        room_s,
        task,
        hierarchy.up_start,
        schedule.task_run,
        schedule.run_start,
        schedule.run_degree,
        schedule.run_arc,
        schedule.run_over,
        schedule.run_over_at,
        schedule.task_panel,
        schedule.panel_rank,
        schedule.panel_size,
        schedule.panel_over,
        schedule.panel_over_at,
        panel_s,
    )


def are_many(hierarchy: Hierarchy, changed: NDArray[np.int32]) -> bool:
    """Whether putting all in anew is likely the quicker way."""
    n_up = hierarchy.n_up_arcs
    thin = len(hierarchy.triangle) < n_up * _THIN_TRIANGLES
    if thin and len(changed) > max(n_up * _MANY_SHARE_THIN, _FEW_CHANGED):
        return True
    return len(changed) > n_up * _MANY_SHARE and _spread_out(hierarchy, changed)


def _spread_out(hierarchy: Hierarchy, changed: NDArray[np.int32]) -> bool:
    """Whether the changed arcs lie in most tasks and not mainly in those of one region.

    Tasks that hold few of them hardly count: in how many tasks would they be as likely to share one
    (the inverse of Simpson's index)?
    """
    slot = hierarchy.slot_of_arc[changed]
    inner = hierarchy.schedule.task_arc[1:-1]
    task = np.searchsorted(inner, slot[slot >= 0] >> 1, side="right")
    share = np.bincount(task) / max(len(task), 1)
    n_alike = 1 / max(float(np.square(share).sum()), 1e-9)
    return bool(n_alike > (len(inner) + 1) * _SPREAD_SHARE)


def customize_again(
    room_s: NDArray[np.float64],
    times_s: NDArray[np.float64],
    changed: NDArray[np.int32],
    hierarchy: Hierarchy,
) -> NDArray[np.uint64] | None:
    """Bring the weights up to date, if that takes less than putting all in anew.

    Returns the upward arcs that may have changed, 64 bits a word; None where it was given up.
    """
    schedule, n_up = hierarchy.schedule, hierarchy.n_up_arcs
    dirty = np.zeros((n_up >> 6) + 1, dtype=np.uint64)
    n_looked = customize_changed(
        room_s[:n_up],
        times_s,
        changed,
        int(len(hierarchy.triangle) * _GIVE_UP_SHARE) + 1000,
        hierarchy.slot_of_arc,
        hierarchy.slot_start,
        hierarchy.slot_arc,
        hierarchy.up_start,
        hierarchy.up_tail,
        hierarchy.triangle_start,
        hierarchy.triangle,
        schedule.run_over,
        schedule.panel_over,
        schedule.aside_over,
        schedule.pair_at,
        schedule.n_inside,
        np.empty((schedule.most_neighbours, 2)),
        np.empty(schedule.most_neighbours, dtype=np.int32),
        dirty,
    )
    return None if int(n_looked) < 0 else dirty


def _checked_times(hierarchy: Hierarchy, arc_time_s: ArrayLike) -> NDArray[np.float64]:
    times_s = np.ascontiguousarray(arc_time_s, dtype=np.float64)
    # A minimum that is NaN compares as false, so NaN is refused with the negative ones.
    if times_s.shape != (hierarchy.n_arcs,) or not times_s.min(initial=0.0) >= 0.0:
        raise RuleError(
            f"arc times of shape {times_s.shape}",
            f"{hierarchy.n_arcs} times of 0 or more are needed",
            "take them from arc_times() of the same graph",
        )
    return times_s


def _own(times_s: NDArray[np.float64], given: ArrayLike) -> NDArray[np.float64]:
    """A copy, if need be: a caller who writes closures into its array must not change ours."""
    return times_s.copy() if np.may_share_memory(times_s, np.asarray(given)) else times_s
