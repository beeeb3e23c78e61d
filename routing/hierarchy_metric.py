"""The times of a vehicle class under the closures of an hour, put into a hierarchy.

All times at once take tens of milliseconds; after a closure only what depends on the changed arcs
is looked at again, and the result is the same to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geo.errors import RuleError
from routing.hierarchy_kernels import changed_arcs, customize_all, customize_changed

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from routing.hierarchy import Hierarchy


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
    times_s = _checked_times(hierarchy, arc_time_s)
    weight_s = np.empty((hierarchy.n_up_arcs, 2))
    customize_all(
        weight_s,
        times_s,
        hierarchy.slot_start,
        hierarchy.slot_arc,
        hierarchy.triangle_start,
        hierarchy.triangle,
    )
    return Metric(hierarchy=hierarchy, arc_time_s=times_s, weight_s=weight_s)


def recustomize(metric: Metric, arc_time_s: ArrayLike, *, in_place: bool = False) -> Metric:
    """The metric for other times, at the cost of what changed.

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
    weight_s = metric.weight_s if in_place else metric.weight_s.copy()
    customize_changed(
        weight_s,
        times_s,
        changed,
        hierarchy.slot_of_arc,
        hierarchy.slot_start,
        hierarchy.slot_arc,
        hierarchy.up_start,
        hierarchy.up_head,
        hierarchy.up_tail,
        hierarchy.triangle_start,
        hierarchy.triangle,
    )
    if in_place:
        metric.arc_time_s[changed] = times_s[changed]
        return metric
    return Metric(hierarchy=hierarchy, arc_time_s=times_s, weight_s=weight_s)


def _checked_times(hierarchy: Hierarchy, arc_time_s: ArrayLike) -> NDArray[np.float64]:
    """A copy, so that a caller who writes closures into its own array does not change ours."""
    times_s = np.array(arc_time_s, dtype=np.float64)
    # A minimum that is NaN compares as false, so NaN is refused with the negative ones.
    if times_s.shape != (hierarchy.n_arcs,) or not times_s.min(initial=0.0) >= 0.0:
        raise RuleError(
            f"arc times of shape {times_s.shape}",
            f"{hierarchy.n_arcs} times of 0 or more are needed",
            "take them from arc_times() of the same graph",
        )
    return times_s
