"""The fast engine: by hand, against scipy and networkx, and rules that hold on any network."""

from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.sparse.csgraph import dijkstra

from geo.errors import RuleError, UnreadableError
from routing.graph import build_graph
from routing.hierarchy import (
    Hierarchy,
    hierarchy_key,
    key_of_arcs,
    prepare,
    prepare_arcs,
    prepared,
    read_hierarchy,
    write_hierarchy,
)
from routing.hierarchy_metric import Metric, customize, recustomize
from routing.hierarchy_queries import (
    Seeds,
    from_any,
    from_nodes,
    select,
    time_between,
    times,
    ways,
)
from tests.factories import four_villages

INF = float("inf")


def everywhere(metric: Metric) -> Any:
    """(n, n) seconds between all nodes."""
    nodes = np.arange(metric.hierarchy.n_nodes)
    return times(metric, from_nodes(nodes), select(metric.hierarchy, nodes))


def square() -> tuple[int, list[int], list[int]]:
    """Four nodes in a ring, one way round (arcs 0 to 3), and the way back from 1 to 0 (arc 4)."""
    return 4, [0, 1, 2, 3, 1], [1, 2, 3, 0, 0]


def grid(n: int) -> tuple[int, Any, Any]:
    """An n × n grid of two-way streets: large enough for a dissection."""
    node = np.arange(n * n).reshape(n, n)
    a = np.concatenate([node[:, :-1].ravel(), node[:-1].ravel()])
    b = np.concatenate([node[:, 1:].ravel(), node[1:].ravel()])
    return n * n, np.concatenate([a, b]), np.concatenate([b, a])


# --- by hand ------------------------------------------------------------------------------------


def test_a_ring_is_travelled_one_way_round() -> None:
    metric = customize(prepare_arcs(*square()), [1.0, 2.0, 4.0, 8.0, 16.0])
    assert everywhere(metric).tolist() == [
        [0, 1, 3, 7],
        [14, 0, 2, 6],
        [12, 13, 0, 4],
        [8, 9, 11, 0],
    ]
    assert time_between(metric, 1, 0) == 14
    assert time_between(metric, 2, 2) == 0


def test_a_way_is_the_arcs_in_order() -> None:
    metric = customize(prepare_arcs(*square()), [1.0, 2.0, 4.0, 8.0, 16.0])
    selection = select(metric.hierarchy, [3, 0, 1])
    found = ways(metric, from_nodes([1, 0]), selection, origin=[1, 0, 0], destination=[0, 1, 2])
    assert np.split(found.arc, found.start[1:-1])[0].tolist() == [0, 1, 2]
    assert np.split(found.arc, found.start[1:-1])[1].tolist() == [1, 2, 3]
    assert found.start.tolist() == [0, 3, 6, 6]


def test_of_parallel_arcs_the_fastest_is_taken_and_named() -> None:
    metric = customize(prepare_arcs(2, [0, 0, 0, 1], [1, 1, 1, 1]), [5.0, 3.0, 4.0, 0.0])
    selection = select(metric.hierarchy, [1])
    assert times(metric, from_nodes([0]), selection)[0, 0] == 3
    found = ways(metric, from_nodes([0]), selection, origin=[0], destination=[0])
    assert found.arc.tolist() == [1]


def test_without_a_way_the_time_is_infinite_and_the_way_empty() -> None:
    metric = customize(prepare_arcs(3, [0, 1], [1, 2]), [1.0, INF])
    selection = select(metric.hierarchy, [2, 0])
    assert times(metric, from_nodes([0, 1]), selection).tolist() == [[INF, 0], [INF, INF]]
    found = ways(metric, from_nodes([0]), selection, origin=[0], destination=[0])
    assert found.start.tolist() == [0, 0]


def test_several_starts_of_one_origin_count_with_the_time_spent() -> None:
    """On a road 0 - 1 - 2 - 3 of 10 s each: from 0 after 5 s, or from 3 at once."""
    n, tail, head = 4, [0, 1, 2, 1, 2, 3], [1, 2, 3, 0, 1, 2]
    metric = customize(prepare_arcs(n, tail, head), np.full(6, 10.0))
    seeds = from_any([0, 3], [5.0, 0.0])
    selection = select(metric.hierarchy, [0, 1, 2, 3])
    assert times(metric, seeds, selection).tolist() == [[5, 15, 10, 0]]
    found = ways(metric, seeds, selection, origin=[0, 0], destination=[1, 2])
    assert found.arc.tolist() == [0, 5]


