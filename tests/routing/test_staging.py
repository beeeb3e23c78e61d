"""Forward bases: what they save, and what the next one adds."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.crs import project
from geo.errors import RuleError
from routing.graph import build_graph
from routing.hierarchy import prepare
from routing.staging import candidates, choose, onward_s
from routing.stands import stands_of
from routing.travel import travel_times
from routing.vehicles import vehicle_classes
from tests.factories import WORKING_CRS, four_villages, make_depot, make_places


def test_the_base_that_saves_most_is_first_and_the_next_counts_what_it_adds() -> None:
    depots_s = np.array([3600.0, 7200.0, np.inf])
    ways_s = np.array([[0.0, 3600.0, np.inf], [0.0, 0.0, np.inf], [np.inf, np.inf, 10_000.0]])
    people = np.array([10.0, 10.0, 1.0])
    first, second = choose(depots_s, ways_s, people, np.ones(3), n_bases=3, limit_s=12_000.0)
    # Row 1 saves 10 × 1 h + 10 × 2 h; row 0 adds nothing then, row 2 brings 2,000 s for one.
    assert (first.candidate, first.saved_s, first.served) == (1, 10 * 3600.0 + 10 * 7200.0, (1, 0))
    assert (second.candidate, second.saved_s, second.served) == (2, 2000.0, (2,))


def test_no_room_is_never_chosen_and_little_room_counts_less() -> None:
    ways_s = np.array([[0.0], [100.0], [200.0]])
    chosen = choose(
        np.array([1000.0]), ways_s, np.array([1.0]), np.array([0.0, 0.5, 1.0]),
        n_bases=1, limit_s=1e6,
    )  # fmt: skip
    assert chosen[0].candidate == 2


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), n_bases=st.integers(1, 3))
def test_the_choice_is_within_1_minus_1_over_e_of_the_best(seed: int, n_bases: int) -> None:
    rng = np.random.default_rng(seed)
    depots_s, ways_s = rng.uniform(0, 100, 6), rng.uniform(0, 100, (7, 6))
    people = rng.uniform(0, 10, 6)
    chosen = choose(depots_s, ways_s, people, np.ones(7), n_bases=n_bases, limit_s=90.0)

    def saved(rows: tuple[int, ...]) -> float:
        best = np.minimum(depots_s, 90.0)
        after = np.minimum(best, np.minimum(ways_s[list(rows)], 90.0).min(axis=0))
        return float(((best - after) * people).sum())

    best = max(saved(rows) for rows in itertools.combinations(range(7), n_bases))
    total = sum(one.saved_s for one in chosen)
    assert total == pytest.approx(saved(tuple(one.candidate for one in chosen))) if chosen else True
    assert total >= (1 - 1 / np.e) * best - 1e-6


def test_candidates_and_ways_on_the_four_villages() -> None:
    tables = four_villages()
    graph, known = build_graph(tables), vehicle_classes()
    places, depots = make_places(), [make_depot()]
    hierarchy = prepare(graph)
    truck = stands_of(graph, tables, known["truck"], places=places, depots=depots, crs=WORKING_CRS)
    x_m, y_m = project(graph.lon, graph.lat, WORKING_CRS)
    found = candidates(graph, hierarchy, truck.open_s, truck.depots, x_m, y_m, limit_s=12 * 3600.0)
    # The truck reaches nodes 0, 1 and 2; the village on the track and that on the path it does not.
    assert sorted(found.node.tolist()) == [0, 1, 2]
    pickup = stands_of(
        graph, tables, known["pickup"], places=places, depots=depots, crs=WORKING_CRS
    )
    depots_s, nodes_s = onward_s(
        graph, hierarchy, pickup.open_s, pickup.depots, pickup.places, found.node
    )
    expected = travel_times(graph, pickup.open_s, pickup.depots, pickup.places)[0]
    assert depots_s == pytest.approx(expected, rel=1e-9, abs=1e-5)
    from_1 = nodes_s[found.node.tolist().index(1)]
    # The track takes a pickup 360 s from node 1.
    assert from_1[2] == pytest.approx(360.0, abs=5.0)


def test_no_points_are_refused() -> None:
    with pytest.raises(RuleError, match="0 staging points: at least 1 is needed"):
        choose(np.zeros(1), np.zeros((1, 1)), np.ones(1), np.ones(1), n_bases=0, limit_s=1.0)
