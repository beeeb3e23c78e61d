"""Door to door by the engine: what `routing.travel` answers, the engine answers too."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import RuleError
from geo.network import RoadTables
from routing import hierarchy_travel, travel, ways
from routing.access import Access
from routing.engine import Engine
from routing.graph import Graph, build_graph
from routing.hierarchy import prepare, prepare_arcs
from routing.hierarchy_metric import Metric, customize
from routing.vehicles import vehicle_classes
from tests.factories import four_villages, make_roads

CLASSES = vehicle_classes()
MAIN, UPPER, BYPASS, TRACK, PATH = range(5)


def on_edges(*places: tuple[int, float], walk_s: float = 0.0) -> Access:
    """Points that stand on an edge row at a fraction of it; row -1 is nowhere."""
    edge = np.array([row for row, _ in places], dtype=np.int32)[:, None]
    walk = np.where(edge >= 0, walk_s, np.inf)
    share = np.array([share for _, share in places])[:, None]
    return Access(edge=edge, fraction=share, walk_m=walk, walk_s=walk)


def with_metric(tables: RoadTables, class_name: Any) -> tuple[Graph, Metric]:
    graph = build_graph(tables)
    return graph, customize(prepare(graph), travel.arc_times(graph, CLASSES[class_name]))


def test_the_times_of_the_four_villages_are_those_worked_out_on_paper() -> None:
    """Half of main (180 s) and half of upper (90 s), with a walk of 60 s at both ends."""
    graph, metric = with_metric(four_villages(), "truck")
    ends = on_edges((MAIN, 0.5), (UPPER, 0.5), (TRACK, 1.0), (-1, 0.0), walk_s=60.0)
    found = hierarchy_travel.travel_times(graph, metric, ends, ends)
    assert found[0].tolist() == pytest.approx([120, 390, np.inf, np.inf])


def test_kept_targets_serve_every_class() -> None:
    tables = four_villages()
    graph, truck = with_metric(tables, "truck")
    start, end = on_edges((MAIN, 0.0)), on_edges((TRACK, 1.0), (UPPER, 1.0))
    kept = hierarchy_travel.targets(truck.hierarchy, graph, end)
    by_truck = hierarchy_travel.travel_times(graph, truck, start, kept)
    assert by_truck.tolist() == [[np.inf, pytest.approx(540)]]
    pickup = customize(truck.hierarchy, travel.arc_times(graph, CLASSES["pickup"]))
    by_pickup = hierarchy_travel.travel_times(graph, pickup, start, kept)
    assert np.isfinite(by_pickup).all()


def test_where_nobody_has_a_road_nobody_arrives() -> None:
    graph, metric = with_metric(four_villages(), "truck")
    nowhere = on_edges((-1, 0.0), (-1, 0.0))
    start = on_edges((MAIN, 0.0))
    assert (hierarchy_travel.travel_times(graph, metric, start, nowhere) == np.inf).all()
    assert (hierarchy_travel.travel_times(graph, metric, nowhere, start) == np.inf).all()


def test_a_metric_of_another_graph_and_times_of_zero_are_refused() -> None:
    graph, metric = with_metric(four_villages(), "truck")
    ends = on_edges((MAIN, 0.0))
    other = customize(prepare_arcs(2, [0], [1]), [1.0])
    with pytest.raises(RuleError, match="one of this graph"):
        hierarchy_travel.travel_times(graph, other, ends, ends)
    still = customize(metric.hierarchy, np.zeros(graph.n_arcs))
    with pytest.raises(RuleError, match="times above 0"):
        hierarchy_travel.travel_trees(graph, still, ends)


@st.composite
def networks(draw: st.DrawFn) -> tuple[RoadTables, list[tuple[int, float]]]:
    """Up to 8 nodes and 16 edges, loops and parallels among them, and 4 points on edges."""
    n_nodes = draw(st.integers(2, 8))
    nodes = [(-8.0 + 0.001 * n, 31.0 + 0.0007 * (n * n % 5)) for n in range(n_nodes)]
    node = st.integers(0, n_nodes - 1)
    edges = []
    for _ in range(draw(st.integers(1, 16))):
        u, v = draw(node), draw(node)
        edge: dict[str, Any] = {
            "u": u,
            "v": v,
            "highway": draw(st.sampled_from(["primary", "residential", "track"])),
            "length_m": float(draw(st.integers(0, 2000))),
            "forward": draw(st.booleans()),
            "backward": draw(st.booleans()),
        }
        if u == v:
            edge["via"] = [(nodes[u][0] + 0.0005, nodes[u][1] + 0.0005)]
        edges.append(edge)
    share = st.sampled_from([0.0, 0.25, 0.5, 1.0])
    row = st.integers(-1, len(edges) - 1)
    return make_roads(nodes, edges), draw(st.lists(st.tuples(row, share), min_size=4, max_size=4))


@given(networks(), st.sampled_from(["truck", "pickup", "foot"]))
@settings(max_examples=150)
def test_times_and_trees_agree_with_the_plain_reference(drawn: Any, class_name: Any) -> None:
    tables, points = drawn
    graph, metric = with_metric(tables, class_name)
    time_s, ends = metric.arc_time_s, on_edges(*points, walk_s=30.0)
    expected = travel.travel_times(graph, time_s, ends, ends)
    found = hierarchy_travel.travel_times(graph, metric, ends, ends)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-9)
    plain = travel.travel_trees(graph, time_s, ends, ways=True)
    trees = hierarchy_travel.travel_trees(graph, metric, ends, ways=True)
    np.testing.assert_allclose(trees.time_s, plain.time_s, rtol=1e-12, atol=1e-9)
    assert ((trees.parent >= 0) | (trees.link >= 0)).tolist() == np.isfinite(plain.time_s).tolist()


@given(networks())
def test_ways_of_the_trees_take_the_times_that_are_given(drawn: Any) -> None:
    tables, points = drawn
    graph, metric = with_metric(tables, "pickup")
    time_s, ends = metric.arc_time_s, on_edges(*points)
    trees = hierarchy_travel.travel_trees(graph, metric, ends, ways=True)
    plain_m = ways.lengths_to_nodes(graph, trees)
    quick_m = Engine(graph, metric.hierarchy).lengths_to_nodes(trees)
    np.testing.assert_allclose(quick_m, plain_m, rtol=1e-12)
    assert np.isfinite(quick_m).tolist() == np.isfinite(trees.time_s).tolist()
    best_s, how = travel.arrivals(graph, time_s, trees, ends, ends)
    for origin in range(ends.n_points):
        for row in range(ends.n_points):
            path = ways.path_of(graph, trees, origin, how[origin], best_s[origin], ends, ends, row)
            if path is None:
                assert best_s[origin, row] == np.inf
                continue
            assert (graph.head[path.arcs[:-1]] == graph.tail[path.arcs[1:]]).all()
            shares = np.ones(len(path.arcs))
            shares[0] -= path.from_share
            shares[-1] -= 1.0 - path.to_share
            used = shares > 0
            taken_s = float((shares[used] * time_s[path.arcs[used]]).sum())
            assert taken_s == pytest.approx(path.time_s, abs=1e-3)
