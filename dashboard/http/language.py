"""The language of a page before its script runs: remembered, and said in the document.

An address with ``?lang=ar`` sets a cookie, so that the next visit reads in Arabic too. Streamlit's
document says ``lang="en"`` to everyone; screen readers and the browser's own translation go by
that, so the language and direction that will be shown are written in.
"""

from __future__ import annotations

from http.cookies import SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders

from dashboard.http.first_map import shows_map_first, with_first_map
from dashboard.http.streamlit_files import with_our_letters
from dashboard.languages import LANGUAGES, chosen_language, direction

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

PARAMETER = "lang"
COOKIE = "qafila_lang"
KEPT_S = 366 * 86_400
_UNSAID = b'<html lang="en">'
# The same address is another document in another language, so no answer "not modified"; and what is
# to be changed must not come compressed.
_LEFT_OUT = frozenset({b"if-none-match", b"if-modified-since", b"accept-encoding"})


class PageLanguage:
    """Writes the language into Streamlit's document, and the cookie that remembers it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; change the answer where it is Streamlit's document."""
        if scope["type"] != "http" or scope["method"] != "GET" or not _wants_html(scope):
            await self.app(scope, receive, send)
            return
        asked, language = _language_of(scope)
        plain = {
            **scope,
            "headers": [one for one in scope["headers"] if one[0] not in _LEFT_OUT],
        }
        await self.app(
            plain, receive, _Document(send, asked, language, map_first=shows_map_first(scope)).send
        )


class _Document:
    """Holds an HTML answer back until it is whole, then sends it with its language."""

    def __init__(
        self, send: Send, asked: str | None, language: str, *, map_first: bool = False
    ) -> None:
        self._map_first = map_first
        self._send = send
        self._asked = asked
        self._language = language
        self._start: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        """Take one part of the answer."""
        if message["type"] == "http.response.start":
            headers = Headers(raw=message["headers"])
            if headers.get("content-type", "").startswith("text/html"):
                self._start = message
                return
        elif self._start is not None and message["type"] == "http.response.body":
            self._body += message.get("body", b"")
            if message.get("more_body"):
                return
            await self._finish(self._start)
            return
        await self._send(message)

    async def _finish(self, start: Message) -> None:
        headers = MutableHeaders(scope=start)
        if _UNSAID in self._body:
            told = f'<html lang="{self._language}" dir="{direction(self._language)}">'
            self._body = with_our_letters(self._body.replace(_UNSAID, told.encode("ascii"), 1))
            if self._map_first:
                self._body = with_first_map(self._body, self._language)
            headers["content-length"] = str(len(self._body))
            headers["cache-control"] = "no-cache"
            for name in ("etag", "last-modified"):
                if name in headers:
                    del headers[name]
        if self._asked is not None:
            headers.append(
                "set-cookie",
                f"{COOKIE}={self._asked}; Max-Age={KEPT_S}; Path=/; SameSite=Lax; HttpOnly",
            )
        await self._send(start)
        await self._send({"type": "http.response.body", "body": self._body})


def _wants_html(scope: Scope) -> bool:
    return "text/html" in Headers(scope=scope).get("accept", "")


def _language_of(scope: Scope) -> tuple[str | None, str]:
    """Language that the address names, None if none of ours, and the one that will be shown."""
    headers = Headers(scope=scope)
    named = parse_qs(scope.get("query_string", b"").decode("latin-1")).get(PARAMETER, [""])[0]
    asked = named if named in LANGUAGES else None
    return asked, chosen_language(asked, remembered(scope), headers.get("accept-language"))


def remembered(scope: Scope) -> str | None:
    """Language that this browser read in last, as its cookie says; not checked."""
    jar: SimpleCookie = SimpleCookie()
    jar.load(Headers(scope=scope).get("cookie", "")[:4_096])
    return jar[COOKIE].value if COOKIE in jar else None
