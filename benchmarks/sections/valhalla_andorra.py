"""The engine against Valhalla on the roads of Andorra: preparation, closures, and 500 real ways.

Valhalla is asked for the shortest way by car (``shortest``), our engine for the shortest over
what a pickup may use; both are lengths on the same OpenStreetMap file. What differs: Valhalla snaps
to the nearest road by its own rules, keeps off private and restricted ways at some cost, and closes
with ``exclude_locations`` the edge nearest to a point. So the comparison is of shares:
`WITHIN_SHARE` of the pairs must lie within `TOLERANCE`.
Run ``python -m benchmarks.sections.valhalla_andorra``.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from benchmarks.sections.networks import SEED, line, missing, show, timed
from data.sources.osm import read_osm
from routing.access import Access
from routing.engine import make_engine
from routing.graph import build_graph
from routing.hierarchy import prepare
from routing.hierarchy_metric import recustomize
from routing.hierarchy_travel import targets, travel_times
from routing.travel import arc_times
from routing.vehicles import vehicle_classes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from geo.network import RoadTables
    from routing.graph import Graph

N_PAIRS, N_DEPOTS, N_PLACES, N_CLOSED = 500, 10, 3000, 200
TOLERANCE, WITHIN_SHARE = 0.01, 0.9


def lines(quick: bool) -> Iterator[dict[str, Any]]:
    """All figures; with `quick` the same, they take seconds."""
    del quick
    from benchmarks.routing import _data

    path = _data() / "roads" / "andorra_2024.osm.pbf"
    if not path.exists():
        yield missing("routing", "andorra", "its file")
        return
    if (program := tile_program()) is None:
        yield missing("routing", "peers", "valhalla with valhalla_build_tiles is not installed")
        return
    with tempfile.TemporaryDirectory() as folder:
        yield from _compared(path, program, Path(folder))


def tile_program() -> Path | None:
    """The program that makes tiles: ``pyvalhalla-weekly`` has it, ``pyvalhalla`` 3.2 does not."""
    found = importlib.util.find_spec("valhalla")
    if found is None or found.origin is None:
        return None
    program = Path(found.origin).parent / "bin" / "valhalla_build_tiles"
    return program if program.exists() else None


def _compared(path: Path, program: Path, folder: Path) -> Iterator[dict[str, Any]]:
    actor, tiles_s = _actor(path, program, folder)
    own_s, (tables, graph) = timed(lambda: _routable(path), repeats=2)
    yield line("routing", "andorra roads", "file to routable, hierarchy prepared", own_s, "s",
               peer="valhalla_build_tiles", peer_value=tiles_s)  # fmt: skip
    prepare_s, _ = timed(lambda: prepare(graph), repeats=3)
    yield line("routing", "andorra roads", "prepare", prepare_s, "s", peer="valhalla_build_tiles",
               peer_value=tiles_s, goal=4.0, by_ratio=True)  # fmt: skip
    yield from _pairs(actor, graph, tables)
    yield _closures(actor, graph, tables)


def lengths_compared(path: Path, program: Path, folder: Path) -> Iterator[dict[str, Any]]:
    """The lengths of 500 ways alone; `folder` is an empty one for Valhalla's files."""
    actor, _ = _actor(path, program, folder)
    tables, graph = _routable(path)
    yield from _pairs(actor, graph, tables)


def _actor(path: Path, program: Path, folder: Path) -> tuple[Any, float]:
    """Valhalla on the roads of a file, and the seconds that its tiles took."""
    import valhalla

    config = _config(folder)
    began = time.perf_counter()
    command = [str(program), "-c", str(folder / "valhalla.json"), str(path)]
    # It leaves files where it runs.
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
    return valhalla.Actor(config), time.perf_counter() - began


def _config(folder: Path) -> dict[str, Any]:
    import valhalla

    (folder / "tiles").mkdir()
    config: dict[str, Any] = valhalla.get_config(
        tile_extract="", tile_dir=str(folder / "tiles"), verbose=False
    )
    config["mjolnir"]["concurrency"] = 2
    config["service_limits"]["max_exclude_locations"] = N_CLOSED
    limits = config["service_limits"]["auto"]
    limits |= {"max_matrix_location_pairs": 10**6, "max_matrix_distance": 1e7}
    limits |= {"max_locations": N_DEPOTS + N_PLACES}
    (folder / "valhalla.json").write_text(json.dumps(config), encoding="utf-8")
    return config


def _routable(path: Path) -> tuple[RoadTables, Graph]:
    tables = read_osm(path, places=False).roads
    graph = build_graph(tables)
    prepare(graph)
    return tables, graph


