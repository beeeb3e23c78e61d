"""Relay: chains worked out on paper, against a layered graph of networkx, and what must hold."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import RuleError, SchemaError, UnreadableError
from geo.model import Closure
from geo.network import RoadTables
from geo.turns import TURN_COLUMNS
from routing.chain import Chain, chains
from routing.closures import Overlay, overlay
from routing.engine import Engine, make_engine
from routing.graph import Graph, build_graph
from routing.reach import PlaceReach, RelayQuestion, reach, reach_to_dict
from routing.relay import Relay, handover_nodes, relay
from routing.relay_matrix import at_nodes, times_from_roadheads
from routing.relay_rules import RelayRules, relay_rules
from routing.travel import arc_times
from routing.vehicles import catalogue, vehicle_classes
from routing.world import Sites
from tests.factories import WORKING_CRS, four_villages, make_depot, make_places, make_roads

CLASSES = vehicle_classes()
AIR = catalogue().air
RULES = relay_rules()
NOW = datetime(2023, 9, 9, 12, tzinfo=UTC)
HOUR = 3600.0


def closure(number: int, *edges: str, **columns: Any) -> Closure:
    return Closure(closure_id=f"closure:{number}", edges=edges, **columns)


def sites_of(places: Any) -> Sites:
    return Sites(
        lon=places.geometry.x.to_numpy(),
        lat=places.geometry.y.to_numpy(),
        elevation_m=np.full(len(places), np.nan),
    )


def relayed(
    *closures: Closure,
    tables: RoadTables | None = None,
    places: Any = None,
    engine: Engine | None = None,
    starts: tuple[Any, ...] = ("truck", "pickup"),
    members: tuple[Any, ...] = tuple(CLASSES),
    depots: Any = None,
    rules: RelayRules = RULES,
    max_time_s: float = 48 * HOUR,
    max_walk_m: float = 2000.0,
) -> tuple[Relay, list[Chain | None]]:
    tables = four_villages() if tables is None else tables
    places = make_places() if places is None else places
    depots = [make_depot()] if depots is None else depots
    engine = engine or Engine(build_graph(tables))
    found = relay(
        engine,
        tables,
        classes={name: CLASSES[name] for name in members},
        rules=rules,
        starts=starts,
        depots=depots,
        overlay=overlay(engine.graph, closures, at=NOW),
        sites=sites_of(places),
        crs=WORKING_CRS,
        max_walk_m=max_walk_m,
        max_bypass_m=1000.0,
        max_time_s=max_time_s,
    )
    return found, chains(found, depots=depots, places=places, crs=WORKING_CRS)


# --- on paper -----------------------------------------------------------------------------------

# Motor vehicles are kept from the main road and from the bypass; mules pass.
CUT = closure(1, "upper", "bypass", classes=("truck", "light_truck", "pickup", "motorbike"))


def test_a_load_goes_by_pickup_to_the_roadhead_and_by_mule_from_there() -> None:
    """6 km at 65 km/h, half an hour of loading, then 3 km at a mule's pace on the level."""
    _, found = relayed(CUT)
    two = found[1]
    assert two is not None
    assert two.classes == ("pickup", "mule")
    drive, walk = two.legs
    assert (drive.start, drive.end, drive.length_m) == ("depot:valley", "main", pytest.approx(6000))
    assert drive.travel_time_s == pytest.approx(6 / 65 * HOUR, abs=1)
    assert (walk.vehicle_class, walk.start, walk.end) == ("mule", "main", "place:2")
    assert (walk.handling_s, walk.length_m) == (1800.0, pytest.approx(3000, abs=20))
    speed_kmh = CLASSES["mule"].pace_factor * 6.0 * np.exp(-3.5 * 0.05)
    assert walk.travel_time_s == pytest.approx(3 / min(speed_kmh, 5.0) * HOUR, abs=15)
    total_s = sum(leg.travel_time_s + leg.handling_s for leg in two.legs)
    assert two.travel_time_s == pytest.approx(total_s)
    assert (two.capacity_kg, two.capacity_m3) == (80.0, 0.3)


def test_the_roadhead_says_where_it_is_and_which_place_is_near() -> None:
    _, found = relayed(CUT)
    assert found[1] is not None
    (roadhead,) = found[1].roadheads
    assert (roadhead.lon, roadhead.lat) == (-7.94, 31.0)
    assert (roadhead.near, roadhead.edge_id) == ("Village 1", "main")
    assert roadhead.near_m == pytest.approx(0, abs=1)
    assert (roadhead.giver, roadhead.taker, roadhead.handling_s) == ("pickup", "mule", 1800.0)


