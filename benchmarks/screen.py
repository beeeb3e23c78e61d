"""The screen on a large scene, beside the same scene as plain folium: one JSON line a figure.

    python benchmarks/screen.py [--quick]

Scene: 3,000 places with polygons, 5,000 needs, 100,000 road edges, 60,000 graded buildings
(``--quick``: a tenth). All of it is drawn at random from one seed: only its size matters here.

- ``first map``     a fresh browser, from asking for the page until roads and live layer are drawn
- ``reload``        the same browser asks again
- ``map document``  bytes of the map's own document, and whether two runs give the same
- ``map bytes``     bytes that came over the wire until the map was drawn
- ``heap``          JavaScript heap of the map then, MB
- ``frames``        pictures a second while the map is dragged about, without a graphics card
- ``update``        a new event → its feature on an open screen, seconds, and bytes of that answer
- ``tiles``         seconds to make all vector tiles, once for a network
- ``server``        processor time of the server for one answer of the live layer, ms
- ``plain folium``  the same scene as folium writes it (GeoJSON in the document, Leaflet from this
                    machine, as streamlit-folium shows it): seconds until drawn, bytes, heap

Goals are those of the project's issue on the screen: first map 4 s, reload 1 s, ready 2 s, document
50 kB, heap 100 MB, 25 frames, an update 5 kB within two intervals. Needs a Chromium
(QAFILA_CHROMIUM, else the one on the path).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))

from dashboard.operations import loading, vector_layers  # noqa: E402
from dashboard.operations.situation import Situation  # noqa: E402
from data.events import NeedReported  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

BOUNDS = (-9.0, 30.5, -7.0, 31.8)
BROWSER = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WAIT_MS = 240_000
#: The map asks for changes this often (dashboard/map/document.py).
INTERVAL_S = 3.0


def main() -> None:
    """Make the scene, serve it, measure, then do the same with plain folium."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the scene")
    share = 0.1 if parser.parse_args().quick else 1.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scene = Scene(folder, share)
        say("scene", **scene.sizes)
        made_s = scene.load(folder / "home")
        say("tiles", seconds=round(made_s, 2))
        with served(folder / "home") as address, browser() as chromium:
            measure(address, chromium, folder / "home")
        with browser() as chromium:
            plain_folium(scene, chromium, folder)


class Scene:
    """The scene as tables, drawn from a fixed seed."""

    def __init__(self, folder: Path, share: float) -> None:
        self.folder = folder
        rng = np.random.default_rng(20230908)
        self.sizes = {
            "places": int(3_000 * share),
            "needs": int(5_000 * share),
            "edges": int(100_000 * share),
            "buildings": int(60_000 * share),
        }
        west, south, east, north = BOUNDS
        n = self.sizes["places"]
        where = np.column_stack([rng.uniform(west, east, n), rng.uniform(south, north, n)])
        self.places = gpd.GeoDataFrame(
            {
                "place_id": [f"p{i}" for i in range(n)],
                "name": [f"Douar {i}" for i in range(n)],
                "people": rng.integers(50, 2_000, n),
            },
            geometry=gpd.points_from_xy(*where.T),
            crs=4326,
        )
        turns = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        rings = where[:, None, :] + 0.008 * np.stack([np.cos(turns), np.sin(turns)], axis=1)
        self.units = gpd.GeoDataFrame(
            {"name": self.places["name"], "unit_id": self.places["place_id"]},
            geometry=shapely.polygons(rings),
            crs=4326,
        )
        m = self.sizes["edges"]
        starts = np.column_stack([rng.uniform(west, east, m), rng.uniform(south, north, m)])
        steps = np.cumsum(rng.normal(0, 0.0012, (m, 6, 2)), axis=1)
        kinds = ["primary", "secondary", "tertiary", "unclassified", "track", "path", "residential"]
        self.roads = gpd.GeoDataFrame(
            {
                "highway": rng.choice(kinds, m, p=[0.03, 0.04, 0.08, 0.2, 0.3, 0.25, 0.1]),
                "name": "",
            },
            geometry=shapely.linestrings(starts[:, None, :] + steps),
            crs=4326,
        )
        b = self.sizes["buildings"]
        beside = where[rng.integers(0, n, b)] + rng.normal(0, 0.003, (b, 2))
        grades = ["Destroyed", "Damaged", "Possibly Damaged"]
        self.buildings = gpd.GeoDataFrame(
            {
                "damage_gra": rng.choice(grades, b, p=[0.3, 0.3, 0.4]),
                "SensorDate": "2023-09-10",
                "SensorID": "WorldView-3",
            },
            geometry=gpd.points_from_xy(*beside.T),
            crs=4326,
        )
        self.needs = pd.DataFrame(
            {
                "place": rng.integers(0, n, self.sizes["needs"]),
                "item": rng.choice(["tent", "blanket", "food_kit"], self.sizes["needs"]),
                "quantity": rng.integers(1, 200, self.sizes["needs"]),
            }
        )

    def load(self, home: Path) -> float:
        """Load the scene into a situation; gives the seconds that making the tiles took."""
        for name, frame in (("places", self.places), ("units", self.units)):
            frame.to_file(self.folder / f"{name}.geojson")
        self.roads.to_file(self.folder / "roads.gpkg")
        self.buildings.to_file(self.folder / "damage.geojson")
        with Situation.create(home, name="Scene") as situation:
            loading.load(situation, "places", [self.folder / "places.geojson"])
            loading.load(situation, "boundaries", [self.folder / "units.geojson"])
            loading.load(situation, "roads", [self.folder / "roads.gpkg"])
            loading.load(situation, "damage", [self.folder / "damage.geojson"])
            ids = situation.places()["place_id"].tolist()
            now = datetime.now(UTC)
            situation.record(
                [
                    NeedReported(
                        need_id=f"need:{i}",
                        place_id=ids[row.place % len(ids)],
                        item_id=row.item,
                        quantity=Decimal(int(row.quantity)),
                        unit={"tent": "tent", "blanket": "piece", "food_kit": "kit"}[row.item],
                        expires_at=now + timedelta(days=2),
                    )
                    for i, row in enumerate(self.needs.itertuples())
                ]
            )
            begun = time.perf_counter()
            for layer in vector_layers.vector_layers(situation):
                vector_layers.vector_file(situation, layer.key)
            return time.perf_counter() - begun


