"""The engine: finds ways in one graph, by its hierarchy where that pays, else by scipy.

Both give the same numbers (to rounding), so nothing that asks has to know which one answers.
``QAFILA_ENGINE`` names one of them: ``hierarchy`` or ``scipy``.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Literal

import numpy as np

from geo.errors import InputError, RuleError
from routing import travel, ways
from routing.spread import Spread, spread

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path as FilePath

    from numpy.typing import NDArray

    from routing.access import Access
    from routing.graph import Graph
    from routing.hierarchy import Hierarchy
    from routing.hierarchy_metric import Metric
    from routing.travel import Trees
    from routing.ways import Path

EngineName = Literal["hierarchy", "scipy"]
ENGINE_VARIABLE = "QAFILA_ENGINE"
# Loading the compiled code takes most of a second at every start; scipy answers all classes of a
# network of this size in less.
MIN_HIERARCHY_NODES = 20_000
# Metrics that are kept to start from: a class with all roads open, with the closures, …
_MAX_METRICS = 16
_MAX_METRIC_BYTES = 256 * 2**20


class Engine:
    """Ways in one graph, for arc times of any class under any closures.

    Arc times are those of `routing.travel.arc_times`. With a hierarchy, times that were seen lately
    are kept in it, and new ones are put in by what differs from the nearest of them.
    """

    def __init__(self, graph: Graph, hierarchy: Hierarchy | None = None) -> None:
        self.graph = graph
        self.hierarchy = hierarchy
        self._metrics: OrderedDict[int, Metric] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def name(self) -> EngineName:
        """Which one answers."""
        return "scipy" if self.hierarchy is None else "hierarchy"

    def trees(self, time_s: NDArray[np.float64], origins: Access, *, ways: bool = False) -> Trees:
        """As `routing.travel.travel_trees`."""
        if self.hierarchy is None:
            return travel.travel_trees(self.graph, time_s, origins, ways=ways)
        from routing.hierarchy_travel import travel_trees

        return travel_trees(self.graph, self.metric(time_s), origins, ways=ways)

    def times(
        self, time_s: NDArray[np.float64], origins: Access, destinations: Access
    ) -> NDArray[np.float64]:
        """As `routing.travel.travel_times`."""
        if self.hierarchy is None:
            return travel.travel_times(self.graph, time_s, origins, destinations)
        from routing.hierarchy_travel import travel_times

        return travel_times(self.graph, self.metric(time_s), origins, destinations)

    def lengths_to_nodes(self, trees: Trees) -> NDArray[np.float64]:
        """As `routing.ways.lengths_to_nodes`."""
        if self.hierarchy is None:
            return ways.lengths_to_nodes(self.graph, trees)
        from routing.hierarchy_kernels import summed_to_root

        return summed_to_root(ways.entering_lengths(self.graph, trees), trees.parent)

    def paths(
        self, time_s: NDArray[np.float64], origin: Access, destinations: Access
    ) -> list[Path | None]:
        """As `routing.ways.paths`."""
        if self.hierarchy is None:
            return ways.paths(self.graph, time_s, origin, destinations)
        if origin.n_points != 1:
            raise RuleError(f"{origin.n_points} origins", "one is needed", "ask once for each")
        trees = self.trees(time_s, origin, ways=True)
        best_s, how = travel.arrivals(self.graph, time_s, trees, origin, destinations)
        return [
            ways.path_of(self.graph, trees, 0, how[0], best_s[0], origin, destinations, row)
            for row in range(destinations.n_points)
        ]

    def spread(self, time_s: NDArray[np.float64], begin_s: NDArray[np.float64]) -> Spread:
        """Fastest ways to every node, each from the beginning that is nearest in time.

        Parameters
        ----------
        begin_s
            (n_nodes,) seconds already spent where a way may begin, inf where none does.
        """
        if self.hierarchy is None:
            return spread(self.graph, time_s, begin_s)
        from routing.hierarchy_kernels import entering_arcs
        from routing.hierarchy_spread import spread_times

        metric, graph = self.metric(time_s), self.graph
        reached_s = spread_times(metric, begin_s)
        parent, arc = entering_arcs(
            reached_s[None, :], begin_s[None, :], metric.arc_time_s, graph.head, graph.tail
        )
        return Spread(time_s=reached_s, parent=parent[0], arc=arc[0])

    def metric(self, time_s: NDArray[np.float64]) -> Metric:
        """These times in the hierarchy; what was put in lately is not put in again."""
        from routing.hierarchy_metric import customize, recustomize

        if self.hierarchy is None:
            raise RuleError("engine scipy", "a hierarchy is needed", "make_engine() makes one")
        with self._lock:
            key, n_changed = None, len(time_s)
            for known, metric in self._metrics.items():
                differs = int(np.count_nonzero(metric.arc_time_s != time_s))
                if differs < n_changed:
                    key, n_changed = known, differs
            if key is not None:
                self._metrics.move_to_end(key)
                if n_changed == 0:
                    return self._metrics[key]
                made = recustomize(self._metrics[key], time_s)
            else:
                made = customize(self.hierarchy, time_s)
            self._keep(made)
            return made

    def _keep(self, metric: Metric) -> None:
        n_bytes = metric.weight_s.nbytes + metric.arc_time_s.nbytes
        most = max(2, min(_MAX_METRICS, _MAX_METRIC_BYTES // max(n_bytes, 1)))
        self._metrics[id(metric)] = metric
        while len(self._metrics) > most:
            self._metrics.popitem(last=False)


def make_engine(
    graph: Graph,
    folder: FilePath | None = None,
    *,
    name: EngineName | None = None,
    say: Callable[[str], None] | None = None,
) -> Engine:
    """The engine for a graph: a hierarchy from `MIN_HIERARCHY_NODES` nodes on, else scipy.

    Parameters
    ----------
    folder
        Where the hierarchy is kept; without, it is made anew.
    name
        Take this one, whatever the size.
    say
        Called with one line before work that takes long: compilation at the first use after an
        installation, and the preparation of a network.
    """
    chosen = name or ("hierarchy" if graph.n_nodes >= MIN_HIERARCHY_NODES else "scipy")
    if chosen == "scipy" or graph.n_nodes == 0:
        return Engine(graph)
    from routing.hierarchy import prepare, prepared
    from routing.hierarchy_engine import warm_up

    warm_up(say) if say else warm_up()
    return Engine(graph, prepare(graph) if folder is None else prepared(graph, folder))


def engine_named(written: str) -> EngineName | None:
    """The engine that the text of ``QAFILA_ENGINE`` asks for, None where it leaves the choice.

    Raises
    ------
    InputError
        It names none of the two.
    """
    asked = written.strip().lower()
    if asked in ("", "auto"):
        return None
    if asked == "hierarchy":
        return "hierarchy"
    if asked == "scipy":
        return "scipy"
    raise InputError(
        f"{ENGINE_VARIABLE}={asked!r}", "hierarchy, scipy or auto is needed", "correct or unset it"
    )
