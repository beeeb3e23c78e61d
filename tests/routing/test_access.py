"""Where places meet the road: distances by hand, caps, slopes, and brute force."""

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.crs import project
from geo.errors import CrsError, RuleError
from routing.access import WALK_DETOUR_FACTOR, Access, attach
from routing.edge_index import edge_index, nearest_edges, working_lines
from routing.graph import build_graph
from tests.factories import WORKING_CRS, four_villages, make_roads

#: Two roads along parallels, 0.01° or 1,108.6 m apart.
ROADS = make_roads(
    [(-8.0, 31.0), (-7.98, 31.0), (-8.0, 31.01), (-7.98, 31.01)],
    [{"u": 0, "v": 1}, {"u": 2, "v": 3}],
)
GRAPH = build_graph(ROADS)
ALL = np.ones(2, dtype=bool)


def at(lon: float, lat: float, *, usable: Any = ALL, **options: Any) -> Access:
    return attach(GRAPH, ROADS, [lon], [lat], usable=usable, crs=WORKING_CRS, **options)


def test_the_walk_is_the_straight_line_times_the_detour_factor() -> None:
    found = at(-7.985, 31.002)
    assert found.edge[0, :2].tolist() == [0, 1]
    assert found.fraction[0, 0] == pytest.approx(0.75, abs=0.001)
    assert found.walk_m[0, 0] == pytest.approx(221.7 * WALK_DETOUR_FACTOR, rel=0.002)
    assert found.walk_m[0, 1] == pytest.approx(886.9 * WALK_DETOUR_FACTOR, rel=0.002)


def test_beyond_the_cap_a_point_is_not_attached() -> None:
    assert at(-7.985, 31.002, max_walk_m=300.0).edge[0].tolist() == [0, -1, -1, -1]
    none = at(-7.985, 31.002, max_walk_m=200.0)
    assert not none.attached[0]
    assert np.isinf(none.walk_m).all()
    assert np.isinf(none.walk_s).all()


def test_only_usable_edges_count() -> None:
    found = at(-7.985, 31.002, usable=np.array([False, True]))
    assert found.edge[0].tolist() == [1, -1, -1, -1]


def test_without_usable_edges_nothing_is_attached() -> None:
    assert not at(-7.985, 31.002, usable=np.zeros(2, dtype=bool)).attached[0]


def test_before_the_end_of_a_road_the_end_is_meant() -> None:
    assert at(-8.005, 31.0).fraction[0, 0] == 0.0
    assert at(-7.975, 31.0).fraction[0, 0] == 1.0


def test_the_line_itself_counts_and_not_its_nodes() -> None:
    """The nodes are 955 m away, the line 11 m."""
    assert at(-7.99, 31.0001).walk_m[0, 0] == pytest.approx(11.1 * WALK_DETOUR_FACTOR, rel=0.01)


def test_on_level_ground_the_walk_goes_at_three_fifths_of_toblers_pace() -> None:
    found = at(-7.985, 31.002)
    pace_m_s = 6 * np.exp(-3.5 * 0.05) * 0.6 / 3.6
    assert found.walk_s[0, 0] == pytest.approx(found.walk_m[0, 0] / pace_m_s)


def test_uphill_takes_longer_and_unknown_heights_count_as_level() -> None:
    heights = ROADS.nodes.assign(elevation_m=[1000.0, 1000.0, np.nan, np.nan])
    hilly = make_roads([(-8.0, 31.0), (-7.98, 31.0)], [{"u": 0, "v": 1}])
    hilly = type(hilly)(
        nodes=hilly.nodes.assign(elevation_m=heights["elevation_m"][:2].to_numpy()),
        edges=hilly.edges,
        source=hilly.source,
    )
    graph = build_graph(hilly)
    walk = {
        z: attach(
            graph, hilly, [-7.985], [31.002], usable=ALL[:1], crs=WORKING_CRS, elevation_m=[z]
        ).walk_s[0, 0]
        for z in (1000.0, 1100.0, np.nan)
    }
    assert walk[1100.0] > walk[1000.0]
    assert walk[np.nan] == walk[1000.0]
    # 100 m up on 288 m: slope 0.347, so exp(-3.5 × 0.347) times the level pace.
    assert walk[1100.0] / walk[1000.0] == pytest.approx(np.exp(3.5 * 100 / 288.2), rel=0.01)


def test_a_point_on_the_road_walks_nothing() -> None:
    found = at(-7.99, 31.0)
    assert found.walk_m[0, 0] == pytest.approx(0.0, abs=0.2)
    assert found.walk_s[0, 0] == pytest.approx(0.0, abs=0.5)


def test_a_point_without_position_is_not_attached_and_does_not_disturb_others() -> None:
    found = attach(GRAPH, ROADS, [np.nan, -7.99], [31.0, 31.0], usable=ALL, crs=WORKING_CRS)
    assert found.attached.tolist() == [False, True]


def test_an_edge_without_length_can_be_attached_to() -> None:
    dot = make_roads([(-8.0, 31.0), (-8.0, 31.0)], [{"u": 0, "v": 1}])
    found = attach(build_graph(dot), dot, [-8.0], [31.001], usable=ALL[:1], crs=WORKING_CRS)
    assert found.attached[0]
    assert found.fraction[0, 0] == 0.0


def test_measuring_in_degrees_is_refused() -> None:
    with pytest.raises(CrsError, match="projected"):
        attach(GRAPH, ROADS, [-8.0], [31.0], usable=ALL, crs="EPSG:4326")


def test_a_senseless_cap_is_refused() -> None:
    for cap in (-1.0, float("nan")):
        with pytest.raises(RuleError, match="longest walk"):
            at(-8.0, 31.0, max_walk_m=cap)


def test_points_can_be_limited_one_by_one() -> None:
    both = attach(GRAPH, ROADS, [-7.985] * 2, [31.002] * 2, usable=ALL, crs=WORKING_CRS)
    cut = both.within(np.array([100.0, 500.0]))
    assert cut.attached.tolist() == [False, True]
    assert cut.edge[1].tolist() == [0, -1, -1, -1]


@given(
    st.lists(st.tuples(st.floats(-8.05, -7.85), st.floats(30.95, 31.08)), min_size=1, max_size=6),
    st.lists(st.booleans(), min_size=5, max_size=5),
    st.integers(1, 5),
    st.floats(10, 20_000),
)
def test_the_edges_found_are_the_nearest_by_brute_force(
    points: list[tuple[float, float]], chosen: list[bool], k: int, max_m: float
) -> None:
    tables = four_villages()
    usable = np.array(chosen)
    lines = working_lines(tables, WORKING_CRS)
    x_m, y_m = project([p[0] for p in points], [p[1] for p in points], WORKING_CRS)
    geometries = np.asarray(shapely.points(x_m, y_m), dtype=object)
    _, found_m = nearest_edges(
        edge_index(tables, WORKING_CRS), geometries, of=usable, max_distance_m=max_m, k=k
    )
    for row, geometry in enumerate(geometries):
        all_m = np.sort(shapely.distance(geometry, lines[usable]))
        expected = all_m[all_m <= max_m][:k]
        assert found_m[row][np.isfinite(found_m[row])] == pytest.approx(expected)
