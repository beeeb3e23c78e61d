"""A page of another site opens no socket here, and nothing public is asked to find that out."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.http.security import SameOriginSockets


def _answers(origin: str | None) -> list[str]:
    """Open a socket with this Origin; give what the gate or the application behind it said."""
    said: list[str] = []

    async def behind(_scope: Any, _receive: Any, _send: Any) -> None:
        said.append("let through")

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: dict[str, Any]) -> None:
        said.append(message["type"])

    headers = [(b"host", b"cell.local:8501")]
    if origin is not None:
        headers.append((b"origin", origin.encode()))
    scope = {"type": "websocket", "headers": headers, "path": "/_stcore/stream"}
    call = SameOriginSockets(behind)(scope, receive, send)  # type: ignore[arg-type]
    # Nothing here waits, so no event loop is needed: browser tests keep one of theirs running.
    with pytest.raises(StopIteration):
        call.send(None)
    return said


@pytest.mark.parametrize("origin", ["http://cell.local:8501", "HTTPS://CELL.LOCAL:8501", None])
def test_the_own_page_and_programs_without_an_origin_are_let_through(origin: str | None) -> None:
    assert _answers(origin) == ["let through"]


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "http://cell.local", "http://cell.local:8501.evil.example", "null"],
)
def test_another_origin_is_refused_before_streamlit_looks(origin: str) -> None:
    assert _answers(origin) == ["websocket.close"]
