"""Place nodes of OpenStreetMap kept in an SQLite table, as the GeoData collections publish them.

The table `NODE` has one tag a row: `ID`, `LON`, `LAT`, `NAME`, `NAME_EN`, `TAG`, `VALUE` and
`POPULATION`; only the rows with the tag `place` are read.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pandas as pd

from geo.errors import EmptyInputError, UnreadableError
from geo.places import places_from_osm

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from geo.model import Source

_QUERY = (
    "SELECT CAST(ID AS TEXT) AS osm_id, LON AS lon, LAT AS lat, NAME AS name, NAME_EN AS name_en, "
    "VALUE AS place, POPULATION AS population FROM NODE WHERE TAG = 'place' ORDER BY ID"
)


def read_osm_nodes(path: Path, *, source: Source | str) -> gpd.GeoDataFrame:
    """Make a places table of the place nodes in such a file.

    Raises
    ------
    UnreadableError
        The file is no SQLite database, or has no such table.
    EmptyInputError
        No inhabited place is in it.
    """
    try:
        # Never written, never created: the address says so.
        base = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
        try:
            table = pd.read_sql(_QUERY, base)
        finally:
            base.close()
    except (sqlite3.Error, pd.errors.DatabaseError) as error:
        raise UnreadableError(
            path.name,
            "an SQLite table NODE with ID, LON, LAT, NAME, TAG and VALUE is needed "
            f"({str(error.__cause__ or error)[:80]})",
            "give an extract (.osm.pbf) or a GeoPackage instead",
        ) from error
    lon, lat = (pd.to_numeric(table[one], errors="coerce") for one in ("lon", "lat"))
    here = lon.between(-180, 180) & lat.between(-90, 90) & ~((lon == 0) & (lat == 0))
    if not here.any():
        raise EmptyInputError(path.name, "it holds no place with a position", "give another file")
    notes = []
    if not here.all():
        notes.append(f"{int((~here).sum())} nodes without a position on Earth were left out")
    kept = table[here].assign(lon=lon[here], lat=lat[here])
    kept.attrs = {"notes": notes}
    return places_from_osm(kept, source=source)
