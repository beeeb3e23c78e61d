"""The engine: whichever answers, the answer is the same; what was put in lately is kept."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data.sources.osm import read_osm
from geo.crs import working_crs
from geo.errors import InputError, RuleError
from geo.model import Closure
from routing import engine as engine_module
from routing.access import attach
from routing.closures import overlay
from routing.engine import Engine, engine_named, make_engine
from routing.graph import build_graph
from routing.matrix import time_matrix
from routing.reach import RelayQuestion, reach
from routing.relay_rules import relay_rules
from routing.travel import arc_times
from routing.vehicles import vehicle_classes
from tests.factories import four_villages, make_depot

CLASSES = vehicle_classes()
NOW = datetime(2023, 9, 9, 12, tzinfo=UTC)


def test_the_size_of_the_network_or_the_caller_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = build_graph(four_villages())
    assert make_engine(graph).name == "scipy"
    said: list[str] = []
    assert make_engine(graph, tmp_path, name="hierarchy", say=said.append).name == "hierarchy"
    assert list(tmp_path.iterdir())
    monkeypatch.setattr(engine_module, "MIN_HIERARCHY_NODES", 2)
    assert make_engine(graph, tmp_path).name == "hierarchy"
    assert make_engine(graph, tmp_path, name="scipy").name == "scipy"


def test_the_variable_names_an_engine_or_leaves_the_choice() -> None:
    assert [engine_named(word) for word in ("", "auto", " Scipy ", "hierarchy")] == [
        None, None, "scipy", "hierarchy",
    ]  # fmt: skip
    with pytest.raises(InputError, match=r"QAFILA_ENGINE='osrm': hierarchy, scipy or auto"):
        engine_named("osrm")


def test_times_that_were_put_in_lately_are_not_put_in_again_and_old_ones_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine_module, "_MAX_METRICS", 2)
    graph = build_graph(four_villages())
    engine = make_engine(graph, name="hierarchy")
    truck, pickup, mule = (arc_times(graph, CLASSES[n]) for n in ("truck", "pickup", "mule"))
    first = engine.metric(truck)
    assert engine.metric(truck.copy()) is first
    engine.metric(pickup)
    engine.metric(mule)
    again = engine.metric(truck)
    assert again is not first
    assert again.weight_s.tobytes() == first.weight_s.tobytes()


@pytest.mark.parametrize("name", ["scipy", "hierarchy"])
def test_beginnings_of_another_network_are_refused(name: Any) -> None:
    graph = build_graph(four_villages())
    engine = make_engine(graph, name=name)
    times_s = arc_times(graph, CLASSES["truck"])
    for begin_s in (np.zeros(2), np.full(graph.n_nodes, -1.0), np.full(graph.n_nodes, np.nan)):
        with pytest.raises(RuleError, match="5 times of 0 or more are needed"):
            engine.spread(times_s, begin_s)
    with pytest.raises(RuleError, match="a hierarchy is needed"):
        Engine(graph).metric(times_s)


def test_on_a_real_country_both_engines_say_the_same_of_every_place(real_data: Path) -> None:
    """Reach, relays, matrix and ways of Andorra with a dozen closures."""
    source = read_osm(real_data / "roads" / "andorra_2024.osm.pbf")
    tables = source.roads
    places = source.places.assign(place_id="place:" + source.places["osm_id"])
    graph = build_graph(tables)
    crs = working_crs(tuple(tables.edges.total_bounds))
    edges = np.random.default_rng(7).choice(graph.n_edges, 12, replace=False)
    closures = [
        Closure(closure_id=f"closure:{n}", edges=(str(graph.edge_ids[e]),), classes=("pickup",))
        for n, e in enumerate(edges)
    ]
    where = places.geometry.iloc[3]
    engines = [make_engine(graph, name="scipy"), make_engine(graph, name="hierarchy")]
    plain, quick = (
        reach(
            graph, tables, classes=[CLASSES["pickup"]], places=places,
            depots=[make_depot(where.x, where.y)], closures=closures, at=NOW, crs=crs,
            max_walk_m=2000.0, engine=engine,
            by_relay=RelayQuestion(rules=relay_rules(), classes=CLASSES),
        )
        for engine in engines
    )  # fmt: skip
    assert {place.status for place in plain} >= {"reachable", "by_relay"}
    for one, other in zip(plain, quick, strict=True):
        assert (one.status, one.best.depot_id) == (other.status, other.best.depot_id)
        np.testing.assert_allclose(one.best.travel_time_s, other.best.travel_time_s, atol=1e-6)
        # Where two ways take the same time to rounding, either is right; so are their roadheads.
        spent_s = [sum(leg.travel_time_s for leg in way.best.legs) for way in (one, other)]
        np.testing.assert_allclose(spent_s[0], spent_s[1], atol=1e-6)
    state = overlay(graph, closures, at=NOW)
    lon, lat = places.geometry.x.to_numpy()[:20], places.geometry.y.to_numpy()[:20]
    tables_s = [
        time_matrix(
            graph, tables, vehicle_class=CLASSES["pickup"], overlay=state, lon=lon, lat=lat,
            crs=crs, engine=engine,
        )
        for engine in engines
    ]  # fmt: skip
    np.testing.assert_allclose(tables_s[0].travel_time_s, tables_s[1].travel_time_s, atol=1e-6)
    np.testing.assert_allclose(tables_s[0].length_m, tables_s[1].length_m, atol=1e-3)
    time_s = arc_times(graph, CLASSES["pickup"], state)
    usable = np.isfinite(time_s[graph.arc_along])
    stops = attach(graph, tables, lon, lat, usable=usable, crs=crs, k=1)
    ways = [engine.paths(time_s, stops.take([0]), stops) for engine in engines]
    for a, b in zip(*ways, strict=True):
        assert (a is None) == (b is None)
        if a is not None and b is not None:
            assert a.time_s == pytest.approx(b.time_s, abs=1e-6)
            assert time_s[a.arcs].sum() == pytest.approx(time_s[b.arcs].sum(), abs=1e-6)