def _pairs(actor: Any, graph: Graph, tables: RoadTables) -> Iterator[dict[str, Any]]:
    """500 pairs, as 25 origins by 20 destinations."""
    begin, origins = _points(graph, 25, seed=SEED)
    end, destinations = _points(graph, 20, seed=SEED + 1)
    engine = make_engine(graph, name="hierarchy")
    own_m = engine.times(shortest_arcs(graph), origins, destinations)
    asked = {
        "sources": _where(begin, tables),
        "targets": _where(end, tables),
        "costing": "auto",
        "costing_options": {"auto": {"shortest": True}},
        "verbose": False,
    }
    answer = json.loads(actor.matrix(json.dumps(asked)))["sources_to_targets"]["distances"]
    their_m = np.array(answer, dtype=np.float64) * 1000.0
    both = np.isfinite(own_m) & np.isfinite(their_m)
    off = np.abs(own_m[both] - their_m[both]) / np.maximum(their_m[both], 1.0)
    within = float((off <= TOLERANCE).mean())
    answered = "pairs that both answer"
    yield line("routing", "andorra roads", answered, float(both.sum()), "1", peer=f"of {N_PAIRS}")
    yield line("routing", "andorra roads", "median difference of length", float(np.median(off)),
               "1", peer="valhalla, shortest", goal=TOLERANCE)  # fmt: skip
    yield {
        **line("routing", "andorra roads", f"share within {TOLERANCE:.0%}", within, "1"),
        "peer": "valhalla, shortest", "goal": WITHIN_SHARE, "ok": within >= WITHIN_SHARE,
    }  # fmt: skip


def _closures(actor: Any, graph: Graph, tables: RoadTables) -> dict[str, Any]:
    """200 roads close, and the times from 10 depots to 3,000 places are wanted anew."""
    depots, stands = _points(graph, N_DEPOTS, seed=SEED)
    places, stops = _points(graph, N_PLACES, seed=SEED + 1)
    closed, _ = _points(graph, N_CLOSED, seed=SEED + 2)
    engine = make_engine(graph, name="hierarchy")
    open_s = arc_times(graph, vehicle_classes()["pickup"])
    base = engine.metric(open_s)
    known = targets(base.hierarchy, graph, stops)
    travel_times(graph, base, stands, known)
    shut = np.isin(graph.edge, closed)

    def own() -> NDArray[np.float64]:
        now_s = open_s.copy()
        now_s[shut] = np.inf
        return travel_times(graph, recustomize(base, now_s), stands, known)

    own_s, _ = timed(own, repeats=5)
    asked = json.dumps(
        {
            "sources": _where(depots, tables),
            "targets": _where(places, tables),
            "exclude_locations": _where(closed, tables),
            "costing": "auto",
            "verbose": False,
        }
    )
    peer_s, _ = timed(lambda: actor.matrix(asked), repeats=2)
    return line("routing", "andorra roads", f"{N_CLOSED} closed, 10 x 3,000", own_s * 1e3, "ms",
                peer="valhalla, exclude_locations", peer_value=peer_s * 1e3, goal=100.0,
                by_ratio=True)  # fmt: skip


def shortest_arcs(graph: Graph) -> NDArray[np.float64]:
    """Metres in the place of seconds, over what a pickup may use and a car is let on."""
    goes = np.isfinite(arc_times(graph, vehicle_classes()["pickup"]))
    metres = np.where(goes, np.maximum(graph.length_m[graph.edge], 1e-3), np.inf)
    return np.asarray(metres, dtype=np.float64)


def _points(graph: Graph, n: int, *, seed: int) -> tuple[NDArray[np.intp], Access]:
    """Middles of roads for cars, both ways open, as rows of edges and as places on them."""
    arc_m = shortest_arcs(graph)
    both = np.isfinite(arc_m[graph.arc_along]) & np.isfinite(arc_m[graph.arc_against])
    kind = graph.tags["highway"]
    wanted = ["primary", "secondary", "tertiary", "residential", "unclassified"]
    roads = np.isin(np.array(kind.labels)[kind.code], wanted) & (graph.length_m > 30.0)
    said = graph.tags["access"]
    roads &= np.array(said.labels)[said.code] == ""
    edge = np.random.default_rng(seed).choice(np.flatnonzero(both & roads), n)
    column = edge.astype(np.int32)[:, None]
    half, none = np.full((n, 1), 0.5), np.zeros((n, 1))
    return edge, Access(edge=column, fraction=half, walk_m=none, walk_s=none)


def _where(edge: NDArray[np.intp], tables: RoadTables) -> list[dict[str, float]]:
    middle = shapely.line_interpolate_point(
        np.asarray(tables.edges.geometry.array, dtype=object)[edge], 0.5, normalized=True
    )
    return [{"lon": float(p.x), "lat": float(p.y), "radius": 0} for p in middle]


if __name__ == "__main__":
    sys.exit(show(lines("--quick" in sys.argv)))