def test_the_larger_vehicle_goes_where_the_smaller_cannot_help_sooner() -> None:
    """Trucks only leave the depot, only mules take over: the handing over is where trucks stop."""
    _, found = relayed(CUT, starts=("truck",), members=("truck", "mule"))
    assert [one and one.classes for one in found] == [
        ("truck",),
        ("truck", "mule"),
        ("truck",),
        ("truck", "mule"),
    ]
    assert found[1] is not None
    assert found[1].roadheads[0].edge_id == "main"


def test_three_classes_in_a_row() -> None:
    """Trucks stop at the fork, a pickup takes the track, people carry where it is closed to it."""
    nodes = [(-8.0, 31.0), (-7.94, 31.0), (-7.94, 31.05), (-7.94, 31.06)]
    tables = make_roads(
        nodes,
        [
            {"edge_id": "road", "u": 0, "v": 1, "highway": "primary", "length_m": 6000.0},
            {"edge_id": "track", "u": 1, "v": 2, "highway": "track", "length_m": 6000.0},
            {"edge_id": "steps", "u": 2, "v": 3, "highway": "steps", "length_m": 1200.0},
        ],
    )
    _, found = relayed(
        tables=tables, places=make_places([nodes[3]]), starts=("truck",), max_walk_m=200.0
    )
    assert found[0] is not None
    assert found[0].classes == ("truck", "pickup", "foot")
    assert [leg.end for leg in found[0].legs] == ["road", "track", "place:1"]
    assert found[0].capacity_kg == CLASSES["foot"].capacity_kg


def test_a_place_on_the_edge_of_the_depot_is_reached_without_leaving_it() -> None:
    _, found = relayed(places=make_places([(-7.98, 31.0)]), depots=[make_depot(-7.99, 31.0)])
    assert found[0] is not None
    leg = found[0].legs[0]
    assert leg.vehicle_class == "pickup"
    assert found[0].roadheads == ()
    assert leg.length_m == pytest.approx(1000, abs=20)
    assert leg.travel_time_s == pytest.approx(1 / 65 * HOUR, abs=2)


def test_nobody_unloads_on_a_bridge_or_a_motorway() -> None:
    bridge = {name: {"bridge": True} for name in ("main", "upper", "bypass", "track")}
    graph = build_graph(tables := four_villages(**bridge))
    assert handover_nodes(graph, tables, RULES).tolist() == [False, False, True, False, True]
    _, found = relayed(CUT, tables=tables)
    assert found[1] is None


def test_beyond_the_time_limit_there_is_no_chain() -> None:
    found, ways = relayed(CUT, max_time_s=0.5 * HOUR)
    assert ways[1] is None
    assert (found.layer[1], found.time_s[1]) == (-1, np.inf)


def test_a_start_that_does_not_take_part_is_refused() -> None:
    with pytest.raises(RuleError, match="pickup leaving the depots: one of the classes"):
        relayed(starts=("pickup",), members=("truck",))


# --- in reach -----------------------------------------------------------------------------------


def reached(*closures: Closure, air_counts: bool = False, **options: Any) -> list[PlaceReach]:
    tables = options.pop("tables", None) or four_villages()
    asked: dict[str, Any] = {
        "classes": [CLASSES["truck"], CLASSES["pickup"]],
        "places": make_places(),
        "depots": [make_depot()],
        "closures": closures,
        "at": NOW,
        "crs": WORKING_CRS,
        "max_walk_m": 2000.0,
        "max_time_s": 12 * HOUR,
        "by_relay": RelayQuestion(rules=RULES, classes=CLASSES, air=AIR, air_counts=air_counts),
        **options,
    }
    return reach(build_graph(tables), tables, **asked)


def test_reach_says_by_relay_where_no_vehicle_gets_to_by_itself() -> None:
    one, two, _, _ = reached(CUT)
    assert (one.status, two.status) == ("reachable", "by_relay")
    assert two.best.vehicle_class == "pickup"
    assert two.by_class["pickup"].status == "cut_off"
    assert two.best.reason.startswith("by relay: pickup to mule at Village 1; truck alone: P2005 ")
    assert two.best.decided_by == ("closure:1",)
    assert not two.best.sensitive
    document = reach_to_dict([two])["places"][0]
    assert document["relay"]["classes"] == ["pickup", "mule"]
    assert document["legs"][1]["handling_s"] == 1800.0
    json.dumps(document, allow_nan=False)


