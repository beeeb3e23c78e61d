"""How much anybody may ask of this server: requests a second, bytes of a body, time to send it.

Stands behind the gate, so that each account and each key has an allowance of its own.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

from dashboard.http.problem import problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Only these are limited: the page's own files and its websocket are not.
LIMITED = ("/api/", "/ogc", "/field/", "/request", "/gift")
#: Requests a second that one asker may go on with, and how many may come at once: a screen that
#: opens a map asks for a hundred tiles in a moment.
RATE_PER_S, BURST = 100.0, 400.0
MAX_ASKERS = 10_000
#: Largest body in bytes, by the beginning of the path: the first that fits counts.
BODY_BYTES: tuple[tuple[str, int], ...] = (
    ("/api/v1/uploads", 50_000_000),
    ("/api/v1/positions", 2_000_000),
    ("/field/", 400_000),
    ("/", 256_000),
)
#: Within which a whole body has to arrive: seconds, and more where it may be large.
BODY_S, BODY_BYTES_PER_S = 30.0, 100_000.0


class Allowance:
    """How many requests each asker has left: a bucket that fills at a steady rate."""

    def __init__(
        self,
        *,
        rate_per_s: float = RATE_PER_S,
        burst: float = BURST,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.rate_per_s, self.burst, self._clock = rate_per_s, burst, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, asker: str) -> float:
        """Take one request of an asker; gives how long it has to wait where it has none left."""
        now = self._clock()
        left, at = self._left.pop(asker, (self.burst, now))
        left = min(self.burst, left + (now - at) * self.rate_per_s)
        allowed = left >= 1
        self._left[asker] = (left - 1 if allowed else left, now)
        while len(self._left) > MAX_ASKERS:
            self._left.popitem(last=False)
        return 0.0 if allowed else (1 - left) / self.rate_per_s


class Limits:
    """Refuses who asks too often (429), sends too much (413) or too slowly (408)."""

    def __init__(
        self, app: ASGIApp, *, allowance: Allowance | None = None, body_s: float = BODY_S
    ) -> None:
        self.app = app
        self.allowance = allowance or Allowance()
        self.body_s = body_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its body read, or answer in its place."""
        if scope["type"] != "http" or not scope["path"].startswith(LIMITED):
            await self.app(scope, receive, send)
            return
        wait_s = self.allowance.wait_s(asker_of(scope))
        if wait_s > 0:
            answer = problem(429, title="Too many requests", detail="Wait, then go on more slowly.")
            answer.headers["Retry-After"] = str(int(wait_s) + 1)
            await answer(scope, receive, send)
            return
        if scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self.app(scope, receive, send)
            return
        most = next(size for start, size in BODY_BYTES if scope["path"].startswith(start))
        try:
            body = await asyncio.wait_for(
                _whole(scope, receive, most), self.body_s + most / BODY_BYTES_PER_S
            )
        except TimeoutError:
            answer = problem(408, title="The body took too long to arrive")
        else:
            if body is not None:
                await self.app(scope, _replayed(body, receive), send)
                return
            answer = problem(
                413, title="The body is too large", detail=f"At most {most:,} bytes are taken here."
            )
        answer.headers["Connection"] = "close"
        await answer(scope, receive, send)


def asker_of(scope: Scope) -> str:
    """Give whose allowance a request counts against: an account, a key, else an address."""
    visitor = scope.get("visitor")
    if visitor is not None and visitor.account_id:
        return str(visitor.account_id)
    client = scope.get("client")
    return f"address {client[0]}" if client else "address"


async def _whole(scope: Scope, receive: Receive, most: int) -> bytes | None:
    """Read a body; None as soon as it is known to be larger than `most` bytes."""
    said = dict(scope["headers"]).get(b"content-length", b"")
    if said.isdigit() and int(said) > most:
        return None
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b""
        part = message.get("body", b"")
        size += len(part)
        if size > most:
            return None
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


def _replayed(body: bytes, receive: Receive) -> Receive:
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
