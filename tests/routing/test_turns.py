"""Forbidden turns: by hand, and against a search over edges on any small network."""

import heapq
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import SchemaError
from geo.model import Closure, Depot
from geo.network import RoadTables, read_road_tables, write_road_tables
from routing import hierarchy_travel
from routing.access import Access
from routing.closures import overlay
from routing.engine import Engine
from routing.graph import build_graph
from routing.hierarchy import prepare
from routing.hierarchy_metric import customize
from routing.matrix import time_matrix
from routing.speeds import HEAVY_T
from routing.travel import arc_times, arrivals, travel_times, travel_trees
from routing.vehicles import vehicle_classes
from routing.ways import arrival_lengths, lengths_to_nodes, path_geometry, paths
from routing.world import Sites, arrive, explore
from tests.factories import WORKING_CRS, make_roads

CLASSES = vehicle_classes()
NOW = datetime(2023, 9, 9, 12, tzinfo=UTC)

# A crossing: in the middle node 0, around it 1 west, 2 north, 3 east, 4 south; and a detour from
# west to north. Every arm is 1 km, the detour 9 km; 60 km/h everywhere, so 60 s a kilometre.
CROSSING = ((-8.0, 31.0), (-8.01, 31.0), (-8.0, 31.01), (-7.99, 31.0), (-8.0, 30.99))
ARMS: tuple[dict[str, Any], ...] = (
    {"edge_id": "west", "u": 1, "v": 0},
    {"edge_id": "north", "u": 0, "v": 2},
    {"edge_id": "east", "u": 0, "v": 3},
    {"edge_id": "south", "u": 0, "v": 4},
)
DETOUR = {"edge_id": "detour", "u": 1, "v": 2, "length_m": 9000.0, "via": [(-8.01, 31.01)]}
WEST, NORTH, EAST, SOUTH, ROUND = range(5)
NO_LEFT = ("west", "n0", "north", "no", "motor")


def crossing(*turns: tuple[str, ...], **changes: dict[str, Any]) -> RoadTables:
    edges = [
        {"highway": "primary", "length_m": 1000.0, **arm, **changes.get(arm["edge_id"], {})}
        for arm in (*ARMS, DETOUR)
    ]
    return make_roads(CROSSING, edges, turns=turns)


def on_edges(*places: tuple[int, float]) -> Access:
    edge = np.array([row for row, _ in places], dtype=np.int32)[:, None]
    share = np.array([share for _, share in places])[:, None]
    walk = np.zeros((len(places), 1))
    return Access(edge=edge, fraction=share, walk_m=walk, walk_s=walk)


def seconds(tables: RoadTables, a: Any, b: Any, class_name: Any = "truck") -> float:
    graph = build_graph(tables)
    time_s = arc_times(graph, CLASSES[class_name])
    return float(travel_times(graph, time_s, on_edges(a), on_edges(b))[0, 0])


def test_a_turn_that_is_not_forbidden_is_taken() -> None:
    assert seconds(crossing(), (WEST, 0.0), (NORTH, 0.5)) == pytest.approx(90)


def test_a_forbidden_turn_is_made_by_turning_round_behind_the_crossing() -> None:
    """Straight on to the end of the east arm, back, and then right: 60 + 60 + 60 + 30 s."""
    assert seconds(crossing(NO_LEFT), (WEST, 0.0), (NORTH, 0.5)) == pytest.approx(210)


def test_a_trip_that_begins_on_the_road_before_the_turn_obeys_too() -> None:
    assert seconds(crossing(NO_LEFT), (WEST, 0.5), (NORTH, 0.5)) == pytest.approx(180)


def test_the_other_roads_into_the_crossing_are_free() -> None:
    tables = crossing(NO_LEFT)
    assert seconds(tables, (SOUTH, 1.0), (NORTH, 0.5)) == pytest.approx(90)
    assert seconds(tables, (NORTH, 1.0), (WEST, 0.5)) == pytest.approx(90)