def test_a_network_without_arcs_and_one_without_nodes_are_networks() -> None:
    alone = customize(prepare_arcs(2, [], []), [])
    assert everywhere(alone).tolist() == [[0, INF], [INF, 0]]
    nothing = customize(prepare_arcs(0, [], []), [])
    assert everywhere(nothing).shape == (0, 0)


def test_the_hierarchy_of_a_road_graph_has_its_arcs() -> None:
    graph = build_graph(four_villages())
    hierarchy = prepare(graph)
    metric = customize(hierarchy, np.arange(1.0, graph.n_arcs + 1))
    expected = reference(graph.n_nodes, graph.tail, graph.head, metric.arc_time_s)
    np.testing.assert_allclose(everywhere(metric), expected)


# --- a larger network ---------------------------------------------------------------------------


def reference(n: int, tail: Any, head: Any, time_s: Any) -> Any:
    """All times by scipy; parallel arcs are reduced first, as a matrix would add them up."""
    best: dict[tuple[int, int], float] = {}
    for a, b, seconds in zip(tail, head, time_s, strict=True):
        if np.isfinite(seconds):
            best[int(a), int(b)] = min(best.get((int(a), int(b)), INF), float(seconds))
    rows = [a for a, _ in best]
    columns = [b for _, b in best]
    matrix = sparse.csr_array((list(best.values()), (rows, columns)), shape=(n, n))
    return dijkstra(matrix)


def test_a_grid_agrees_with_scipy_and_its_ways_take_their_times() -> None:
    n, tail, head = grid(30)
    rng = np.random.default_rng(7)
    time_s = rng.uniform(1.0, 90.0, len(tail))
    time_s[rng.choice(len(tail), 200, replace=False)] = INF
    metric = customize(prepare_arcs(n, tail, head), time_s)
    expected = reference(n, tail, head, time_s)
    found = everywhere(metric)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    origin = np.repeat([3, 500, 899], n)
    destination = np.tile(np.arange(n), 3)
    selection = select(metric.hierarchy, np.arange(n))
    seeds = from_nodes([3, 500, 899])
    some = ways(metric, seeds, selection, origin=np.repeat([0, 1, 2], n), destination=destination)
    check_ways(metric, some, tail, head, origin, destination, expected[origin, destination])
    mixed = np.random.default_rng(5).permutation(3 * n)
    column = np.repeat([0, 1, 2], n)[mixed]
    origin, destination = origin[mixed], destination[mixed]
    some = ways(metric, seeds, selection, origin=column, destination=destination)
    check_ways(metric, some, tail, head, origin, destination, expected[origin, destination])


def test_where_each_branch_is_thin_few_changes_and_many_give_the_bits_of_a_fresh_metric() -> None:
    n = 3000
    tail, head = np.arange(n - 1), np.arange(1, n)
    time_s = np.random.default_rng(6).integers(1, 9, n - 1).astype(float)
    hierarchy = prepare_arcs(n, tail, head)
    metric = customize(hierarchy, time_s)
    for n_changed in (20, 21, 500):
        changed_s = time_s.copy()
        changed_s[:n_changed] = INF
        closed = recustomize(metric, changed_s)
        assert np.array_equal(closed.weight_s, customize(hierarchy, changed_s).weight_s)
        assert np.array_equal(recustomize(closed, time_s).weight_s, metric.weight_s)


def check_ways(
    metric: Metric, found: Any, tail: Any, head: Any, origin: Any, destination: Any, seconds: Any
) -> None:
    """Every way hangs together from its origin to its destination and takes its time."""
    tail, head = np.asarray(tail), np.asarray(head)
    for way, arcs in enumerate(np.split(found.arc, found.start[1:-1])):
        if len(arcs) == 0:
            assert origin[way] == destination[way] or seconds[way] in (0.0, INF)
            continue
        assert tail[arcs[0]] == origin[way]
        assert head[arcs[-1]] == destination[way]
        assert (head[arcs[:-1]] == tail[arcs[1:]]).all()
        assert metric.arc_time_s[arcs].sum() == pytest.approx(seconds[way], rel=1e-12)


