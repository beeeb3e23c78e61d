"""Streamlit's own files, made light: 2.7 MB become 0.8 MB, which a satellite link feels.

Streamlit leaves its files uncompressed because it would compress them anew for every visitor. Here
each file is compressed once and kept; its name holds its hash, so it never changes.
"""

from __future__ import annotations

import gzip
import mimetypes
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response

from dashboard.map.assets import asset_url

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

FOLDER = Path(streamlit.__file__).resolve().parent / "static" / "static"
PREFIX = "/static/"
SUFFIXES = frozenset({".js", ".css"})
FOR_EVER = "public, max-age=31536000, immutable"
LETTERS = "vendor/noto-sans-5.3.0/noto-sans-latin-400-normal.woff2"
#: Its stylesheet names these for what is shown before the page has its theme; 170 kB a style.
ITS_LETTERS = "/static/media/SourceSans"
#: All 4,309 signs of a font; ours are those that a page can show (`tools/icon_letters.py`).
ITS_ICONS = "/static/media/MaterialSymbols-Rounded"
ICONS = "icons/material-symbols-rounded.woff2"
_ITS_LETTERS = re.compile(rb'<link\s+rel="preload"\s+href="[^"]*SourceSans[^"]*"[^>]*>')


def with_our_letters(document: bytes) -> bytes:
    """Have the browser fetch our letters first, and not Streamlit's, which no page shows."""
    ours = (
        f'<link rel="preload" href="{asset_url(LETTERS)}" as="font" type="font/woff2" crossorigin>'
    )
    return _ITS_LETTERS.sub(ours.encode("ascii"), document, count=1).replace(
        b"<title>Streamlit</title>", b"<title>Qafila</title>", 1
    )


class CompressedStreamlitFiles:
    """Answers for ``/static/*.js`` and ``*.css`` where the browser takes gzip; else steps aside.

    Who asks for Streamlit's letters or icons is sent to ours.
    """

    def __init__(self, app: ASGIApp, *, folder: Path = FOLDER) -> None:
        self.app = app
        self.folder = folder
        self._compressed: dict[Path, bytes] = {}
        self._lock = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        for theirs, ours in ((ITS_LETTERS, LETTERS), (ITS_ICONS, ICONS)):
            if scope["type"] == "http" and scope["path"].startswith(theirs):
                moved = RedirectResponse(asset_url(ours), headers={"Cache-Control": "no-cache"})
                await moved(scope, receive, send)
                return
        path = self._file(scope)
        if path is None:
            await self.app(scope, receive, send)
            return
        body = await run_in_threadpool(self._gzipped, path)
        answer = Response(
            body,
            media_type=mimetypes.guess_type(path.name)[0] or "application/octet-stream",
            headers={
                "Content-Encoding": "gzip",
                "Cache-Control": FOR_EVER,
                "Vary": "Accept-Encoding",
            },
        )
        await answer(scope, receive, send)

    def _file(self, scope: Scope) -> Path | None:
        if scope["type"] != "http" or scope["method"] != "GET":
            return None
        if not scope["path"].startswith(PREFIX):
            return None
        if "gzip" not in Headers(scope=scope).get("accept-encoding", ""):
            return None
        path = (self.folder / scope["path"].removeprefix(PREFIX)).resolve()
        inside = path.is_relative_to(self.folder)
        return path if inside and path.suffix in SUFFIXES and path.is_file() else None

    def _gzipped(self, path: Path) -> bytes:
        with self._lock:
            known = self._compressed.get(path)
        if known is None:
            known = gzip.compress(path.read_bytes(), compresslevel=7, mtime=0)
            with self._lock:
                self._compressed[path] = known
        return known
