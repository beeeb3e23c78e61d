"""Load a geospatial layer: read, normalise, check against what is there, archive, record.

Everything is checked before anything is written: a refused file leaves the situation unchanged.
One file a kind of layer; `layer` holds what they share. A reader turns files into `Prepared` layers
and records nothing; `record_layers` records them together.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dashboard.operations.loading.damage import prepare_damage, write_mapping_template
from dashboard.operations.loading.footprints import prepare_footprints
from dashboard.operations.loading.imagery import prepare_imagery
from dashboard.operations.loading.layer import (
    LoadOptions,
    Prepared,
    prepare_frame,
    prepare_raster,
    require_in_area,
)
from dashboard.operations.loading.places import prepare_boundaries, prepare_places
from dashboard.operations.loading.population import prepare_population
from dashboard.operations.loading.remote import at_hand
from dashboard.operations.loading.roads import (
    prepare_elevation,
    prepare_heights,
    prepare_roads,
    prepare_roads_files,
)
from dashboard.operations.loading.shaking import prepare_shakemap
from dashboard.operations.situation import Bounds, Progress, Situation, silent
from data.events import LayerLoaded, RoadGapsJoined, SourceRef
from geo.errors import InputError, UnreadableError
from geo.model import new_id

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

__all__ = [
    "LoadOptions",
    "Prepared",
    "load",
    "prepare",
    "prepare_frame",
    "prepare_heights",
    "prepare_raster",
    "prepare_roads",
    "record_layers",
    "write_mapping_template",
]

#: Kinds of which the same file twice would count twice.
COUNTED_KINDS = (
    "damage_points",
    "damage_raster",
    "analysed_area",
    "population",
    "imagery",
    "footprints",
)


_PREPARE: dict[str, Callable[[Situation, list[Path], LoadOptions, Progress], list[Prepared]]] = {
    "places": prepare_places,
    "boundaries": prepare_boundaries,
    "roads": prepare_roads_files,
    "elevation": prepare_elevation,
    "damage": prepare_damage,
    "shakemap": prepare_shakemap,
    "population": prepare_population,
    "imagery": prepare_imagery,
    "footprints": prepare_footprints,
}


def load(
    situation: Situation,
    kind: str,
    paths: Sequence[Path | str],
    *,
    progress: Progress = silent,
    **said: Any,
) -> dict[str, Any]:
    """Load the files of one kind.

    Parameters
    ----------
    kind
        places, boundaries, roads, elevation, damage, shakemap, population, imagery or
        footprints.
    paths
        Files; several elevation tiles become one raster, several other files one layer each. A
        raster may be an address (http, https): what lies over the situation's area is read by
        range.
    said
        What the person said about the files: the fields of `LoadOptions`.

    Returns
    -------
    dict
        ``{"layers": [{layer_id, kind, name, rows, notes, …}]}``; after places or boundaries also
        `register`: how many places all sources have together, before and after merging.

    Raises
    ------
    InputError
        A file cannot be used; nothing was recorded.
    """
    options = LoadOptions(**said)
    with at_hand(situation, kind, paths, progress) as (files, origins):
        digests = {path.name: _file_sha256(path) for path in files if path.exists()}
        _require_new(situation, digests)
        prepared = prepare(situation, kind, files, options, progress)
        for one in prepared:
            require_in_area(situation, one.kind, one.name, one.bounds)
        known = [
            replace(
                one,
                source=replace(one.source, url=origins.get(one.name, one.source.url)),
                details={**one.details, "files_sha256": _digests_of(one, digests)},
            )
            for one in prepared
        ]
        recorded = record_layers(situation, known)
    _prepare_engine(situation, known, progress)
    if kind in ("places", "boundaries"):
        from dashboard.operations.register import summary

        progress(0.9, "joining places of all sources")
        report = summary(situation)
        recorded["register"] = {**report["counts"], "notes": report["notes"]}
    return recorded


def _prepare_engine(situation: Situation, loaded: Sequence[Prepared], progress: Progress) -> None:
    """Prepare a large road network now, so that the first closure does not wait for it."""
    from routing.engine import MIN_HIERARCHY_NODES

    if any(one.kind == "roads" and one.rows >= MIN_HIERARCHY_NODES for one in loaded):
        progress(0.9, "preparing the road network for fast answers")
        situation.engine(say=lambda text: progress(0.95, text))
        progress(1.0, "the road network is ready")


def _file_sha256(path: Path) -> str:
    """Hash the content of a file, or that of all files in a folder."""
    if path.is_dir():
        inside = sorted(one for one in path.rglob("*.json") if one.is_file())
        return hashlib.sha256("".join(map(_file_sha256, inside)).encode()).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digests_of(layer: Prepared, digests: dict[str, str]) -> list[str]:
    """Give the hashes of the files a layer was read from: its own, or all of a mosaic."""
    return [digests[layer.name]] if layer.name in digests else sorted(digests.values())


def _require_new(situation: Situation, digests: dict[str, str]) -> None:
    """Refuse a file that is loaded already: counted twice, a building would be two."""
    held = {
        (layer.kind, digest): layer
        for layer in situation.store.layers()
        for digest in layer.details.get("files_sha256", ())
    }
    for name, digest in digests.items():
        # The same extract holds roads and places: those are two kinds.
        again = [layer for (kind, known), layer in held.items() if known == digest]
        damage = [one for one in again if one.kind in COUNTED_KINDS]
        if damage:
            raise InputError(
                f"{name}",
                f"the same file is loaded already as {damage[0].layer_id}",
                f"nothing to do; to load it anew, first `qafila undo {damage[0].layer_id}`",
            )


def prepare(
    situation: Situation,
    kind: str,
    paths: Sequence[Path],
    options: LoadOptions,
    progress: Progress = silent,
) -> list[Prepared]:
    """Read, normalise and check the files of one kind; nothing is recorded yet."""
    from geo.xbd import is_xbd

    reader = _PREPARE.get(kind)
    if reader is None:
        raise InputError(f"load {kind}", f"kinds known are {', '.join(_PREPARE)}", "correct it")
    for path in paths:
        if path.is_dir() and kind == "damage" and is_xbd(path):
            continue  # a folder of labels, one a picture
        if not path.is_file():
            raise UnreadableError(str(path), "no such file", "check the path")
    return reader(situation, list(paths), options, progress)


def record_layers(situation: Situation, prepared: Sequence[Prepared]) -> dict[str, Any]:
    """Record prepared layers, and the area if they are the first to tell it."""
    events = [
        LayerLoaded(
            layer_id=new_id("layer"),
            kind=layer.kind,
            name=layer.name[:300],
            files=layer.files,
            rows=layer.rows,
            bounds=layer.bounds,
            source=SourceRef(
                name=layer.source.name[:300],
                at=layer.source.at,
                url=layer.source.url,
                licence=layer.source.licence,
            ),
            notes=tuple(note[:2_000] for note in layer.notes),
            details=layer.details,
        )
        for layer in prepared
    ]
    telling = [
        layer.bounds for layer in prepared if layer.kind in ("places", "roads", "boundaries")
    ]
    area = situation.area_event(_union(telling)) if telling else []
    joints = [
        RoadGapsJoined(
            joint_id=new_id("joint"),
            layer_id=event.layer_id,
            gaps=layer.joined,
            source="asked for when the roads were loaded",
        )
        for layer, event in zip(prepared, events, strict=True)
        if layer.joined
    ]
    situation.record([*area, *events, *joints])
    joint_of = {joint.layer_id: {"joint_id": joint.joint_id} for joint in joints}
    return {
        "layers": [
            {
                "layer_id": event.layer_id,
                "kind": event.kind,
                "name": event.name,
                "rows": event.rows,
                "notes": list(event.notes),
                **event.details,
                **joint_of.get(event.layer_id, {}),
            }
            for event in events
        ]
    }


def _union(bounds: Sequence[Bounds]) -> Bounds:
    west, south, east, north = zip(*bounds, strict=True)
    return min(west), min(south), max(east), max(north)
