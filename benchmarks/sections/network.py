"""Networks against their peers: from a file of OpenStreetMap to a graph, a country kept on disk.

A country is Andorra's tables laid side by side, 13 × 13 times, to the 1.5 million junctions of
Morocco: the sizes are real, the map is not. Every step runs in a process of its own, whose peak of
resident memory is told. Run ``python -m benchmarks.sections.network [--quick]``.
"""

from __future__ import annotations

import importlib.util
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from benchmarks.sections.networks import SEED, line, missing, show, timed
from data.sources.osm import read_osm
from geo.crs import project
from geo.network import RoadTables, read_road_tables, road_tables, write_road_tables
from geo.road_store import open_mapped_roads, write_mapped_roads
from routing.edge_index import working_lines
from routing.graph import build_graph
from routing.graph_store import read_graph, write_graph
from routing.nearby_edges import nearby_edges

if TYPE_CHECKING:
    from collections.abc import Iterator

N_ACROSS = 13
STEP_DEG = (0.36, 0.26)
KEY = "benchmark"
# The zone in which most of the country lies.
CRS = "EPSG:32630"
# What Valhalla and OSRM take for Andorra, measured when the goal was set; twice that is the goal.
ENGINES_S = 1.1


def lines(quick: bool) -> Iterator[dict[str, Any]]:
    """All figures."""
    extract = _data() / "roads" / "andorra_2024.osm.pbf"
    if not extract.is_file():
        yield missing("network", "andorra", "its file")
        return
    own = _in_child("extract", extract)
    yield line(
        "network", "andorra", ".osm.pbf to routable", own["seconds"], "s",
        peer="Valhalla's and OSRM's own preparation, as measured when the goal was set",
        peer_value=ENGINES_S, goal=2 * ENGINES_S,
    )  # fmt: skip
    yield line("network", "andorra", "peak resident memory", own["peak_mib"], "MiB", goal=600.0)
    if quick:
        yield missing("network", "andorra by osmnx", "left out with --quick, it takes a minute")
        yield missing("network", "country", "left out with --quick, it takes two minutes")
        return
    if importlib.util.find_spec("osmnx") is None:
        yield missing("network", "andorra by osmnx", "not installed")
    else:
        yield line(
            "network", "andorra", ".osm.pbf to routable", own["seconds"], "s",
            peer="osmnx graph_from_xml", peer_value=_osmnx_s(extract), goal=20.0, by_ratio=True,
        )  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="qafila-country-") as name:
        folder = Path(name)
        _in_child("tile", extract, folder)
        made = _in_child("build", folder)
        yield line("network", "country", "junction nodes", made["nodes"], "1")
        yield line("network", "country", "read tables and build graph", made["seconds"], "s")
        yield line("network", "country", "write graph", made["write_s"], "s")
        yield line("network", "country", "peak resident memory", made["peak_mib"], "MiB", goal=4096)
        opened = _in_child("open", folder)
        yield line("network", "country", "open graph memory-mapped", opened["seconds"], "s", goal=2)
        yield line("network", "country", "find an edge by its id", opened["find_s"], "s")
        again = _in_child("again", folder)
        for figure, name, goal in (
            ("open road tables memory-mapped", "open_s", 2.0),
            ("first roads near 3,000 places, after opening", "near_s", None),
            ("all lines read and projected", "all_s", None),
        ):
            yield line("network", "country", figure, again[name], "s", goal=goal)
        figure = "resident memory with tables opened and 3,000 places attached"
        yield line("network", "country", figure, again["near_mib"], "MiB", goal=4096)


def _data() -> Path:
    named = os.environ.get("QAFILA_TEST_DATA")
    return Path(named) if named else Path(__file__).resolve().parents[3] / "shared" / "data"


def _osmnx_s(extract: Path) -> float:
    import osmium
    import osmnx

    with tempfile.TemporaryDirectory(prefix="qafila-osmnx-") as name:
        # The peer reads XML only; the conversion of the whole extract is not counted.
        path = Path(name) / "roads.osm"
        with osmium.SimpleWriter(str(path)) as writer:
            for thing in osmium.FileProcessor(str(extract)):
                writer.add(thing)
        seconds, _ = timed(lambda: osmnx.graph_from_xml(path, retain_all=True), repeats=1)
    return seconds


# --- steps that run in a process of their own ---------------------------------------------------


