"""Sampled worlds: marginals, seeds, threads, and the certain world."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import RuleError, TooLargeError
from geo.model import Closure
from routing.closure_odds import Odds, from_reports, odds
from routing.closures import overlay
from routing.graph import build_graph
from routing.hierarchy import prepare
from routing.risk import deciding, place_risk, wilson
from routing.road_pieces import road_pieces
from routing.stands import stands_of
from routing.travel import arc_times, travel_times
from routing.vehicles import vehicle_classes
from routing.worlds import (
    Flip,
    arrivals,
    arrivals_of_flips,
    closed_arcs,
    question_of_graph,
    question_of_nodes,
)
from tests.factories import WORKING_CRS, four_villages, make_depot, make_places
from tests.routing.networks import line_network, random_network

NOON = datetime(2023, 9, 10, 12, tzinfo=UTC)


def chances(network_arcs: int, p: float, *, together: bool = False) -> Odds:
    stretch = np.zeros(network_arcs) if together else np.arange(network_arcs)
    return Odds(probability=np.full(network_arcs, p), stretch=stretch.astype(np.int32))


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 10_000))
def test_probabilities_of_0_and_1_give_exactly_the_certain_world(seed: int) -> None:
    network = random_network(seed)
    hierarchy = network.hierarchy()
    question = question_of_nodes(hierarchy, network.time_s, network.depots, network.places)
    certain = Odds(
        probability=(network.site >= 0).astype(np.float64),
        stretch=np.arange(len(network.site), dtype=np.int32),
    )
    found = arrivals(question, certain, n_worlds=3, seed=seed)
    assert found == pytest.approx(np.tile(network.places_s(set()), (3, 1)))
    risk = place_risk(found, 20.0)
    assert set(risk.probability.tolist()) <= {0.0, 1.0}


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 10_000), p=st.floats(0.05, 0.95))
def test_every_world_equals_scipy_with_its_roads_closed(seed: int, p: float) -> None:
    network = random_network(seed)
    odds_ = chances(len(network.time_s), p)
    question = question_of_nodes(
        network.hierarchy(), network.time_s, network.depots, network.places
    )
    found = arrivals(question, odds_, n_worlds=4, seed=seed)
    for world, closed in enumerate(closed_arcs(odds_, range(4), seed=seed)):
        network.site[:] = -1
        network.site[closed] = 0
        assert found[world] == pytest.approx(network.places_s(set()))


def test_the_same_seed_gives_the_same_worlds_on_any_number_of_threads() -> None:
    network = random_network(3)
    question = question_of_nodes(
        network.hierarchy(), network.time_s, network.depots, network.places
    )
    odds_ = chances(len(network.time_s), 0.3)
    runs = [arrivals(question, odds_, n_worlds=20, seed=7, threads=n) for n in (1, 2, 5)]
    assert (runs[0] == runs[1]).all()
    assert (runs[0] == runs[2]).all()
    assert not (arrivals(question, odds_, n_worlds=20, seed=8) == runs[0]).all()
    # The first worlds of a longer series are those of a shorter one.
    assert (arrivals(question, odds_, n_worlds=50, seed=7)[:20] == runs[0]).all()


def test_arcs_close_as_often_as_they_should_and_together_on_one_stretch() -> None:
    p = np.array([0.0, 0.1, 0.5, 0.5, 1.0])
    odds_ = Odds(probability=p, stretch=np.array([0, 1, 1, 1, 2], dtype=np.int32))
    closed = np.zeros((4000, 5), dtype=bool)
    for world, arcs in enumerate(closed_arcs(odds_, range(4000), seed=1)):
        closed[world, arcs] = True
    assert closed.mean(axis=0) == pytest.approx(p, abs=0.03)
    assert closed[:, 0].sum() == 0
    assert closed[:, 4].all()
    assert (closed[:, 2] == closed[:, 3]).all()
    # Where the likelier is open, so is the unlikelier.
    assert not (closed[:, 1] & ~closed[:, 2]).any()


def test_a_line_is_reached_as_often_as_its_roads_are_open() -> None:
    # Two roads of their own chance each: 0.5, then 0.5 × 0.5.
    network = line_network([-1, -1], people=[1.0, 1.0])
    road = np.minimum(network.tail, network.head).astype(np.int32)
    odds_ = Odds(probability=np.full(4, 0.5), stretch=road)
    question = question_of_nodes(
        network.hierarchy(), network.time_s, network.depots, network.places
    )
    risk = place_risk(arrivals(question, odds_, n_worlds=2000, seed=1), 3600.0)
    assert risk.probability == pytest.approx([0.5, 0.25], abs=0.04)
    assert (risk.low < [0.5, 0.25]).all()
    assert (risk.high > [0.5, 0.25]).all()
    assert risk.mean_s.tolist() == [60.0, 120.0]
    assert risk.slow_s.tolist() == [np.inf, np.inf]
    # Beyond a limit of 100 s the second place is never reached in time.
    late = place_risk(arrivals(question, odds_, n_worlds=50, seed=1), 100.0)
    assert late.probability[1] == 0.0
    assert late.mean_s[1] == np.inf


def test_the_road_that_all_depend_on_decides_and_the_others_do_not() -> None:
    # Road 0 leads to everybody; road 2 to ten of 1,010 people.
    network = line_network([-1, -1, -1], people=[0.0, 1000.0, 10.0])
    road = np.minimum(network.tail, network.head).astype(np.int32)
    p = np.array([0.5, 0.0, 0.5])[road]
    odds_ = Odds(probability=p, stretch=road)
    question = question_of_nodes(
        network.hierarchy(), network.time_s, network.depots, network.places
    )
    arrived = arrivals(question, odds_, n_worlds=200, seed=1)
    found = deciding(question, odds_, arrived, network.people, limit_s=3600.0, seed=1)
    first = found[0]
    assert first.stretch == 0
    # Opening it reaches 1,000 people, and half of the time ten more.
    assert first.people == pytest.approx(1005.0, abs=2.5)
    assert first.places[0] == 1
    assert first.variance_share == pytest.approx(1.0, abs=0.05)
    assert all(one.stretch != 1 for one in found)


def test_flips_change_one_stretch_and_nothing_else() -> None:
    network = line_network([-1, -1], people=[1.0, 1.0])
    road = np.minimum(network.tail, network.head).astype(np.int32)
    odds_ = Odds(probability=np.full(4, 0.5), stretch=road)
    question = question_of_nodes(
        network.hierarchy(), network.time_s, network.depots, network.places
    )
    plain = np.isfinite(arrivals(question, odds_, n_worlds=30, seed=4))
    opened = np.isfinite(
        arrivals_of_flips(
            question, odds_, [Flip(world=w, stretch=1, closed=False) for w in range(30)], seed=4
        )
    )
    assert (opened[:, 0] == plain[:, 0]).all()
    assert (opened[:, 1] == plain[:, 0]).all()


def test_a_certain_report_gives_what_the_plain_reference_gives_with_its_closure() -> None:
    tables = four_villages()
    graph = build_graph(tables)
    vehicle = vehicle_classes()["pickup"]
    # The second depot and the first place share an edge.
    places = make_places([(-7.97, 31.001), (-7.92, 31.0005), (-7.955, 31.05), (-7.94, 31.007)])
    depots = [make_depot(), make_depot(-7.96, 31.0, depot_id="depot:road")]
    here = stands_of(graph, tables, vehicle, places=places, depots=depots, crs=WORKING_CRS)
    state = overlay(graph, [Closure(closure_id="closure:1", edges=("main+", "upper"))], at=NOON)
    odds_ = odds(graph, road_pieces(graph), [from_reports(state, vehicle, at=NOON)])
    question = question_of_graph(prepare(graph), graph, here.open_s, here.depots, here.places)
    found = arrivals(question, odds_, n_worlds=2, seed=1)
    time_s = arc_times(graph, vehicle, state)
    expected = travel_times(graph, time_s, here.depots, here.places).min(axis=0)
    assert found == pytest.approx(np.tile(expected, (2, 1)), rel=1e-9, abs=1e-5)


def test_the_interval_of_a_share_is_that_of_wilson() -> None:
    low, high = wilson(np.array([0, 5, 10]), 10)
    # Known values for 10 tries at 95 %.
    assert low == pytest.approx([0.0, 0.2366, 0.7225], abs=1e-3)
    assert high == pytest.approx([0.2775, 0.7634, 1.0], abs=1e-3)


def test_impossible_questions_are_refused() -> None:
    network = line_network([-1], people=[1.0])
    question = question_of_nodes(
        network.hierarchy(), network.time_s, network.depots, network.places
    )
    with pytest.raises(RuleError, match="0 worlds: 1 to 100000 are needed"):
        arrivals(question, chances(2, 0.5), n_worlds=0, seed=1)
    with pytest.raises(RuleError, match="probabilities of 3 arcs: those of all 2 arcs are needed"):
        arrivals(question, chances(3, 0.5), n_worlds=1, seed=1)
    with pytest.raises(RuleError, match=r"from 1.2 to 1.2: one from 0 to 1"):
        chances(2, 1.2)
    with pytest.raises(RuleError, match="one from 0 to 1"):
        chances(2, np.nan)
    many = question_of_nodes(
        network.hierarchy(), network.time_s, network.depots, np.zeros(2000, dtype=np.int32)
    )
    with pytest.raises(TooLargeError, match="100000 worlds of 2000 places"):
        arrivals(many, chances(2, 0.5), n_worlds=100_000, seed=1)
