"""The same scene as plain folium shows it through streamlit-folium, as most such pages are built.

Leaflet is given to it from this machine; as it comes, it shows nothing without the internet.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from typing import TYPE_CHECKING, Any

from benchmarks.sections.screen_page import (
    CHECKOUT,
    SIZE,
    WAIT_MS,
    Received,
    cpu_s,
    frames,
    free_port,
    heap_mb,
    started,
)

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.sections.screen_scene import Scene

PEER = "plain folium + streamlit-folium"
PAGE = """
import json, pathlib
import folium, streamlit as st
from streamlit_folium import st_folium

folder = pathlib.Path({folder!r})
st.session_state.run = st.session_state.get("run", 0) + 1
m = folium.Map(location={center!r}, zoom_start=9, tiles=None, prefer_canvas=True)
for name in ("units", "roads", "buildings", "needs"):
    text = (folder / f"peer-{{name}}.geojson").read_text()
    marker = folium.CircleMarker(radius=3) if name in ("buildings", "needs") else None
    folium.GeoJson(json.loads(text), name=name, marker=marker).add_to(m)
st_folium(m, height=700, width=1300, returned_objects=["last_object_clicked"], key="map")
st.button("filter")
st.text(f"run {{st.session_state.run}} done")
"""


def measure(scene: Scene, chromium: Any, folder: Path) -> dict[str, float]:
    """Give the peer's figures by name; empty where streamlit-folium is not installed."""
    if importlib.util.find_spec("streamlit_folium") is None:
        return {}
    script = _write(scene, folder)
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)]
    options = ["--server.headless", "true", "--browser.gatherUsageStats", "false"]
    with started([*command, *options], port, "/_stcore/health") as server:
        page = chromium.new_context(viewport=SIZE).new_page()
        page.set_default_timeout(WAIT_MS)
        _give_leaflet(page)
        received = Received(page)
        before_s = cpu_s(server.pid)
        begun = time.perf_counter()
        page.goto(f"http://127.0.0.1:{port}")
        _drawn(page, 1)
        found = {"map ready": time.perf_counter() - begun, "map bytes": received.megabytes}
        found["server time of a re-run"] = 1e3 * (cpu_s(server.pid) - before_s)
        found["heap"] = heap_mb(page)
        begun = time.perf_counter()
        page.get_by_role("button", name="filter").click()
        _drawn(page, 2)
        found["a click"] = time.perf_counter() - begun
        found["frames"] = frames(_frame(page), "window.map")
        page.context.close()
    return found


def _write(scene: Scene, folder: Path) -> Path:
    for name, frame in (
        ("units", scene.units),
        ("roads", scene.roads),
        ("buildings", scene.buildings),
        ("needs", scene.need_points),
    ):
        (folder / f"peer-{name}.geojson").write_text(frame.to_json(), encoding="utf-8")
    script = folder / "peer.py"
    script.write_text(PAGE.format(folder=str(folder), center=[31.15, -8.0]), encoding="utf-8")
    return script


def _give_leaflet(page: Any) -> None:
    """Answer the addresses of Leaflet from this checkout; nothing else leaves the machine."""
    folder = CHECKOUT / "dashboard" / "static" / "vendor" / "leaflet-1.9.4"

    def answer(route: Any) -> None:
        url = route.request.url
        if "127.0.0.1" in url:
            route.continue_()
            return
        name = next((one for one in ("leaflet.js", "leaflet.css") if url.endswith(one)), None)
        if name is None:
            route.fulfill(status=200, body="", content_type=_kind(url))
        else:
            route.fulfill(path=folder / name)

    page.route("**/*", answer)


def _kind(url: str) -> str:
    return "text/css" if url.endswith(".css") else "text/javascript"


def _frame(page: Any) -> Any:
    return next(one for one in page.frames if "streamlit_folium" in one.url)


def _drawn(page: Any, run: int) -> None:
    """Wait until this run is done and its map is on the canvas."""
    page.get_by_text(f"run {run} done").wait_for()
    page.frame_locator("iframe[title*='folium']").locator(
        "canvas.leaflet-zoom-animated"
    ).first.wait_for()
    frame = _frame(page)
    frame.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)))")


def as_line(found: dict[str, float]) -> str:
    """Write the figures for a person who looks on."""
    return json.dumps({"benchmark": "screen", "case": PEER, **found})
