"""Closing arcs for a while gives, to the last bit, the times of roads with those arcs closed."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import RuleError
from routing import hierarchy_metric, hierarchy_trials
from routing.hierarchy import Hierarchy, prepare_arcs
from routing.hierarchy_metric import customize
from routing.hierarchy_queries import Seeds, from_any, from_nodes, select, times
from routing.hierarchy_trials import Trials

INF = float("inf")


def closed_s(hierarchy: Hierarchy, time_s: Any, arcs: Any, seeds: Seeds, places: Any) -> Any:
    """The times with the arcs closed, all put in anew."""
    with_closures_s = np.array(time_s)
    with_closures_s[arcs] = INF
    return times(customize(hierarchy, with_closures_s), seeds, select(hierarchy, places))


def town(n: int, seed: int) -> tuple[Hierarchy, Any]:
    """An n × n grid of streets with some tunnels, one-ways, loops, doubles and equal times."""
    rng = np.random.default_rng(seed)
    node = np.arange(n * n).reshape(n, n)
    far = rng.integers(0, n * n, (2, n))
    a = np.concatenate([node[:, :-1].ravel(), node[:-1].ravel(), far[0], [0, 0]])
    b = np.concatenate([node[:, 1:].ravel(), node[1:].ravel(), far[1], [0, 1]])
    tail, head = np.concatenate([a, b]), np.concatenate([b, a])
    time_s = rng.integers(0, 9, len(tail)).astype(np.float64)
    time_s[rng.random(len(tail)) < 0.1] = INF
    return prepare_arcs(n * n, tail, head), time_s


@given(seed=st.integers(0, 10_000), n_origins=st.sampled_from([1, 3, 4, 5, 13, 70]))
@settings(max_examples=40, deadline=None)
def test_trials_one_after_the_other_equal_closures_put_in_anew(seed: int, n_origins: int) -> None:
    rng = np.random.default_rng(seed)
    hierarchy, time_s = town(10, seed)
    seeds = from_nodes(rng.integers(0, 100, n_origins))
    places = rng.integers(0, 100, 20)
    metric = customize(hierarchy, time_s)
    before_s = metric.weight_s.copy()
    trials = Trials(metric, seeds, select(hierarchy, places))
    for n_closed in (2, 0, 15, 1):
        arcs = rng.integers(0, hierarchy.n_arcs, n_closed)
        expected = closed_s(hierarchy, time_s, arcs, seeds, places)
        np.testing.assert_array_equal(trials.times(arcs), expected)
    np.testing.assert_array_equal(metric.weight_s, before_s)
    np.testing.assert_array_equal(metric.arc_time_s, time_s)


@pytest.mark.parametrize("gives_up", ["before", "on the way", "never"])
def test_a_trial_that_changes_too_much_is_put_in_anew(
    gives_up: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hierarchy, time_s = town(40, 7)
    monkeypatch.setattr(hierarchy_trials, "are_many", lambda *_: gives_up == "before")
    share = {"on the way": -0.1, "never": 1.0}.get(gives_up, 0.0)
    monkeypatch.setattr(hierarchy_metric, "_GIVE_UP_SHARE", share)
    rng = np.random.default_rng(3)
    seeds, places = from_nodes([0, 820, 1599]), np.arange(0, 1600, 9)
    trials = Trials(customize(hierarchy, time_s), seeds, select(hierarchy, places))
    for n_closed in (600, 3, 200):
        arcs = rng.integers(0, hierarchy.n_arcs, n_closed)
        expected = closed_s(hierarchy, time_s, arcs, seeds, places)
        np.testing.assert_array_equal(trials.times(arcs), expected)


def test_seeds_that_are_left_later_count_in_their_trial_only() -> None:
    hierarchy, time_s = town(10, 5)
    places = np.arange(100)
    nodes, spent_s = np.array([3, 55, 98]), np.array([1.0, 0.0, INF])
    seeds = from_any(nodes, spent_s)
    trials = Trials(customize(hierarchy, time_s), seeds, select(hierarchy, places))
    for later_s in ([1.0, INF, INF], [4.0, 2.0, INF], [INF, INF, INF], [1.0, 0.0, INF]):
        expected = closed_s(hierarchy, time_s, [8], from_any(nodes, later_s), places)
        np.testing.assert_array_equal(trials.times([8], later_s), expected)


def test_arcs_of_another_network_and_seeds_that_are_left_sooner_are_refused() -> None:
    hierarchy, time_s = town(4, 1)
    trials = Trials(customize(hierarchy, time_s), from_any([3], [2.0]), select(hierarchy, [5]))
    for arcs in ([-1], [hierarchy.n_arcs]):
        with pytest.raises(RuleError, match="arcs"):
            trials.times(arcs)
    for sooner_s in ([1.0], [float("nan")]):
        with pytest.raises(RuleError, match="sooner"):
            trials.times([0], sooner_s)
