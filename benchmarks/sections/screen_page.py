"""A served situation and a browser without a graphics card, and what is measured of them."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CHECKOUT = Path(__file__).resolve().parents[2]
BROWSER = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WAIT_MS = 240_000
SIZE = {"width": 1400, "height": 900}


@contextmanager
def started(command: Sequence[str], port: int, path: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the end of the block; it is entered when `path` is answered."""
    process = subprocess.Popen(
        command, cwd=CHECKOUT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until = time.perf_counter() + 120
        while not answers(port, path):
            if process.poll() is not None or time.perf_counter() > until:
                raise SystemExit("the server did not start")
            time.sleep(0.02)
        yield process
    finally:
        process.terminate()
        process.wait(timeout=30)


def serve_command(home: Path, port: int) -> list[str]:
    """Give the command that serves a situation."""
    command = [sys.executable, "-m", "dashboard.cli", "serve", "--home", str(home)]
    return [*command, "--port", str(port)]


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def answers(port: int, path: str = "/api/v1/health") -> bool:
    """Whether this path is answered on this port of this machine."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
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


def drawn(page: Any) -> None:
    """Wait until the map holds its live layer and its roads."""
    page.locator("html[data-live][data-roads='drawn']").wait_for(state="attached", timeout=WAIT_MS)


def maps_drawn_s(page: Any) -> tuple[float, float]:
    """Wait for the page's own map; gives when the first map and when that one was drawn.

    In seconds since the browser was sent there. The first map comes before the page, over the
    whole window (``dashboard/http/first_map.py``).
    """
    found = page.wait_for_function(_MAPS_DRAWN, polling=20, timeout=WAIT_MS).json_value()
    return found.get("first", found["own"]) / 1e3, found["own"] / 1e3


#: Notes when each map was drawn, from the page's own clock; ends with the page's own map.
_MAPS_DRAWN = """() => {
    const whole = (frame) => {
        const html = frame && frame.contentDocument && frame.contentDocument.documentElement;
        return html && html.dataset.live !== undefined && html.dataset.roads === "drawn";
    };
    const at = window.benchmarkMaps = window.benchmarkMaps || {};
    const note = (name, selector) => {
        if (!at[name] && whole(document.querySelector(selector))) at[name] = performance.now();
    };
    note("first", "#qafila-first iframe");
    note("own", "iframe.stCustomComponentV1");
    return at.own ? at : null;
}"""


def heap_mb(page: Any) -> float:
    """JavaScript heap of a page and its frames after a collection, in MB."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used = float(session.send("Runtime.getHeapUsage")["usedSize"]) / 1e6
    session.detach()
    return used


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


def cpu_s(pid: int) -> float:
    """Processor time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_mb(pid: int) -> float:
    """Memory that a process holds, in MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class Received:
    """Bytes that a page received over the wire since `clear`, web sockets included."""

    def __init__(self, page: Any) -> None:
        self.total = 0.0
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.loadingFinished", self._finished)
        session.on("Network.webSocketFrameReceived", self._frame)

    def clear(self) -> None:
        """Begin anew."""
        self.total = 0.0

    @property
    def megabytes(self) -> float:
        """What came, in MB."""
        return self.total / 1e6

    def _finished(self, event: dict[str, Any]) -> None:
        self.total += max(0.0, float(event.get("encodedDataLength", 0)))

    def _frame(self, event: dict[str, Any]) -> None:
        self.total += len(event["response"].get("payloadData", ""))
