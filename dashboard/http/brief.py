"""``/brief/``: the situation report for a slow link, as one small page without scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from dashboard.http.language import PARAMETER, remembered
from dashboard.http.problem import problem, status_of
from dashboard.languages import LANGUAGES, chosen_language
from geo.errors import QafilaError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from dashboard.state import Served

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


def brief_routes(served: Served) -> list[BaseRoute]:
    """Give the routes: a page for each language, and the way to one's own."""

    async def page(request: Request) -> Response:
        language = request.path_params["language"]
        if language not in LANGUAGES:
            return problem(404, title="no such language", detail=f"one of {', '.join(LANGUAGES)}")
        try:
            data = await run_in_threadpool(served.desk.situation_report, "short", tongue=language)
        except QafilaError as error:
            return problem(status_of(error), title=error.needed, detail=str(error))
        headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}
        return Response(data, media_type="text/html; charset=utf-8", headers=headers)

    async def to_own_language(request: Request) -> Response:
        language = chosen_language(
            request.query_params.get(PARAMETER),
            remembered(request.scope),
            request.headers.get("accept-language"),
        )
        return RedirectResponse(f"{language}/", headers={"Cache-Control": "no-store"})

    return [
        Route("/brief/", to_own_language, methods=["GET"]),
        Route("/brief/{language}/", page, methods=["GET"]),
    ]
