"""Making the road engine ready: its code is compiled on the first use after an installation.

Whoever lets a person wait calls `warm_up` first and shows what it says.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np

from routing import (
    hierarchy_elimination,
    hierarchy_kernels,
    hierarchy_metric_kernels,
    hierarchy_order_kernels,
    hierarchy_schedule_kernels,
    hierarchy_spread,
    hierarchy_sweep_kernels,
)
from routing.hierarchy import prepare_arcs
from routing.hierarchy_compiler import compile_message, is_kept
from routing.hierarchy_metric import customize, recustomize
from routing.hierarchy_queries import from_nodes, select, time_between, times, ways
from routing.hierarchy_trials import Trials

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

# The last that `warm_up` compiles of each module: where they are kept, the others are.
_LAST = (
    hierarchy_order_kernels.is_completed,
    hierarchy_schedule_kernels.offered,
    hierarchy_elimination.eliminate,
    hierarchy_metric_kernels.customize_changed,
    hierarchy_kernels.entering_arcs,
    hierarchy_sweep_kernels.put_back,
    hierarchy_spread.spread_over,
)


def is_warm() -> bool:
    """Whether the engine starts without a compilation."""
    return is_kept(_LAST)


def warm_up(say: Callable[[str], None] = logger.info) -> None:
    """Have all code of the engine compiled, or loaded from disk.

    Parameters
    ----------
    say
        Called with one line before a compilation that takes long, not if the code is on disk.
    """
    if not is_warm():
        say(compile_message())
    # Three nodes in a triangle go through every kernel.
    hierarchy = prepare_arcs(3, [0, 1, 0], [1, 2, 2])
    metric = customize(hierarchy, [1.0, 1.0, 3.0])
    metric = recustomize(metric, metric.arc_time_s)
    selection, seeds = select(hierarchy, [2]), from_nodes([0])
    times(metric, seeds, selection)
    ways(metric, seeds, selection, origin=[0], destination=[0])
    time_between(metric, 0, 2)
    Trials(metric, seeds, selection).times([])
    hierarchy_spread.spread_times(metric, np.zeros(3))
    hierarchy_order_kernels.is_completed(
        hierarchy.up_start,
        hierarchy.up_head,
        hierarchy.parent,
        hierarchy.triangle_start,
        hierarchy.triangle,
    )
    hierarchy_kernels.summed_to_root(
        np.array([[0.0, 1.0, 2.0]]), np.array([[-1, 0, 1]], dtype=np.int32)
    )
    hierarchy_kernels.entering_arcs(
        np.array([[0.0, 1.0, 2.0]]),
        np.array([[0.0, np.inf, np.inf]]),
        metric.arc_time_s,
        np.array([1, 2, 2], dtype=np.int32),
        np.array([0, 1, 0], dtype=np.int32),
    )
