"""The screen on a large scene, beside the same scene as plain folium: one JSON line a figure.

    python benchmarks/screen.py [--quick] [--minutes M] [--only PART …]

Scene: 3,000 places with polygons, 5,000 needs, 100,000 road edges, 60,000 graded buildings
(``--quick``: a tenth, and one minute of sessions). All of it is drawn at random from one seed: only
its size matters here. Parts:

- ``map``       first map (from the start of the server with an empty browser cache) and when the
                page with its own map is there, the same of a reload, map ready, a click, server
                time of a re-run, its document, bytes, heap, frames; how long a new event takes to
                open screens, and what 1,000 updates leave on the heap
- ``sessions``  50 open screens that refresh every 2 s
- ``slow``      first load and reload over 600 ms and 1 Mbit/s
- the peer      the same scene through folium and streamlit-folium as they come, in the same run,
                with Leaflet given from this machine; it is said where it is not installed

Goals are those of the project's issue on the screen. Needs a Chromium (QAFILA_CHROMIUM, else the
one on the path).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))

from benchmarks.sections import screen_peer, screen_sessions  # noqa: E402
from benchmarks.sections.networks import line, missing, show  # noqa: E402
from benchmarks.sections.screen_page import (  # noqa: E402
    SIZE,
    WAIT_MS,
    Received,
    browser,
    cpu_s,
    drawn,
    frames,
    free_port,
    heap_mb,
    maps_drawn_s,
    serve_command,
    started,
)
from benchmarks.sections.screen_scene import Scene  # noqa: E402
from dashboard.operations.situation import Situation  # noqa: E402
from data.events import NeedReported  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

Line = dict[str, Any]

PARTS = ("map", "sessions", "slow")
#: The map asks for changes this often (dashboard/map/document.py).
INTERVAL_S = 3.0
N_UPDATES = 1_000
SLOW = {
    "offline": False,
    "latency": 600,
    "downloadThroughput": 125_000,
    "uploadThroughput": 125_000,
}
RELOADS = 3


def main() -> int:
    """Make the scene, measure the peer, then serve the scene and measure ours."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the scene")
    parser.add_argument("--minutes", type=float, default=None, help="how long the sessions last")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    options = parser.parse_args()
    minutes = options.minutes or (0.3 if options.quick else 5.0)
    with tempfile.TemporaryDirectory() as name:
        return show(lines(Path(name), 0.1 if options.quick else 1.0, minutes, options.only))


def lines(folder: Path, share: float, minutes: float, parts: list[str]) -> Iterator[Line]:
    """All figures of the parts that are asked for."""
    scene = Scene(folder, share)
    made_s = scene.load(folder / "home")
    case = ", ".join(f"{n} {what}" for what, n in scene.sizes.items())
    yield line("screen", case, "vector tiles made once", made_s, "s")
    peer: dict[str, float] = {}
    if "map" in parts:
        with browser() as chromium:
            peer = screen_peer.measure(scene, chromium, folder)
        if not peer:
            yield missing("screen", screen_peer.PEER, "streamlit-folium is not installed")
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with browser() as chromium:
        if "map" in parts:
            yield from first_map(folder / "home", chromium, peer, case)
        with started(serve_command(folder / "home", port), port, "/api/v1/live") as server:
            if "map" in parts:
                yield from on_map(address, chromium, peer, case)
                yield from page(address, chromium, server.pid, peer, case)
                yield from updates(address, chromium, folder / "home", case)
            if "slow" in parts:
                yield from slow_link(address, chromium, case)
            if "sessions" in parts:
                yield from sessions(address, server.pid, folder / "home", minutes)


