"""Administrative boundaries: communes, provinces and what else encloses places.

The columns of a boundaries table, in EPSG:4326 (missing text is ``""``, missing numbers are NaN):

`unit_id` (unique; HCP's code such as ``07.041.11.01`` where the source has it) · `name` · `name_ar`
· `level` (`region`, `province`, `circle`, `commune` or ``""``) · `people` · `households` ·
`source` · `geometry` (Polygon or MultiPolygon).
"""

from __future__ import annotations

import re

import geopandas as gpd
import numpy as np
import pandas as pd

from geo._columns import (
    columns_named,
    distinct_ids,
    number_of,
    plain_code,
    raise_problems,
    text_of,
)
from geo.crs import STORAGE_CRS, require_same_crs, require_storage
from geo.errors import EmptyInputError
from geo.model import Source
from geo.scripts import split_scripts

COLUMNS = ("unit_id", "name", "name_ar", "level", "people", "households", "source", "geometry")
NUMBERS = frozenset({"people", "households"})

# Names of columns as geo._columns.plain_column writes them: HCP's layers of communes (2014, cut to
# ten letters by the shapefile they came from), geoBoundaries, OCHA's COD-AB, OpenStreetMap.
NAMES: dict[str, tuple[str, ...]] = {
    "code": ("unit_id", "code_commu", "code_commune", "commune_code", "adm3_pcode", "adm2_pcode",
             "adm1_pcode", "shapeid", "code", "pcode", "iso_code", "id"),
    "name": ("name", "nom", "nom_commun", "nom_commune", "commune", "libelle_fr", "centre_fr",
             "com_fr", "commune_fr", "shapename", "adm3_fr", "adm2_fr", "adm1_fr", "province",
             "nom_provin", "region"),
    "name_ar": ("name_ar", "nom_ar", "nom_comm_1", "libelle_ar", "com_ar", "commune_ar", "adm3_ar",
                "adm2_ar", "adm1_ar"),
    "level": ("level", "admin_level", "shapetype"),
    "people": ("people", "population", "pop_t", "pop", "pop_total", "population_2024",
               "population_2014", "habitants"),
    "households": ("households", "nb_menages", "menages", "nbmg_t", "households_2024",
                   "households_2014"),
}  # fmt: skip
# The census layers give the parts of a code as numbers: region, province, circle, commune.
CODE_PARTS = (
    (("code_reg", "code_region"), 2),
    (("code_prov", "code_provi"), 3),
    (("cod_cercle", "code_cercle"), 2),
    (("cod_com",), 2),
)
_CODE = re.compile(r"\d{2}\.\d{3}(\.\d{2}){0,2}|\d{2}")
LEVELS_BY_PARTS = {1: "region", 2: "province", 3: "circle", 4: "commune"}
LEVEL_WORDS = {
    "adm1": "region",
    "adm2": "province",
    "adm3": "commune",
    # OpenStreetMap in Morocco: list talk-ma, 28 March 2015 (level 7 is the caïdat).
    "4": "region",
    "5": "province",
    "6": "circle",
    "8": "commune",
    **{level: level for level in ("region", "province", "circle", "commune")},
}
_PROVINCE = re.compile(r"(?i)^(province|préfecture|prefecture)\b")
# A region of Morocco has up to 7.7 million people (Casablanca-Settat, HCP, census of 2024); a
# country's outline may be a unit too.
MAX_PEOPLE = 2_000_000_000


def boundaries_from_vector(
    frame: gpd.GeoDataFrame, *, source: Source | str, level: str = ""
) -> gpd.GeoDataFrame:
    """Make a boundaries table of the polygons of a vector file.

    Parameters
    ----------
    frame
        As `geo.vectors.read_vector` gives it. What is no polygon is left out and counted.
    source
        Who says so; its name stands in every row.
    level
        What the units are, where neither their codes nor their names tell.

    Returns
    -------
    geopandas.GeoDataFrame
        The columns named above, in the order of `frame`; `attrs["notes"]` adds to those of `frame`.

    Raises
    ------
    EmptyInputError
        There is no polygon.
    SchemaError
        Negative, absurd or unreadable numbers; all are in `problems`.
    CrsError
        `frame` is not in EPSG:4326.
    """
    require_storage(frame, "boundaries")
    notes = list(frame.attrs.get("notes", []))
    numbers = frame.attrs.get("row_numbers") or range(1, len(frame) + 1)
    rows = pd.Series(list(numbers), index=frame.index)
    polygons = frame.geometry.geom_type.isin(["Polygon", "MultiPolygon"])
    if not polygons.any():
        raise EmptyInputError(
            f"{len(frame)} features without an area",
            "boundaries are polygons",
            "give the polygons of the communes, or load these as places",
        )
    if not polygons.all():
        notes.append(f"{int((~polygons).sum())} features without an area were left out")
    frame, rows = frame[polygons].reset_index(drop=True), rows[polygons].reset_index(drop=True)
    table = _recognised(frame, rows, level)
    table["unit_id"] = distinct_ids(_unit_ids(table), notes, what="units")
    table["source"] = source.name if isinstance(source, Source) else source
    table["geometry"] = frame.geometry.to_numpy()
    boundaries = gpd.GeoDataFrame(table[list(COLUMNS)], geometry="geometry", crs=STORAGE_CRS)
    text = [column for column in COLUMNS[:-1] if column not in NUMBERS]
    boundaries[text] = boundaries[text].astype(str)
    boundaries.attrs = {"notes": notes}
    return boundaries


