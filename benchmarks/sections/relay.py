"""All places by all relay chains after a closure, in the drill and on the roads of Andorra.

From 200 closures for motor vehicles (20 in the drill) to legs and roadheads of every chain, with
both engines; and for Andorra the same for 3,000 points beside its roads.
Run ``python -m benchmarks.sections.relay [--quick]``.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

from benchmarks.sections.networks import SEED, line, missing, show, timed
from data.demo.build import build_drill
from data.events import DepotRegistered
from data.sources.osm import read_osm
from geo.crs import working_crs
from geo.model import Closure, Depot
from routing.chain import Chain, chains
from routing.closures import overlay
from routing.engine import make_engine
from routing.graph import build_graph
from routing.relay import relay
from routing.relay_rules import relay_rules
from routing.vehicles import vehicle_classes
from routing.world import Sites

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from geo.network import RoadTables

GOAL_S = 0.3
MOTORS = ("truck", "light_truck", "pickup", "motorbike")
NOW = datetime(2024, 1, 1, tzinfo=UTC)


def lines(quick: bool) -> Iterator[dict[str, Any]]:
    """All figures; with `quick` without the 3,000 points."""
    from benchmarks.routing import _data

    with tempfile.TemporaryDirectory() as folder:
        drill = build_drill(Path(folder))
        depots = [
            Depot(depot_id=one.depot_id, name=one.name, lon=one.lon, lat=one.lat, active=True)
            for event in drill.events
            if isinstance(one := event.payload, DepotRegistered)
        ]
        yield from _measured("drill", drill.roads, drill.places, depots, n_closed=20)
    path = _data() / "roads" / "andorra_2024.osm.pbf"
    if not path.exists():
        yield missing("routing", "andorra roads", "its file")
        return
    source = read_osm(path)
    places = source.places.assign(place_id="place:" + source.places["osm_id"])
    depots = _depots(places)
    yield from _measured("andorra roads", source.roads, places, depots, n_closed=200)
    if not quick:
        points = _beside_roads(source.roads, 3000)
        yield from _measured("andorra roads", source.roads, points, depots, n_closed=200)


def _measured(
    case: str,
    roads: RoadTables,
    places: gpd.GeoDataFrame,
    depots: list[Depot],
    *,
    n_closed: int,
    goal: float = GOAL_S,
) -> Iterator[dict[str, Any]]:
    graph, crs = build_graph(roads), working_crs(tuple(roads.edges.total_bounds))
    sites = Sites(
        lon=places.geometry.x.to_numpy(),
        lat=places.geometry.y.to_numpy(),
        elevation_m=np.full(len(places), np.nan),
    )
    rng = np.random.default_rng(SEED)
    edges = rng.choice(graph.n_edges, n_closed, replace=False)
    closures = [
        Closure(closure_id=f"closure:{n}", edges=(str(graph.edge_ids[e]),), classes=MOTORS)
        for n, e in enumerate(edges)
    ]
    found: dict[str, list[Chain | None]] = {}
    spent_s: dict[str, float] = {}
    first_s: dict[str, float] = {}
    for name in ("scipy", "hierarchy"):
        engine = make_engine(graph, name="scipy" if name == "scipy" else "hierarchy")

        def every(number: int, engine: Any = engine, sites: Sites = sites) -> list[Chain | None]:
            # Another closure is left out every time, so that no times are known already.
            reached = relay(
                engine,
                roads,
                classes=vehicle_classes(),
                rules=relay_rules(),
                starts=("truck", "pickup"),
                depots=depots,
                overlay=overlay(graph, closures[number:], at=NOW),
                sites=sites,
                crs=crs,
                max_walk_m=2000.0,
                max_bypass_m=1000.0,
                max_time_s=12 * 3600.0,
            )
            return chains(reached, depots=depots, places=places, crs=crs)

        every(5)
        # Places of which nothing is known yet, to either engine; the best of three sets.
        others = [
            replace(sites, lon=sites.lon + n * 1e-4)
            for n in range(len(first_s) * 3 + 1, len(first_s) * 3 + 4)
        ]
        first_s[name] = min(_cpu_s(lambda o=o: every(6, sites=o)) for o in others)  # type: ignore[misc]
        spent_s[name] = min(timed(lambda n=n: every(n), repeats=1)[0] for n in (4, 3, 2, 1))  # type: ignore[misc]
        found[name] = every(0)
    same = [one and round(one.travel_time_s, 6) for one in found["scipy"]] == [
        one and round(one.travel_time_s, 6) for one in found["hierarchy"]
    ]
    by_relay = sum(one is not None and len(one.classes) > 1 for one in found["scipy"])
    what = f"{len(places)} places, all relay chains, {n_closed} closed"
    yield line("routing", case, what, spent_s["hierarchy"], "s", peer="the same with scipy",
               peer_value=spent_s["scipy"], goal=goal)  # fmt: skip
    yield line("routing", case, f"{what}: first question about them, processor time",
               first_s["hierarchy"], "s", peer="the same with scipy", peer_value=first_s["scipy"],
               goal=goal)  # fmt: skip
    yield {
        **line("routing", case, f"{what}: fastest with a change of vehicles", by_relay, "1"),
        "peer": "same times as scipy", "ok": same,
    }  # fmt: skip


def _cpu_s(work: Callable[[], object]) -> float:
    """Seconds of the processor, which others that use the machine do not change much."""
    began = time.process_time()
    work()
    return time.process_time() - began


def _depots(places: gpd.GeoDataFrame) -> list[Depot]:
    rows = np.linspace(0, len(places) - 1, 10).astype(int)
    return [
        Depot(
            depot_id=f"depot:{row}",
            name="depot",
            lon=float(places.geometry.x.iloc[row]),
            lat=float(places.geometry.y.iloc[row]),
            active=True,
        )
        for row in rows
    ]


def _beside_roads(roads: RoadTables, n: int) -> gpd.GeoDataFrame:
    """Points some hundred metres from the middle of a road."""
    rng = np.random.default_rng(SEED)
    edges = rng.choice(len(roads.edges), n)
    middle = shapely.get_coordinates(
        shapely.centroid(np.asarray(roads.edges.geometry.array, dtype=object)[edges])
    )
    moved = middle + rng.uniform(-0.003, 0.003, middle.shape)
    names = [f"point {number}" for number in range(n)]
    return gpd.GeoDataFrame(
        {"place_id": [f"place:{number}" for number in range(n)], "name": names},
        geometry=shapely.points(moved),
        crs="EPSG:4326",
    )


if __name__ == "__main__":
    sys.exit(show(lines("--quick" in sys.argv)))