def first_map(home: Path, chromium: Any, peer: dict[str, float], case: str) -> Iterator[Line]:
    """From starting the server to the drawn map, with nothing in the browser's cache; reloads."""
    port = free_port()
    context = chromium.new_context(viewport=SIZE)
    screen = context.new_page()
    begun = time.perf_counter()
    with started(serve_command(home, port), port, "/api/v1/health"):
        spawned = time.perf_counter() - begun
        screen.goto(f"http://127.0.0.1:{port}", wait_until="commit")
        first, own = maps_drawn_s(screen)
        yield line("screen", case, "spawn to answer", spawned, "s")
        yield line("screen", case, "spawn to first map", spawned + first, "s", goal=4.0)
        yield line("screen", case, "spawn to the page with its map", spawned + own, "s")
        times = []
        for _ in range(RELOADS):
            screen.reload(wait_until="commit")
            times.append(maps_drawn_s(screen))
        first, own = np.median(times, axis=0)
        yield line("screen", case, "reload: first map", float(first), "s", goal=1.0)
        yield line("screen", case, "reload: the page with its map", float(own), "s")
    context.close()


def on_map(address: str, chromium: Any, peer: dict[str, float], case: str) -> Iterator[Line]:
    """The map by itself: until it is drawn, what it weighs, how smoothly it moves."""
    context = chromium.new_context(viewport=SIZE)
    screen = context.new_page()
    received = Received(screen)
    begun = time.perf_counter()
    screen.goto(address + "/map/en/")
    drawn(screen)
    took = time.perf_counter() - begun
    yield beside(peer, "map ready", took, "s", case, goal=2.0)
    yield beside(peer, "map bytes", received.megabytes, "MB", case)
    first, second = (context.request.get(address + "/map/en/").body() for _ in range(2))
    size = len(first) / 1e3 if first == second else float("inf")
    yield line("screen", case, "map document, the same each time", size, "kB", goal=50.0)
    yield beside(peer, "heap", heap_mb(screen), "MB", case, goal=100.0)
    smooth = frames(screen, "qafila.map")
    told = beside(peer, "frames", smooth, "1/s", case)
    yield {**told, "goal": 25.0, "ok": smooth >= 25.0, "ratio": _times(smooth, peer.get("frames"))}
    context.close()


def page(
    address: str, chromium: Any, pid: int, peer: dict[str, float], case: str
) -> Iterator[Line]:
    """A click on a road, a change of what stands beside the map, and the server's work for it."""
    context = chromium.new_context(viewport=SIZE)
    screen = context.new_page()
    screen.goto(address)
    drawn(screen.frame_locator("iframe[title*='map']"))
    times = []
    for name, found in (("Convoys", "There is no plan yet"), ("Sources", "Where the figures")) * 3:
        begun = time.perf_counter()
        screen.get_by_role("radio", name=name).click()
        screen.get_by_text(found).first.wait_for()
        times.append(time.perf_counter() - begun)
    yield beside(peer, "a click", float(np.median(times)), "s", case, goal=0.4)
    context.close()
    n = 20
    before = cpu_s(pid)
    screen_sessions.reruns(address, n)
    each = 1e3 * (cpu_s(pid) - before) / n
    yield beside(peer, "server time of a re-run", each, "ms", case, goal=20.0)


def updates(address: str, chromium: Any, home: Path, case: str) -> Iterator[Line]:
    """A need as somebody else records it, then a thousand updates, with a popup open."""
    context = chromium.new_context(viewport=SIZE)
    screens = [context.new_page() for _ in range(2)]
    sizes: list[float] = []
    for screen in screens:
        screen.goto(address + "/map/en/")
        drawn(screen)
    screens[0].on("response", lambda one: sizes.append(_sent(one)) if "since=" in one.url else None)
    before = record_need(home, "need:new")
    begun = time.perf_counter()
    for screen in screens:
        screen.locator(f"html[data-seq='{before + 1}']").wait_for(state="attached", timeout=WAIT_MS)
    took = time.perf_counter() - begun
    yield line("screen", case, "event to two open screens", took, "s", goal=2 * INTERVAL_S)
    yield line("screen", case, "bytes of an update", max(sizes, default=0) / 1e3, "kB", goal=5.0)
    grown, popups = many_updates(screens[0])
    yield line("screen", case, f"heap growth of {N_UPDATES} updates", grown, "MB", goal=5.0)
    yield line("screen", case, "popups closed by them", float(1 - popups), "", goal=0.0)
    context.close()


