"""Questions to a hierarchy with times: from few origins to many nodes, and the ways there.

What a set of destinations needs of the hierarchy does not depend on times. It is selected once and
serves every class and every closure.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from geo.errors import RuleError
from routing.hierarchy_kernels import climb_all, meet, unpacked_ways
from routing.hierarchy_sweep_kernels import LANES, ancestors, selected_arcs, sweep, taken

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from routing.hierarchy import Hierarchy
    from routing.hierarchy_metric import Metric


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Selection:
    """The part of a hierarchy above some destinations; int32 throughout.

    `ranks`, (n_rows,), highest first; `row` of every rank, -1 = outside; the upward arcs of a row
    as `start` and `head` (a row), which lie one after the other from the arc `first` on;
    `target_row`, (n_destinations,).
    """

    hierarchy: Hierarchy
    ranks: NDArray[np.int32]
    row: NDArray[np.int32]
    start: NDArray[np.int32]
    head: NDArray[np.int32]
    first: NDArray[np.int32]
    target_row: NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seeds:
    """Where origins begin: those of origin i are ``start[i]:start[i + 1]``.

    `node` and `time_s`, the seconds already spent when the node is reached.
    """

    start: NDArray[np.int32]
    node: NDArray[np.int32]
    time_s: NDArray[np.float64]

    @property
    def n_origins(self) -> int:
        """Number of origins."""
        return len(self.start) - 1

    def at(self, time_s: ArrayLike) -> Seeds:
        """The same nodes with other times, (n_seeds,)."""
        return replace(self, time_s=np.asarray(time_s, dtype=np.float64))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ways:
    """Arcs of the graph, in order, of way i: ``arc[start[i]:start[i + 1]]``."""

    start: NDArray[np.int64]
    arc: NDArray[np.int32]


def select(hierarchy: Hierarchy, destinations: ArrayLike) -> Selection:
    """What is needed to reach the nodes `destinations`, (n_destinations,), from anywhere."""
    target = hierarchy.rank[_checked_nodes(hierarchy, destinations)]
    ranks, row = ancestors(hierarchy.parent, target)
    start, head, first = selected_arcs(ranks, row, hierarchy.up_start, hierarchy.up_head)
    return Selection(
        hierarchy=hierarchy,
        ranks=ranks,
        row=row,
        start=start,
        head=head,
        first=first,
        target_row=row[target],
    )


def from_nodes(origins: ArrayLike) -> Seeds:
    """Each origin is one node, at no time."""
    node = np.atleast_1d(np.asarray(origins, dtype=np.int32))
    return Seeds(
        start=np.arange(len(node) + 1, dtype=np.int32), node=node, time_s=np.zeros(len(node))
    )


def from_any(nodes: ArrayLike, time_s: ArrayLike | None = None) -> Seeds:
    """One origin that may begin at any of the nodes, with the seconds spent until there."""
    node = np.atleast_1d(np.asarray(nodes, dtype=np.int32))
    spent_s = np.zeros(len(node)) if time_s is None else np.asarray(time_s, dtype=np.float64)
    return Seeds(start=np.array([0, len(node)], dtype=np.int32), node=node, time_s=spent_s)


def times(metric: Metric, seeds: Seeds, selection: Selection) -> NDArray[np.float64]:
    """Seconds from every origin to every destination, (n_origins, n_destinations), inf = no way."""
    table_s = _table(metric, seeds, selection)
    return np.asarray(taken(table_s, selection.target_row, seeds.n_origins))


def ways(
    metric: Metric,
    seeds: Seeds,
    selection: Selection,
    *,
    origin: ArrayLike,
    destination: ArrayLike,
) -> Ways:
    """The ways from rows of the origins to rows of the destinations, (n_ways,) each.

    Where there is no way, or the origin begins at the destination, a way has no arcs.
    """
    column, target = np.asarray(origin, dtype=np.int32), np.asarray(destination, dtype=np.int32)
    _require_rows(column, target, seeds, selection)
    hierarchy, rank = metric.hierarchy, metric.hierarchy.rank
    table_s = _table(metric, seeds, selection)
    order = np.argsort(column, kind="stable").astype(np.int64)
    start, arc = unpacked_ways(
        order,
        column,
        selection.target_row[target],
        seeds.start,
        rank[seeds.node],
        seeds.time_s,
        table_s,
        selection.ranks,
        selection.start,
        selection.head,
        metric.weight_s,
        metric.arc_time_s,
        hierarchy.slot_start,
        hierarchy.slot_arc,
        hierarchy.up_start,
        hierarchy.up_head,
        hierarchy.up_tail,
        hierarchy.parent,
        hierarchy.triangle_start,
        hierarchy.triangle,
        np.zeros(2 * hierarchy.n_up_arcs, dtype=np.int32),
    )
    return Ways(start=start, arc=arc)


def time_between(metric: Metric, origin: int, destination: int) -> float:
    """Seconds from one node to another, inf if there is no way."""
    hierarchy = metric.hierarchy
    ends = hierarchy.rank[_checked_nodes(hierarchy, [origin, destination])]
    return float(
        meet(
            ends[0],
            ends[1],
            metric.weight_s,
            hierarchy.up_start,
            hierarchy.up_head,
            hierarchy.parent,
        )
    )


def climbed(
    metric: Metric,
    seeds: Seeds,
    selection: Selection,
    *,
    weight_s: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Times to the selected ranks by ways upward alone, inf elsewhere, before any sweep.

    (n_rows, n_origins), or `LANES` columns if that is more; with other weights than those of the
    metric, if they are given.
    """
    _require_fitting(metric.hierarchy, seeds, selection)
    hierarchy = metric.hierarchy
    nodes = _checked_nodes(hierarchy, seeds.node)
    table_s = np.full((len(selection.ranks), max(seeds.n_origins, LANES)), np.inf)
    climb_all(
        seeds.start,
        hierarchy.rank[nodes],
        seeds.time_s,
        metric.weight_s if weight_s is None else weight_s,
        hierarchy.up_start,
        hierarchy.up_head,
        hierarchy.parent,
        selection.row,
        table_s,
    )
    return table_s