def test_few_changes_and_many_give_the_bits_of_a_fresh_metric() -> None:
    n, tail, head = grid(40)
    rng = np.random.default_rng(3)
    # Whole seconds make ties, in which one way must replace another.
    time_s = rng.integers(1, 9, len(tail)).astype(float)
    hierarchy = prepare_arcs(n, tail, head)
    metric = customize(hierarchy, time_s)
    for n_changed in (1, 3, 6, 2000):
        changed_s = time_s.copy()
        arcs = rng.choice(len(tail), n_changed, replace=False)
        changed_s[arcs] = rng.choice([INF, 1.0, 20.0, 0.0], n_changed)
        fresh = customize(hierarchy, changed_s)
        assert np.array_equal(recustomize(metric, changed_s).weight_s, fresh.weight_s)
        back = recustomize(recustomize(metric, changed_s), time_s)
        assert np.array_equal(back.weight_s, metric.weight_s)


def test_in_place_changes_this_metric_and_a_copy_does_not() -> None:
    hierarchy = prepare_arcs(*square())
    metric = customize(hierarchy, np.ones(5))
    other = recustomize(metric, [1.0, 1.0, 1.0, 1.0, INF])
    assert time_between(metric, 1, 0) == 1
    assert time_between(other, 1, 0) == 3
    assert recustomize(metric, [1.0, 1.0, 1.0, 1.0, INF], in_place=True) is metric
    assert time_between(metric, 1, 0) == 3


def test_a_closure_written_into_the_array_that_was_given_changes_no_metric() -> None:
    given_s = np.ones(5)
    metric = customize(prepare_arcs(*square()), given_s)
    again = recustomize(metric, given_s)
    given_s[4] = INF
    assert metric.arc_time_s[4] == again.arc_time_s[4] == 1
    assert time_between(recustomize(again, given_s), 1, 0) == 3


# --- any network --------------------------------------------------------------------------------

SECONDS = st.one_of(st.integers(0, 5).map(float), st.floats(0.0, 100.0), st.just(INF))


@st.composite
def networks(draw: st.DrawFn) -> tuple[int, list[int], list[int], list[float]]:
    """Up to 12 nodes and 40 directed arcs: loops, parallels, no time, no way."""
    n = draw(st.integers(1, 12))
    node = st.integers(0, n - 1)
    arcs = draw(st.lists(st.tuples(node, node, SECONDS), max_size=40))
    return n, [a for a, _, _ in arcs], [b for _, b, _ in arcs], [s for _, _, s in arcs]


def by_networkx(n: int, tail: list[int], head: list[int], time_s: list[float]) -> Any:
    made = nx.MultiDiGraph()
    made.add_nodes_from(range(n))
    made.add_edges_from(
        (a, b, {"weight": s}) for a, b, s in zip(tail, head, time_s, strict=True) if np.isfinite(s)
    )
    table = np.full((n, n), INF)
    for origin, reached in nx.all_pairs_dijkstra_path_length(made):
        table[origin, list(reached)] = list(reached.values())
    return table


@given(networks())
@settings(max_examples=300)
def test_times_and_ways_agree_with_networkx(drawn: Any) -> None:
    n, tail, head, time_s = drawn
    metric = customize(prepare_arcs(n, tail, head), time_s)
    expected = by_networkx(*drawn)
    np.testing.assert_allclose(everywhere(metric), expected, rtol=1e-12)
    for origin in range(n):
        for destination in range(n):
            assert time_between(metric, origin, destination) == pytest.approx(
                expected[origin, destination], rel=1e-12
            )
    origin, destination = np.repeat(np.arange(n), n), np.tile(np.arange(n), n)
    selection = select(metric.hierarchy, np.arange(n))
    found = ways(
        metric, from_nodes(np.arange(n)), selection, origin=origin, destination=destination
    )
    check_ways(metric, found, tail, head, origin, destination, expected.ravel())


