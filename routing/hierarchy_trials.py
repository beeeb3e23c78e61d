"""Many sets of closures, one after the other: what each changes in the times between some nodes.

A sampled world differs from the roads as they are by some hundred closed arcs. Closing can only
make ways longer, so what is not given by anything that became longer stays as it is; only the rest
is looked at again, and put back afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geo.errors import RuleError
from routing.hierarchy_metric import are_many, customize, customize_again
from routing.hierarchy_queries import climbed, times
from routing.hierarchy_sweep_kernels import (
    ancestors,
    givers,
    mark_risen_rows,
    put_back,
    sweep,
    sweep_again,
    taken,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from routing.hierarchy_metric import Metric
    from routing.hierarchy_queries import Seeds, Selection


class Trials:
    """Times from `seeds` to the destinations of `selection` while arcs of `metric` are closed.

    The metric is only read. One object serves one thread; it holds a copy of the weights.
    """

    def __init__(self, metric: Metric, seeds: Seeds, selection: Selection) -> None:
        self._metric, self._seeds, self._selection = metric, seeds, selection
        hierarchy = metric.hierarchy
        self._climbed_s = climbed(metric, seeds, selection)
        self._table_s = self._climbed_s.copy()
        _, seed_row = ancestors(hierarchy.parent, hierarchy.rank[seeds.node])
        rows = selection.row[seed_row >= 0]
        self._climbed_rows = rows[rows >= 0]
        own = (selection.start, selection.head, selection.first, metric.weight_s)
        sweep(self._table_s, *own)
        self._givers = givers(self._table_s, self._climbed_s, *own)
        # What a trial changes, and puts back.
        self._room_s, self._arc_time_s = metric.room_s.copy(), metric.arc_time_s.copy()
        self._now_s = self._table_s.copy()
        n_rows = len(selection.ranks)
        self._must = np.zeros(n_rows, dtype=bool)
        self._moved = np.zeros(n_rows, dtype=np.uint64)
        self._changed = np.empty(n_rows, dtype=np.int32)

    def times(self, closed: ArrayLike, seed_s: ArrayLike | None = None) -> NDArray[np.float64]:
        """Seconds from every origin to every destination while some arcs are closed, inf = no way.

        The very numbers of `routing.hierarchy_queries.times`, (n_origins, n_destinations).

        Parameters
        ----------
        closed
            (n_closed,) arcs of the graph; naming one twice is fine.
        seed_s
            (n_seeds,) seconds that are spent at the seeds in this trial; as much as those of
            `seeds` or more, inf = this seed cannot be left from.
        """
        arcs = np.unique(np.asarray(closed, dtype=np.int32))
        if arcs.size and not (arcs[0] >= 0 and arcs[-1] < len(self._arc_time_s)):
            raise RuleError(
                f"arcs {arcs[0]} to {arcs[-1]}",
                f"0 to {len(self._arc_time_s) - 1} are needed",
                "take them from the graph of this hierarchy",
            )
        seeds = self._seeds if seed_s is None else self._seeds.at(seed_s)
        if not (seeds.time_s >= self._seeds.time_s).all():
            raise RuleError(
                "seeds that are left sooner than without closures",
                "as late or later is needed",
                "begin with the earliest times",
            )
        self._arc_time_s[arcs] = np.inf
        try:
            return self._closed(arcs, seeds)
        finally:
            self._arc_time_s[arcs] = self._metric.arc_time_s[arcs]

    def _closed(self, arcs: NDArray[np.int32], seeds: Seeds) -> NDArray[np.float64]:
        metric, selection = self._metric, self._selection
        hierarchy = metric.hierarchy
        if are_many(hierarchy, arcs):
            return times(customize(hierarchy, self._arc_time_s), seeds, selection)
        dirty = customize_again(self._room_s, self._arc_time_s, arcs, hierarchy)
        if dirty is None:
            np.copyto(self._room_s, metric.room_s)
            return times(customize(hierarchy, self._arc_time_s), seeds, selection)
        weight_s = self._room_s[: hierarchy.n_up_arcs]
        now_s = climbed(metric, seeds, selection, weight_s=weight_s)
        mark_risen_rows(
            dirty,
            weight_s,
            metric.weight_s,
            hierarchy.up_tail,
            selection.row,
            self._climbed_rows,
            now_s,
            self._climbed_s,
            self._must,
        )
        n_changed = sweep_again(
            self._now_s,
            self._table_s,
            now_s,
            self._must,
            *self._givers,
            self._moved,
            self._changed,
            selection.start,
            selection.head,
            selection.first,
            weight_s,
        )
        found: NDArray[np.float64] = taken(self._now_s, selection.target_row, seeds.n_origins)
        put_back(
            self._now_s,
            self._table_s,
            self._moved,
            self._changed,
            n_changed,
            dirty,
            weight_s,
            metric.weight_s,
        )
        return found
