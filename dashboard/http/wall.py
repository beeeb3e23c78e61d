"""``/wall/``: the situation on a wall, without controls, that keeps itself up to date."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from dashboard.http.language import PARAMETER, remembered
from dashboard.http.problem import problem, status_of
from dashboard.languages import LANGUAGES, chosen_language, direction, use_language
from dashboard.map.assets import STATIC, asset_url, assets_digest
from dashboard.wallsheet import wall_values, wall_words
from geo.errors import QafilaError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from dashboard.state import Served

# The page's own script and styles, the map in a frame, and questions to this server.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)
THEMES = ("light", "dark")
ROOT = "../../"


def wall_routes(served: Served) -> list[BaseRoute]:
    """Give the routes of the wall: its page, a language each, and the values that it shows."""

    async def page(request: Request) -> Response:
        language = request.path_params["language"]
        if language not in LANGUAGES:
            return _no_such_language()
        theme = request.query_params.get("theme", "")
        html = wall_html(language, theme if theme in THEMES else "")
        headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}
        return HTMLResponse(html, headers=headers)

    async def values(request: Request) -> Response:
        language = request.path_params["language"]
        if language not in LANGUAGES:
            return _no_such_language()
        try:
            told = await run_in_threadpool(_values, served, language)
        except QafilaError as error:
            return problem(status_of(error), title=error.needed, detail=str(error))
        return JSONResponse(told, headers={"Cache-Control": "no-store"})

    async def to_own_language(request: Request) -> Response:
        language = chosen_language(
            request.query_params.get(PARAMETER),
            remembered(request.scope),
            request.headers.get("accept-language"),
        )
        return RedirectResponse(f"{language}/", headers={"Cache-Control": "no-store"})

    return [
        Route("/wall/", to_own_language, methods=["GET"]),
        Route("/wall/{language}/", page, methods=["GET"]),
        Route("/wall/{language}/values.json", values, methods=["GET"]),
    ]


def wall_html(language: str, theme: str) -> str:
    """Write the page; it holds no state of the situation."""
    use_language(language)
    template = (STATIC / "wall" / "wall.html").read_text(encoding="utf-8")
    values = {
        "LANGUAGE": language,
        "DIRECTION": direction(language),
        "THEME": theme,
        "STYLE": asset_url("wall/wall.css", root=ROOT),
        "FONTS": asset_url("map/fonts.css", root=ROOT),
        "SCRIPT": asset_url("wall/wall.js", root=ROOT),
        "MAP": f"{ROOT}map/{language}/",
        "WORDS": json.dumps(wall_words(), ensure_ascii=False),
        "LOADING": wall_words()["loading"],
        "MAP_TITLE": wall_words()["map"],
    }
    for name, value in values.items():
        template = template.replace("{{" + name + "}}", escape(value))
    return template


def _values(served: Served, language: str) -> dict[str, object]:
    use_language(language)
    # A server of another version has another page: a wall that sees this loads itself anew.
    return {"version": assets_digest(), **wall_values(served.desk)}


def _no_such_language() -> Response:
    return problem(404, title=f"one of {', '.join(LANGUAGES)} is needed", detail="no such language")
