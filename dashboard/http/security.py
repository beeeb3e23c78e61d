"""Headers that keep the pages to themselves: nothing foreign loads, nothing foreign frames them.

The page's policy is as narrow as Streamlit 1.67 allows; docs/decisions/0003-screen.md says what was
measured. The map's document brings a narrower one of its own, which is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

# What Streamlit's page needs, each found by taking it away and looking at every part of the page:
# - 'unsafe-inline' styles: its styles (emotion) and those of `st.html` are <style> elements;
# - data: fonts: the icons of the table;
# - the hash of the one inline script in its index.html (`dashboard.asgi.page_policy`).
# It needs no eval, no foreign host, no data: or blob: pictures, workers or media. The websocket of
# the same host is within connect-src 'self' in browsers since 2022.
PAGE_POLICY = (
    "default-src 'self'; "
    "script-src 'self' 'sha256-{inline}'; "
    "style-src 'self' 'unsafe-inline'; "
    "img-src 'self'; font-src 'self' data:; media-src 'none'; "
    "worker-src 'self'; connect-src 'self'; frame-src 'self'; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)

FIXED_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class SameOriginSockets:
    """Refuses a websocket that another site's page opens, before Streamlit looks at it.

    Streamlit would refuse it too, but asks a public address for its own first: nothing here may.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Close a socket whose Origin is another host than the one that was asked."""
        if scope["type"] == "websocket":
            headers = Headers(scope=scope)
            origin = headers.get("origin")
            if origin and urlsplit(origin).netloc.lower() != headers.get("host", "").lower():
                await receive()
                await send({"type": "websocket.close", "code": 1008})
                return
        await self.app(scope, receive, send)


class SecurityHeaders:
    """Adds the headers to every answer; a policy that an answer already carries stays."""

    def __init__(self, app: ASGIApp, *, policy: str) -> None:
        self.app = app
        self.policy = policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add to the answer's headers."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Content-Security-Policy", self.policy)
                for name, value in FIXED_HEADERS.items():
                    headers.setdefault(name, value)
                if "server" in headers:
                    del headers["server"]
            await send(message)

        await self.app(scope, receive, with_headers)