def empty_boundaries() -> gpd.GeoDataFrame:
    """A boundaries table without rows."""
    columns = {
        name: pd.Series(dtype=np.float64 if name in NUMBERS else str) for name in COLUMNS[:-1]
    }
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries([], crs=STORAGE_CRS))


def stamp_commune(places: gpd.GeoDataFrame, boundaries: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give each place the commune it lies in, where its source did not say.

    A written commune stands even if the place lies in another one: points of douars are often some
    hundred metres off, the lists that name their commune are not. Such places are counted in
    `attrs["notes"]` and listed in `attrs["conflicts"]`. On the line between two units the one with
    the lower id counts.

    Parameters
    ----------
    places
        A places table.
    boundaries
        A boundaries table in the same CRS; only communes and units of unknown level are used.

    Returns
    -------
    geopandas.GeoDataFrame
        A new places table with the rows, index and order of `places`.

    Raises
    ------
    CrsError
        The two are not in the same CRS.
    """
    require_same_crs(places, boundaries, "places and boundaries")
    stamped = places.copy()
    notes = list(places.attrs.get("notes", []))
    units = boundaries[boundaries["level"].isin(["commune", ""])].sort_values("unit_id")
    if units.empty or places.empty:
        return stamped
    pairs = gpd.sjoin(
        gpd.GeoDataFrame(geometry=places.geometry.to_numpy(), crs=places.crs),
        units[["unit_id", "name", "geometry"]].reset_index(drop=True),
        predicate="intersects",
    )
    first = pairs.sort_values("index_right", kind="stable")
    first = first[~first.index.duplicated()].reindex(range(len(places)))
    unit_id, name = (first[column].fillna("").to_numpy(str) for column in ("unit_id", "name"))
    code = places["commune_code"].to_numpy(str)
    unwritten = (code == "") & (unit_id != "")
    stamped["commune_code"] = pd.Series(np.where(unwritten, unit_id, code), index=places.index)
    # A name belongs to its code: it is taken over with it, or if the codes agree.
    commune = places["commune"].to_numpy(str)
    nameless = (commune == "") & (unwritten | (code == unit_id)) & (unit_id != "")
    stamped["commune"] = pd.Series(np.where(nameless, name, commune), index=places.index)
    apart = (code != "") & (unit_id != "") & (code != unit_id)
    n_other = int(apart.sum())
    if n_other:
        notes.append(f"{n_other} places lie outside the commune that their source names; it stands")
    conflicts = [
        {
            "place_id": str(places["place_id"].iloc[at]),
            "name": str(places["name"].iloc[at]),
            "written": {"code": str(code[at]), "name": str(commune[at])},
            "lies_in": {"code": str(unit_id[at]), "name": str(name[at])},
        }
        for at in np.flatnonzero(apart)
    ]
    stamped.attrs = {**places.attrs, "notes": notes, "conflicts": conflicts}
    return stamped


def _recognised(frame: gpd.GeoDataFrame, rows: pd.Series, level: str) -> pd.DataFrame:
    table = pd.DataFrame(index=frame.index)
    code = plain_code(text_of(frame, NAMES["code"]))
    from_parts = _code_of_parts(frame)
    table["code"] = from_parts.where(from_parts != "", code)
    names = [split_scripts(name) for name in text_of(frame, NAMES["name"])]
    written_ar = text_of(frame, NAMES["name_ar"])
    table["name_ar"] = written_ar.where(
        written_ar != "", pd.Series([name.arabic for name in names], index=frame.index)
    )
    latin = pd.Series([name.latin for name in names], index=frame.index, dtype=str)
    table["name"] = latin.where(latin != "", table["name_ar"])
    written = text_of(frame, NAMES["level"]).str.lower().map(LEVEL_WORDS).fillna("")
    for guess in (_level_of_code(table["code"]), _level_of_name(table["name"])):
        written = written.where(written != "", guess)
    table["level"] = written.where(written != "", level)
    problems = []
    for column, highest in (("people", MAX_PEOPLE), ("households", MAX_PEOPLE)):
        table[column], wrong = number_of(frame, NAMES[column], lowest=0, highest=highest, rows=rows)
        problems += wrong
    raise_problems(problems, "boundaries")
    return table


def _code_of_parts(frame: gpd.GeoDataFrame) -> pd.Series:
    """HCP's code put together from columns of numbers, "" where a part is missing."""
    parts = []
    for names, width in CODE_PARTS:
        columns = columns_named(frame, names)
        if not columns:
            break
        digits = text_of(frame, names).str.rstrip(".")
        parts.append(digits.where(digits.str.fullmatch(r"\d+"), "").str.zfill(width))
    if len(parts) < len(CODE_PARTS):
        return pd.Series("", index=frame.index, dtype=str)
    code = parts[0].str.cat(parts[1:], sep=".")
    return code.where(code.str.fullmatch(_CODE), "")


def _level_of_code(code: pd.Series) -> pd.Series:
    n_parts = code.str.count(r"\.") + 1
    return n_parts.where(code.str.fullmatch(_CODE), 0).map(LEVELS_BY_PARTS).fillna("")


def _level_of_name(name: pd.Series) -> pd.Series:
    return pd.Series(np.where(name.str.match(_PROVINCE), "province", ""), index=name.index)


def _unit_ids(table: pd.DataFrame) -> pd.Series:
    plain_name = table["name"].str.lower().str.replace(r"\W+", "-", regex=True).str.strip("-")
    numbered = pd.Series([f"unit-{row}" for row in range(1, len(table) + 1)], index=table.index)
    ids = table["code"].str.replace(r"\s+", "-", regex=True)
    for other in (plain_name, numbered):
        ids = ids.where(ids != "", other)
    return ids
