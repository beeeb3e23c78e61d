"""The scripts, styles and fonts of the map: where they lie and at which address they are served."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

STATIC = Path(__file__).resolve().parent.parent / "static"
LEAFLET = "vendor/leaflet-1.9.4"
PROTOMAPS = "vendor/protomaps-leaflet-5.1.0"

SCRIPTS = (
    "map/bridge.js",
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


def asset_url(path: str, *, root: str = "/") -> str:
    """Address of a static file, for example ``/assets/0123456789abcdef/map/map.css``."""
    return f"{root}assets/{assets_digest()}/{path}"