def test_a_doubtful_closure_that_decides_between_truck_and_mule_is_seen() -> None:
    """If the report is wrong a vehicle gets there by itself: the verdict would be another."""
    assert not reached(CUT)[1].best.sensitive
    served = reached(replace(CUT, confidence=0.3))[1]
    assert (served.status, served.best.sensitive) == ("by_relay", True)
    doubtful = closure(2, "upper", "bypass", confidence=0.3)  # for mules too
    cut = reached(doubtful)[1]
    assert (cut.status, cut.best.sensitive) == ("cut_off", True)


def test_a_flight_is_said_where_nothing_else_arrives_and_counts_only_if_asked() -> None:
    everything = closure(1, "upper", "bypass", "main")
    cut = reached(everything)[0]
    assert (cut.status, cut.best.legs) == ("cut_off", ())
    assert cut.flight is not None
    assert cut.flight.length_m == pytest.approx(5730, abs=20)
    assert cut.flight.travel_time_s == pytest.approx(45 * 60 + 5.73 / 180 * HOUR, abs=2)
    flown = reached(everything, air_counts=True)[0]
    assert (flown.status, flown.best.vehicle_class) == ("by_relay", "air")
    assert flown.best.legs[0].length_m == pytest.approx(5730, abs=20)
    assert "landing, weather and permission not assessed" in flown.best.reason
    assert reached()[0].flight is None


def test_air_alone_reaches_what_is_in_range() -> None:
    far = make_places([(-7.9, 31.0), (-4.0, 33.0)])
    near, beyond = reached(classes=[], places=far, air_counts=True)
    assert near.status == "by_relay"
    assert (beyond.status, beyond.best.reason) == ("cut_off", "out of range of every depot")


# --- the rules ----------------------------------------------------------------------------------


def test_rules_of_a_cell_are_checked(tmp_path: Path) -> None:
    path = tmp_path / "relay.toml"
    path.write_text('[[change]]\nfrom = "mule"\nto = "truck"\nhandling_min = 3\n')
    with pytest.raises(SchemaError, match="a class and one that comes after it in truck"):
        relay_rules(path)
    path.write_text('[[change]]\nfrom = "truck"\nto = "mule"\nhandling_min = -3\n')
    with pytest.raises(SchemaError, match=r"change\.0\.handling_min = '-3'"):
        relay_rules(path)
    row = '[[change]]\nfrom = "truck"\nto = "mule"\nhandling_min = 3\n'
    path.write_text(row + row)
    with pytest.raises(SchemaError, match="truck to mule is there twice"):
        relay_rules(path)
    path.write_text("[[change")
    with pytest.raises(UnreadableError, match="TOML is needed"):
        relay_rules(path)
    with pytest.raises(UnreadableError, match="does not exist"):
        relay_rules(tmp_path / "none.toml")


def test_the_catalogue_leads_from_truck_to_mule_and_foot() -> None:
    assert RULES.classes_from(["truck"]) == ("truck", "light_truck", "pickup", "mule", "foot")
    spent_s = {(one.giver, one.taker): one.handling_s(CLASSES[one.taker]) for one in RULES.change}
    for (giver, taker), direct_s in spent_s.items():
        for (other, last), rest_s in spent_s.items():
            if other == taker and (giver, last) in spent_s:
                assert spent_s[giver, last] < direct_s + rest_s
    assert RULES.among(["truck", "mule"]).classes_from(["truck"]) == ("truck", "mule")


# --- against a layered graph of networkx --------------------------------------------------------


@st.composite
def valleys(draw: st.DrawFn) -> tuple[RoadTables, list[Closure]]:
    """Up to 9 nodes and 14 edges of mixed kinds, and closures for all or for motor vehicles."""
    n_nodes = draw(st.integers(3, 9))
    nodes = [(-8.0 + 0.01 * n, 31.0 + 0.007 * (n * n % 5)) for n in range(n_nodes)]
    node = st.integers(0, n_nodes - 1)
    edges: list[dict[str, Any]] = []
    for number in range(draw(st.integers(2, 14))):
        u, v = draw(node), draw(node)
        if u == v:
            continue
        edges.append(
            {
                "edge_id": f"e{number}",
                "u": u,
                "v": v,
                "highway": draw(st.sampled_from(["primary", "residential", "track", "path"])),
                "length_m": float(draw(st.integers(1, 9000))),
                "forward": draw(st.booleans()),
            }
        )
    if not edges:
        edges = [{"edge_id": "e0", "u": 0, "v": 1, "highway": "primary", "length_m": 500.0}]
    ids = [edge["edge_id"] for edge in edges]
    closed = draw(st.lists(st.sampled_from(ids), unique=True, max_size=4))
    classes = st.sampled_from([(), ("truck",), ("truck", "light_truck", "pickup")])
    marks = [closure(n, str(edge), classes=draw(classes)) for n, edge in enumerate(closed)]
    return make_roads(nodes, edges), marks


