"""The questions of `routing.travel`, answered by the hierarchy: same arguments, same answers.

`travel_times` and `travel_trees` take a `Metric` in the place of arc times; what they return is
what `routing.travel` returns for ``metric.arc_time_s``, to rounding.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from geo.errors import RuleError
from routing.hierarchy_kernels import entering_arcs
from routing.hierarchy_queries import Seeds, Selection, select, times
from routing.travel import Trees, _beginning_links, _links, arrivals, row_chunks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from routing.access import Access
    from routing.graph import Graph
    from routing.hierarchy import Hierarchy
    from routing.hierarchy_metric import Metric
    from routing.travel import Links


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Targets:
    """Destinations as the engine needs them; they do not depend on times, so they can be kept.

    `ends` is the graph with the nodes from which its edges and copies begin counted among the
    destinations of `selection` only.
    """

    access: Access
    selection: Selection
    ends: Graph


def targets(hierarchy: Hierarchy, graph: Graph, destinations: Access) -> Targets:
    """Select what reaches the edges of the destinations."""
    edge = destinations.edge[destinations.edge >= 0]
    copies = graph.copies
    copied = copies.tail[np.isin(copies.key // 2, edge)]
    node = np.unique(np.concatenate([graph.u[edge], graph.v[edge], copied]))
    column = np.zeros(graph.n_nodes, dtype=np.int32)
    column[node] = np.arange(len(node), dtype=np.int32)
    return Targets(
        access=destinations,
        selection=select(hierarchy, node),
        ends=replace(
            graph,
            u=column[graph.u],
            v=column[graph.v],
            copies=replace(copies, tail=column[copies.tail]),
        ),
    )


def travel_times(
    graph: Graph, metric: Metric, origins: Access, destinations: Access | Targets
) -> NDArray[np.float64]:
    """Door-to-door seconds from every origin to every destination, as `routing.travel` gives them.

    Parameters
    ----------
    metric
        Times above 0 in the hierarchy of `graph`.
    destinations
        From `routing.access.attach`, or `targets` of them, which serve any number of metrics.
    """
    _require_metric(graph, metric)
    known = destinations
    if not isinstance(known, Targets):
        known = targets(metric.hierarchy, graph, known)
    if known.access.n_points == 0 or len(known.selection.target_row) == 0:
        return np.full((origins.n_points, known.access.n_points), np.inf)
    links = _links(graph, metric.arc_time_s, origins)
    reached_s = times(metric, _seeds(links, origins.n_points), known.selection)
    none = np.empty((origins.n_points, 0), dtype=np.int32)
    trees = Trees(time_s=reached_s, parent=none, arc=none, link=none, links=links)
    best_s, _ = arrivals(known.ends, metric.arc_time_s, trees, origins, known.access)
    return best_s


def travel_trees(graph: Graph, metric: Metric, origins: Access, *, ways: bool = False) -> Trees:
    """Fastest times from every origin to every node, and with `ways` how to get there."""
    _require_metric(graph, metric)
    links = _links(graph, metric.arc_time_s, origins)
    everywhere = select(metric.hierarchy, np.arange(graph.n_nodes))
    seeds = _seeds(links, origins.n_points)
    time_s = np.empty((origins.n_points, graph.n_nodes))
    for rows in row_chunks(origins.n_points, graph.n_nodes):
        time_s[rows] = times(metric, _part(seeds, rows), everywhere)
    if not ways:
        none = np.empty((origins.n_points, 0), dtype=np.int32)
        return Trees(time_s=time_s, parent=none, arc=none, link=none, links=links)
    begin_s = np.full(time_s.shape, np.inf)
    begin_s[links.origin, links.node] = links.time_s
    parent, arc = entering_arcs(time_s, begin_s, metric.arc_time_s, graph.head, graph.tail)
    starts = (parent < 0) & np.isfinite(time_s)
    return Trees(
        time_s=time_s,
        parent=parent,
        arc=arc,
        link=_beginning_links(links, starts, graph.n_nodes),
        links=links,
    )


def _seeds(links: Links, n_origins: int) -> Seeds:
    """Links are sorted by origin, so they are seeds already."""
    start = np.searchsorted(links.origin, np.arange(n_origins + 1))
    return Seeds(start=start.astype(np.int32), node=links.node, time_s=links.time_s)


def _part(seeds: Seeds, rows: NDArray[np.intp]) -> Seeds:
    """The seeds of consecutive origins."""
    start = seeds.start[rows[0] : rows[-1] + 2]
    return Seeds(
        start=start - start[0],
        node=seeds.node[start[0] : start[-1]],
        time_s=seeds.time_s[start[0] : start[-1]],
    )


def _require_metric(graph: Graph, metric: Metric) -> None:
    times_s = metric.arc_time_s
    if times_s.shape != (graph.n_arcs,) or metric.hierarchy.n_nodes != graph.n_nodes:
        raise RuleError(
            f"a metric of {metric.hierarchy.n_nodes} nodes and {len(times_s)} arcs",
            f"one of this graph ({graph.n_nodes} nodes, {graph.n_arcs} arcs) is needed",
            "prepare() the graph and customize() its hierarchy",
        )
    if not (times_s > 0).all():
        raise RuleError("arc times of 0", "times above 0 are needed", "take them from arc_times()")