def measure(address: str, chromium: Any, home: Path) -> None:
    """Measure the served scene in a browser."""
    context = chromium.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    received: list[int] = []
    page.on("response", lambda answer: received.append(size_of(answer)))
    for name, goal in (("first map", 4.0), ("reload", 1.0)):
        received.clear()
        begun = time.perf_counter()
        page.goto(address)
        drawn(page.frame_locator("iframe[title*='map']"))
        figure(
            name, time.perf_counter() - begun, "s", goal, megabytes=round(sum(received) / 1e6, 2)
        )
    context.close()
    context = chromium.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    received.clear()
    page.on("response", lambda answer: received.append(size_of(answer)))
    begun = time.perf_counter()
    page.goto(address + "/map/en/")
    drawn(page)
    figure("map ready", time.perf_counter() - begun, "s", 2.0)
    figure("map bytes", sum(received) / 1e6, "MB", None)
    first, second = (context.request.get(address + "/map/en/").body() for _ in range(2))
    figure("map document", len(first) / 1e3, "kB", 50.0, same_each_time=first == second)
    figure("heap", heap_mb(page), "MB", 100.0)
    figure("frames", frames(page, "qafila.map"), "1/s", 25.0, at_least=True)
    live(address, context)
    update(page, home)
    context.close()


def live(address: str, context: Any) -> None:
    """Time the live layer: whole, and when nothing changed."""
    whole = context.request.get(address + "/api/v1/live").json()
    times = []
    for _ in range(20):
        begun = time.perf_counter()
        answer = context.request.get(f"{address}/api/v1/live?since={whole['cursor']}").body()
        times.append(time.perf_counter() - begun)
    figure("live, nothing new", 1e3 * float(np.median(times)), "ms", 20.0, bytes=len(answer))


def update(page: Any, home: Path) -> None:
    """Record a need as somebody else would, and wait until the open map has it."""
    sizes: list[int] = []
    page.on(
        "response",
        lambda answer: sizes.append(size_of(answer)) if "/live?since=" in answer.url else None,
    )
    with Situation.open(home) as situation:
        place_id = situation.places()["place_id"].iloc[0]
        before = situation.seq()
        need = NeedReported(
            need_id="need:new",
            place_id=place_id,
            item_id="tent",
            quantity=Decimal(7),
            unit="tent",
        )
        situation.record([need])
    begun = time.perf_counter()
    page.locator(f"html[data-seq='{before + 1}']").wait_for(state="attached", timeout=WAIT_MS)
    took = time.perf_counter() - begun
    figure("update", took, "s", 2 * INTERVAL_S, kilobytes=round(max(sizes, default=0) / 1e3, 2))


