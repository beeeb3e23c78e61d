"""``/field/<token>/``: the page of a convoy's leader, kept on the phone, and what it sends.

The token in the address is all that a phone has: whoever holds it may report for this one convoy
and see its stops, until it ends or is revoked. Nothing here asks for an account.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from dashboard.fieldsheet import words_of_all
from dashboard.http.answers import tagged
from dashboard.http.field_models import FieldReports
from dashboard.http.language import PARAMETER, remembered
from dashboard.http.problem import problem, status_of
from dashboard.languages import _, chosen_language, direction, language, use_language
from dashboard.map.assets import STATIC
from dashboard.operations import answering
from data.access.field_links import LinkError
from geo.errors import QafilaError

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from dashboard.http.asking import OpenSituation
    from data.store.read_field import FieldLinkRecord

logger = logging.getLogger(__name__)

FOLDER = STATIC / "field"
MEDIA_TYPES = {
    "field.css": "text/css",
    "queue.js": "text/javascript",
    "forms.js": "text/javascript",
    "field.js": "text/javascript",
    "icon.png": "image/png",
}
# The page's own files and this server; nothing inline, nothing foreign, no form but by script.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    # The address is the key: it must not reach another site's log.
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "geolocation=(self), camera=(self), microphone=(), payment=(), usb=()",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}
#: So many sendings may wait for their turn, some seconds long; the next are told to come again.
MOST_WAITING = 200
GONE = frozenset({"expired", "revoked"})


class Turns:
    """One at a time, in the order of coming; says how many wait."""

    def __init__(self) -> None:
        self.waiting = 0
        self._free = asyncio.Semaphore(1)

    async def __aenter__(self) -> None:
        """Wait for the turn."""
        self.waiting += 1
        try:
            await self._free.acquire()
        finally:
            self.waiting -= 1

    async def __aexit__(self, *_given: object) -> None:
        """Let the next one have it."""
        self._free.release()


def field_routes(open_situation: OpenSituation) -> list[BaseRoute]:
    """Give the routes of the page and of what it sends."""
    # One sending after the other: each asks the database some twenty times and gives up the
    # interpreter each time; many at once would wait for one another at every question, and each
    # would take as long as all of them.
    turns = Turns()

    async def page(request: Request) -> Response:
        _speak(request)
        return await _for_link(open_situation, request, lambda _link: _html())

    async def file(request: Request) -> Response:
        name = request.path_params["name"]
        made = await run_in_threadpool(_file, name)
        if made is None:
            return problem(404, title="There is no such file")
        content, media_type = made
        return await _for_link(
            open_situation,
            request,
            lambda _link: tagged(request, content, media_type=media_type, headers=HEADERS),
        )

    async def values(request: Request) -> Response:
        def told(link: FieldLinkRecord) -> Response:
            found = answering.page_values(open_situation(), link)
            return tagged(request, {**found, "words": words_of_all()}, headers=HEADERS)

        return await _for_link(open_situation, request, told)

    async def reports(request: Request) -> Response:
        if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            return problem(415, title="application/json is needed")
        body = await request.body()
        if turns.waiting >= MOST_WAITING:
            return problem(503, title="Too many phones report at this moment; try again")
        return await _for_link(
            open_situation, request, lambda link: _taken(open_situation, link, body), turns=turns
        )

    async def to_page(request: Request) -> Response:
        token = request.path_params["token"]
        return RedirectResponse(f"/field/{token}/", headers={"Cache-Control": "no-store"})

    return [
        Route("/field/{token}", to_page, methods=["GET"]),
        Route("/field/{token}/", page, methods=["GET"]),
        Route("/field/{token}/values.json", values, methods=["GET"]),
        Route("/field/{token}/reports", reports, methods=["POST"]),
        Route("/field/{token}/{name}", file, methods=["GET"]),
    ]


async def _for_link(
    open_situation: OpenSituation,
    request: Request,
    answer: Callable[[FieldLinkRecord], Response],
    *,
    turns: Turns | None = None,
) -> Response:
    """Answer whoever holds a link that is good; refuse and log everybody else."""

    def work() -> Response:
        link = answering.open_token(open_situation(), request.path_params["token"])
        return answer(link)

    try:
        if turns is None:
            return await run_in_threadpool(work)
        async with turns:
            return await run_in_threadpool(work)
    except LinkError as error:
        where = request.client.host if request.client else "?"
        # Never the token: whoever reads a log could go on with it.
        logger.warning("a field link was refused: %s, from %s", error.reason, where)
        status = 410 if error.reason in GONE else 404
        if request.url.path.endswith("/") and request.method == "GET":
            return _ended(status)
        return problem(status, title=error.needed, detail=str(error))
    except QafilaError as error:
        return problem(status_of(error), title=error.needed, detail=str(error))


def _taken(open_situation: OpenSituation, link: FieldLinkRecord, body: bytes) -> Response:
    try:
        sent = FieldReports.model_validate_json(body)
    except ValidationError as error:
        logger.warning("reports of %s are not as documented", link.convoy_id)
        problems = [
            {"where": ".".join(map(str, one["loc"])), "expected": one["msg"]}
            for one in error.errors(include_url=False, include_input=False)[:20]
        ]
        detail = "; ".join(f"{one['where']}: {one['expected']}" for one in problems[:3])
        title = "The request is not as documented"
        return problem(422, title=title, detail=detail, problems=problems)
    ready = [one.sent(sent.sent_at) for one in sent.reports]
    answers = answering.take(open_situation(), link, ready)
    for one in answers:
        if one["status"] == "refused":
            logger.warning("a report of %s was refused: %s", link.convoy_id, one["why"])
    return JSONResponse({"answers": answers}, headers={"Cache-Control": "no-store"} | HEADERS)


def _html() -> Response:
    template = (FOLDER / "field.html").read_text(encoding="utf-8")
    filled = {
        "LANGUAGE": language(),
        "DIRECTION": direction(language()),
        "LOADING": _("Loading …"),
        "NOTHING": _("The page could not be loaded yet. Try again with a network."),
        "NO_SCRIPT": _("This page needs scripts. Without them, answer by text message."),
    }
    for name, value in filled.items():
        template = template.replace("{{" + name + "}}", escape(value))
    return HTMLResponse(template, headers={"Cache-Control": "no-cache, private"} | HEADERS)


def _ended(status: int) -> Response:
    said = escape(_("This link has ended, was withdrawn, or never was. Ask the crisis cell."))
    page = (
        f'<!doctype html><html lang="{language()}" dir="{direction(language())}"><meta '
        f'charset="utf-8"><meta name="viewport" content="width=device-width"><title>Qafila</title>'
        f"<h1>Qafila</h1><p>{said}</p></html>"
    )
    return HTMLResponse(page, status, headers={"Cache-Control": "no-store"} | HEADERS)


def _file(name: str) -> tuple[bytes, str] | None:
    if name == "sw.js":
        script = (FOLDER / name).read_text(encoding="utf-8").replace("{{VERSION}}", version())
        return script.encode(), "text/javascript"
    if name == "manifest.webmanifest":
        return json.dumps(_manifest()).encode(), "application/manifest+json"
    media_type = MEDIA_TYPES.get(name)
    return None if media_type is None else ((FOLDER / name).read_bytes(), media_type)


@lru_cache(maxsize=1)
def version() -> str:
    """Hash of the page's files: a phone that has another one loads them anew."""
    total = hashlib.sha256()
    for path in sorted(FOLDER.iterdir()):
        total.update(path.read_bytes())
    return total.hexdigest()[:12]


def _manifest() -> dict[str, Any]:
    return {
        "name": "Qafila",
        "short_name": "Qafila",
        "start_url": "./",
        "scope": "./",
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": "#0a4f85",
        "icons": [{"src": "icon.png", "sizes": "192x192", "type": "image/png"}],
    }


def _speak(request: Request) -> None:
    asked = request.query_params.get(PARAMETER), remembered(request.scope)
    use_language(chosen_language(*asked, request.headers.get("accept-language")))