@given(networks(), st.data())
def test_a_selection_gives_what_the_whole_gives(drawn: Any, data: Any) -> None:
    n, tail, head, time_s = drawn
    metric = customize(prepare_arcs(n, tail, head), time_s)
    node = st.integers(0, n - 1)
    origins = data.draw(st.lists(node, min_size=1, max_size=4))
    destinations = data.draw(st.lists(node, min_size=1, max_size=4))
    selection = select(metric.hierarchy, destinations)
    found = times(metric, from_nodes(origins), selection)
    assert np.array_equal(found, everywhere(metric)[np.ix_(origins, destinations)])
    spent_s = np.array(data.draw(st.lists(SECONDS, min_size=len(origins), max_size=len(origins))))
    together = times(metric, from_any(origins, spent_s), selection)[0]
    np.testing.assert_allclose(together, (found + spent_s[:, None]).min(axis=0), rtol=1e-12)


@given(networks(), st.data())
def test_closing_shortens_no_trip_and_opening_restores_every_bit(drawn: Any, data: Any) -> None:
    n, tail, head, time_s = drawn
    hierarchy = prepare_arcs(n, tail, head)
    before = customize(hierarchy, time_s)
    table = everywhere(before)
    closed_s = np.array(time_s)
    closed = data.draw(st.lists(st.integers(0, max(len(tail) - 1, 0)), max_size=5))
    closed_s[closed if len(tail) else []] = INF
    then = recustomize(before, closed_s)
    assert np.array_equal(then.weight_s, customize(hierarchy, closed_s).weight_s)
    assert (everywhere(then) >= table * (1 - 1e-12)).all()
    again = recustomize(then, time_s)
    assert np.array_equal(again.weight_s, before.weight_s)
    assert np.array_equal(everywhere(again), table)


@given(networks())
def test_every_rank_has_its_upward_neighbours_joined_to_each_other(drawn: Any) -> None:
    """What makes the graph chordal, and so every customization and query right."""
    h = prepare_arcs(*drawn[:3])
    arcs = set(zip(h.up_tail.tolist(), h.up_head.tolist(), strict=True))
    assert sorted(h.rank.tolist()) == list(range(h.n_nodes))
    for low in range(h.n_nodes):
        above = h.up_head[h.up_start[low] : h.up_start[low + 1]].tolist()
        assert above == sorted(set(above))
        assert h.parent[low] == (above[0] if above else -1)
        assert all((a, b) in arcs for a in above for b in above if a < b)


# --- on disk ------------------------------------------------------------------------------------


def test_a_hierarchy_is_read_as_it_was_written(tmp_path: Path) -> None:
    made = prepare_arcs(*grid(12))
    write_hierarchy(made, tmp_path / made.key)
    read = read_hierarchy(tmp_path / made.key, key=made.key)
    time_s = np.linspace(1, 2, made.n_arcs)
    assert np.array_equal(everywhere(customize(read, time_s)), everywhere(customize(made, time_s)))
    assert read.n_bytes == made.n_bytes


def test_a_graph_finds_its_hierarchy_again_and_another_does_not(tmp_path: Path) -> None:
    graph = build_graph(four_villages())
    made = prepared(graph, tmp_path)
    header = tmp_path / hierarchy_key(graph) / "hierarchy.json"
    written = header.stat().st_mtime_ns
    assert np.array_equal(prepared(graph, tmp_path).up_head, made.up_head)
    assert header.stat().st_mtime_ns == written
    turned = key_of_arcs(graph.n_nodes, graph.head, graph.tail)
    assert turned != made.key
    with pytest.raises(UnreadableError, match="this very network"):
        read_hierarchy(tmp_path / made.key, key=turned)


def test_a_damaged_hierarchy_is_made_anew(tmp_path: Path) -> None:
    graph = build_graph(four_villages())
    made = prepared(graph, tmp_path)
    (tmp_path / made.key / "up_head.npy").write_bytes(b"nonsense")
    with pytest.raises(UnreadableError, match="an array cannot be read"):
        read_hierarchy(tmp_path / made.key)
    assert np.array_equal(prepared(graph, tmp_path).up_head, made.up_head)
    assert np.array_equal(read_hierarchy(tmp_path / made.key).up_head, made.up_head)


def damage(hierarchy: Hierarchy, path: Path, name: str, values: Any) -> None:
    write_hierarchy(hierarchy, path)
    np.save(path / f"{name}.npy", values, allow_pickle=False)


@pytest.mark.parametrize(
    "name", ["up_head", "rank", "parent", "slot_arc", "slot_of_arc", "triangle"]
)
def test_an_index_that_leads_outside_is_refused(name: str, tmp_path: Path) -> None:
    made = prepare_arcs(*grid(5))
    values = getattr(made, name).copy()
    values.flat[-1] = 10**6
    damage(made, tmp_path / "h", name, values)
    with pytest.raises(UnreadableError, match="leads outside"):
        read_hierarchy(tmp_path / "h")