def many_updates(screen: Any) -> tuple[float, int]:
    """Let the open map take updates of one place each; gives MB of heap more, and popups open."""
    place = screen.evaluate(
        """async () => {
            const whole = await (await fetch("../../api/v1/live")).json();
            const place = whole.features.find((one) => one.properties.kind === "place");
            qafila.focus(place.id);
            return place;
        }"""
    )
    count = {"n": 0}

    def answer(route: Any) -> None:
        count["n"] += 1
        place["properties"]["affected"] = count["n"]
        body = {
            "cursor": f"x.{count['n']}", "seq": 10**6 + count["n"], "full": False,
            "made_at": "2023-09-10T12:00:00Z", "features": [place], "removed": [],
        }  # fmt: skip
        route.fulfill(json=body)

    screen.route("**/api/v1/live?*", answer)
    poll = "async (n) => { for (let i = 0; i < n; i++) await qafila.poll(); }"
    screen.evaluate(poll, 20)
    before = heap_mb(screen)
    screen.evaluate(poll, N_UPDATES)
    grown = heap_mb(screen) - before
    return grown, screen.locator(".q-popup").count()


def slow_link(address: str, chromium: Any, case: str) -> Iterator[Line]:
    """The page over a satellite: 600 ms there and back, 1 Mbit a second."""
    context = chromium.new_context(viewport=SIZE)
    screen = context.new_page()
    screen.set_default_timeout(WAIT_MS)
    received = Received(screen)
    session = context.new_cdp_session(screen)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW)
    for name, goal in (("first load", 20.0), ("reload", 5.0)):
        received.clear()
        if name == "first load":
            screen.goto(address, wait_until="commit")
        else:
            screen.reload(wait_until="commit")
        first, own = maps_drawn_s(screen)
        yield line("screen", "600 ms, 1 Mbit/s", f"{name}: first map", first, "s", goal=goal)
        yield line("screen", "600 ms, 1 Mbit/s", f"{name}: the page with its map", own, "s")
        yield line("screen", "600 ms, 1 Mbit/s", f"bytes of {name}", received.megabytes, "MB")
    context.close()


def sessions(address: str, pid: int, home: Path, minutes: float) -> Iterator[Line]:
    """Fifty open screens."""
    count = iter(range(10**6))
    found = screen_sessions.measure(
        address,
        pid,
        seconds=60 * minutes,
        change=lambda: record_need(home, f"need:s{next(count)}"),
    )
    n, every_s = screen_sessions.N_SESSIONS, screen_sessions.EVERY_S
    case = f"{n} screens, every {every_s:g} s, {minutes:g} min"
    goals = {
        "refresh p95": ("s", 0.2), "share of a core": ("", 0.5), "memory a session": ("MB", 1.0),
        "growth a session": ("MB", 0.1), "refresh p50": ("s", None), "live p95": ("s", None),
        "refreshes": ("", None), "changes": ("", None),
    }  # fmt: skip
    for name, (unit, goal) in goals.items():
        yield line("screen", case, name, found[name], unit, goal=goal)


def record_need(home: Path, need_id: str) -> int:
    """Record a need as another program would; gives the number of the event before it."""
    with Situation.open(home) as situation:
        place_id = situation.places()["place_id"].iloc[0]
        before = situation.seq()
        need = NeedReported(
            need_id=need_id, place_id=place_id, item_id="tent", quantity=Decimal(7), unit="tent"
        )
        situation.record([need])
    return before


def beside(
    peer: dict[str, float], name: str, value: float, unit: str, case: str, **more: Any
) -> Line:
    """A figure with the peer's, where there is one."""
    other = peer.get(name)
    named = None if other is None else screen_peer.PEER
    return line("screen", case, name, value, unit, peer=named, peer_value=other, **more)


def _times(value: float, other: float | None) -> float | None:
    return None if not other else round(value / other, 1)


def _sent(answer: Any) -> float:
    return float(answer.request.sizes()["responseBodySize"])


if __name__ == "__main__":
    sys.exit(main())