def test_only_straight_on_forbids_everything_else_and_turning_round() -> None:
    tables = crossing(("west", "n0", "east", "only", "motor"))
    assert seconds(tables, (WEST, 0.0), (EAST, 0.5)) == pytest.approx(90)
    assert seconds(tables, (WEST, 0.0), (SOUTH, 0.5)) == pytest.approx(210)
    graph = build_graph(tables)
    at_copy = graph.tail == len(CROSSING)
    allowed = at_copy & (graph.barred == 0)
    assert graph.edge_ids[graph.edge[allowed]].tolist() == ["east"]


def test_several_only_of_one_road_allow_each_of_their_turns() -> None:
    tables = crossing(
        ("west", "n0", "east", "only", "motor"), ("west", "n0", "south", "only", "motor")
    )
    assert seconds(tables, (WEST, 0.0), (SOUTH, 0.5)) == pytest.approx(90)


# Two carriageways, joined by a short link: who comes from west on the one must not turn back over
# the link into the other, but may drive on, and who comes onto the link from elsewhere may.
#     3 <-away- 1 <-back- 5
#               | link          every arm 1 km, the link 100 m
#     2 -here-> 0 -onward-> 4
CARRIAGEWAYS = (
    (-8.0, 31.0), (-8.0, 31.001), (-8.01, 31.0), (-8.01, 31.001), (-7.99, 31.0), (-7.99, 31.001)
)  # fmt: skip
ONE_WAYS: tuple[dict[str, Any], ...] = (
    {"edge_id": "here", "u": 2, "v": 0, "backward": False},
    {"edge_id": "link", "u": 0, "v": 1, "length_m": 100.0},
    {"edge_id": "away", "u": 1, "v": 3, "backward": False},
    {"edge_id": "onward", "u": 0, "v": 4},
    {"edge_id": "back", "u": 5, "v": 1, "backward": False},
)
NO_TURNING_BACK = ("here", "n0", "away", "no", "motor", "link")


def carriageways(*turns: tuple[str, ...]) -> RoadTables:
    edges = [{"highway": "primary", "length_m": 1000.0, **edge} for edge in ONE_WAYS]
    return make_roads(CARRIAGEWAYS, edges, turns=turns)


def test_a_turn_over_a_way_is_forbidden_to_those_who_come_by_the_road_it_names() -> None:
    here, link, away = (0, 0.0), (1, 0.5), (2, 1.0)
    assert seconds(carriageways(), here, away) == pytest.approx(60 + 6 + 60)
    tables = carriageways(NO_TURNING_BACK)
    # Who goes on, turns round and comes back onto the link did not come by the first road.
    assert seconds(tables, here, away) == pytest.approx(60 + 2 * 60 + 6 + 60)
    assert seconds(tables, link, away) == pytest.approx(3 + 60)
    assert seconds(tables, (3, 1.0), away) == pytest.approx(60 + 6 + 60)
    assert seconds(tables, here, link) == pytest.approx(60 + 3)
    assert seconds(tables, here, away, "foot") < 3000
    graph = build_graph(tables)
    assert graph.n_nodes == 6 + 2  # one copy where `here` ends, one where `link` ends after it


def test_only_over_a_way_forbids_to_leave_it_and_to_miss_it() -> None:
    tables = carriageways(("here", "n0", "away", "only", "motor", "link"))
    assert seconds(tables, (0, 0.0), (2, 1.0)) == pytest.approx(60 + 6 + 60)
    # Straight on is forbidden: over the link, round the end of `away` there is no way back.
    assert seconds(tables, (0, 0.0), (3, 1.0)) == np.inf


def test_tables_of_earlier_versions_knew_no_turns_over_ways(tmp_path: Any) -> None:
    write_road_tables(crossing(NO_LEFT), tmp_path)
    path = tmp_path / "turns.parquet"
    pd.read_parquet(path).drop(columns="via_edges").to_parquet(path)
    assert read_road_tables(tmp_path).turns["via_edges"].tolist() == [""]


def test_who_walks_turns_as_he_likes() -> None:
    free, bound = crossing(), crossing(NO_LEFT)
    walk = [seconds(tables, (WEST, 0.0), (NORTH, 0.5), "foot") for tables in (free, bound)]
    assert walk[0] == walk[1]