def layered_times(
    graph: Graph, tables: RoadTables, state: Overlay, begin: int
) -> dict[tuple[str, int], float]:
    """Seconds to (class, node) from `begin`, where trucks and pickups wait, by networkx."""
    made = nx.DiGraph()
    made.add_node(("depot", begin))
    for name in ("truck", "light_truck", "pickup", "mule", "foot"):
        times_s = arc_times(graph, CLASSES[name], state)
        for tail, head, time_s in zip(graph.tail, graph.head, times_s, strict=True):
            known = made.get_edge_data((name, int(tail)), (name, int(head)))
            if np.isfinite(time_s) and (known is None or known["weight"] > time_s):
                made.add_edge((name, int(tail)), (name, int(head)), weight=float(time_s))
    stops = handover_nodes(graph, tables, RULES)
    for change in RULES.change:
        for node in np.flatnonzero(stops).tolist():
            made.add_edge(
                (change.giver, node),
                (change.taker, node),
                weight=change.handling_s(CLASSES[change.taker]),
            )
    for name in ("truck", "pickup"):
        made.add_edge(("depot", begin), (name, begin), weight=0.0)
    return dict(nx.single_source_dijkstra_path_length(made, ("depot", begin)))


@given(valleys(), st.sampled_from(["scipy", "hierarchy"]))
@settings(max_examples=120, deadline=None)
def test_layers_have_the_times_of_a_layered_graph(drawn: Any, name: Any) -> None:
    tables, closures = drawn
    graph = build_graph(tables)
    state = overlay(graph, closures, at=NOW)
    depot = make_depot(float(graph.lon[0]), float(graph.lat[0]))
    found, _ = relayed(
        *closures, tables=tables, engine=make_engine(graph, name=name), depots=[depot]
    )
    expected = layered_times(graph, tables, state, 0)
    stands = {layer.vehicle_class.name: layer.stands for layer in found.layers}
    for layer in found.layers:
        for node in range(graph.n_nodes):
            truth = expected.get((layer.vehicle_class.name, node), np.inf)
            # A depot off the usable edges of a class does not send it; then the layer may be later.
            if all(one is None or one.walk_m.min() < 1.0 for one in stands.values()):
                assert layer.spread.time_s[node] == pytest.approx(truth, abs=2.0), layer


@given(valleys())
@settings(max_examples=60, deadline=None)
def test_a_relay_is_never_slower_than_a_class_by_itself_and_its_legs_add_up(drawn: Any) -> None:
    tables, closures = drawn
    nodes = list(zip(tables.nodes["lon"], tables.nodes["lat"], strict=True))
    places, depots = make_places(nodes), [make_depot(*nodes[0])]
    found = reached(*closures, tables=tables, places=places, depots=depots, max_time_s=48 * HOUR)
    for place in found:
        alone = [one for one in place.by_class.values() if one.status == "reachable"]
        if alone:
            assert place.chain is not None
            best_s = min(one.travel_time_s for one in alone)
            assert place.chain.travel_time_s <= best_s + 1e-6
            assert place.status == "reachable"
        if place.chain is not None:
            legs = place.chain.legs
            total_s = sum(leg.travel_time_s + leg.handling_s for leg in legs)
            assert total_s == pytest.approx(place.chain.travel_time_s, abs=1e-6)
            assert all(a.end == b.start for a, b in pairwise(legs))
            assert (legs[0].start, legs[-1].end) == (depots[0].depot_id, place.place_id)


@given(valleys(), st.data())
@settings(max_examples=60, deadline=None)
def test_one_more_closure_brings_no_load_sooner_and_undoing_it_restores_every_bit(
    drawn: Any, data: Any
) -> None:
    tables, closures = drawn
    graph = build_graph(tables)
    engine = make_engine(graph, name=data.draw(st.sampled_from(["scipy", "hierarchy"])))
    more = closure(99, data.draw(st.sampled_from(list(graph.edge_ids))))
    depot = make_depot(float(graph.lon[0]), float(graph.lat[0]))
    options: dict[str, Any] = {"tables": tables, "engine": engine, "depots": [depot]}
    before, ways_before = relayed(*closures, **options)
    during, _ = relayed(*closures, more, **options)
    after, ways_after = relayed(*closures, **options)
    for was, now, then in zip(before.layers, during.layers, after.layers, strict=True):
        assert (now.spread.time_s >= was.spread.time_s - 1e-9).all()
        assert then.spread.time_s.tobytes() == was.spread.time_s.tobytes()
    assert ways_after == ways_before


