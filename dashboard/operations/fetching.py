"""Download open data for an area and load it: roads, places, elevation."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from dashboard.operations import loading
from dashboard.operations.situation import Progress, Situation, silent


def fetch(
    situation: Situation, area: str, *, large: bool = False, progress: Progress = silent
) -> dict[str, Any]:
    """Fetch OpenStreetMap roads and places and open elevation for an area, and load them.

    The downloads are kept in an on-disk cache (``QAFILA_CACHE`` or the user's cache folder): the
    same area is not downloaded twice. Raises `InputError` where the internet or the area cannot be
    had; nothing is loaded then.
    """
    from data.sources.elevation import fetch_elevation
    from data.sources.overpass import fetch_osm, find_area

    progress(0.0, f"finding {area}")
    found = find_area(area, large=large)
    with tempfile.TemporaryDirectory() as folder:
        progress(0.1, f"roads and places of {found.name}")
        extract = fetch_osm(found, Path(folder))
        progress(0.6, "elevation")
        tiles = fetch_elevation(found.bounds, Path(folder))
        progress(0.8, "loading")
        loaded = [
            loading.load(situation, "elevation", tiles, source="open terrain tiles (SRTM)"),
            loading.load(situation, "roads", [extract], source="OpenStreetMap", in_pieces=True),
            loading.load(situation, "places", [extract], source="OpenStreetMap", clip=True),
        ]
    progress(1.0, "fetched")
    return {"area": found.name, "layers": [layer for one in loaded for layer in one["layers"]]}
