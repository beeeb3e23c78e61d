"""Vector tiles of a table for the map: one PMTiles archive, read by byte ranges.

Written by GDAL's own writer. Tiles are web Mercator, as every tiled map is; nothing is measured in
them. No feature is ever left out for the size of a tile: a road that is missing from a map reads as
a road that is not there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

#: Units across a tile: at zoom 12 and 31° north one of them is 2 m.
EXTENT = 4096
#: Above these GDAL would thin a tile out.
MOST_BYTES = 100_000_000
MOST_FEATURES = 10_000_000
#: Detail below this many units of a tile is lost at the deepest zoom.
SIMPLIFICATION = 1


def write_vector_tiles(
    frame: gpd.GeoDataFrame, path: Path, *, name: str, min_zoom: int, max_zoom: int
) -> None:
    """Write a table as a PMTiles archive with one layer, its columns as properties.

    Parameters
    ----------
    frame
        Points, lines or polygons in any CRS; columns of text and numbers.
    path
        File to be made; its name must end in ``.pmtiles``.
    name
        Name of the layer inside.
    min_zoom, max_zoom
        Nearer than `max_zoom` a viewer enlarges the deepest tiles.

    Raises
    ------
    InputError
        The table is empty, has no CRS, or the zooms are not in order within 0 to 22.
    """
    import pyogrio

    if frame.empty or frame.crs is None:
        raise InputError(
            f"tiles of {name!r}", "a table with features and a CRS", "load the layer again"
        )
    if not 0 <= min_zoom <= max_zoom <= 22:
        raise InputError(
            f"tiles of {name!r} at zooms {min_zoom} to {max_zoom}",
            "0 <= least <= most <= 22",
            "give the least zoom first",
        )
    pyogrio.write_dataframe(
        frame,
        path,
        driver="PMTiles",
        layer=name,
        NAME=name,
        MINZOOM=min_zoom,
        MAXZOOM=max_zoom,
        EXTENT=EXTENT,
        MAX_SIZE=MOST_BYTES,
        MAX_FEATURES=MOST_FEATURES,
        SIMPLIFICATION_MAX_ZOOM=SIMPLIFICATION,
    )
