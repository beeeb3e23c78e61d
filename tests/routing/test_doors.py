"""Depots and places on edges: doors give what the plain reference gives."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from geo.model import Closure
from geo.turns import TURN_COLUMNS
from routing.clearance import Clearing
from routing.clearance_network import blocked_graph, by_connection, by_time
from routing.closures import overlay
from routing.graph import build_graph
from routing.hierarchy import prepare
from routing.stands import stands_of
from routing.travel import arc_times, travel_times
from routing.vehicles import vehicle_classes
from routing.work_sites import crew_rates, site_of_arc, work_sites
from tests.factories import WORKING_CRS, four_villages, make_depot, make_places

NOON = datetime(2023, 9, 10, 12, tzinfo=UTC)
TABLES = four_villages()
#: Nobody with a motor turns from the main road into the upper one: the upper end has copies.
NO_TURN = pd.DataFrame([("main", "n1", "upper", "no", "motor", "")], columns=list(TURN_COLUMNS))
#: Beside main, upper, the bypass and the track; the first shares an edge with the second depot.
PLACES = make_places([(-7.97, 31.001), (-7.92, 31.0005), (-7.955, 31.05), (-7.94, 31.007)])
DEPOTS = [make_depot(), make_depot(-7.96, 31.0, depot_id="depot:road")]


@pytest.mark.parametrize("turns", [None, NO_TURN], ids=["free", "turn forbidden"])
@pytest.mark.parametrize("class_name", ["truck", "pickup", "foot"])
@pytest.mark.parametrize("edges", [("main",), ("main+", "bypass"), ("upper", "main", "bypass-")])
def test_every_state_of_the_sites_equals_the_plain_reference(
    class_name: str, edges: tuple[str, ...], turns: pd.DataFrame | None
) -> None:
    tables = TABLES if turns is None else replace(TABLES, turns=turns)
    graph = build_graph(tables)
    assert (graph.n_arcs > 2 * graph.n_edges) == (turns is not None)
    vehicle = vehicle_classes()[class_name]  # type: ignore[index]
    closures = [Closure(closure_id=f"closure:{one}", edges=(one,)) for one in edges]
    here = stands_of(graph, tables, vehicle, places=PLACES, depots=DEPOTS, crs=WORKING_CRS)
    state = overlay(graph, closures, at=NOON)
    sites = work_sites(graph, state, vehicle, here.open_s, rates=crew_rates())
    assert sites
    blocked = blocked_graph(
        graph, here.open_s, site_of_arc(sites, graph.n_arcs), len(sites), here.depots, here.places
    )
    clearing = Clearing(
        by_time(blocked, prepare(graph)), np.ones(4), np.ones(len(sites)), limit_s=1e6
    )
    joined = Clearing(by_connection(blocked), np.ones(4), np.ones(len(sites)), limit_s=0.0)
    left = list(closures)
    for number in range(len(sites) + 1):
        time_s = arc_times(graph, vehicle, overlay(graph, left, at=NOON))
        expected = travel_times(graph, time_s, here.depots, here.places).min(axis=0)
        assert clearing.places_s == pytest.approx(expected, rel=1e-9, abs=1e-5)
        assert (joined.reached == np.isfinite(expected)).all()
        if number < len(sites):
            gone = set(sites[number].closure_ids)
            left = [one for one in left if one.closure_id not in gone]
            clearing.open(number)
            joined.open(number)
