"""Closures: what they do to arcs, and which edge a point, a name or an area means."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
import shapely

from geo.errors import CoverageError, CrsError, EmptyInputError, RuleError
from geo.model import Closure
from routing.closures import (
    Overlay,
    candidates_near,
    edges_in_area,
    edges_near,
    overlay,
)
from routing.graph import Graph, build_graph
from routing.vehicles import vehicle_classes
from tests.factories import WORKING_CRS, four_villages, make_roads

CLASSES = vehicle_classes()
NOW = datetime(2023, 9, 9, 12, tzinfo=UTC)


def closure(number: int = 1, edges: tuple[str, ...] = ("main",), **columns: Any) -> Closure:
    return Closure(closure_id=f"closure:{number}", edges=edges, **columns)


def laid(*closures: Closure) -> tuple[Graph, Overlay]:
    graph = build_graph(four_villages())
    return graph, overlay(graph, closures, at=NOW)


def factors(graph: Graph, state: Overlay, edge_id: str, class_name: Any) -> list[float]:
    """Factor along and against an edge."""
    row = graph.rows_of([edge_id])[0]
    factor = state.factor(CLASSES[class_name])
    return [float(factor[graph.arc_along[row]]), float(factor[graph.arc_against[row]])]


def test_without_closures_every_factor_is_one() -> None:
    graph, state = laid()
    assert (state.factor(CLASSES["truck"]) == np.ones(graph.n_arcs)).all()
    assert (state.decided_by(CLASSES["truck"]) == -1).all()


def test_a_closed_edge_is_closed_both_ways_and_no_other_is_touched() -> None:
    graph, state = laid(closure())
    assert factors(graph, state, "main", "truck") == [np.inf, np.inf]
    assert np.isfinite(state.factor(CLASSES["truck"])).sum() == graph.n_arcs - 2


@pytest.mark.parametrize(("sign", "expected"), [("+", [np.inf, 1.0]), ("-", [1.0, np.inf])])
def test_a_signed_id_closes_one_direction(sign: str, expected: list[float]) -> None:
    graph, state = laid(closure(edges=(f"main{sign}",)))
    assert factors(graph, state, "main", "truck") == expected


def test_a_closure_for_some_classes_leaves_the_others() -> None:
    graph, state = laid(closure(classes=("truck",)))
    assert factors(graph, state, "main", "truck") == [np.inf, np.inf]
    assert factors(graph, state, "main", "pickup") == [1.0, 1.0]


@pytest.mark.parametrize(
    ("named", "closed", "passing"),
    [
        ("pickup", ("truck", "light_truck", "pickup"), ("motorbike", "mule", "foot")),
        ("light_truck", ("truck", "light_truck"), ("pickup", "motorbike", "mule")),
        ("truck", ("truck",), ("light_truck", "pickup")),
        ("motorbike", ("motorbike",), ("truck", "pickup", "mule")),
    ],
)
def test_what_a_pickup_cannot_pass_no_lorry_can(
    named: Any, closed: tuple[str, ...], passing: tuple[str, ...]
) -> None:
    graph, state = laid(closure(classes=(named,)))
    for name in closed:
        assert factors(graph, state, "main", name) == [np.inf, np.inf], name
    for name in passing:
        assert factors(graph, state, "main", name) == [1.0, 1.0], name


def test_good_news_for_a_pickup_says_nothing_of_a_lorry() -> None:
    good = closure(classes=("pickup",), state="open")
    assert good.speaks_of("pickup")
    assert not good.speaks_of("truck")


def test_a_restricted_road_slows_and_good_or_vague_news_does_nothing() -> None:
    for word, factor in (("restricted", 2.5), ("open", 1.0), ("unknown", 1.0)):
        graph, state = laid(closure(state=word))
        assert factors(graph, state, "main", "truck") == [factor, factor]


def test_damage_leaves_each_class_the_share_of_its_speed_that_its_table_says() -> None:
    graph, state = laid(closure(state="restricted"))
    assert factors(graph, state, "main", "pickup") == [2.0, 2.0]
    assert factors(graph, state, "main", "foot") == [1.25, 1.25]


def test_a_road_that_carries_so_much_stops_the_heavier_and_slows_nobody_else() -> None:
    graph, state = laid(closure(edges=("main+",), state="restricted", max_weight_t=3.5))
    assert factors(graph, state, "main", "truck") == [np.inf, 1.0]
    for name in ("light_truck", "pickup", "mule"):  # 3.5 t gross is just carried
        assert factors(graph, state, "main", name) == [1.0, 1.0]


def test_an_edge_that_was_cut_at_a_joint_stands_for_its_parts_and_a_part_for_the_whole() -> None:
    tables = make_roads(
        ((-8.0, 31.0), (-7.99, 31.0), (-7.98, 31.0)),
        [
            {"edge_id": "main/1", "u": 0, "v": 1, "highway": "primary", "length_m": 900.0},
            {"edge_id": "main/2", "u": 1, "v": 2, "highway": "primary", "length_m": 900.0},
            {"edge_id": "side", "u": 1, "v": 2, "highway": "track", "length_m": 950.0},
        ],
    )
    graph = build_graph(tables)
    state = overlay(graph, [closure(edges=("main-", "side/2"))], at=NOW)
    assert factors(graph, state, "main/1", "truck") == [1.0, np.inf]
    assert factors(graph, state, "main/2", "truck") == [1.0, np.inf]
    assert factors(graph, state, "side", "truck") == [np.inf, np.inf]
    assert state.unknown_edges == ()


def test_only_what_is_in_force_counts() -> None:
    hour = timedelta(hours=1)
    _, past = laid(closure(until=NOW))
    _, future = laid(closure(since=NOW + hour))
    _, present = laid(closure(since=NOW, until=NOW + hour))
    assert [len(state.closures) for state in (past, future, present)] == [0, 0, 1]


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(RuleError, match="time with its zone"):
        overlay(build_graph(four_villages()), [], at=datetime(2023, 9, 9))  # noqa: DTZ001


def test_edges_that_the_network_lacks_are_reported_and_the_rest_is_applied() -> None:
    graph, state = laid(closure(edges=("w1:2-3", "main", "upper-", "drill:x+")))
    assert state.unknown_edges == (("closure:1", "w1:2-3"), ("closure:1", "drill:x+"))
    assert factors(graph, state, "main", "truck") == [np.inf, np.inf]
    assert factors(graph, state, "upper", "truck") == [1.0, np.inf]


def test_the_strongest_decides_then_the_surest_then_the_smallest_id() -> None:
    graph, state = laid(
        closure(5, state="restricted", confidence=1.0),
        closure(4, confidence=0.6),
        closure(3, confidence=0.9),
        closure(2, confidence=0.9),
        closure(1, state="unknown"),
    )
    decided = state.decided_by(CLASSES["truck"])[graph.arc_along[0]]
    assert state.closures[decided].closure_id == "closure:2"


def test_a_closure_that_another_report_contradicts_is_marked() -> None:
    _, state = laid(closure(1), closure(2, state="open"), closure(3, edges=("upper",)))
    assert state.contradicted == {"closure:1"}


# --- which edge is meant ------------------------------------------------------------------------

# A road along 31° N, over which a bridge crosses at -7.99; a path 5 m south of the road.
CROSSING = (
    [
        *((-8.0, 31.0), (-7.98, 31.0)),
        *((-7.99, 30.99), (-7.99, 31.01)),
        *((-8.0, 30.99995), (-7.98, 30.99995)),
    ],
    [
        {"edge_id": "road", "u": 0, "v": 1, "highway": "primary", "ref": "N9;R203",
         "name": "Route"},
        {"edge_id": "bridge", "u": 2, "v": 3, "highway": "secondary", "bridge": True, "layer": 1,
         "name": "Pont Neuf"},
        {"edge_id": "path", "u": 4, "v": 5, "highway": "path"},
    ],
)  # fmt: skip


def near(lon: float, lat: float, **options: Any) -> tuple[str, ...]:
    return edges_near(make_roads(*CROSSING), lon, lat, crs=WORKING_CRS, **options)


def test_a_point_means_the_nearest_road() -> None:
    assert near(-7.997, 31.0003) == ("road",)


def test_a_path_beside_the_road_is_not_meant_unless_there_is_nothing_else() -> None:
    assert near(-7.997, 30.99990) == ("road",)
    assert near(-7.997, 30.9985) == ("road",)
    only_path = make_roads(CROSSING[0][:2], [{"u": 0, "v": 1, "highway": "path"}])
    assert edges_near(only_path, -7.99, 31.0, crs=WORKING_CRS) == ("e0",)


def test_a_bridge_and_the_road_below_are_told_apart() -> None:
    found = candidates_near(make_roads(*CROSSING), -7.99, 31.0001, crs=WORKING_CRS)
    assert [edge.edge_id for edge in found[:2]] == ["bridge", "road"]
    bridge, road = found[:2]
    assert (bridge.bridge, bridge.layer, bridge.name) == (True, 1, "Pont Neuf")
    assert (road.bridge, road.layer, road.ref) == (False, 0, "N9;R203")
    assert bridge.distance_m == pytest.approx(0.0, abs=0.1)
    assert road.distance_m == pytest.approx(11.1, abs=0.2)


@pytest.mark.parametrize("road", ["R203", "r203", "N9", "route"])
def test_a_number_or_name_narrows(road: str) -> None:
    assert near(-7.99, 31.0001, road=road) == ("road",)


def test_a_road_that_is_not_loaded_is_refused() -> None:
    with pytest.raises(CoverageError, match="no road of that name"):
        near(-7.99, 31.0, road="A7")
    with pytest.raises(RuleError, match="name or a number"):
        near(-7.99, 31.0, road="  ")


def test_a_point_off_the_network_is_refused_with_the_distance_to_the_road() -> None:
    """0.05° north of the bridge's end at 31.01: 0.04° or 4,437 m."""
    with pytest.raises(CoverageError, match=r"within 250 m is needed; the nearest is 4,4\d\d m"):
        near(-7.99, 31.05)
    with pytest.raises(CoverageError, match="piece of R203"):
        near(-7.99, 31.05, road="R203")


