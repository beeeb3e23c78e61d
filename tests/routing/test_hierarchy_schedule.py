"""Times put in by the schedule are, to the last bit, those put in rank by rank in plain Python."""

from typing import Any, cast

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing import hierarchy_metric, hierarchy_schedule, hierarchy_sweep_kernels
from routing.hierarchy import Hierarchy, prepare_arcs
from routing.hierarchy_metric import customize, recustomize
from routing.hierarchy_queries import from_nodes, select, times

INF = float("inf")


def rank_by_rank(hierarchy: Hierarchy, time_s: Any) -> Any:
    """Basic customization as the paper has it: every rank offers each pair the way through it."""
    h = hierarchy
    weight_s = np.full((h.n_up_arcs, 2), INF)
    for arc, slot in enumerate(h.slot_of_arc):
        if slot >= 0:
            weight_s[slot >> 1, slot & 1] = min(weight_s[slot >> 1, slot & 1], time_s[arc])
    place = {
        (int(t), int(v)): at for at, (t, v) in enumerate(zip(h.up_tail, h.up_head, strict=True))
    }
    for low in range(h.n_nodes):
        for first in range(h.up_start[low], h.up_start[low + 1]):
            for second in range(first + 1, h.up_start[low + 1]):
                over = place[int(h.up_head[first]), int(h.up_head[second])]
                up_s = weight_s[first, 1] + weight_s[second, 0]
                down_s = weight_s[second, 1] + weight_s[first, 0]
                weight_s[over] = np.minimum(weight_s[over], (up_s, down_s))
    return weight_s


def streets(n: int, n_extra: int = 0) -> tuple[int, Any, Any]:
    """An n × n grid of two-way streets, and some tunnels between any two nodes."""
    node = np.arange(n * n).reshape(n, n)
    rng = np.random.default_rng(n)
    a = np.concatenate([node[:, :-1].ravel(), node[:-1].ravel(), rng.integers(0, n * n, n_extra)])
    b = np.concatenate([node[:, 1:].ravel(), node[1:].ravel(), rng.integers(0, n * n, n_extra)])
    return n * n, np.concatenate([a, b]), np.concatenate([b, a])


def seconds_of(n_arcs: int) -> Any:
    rng = np.random.default_rng(n_arcs)
    time_s = rng.uniform(1.0, 90.0, n_arcs)
    time_s[rng.choice(n_arcs, n_arcs // 20, replace=False)] = INF
    return time_s


@pytest.mark.parametrize("n_cores", [1, 2])
@pytest.mark.parametrize("n_extra", [0, 60])
def test_cells_runs_and_panels_on_one_core_and_two_give_the_plain_bits(
    n_cores: int, n_extra: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hierarchy_schedule, "_MIN_CELL_PAIRS", 40)
    monkeypatch.setattr(hierarchy_metric, "_MIN_PAIRS_SHARED", 0)
    monkeypatch.setattr(hierarchy_metric, "_N_CORES", n_cores)
    n, tail, head = streets(24, n_extra)
    hierarchy = prepare_arcs(n, tail, head)
    schedule = hierarchy.schedule
    # All kinds of work are there: several tasks with something laid aside, runs, wide panels.
    assert schedule.n_tasks >= 4
    assert len(schedule.aside_over) > 0
    assert len(schedule.run_arc) > 50
    assert schedule.most_ranks >= 8
    time_s = seconds_of(len(tail))
    metric = customize(hierarchy, time_s)
    assert np.array_equal(metric.weight_s, rank_by_rank(hierarchy, time_s))
    # Again over the same room, in which other times stand: nothing of them is left.
    other_s = time_s[::-1].copy()
    again = recustomize(metric, other_s, in_place=True)
    assert np.array_equal(again.weight_s, rank_by_rank(hierarchy, other_s))


def test_a_schedule_offers_every_pair_once_and_each_rank_after_those_below(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hierarchy_schedule, "_MIN_CELL_PAIRS", 40)
    hierarchy = prepare_arcs(*streets(20))
    schedule, n = hierarchy.schedule, hierarchy.n_nodes
    when = np.full(n, -1)
    rank_of_arc = np.searchsorted(hierarchy.up_start, schedule.run_arc, side="right") - 1
    for task in range(schedule.n_tasks + 1):
        runs = range(schedule.task_run[task], schedule.task_run[task + 1])
        for run in runs:
            ranks = rank_of_arc[schedule.run_start[run] : schedule.run_start[run + 1]]
            assert (when[ranks] == -1).all()
            when[ranks] = 2 * (n * task + run)
        for panel in range(schedule.task_panel[task], schedule.task_panel[task + 1]):
            first = schedule.panel_rank[panel]
            ranks = np.arange(first, first + schedule.panel_size[panel])
            assert (when[ranks] == -1).all()
            when[ranks] = 2 * (n * task + n // 2 + panel) + 1
    degree = np.diff(hierarchy.up_start)
    assert (when[degree >= 2] >= 0).all()
    below = np.flatnonzero((hierarchy.parent >= 0) & (degree >= 2))
    above = hierarchy.parent[below]
    timed = degree[above] >= 2
    assert (when[below[timed]] <= when[above[timed]]).all()


@given(st.integers(2, 9), st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=40))
@settings(max_examples=100)
def test_any_small_network_gets_the_plain_bits(n: int, arcs: list[tuple[int, int]]) -> None:
    tail = [a % n for a, _ in arcs]
    head = [b % n for _, b in arcs]
    hierarchy = prepare_arcs(n, tail, head)
    time_s = [float((7 * at) % 11) if at % 5 else INF for at in range(len(arcs))]
    metric = customize(hierarchy, time_s)
    assert np.array_equal(metric.weight_s, rank_by_rank(hierarchy, time_s))


@pytest.mark.parametrize("n_origins", [1, 7, 8, 9, 15, 16, 21])
def test_any_number_of_origins_is_swept_like_each_of_them_alone(n_origins: int) -> None:
    n, tail, head = streets(15)
    metric = customize(prepare_arcs(n, tail, head), seconds_of(len(tail)))
    selection = select(metric.hierarchy, [0, 17, 111, n - 1])
    origins = np.random.default_rng(4).choice(n, n_origins, replace=False)
    together = times(metric, from_nodes(origins), selection)
    assert together.shape == (n_origins, 4)
    alone = [times(metric, from_nodes([origin]), selection)[0] for origin in origins]
    assert np.array_equal(together, alone)


def test_times_over_all_tasks_are_put_in_anew_and_those_of_one_region_looked_at_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hierarchy_schedule, "_MIN_CELL_PAIRS", 40)
    hierarchy = prepare_arcs(*streets(24))
    slot = hierarchy.slot_of_arc
    everywhere = np.flatnonzero(slot >= 0)[::7].astype(np.int32)
    in_first = slot < 2 * hierarchy.schedule.task_arc[1]
    region = np.flatnonzero((slot >= 0) & in_first).astype(np.int32)
    assert hierarchy_metric._spread_out(hierarchy, everywhere)
    assert not hierarchy_metric._spread_out(hierarchy, region)
    # A few closures anywhere beside a damaged region do not make it the whole network.
    assert not hierarchy_metric._spread_out(hierarchy, np.append(region, everywhere[::12]))


def test_wide_sums_are_switched_off_again_also_after_a_failure() -> None:
    before = numba.config.SLP_VECTORIZE
    with pytest.raises(numba.core.errors.TypingError):
        cast("Any", hierarchy_sweep_kernels.sweep).compile((numba.types.unicode_type,) * 5)
    assert before == numba.config.SLP_VECTORIZE == 0
