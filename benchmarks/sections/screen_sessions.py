"""Fifty open screens: each refreshes its page and asks its map what changed, every two seconds.

A client speaks what a browser speaks: Streamlit's web socket for the fragment that watches for
changes, and ``/api/v1/live`` with its cursor. Once a minute somebody records a need, and every
screen draws its whole page anew.
"""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.sections.screen_page import cpu_s, rss_mb

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

N_SESSIONS, EVERY_S = 50, 2.0
#: Streamlit's ForwardMsg.ScriptFinishedStatus.
ENDED_FOR_ANOTHER, FRAGMENT_DONE = 2, 3


@dataclass(slots=True)
class Screen:
    """One open page: what it holds, and how long each refresh took."""

    address: str
    fragment: str = ""
    cursor: str = ""
    script: str = ""
    known: dict[str, None] = field(default_factory=dict)
    ticks_s: list[float] = field(default_factory=list)
    asks_s: list[float] = field(default_factory=list)

    async def live(self, until: float, number: int) -> None:
        """Open the page, then refresh it every so many seconds until the moment `until`."""
        from websockets.asyncio.client import connect

        await asyncio.sleep(EVERY_S * number / N_SESSIONS)
        url = self.address.replace("http", "ws") + "/_stcore/stream"
        async with connect(
            url, subprotocols=["streamlit"], origin=self.address, max_size=None
        ) as socket:
            await self.run(socket, fragment="")
            await self._ask()
            self.asks_s.clear()
            while time.perf_counter() < until:
                begun = time.perf_counter()
                whole = await self.run(socket, fragment=self.fragment)
                took = time.perf_counter() - begun
                if not whole:
                    self.ticks_s.append(took)
                await self._ask()
                await asyncio.sleep(max(0.0, EVERY_S - (time.perf_counter() - begun)))

    async def run(self, socket: Any, *, fragment: str) -> bool:
        """Ask for a run and wait for its end; gives whether the whole page was drawn anew."""
        from streamlit.proto.BackMsg_pb2 import BackMsg
        from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

        message = BackMsg()
        message.rerun_script.query_string = ""
        message.rerun_script.page_script_hash = self.script
        if fragment:
            message.rerun_script.fragment_id = fragment
            message.rerun_script.is_auto_rerun = True
        # A browser names what it still holds, so that it is not sent again.
        message.rerun_script.cached_message_hashes.extend(self.known)
        await socket.send(message.SerializeToString())
        while True:
            answer = ForwardMsg()
            answer.ParseFromString(await asyncio.wait_for(socket.recv(), 60))
            kind = answer.WhichOneof("type")
            if answer.hash and answer.metadata.cacheable:
                self.known[answer.hash] = None
            if kind == "new_session":
                self.script = answer.new_session.page_script_hash
            elif kind == "auto_rerun":
                self.fragment = answer.auto_rerun.fragment_id
            elif kind == "script_finished" and answer.script_finished != ENDED_FOR_ANOTHER:
                return bool(fragment) and answer.script_finished != FRAGMENT_DONE

    async def _ask(self) -> None:
        begun = time.perf_counter()
        answer = await asyncio.to_thread(_get, f"{self.address}/api/v1/live?since={self.cursor}")
        self.cursor = answer["cursor"]
        self.asks_s.append(time.perf_counter() - begun)


def _get(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url, timeout=60) as answer:
        got: dict[str, Any] = json.load(answer)
    return got


def reruns(address: str, n: int) -> None:
    """Draw one page anew so many times, as a click does."""
    _in_own_loop(_reruns(address, n))


def _in_own_loop(work: Coroutine[Any, Any, Any]) -> Any:
    """Run beside the loop that drives the browser."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


async def _reruns(address: str, n: int) -> None:
    from websockets.asyncio.client import connect

    screen = Screen(address)
    url = address.replace("http", "ws") + "/_stcore/stream"
    async with connect(url, subprotocols=["streamlit"], origin=address, max_size=None) as socket:
        for _ in range(n + 1):
            await screen.run(socket, fragment="")


def measure(
    address: str, pid: int, *, seconds: float, change: Callable[[], None]
) -> dict[str, float]:
    """Give p95 of a refresh, the share of a core, MB a session and its growth over the time."""
    found: dict[str, float] = _in_own_loop(_measure(address, pid, seconds, change))
    return found


async def _measure(
    address: str, pid: int, seconds: float, change: Callable[[], None]
) -> dict[str, float]:
    _get(f"{address}/api/v1/live")
    empty_mb = rss_mb(pid)
    screens = [Screen(address) for _ in range(N_SESSIONS)]
    begun = time.perf_counter()
    opened = begun + 10
    until = opened + seconds
    tasks = [asyncio.create_task(one.live(until, n)) for n, one in enumerate(screens)]
    await asyncio.sleep(opened - time.perf_counter())
    for one in screens:
        one.ticks_s.clear()
        one.asks_s.clear()
    opened_mb, opened_cpu = rss_mb(pid), cpu_s(pid)
    changes = 0
    while time.perf_counter() + 60 < until:
        await asyncio.sleep(60)
        await asyncio.to_thread(change)
        changes += 1
    await asyncio.gather(*tasks)
    took = time.perf_counter() - opened
    ticks = np.array([s for one in screens for s in one.ticks_s])
    asks = np.array([s for one in screens for s in one.asks_s])
    ended_mb = rss_mb(pid)
    return {
        "refreshes": float(len(ticks)),
        "changes": float(changes),
        "refresh p50": float(np.median(ticks)),
        "refresh p95": float(np.quantile(ticks, 0.95)),
        "live p95": float(np.quantile(asks, 0.95)),
        "share of a core": (cpu_s(pid) - opened_cpu) / took,
        "memory a session": (opened_mb - empty_mb) / N_SESSIONS,
        "growth a session": (ended_mb - opened_mb) / N_SESSIONS,
    }
