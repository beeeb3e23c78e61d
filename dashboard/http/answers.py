"""Answers of the HTTP interface: tagged by what they hold, compressed, whole or in pages."""

from __future__ import annotations

import gzip
import hashlib
import json
from typing import TYPE_CHECKING, Any

from fastapi.responses import Response

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

#: Below this an answer is sent as it is: the headers of compression cost more than it saves.
COMPRESS_FROM_BYTES = 500
JSON = "application/json"


def tagged(
    request: Request,
    content: Any,
    *,
    media_type: str = JSON,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    """Give JSON (or bytes, text) with an ``ETag``: 304 without body where the asker has it already.

    Runs in a worker thread: what it compresses does not stand in the way of other answers.
    """
    body = _bytes(content)
    tag = f'"{hashlib.sha256(media_type.encode() + body).hexdigest()[:32]}"'
    sent = {
        "ETag": tag,
        # May be kept, but is asked about each time.
        "Cache-Control": "no-cache, private",
        "Vary": "Accept-Encoding, Accept, Authorization, Cookie",
        **(headers or {}),
    }
    if status == 200 and _holds(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=sent)
    if len(body) >= COMPRESS_FROM_BYTES and "gzip" in request.headers.get("accept-encoding", ""):
        body = gzip.compress(body, compresslevel=5, mtime=0)
        sent["Content-Encoding"] = "gzip"
    return Response(body, status, headers=sent, media_type=media_type)


def page(request: Request, rows: Sequence[Any], *, limit: int, offset: int) -> dict[str, Any]:
    """Give a part of a list as ``{items, total, next}``; `next` is None at the end."""
    ends = offset + limit
    more = ends < len(rows)
    following = request.url.include_query_params(limit=limit, offset=ends)
    return {
        "items": list(rows[offset:ends]),
        "total": len(rows),
        # The path only: behind a proxy this server does not know by which name it was asked.
        "next": f"{following.path}?{following.query}" if more else None,
    }


def _bytes(content: Any) -> bytes:
    if isinstance(content, bytes):
        return content
    if isinstance(content, str):
        return content.encode()
    return json.dumps(
        content, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=str
    ).encode()


def _holds(header: str, tag: str) -> bool:
    known = {one.strip().removeprefix("W/") for one in header.split(",")}
    return tag in known or "*" in known
