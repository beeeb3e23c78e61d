"""Gaps in a road network: offered with place and width, joined only where it is asked for."""

from typing import Any

import numpy as np
import pytest

from geo.errors import UnknownIdError
from geo.network import RoadTables, components
from geo.road_gaps import dead_ends, find_gaps, repair_gaps
from tests.factories import WORKING_CRS, make_roads

# A metre of latitude, and of longitude at 31° north, in degrees.
LAT_M, LON_M = 1 / 110_860, 1 / 95_500
#: A road west to east, and one from the north that ends 3 m before the middle of it.
NODES = (
    (-8.00, 31.0),
    (-7.98, 31.0),
    (-7.99, 31.01),
    (-7.99, 31.0 + 3 * LAT_M),
)
MAIN: dict[str, Any] = {"edge_id": "main", "u": 0, "v": 1, "highway": "primary"}
SIDE: dict[str, Any] = {"edge_id": "side", "u": 2, "v": 3, "highway": "track", "width_m": 3.0}


def roads(main: dict[str, Any] | None = None, *more: dict[str, Any], nodes: Any = NODES) -> Any:
    return make_roads(nodes, [{**MAIN, **(main or {})}, SIDE, *more])


def gaps(tables: RoadTables, **options: Any) -> Any:
    return find_gaps(tables, crs=WORKING_CRS, **options)


def test_an_end_three_metres_before_a_road_is_offered() -> None:
    (gap,) = gaps(roads())
    assert (gap.edge, gap.other_edge, gap.other_node) == ("side", "main", -1)
    assert gap.distance_m == pytest.approx(3.0, abs=0.05)
    assert (gap.lon, gap.lat) == pytest.approx(NODES[3], abs=1e-7)
    assert gap.fraction == pytest.approx(0.5, abs=0.01)


def test_finding_gaps_changes_nothing() -> None:
    tables = roads()
    gaps(tables)
    assert components(tables).nunique() == 2
    assert repair_gaps(tables, gaps(tables), ()) is tables


def test_a_wider_gap_is_none_unless_it_is_asked_for() -> None:
    assert gaps(roads(), max_gap_m=2.0) == ()


@pytest.mark.parametrize("change", [{"bridge": True}, {"tunnel": True}, {"layer": 1}])
def test_a_bridge_overhead_and_another_level_are_no_road_to_join(change: Any) -> None:
    assert gaps(roads(change)) == ()


def test_two_ends_that_face_each_other_are_one_gap() -> None:
    nodes = (*NODES[:2], (-7.98 + 4 * LON_M, 31.0), (-7.97, 31.0))
    tables = make_roads(nodes, [MAIN, {"edge_id": "on", "u": 2, "v": 3}])
    (gap,) = gaps(tables)
    assert gap.distance_m == pytest.approx(4.0, abs=0.1)
    assert gap.other_node >= 0
    joined = repair_gaps(tables, [gap], [gap.gap_id])
    assert joined.edges["edge_id"].tolist() == ["main", "on", gap.gap_id]
    assert components(joined).nunique() == 1


def test_a_short_stub_beside_the_road_it_leaves_is_no_gap() -> None:
    nodes = ((-8.0, 31.0), (-7.99, 31.0), (-7.98, 31.0), (-7.99, 31.0 + 4 * LAT_M))
    edges = [{"u": 0, "v": 1}, {"u": 1, "v": 2}, {"u": 1, "v": 3, "highway": "service"}]
    assert gaps(make_roads(nodes, edges)) == ()


def test_a_joint_cuts_the_road_that_it_meets_and_says_so() -> None:
    tables = roads({"length_m": 4000.0, "climb_m": 40.0, "descent_m": 0.0})
    (gap,) = gaps(tables)
    joined = repair_gaps(tables, [gap], [gap.gap_id])
    edges = joined.edges.set_index("edge_id")
    assert list(edges.index) == ["side", "main/1", "main/2", gap.gap_id]
    assert components(joined).nunique() == 1
    joint = edges.loc[gap.gap_id]
    assert (joint["highway"], joint["width_m"]) == ("track", 3.0)
    assert joint["length_m"] == pytest.approx(3.0, abs=0.05)
    parts = edges.loc[["main/1", "main/2"]]
    assert parts["length_m"].tolist() == pytest.approx([2000, 2000], abs=2)
    assert parts["climb_m"].sum() == pytest.approx(40)
    assert (parts["highway"] == "primary").all()
    assert np.isclose(parts.geometry.iloc[0].coords[-1], parts.geometry.iloc[1].coords[0]).all()
    assert any(f"gaps joined because it was asked for: 1 ({gap.gap_id}" in n for n in joined.notes)


def test_several_ends_may_meet_one_road() -> None:
    nodes = (*NODES, (-7.985, 30.99), (-7.985, 31.0 - 2 * LAT_M))
    tables = roads(None, {"edge_id": "south", "u": 4, "v": 5}, nodes=nodes)
    found = gaps(tables)
    assert [gap.edge for gap in found] == ["south", "side"]
    joined = repair_gaps(tables, found, [gap.gap_id for gap in found])
    assert {"main/1", "main/2", "main/3"} <= set(joined.edges["edge_id"])
    assert components(joined).nunique() == 1
    assert gaps(joined) == ()


def test_ids_of_gaps_are_the_same_at_the_next_loading() -> None:
    again = roads(None, {"edge_id": "far", "u": 0, "v": 2})
    assert gaps(roads())[0].gap_id == gaps(again)[0].gap_id


def test_a_gap_that_is_not_offered_is_refused() -> None:
    tables = roads()
    with pytest.raises(UnknownIdError, match="gap:none: no such gap is offered"):
        repair_gaps(tables, gaps(tables), ["gap:none"])


def test_dead_ends_are_the_nodes_of_one_edge() -> None:
    assert dead_ends(roads(None, {"edge_id": "far", "u": 0, "v": 2})).tolist() == [1, 3]
