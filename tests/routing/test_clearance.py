"""What opening roads wins, against scipy that opens one after the other."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import RuleError
from routing.clearance import Clearing, Measure, clear_greedily
from routing.clearance_bound import upper_bound
from routing.clearance_network import by_connection, by_time
from routing.crew_schedule import schedule
from tests.routing.networks import Network, line_network, random_network

LIMIT_S = 25.0


def clearing_of(
    network: Network,
    measure: Measure = "people",
    *,
    limit_s: float = LIMIT_S,
    crew_hours: list[float] | None = None,
) -> Clearing:
    hours = [1.0] * network.n_sites if crew_hours is None else crew_hours
    ends = by_time(network.blocked(), network.hierarchy())
    return Clearing(ends, network.people, hours, limit_s=limit_s, measure=measure)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("measure", ["people", "time"])
def test_every_gain_equals_that_of_scipy_also_after_openings(seed: int, measure: Measure) -> None:
    network = random_network(seed)
    clearing = clearing_of(network, measure)
    opened: set[int] = set()
    for site in np.random.default_rng(seed).permutation(network.n_sites)[:4].tolist():
        expected = [
            network.gain(opened, {one}, limit_s=LIMIT_S, by_time=measure == "time")
            for one in range(network.n_sites)
        ]
        assert clearing.single_gains() == pytest.approx(expected, abs=1e-6)
        clearing.open(site)
        opened.add(site)
        assert clearing.places_s == pytest.approx(network.places_s(opened))


@pytest.mark.parametrize("seed", range(12))
def test_contraction_by_connection_equals_scipy(seed: int) -> None:
    network = random_network(seed, n_nodes=40)
    clearing = Clearing(
        by_connection(network.blocked()), network.people, [1.0] * network.n_sites, limit_s=0.0
    )
    opened: set[int] = set()
    for site in range(network.n_sites):
        expected = [
            network.gain(opened, {one}, limit_s=1e9, by_time=False)
            for one in range(network.n_sites)
        ]
        assert clearing.single_gains() == pytest.approx(expected)
        clearing.open(site)
        opened.add(site)


def test_sixty_blockages_on_a_larger_network_equal_brute_force() -> None:
    network = random_network(5, n_nodes=400, n_sites=60)
    assert network.n_sites == 60
    for measure in ("people", "time"):
        clearing = clearing_of(network, measure, limit_s=60.0)
        expected = [
            network.gain(set(), {one}, limit_s=60.0, by_time=measure == "time") for one in range(60)
        ]
        assert clearing.single_gains() == pytest.approx(expected, abs=1e-6)
        assert max(expected) > 0


def test_two_blockages_in_a_row_are_opened_together_for_the_place_behind() -> None:
    # Depot ─#─ A(1) ─#─ B(100): alone, the second wins nothing and the first little.
    network = line_network([0, 1], people=[1.0, 100.0])
    clearing = clearing_of(network, limit_s=1000.0, crew_hours=[2.0, 2.0])
    assert clearing.single_gains().tolist() == [1.0, 0.0]
    assert clearing.chains() == [(0, 1)]
    steps = clear_greedily(clearing)
    assert [step.sites for step in steps] == [(0, 1)]
    assert steps[0].gain == 101.0
    assert steps[0].reconnected == (0, 1)


def test_time_regained_counts_a_place_beyond_the_limit_as_at_it() -> None:
    network = line_network([-1, 0], people=[5.0, 10.0])
    clearing = clearing_of(network, "time", limit_s=1000.0)
    # B comes from the limit of 1,000 s to 120 s; A is not changed.
    assert clearing.single_gains().tolist() == [pytest.approx(10.0 * 880.0)]


def test_one_direction_blocked_leaves_the_other() -> None:
    network = line_network([-1, -1], people=[1.0, 1.0])
    outward = network.tail < network.head
    one_way = Network(
        **{
            **{name: getattr(network, name) for name in network.__dataclass_fields__},
            "site": np.where(outward & (network.tail == 1), 0, -1),
        }
    )
    clearing = clearing_of(one_way, limit_s=1000.0)
    assert clearing.places_s.tolist() == [60.0, np.inf]
    assert clearing.single_gains().tolist() == [1.0]


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), budget=st.floats(1.0, 6.0))
def test_greedy_is_no_less_than_the_best_alone_and_no_more_than_the_bound(
    seed: int, budget: float
) -> None:
    network = random_network(seed, n_sites=6)
    hours = np.random.default_rng(seed).uniform(0.5, 3.0, network.n_sites).tolist()
    for measure in ("people", "time"):
        steps = clear_greedily(
            clearing_of(network, measure, crew_hours=hours), max_crew_hours=budget
        )
        won = steps[-1].total if steps else 0.0
        assert sum(step.crew_hours for step in steps) <= budget * (1 + 1e-9)
        by_time = measure == "time"
        feasible = [
            network.gain(set(), set(some), limit_s=LIMIT_S, by_time=by_time)
            for size in range(network.n_sites + 1)
            for some in itertools.combinations(range(network.n_sites), size)
            if sum(hours[one] for one in some) <= budget
        ]
        single = [
            network.gain(set(), {one}, limit_s=LIMIT_S, by_time=by_time)
            for one in range(network.n_sites)
            if hours[one] <= budget
        ]
        bound = upper_bound(clearing_of(network, measure, crew_hours=hours), budget)
        assert won >= max(single, default=0.0) - 1e-6
        assert won <= max(feasible) + 1e-6
        assert bound >= max(feasible) - 1e-6 * max(1.0, bound)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000))
def test_opening_a_site_never_loses_a_reached_place(seed: int) -> None:
    network = random_network(seed)
    clearing = clearing_of(network)
    for site in np.random.default_rng(seed).permutation(network.n_sites).tolist():
        before_s = clearing.places_s.copy()
        clearing.open(site)
        assert (clearing.places_s <= before_s).all()
    assert clearing.places_s == pytest.approx(network.places_s(set(range(network.n_sites))))


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), crews=st.integers(1, 4), hours=st.floats(0.5, 8.0))
def test_no_crew_is_at_two_sites_and_none_works_where_it_cannot_get(
    seed: int, crews: int, hours: float
) -> None:
    network = random_network(seed)
    effort = np.random.default_rng(seed).uniform(0.5, 3.0, network.n_sites).tolist()
    clearing = clearing_of(network, crew_hours=effort)
    plan = schedule(clearing, crews=crews, hours=hours)
    assert len({job.site for job in plan.jobs}) == len(plan.jobs)
    for number in range(1, crews + 1):
        own = sorted((j for j in plan.jobs if j.crew == number), key=lambda job: job.leaves_h)
        for job in own:
            assert job.ends_h == pytest.approx(job.begins_h + effort[job.site])
            assert 0 <= job.leaves_h <= job.begins_h
            assert job.ends_h <= hours * (1 + 1e-9)
        for one, then in itertools.pairwise(own):
            assert then.leaves_h >= one.ends_h - 1e-9
    for job in plan.jobs:
        # With what was finished when the crew left, one end of its site is reached.
        done = {other.site for other in plan.jobs if other.ends_h <= job.leaves_h + 1e-9}
        there = Network(
            **{
                **{name: getattr(network, name) for name in network.__dataclass_fields__},
                "places": network.tail[network.site == job.site],
            }
        )
        assert np.isfinite(there.places_s(done)).any()
    bound = upper_bound(clearing, crews * hours, longest_hours=hours)
    assert plan.gain <= bound * (1 + 1e-6) + 1e-6


def test_the_second_of_two_in_a_row_waits_for_the_first() -> None:
    network = line_network([0, 1], people=[1.0, 100.0], seconds=3600.0)
    clearing = clearing_of(network, limit_s=1e6, crew_hours=[2.0, 3.0])
    plan = schedule(clearing, crews=2, hours=24.0)
    first, second = plan.jobs
    assert (first.site, first.begins_h, first.ends_h) == (0, 0.0, 2.0)
    # One hour of road lies between the two; crew 1 stands there when it has cleared the first.
    assert (second.site, second.crew) == (1, 1)
    assert second.leaves_h == 2.0
    assert second.ends_h == second.begins_h + 3.0
    assert plan.gain == 101.0


def test_sites_that_stay_blocked_say_why() -> None:
    # Depot ─#(9 h)─ A ─#(1 h)─ B, and a blocked road to nobody.
    network = line_network([0, 1], people=[10.0, 10.0])
    clearing = clearing_of(network, limit_s=1e6, crew_hours=[9.0, 1.0])
    plan = schedule(clearing, crews=3, hours=8.0)
    assert plan.jobs == ()
    reasons = dict(plan.left)
    assert "9 crew-hours, more than the 8 hours" in reasons[0]
    assert "no crew can get there" in reasons[1]


@pytest.mark.parametrize(
    ("crews", "hours", "says"),
    [(0, 8.0, "0 crews"), (-1, 8.0, "-1 crews"), (2, -3.0, "-3.0 hours"), (2, np.nan, "nan hours")],
)
def test_impossible_crews_and_hours_are_refused(crews: int, hours: float, says: str) -> None:
    clearing = clearing_of(line_network([0], people=[1.0]))
    with pytest.raises(RuleError, match=says):
        schedule(clearing, crews=crews, hours=hours)


def test_hours_of_nothing_and_weights_that_are_no_number_are_refused() -> None:
    network = line_network([0], people=[1.0])
    ends = by_time(network.blocked(), network.hierarchy())
    with pytest.raises(RuleError, match="crew-hours of sites: 1 numbers: 1 finite numbers above 0"):
        Clearing(ends, [1.0], [0.0], limit_s=1.0)
    with pytest.raises(RuleError, match="weights of places"):
        Clearing(ends, [np.nan], [1.0], limit_s=1.0)
    with pytest.raises(RuleError, match="time regained without a limit"):
        Clearing(ends, [1.0], [1.0], limit_s=np.inf, measure="time")


def test_nothing_blocked_gives_an_empty_ranking() -> None:
    clearing = clearing_of(line_network([-1, -1], people=[1.0, 1.0]))
    assert clear_greedily(clearing) == []
    assert schedule(clearing, crews=1, hours=1.0).jobs == ()
    assert upper_bound(clearing, 1.0) == 0.0
