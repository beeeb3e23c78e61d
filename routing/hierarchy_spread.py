"""Fastest times from any of many nodes to every node: one sweep up the hierarchy, one down.

For a load that changes vehicles every node that is reached is a beginning of the next leg. With so
many beginnings a climb from each would cost more than reading every upward arc once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geo.errors import RuleError
from routing.hierarchy_compiler import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from routing.hierarchy_metric import Metric

    Ints = NDArray[np.int32]
    Floats = NDArray[np.float64]


def spread_times(metric: Metric, begin_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Seconds to every node, (n_nodes,), inf where there is no way.

    Parameters
    ----------
    begin_s
        (n_nodes,) seconds already spent at a node where a way may begin, 0 or more, inf elsewhere.
    """
    hierarchy = metric.hierarchy
    if begin_s.shape != (hierarchy.n_nodes,) or not begin_s.min(initial=0.0) >= 0.0:
        raise RuleError(
            f"beginnings of shape {begin_s.shape}",
            f"{hierarchy.n_nodes} times of 0 or more are needed",
            "give one for each node of the graph, inf where no way begins",
        )
    by_rank_s = np.empty(hierarchy.n_nodes)
    by_rank_s[hierarchy.rank] = begin_s
    spread_over(by_rank_s, metric.weight_s, hierarchy.up_start, hierarchy.up_head)
    return np.asarray(by_rank_s[hierarchy.rank])


@kernel
def spread_over(time_s: Floats, weight_s: Floats, up_start: Ints, up_head: Ints) -> None:
    """Bring `time_s`, by rank, from the beginnings to the fastest times, in place.

    A fastest way goes up, then down (Dibbelt et al. 2016, section 6), so ascending over all upward
    arcs and then descending over them finds it from every beginning at once.
    """
    n_ranks = len(up_start) - 1
    for rank in range(n_ranks):
        from_s = time_s[rank]
        if from_s == np.inf:
            continue
        for arc in range(up_start[rank], up_start[rank + 1]):
            through_s = from_s + weight_s[arc, 0]
            if through_s < time_s[up_head[arc]]:
                time_s[up_head[arc]] = through_s
    for rank in range(n_ranks - 1, -1, -1):
        best_s = time_s[rank]
        for arc in range(up_start[rank], up_start[rank + 1]):
            best_s = min(best_s, time_s[up_head[arc]] + weight_s[arc, 1])
        time_s[rank] = best_s
