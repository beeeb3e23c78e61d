"""The scripts, styles and fonts of the map: where they lie and at which address they are served."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

#: Where the map's document is served, one a language.
MAP_ADDRESS = "/map/{language}/"
STATIC = Path(__file__).resolve().parent.parent / "static"
LEAFLET = "vendor/leaflet-1.9.4"
PROTOMAPS = "vendor/protomaps-leaflet-5.1.0"

#: Comes by itself and first: it says so where the others do not come.
BRIDGE = "map/bridge.js"
SCRIPTS = (
    f"{LEAFLET}/leaflet.js",
    f"{PROTOMAPS}/protomaps-leaflet.js",
    "map/sheet.js",
    "map/vectors.js",
    "map/symbols.js",
    "map/map.js",
    "map/raster.js",
    "map/slider.js",
    "map/marks.js",
    "map/convoys.js",
    "map/export.js",
    "map/live.js",
    "map/positions.js",
)
#: All of `SCRIPTS` behind one another: a line with 0.6 s there and back feels each file.
BUNDLE = "map/all.js"
STYLES = (f"{LEAFLET}/leaflet.css", "map/fonts.css", "map/map.css")


@lru_cache(maxsize=1)
def assets_digest() -> str:
    """Hash over all static files: it stands in their address, so browsers may keep them."""
    total = hashlib.sha256()
    for path in sorted(STATIC.rglob("*")):
        if path.is_file():
            total.update(path.relative_to(STATIC).as_posix().encode())
            total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:16]


@lru_cache(maxsize=1)
def bundle() -> bytes:
    """Give the scripts of the map as one, in their order, each under its name."""
    return b"".join(
        f"// {path}\n".encode("ascii") + (STATIC / path).read_bytes() + b"\n;\n" for path in SCRIPTS
    )


def asset_url(path: str, *, root: str = "/") -> str:
    """Address of a static file, for example ``/assets/0123456789abcdef/map/map.css``."""
    return f"{root}assets/{assets_digest()}/{path}"
