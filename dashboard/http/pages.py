"""What is served beside the API: the map's document and the static files."""

from __future__ import annotations

import gzip
import logging
from functools import lru_cache
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from dashboard import cache
from dashboard.http.language import PARAMETER, remembered
from dashboard.http.problem import problem, status_of
from dashboard.languages import LANGUAGES, chosen_language, use_language
from dashboard.map.assets import BUNDLE, MAP_ADDRESS, STATIC, assets_digest, bundle
from geo.errors import QafilaError

if TYPE_CHECKING:
    import os

    from starlette.requests import Request
    from starlette.routing import BaseRoute
    from starlette.types import Scope

    from dashboard.map.document import MapDocument
    from dashboard.state import Served

logger = logging.getLogger(__name__)


FOR_EVER = "public, max-age=31536000, immutable"


class ForeverFiles(StaticFiles):
    """Static files below an address that names their hash: a browser asks for each one once."""

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """Serve a file and let it be kept for ever."""
        answer = super().file_response(full_path, stat_result, scope, status_code)
        answer.headers["Cache-Control"] = FOR_EVER
        return answer


def page_routes(served: Served) -> list[BaseRoute]:
    """Give the routes of the map's document and of the static files."""

    async def map_page(request: Request) -> Response:
        language = request.path_params["language"]
        if language not in LANGUAGES:
            named = ", ".join(LANGUAGES)
            return problem(404, title=f"one of {named} is needed", detail="no such language")
        try:
            document = await run_in_threadpool(_document, served, language)
        except QafilaError as error:
            return problem(status_of(error), title=error.needed, detail=str(error))
        headers = {
            "Content-Security-Policy": document.policy,
            "ETag": document.etag,
            # Asked for again at each load, answered with "not modified" while no layer changed.
            "Cache-Control": "no-cache",
        }
        if request.headers.get("if-none-match") == document.etag:
            return Response(status_code=304, headers=headers)
        return HTMLResponse(document.html, headers=headers)

    async def to_own_language(request: Request) -> Response:
        language = chosen_language(
            request.query_params.get(PARAMETER),
            remembered(request.scope),
            request.headers.get("accept-language"),
        )
        return RedirectResponse(f"{language}/", headers={"Cache-Control": "no-store"})

    async def map_scripts(request: Request) -> Response:
        packed = "gzip" in request.headers.get("accept-encoding", "")
        body = await run_in_threadpool(_packed_bundle) if packed else bundle()
        headers = {"Cache-Control": FOR_EVER, "Vary": "Accept-Encoding"}
        if packed:
            headers["Content-Encoding"] = "gzip"
        return Response(body, headers=headers, media_type="text/javascript")

    return [
        Route(f"/assets/{assets_digest()}/{BUNDLE}", map_scripts, methods=["GET"]),
        Route(MAP_ADDRESS, map_page, methods=["GET"]),
        Route("/map/", to_own_language, methods=["GET"]),
        Mount(f"/assets/{assets_digest()}", ForeverFiles(directory=STATIC)),
    ]


@lru_cache(maxsize=1)
def _packed_bundle() -> bytes:
    return gzip.compress(bundle(), compresslevel=9, mtime=0)


def _document(served: Served, language: str) -> MapDocument:
    use_language(language)
    return cache.document(served)
