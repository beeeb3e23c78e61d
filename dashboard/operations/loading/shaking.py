"""ShakeMaps: how strongly the ground moved, in every form that people get."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dashboard.operations.loading.layer import LoadOptions, Prepared, prepare_frame, source_of
from geo.errors import InputError
from geo.shakemap_grid import ShakeMapInfo, moment_of, number_of

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from dashboard.operations.situation import Progress, Situation
    from geo.model import Source


def prepare_shakemap(
    situation: Situation, paths: list[Path], options: LoadOptions, progress: Progress
) -> list[Prepared]:
    """Read ShakeMaps: `grid.xml`, contour lines or polygons, of intensity or acceleration."""
    prepared = []
    for number, path in enumerate(paths):
        progress(number / len(paths), f"reading shaking from {path.name}")
        frame, info = _read(path, options)
        made_by = _source(path, options, info)
        frame["source"] = made_by.name
        one = prepare_frame(
            situation, "shakemap", "shakemap", frame, path.name, made_by, details=info.details()
        )
        prepared.append(replace(one, notes=(*one.notes, *_against_loaded(situation, info))))
    return prepared


def _read(path: Path, options: LoadOptions) -> tuple[gpd.GeoDataFrame, ShakeMapInfo]:
    from geo.shakemap_grid import read_grid
    from geo.shaking import shakemap_from_vector
    from geo.shaking_bands import bands_of_contours, bands_of_grid
    from geo.vectors import read_vector

    if path.suffix.lower() == ".xml":
        grid = read_grid(path)
        return bands_of_grid(grid, source=path.name), grid.info
    measure = options.measure
    if measure is None:
        # A map of acceleration in %g looks like one of intensity as long as it is weak.
        if (options.layer or path.stem).lower().startswith(("pga", "cont_pga")):
            raise InputError(
                f"{path.name}: a map of acceleration",
                "its unit is needed",
                "load it with --measure g or --measure %g, or load the map of intensity",
            )
        measure = "mmi"
    frame = read_vector(path, layer=options.layer)
    lines = frame.geometry.geom_type.isin(["LineString", "MultiLineString"])
    if lines.all():
        bands = bands_of_contours(frame, source=path.name, measure=measure)
    else:
        bands = shakemap_from_vector(frame, source=path.name, measure=measure)
    return bands, _info_of_json(path)


def _info_of_json(path: Path) -> ShakeMapInfo:
    """Read the event and version that ShakeMap 4 writes beside the features of its GeoJSON."""
    if path.suffix.lower() not in (".json", ".geojson"):
        return ShakeMapInfo()
    document = json.loads(path.read_bytes())
    about = _inside(document, "metadata")
    event = _inside(about, "input", "event_information")
    versions = _inside(about, "processing", "shakemap_versions")
    version = number_of(versions.get("map_version"))
    return ShakeMapInfo(
        event_id=str(event.get("event_id") or "")[:100].strip(),
        version=None if version is None else int(version),
        made_at=moment_of(versions.get("process_time")),
        event_at=moment_of(event.get("origin_time")),
        magnitude=number_of(event.get("magnitude")),
        depth_km=number_of(event.get("depth")),
        lon=number_of(event.get("longitude")),
        lat=number_of(event.get("latitude")),
        description=str(event.get("location") or "")[:200].strip(),
    )


def _inside(document: Any, *keys: str) -> dict[str, Any]:
    """Give the object below these keys, an empty one where there is none."""
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document if isinstance(document, dict) else {}


def _source(path: Path, options: LoadOptions, info: ShakeMapInfo) -> Source:
    said = source_of(path, options)
    return replace(said, name=options.source or info.title or said.name, at=said.at or info.made_at)


def _against_loaded(situation: Situation, info: ShakeMapInfo) -> list[str]:
    """Say what becomes of the maps of the same earthquake that are loaded already."""
    if not info.event_id or info.version is None:
        return []
    loaded = [
        layer.details.get("version")
        for layer in situation.store.layers("shakemap")
        if layer.details.get("event_id") == info.event_id
    ]
    known = [version for version in loaded if isinstance(version, int)]
    if known and max(known) > info.version:
        return [f"version {max(known)} of this ShakeMap is loaded and stays in force"]
    return [f"supersedes version {max(known)} of this ShakeMap"] if known else []