def test_arcs_that_would_lead_a_walk_astray_are_refused(tmp_path: Path) -> None:
    """Every index is in range, and still a walk over them would not end where it should."""
    made = prepare_arcs(*grid(8))
    wide = int(np.argmax(np.diff(made.up_start)))
    heads, triangles = made.up_head.copy(), made.triangle.copy()
    first = made.up_start[wide]
    heads[[first, first + 1]] = heads[[first + 1, first]]
    damage(made, tmp_path / "unsorted", "up_head", heads)
    triangles[0] = made.n_up_arcs - 1
    damage(made, tmp_path / "circular", "triangle", triangles)
    damage(made, tmp_path / "orphans", "parent", np.full_like(made.parent, -1))
    for name in ("unsorted", "circular", "orphans"):
        with pytest.raises(UnreadableError, match="not those of a completed graph"):
            read_hierarchy(tmp_path / name)


def test_arrays_of_another_kind_or_size_are_refused(tmp_path: Path) -> None:
    made = prepare_arcs(*grid(5))
    damage(made, tmp_path / "a", "rank", made.rank.astype(np.int64))
    with pytest.raises(UnreadableError, match="not 32-bit integers"):
        read_hierarchy(tmp_path / "a")
    damage(made, tmp_path / "b", "rank", made.rank[:-1])
    with pytest.raises(UnreadableError, match="sizes"):
        read_hierarchy(tmp_path / "b")
    with pytest.raises(UnreadableError, match="header cannot be read"):
        read_hierarchy(tmp_path / "none")


# --- refused ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("tail", "head"), [([0], [2]), ([-1], [0]), ([0, 1], [1])])
def test_arcs_outside_the_network_are_refused(tail: list[int], head: list[int]) -> None:
    with pytest.raises(RuleError, match="nodes of the network"):
        prepare_arcs(2, tail, head)


@pytest.mark.parametrize("time_s", [[1.0], [-1.0, 1.0], [float("nan"), 1.0]])
def test_times_that_are_none_are_refused(time_s: list[float]) -> None:
    hierarchy = prepare_arcs(2, [0, 1], [1, 0])
    with pytest.raises(RuleError, match="2 times of 0 or more"):
        customize(hierarchy, time_s)
    with pytest.raises(RuleError, match="2 times of 0 or more"):
        recustomize(customize(hierarchy, [1.0, 1.0]), time_s)


def test_nodes_outside_and_strange_selections_are_refused() -> None:
    metric = customize(prepare_arcs(2, [0, 1], [1, 0]), [1.0, 1.0])
    with pytest.raises(RuleError, match="rows from 0 to 1"):
        select(metric.hierarchy, [2])
    with pytest.raises(RuleError, match="rows from 0 to 1"):
        times(metric, from_nodes([-1]), select(metric.hierarchy, [0]))
    with pytest.raises(RuleError, match="another hierarchy"):
        times(metric, from_nodes([0]), select(prepare_arcs(2, [0], [1]), [0]))
    with pytest.raises(RuleError, match="negative times"):
        times(metric, from_any([0], [-1.0]), select(metric.hierarchy, [0]))


def test_ways_between_rows_that_are_not_there_are_refused() -> None:
    metric = customize(prepare_arcs(2, [0, 1], [1, 0]), [1.0, 1.0])
    selection = select(metric.hierarchy, [1])
    for origin, destination in (([1], [0]), ([0], [1]), ([0, 0], [0])):
        with pytest.raises(RuleError, match="rows of origins and destinations"):
            ways(metric, from_nodes([0]), selection, origin=origin, destination=destination)


def test_seeds_that_do_not_fit_together_are_refused() -> None:
    metric = customize(prepare_arcs(2, [0, 1], [1, 0]), [1.0, 1.0])
    seeds = Seeds(
        start=np.array([0, 3], dtype=np.int32),
        node=np.array([0], dtype=np.int32),
        time_s=np.zeros(1),
    )
    with pytest.raises(RuleError, match="seeds"):
        times(metric, seeds, select(metric.hierarchy, [1]))
