"""Layers of the map that are whole files: made once from the situation's layers, known by hash.

What is large comes as vector tiles instead (`dashboard.operations.vector_layers`).
"""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import shapely

from dashboard.map.text import clean
from geo.crs import to_working

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd
    import numpy as np

#: Detail that the map can lose (Douglas-Peucker in the working CRS); 10 m are 1 pixel at zoom 14.
ROAD_TOLERANCE_M = 10.0
AREA_TOLERANCE_M = 40.0
HINT_TOLERANCE_M = 0.5
#: 5 decimals of a degree are 1.1 m.
DECIMALS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerFile:
    """A layer as the browser gets it: GeoJSON in EPSG:4326, gzipped; `sha` hashes its text."""

    name: str
    sha: str
    gzipped: bytes
    features: int
    size: int

    @property
    def path(self) -> str:
        """Where the HTTP interface serves it, below ``/api/v1``."""
        return f"layers/{self.name}/{self.sha}.geojson"


class LayerFiles:
    """The layer files in memory, by name and hash; made at most once for each source hash."""

    def __init__(self, *, keep: int = 24) -> None:
        self._files: OrderedDict[tuple[str, str], LayerFile] = OrderedDict()
        self._made: OrderedDict[tuple[str, ...], tuple[LayerFile, ...]] = OrderedDict()
        self._lock = threading.Lock()
        self._keep = keep

    def get(self, name: str, sha: str) -> LayerFile | None:
        """Give the file with this hash, or None where it was never made or is long gone."""
        return self._files.get((name, sha))

    def made_from(
        self, key: tuple[str, ...], make: Callable[[], tuple[LayerFile, ...]]
    ) -> tuple[LayerFile, ...]:
        """Give the files made from the source `key` names, making them the first time."""
        with self._lock:
            if key in self._made:
                return self._made[key]
            files = make()
            self._made[key] = files
            for file in files:
                self._files[(file.name, file.sha)] = file
            while len(self._made) > self._keep:
                for old in self._made.popitem(last=False)[1]:
                    self._files.pop((old.name, old.sha), None)
            return files


def area_files(name: str, areas: gpd.GeoDataFrame, *, crs: str) -> tuple[LayerFile, ...]:
    """Make one file of polygons with their names; none where there are no areas."""
    if areas.empty:
        return ()
    shapes = simplified(areas, crs, AREA_TOLERANCE_M)
    names = areas["name"] if "name" in areas else [""] * len(areas)
    features = [
        {
            "type": "Feature",
            "geometry": _rounded(json.loads(shape)),
            "properties": {"name": clean(label)},
        }
        for shape, label in zip(shapely.to_geojson(shapes), names, strict=True)
        if shape is not None
    ]
    return (layer_file(name, features),)


def hint_files(hints: gpd.GeoDataFrame, *, crs: str) -> tuple[LayerFile, ...]:
    """Make one file of the outlines that changed much, with their score; none where none did.

    The others are left out: drawn as unchanged they would read as undamaged.
    """
    high = hints[hints["high"]]
    if high.empty:
        return ()
    shapes = simplified(high, crs, HINT_TOLERANCE_M)
    features = [
        {
            "type": "Feature",
            "geometry": _rounded(json.loads(shape)),
            "properties": {"score": round(float(score), 2)},
        }
        for shape, score in zip(shapely.to_geojson(shapes), high["score"], strict=True)
    ]
    return (layer_file("hint", features),)


def layer_file(name: str, features: list[dict[str, Any]]) -> LayerFile:
    """Write features as a GeoJSON file that is named by its own hash."""
    text = json.dumps(
        {"type": "FeatureCollection", "features": features},
        ensure_ascii=False,
        separators=(",", ":"),
        allow_nan=False,
    ).encode()
    return LayerFile(
        name=name,
        sha=hashlib.sha256(text).hexdigest(),
        gzipped=gzip.compress(text, compresslevel=6, mtime=0),
        features=len(features),
        size=len(text),
    )


def simplified(frame: gpd.GeoDataFrame, crs: str, tolerance_m: float) -> np.ndarray:
    """Give geometries in EPSG:4326, simplified in the working CRS; lines keep their ends."""
    working = to_working(frame[["geometry"]], crs)
    simple = working.set_geometry(
        shapely.simplify(working.geometry.to_numpy(), tolerance_m, preserve_topology=True)
    )
    shapes: np.ndarray = simple.to_crs(frame.crs).geometry.to_numpy()
    return shapes


def _rounded(geometry: dict[str, Any]) -> dict[str, Any]:
    def walk(value: Any) -> Any:
        if isinstance(value, list):
            return [walk(part) for part in value]
        return round(value, DECIMALS)

    return {"type": geometry["type"], "coordinates": walk(geometry["coordinates"])}