def _table(metric: Metric, seeds: Seeds, selection: Selection) -> NDArray[np.float64]:
    """Times to the selected ranks, with columns as those of `climbed`."""
    table_s = climbed(metric, seeds, selection)
    sweep(table_s, selection.start, selection.head, selection.first, metric.weight_s)
    return table_s


def _require_fitting(hierarchy: Hierarchy, seeds: Seeds, selection: Selection) -> None:
    if selection.hierarchy is not hierarchy:
        raise RuleError(
            "a selection of another hierarchy",
            "metric and selection of one hierarchy are needed",
            "select() from metric.hierarchy",
        )
    n_seeds = len(seeds.node)
    rises = bool((np.diff(seeds.start) >= 0).all())
    if (
        seeds.start[0] != 0
        or seeds.start[-1] != n_seeds
        or not rises
        or len(seeds.time_s) != n_seeds
    ):
        raise RuleError(
            f"{n_seeds} seeds that do not lie one after the other",
            "a node and a time for each, and starts that rise from 0 to their number, are needed",
            "make them with from_nodes() or from_any()",
        )
    if not seeds.time_s.min(initial=0.0) >= 0.0:
        raise RuleError("negative times at the start", "0 s or more is needed", "correct them")


def _require_rows(
    column: NDArray[np.int32], target: NDArray[np.int32], seeds: Seeds, selection: Selection
) -> None:
    """Compiled code does not check indices."""
    n_targets = len(selection.target_row)
    fits = column.shape == target.shape and column.ndim == 1
    if not fits or (
        column.size
        and not (
            column.min() >= 0
            and column.max() < seeds.n_origins
            and target.min() >= 0
            and target.max() < n_targets
        )
    ):
        raise RuleError(
            f"{column.size} ways from {seeds.n_origins} origins to {n_targets} destinations",
            "as many rows of origins and destinations, from 0 to below their number, are needed",
            "correct them",
        )


def _checked_nodes(hierarchy: Hierarchy, nodes: ArrayLike) -> NDArray[np.int32]:
    rows = np.atleast_1d(np.asarray(nodes))
    if rows.size and not (rows.min() >= 0 and rows.max() < hierarchy.n_nodes):
        raise RuleError(
            f"node rows from {rows.min()} to {rows.max()}",
            f"rows from 0 to {hierarchy.n_nodes - 1} are needed",
            "take them from the graph of this hierarchy",
        )
    return rows.astype(np.int32)
