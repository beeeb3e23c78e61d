"""The graph as flat arrays."""

import numpy as np

from routing.graph import build_graph
from tests.factories import FOUR_VILLAGES_NODES, four_villages, make_roads


def test_every_edge_is_two_arcs_between_its_ends() -> None:
    graph = build_graph(four_villages())
    assert (graph.n_nodes, graph.n_edges, graph.n_arcs) == (5, 5, 10)
    for row in range(graph.n_edges):
        along, against = graph.arc_along[row], graph.arc_against[row]
        assert (graph.tail[along], graph.head[along]) == (graph.u[row], graph.v[row])
        assert (graph.tail[against], graph.head[against]) == (graph.v[row], graph.u[row])
        assert graph.edge[along] == graph.edge[against] == row
        assert graph.along[along]
        assert not graph.along[against]


def test_the_arcs_of_a_node_lie_between_its_starts() -> None:
    graph = build_graph(four_villages())
    leaving = {n: set(graph.head[graph.start[n] : graph.start[n + 1]]) for n in range(5)}
    assert leaving == {0: {1, 2}, 1: {0, 2, 3}, 2: {0, 1, 4}, 3: {1}, 4: {2}}
    assert graph.start[-1] == graph.n_arcs


def test_arcs_between_the_same_nodes_are_one_group() -> None:
    nodes = [(-8.0, 31.0), (-7.99, 31.0)]
    graph = build_graph(make_roads(nodes, [{"u": 0, "v": 1}, {"u": 1, "v": 0}]))
    assert graph.pair.tolist() == [0, 2]
    assert graph.pair_of_arc.tolist() == [0, 0, 1, 1]


def test_a_loop_has_two_arcs_of_its_own() -> None:
    ring = [(-8.0, 31.01), (-8.01, 31.01)]
    graph = build_graph(make_roads([(-8.0, 31.0)], [{"u": 0, "v": 0, "via": ring}]))
    assert sorted([graph.arc_along[0], graph.arc_against[0]]) == [0, 1]


def test_edges_are_found_by_their_ids() -> None:
    graph = build_graph(four_villages())
    assert graph.rows_of(["track", "nonsense", "main"]).tolist() == [3, -1, 0]


def test_tags_keep_their_values() -> None:
    graph = build_graph(four_villages(main={"surface": "asphalt"}))
    surface = graph.tags["surface"]
    assert [surface.labels[code] for code in surface.code] == ["asphalt", "", "", "", ""]


def test_positions_come_in_the_order_of_the_table() -> None:
    graph = build_graph(four_villages())
    assert np.column_stack([graph.lon, graph.lat]).tolist() == [
        list(p) for p in FOUR_VILLAGES_NODES
    ]