def test_a_turn_forbidden_to_heavy_vehicles_is_free_to_light_ones() -> None:
    tables = crossing(("west", "n0", "north", "no", "hgv"))
    assert CLASSES["pickup"].gross_weight_t <= HEAVY_T < CLASSES["truck"].gross_weight_t
    assert seconds(tables, (WEST, 0.0), (NORTH, 0.5), "pickup") < 90
    assert seconds(tables, (WEST, 0.0), (NORTH, 0.5), "truck") == pytest.approx(210)


def test_a_place_at_the_crossing_itself_is_reached_whatever_must_not_turn() -> None:
    tables = crossing(NO_LEFT)
    assert seconds(tables, (WEST, 0.0), (NORTH, 0.0)) == pytest.approx(60)


def test_a_closure_closes_the_copies_of_an_arc_too() -> None:
    """South is left from the crossing and from its copy: closed is closed from both."""
    graph = build_graph(crossing(NO_LEFT))
    closed = Closure(closure_id="closure:1", edges=("south",), state="closed")
    time_s = arc_times(graph, CLASSES["truck"], overlay(graph, [closed], at=NOW))
    ends = on_edges((WEST, 0.0), (SOUTH, 0.5))
    assert travel_times(graph, time_s, ends, ends)[0, 1] == np.inf
    one_way = Closure(closure_id="closure:2", edges=("south+",), state="closed")
    state = overlay(graph, [one_way], at=NOW)
    assert np.isinf(state.factor(CLASSES["truck"])).sum() == 2
    assert (graph.edge[state.arc] == SOUTH).all()
    assert graph.along[state.arc].all()


def test_without_turns_the_graph_has_two_arcs_an_edge_and_no_copies() -> None:
    graph = build_graph(crossing())
    assert (graph.n_nodes, graph.n_arcs, len(graph.copies.arc)) == (5, 10, 0)
    assert not graph.barred.any()


def test_turns_are_kept_on_disk(tmp_path: Any) -> None:
    tables = crossing(NO_LEFT)
    write_road_tables(tables, tmp_path)
    assert read_road_tables(tmp_path).turns.equals(tables.turns)


@pytest.mark.parametrize(
    ("turn", "said"),
    [
        (("west", "n0", "nowhere", "no", "motor"), "to_edge = nowhere"),
        (("west", "n1", "north", "no", "motor"), "to_edge = north"),
        (("west", "n9", "north", "no", "motor"), "from_edge = west"),
        (("west", "n0", "north", "never", "motor"), "kind = never"),
        (("west", "n0", "north", "no", "camels"), "vehicles = camels"),
        (("west", "n0", "detour", "no", "motor", "nowhere"), "via_edges = nowhere"),
        (("west", "n0", "detour", "no", "motor", "north south"), "via_edges = north south"),
        (("west", "n0", "east", "no", "motor", "north"), "to_edge = east"),
    ],
)
def test_impossible_turns_are_refused(turn: Any, said: str) -> None:
    with pytest.raises(SchemaError, match=said):
        crossing(turn)


def test_a_plan_and_reach_obey() -> None:
    """From the west end to a place beside the middle of the north arm and back."""
    tables = crossing(NO_LEFT)
    graph = build_graph(tables)
    lon, lat = [-8.01, -8.0], [31.0, 31.005]
    matrix = time_matrix(
        graph, tables, vehicle_class=CLASSES["truck"], overlay=None,
        lon=lon, lat=lat, crs=WORKING_CRS, depots=[0],
    )  # fmt: skip
    assert matrix.travel_time_s[0, 1] == pytest.approx(210, abs=2)
    assert matrix.length_m[0, 1] == pytest.approx(3500, abs=20)
    assert matrix.travel_time_s[1, 0] == pytest.approx(90, abs=2)
    depot = Depot(depot_id="depot:w", name="W", lon=lon[0], lat=lat[0], active=True)
    world = explore(Engine(graph), tables, CLASSES["truck"], [depot], overlay=None, crs=WORKING_CRS)
    sites = Sites(lon=np.array(lon[1:]), lat=np.array(lat[1:]), elevation_m=np.full(1, np.nan))
    arrival = arrive(graph, tables, world, sites, crs=WORKING_CRS, max_walk_m=np.full(1, 100.0))
    assert arrival.time_s[0] == pytest.approx(210, abs=2)
    assert arrival.length_m[0] == pytest.approx(3500, abs=20)


