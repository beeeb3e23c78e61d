"""The map before the page: what the browser shows while Streamlit's page comes up.

Streamlit's page is some 110 scripts, a web socket and a first run before its map can even be asked
for: a second and a half on this machine, twenty seconds over a satellite. The map's document is
three files. So the page's document brings the map with it, over the whole window, until the page
has drawn its own (``static/first/first.js``); both show the same place, which stands in the
address.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from dashboard.languages import _, reading_in
from dashboard.map.assets import MAP_ADDRESS, asset_url

if TYPE_CHECKING:
    from starlette.types import Scope

SCRIPT = "first/first.js"
_ROOT = b'<div id="root"></div>'
#: What starts Streamlit's page, and the sixty files that it names beforehand. Over a satellite they
#: would stand before the map, so the map's script begins with them once the map is drawn.
_STARTS = re.compile(
    rb'<script type="module" crossorigin src="[^"]+"></script>'
    rb'(?:\s*<link rel="modulepreload" crossorigin href="[^"]+">)*'
)
_STYLE = (
    "#qafila-first{position:fixed;inset:0;z-index:1000000;background:#f2efe8;"
    "display:flex;flex-direction:column;color:#1b1b1b;font:15px 'Noto Sans','Noto Sans Arabic',"
    "'Noto Sans Tifinagh',sans-serif}"
    "#qafila-first p{margin:0;padding:.5rem 1rem;border-bottom:1px solid #b9b4aa}"
    "#qafila-first iframe{flex:1;width:100%;border:0;visibility:hidden}"
    "#qafila-first.begun iframe{visibility:visible}"
)


def shows_map_first(scope: Scope) -> bool:
    """Whether this address is that of the situation as it is now, the one view that opens a map."""
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    return scope["path"] == "/" and "as-of" not in query


def with_first_map(document: bytes, language: str) -> bytes:
    """Put the map of a language before Streamlit's page."""
    with reading_in(language):
        words = html.escape(_("The map comes first; tables and forms follow."))
        title = html.escape(_("Map of the situation"))
    found = _STARTS.search(document)
    if found is None or _ROOT not in document:
        return document  # another Streamlit than we know: its page comes by itself
    page = found[0].decode("ascii")
    part = (
        f"<style>{_STYLE}</style>"
        f'<div id="qafila-first"><p role="status">{words}</p>'
        f'<iframe title="{title}" src="{MAP_ADDRESS.format(language=language)}"></iframe></div>'
        f'<template id="qafila-page">{page}</template>'
        f'<script src="{asset_url(SCRIPT)}"></script>'
    )
    return document.replace(found[0], b"", 1).replace(_ROOT, part.encode() + _ROOT, 1)
