"""Rasters on the map: which there are, and their tiles, drawn when they are asked for and kept.

Each is known by a key, the hash of its file and of how it is coloured, so a tile may be kept for
ever by whoever asked for it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from geo.errors import UnknownIdError
from geo.raster_tiles import Paint, native_zoom, shows, square_png, tile_png

if TYPE_CHECKING:
    from dashboard.operations.situation import Bounds, Situation
    from data.store.records import LayerRecord

#: What a raster is on the map; each kind has one switch.
RasterKind = Literal["relief", "imagery", "before", "after", "damage_raster"]
#: Zoom levels below that of a raster's own cells at which it is still shown.
ZOOMS_OUT = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class RasterLayer:
    """A raster as the map shows it; `name` is what its source is called."""

    key: str
    kind: RasterKind
    name: str
    bounds: Bounds
    min_zoom: int
    native_zoom: int


def raster_layers(situation: Situation) -> tuple[RasterLayer, ...]:
    """Give the rasters that the map can show, from the ground up."""
    return tuple(layer for layer, _, _ in _shown(situation))


def raster_tile(situation: Situation, key: str, z: int, x: int, y: int) -> bytes:
    """Draw a tile of a raster as PNG.

    Raises
    ------
    UnknownIdError
        No raster of the situation has this key.
    InputError
        There is no such tile.
    """
    for layer, ref, paint in _shown(situation):
        if layer.key == key:
            path = situation.archive.path(ref)
            return tile_png(path, z, x, y, paint)
    raise UnknownIdError(f"raster {key[:12]}…", "no such raster is served", "reload the map")


def picture_at(
    situation: Situation, role: Literal["before", "after"], lon: float, lat: float
) -> LayerRecord | None:
    """Give the newest picture from before or after that shows a point."""
    for layer in reversed(situation.store.layers("imagery")):
        west, south, east, north = layer.bounds
        if layer.details.get("role") == role and west <= lon <= east and south <= lat <= north:
            path = situation.archive.path(layer.files["imagery"])
            if shows(path, lon, lat, _picture_paint(layer)):
                return layer
    return None


def picture_around(
    situation: Situation, layer: LayerRecord, lon: float, lat: float, side_m: float
) -> bytes:
    """Draw the square of `side_m` metres around a point of a picture, as PNG."""
    path = situation.archive.path(layer.files["imagery"])
    return square_png(path, lon, lat, side_m, _picture_paint(layer))


def _shown(situation: Situation) -> list[tuple[RasterLayer, str, Paint]]:
    layers = situation.store.layers
    key = tuple(
        layer.layer_id
        for kind in ("elevation", "imagery", "damage_raster")
        for layer in layers(kind)
    )

    def make() -> list[tuple[RasterLayer, str, Paint]]:
        found = []
        # Only the newest elevation counts, as everywhere.
        for layer in layers("elevation")[-1:]:
            if "hillshade" in layer.files:
                ref = layer.files["hillshade"]
                found.append(_described("relief", layer, ref, Paint(kind="shadow"), ZOOMS_OUT + 4))
        for layer in layers("imagery"):
            ref = layer.files["imagery"]
            role: RasterKind = layer.details.get("role") or "imagery"
            found.append(_described(role, layer, ref, _picture_paint(layer), ZOOMS_OUT))
        for layer in layers("damage_raster"):
            ref = layer.files["raster"]
            found.append(_described("damage_raster", layer, ref, _damage_paint(layer), ZOOMS_OUT))
        return found

    return situation.remember(("raster layers", *key), make)


def _described(
    kind: RasterKind, layer: LayerRecord, ref: str, paint: Paint, zooms_out: int
) -> tuple[RasterLayer, str, Paint]:
    west, south, east, north = layer.bounds
    digest = hashlib.sha256(f"{ref} {paint!r}".encode()).hexdigest()
    cell_m = float(layer.details.get("resolution_m") or 30.0)
    own = native_zoom(cell_m, (south + north) / 2)
    shown = RasterLayer(
        key=digest,
        kind=kind,
        name=layer.source.name if layer.source.name != layer.name else layer.name,
        bounds=(west, south, east, north),
        min_zoom=max(0, own - zooms_out),
        # A coarse relief stretched by the browser shows the edges of its tiles.
        native_zoom=own + 2 if kind == "relief" else own,
    )
    return shown, ref, paint


def _picture_paint(layer: LayerRecord) -> Paint:
    details = layer.details
    low, high = details.get("stretch") or (0.0, 255.0)
    return Paint(
        kind="picture",
        bands=tuple(details.get("rgb") or (1,)),
        low=float(low),
        high=float(high),
        black_is_void=bool(details.get("black_is_void")),
    )


def _damage_paint(layer: LayerRecord) -> Paint:
    bands = (int(layer.details.get("band") or 1),)
    if classes := layer.details.get("classes"):
        meaning = tuple(sorted((int(value), str(grade)) for value, grade in classes.items()))
        return Paint(kind="classes", bands=bands, classes=meaning)
    return Paint(kind="shares", bands=bands, scale=float(layer.details.get("scale") or 1.0))