def test_a_crossing_that_every_road_enters_by_a_copy_still_belongs_to_the_network() -> None:
    """All turns round are forbidden: nothing ever stands at the node itself."""
    round_turns = [(arm["edge_id"], "n0", arm["edge_id"], "no", "motor") for arm in ARMS]
    tables = crossing(*round_turns)
    graph = build_graph(tables)
    matrix = time_matrix(
        graph, tables, vehicle_class=CLASSES["truck"], overlay=None,
        lon=[-8.005, -7.995], lat=[31.0, 31.0], crs=WORKING_CRS, depots=[0],
    )  # fmt: skip
    assert matrix.access.edge[:, 0].tolist() == [WEST, EAST]
    assert matrix.travel_time_s[0, 1] == pytest.approx(60, abs=2)


# --- any network --------------------------------------------------------------------------------


@st.composite
def networks(draw: st.DrawFn) -> tuple[RoadTables, list[tuple[int, float]]]:
    """Up to 6 nodes and 10 edges, loops and parallels among them, turns, and 4 points on edges."""
    n_nodes = draw(st.integers(2, 6))
    nodes = [(-8.0 + 0.001 * n, 31.0 + 0.0007 * (n * n % 5)) for n in range(n_nodes)]
    node = st.integers(0, n_nodes - 1)
    edges: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 10))):
        u, v = draw(node), draw(node)
        edge: dict[str, Any] = {
            "edge_id": f"e{number}", "u": u, "v": v, "highway": "residential",
            "length_m": float(draw(st.integers(1, 2000))),
            "forward": draw(st.booleans()), "backward": draw(st.booleans()),
        }  # fmt: skip
        if u == v:
            edge["via"] = [(nodes[u][0] + 0.0005, nodes[u][1] + 0.0005)]
        edges.append(edge)
    possible = [way for n_over in (0, 1, 2) for way in turning_ways(edges, n_nodes, n_over)]
    turns = [
        (
            first,
            f"n{via}",
            last,
            draw(st.sampled_from(["no", "no", "only"])),
            draw(st.sampled_from(["motor", "hgv"])),
            " ".join(over),
        )
        for first, via, over, last in draw(st.lists(st.sampled_from(possible), max_size=6))
    ]
    points = draw(
        st.lists(
            st.tuples(st.integers(0, len(edges) - 1), st.sampled_from([0.0, 0.25, 0.5, 1.0])),
            min_size=4, max_size=4,
        )
    )  # fmt: skip
    return make_roads(nodes, edges, turns=turns), points


def turning_ways(edges: Any, n_nodes: int, n_over: int) -> list[tuple[str, int, list[str], str]]:
    """Every turn over a number of edges: edge left, node, edges between, edge entered."""
    found = [
        (edge["edge_id"], n, [], n)
        for edge in edges
        for n in range(n_nodes)
        if n in (edge["u"], edge["v"])
    ]
    for _ in range(n_over):
        found = [
            (first, via, [*over, edge["edge_id"]], edge["v"] if edge["u"] == at else edge["u"])
            for first, via, over, at in found
            for edge in edges
            if at in (edge["u"], edge["v"])
        ]
    return [
        (first, via, over, edge["edge_id"])
        for first, via, over, at in found
        for edge in edges
        if at in (edge["u"], edge["v"])
    ][:400]


