"""The times of a vehicle class under the closures of an hour, put into a hierarchy.

All times at once take tens of milliseconds; after a closure only what depends on the changed arcs
is looked at again, and the result is the same to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geo.errors import RuleError
from routing.hierarchy_kernels import ancestors
from routing.hierarchy_metric_kernels import changed_arcs, customize_all, customize_changed

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from routing.hierarchy import Hierarchy


# Putting all times in anew reads memory in order; looking again at single arcs does not, and costs
# some ten times as much a triangle (measured). It is slower where many arcs changed, more than the
# first share of the upward arcs, all over the network, so that more than the second share of all
# triangles lies above them; and where more than the third was looked at before it was done.
_MANY_SHARE = 1.0 / 1500
_ABOVE_SHARE = 0.6
_GIVE_UP_SHARE = 1.0 / 10
# With so few triangles for each upward arc (every bend a node) all times are put in anew in a
# millisecond, less than it takes to follow more than this share of changed arcs (measured).
_THIN_TRIANGLES = 2.0
_MANY_SHARE_THIN = 1.0 / 5000
_FEW_CHANGED = 20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Metric:
    """Times in a hierarchy.

    `arc_time_s`, (n_arcs,), are the seconds of the arcs of the graph, inf where there is no way;
    `weight_s`, (n_up_arcs, 2), those up and down every upward arc.
    """

    hierarchy: Hierarchy
    arc_time_s: NDArray[np.float64]
    weight_s: NDArray[np.float64]


def customize(hierarchy: Hierarchy, arc_time_s: ArrayLike) -> Metric:
    """Put times into the hierarchy.

    Parameters
    ----------
    arc_time_s
        (n_arcs,) seconds, 0 or more, inf where the arc cannot be used.
    """
    times_s = _own(_checked_times(hierarchy, arc_time_s), arc_time_s)
    weight_s = np.empty((hierarchy.n_up_arcs, 2))
    _customize_into(weight_s, times_s, hierarchy)
    return Metric(hierarchy=hierarchy, arc_time_s=times_s, weight_s=weight_s)


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
    many = _are_many(hierarchy, changed)
    if in_place or not many:
        weight_s = metric.weight_s if in_place else metric.weight_s.copy()
    else:
        weight_s = np.empty_like(metric.weight_s)
    if many or not _customize_again(weight_s, times_s, changed, hierarchy):
        _customize_into(weight_s, times_s, hierarchy)
    if in_place:
        metric.arc_time_s[changed] = times_s[changed]
        return metric
    own_s = _own(times_s, arc_time_s)
    return Metric(hierarchy=hierarchy, arc_time_s=own_s, weight_s=weight_s)


def _customize_into(
    weight_s: NDArray[np.float64], times_s: NDArray[np.float64], hierarchy: Hierarchy
) -> None:
    customize_all(weight_s, times_s, hierarchy.slot_of_arc, hierarchy.up_start, hierarchy.opposite)


def _are_many(hierarchy: Hierarchy, changed: NDArray[np.int32]) -> bool:
    """Whether putting all in anew is likely the quicker way."""
    n_up = hierarchy.n_up_arcs
    thin = len(hierarchy.triangle) < n_up * _THIN_TRIANGLES
    if thin and len(changed) > max(n_up * _MANY_SHARE_THIN, _FEW_CHANGED):
        return True
    return len(changed) > n_up * _MANY_SHARE and _spread_out(hierarchy, changed)


def _spread_out(hierarchy: Hierarchy, changed: NDArray[np.int32]) -> bool:
    """Whether much of the hierarchy lies above these arcs: the changes are not of one region."""
    slot = hierarchy.slot_of_arc[changed]
    low = np.unique(hierarchy.up_tail[slot[slot >= 0] >> 1])
    above, _ = ancestors(hierarchy.parent, low)
    ends = hierarchy.triangle_start[hierarchy.up_start]
    n_above = (ends[above + 1].astype(np.int64) - ends[above]).sum()
    return bool(n_above > len(hierarchy.triangle) * _ABOVE_SHARE)


def _customize_again(
    weight_s: NDArray[np.float64],
    times_s: NDArray[np.float64],
    changed: NDArray[np.int32],
    hierarchy: Hierarchy,
) -> bool:
    """Whether the weights could be brought up to date for less than putting all in anew."""
    n_looked = customize_changed(
        weight_s,
        times_s,
        changed,
        int(len(hierarchy.triangle) * _GIVE_UP_SHARE) + 1000,
        hierarchy.slot_of_arc,
        hierarchy.slot_start,
        hierarchy.slot_arc,
        hierarchy.up_start,
        hierarchy.up_head,
        hierarchy.up_tail,
        hierarchy.triangle_start,
        hierarchy.triangle,
    )
    return int(n_looked) >= 0


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
