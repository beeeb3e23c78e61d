"""The valley, served: one process for all tests that need a whole server."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Queue
from typing import Self

import pytest
from playwright.sync_api import Browser, sync_playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
]


class ValleyServer:
    """A running server and the way to change its situation from outside."""

    def __init__(self, checkout: Path, *options: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.dashboard.valley_server", *options],
            cwd=checkout,
            env=os.environ | {"PYTHONPATH": str(checkout)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._lines: Queue[str] = Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.address = self._line(60)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the server, as a power cut or a restart would; a second call does nothing."""
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(15)
        self._reader.join(15)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def tell(self, line: str) -> None:
        """Change the situation as somebody else would, and wait until it is done."""
        stdin = self._process.stdin
        assert stdin is not None
        stdin.write(line + "\n")
        stdin.flush()
        assert self._line(30).startswith("done")

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line.strip())

    def _line(self, timeout_s: float) -> str:
        try:
            return self._lines.get(timeout=timeout_s)
        except Empty:
            pytest.fail(f"the server said nothing for {timeout_s} s")


@pytest.fixture(scope="session")
def valley_server(checkout: Path) -> Iterator[ValleyServer]:
    """A server of the valley for tests that change nothing."""
    with ValleyServer(checkout) as server:
        yield server


@pytest.fixture(scope="session")
def _changeable_server(checkout: Path) -> Iterator[ValleyServer]:
    with ValleyServer(checkout) as server:
        yield server


@pytest.fixture
def own_server(_changeable_server: ValleyServer) -> ValleyServer:
    """A server of the valley that a test may change; as at the start for each test."""
    _changeable_server.tell("reset")
    return _changeable_server


@pytest.fixture(scope="session")
def browser(chromium_path: Path) -> Iterator[Browser]:
    """The one browser of all tests: its driver keeps a loop, beside which a second cannot start."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(chromium_path), headless=True, args=ARGUMENTS
        )
        yield browser
        browser.close()


@pytest.fixture(autouse=True)
def main_module() -> Iterator[None]:
    """Give `__main__` back: Streamlit's harness leaves its script there.

    Processes that a later test spawns would run that script again, break, and be spawned for ever.
    """
    before = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = before
