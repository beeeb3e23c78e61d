"""Limits: how often, how much and how slowly anybody may send."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.responses import PlainTextResponse

from dashboard.http.limits import MAX_ASKERS, Allowance, Limits
from tests.dashboard.asynchronous import run


def test_an_allowance_empties_and_fills_again() -> None:
    now = [0.0]
    allowance = Allowance(rate_per_s=2, burst=3, clock=lambda: now[0])
    assert [allowance.wait_s("a") for _ in range(4)] == [0, 0, 0, 0.5]
    assert allowance.wait_s("b") == 0
    now[0] = 0.5
    assert allowance.wait_s("a") == 0
    assert allowance.wait_s("a") > 0
    now[0] = 1_000
    assert [allowance.wait_s("a") for _ in range(4)][-1] > 0


def test_many_askers_do_not_fill_the_memory() -> None:
    allowance = Allowance()
    for number in range(MAX_ASKERS + 50):
        allowance.wait_s(str(number))
    assert len(allowance._left) == MAX_ASKERS


def ask(
    limits: Limits, parts: list[bytes], *, path: str = "/api/v1/needs", wait_s: float = 0.0
) -> tuple[int, dict[bytes, bytes]]:
    sent: list[dict[str, Any]] = []
    waiting = list(parts)

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(wait_s)
        part = waiting.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(waiting)}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "headers": [],
        "client": ("10.0.0.1", 1),
    }
    run(limits(scope, receive, send))  # type: ignore[arg-type]
    return sent[0]["status"], dict(sent[0]["headers"])


async def echo(scope: Any, receive: Any, send: Any) -> None:
    body = (await receive())["body"]
    await PlainTextResponse(str(len(body)))(scope, receive, send)


def test_a_body_in_parts_arrives_whole_and_a_large_one_not() -> None:
    assert ask(Limits(echo), [b"a" * 1_000] * 3)[0] == 200
    status, headers = ask(Limits(echo), [b"a" * 100_000] * 3)
    assert status == 413
    assert headers[b"content-type"] == b"application/problem+json"
    # A table may be larger.
    assert ask(Limits(echo), [b"a" * 100_000] * 3, path="/api/v1/uploads/needs")[0] == 200


def test_a_body_that_dribbles_in_is_ended() -> None:
    slow = Limits(echo, body_s=-2.5)
    assert ask(slow, [b"a"] * 50, wait_s=0.05)[0] == 408


def test_who_asks_too_often_is_told_how_long_to_wait() -> None:
    limits = Limits(echo, allowance=Allowance(rate_per_s=0.5, burst=2, clock=lambda: 0.0))
    assert [ask(limits, [b"a"])[0] for _ in range(2)] == [200, 200]
    status, headers = ask(limits, [b"a"])
    assert status == 429
    assert headers[b"retry-after"] == b"3"
