"""Fields of plain forms: what is read, what is not, and whose form it is."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.requests import Request

from dashboard.http.plain_form import MAX_FIELDS, MAX_FORM_BYTES, is_own_form, read_fields
from tests.dashboard.asynchronous import run


def posted(*parts: bytes) -> tuple[Request, list[bytes]]:
    """Give a request whose body comes in parts, and the parts that nobody has asked for yet."""
    waiting = list(parts)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

    return Request({"type": "http", "method": "POST", "headers": []}, receive), waiting


def test_fields_are_read_and_the_last_of_a_name_counts() -> None:
    request, _ = posted(b"name=Amina&na", b"me=%D8%A3%D9%85%D9%8A%D9%86%D8%A9&form=abc")
    assert run(read_fields(request)) == {"name": "أمينة", "form": "abc"}


@pytest.mark.parametrize(
    "body", [b"\xff\xfe=1", b"&".join(b"f%d=1" % n for n in range(MAX_FIELDS + 1)), b""]
)
def test_what_cannot_be_read_has_no_fields(body: bytes) -> None:
    assert run(read_fields(posted(body)[0])) == {}


def test_a_long_form_is_not_read_to_its_end() -> None:
    half = b"note=" + b"x" * (MAX_FORM_BYTES // 2)
    request, waiting = posted(half, half, half, half)
    assert run(read_fields(request)) == {}
    assert waiting == [half, half]


@pytest.mark.parametrize(
    ("mark", "told", "own"),
    [
        ("m" * 20, "m" * 20, True),
        ("m" * 20, "n" * 20, False),
        ("", "", False),
        ("é\ud800", "", False),
    ],
)
def test_only_the_form_with_this_browsers_mark_is_its_own(mark: str, told: str, own: bool) -> None:
    assert is_own_form(mark, {"form": told}) is own
    assert not is_own_form("m" * 20, {})
