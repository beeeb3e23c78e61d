"""Forms of plain HTML, without script: their fields, and whether this browser was given them."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

MAX_FORM_BYTES = 8_192
MAX_FIELDS = 20
#: The hidden field that repeats the cookie's mark.
MARK_FIELD = "form"


async def read_fields(request: Request) -> dict[str, str]:
    """Read the fields of a form; one that is too long or cannot be read has none.

    A name that comes twice holds its last text. Nothing past `MAX_FORM_BYTES` is read.
    """
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_FORM_BYTES:
            return {}
    try:
        return dict(parse_qsl(body.decode(), max_num_fields=MAX_FIELDS))
    except ValueError:
        return {}


def is_own_form(mark: str, fields: Mapping[str, str]) -> bool:
    """Say whether a form repeats the mark of this browser's cookie; no other site can know it."""
    told = fields.get(MARK_FIELD, "").encode("utf-8", "replace")
    return bool(mark) and hmac.compare_digest(mark.encode("utf-8", "replace"), told)