def expected(tables: RoadTables, class_name: Any, points: list[tuple[int, float]]) -> Any:
    """Times by a search over directed edges, which knows both sides of every turn."""
    plain = build_graph(make_roads_without_turns(tables))
    time_s = arc_times(plain, CLASSES[class_name])
    arc_s = {
        (row, back): float(time_s[(plain.arc_against if back else plain.arc_along)[row]])
        for row in range(plain.n_edges)
        for back in (False, True)
    }
    ends = {
        (row, back): (int(u), int(v)) if not back else (int(v), int(u))
        for row, (u, v) in enumerate(zip(plain.u, plain.v, strict=True))
        for back in (False, True)
    }
    forbidden = forbidden_turns(tables, class_name, ends)
    table = np.full((len(points), len(points)), np.inf)
    for i, (edge, share) in enumerate(points):
        reached = settled(edge, share, arc_s, ends, forbidden)
        for j, (other, at) in enumerate(points):
            table[i, j] = best_arrival(edge, share, other, at, reached, arc_s, ends, forbidden)
    return table


def make_roads_without_turns(tables: RoadTables) -> RoadTables:
    return RoadTables(nodes=tables.nodes, edges=tables.edges, source=tables.source)


def part(share: float, whole_s: float) -> float:
    return share * whole_s if share > 0 else 0.0


def forbidden_turns(tables: RoadTables, class_name: Any, ends: Any) -> set[Any]:
    """Sequences of directed edges that must not be driven, one edge after another."""
    vehicle = CLASSES[class_name]
    if vehicle.kind != "motor":
        return set()
    row_of = {edge_id: row for row, edge_id in enumerate(tables.edges["edge_id"])}
    node_of = {node_id: row for row, node_id in enumerate(tables.nodes["node_id"])}
    forbidden = set()
    for vehicles in ("motor", "hgv") if vehicle.gross_weight_t > 3.5 else ("motor",):
        only: dict[Any, set[Any]] = {}
        for turn in tables.turns[tables.turns["vehicles"] == vehicles].itertuples():
            at = node_of[turn.via_node]
            ways = [
                ((row_of[turn.from_edge], back),)
                for back in (False, True)
                if ends[row_of[turn.from_edge], back][1] == at
            ]
            for edge_id in turn.via_edges.split():
                back = ends[row_of[edge_id], False][0] != at
                ways = [(*way, (row_of[edge_id], back)) for way in ways]
                at = ends[row_of[edge_id], back][1]
            ways = [
                (*way, (row_of[turn.to_edge], back))
                for way in ways
                for back in (False, True)
                if ends[row_of[turn.to_edge], back][0] == at
            ]
            for way in ways:
                if turn.kind == "no":
                    forbidden.add(way)
                    if len(way) > 2:  # nor round the sign, to and fro on the way between
                        edge, back = way[-2]
                        forbidden.add((*way[:-1], (edge, not back)))
                    continue
                for n in range(1, len(way)):
                    only.setdefault(way[:n], set()).add(way[n])
        for way, allowed in only.items():
            forbidden |= {(*way, enter) for enter in ends if enter not in allowed}
    return forbidden


def breaks(way: tuple[Any, ...], forbidden: set[Any]) -> bool:
    """Whether what was driven last is a forbidden sequence."""
    return any(way[at:] in forbidden for at in range(len(way)))


def settled(edge: int, share: float, arc_s: Any, ends: Any, forbidden: Any) -> dict[Any, float]:
    """Time at the end of every way of up to three directed edges that may be driven."""
    queue = [
        (part(1.0 - share, arc_s[edge, False]), ((edge, False),)),
        (part(share, arc_s[edge, True]), ((edge, True),)),
    ]
    reached: dict[Any, float] = {}
    while queue:
        at_s, here = heapq.heappop(queue)
        if here in reached or not np.isfinite(at_s):
            continue
        reached[here] = at_s
        for then, (tail, _) in ends.items():
            if tail == ends[here[-1]][1] and not breaks((*here, then), forbidden):
                heapq.heappush(queue, (at_s + arc_s[then], (*here, then)[-3:]))
    return reached


def best_arrival(
    edge: int, share: float, other: int, at: float,
    reached: Any, arc_s: Any, ends: Any, forbidden: Any,
) -> float:  # fmt: skip
    options = [np.inf]
    for back, rest in ((False, at), (True, 1.0 - at)):
        for here, at_s in reached.items():
            if ends[here[-1]][1] == ends[other, back][0]:
                if rest == 0:
                    options.append(at_s)
                elif not breaks((*here, (other, back)), forbidden):
                    options.append(at_s + part(rest, arc_s[other, back]))
    if edge == other:
        options.append(part(abs(at - share), arc_s[edge, at < share]))
    return min(options)


