"""What is made once and used by many runs: layer files and the map's document, keyed by hashes.

Keys are small values (hashes of layers, the frame of the map), never frames or geometries, so a
cached value cannot be stale: a changed layer has another hash.
"""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import TYPE_CHECKING

from dashboard.languages import language
from dashboard.map.document import MapDocument, MapFrame, map_document
from dashboard.map.layers import LayerFile, area_files, hint_files
from dashboard.map.text import clean
from dashboard.roadbook import RoadBook
from dashboard.vocabulary import told

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd

    from dashboard.desk import Layer
    from dashboard.operations.situation import SituationInfo
    from dashboard.operations.tiles import RasterLayer
    from dashboard.operations.vector_layers import VectorLayer
    from dashboard.state import Served

#: Where a map without a single layer looks: all the world.
WORLD = (-170.0, -60.0, 170.0, 75.0)


def document(served: Served) -> MapDocument:
    """Give the map's document for the situation as it is now."""
    info = served.desk.info()
    desk = served.desk
    frame = map_frame(info, layer_files(served), desk.raster_layers(), desk.vector_layers())
    return _document(frame)


def map_frame(
    info: SituationInfo,
    files: tuple[LayerFile, ...],
    rasters: tuple[RasterLayer, ...] = (),
    vectors: tuple[VectorLayer, ...] = (),
) -> MapFrame:
    """Give what the map's document is made from."""
    return MapFrame(
        situation_id=info.situation_id,
        title=clean(told(info.name)),
        bounds=info.bounds or WORLD,
        timezone=info.timezone,
        notice=told(info.notice),
        drill=info.drill,
        language=language(),
        layers=tuple((file.name, file.path) for file in files),
        rasters=rasters,
        vectors=vectors,
    )


def layer_files(served: Served) -> tuple[LayerFile, ...]:
    """Give the heavy layers of the situation as files, making those that are new."""
    desk = served.desk
    crs = desk.info().working_crs
    kinds: tuple[tuple[str, Layer | None, Callable[..., tuple[LayerFile, ...]]], ...] = (
        ("areas", desk.areas_layer(), _areas("areas")),
        ("hint", desk.hint_layer(), hint_files),
    )
    files: list[LayerFile] = []
    for kind, layer, make in kinds:
        if layer is not None and crs:
            files += _made(served, kind, layer, crs, make)
    return tuple(files)


def _made(
    served: Served,
    kind: str,
    layer: Layer,
    crs: str,
    make: Callable[..., tuple[LayerFile, ...]],
) -> tuple[LayerFile, ...]:
    key, frame = layer
    return served.layers.made_from((kind, key, crs), lambda: make(frame, crs=crs))


def _areas(name: str) -> Callable[..., tuple[LayerFile, ...]]:
    def make(frame: gpd.GeoDataFrame, *, crs: str) -> tuple[LayerFile, ...]:
        return area_files(name, frame, crs=crs)

    return make


@lru_cache(maxsize=8)
def _document(frame: MapFrame) -> MapDocument:
    return map_document(frame)


def road_book(served: Served) -> RoadBook | None:
    """Give the road book of the network, made once for each network; None where there is none."""
    layer = served.desk.roads_layer()
    crs = served.desk.info().working_crs
    if layer is None or not crs:
        return None
    key, edges = layer
    places = served.desk.picture().places
    return served.books.made_from((key, crs, len(places)), lambda: RoadBook(edges, places, crs=crs))


class RoadBooks:
    """The newest road book, by the key of its network."""

    def __init__(self) -> None:
        self._kept: tuple[tuple[object, ...], RoadBook] | None = None
        self._lock = threading.Lock()

    def made_from(self, key: tuple[object, ...], make: Callable[[], RoadBook]) -> RoadBook:
        """Give the book for `key`, making it the first time."""
        with self._lock:
            if self._kept is None or self._kept[0] != key:
                self._kept = (key, make())
            return self._kept[1]
