"""Roads near points that are asked again and again: as found anew each time, to the last bit."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.crs import project
from routing import nearby_edges as module
from routing.edge_index import EdgeIndex, edge_index, nearest_edges, working_lines
from routing.nearby_edges import NearbyEdges, nearby_edges
from tests.factories import WORKING_CRS, four_villages

TABLES = four_villages()
LINES, INDEX = working_lines(TABLES, WORKING_CRS), edge_index(TABLES, WORKING_CRS)


def points_at(lon: list[float], lat: list[float]) -> np.ndarray:
    x_m, y_m = project(lon, lat, WORKING_CRS)
    return np.asarray(shapely.points(x_m, y_m), dtype=object)


@pytest.fixture
def short_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too little room for all pairs: most points must be searched for anew."""
    monkeypatch.setattr(module, "_MAX_PAIRS", 3)


place = st.tuples(st.floats(-8.05, -7.85), st.floats(30.95, 31.08))
question = st.tuples(
    st.lists(st.booleans(), min_size=5, max_size=5), st.integers(1, 5), st.floats(10, 20_000)
)


@given(st.lists(place, min_size=1, max_size=8), st.lists(question, min_size=1, max_size=6))
def test_any_series_of_questions_is_answered_as_if_asked_anew(
    places: list[tuple[float, float]], questions: list[tuple[list[bool], int, float]]
) -> None:
    points = points_at([p[0] for p in places], [p[1] for p in places])
    kept = NearbyEdges(EdgeIndex(TABLES, WORKING_CRS), points)
    for chosen, k, max_m in questions:
        usable = np.array(chosen)
        edge, far_m = kept.nearest(of=usable, max_distance_m=max_m, k=k)
        edge_anew, far_anew_m = nearest_edges(INDEX, points, of=usable, max_distance_m=max_m, k=k)
        np.testing.assert_array_equal(edge, edge_anew)
        np.testing.assert_array_equal(far_m, far_anew_m)
        there = edge >= 0
        row = np.broadcast_to(np.arange(len(points))[:, None], edge.shape)[there]
        share = shapely.line_locate_point(LINES[edge[there]], points[row], normalized=True)
        np.testing.assert_array_equal(kept.shares(row, edge[there]), share)


@pytest.mark.usefixtures("short_lists")
def test_points_beyond_the_room_for_lists_are_found_all_the_same() -> None:
    rng = np.random.default_rng(3)
    at = points_at(list(rng.uniform(-8.02, -7.9, 40)), list(rng.uniform(30.99, 31.04, 40)))
    at[5] = None
    kept = NearbyEdges(EdgeIndex(TABLES, WORKING_CRS), at)
    for usable in (np.ones(5, dtype=bool), np.array([True, False, True, False, True])):
        for _ in range(2):
            edge, far_m = kept.nearest(of=usable, max_distance_m=1500.0, k=2)
            edge_anew, far_anew_m = nearest_edges(INDEX, at, of=usable, max_distance_m=1500.0, k=2)
            np.testing.assert_array_equal(edge, edge_anew)
            np.testing.assert_array_equal(far_m, far_anew_m)
    assert (edge[5] == -1).all()


def test_the_same_points_are_searched_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first = nearby_edges(TABLES, WORKING_CRS, points_at([-7.99], [31.001]))
    every = np.ones(5, dtype=bool)
    before = first.nearest(of=every, max_distance_m=1000.0, k=1)
    again = nearby_edges(TABLES, WORKING_CRS, points_at([-7.99], [31.001]))
    assert again is first
    assert nearby_edges(TABLES, WORKING_CRS, points_at([-7.99], [31.002])) is not first

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("searched for anew")

    monkeypatch.setattr(module.NearbyEdges, "_longer", refused)
    monkeypatch.setattr(module, "nearest_edges", refused)
    after = again.nearest(of=every, max_distance_m=1000.0, k=1)
    np.testing.assert_array_equal(before[0], after[0])


def test_all_points_of_a_network_share_one_index() -> None:
    here, there = points_at([-8.0], [31.0]), points_at([-7.9], [31.02])
    first = nearby_edges(TABLES, WORKING_CRS, here)
    assert nearby_edges(TABLES, WORKING_CRS, there)._index is first._index