@given(networks(), st.sampled_from(["truck", "pickup", "foot"]))
@settings(max_examples=100)
def test_times_agree_with_a_search_over_edges(drawn: Any, class_name: Any) -> None:
    tables, points = drawn
    graph = build_graph(tables)
    time_s = arc_times(graph, CLASSES[class_name])
    ends = on_edges(*points)
    found = travel_times(graph, time_s, ends, ends)
    np.testing.assert_allclose(found, expected(tables, class_name, points), rtol=1e-9, atol=1e-4)


@given(networks(), st.sampled_from(["truck", "foot"]))
@settings(max_examples=40)
def test_the_engine_obeys_as_the_reference_does(drawn: Any, class_name: Any) -> None:
    tables, points = drawn
    graph = build_graph(tables)
    time_s = arc_times(graph, CLASSES[class_name])
    metric = customize(prepare(graph), time_s)
    ends = on_edges(*points)
    reference = travel_times(graph, time_s, ends, ends)
    engine = hierarchy_travel.travel_times(graph, metric, ends, ends)
    np.testing.assert_allclose(engine, reference, rtol=1e-9, atol=1e-6)


@given(networks())
@settings(max_examples=60)
def test_no_way_takes_a_forbidden_turn_and_lengths_are_those_of_the_ways(drawn: Any) -> None:
    tables, points = drawn
    graph = build_graph(tables)
    time_s = arc_times(graph, CLASSES["truck"])
    ends, start = on_edges(*points), on_edges(points[0])
    trees = travel_trees(graph, time_s, start, ways=True)
    best_s, how = arrivals(graph, time_s, trees, start, ends)
    length_m = arrival_lengths(graph, lengths_to_nodes(graph, trees), how, start, ends)[0]
    both = {
        (row, back): (int(v), int(u)) if back else (int(u), int(v))
        for row, (u, v) in enumerate(zip(graph.u, graph.v, strict=True))
        for back in (False, True)
    }
    forbidden = forbidden_turns(tables, "truck", both)
    for row, path in enumerate(paths(graph, time_s, start, ends)):
        if path is None:
            assert best_s[0, row] == np.inf
            continue
        assert length_m[row] == pytest.approx(path.length_m, abs=1e-6)
        assert not path_geometry(graph, tables, path).is_empty
        shares = np.ones(len(path.arcs))
        shares[0] -= path.from_share
        shares[-1] -= 1.0 - path.to_share
        driven = path.arcs[shares > 0]
        back = ~graph.along[driven]
        steps = list(zip(graph.edge[driven].tolist(), back.tolist(), strict=True))
        if len(driven) == len(path.arcs):
            driven_so_far = [tuple(steps[: n + 1]) for n in range(len(steps))]
            assert not any(breaks(way, forbidden) for way in driven_so_far)


@given(networks(), st.data())
@settings(max_examples=60)
def test_closing_shortens_nothing_and_opening_restores_every_bit(drawn: Any, data: Any) -> None:
    tables, points = drawn
    graph = build_graph(tables)
    before_s = arc_times(graph, CLASSES["truck"])
    edge_id = data.draw(st.sampled_from(list(graph.edge_ids)))
    closed = Closure(closure_id="closure:1", edges=(edge_id,), state="closed")
    ends = on_edges(*points)
    before = travel_times(graph, before_s, ends, ends)
    then_s = arc_times(graph, CLASSES["truck"], overlay(graph, [closed], at=NOW))
    assert np.isinf(then_s[graph.edge == graph.rows_of([edge_id])[0]]).all()
    assert (travel_times(graph, then_s, ends, ends) >= before - 1e-9).all()
    again_s = arc_times(graph, CLASSES["truck"], overlay(graph, [], at=NOW))
    assert np.array_equal(again_s, before_s)
    assert np.array_equal(travel_times(graph, again_s, ends, ends), before)
