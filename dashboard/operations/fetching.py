"""Download open data for an area and load it: roads, places, elevation."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from dashboard.operations.loading import LoadOptions, prepare, record_layers
from dashboard.operations.situation import Progress, Situation, silent


def fetch(
    situation: Situation, area: str, *, large: bool = False, progress: Progress = silent
) -> dict[str, Any]:
    """Fetch OpenStreetMap roads, places and boundaries and open elevation for an area; load them.

    The downloads are kept in an on-disk cache (``QAFILA_CACHE`` or the user's cache folder): the
    same area is not downloaded twice. Raises `InputError` where the internet or the area cannot be
    had; nothing is loaded then.
    """
    from data.sources.boundaries_osm import fetch_boundaries
    from data.sources.elevation import fetch_elevation
    from data.sources.overpass import fetch_osm, find_area

    progress(0.0, f"finding {area}")
    found = find_area(area, large=large)
    srtm = LoadOptions(source="open terrain tiles (SRTM)")
    osm = LoadOptions(source="OpenStreetMap", in_pieces=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        progress(0.1, f"roads and places of {found.name}")
        extract = fetch_osm(found, folder)
        progress(0.5, "boundaries")
        boundaries = fetch_boundaries(found, folder)
        progress(0.6, "elevation")
        tiles = fetch_elevation(found.bounds, folder)
        progress(0.8, "loading")
        prepared = [
            *prepare(situation, "elevation", tiles, srtm),
            *prepare(situation, "roads", [extract], osm),
            *prepare(situation, "places", [extract], osm),
            *(prepare(situation, "boundaries", [boundaries], osm) if boundaries else []),
        ]
    result = record_layers(situation, prepared)
    progress(1.0, "fetched")
    return {"area": found.name, **result}