def _in_child(*words: str | Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.sections.network", "--child", *map(str, words)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _child(step: str, *words: str) -> None:
    paths = [Path(word) for word in words]
    steps = {"extract": _extract, "tile": _tile, "build": _build, "open": _open, "again": _again}
    found = steps[step](*paths)
    print(json.dumps({**found, "peak_mib": _peak_mib()}))


def _peak_mib() -> float:
    status = Path("/proc/self/status")
    if status.exists():
        # Not ru_maxrss, which begins with what the parent held when it started this process.
        return int(status.read_text(encoding="ascii").split("VmHWM:")[1].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _extract(path: Path) -> dict[str, float]:
    seconds, _ = timed(lambda: build_graph(read_osm(path, places=False).roads), repeats=4)
    return {"seconds": seconds}


def _tile(extract: Path, folder: Path) -> dict[str, float]:
    write_road_tables(tiled(read_osm(extract, places=False).roads, N_ACROSS), folder / "tables")
    return {}


def _build(folder: Path) -> dict[str, float]:
    began = time.perf_counter()
    tables = read_road_tables(folder / "tables")
    graph = build_graph(tables)
    seconds = time.perf_counter() - began
    write_mapped_roads(tables, folder / "mapped")
    write_s, _ = timed(lambda: write_graph(graph, folder / "graph", key=KEY), repeats=1)
    return {"nodes": graph.n_nodes, "seconds": seconds, "write_s": write_s}


def _open(folder: Path) -> dict[str, float]:
    seconds, graph = timed(lambda: read_graph(folder / "graph", key=KEY), repeats=1)
    find_s, row = timed(lambda: graph.rows_of([graph.edge_ids[12_345]]), repeats=1)
    if row.tolist() != [12_345]:
        raise AssertionError("an edge is not found by its id")
    return {"seconds": seconds, "find_s": find_s}


def _again(folder: Path) -> dict[str, float]:
    """What a second process waits for: tables, then the roads near 3,000 places."""
    open_s, tables = timed(lambda: open_mapped_roads(folder / "mapped"), repeats=1)
    rng = np.random.default_rng(SEED)
    at = tables.nodes.iloc[rng.choice(len(tables.nodes), 3000)]
    points = np.asarray(shapely.points(*project(at["lon"], at["lat"], CRS)), dtype=object)
    usable = (tables.edges["highway"] != "footway").to_numpy()

    def near() -> object:
        nearby = nearby_edges(tables, CRS, points)
        return nearby.nearest(of=usable, max_distance_m=1500.0, k=4)

    near_s, _ = timed(near, repeats=1)
    near_mib = _peak_mib()
    all_s, _ = timed(lambda: working_lines(tables, CRS), repeats=1)
    return {"open_s": open_s, "near_s": near_s, "near_mib": near_mib, "all_s": all_s}


def tiled(tables: RoadTables, n_across: int) -> RoadTables:
    """The tables side by side, `n_across` times each way, with ids of their own."""
    nodes, edges = tables.nodes, tables.edges
    n_tiles, n_nodes, n_edges = n_across**2, len(nodes), len(edges)
    tile_of_node = np.repeat(np.arange(n_tiles), n_nodes)
    tile_of_edge = np.repeat(np.arange(n_tiles), n_edges)
    shift = np.column_stack([np.arange(n_tiles) % n_across, np.arange(n_tiles) // n_across])
    shift = shift * STEP_DEG - (9.0, 15.0)
    lines_of = edges.geometry.to_numpy()
    points = np.tile(shapely.get_coordinates(lines_of), (n_tiles, 1))
    n_points = np.tile(shapely.get_num_coordinates(lines_of), n_tiles)
    edge_of = np.repeat(np.arange(n_tiles * n_edges), n_points)
    points += shift[tile_of_edge[edge_of]]
    plain = edges.drop(columns=["geometry", "edge_id", "u", "v"])
    columns: dict[str, Any] = {name: np.tile(plain[name], n_tiles) for name in plain}
    columns["edge_id"] = _prefixed(tile_of_edge, edges["edge_id"], n_tiles)
    for name in ("u", "v"):
        columns[name] = np.tile(edges[name], n_tiles) + (tile_of_edge * n_nodes).astype(np.int32)
    every = pd.DataFrame(
        {
            "node_id": _prefixed(tile_of_node, nodes["node_id"], n_tiles),
            "lon": np.tile(nodes["lon"], n_tiles) + shift[tile_of_node, 0],
            "lat": np.tile(nodes["lat"], n_tiles) + shift[tile_of_node, 1],
        }
    )
    drawn = shapely.linestrings(points, indices=edge_of)
    frame = gpd.GeoDataFrame(columns, geometry=drawn, crs=edges.crs)
    return road_tables(every, frame, source=tables.source)


def _prefixed(tile: Any, ids: pd.Series, n_tiles: int) -> Any:
    plain = np.tile(ids.to_numpy(dtype=object).astype(str), n_tiles)
    return np.char.add(np.char.add(tile.astype(str), ":"), plain)


if __name__ == "__main__":
    if "--child" in sys.argv[1:]:
        _child(*sys.argv[sys.argv.index("--child") + 1 :])
        sys.exit(0)
    sys.exit(show(lines("--quick" in sys.argv[1:])))
