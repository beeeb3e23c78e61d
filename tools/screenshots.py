"""Take the pictures of the documents from the drill: ``python tools/screenshots.py``.

Needs the set-up of ``make test`` (a Chromium). Builds the drill in a temporary folder, serves it
on this machine, and writes docs/pictures/*.png.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import sync_playwright

PICTURES = Path(__file__).resolve().parents[1] / "docs" / "pictures"
PORT = 8599
ADDRESS = f"http://127.0.0.1:{PORT}"
#: Name of the picture, address, size of the window, what must be there; then it settles.
MAP = "iframe[title*='map']"
SHOTS = (
    ("situation.png", "/?lang=en", (1600, 1000), MAP),
    ("situation-phone.png", "/?lang=en", (390, 844), MAP),
    ("situation-ar.png", "/?lang=ar", (1600, 1000), MAP),
    ("wall.png", "/wall/en/?panel=cut_off", (1600, 900), "#rows td"),
)
SETTLE_MS = 8_000
BROWSER_ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")


def main() -> None:
    """Serve the drill, take every picture, stop."""
    browser = os.environ.get("QAFILA_CHROMIUM") or shutil.which("chromium")
    if browser is None:
        raise SystemExit("no Chromium found; run `make test` once, or set QAFILA_CHROMIUM")
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "dashboard.cli", "demo", "--port", str(PORT)]
        server = subprocess.Popen([*command, "--home", f"{folder}/home"])
        try:
            wait_until_served()
            take_pictures(browser)
        finally:
            server.terminate()
            server.wait(timeout=20)


def wait_until_served(seconds: float = 300.0) -> None:
    """Wait for the first answer of the server."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"{ADDRESS}/api/v1/health", timeout=2):
                return
        except OSError:
            time.sleep(0.3)
    raise SystemExit(f"nothing was served at {ADDRESS} within {seconds:.0f} s")


def take_pictures(browser: str) -> None:
    """Open the page at each size and write its picture."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=list(BROWSER_ARGUMENTS))
        for name, address, (width, height), shown in SHOTS:
            page = chromium.new_page(viewport={"width": width, "height": height})
            page.goto(ADDRESS + address)
            page.wait_for_selector(shown, timeout=60_000)
            page.wait_for_timeout(SETTLE_MS)
            page.screenshot(path=PICTURES / name)
            page.close()
        chromium.close()


if __name__ == "__main__":
    main()