def test_swapped_coordinates_are_refused() -> None:
    with pytest.raises(CoverageError, match=r"check the order \(lon, lat\)"):
        near(31.0, -7.99)
    with pytest.raises(RuleError, match="coordinates"):
        near(-200.0, 31.0)


def test_measuring_in_degrees_is_refused() -> None:
    with pytest.raises(CrsError, match="projected"):
        edges_near(make_roads(*CROSSING), -7.99, 31.0, crs="EPSG:4326")


def in_area(*bounds: float, **options: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    found = edges_in_area(make_roads(*CROSSING), shapely.box(*bounds), **options)
    return found.edges, found.passing


#: A landslide over the road and the path; the bridge crosses it, one end lies outside.
SLIDE = (-7.995, 30.9995, -7.985, 31.02)
#: The same and both ends of the bridge.
WIDE = (-7.995, 30.98, -7.985, 31.02)


def test_an_area_means_the_edges_that_it_touches_but_not_the_bridge_above() -> None:
    assert in_area(*SLIDE) == (("road", "path"), ("bridge",))


def test_a_bridge_of_which_both_ends_lie_in_the_area_is_closed_too() -> None:
    assert in_area(*WIDE) == (("road", "bridge", "path"), ())


def test_the_level_or_the_road_that_is_meant_can_be_named() -> None:
    assert in_area(*SLIDE, layer=1) == (("bridge",), ())
    assert in_area(*SLIDE, layer=0) == (("road", "path"), ())
    assert in_area(*SLIDE, road="R203") == (("road",), ())
    with pytest.raises(
        CoverageError, match=r"layer 3: no road lies on it.*levels that are there: 0, 1"
    ):
        in_area(*SLIDE, layer=3)
    with pytest.raises(CoverageError, match="must touch a road R203 on layer 1, and touches none"):
        in_area(*SLIDE, road="R203", layer=1)


def test_an_area_that_only_a_bridge_crosses_closes_nothing_and_says_what_to_do() -> None:
    with pytest.raises(CoverageError, match=r"only bridges .*\(bridge\).*give its --layer"):
        in_area(-7.991, 31.005, -7.9, 31.1)


def test_a_point_where_a_bridge_crosses_means_the_road_on_the_ground() -> None:
    assert near(-7.99, 31.00005) == ("road",)
    assert near(-7.99, 31.00005, layer=1) == ("bridge",)
    assert near(-7.99, 31.004) == ("bridge",)
    with pytest.raises(CoverageError, match="no piece on that layer"):
        near(-7.99, 31.0, road="R203", layer=1)


def test_an_area_without_roads_or_without_area_is_refused() -> None:
    with pytest.raises(CoverageError, match="touches none"):
        edges_in_area(make_roads(*CROSSING), shapely.box(1, 42, 2, 43))
    for nothing in (shapely.Polygon(), shapely.Point(-7.99, 31.0), None):
        with pytest.raises(EmptyInputError, match="polygon is needed"):
            edges_in_area(make_roads(*CROSSING), nothing)


def test_an_area_drawn_over_itself_is_still_an_area() -> None:
    bow_tie = shapely.Polygon([(-7.995, 30.99), (-7.985, 31.02), (-7.985, 30.99), (-7.995, 31.02)])
    assert "road" in edges_in_area(make_roads(*CROSSING), bow_tie).edges
