"""Travel times and ways: by hand, against networkx, and rules that hold on any network."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import RuleError
from geo.model import Closure
from geo.network import RoadTables
from routing.access import Access
from routing.closures import overlay
from routing.graph import Graph, build_graph
from routing.pace import tobler_speed_kmh
from routing.speeds import speeds_kmh
from routing.travel import arc_times, travel_times, usable_edges
from routing.vehicles import vehicle_classes
from routing.ways import path_geometry, paths
from tests.factories import four_villages, make_roads
from tests.routing.by_networkx import networkx_times

CLASSES = vehicle_classes()
NOW = datetime(2023, 9, 9, 12, tzinfo=UTC)


def on_edges(*places: tuple[int, float], walk_s: float = 0.0) -> Access:
    """Points that stand on an edge row at a fraction of it."""
    edge, fraction = np.array([p[0] for p in places]), np.array([p[1] for p in places])
    walk = np.full((len(places), 1), walk_s)
    return Access(
        edge=edge[:, None].astype(np.int32),
        fraction=fraction[:, None].astype(np.float64),
        walk_m=walk,
        walk_s=walk,
    )


def times(tables: RoadTables, class_name: Any, *closures: Closure) -> tuple[Graph, Any]:
    graph = build_graph(tables)
    state = overlay(graph, closures, at=NOW)
    return graph, arc_times(graph, CLASSES[class_name], state)


def seconds(tables: RoadTables, class_name: Any, a: Any, b: Any, *closures: Closure) -> float:
    graph, time_s = times(tables, class_name, *closures)
    return float(travel_times(graph, time_s, on_edges(a), on_edges(b))[0, 0])


# Rows of the four villages' edges, in their order.
MAIN, UPPER, BYPASS, TRACK, PATH = range(5)


# --- by hand ------------------------------------------------------------------------------------


def test_the_times_of_the_four_villages_are_those_worked_out_on_paper() -> None:
    roads = four_villages()
    depot, one, two, three = (MAIN, 0.0), (MAIN, 1.0), (UPPER, 1.0), (TRACK, 1.0)
    assert seconds(roads, "truck", depot, one) == pytest.approx(360)
    assert seconds(roads, "truck", depot, two) == pytest.approx(540)
    assert seconds(roads, "truck", depot, (BYPASS, 0.5)) == pytest.approx(900)
    assert seconds(roads, "truck", depot, three) == np.inf
    # A pickup: 6 km at 65 km/h, 1.5 km at 15 km/h.
    assert seconds(roads, "pickup", depot, three) == pytest.approx(6 / 65 * 3600 + 360)


def test_closing_the_main_road_sends_trucks_round() -> None:
    closed = Closure(closure_id="closure:1", edges=("main",))
    assert seconds(four_villages(), "truck", (BYPASS, 0.0), (UPPER, 0.0), closed) == pytest.approx(
        1800 + 180
    )


@pytest.mark.parametrize(("name", "left_share"), [("truck", 0.4), ("pickup", 0.5)])
def test_a_restricted_road_leaves_each_class_its_share_of_the_speed(
    name: str, left_share: float
) -> None:
    slow = Closure(closure_id="closure:1", edges=("main",), state="restricted")
    whole_s = seconds(four_villages(), name, (MAIN, 0.0), (MAIN, 1.0))
    assert seconds(four_villages(), name, (MAIN, 0.0), (MAIN, 1.0), slow) == pytest.approx(
        whole_s / left_share
    )


def test_a_closure_in_one_direction_leaves_the_other() -> None:
    up = Closure(closure_id="closure:1", edges=("main+",))
    assert seconds(four_villages(), "truck", (MAIN, 0.0), (MAIN, 1.0), up) > 1000
    assert seconds(four_villages(), "truck", (MAIN, 1.0), (MAIN, 0.0), up) == pytest.approx(360)


def test_one_way_is_obeyed_by_motors_and_not_by_walkers() -> None:
    roads = four_villages(main={"backward": False})
    assert seconds(roads, "truck", (MAIN, 1.0), (MAIN, 0.0)) == pytest.approx(180 + 1800)
    assert seconds(roads, "truck", (MAIN, 0.75), (MAIN, 0.25)) == pytest.approx(
        90 + 180 + 1800 + 90
    )
    level = 6000 / (tobler_speed_kmh(np.zeros(1))[0] / 3.6)
    assert seconds(roads, "foot", (MAIN, 1.0), (MAIN, 0.0)) == pytest.approx(level)


def test_on_one_edge_the_part_between_counts() -> None:
    roads = four_villages()
    assert seconds(roads, "truck", (MAIN, 0.25), (MAIN, 0.75)) == pytest.approx(180)
    assert seconds(roads, "truck", (MAIN, 0.75), (MAIN, 0.25)) == pytest.approx(180)
    assert seconds(roads, "truck", (MAIN, 0.4), (MAIN, 0.4)) == 0.0


def test_leaving_the_edge_may_be_faster_than_staying_on_it() -> None:
    """From one end of the bypass to the other the main road is the shorter way."""
    assert seconds(four_villages(), "truck", (BYPASS, 0.0), (BYPASS, 1.0)) == pytest.approx(540)


def test_a_point_on_the_end_of_a_closed_edge_is_still_reached() -> None:
    closed = Closure(closure_id="closure:1", edges=("upper",))
    assert seconds(four_villages(), "truck", (MAIN, 0.0), (UPPER, 0.0), closed) == pytest.approx(
        360
    )
    assert seconds(four_villages(), "truck", (MAIN, 0.0), (UPPER, 0.5), closed) == np.inf


def test_of_parallel_edges_the_faster_is_taken() -> None:
    nodes = [(-8.0, 31.0), (-7.99, 31.0)]
    edges = [
        {"u": 0, "v": 1, "highway": "unclassified", "length_m": 1000.0},
        {"u": 1, "v": 0, "highway": "primary", "length_m": 1200.0},
        {"u": 0, "v": 0, "highway": "primary", "length_m": 600.0, "via": [(-8.0, 31.01)]},
    ]
    made = make_roads(nodes, edges)
    assert seconds(made, "truck", (2, 0.0), (0, 1.0)) == pytest.approx(72)
    graph, time_s = times(made, "truck")
    path = paths(graph, time_s, on_edges((2, 0.5)), on_edges((0, 0.999)))[0]
    assert path is not None
    assert graph.edge[path.arcs].tolist() == [2, 1, 0]
    assert path.length_m == pytest.approx(300 + 1200 + 1)


def test_an_edge_without_length_is_still_a_way() -> None:
    nodes = [(-8.0, 31.0), (-8.0, 31.0), (-7.99, 31.0)]
    made = make_roads(nodes, [{"u": 0, "v": 1}, {"u": 1, "v": 2, "length_m": 500.0}])
    _, time_s = times(made, "truck")
    assert (time_s > 0).all()
    assert seconds(made, "truck", (0, 0.0), (1, 1.0)) == pytest.approx(60, abs=0.01)


def test_walks_at_both_ends_are_part_of_the_time() -> None:
    graph, time_s = times(four_villages(), "truck")
    start, end = on_edges((MAIN, 0.0), walk_s=10.0), on_edges((MAIN, 1.0), walk_s=100.0)
    assert travel_times(graph, time_s, start, end)[0, 0] == pytest.approx(470)
    bare = travel_times(graph, time_s, start.without_walk(), end.without_walk())
    assert bare[0, 0] == pytest.approx(360)


def test_of_several_attachments_the_best_is_taken() -> None:
    """Village 2 stands on the path; 60 s of walking to the upper road beat the path for a truck."""
    graph, time_s = times(four_villages(), "truck")
    place = Access(
        edge=np.array([[PATH, UPPER, BYPASS]], dtype=np.int32),
        fraction=np.array([[0.0, 1.0, 1.0]]),
        walk_m=np.array([[0.0, 50.0, 10.0]]),
        walk_s=np.array([[0.0, 60.0, 12.0]]),
    )
    path = paths(graph, time_s, on_edges((MAIN, 0.0)), place)[0]
    assert path is not None
    # Arriving at the very end of the path is arriving at node 2: no step on the path itself.
    assert path.time_s == pytest.approx(540)
    assert path.candidate == 0


# --- speed --------------------------------------------------------------------------------------


def speed(class_name: Any, **columns: Any) -> float:
    graph = build_graph(make_roads([(-8.0, 31.0), (-7.99, 31.0)], [{"u": 0, "v": 1, **columns}]))
    return float(speeds_kmh(graph, CLASSES[class_name])[graph.arc_along[0]])


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"highway": "primary"}, 60),
        ({"highway": "primary", "surface": "gravel"}, 30),
        ({"highway": "primary", "surface": "gravel", "smoothness": "very_bad"}, 12),
        ({"highway": "primary", "maxspeed_kmh": 40.0}, 40),
        ({"highway": "primary", "maxspeed_kmh": 100.0}, 60),
        ({"highway": "unclassified", "tracktype": "grade4"}, 15),
        ({"highway": "primary", "surface": "marble"}, 60),
        ({"highway": "track"}, 0),
        ({"highway": "steps"}, 0),
        ({"highway": "primary", "smoothness": "impassable"}, 0),
        ({"highway": "primary", "maxweight_t": 15.9}, 0),
        ({"highway": "primary", "maxweight_t": 16.0}, 60),
        ({"highway": "primary", "maxheight_m": 3.5}, 0),
        ({"highway": "residential", "width_m": 2.5}, 0),
        ({"highway": "primary", "ford": True}, 0),
        ({"highway": "primary", "access": "no"}, 0),
        ({"highway": "primary", "access": "private"}, 60),
        ({"highway": "primary", "access": "no", "motor_vehicle": "yes"}, 60),
        ({"highway": "primary", "access": "yes", "motor_vehicle": "no"}, 0),
        ({"highway": "primary", "forward": False}, 0),
    ],
)
def test_the_speed_of_a_truck_is_the_lowest_that_applies(
    columns: dict[str, Any], expected: float
) -> None:
    assert speed("truck", **columns) == pytest.approx(expected)


def test_a_pickup_goes_where_a_truck_does_not() -> None:
    assert speed("pickup", highway="track") == 15
    assert speed("pickup", highway="track", ford=True) == 15
    assert speed("pickup", highway="path") == 0


def test_walkers_pass_what_stops_motors() -> None:
    for columns in ({"access": "no"}, {"maxweight_t": 1.0}, {"forward": False}, {"ford": True}):
        assert speed("foot", highway="path", **columns) == pytest.approx(5.036, abs=0.001)


def test_a_truck_crawls_up_and_brakes_down() -> None:
    """A climb of 100 m on 1000 m: 24 km/h up and 28 km/h down a grade of 10 %."""
    up = {"highway": "primary", "length_m": 1000.0, "climb_m": 100.0, "descent_m": 0.0}
    assert speed("truck", **up) == pytest.approx(24)
    assert speed("truck", **{**up, "climb_m": 0.0, "descent_m": 100.0}) == pytest.approx(28)
    # Half of it each way: 500 m at 24 km/h and 500 m at 28 km/h.
    both = speed("truck", **{**up, "climb_m": 50.0, "descent_m": 50.0})
    assert both == pytest.approx(1 / (0.5 / 24 + 0.5 / 28))


def test_the_way_back_up_takes_longer() -> None:
    steep = {"highway": "primary", "length_m": 1000.0, "climb_m": 0.0, "descent_m": 150.0}
    graph = build_graph(make_roads([(-8.0, 31.0), (-7.99, 31.0)], [{"u": 0, "v": 1, **steep}]))
    time_s = arc_times(graph, CLASSES["truck"])
    assert time_s[graph.arc_against[0]] == pytest.approx(3600 / 17)
    assert time_s[graph.arc_along[0]] == pytest.approx(3600 / 18)


def test_toblers_pace_is_that_of_the_publication() -> None:
    slopes = np.array([0.0, -0.05, 0.18, np.nan])
    assert tobler_speed_kmh(slopes) == pytest.approx([5.04, 6.0, 2.68, 5.04], abs=0.01)


# --- ways ---------------------------------------------------------------------------------------


def test_a_way_has_its_arcs_length_and_line_from_start_to_end() -> None:
    tables = four_villages()
    graph, time_s = times(tables, "truck")
    path = paths(graph, time_s, on_edges((MAIN, 0.5)), on_edges((UPPER, 0.5)))[0]
    assert path is not None
    assert graph.edge_ids[graph.edge[path.arcs]].tolist() == ["main", "upper"]
    assert path.time_s == pytest.approx(180 + 90)
    assert path.length_m == pytest.approx(3000 + 1500)
    line = path_geometry(graph, tables, path)
    expected_points = [(-7.97, 31.0), (-7.94, 31.0), (-7.925, 31.0)]
    np.testing.assert_allclose(np.array(line.coords), expected_points, atol=1e-6)


def test_a_way_against_the_drawing_is_turned() -> None:
    tables = four_villages()
    graph, time_s = times(tables, "truck")
    path = paths(graph, time_s, on_edges((UPPER, 0.5)), on_edges((BYPASS, 0.0)))[0]
    assert path is not None
    line = path_geometry(graph, tables, path)
    assert line.coords[0] == pytest.approx((-7.925, 31.0), abs=1e-6)
    assert line.coords[-1] == pytest.approx((-8.0, 31.0), abs=1e-6)
    assert path.length_m == pytest.approx(1500 + 6000)


@pytest.mark.parametrize(("a", "b"), [(0.2, 0.9), (0.9, 0.2), (0.4, 0.4)])
def test_a_way_on_one_edge_is_the_part_between(a: float, b: float) -> None:
    tables = four_villages()
    graph, time_s = times(tables, "truck")
    path = paths(graph, time_s, on_edges((MAIN, a)), on_edges((MAIN, b)))[0]
    assert path is not None
    assert path.length_m == pytest.approx(abs(b - a) * 6000)
    line = path_geometry(graph, tables, path)
    assert line.coords[0] == pytest.approx((-8.0 + 0.06 * a, 31.0), abs=1e-6)
    assert line.coords[-1] == pytest.approx((-8.0 + 0.06 * b, 31.0), abs=1e-6)


def test_where_there_is_no_way_there_is_none() -> None:
    graph, time_s = times(four_villages(), "truck")
    assert paths(graph, time_s, on_edges((MAIN, 0.0)), on_edges((TRACK, 1.0))) == [None]


def test_a_point_off_the_network_is_reached_from_nowhere() -> None:
    graph, time_s = times(four_villages(), "truck")
    nowhere = Access(
        edge=np.full((1, 1), -1, dtype=np.int32),
        fraction=np.zeros((1, 1)),
        walk_m=np.full((1, 1), np.inf),
        walk_s=np.full((1, 1), np.inf),
    )
    assert travel_times(graph, time_s, on_edges((MAIN, 0.0)), nowhere)[0, 0] == np.inf
    assert travel_times(graph, time_s, nowhere, on_edges((MAIN, 0.0)))[0, 0] == np.inf


def test_times_of_another_graph_are_refused() -> None:
    graph, time_s = times(four_villages(), "truck")
    with pytest.raises(RuleError, match="10 times above 0 are needed"):
        travel_times(graph, time_s[:-1], on_edges((MAIN, 0.0)), on_edges((MAIN, 1.0)))


def test_several_origins_of_ways_are_refused() -> None:
    graph, time_s = times(four_villages(), "truck")
    two = on_edges((MAIN, 0.0), (MAIN, 1.0))
    with pytest.raises(RuleError, match="2 origins"):
        paths(graph, time_s, two, two)


# --- any network --------------------------------------------------------------------------------


@st.composite
def networks(draw: st.DrawFn) -> tuple[RoadTables, list[tuple[int, float]]]:
    """Up to 7 nodes and 14 edges, loops and parallels among them, and 4 points on edges."""
    n_nodes = draw(st.integers(2, 7))
    nodes = [(-8.0 + 0.001 * n, 31.0 + 0.0007 * (n * n % 5)) for n in range(n_nodes)]
    node = st.integers(0, n_nodes - 1)
    edges = []
    for _ in range(draw(st.integers(1, 14))):
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
    points = draw(
        st.lists(st.tuples(st.integers(0, len(edges) - 1), share), min_size=4, max_size=4)
    )
    return make_roads(nodes, edges), points


@given(networks(), st.sampled_from(["truck", "pickup", "foot"]))
@settings(max_examples=150)
def test_times_agree_with_networkx(drawn: Any, class_name: Any) -> None:
    tables, points = drawn
    graph, time_s = times(tables, class_name)
    found = travel_times(graph, time_s, on_edges(*points), on_edges(*points))
    np.testing.assert_allclose(found, networkx_times(graph, time_s, points), rtol=1e-9, atol=1e-4)


@given(networks())
def test_ways_take_the_times_that_are_given_and_hang_together(drawn: Any) -> None:
    tables, points = drawn
    graph, time_s = times(tables, "pickup")
    ends = on_edges(*points)
    found = travel_times(graph, time_s, ends.take([0]), ends)
    for row, path in enumerate(paths(graph, time_s, ends.take([0]), ends)):
        if path is None:
            assert found[0, row] == np.inf
            continue
        assert path.time_s == pytest.approx(found[0, row], abs=1e-6)
        assert (graph.head[path.arcs[:-1]] == graph.tail[path.arcs[1:]]).all()
        shares = np.ones(len(path.arcs))
        shares[0] -= path.from_share
        shares[-1] -= 1.0 - path.to_share
        used = shares > 0
        taken_s = float((shares[used] * time_s[path.arcs[used]]).sum())
        assert taken_s == pytest.approx(path.time_s, abs=1e-3)
        length_m = float((shares * graph.length_m[graph.edge[path.arcs]]).sum())
        assert length_m == pytest.approx(path.length_m, abs=1e-6)
        assert isinstance(path_geometry(graph, tables, path), shapely.LineString)


@given(networks(), st.data())
def test_closing_an_edge_shortens_no_trip_and_opening_it_restores_every_bit(
    drawn: Any, data: Any
) -> None:
    tables, points = drawn
    graph, before_s = times(tables, "pickup")
    edge_id = data.draw(st.sampled_from(list(graph.edge_ids)))
    sign = data.draw(st.sampled_from(["", "+", "-"]))
    state = data.draw(st.sampled_from(["closed", "restricted"]))
    closed = Closure(closure_id="closure:1", edges=(edge_id + sign,), state=state)
    ends = on_edges(*points)
    before = travel_times(graph, before_s, ends, ends)
    _, then_s = times(tables, "pickup", closed)
    assert (travel_times(graph, then_s, ends, ends) >= before - 1e-9).all()
    reopened_s = arc_times(graph, CLASSES["pickup"], overlay(graph, [], at=NOW))
    assert np.array_equal(reopened_s, before_s)
    assert np.array_equal(travel_times(graph, reopened_s, ends, ends), before)


@given(networks())
def test_times_between_points_obey_the_triangle(drawn: Any) -> None:
    tables, points = drawn
    graph, time_s = times(tables, "pickup")
    ends = on_edges(*points)
    table = travel_times(graph, time_s, ends, ends)
    assert (np.diag(table) == 0).all()
    for via in range(len(points)):
        assert (table <= table[:, [via]] + table[[via], :] + 1e-6).all()


@given(networks())
def test_a_usable_edge_has_a_direction_that_can_be_travelled(drawn: Any) -> None:
    tables, _ = drawn
    graph, time_s = times(tables, "truck")
    usable = usable_edges(graph, time_s)
    for row in range(graph.n_edges):
        finite = np.isfinite(time_s[[graph.arc_along[row], graph.arc_against[row]]])
        assert usable[row] == finite.any()
