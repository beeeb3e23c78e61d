"""Large layers of the map as vector tiles: which there are, and their files, made once and kept.

Each is known by a key that changes with what it was made from, so no screen is given old tiles
under a new name. Closures, needs and convoys are not here: what may not be missed is in no tile.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np

from geo.errors import UnknownIdError
from geo.vector_tiles import write_vector_tiles

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import geopandas as gpd
    from numpy.typing import NDArray

    from dashboard.operations.situation import Situation

#: Roads that lead somewhere; what only feet use or what leads to a single yard; buildings; units.
VectorName = Literal["roads", "roads-minor", "buildings", "boundaries"]

FAR_ZOOM = 5
DEEPEST_ZOOM = 12
#: In a network of more edges, small roads wait until the map is near.
LARGE_NETWORK = 5_000
MINOR_ZOOM = 10
MAIN_HIGHWAYS = ("motorway", "trunk", "primary", "secondary", "tertiary")
#: From how near a building is drawn; farther, the symbol of its place stands for it.
BUILDING_ZOOM = 11


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorLayer:
    """A layer of the map in tiles."""

    name: VectorName
    key: str
    min_zoom: int
    max_zoom: int = DEEPEST_ZOOM

    @property
    def path(self) -> str:
        """Where the HTTP interface serves it, below ``/api/v1``."""
        return f"tiles/{self.key}.pmtiles"


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorSource:
    """A layer with what gives the table that its tiles are made from."""

    layer: VectorLayer
    table: Callable[[], gpd.GeoDataFrame]

    def write(self, path: Path) -> None:
        """Write the tiles."""
        write_vector_tiles(
            self.table(),
            path,
            name=self.layer.name,
            min_zoom=self.layer.min_zoom,
            max_zoom=self.layer.max_zoom,
        )


def vector_layers(situation: Situation) -> tuple[VectorLayer, ...]:
    """Give the layers that the map can show, from the ground up."""
    return tuple(source.layer for source in _sources(situation))


def vector_file(situation: Situation, key: str) -> Path:
    """Give the tiles of a layer as a file, made the first time: some seconds for a large network.

    Raises
    ------
    UnknownIdError
        No layer of the situation has this key.
    """
    for source in _sources(situation):
        if source.layer.key == key:
            name = f"{source.layer.name}.pmtiles"

            def write(folder: Path, source: VectorSource = source, name: str = name) -> None:
                source.write(folder / name)

            return situation.kept(f"tiles-{key[:32]}", write) / name
    raise UnknownIdError(f"tiles {key[:12]}…", "no such layer is served", "reload the map")


def road_sources(edges: gpd.GeoDataFrame, key: str) -> tuple[VectorSource, ...]:
    """Give the roads of a network in one layer, or in two where there are many.

    Parameters
    ----------
    edges
        Road edges as in docs/architecture.md.
    key
        Text that changes whenever the edges do.
    """
    kind = edges["highway"].str.removesuffix("_link")
    minor = ~kind.isin(MAIN_HIGHWAYS).to_numpy()
    if len(edges) <= LARGE_NETWORK:
        minor = np.zeros(len(edges), dtype=bool)
    parts: tuple[tuple[VectorName, NDArray[np.bool_], int], ...] = (
        ("roads-minor", minor, MINOR_ZOOM),
        ("roads", ~minor, FAR_ZOOM),
    )
    # The lines themselves are read when tiles are made, not at each start.
    return tuple(
        _source(name, key, zoom, partial(_roads, edges, held))
        for name, held, zoom in parts
        if held.any()
    )


def _sources(situation: Situation) -> tuple[VectorSource, ...]:
    store = situation.store
    key = tuple(situation.layer_key(kind) for kind in ("damage_points", "boundaries"))
    roads_key = situation.roads_key() if store.layers("roads") else ""

    def make() -> tuple[VectorSource, ...]:
        found: list[VectorSource] = []
        if store.layers("boundaries"):
            found.append(_source("boundaries", key[1], FAR_ZOOM, lambda: _units(situation)))
        if roads_key:
            found += road_sources(situation.roads().edges, roads_key)
        if situation.damage_points()["is_building"].any():
            found.append(_source("buildings", key[0], BUILDING_ZOOM, lambda: _buildings(situation)))
        return tuple(found)

    return situation.remember(("vector layers", *key, roads_key), make)


def _roads(edges: gpd.GeoDataFrame, held: NDArray[np.bool_]) -> gpd.GeoDataFrame:
    part = edges.loc[held, ["geometry", "highway", "ref", "name"]]
    return part.assign(highway=part["highway"].str.removesuffix("_link"))


def _units(situation: Situation) -> gpd.GeoDataFrame:
    return situation.boundaries()[["name", "geometry"]]


def _buildings(situation: Situation) -> gpd.GeoDataFrame:
    """Give the graded buildings, each once, with the grade that holds now."""
    from geo.sightings import merge_sightings

    points = situation.damage_points()
    buildings = merge_sightings(points[points["is_building"]], crs=situation.crs())
    return buildings[["grade", "geometry"]]


def _source(
    name: VectorName, key: str, min_zoom: int, table: Callable[[], gpd.GeoDataFrame]
) -> VectorSource:
    return VectorSource(
        layer=VectorLayer(name=name, key=_digest(name, key), min_zoom=min_zoom), table=table
    )


def _digest(name: str, key: str) -> str:
    return hashlib.sha256(f"{name}\0{key}\0{DEEPEST_ZOOM}".encode()).hexdigest()