def plain_folium(scene: Scene, chromium: Any, folder: Path) -> None:
    """Write the same scene as folium does by itself, serve it with a local Leaflet, measure."""
    import folium

    begun = time.process_time()
    west, south, east, north = BOUNDS
    plain = folium.Map(
        location=[(south + north) / 2, (west + east) / 2],
        zoom_start=9,
        tiles=None,
        prefer_canvas=True,
    )
    for name, frame in (
        ("units", scene.units),
        ("roads", scene.roads),
        ("buildings", scene.buildings),
        ("needs", scene.places),
    ):
        marker = folium.CircleMarker(radius=3) if frame.geom_type.iloc[0] == "Point" else None
        folium.GeoJson(frame.to_json(), name=name, marker=marker).add_to(plain)
    html = plain.get_root().render()
    figure("plain folium, written", time.process_time() - begun, "s of processor time", None)
    leaflet = CHECKOUT / "dashboard" / "static" / "vendor" / "leaflet-1.9.4"
    for name in ("leaflet.js", "leaflet.css"):
        shutil.copy(leaflet / name, folder / name)
        address = next(
            one for key, one in [*plain.default_js, *plain.default_css] if one.endswith(name)
        )
        html = html.replace(address, name)
    (folder / "plain.html").write_text(html, encoding="utf-8")
    figure("plain folium, document", len(html) / 1e6, "MB", None)

    def handler(*given: Any, **options: Any) -> SimpleHTTPRequestHandler:
        return Quiet(*given, directory=str(folder), **options)

    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page = chromium.new_context(viewport={"width": 1400, "height": 900}).new_page()
    page.set_default_timeout(WAIT_MS)
    begun = time.perf_counter()
    page.goto(f"http://127.0.0.1:{server.server_port}/plain.html", wait_until="commit")
    name = plain.get_name()
    page.wait_for_function(
        f"document.readyState === 'complete' && typeof {name} !== 'undefined'", timeout=WAIT_MS
    )
    # One more picture, so that what was put on the canvas is drawn.
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)))")
    figure("plain folium, drawn", time.perf_counter() - begun, "s", None)
    figure("plain folium, heap", heap_mb(page), "MB", None)
    figure("plain folium, frames", frames(page, name), "1/s", None)
    server.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing."""

    def log_message(self, *_given: Any) -> None:
        """Say nothing."""


def drawn(page: Any) -> None:
    """Wait until the map holds its live layer and its roads."""
    page.locator("html[data-live][data-roads='drawn']").wait_for(state="attached", timeout=WAIT_MS)


def size_of(answer: Any) -> int:
    """Bytes of an answer over the wire, as far as its headers say."""
    return int(answer.headers.get("content-length", 0))


def heap_mb(page: Any) -> float:
    """JavaScript heap after a collection, in MB."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    return float(session.send("Runtime.getHeapUsage")["usedSize"]) / 1e6


def frames(page: Any, name: str) -> float:
    """Pictures a second while the map is moved about for three seconds."""
    count = page.evaluate(
        f"""() => new Promise((done) => {{
            const map = {name};
            let n = 0;
            const begun = performance.now();
            const step = () => {{
                n += 1;
                map.panBy([n % 2 ? 9 : -7, n % 3 ? 5 : -8], {{ animate: false }});
                if (performance.now() - begun < 3000) requestAnimationFrame(step);
                else done(n / ((performance.now() - begun) / 1000));
            }};
            requestAnimationFrame(step);
        }})"""
    )
    return float(count)


@contextmanager
def served(home: Path) -> Iterator[str]:
    """Serve a situation in a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "dashboard.cli", "serve", "--home", str(home)]
    begun = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--port", str(port)],
        cwd=CHECKOUT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not answers(port):
        if process.poll() is not None or time.perf_counter() - begun > 120:
            raise SystemExit("the server did not start")
        time.sleep(0.05)
    figure("spawn to answer", time.perf_counter() - begun, "s", None)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def answers(port: int) -> bool:
    """Whether something answers on this port of this machine."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@contextmanager
def browser() -> Iterator[Any]:
    """Start a Chromium without a graphics card."""
    from playwright.sync_api import sync_playwright

    path = os.environ.get("QAFILA_CHROMIUM") or shutil.which("chromium")
    if path is None:
        raise SystemExit("no Chromium found; set QAFILA_CHROMIUM")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=BROWSER)
        yield chromium
        chromium.close()


def figure(
    name: str, value: float, unit: str, goal: float | None, *, at_least: bool = False, **more: Any
) -> None:
    """Print a figure with its goal and whether it is met."""
    known = (
        {} if goal is None else {"goal": goal, "met": value >= goal if at_least else value <= goal}
    )
    say(name, value=round(value, 2), unit=unit, **known, **more)


def say(name: str, **values: Any) -> None:
    """Print one line."""
    print(json.dumps({"benchmark": "screen", "figure": name, **values}), flush=True)


if __name__ == "__main__":
    main()
