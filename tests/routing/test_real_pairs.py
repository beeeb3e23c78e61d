"""500 pairs of points on the real roads of Andorra: the engines against independent ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data.sources.osm import read_osm
from geo.network import RoadTables
from geo.turns import empty_turns
from routing.access import Access
from routing.engine import make_engine
from routing.graph import build_graph
from routing.travel import arc_times
from routing.vehicles import vehicle_classes
from tests.routing.by_networkx import networkx_times

N_ORIGINS, N_DESTINATIONS = 25, 20
#: Of Valhalla's shortest ways by car and ours; what differs by design is said in the section.
VALHALLA_TOLERANCE, VALHALLA_WITHIN_SHARE, VALHALLA_MEDIAN = 0.01, 0.9, 0.005


@pytest.fixture(scope="module")
def roads(real_data: Path) -> RoadTables:
    return read_osm(real_data / "roads" / "andorra_2024.osm.pbf", places=False).roads


def _points(tables: RoadTables, class_name: Any, n: int, seed: int) -> list[tuple[int, float]]:
    """Points within edges that the class may use in some direction."""
    graph = build_graph(tables)
    time_s = arc_times(graph, vehicle_classes()[class_name])
    usable = np.isfinite(time_s[graph.arc_along]) | np.isfinite(time_s[graph.arc_against])
    random = np.random.default_rng(seed)
    rows = random.choice(np.flatnonzero(usable & (graph.length_m > 1.0)), n, replace=False)
    return list(zip(rows.tolist(), random.uniform(0.1, 0.9, n).tolist(), strict=True))


def _access(points: list[tuple[int, float]]) -> Access:
    none = np.zeros((len(points), 1))
    return Access(
        edge=np.array([[row] for row, _ in points], dtype=np.int32),
        fraction=np.array([[share] for _, share in points]),
        walk_m=none,
        walk_s=none,
    )


@pytest.mark.parametrize("class_name", ["truck", "foot"])
def test_500_real_pairs_have_the_times_of_networkx(roads: RoadTables, class_name: Any) -> None:
    free = replace(roads, turns=empty_turns())
    points = _points(free, class_name, N_ORIGINS + N_DESTINATIONS, seed=4)
    begin, end = _access(points[:N_ORIGINS]), _access(points[N_ORIGINS:])
    graph = build_graph(free)
    time_s = arc_times(graph, vehicle_classes()[class_name])
    theirs = networkx_times(graph, time_s, points)[:N_ORIGINS, N_ORIGINS:]
    assert theirs.size == 500
    assert np.isfinite(theirs).mean() > 0.8
    obeying = build_graph(roads)
    obeying_s = arc_times(obeying, vehicle_classes()[class_name])
    for name in ("hierarchy", "scipy"):
        ours = make_engine(graph, name=name).times(time_s, begin, end)
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-4)
        # A sign that forbids a turn makes no trip shorter, and a walker does not look at it.
        signed = make_engine(obeying, name=name).times(obeying_s, begin, end)
        if class_name == "foot":
            np.testing.assert_allclose(signed, ours, rtol=1e-9, atol=1e-4)
        else:
            assert (signed >= ours - 1e-4).all()


@pytest.mark.slow
def test_500_real_pairs_have_the_lengths_of_valhalla(real_data: Path, tmp_path: Path) -> None:
    from benchmarks.sections import valhalla_andorra

    program = valhalla_andorra.tile_program()
    if program is None:
        pytest.skip("Valhalla with its tile builder is not installed (extra `bench`)")
    path = real_data / "roads" / "andorra_2024.osm.pbf"
    said = {
        one["figure"]: one["value"]
        for one in valhalla_andorra.lengths_compared(path, program, tmp_path)
    }
    assert said["pairs that both answer"] >= 450
    assert said["median difference of length"] <= VALHALLA_MEDIAN
    assert said[f"share within {VALHALLA_TOLERANCE:.0%}"] >= VALHALLA_WITHIN_SHARE