@given(valleys())
@settings(max_examples=60, deadline=None)
def test_both_engines_find_the_same_chains(drawn: Any) -> None:
    tables, closures = drawn
    graph = build_graph(tables)
    depot = make_depot(float(graph.lon[0]), float(graph.lat[0]))
    by_scipy, _ = relayed(*closures, tables=tables, depots=[depot])
    quick, _ = relayed(
        *closures, tables=tables, depots=[depot], engine=make_engine(graph, name="hierarchy")
    )
    np.testing.assert_allclose(quick.time_s, by_scipy.time_s, rtol=1e-12, atol=1e-9)


def test_a_chain_obeys_forbidden_turns_and_its_legs_still_add_up() -> None:
    """The truck may not turn from the main road onto the upper: over the bypass, and back."""
    by_main = relayed(members=("truck",), starts=("truck",))[1][1]
    plain = four_villages()
    forbidden = replace(
        plain,
        turns=pd.DataFrame(
            [("main", "n1", "upper", "no", "motor", "")], columns=list(TURN_COLUMNS)
        ),
    )
    found = relayed(tables=forbidden, members=("truck",), starts=("truck",))[1]
    chain, same = found[1], found[0]
    assert by_main is not None
    assert chain is not None
    assert same is not None
    # 540 s by the main road, 1,800 s by the bypass; village 1 lies before the turn.
    assert by_main.travel_time_s == pytest.approx(540, abs=2)
    assert chain.travel_time_s == pytest.approx(1800, abs=2)
    assert same.travel_time_s == pytest.approx(360, abs=2)
    assert chain.legs[0].length_m == pytest.approx(15_000, abs=20)
    for one in (chain, same):
        total_s = sum(leg.travel_time_s + leg.handling_s for leg in one.legs)
        assert one.travel_time_s == pytest.approx(total_s)


def test_a_place_behind_a_forbidden_turn_is_reached_over_the_copy_that_may() -> None:
    """Only onto the upper road from main: its arc that leaves the copy is the one that arrives."""
    only = replace(
        four_villages(),
        turns=pd.DataFrame(
            [("main", "n1", "upper", "only", "motor", "")], columns=list(TURN_COLUMNS)
        ),
    )
    places = make_places([(-7.925, 31.0)])
    found = relayed(tables=only, places=places, members=("truck",), starts=("truck",))[1]
    assert found[0] is not None
    assert found[0].travel_time_s == pytest.approx(450, abs=3)
    assert found[0].legs[0].length_m == pytest.approx(7500, abs=30)


# --- from roadheads -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["scipy", "hierarchy"])
def test_mules_from_two_roadheads_to_all_villages(name: Any) -> None:
    """A mule goes at 0.9 of 5.04 km/h: 3 km between villages 1 and 2, nothing where it stands."""
    tables = four_villages()
    graph = build_graph(tables)
    found = times_from_roadheads(
        make_engine(graph, name=name), tables, CLASSES["mule"], nodes=[1, 2],
        sites=sites_of(make_places()), overlay=None, crs=WORKING_CRS, max_walk_m=2000.0,
    )  # fmt: skip
    assert found.shape == (2, 4)
    pace_kmh = 0.9 * 6.0 * np.exp(-3.5 * 0.05)
    assert found[0, 1] == pytest.approx(3 / pace_kmh * HOUR, rel=1e-3)
    assert found[1, 0] == pytest.approx(found[0, 1], rel=1e-6)
    assert found[0, 0] == pytest.approx(0.0, abs=1.0)
    _, ways = relayed(CUT)
    assert ways[1] is not None
    assert ways[1].legs[1].travel_time_s == pytest.approx(found[0, 1], rel=1e-6)


def test_a_roadhead_that_is_no_node_at_a_road_is_refused() -> None:
    graph = build_graph(four_villages())
    for node in (-1, 5):
        with pytest.raises(RuleError, match=f"node {node}: a node of the graph at a road"):
            at_nodes(graph, [0, node])
