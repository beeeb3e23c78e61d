"""The gate: where a situation has accounts, nothing is answered to whoever did not sign in.

It stands before everything that is served: page, static files, websocket, map, tiles, HTTP
interface. A browser shows a session's cookie, a program the key of its organisation.
"""

from __future__ import annotations

import time
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import RedirectResponse

from dashboard.http.problem import problem, status_of
from data.access.accounts import utc_now
from data.access.roles import OWNER, Visitor
from data.access.sessions import token_hash
from data.access.visitors import visitor_of_key, visitor_of_session
from geo.errors import InputError, NoSituationError, QafilaError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from dashboard.situation_desk import SituationDesk
    from data.access.identity_provider import IdentityProvider

COOKIE = "qafila_session"
#: Answered to everybody: the way in, and whether the server lives.
FREE_PATHS = frozenset({"/sign-in", "/sign-in/oidc", "/sign-in/oidc/back", "/api/v1/health"})
#: A link in the address says by itself what may be done with it (`dashboard.http.field`), or seen
#: (`dashboard.http.gifts`).
FREE_BELOW = ("/field/", "/gift/")
#: The form for who needs help; open to everybody where the door says so.
REQUEST_PATH = "/request"
#: What became of all gifts together; the same.
GIFTS_PATH = "/gifts"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
#: Without one of these rights nothing can be changed.
CHANGING = ("report", "upload", "roads", "plan")
#: What was found out about a session counts for so long, so that a page of eighty files asks once.
TRUSTED_S = 2.0
MAX_TRUSTED = 2_000


class Door:
    """Knows who may come in; one a process, safe for threads.

    With `public_requests` the form for who needs help is open to everybody, with `public_gifts`
    the figures of what was given and arrived, and nothing else is;
    `provider` is where else than here people may prove who they are.
    """

    def __init__(
        self,
        desk: SituationDesk,
        *,
        public_requests: bool = False,
        public_gifts: bool = False,
        provider: IdentityProvider | None = None,
    ) -> None:
        self.desk = desk
        asked = {REQUEST_PATH: public_requests, GIFTS_PATH: public_gifts}
        self.open_paths = frozenset(path for path, is_open in asked.items() if is_open)
        self.provider = provider
        self._known: dict[str, tuple[float, Visitor | None]] = {}

    def is_closed(self) -> bool:
        """Whether the situation has accounts, so that everybody must sign in."""
        try:
            return bool(self.desk.situation().store.accounts())
        except NoSituationError:
            return False

    def by_token(self, token: str) -> Visitor | None:
        """Give who holds a session, None where it ended or never was."""
        key, now = token_hash(token), time.monotonic()
        found = self._known.get(key)
        if found is None or now - found[0] > TRUSTED_S:
            store = self.desk.situation().store
            found = (now, visitor_of_session(store, token, now=utc_now()))
            if len(self._known) >= MAX_TRUSTED:
                self._known.clear()
            self._known[key] = found
        return found[1]

    def by_key(self, text: str) -> Visitor:
        """Give who holds a key; raises `InputError` that says what is wrong with it."""
        return visitor_of_key(self.desk.situation().store, text, now=utc_now())

    def forget(self, token: str) -> None:
        """Ask again about a session that has just ended."""
        self._known.pop(token_hash(token), None)


class Gate:
    """Lets requests through with ``scope["visitor"]``, or answers in their place."""

    def __init__(self, app: ASGIApp, *, door: Door | None) -> None:
        self.app = app
        self.door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it."""
        if scope["type"] not in ("http", "websocket") or self.door is None:
            await self.app(scope, receive, send)
            return
        try:
            answer = await run_in_threadpool(self._judge, self.door, scope)
        except QafilaError as error:
            # Who cannot be known is not let in.
            answer = problem(status_of(error), title=error.needed, detail=str(error))
        if answer is None:
            if scope["type"] == "websocket":
                receive = self._watched(self.door, scope, receive)
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await answer(scope, receive, send)

    def _judge(self, door: Door, scope: Scope) -> Any:
        """Give the answer that refuses a request, None where it may pass."""
        path, headers = scope["path"], Headers(scope=scope)
        if not door.is_closed():
            if not _is_own(scope, headers):
                return problem(403, title="This request comes from another site's page")
            scope["visitor"] = OWNER
            return None
        if path in FREE_PATHS or path.startswith(FREE_BELOW):
            return None
        if path in door.open_paths:
            return None
        bearer = headers.get("authorization", "")
        if bearer.startswith("Bearer ") and path.startswith(("/api/", "/ogc")):
            try:
                visitor: Visitor | None = door.by_key(bearer.removeprefix("Bearer "))
            except InputError as error:
                return problem(401, title=error.needed, detail=str(error))
        else:
            visitor = door.by_token(session_token(scope))
            if visitor is not None and not _is_own(scope, headers):
                return problem(403, title="This request comes from another site's page")
        if visitor is None:
            return _sign_in_first(scope, headers)
        own = path.startswith("/_stcore/") or path in ("/sign-out",)
        # Which right it is exactly, each answer of the interface asks by itself.
        wanted = ("see",) if scope.get("method", "GET") in SAFE_METHODS else CHANGING
        if not own and not any(visitor.may(right) for right in wanted):
            return problem(403, title=f"The right {' or '.join(wanted)} is needed for this")
        scope["visitor"] = visitor
        return None

    def _watched(self, door: Door, scope: Scope, receive: Receive) -> Receive:
        """End a websocket once its session has ended."""

        async def watched() -> Message:
            message = await receive()
            if message["type"] == "websocket.receive" and await run_in_threadpool(
                lambda: door.is_closed() and door.by_token(session_token(scope)) is None
            ):
                return {"type": "websocket.disconnect", "code": 1008}
            return message

        return watched


def session_token(scope: Scope) -> str:
    """Give the session's token that a browser sent, empty where it sent none."""
    return cookie_of(Headers(scope=scope).get("cookie", ""), COOKIE)


def cookie_of(header: str, name: str) -> str:
    """Give a cookie's value, empty where there is none or the header cannot be read."""
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(header[:8_192])
    except CookieError:
        return ""
    return jar[name].value if name in jar else ""


def _is_own(scope: Scope, headers: Headers) -> bool:
    """Whether a request that changes something comes from a page of this very server."""
    if scope["type"] == "websocket" or scope["method"] in SAFE_METHODS:
        return True
    origin = headers.get("origin")
    if origin:
        return urlsplit(origin).netloc.lower() == headers.get("host", "").lower()
    return headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")


def _sign_in_first(scope: Scope, headers: Headers) -> Any:
    wants_page = "text/html" in headers.get("accept", "") and scope.get("method") == "GET"
    if wants_page and not scope["path"].startswith("/api/"):
        return RedirectResponse("/sign-in", 303, headers={"Cache-Control": "no-store"})
    return problem(401, title="Sign in first")
