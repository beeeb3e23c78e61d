"""Inhabited places: one table, whatever columns the source had.

The columns of a places table, in EPSG:4326 (missing text is ``""``, missing numbers are NaN):

`place_id` (``place:…``, unique) · `name` · `name_fr` · `name_ar` · `name_zgh` · `kind` (city,
town, village, hamlet, isolated_dwelling, douar …) · `commune_code` · `commune` · `people` ·
`households` · `elevation_m` · `source` · `geometry` (Point).

Ids are made from what the source has and never from a random number, so that a place keeps its id
when its file is loaded again: from the census code of HCP, else the OSM object, else the source's
own id, else the coordinates.
"""

from __future__ import annotations

import math
import re
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo._columns import (
    columns_named,
    distinct_ids,
    number_of,
    plain_code,
    raise_problems,
    text_of,
)
from geo.crs import STORAGE_CRS, Bounds, require_bounds, require_storage
from geo.errors import EmptyInputError, Problem, SchemaError
from geo.model import Source
from geo.scripts import split_scripts

COLUMNS = (
    "place_id",
    "name",
    "name_fr",
    "name_ar",
    "name_zgh",
    "kind",
    "commune_code",
    "commune",
    "people",
    "households",
    "elevation_m",
    "source",
    "geometry",
)
NUMBERS = frozenset({"people", "households", "elevation_m"})

# Names of columns, as geo._columns.plain_column writes them, the surest first. From HCP's tables of
# 2014 and 2024, OpenStreetMap, GeoNames, HDX and OCHA, and from tables that people typed.
NAMES: dict[str, tuple[str, ...]] = {
    "name": ("name", "nom", "place_name", "nom_douar", "douar", "toponyme", "localite",
             "name_latin", "name_en", "asciiname", "libelle", "village", "lieu"),
    "name_fr": ("name_fr", "nom_fr", "libelle_fr", "douar_fr", "name_latin", "nom_latin"),
    "name_ar": ("name_ar", "nom_ar", "libelle_ar", "douar_ar", "nom_arabe"),
    "name_zgh": ("name_zgh", "name_zgh_tfng", "name_ber", "name_tzm", "nom_zgh", "nom_tifinagh"),
    "code": ("code", "hcp_code", "code_hcp", "code_douar", "douar_code", "code_rgph", "rgph_code",
             "pcode", "p_code", "place_code", "adm_pcode", "hlcit_code"),
    "osm_id": ("osm_id", "full_id", "id_osm", "osmid"),
    "source_id": ("source_id", "geonameid", "geoname_id", "globalid", "uuid", "id", "gml_id"),
    "kind": ("kind", "place", "place_type", "fclass", "type"),
    "commune_code": ("commune_code", "code_commune", "code_commu", "com_code"),
    "commune": ("commune", "commune_name", "nom_commune", "nom_commun", "commune_fr", "com_fr"),
    "people": ("people", "population", "pop", "pop_t", "pop_total", "population_totale",
               "habitants", "population_2024", "population_2014", "pop_2024", "pop_2014",
               "nb_habitants"),
    "households": ("households", "menages", "nb_menages", "nbre_menages", "hh", "foyers",
                   "nombre_menages", "households_2024", "households_2014", "nbmg_t"),
    "elevation": ("elevation_m", "ele", "elevation", "altitude", "altitude_m", "elev_1km"),
}  # fmt: skip

# Values of OSM's key `place` that say that people live there, and are no part of another place:
# the people of a suburb, a quarter or a neighbourhood are counted in its town.
# https://wiki.openstreetmap.org/wiki/Key:place, read 2026-11.
INHABITED = ("city", "town", "village", "hamlet", "isolated_dwelling", "farm")
PARTS = frozenset({"suburb", "borough", "quarter", "neighbourhood", "city_block"})
# How HCP and others call the kinds.
KIND_WORDS = {
    "ville": "city",
    "douar": "douar",
    "split": "douar",
    "grouped": "douar",
    "eclate": "douar",
    "groupe": "douar",
    "disperse": "douar",
    "chef_lieu": "town",
    "centre": "town",
    **{kind: kind for kind in (*INHABITED, *PARTS, "locality")},
}

# The largest city on earth has some 37 million people, the largest of Morocco 3.2 million (HCP,
# census of 2024): more than this in one place is a slip of a column.
MAX_PEOPLE = 5_000_000
MAX_HOUSEHOLDS = 2_000_000
LOWEST_M, HIGHEST_M = -500, 9_000

_HCP_CODE = re.compile(r"\d{10,13}")
_ID = re.compile(r"place:[^\s/\\]{1,190}")
_OSM_ID = re.compile(r"(?:(node|way|relation|[nwr])/?)?(\d+)")


def places_from_vector(
    frame: gpd.GeoDataFrame, *, source: Source | str, attributes: pd.DataFrame | None = None
) -> gpd.GeoDataFrame:
    """Make a places table of the rows of a vector file.

    Parameters
    ----------
    frame
        As `geo.vectors.read_vector` gives it. Polygons and lines become a point inside them.
    source
        Who says so; its name stands in every row.
    attributes
        A second table about the same places (HCP's lists with people and Arabic names), joined by
        its code: it fills what `frame` leaves empty.

    Returns
    -------
    geopandas.GeoDataFrame
        The columns named above, one row for a row of `frame`, in its order. `attrs["notes"]` adds
        to those of `frame`: ids that were made different, rows without name, how the join went.

    Raises
    ------
    SchemaError
        Negative, absurd (over 5,000,000 in one place) or unreadable numbers; all are in `problems`.
        Also if `attributes` has no code column.
    CrsError
        `frame` is not in EPSG:4326.
    """
    require_storage(frame, "places")
    notes = list(frame.attrs.get("notes", []))
    numbers = frame.attrs.get("row_numbers") or range(1, len(frame) + 1)
    frame = frame.reset_index(drop=True)
    rows = pd.Series(list(numbers), index=frame.index)
    table = _recognised(frame, rows, notes)
    table["place_id"] = _ids(frame, table["code"], source)
    if attributes is not None:
        table = _joined(table, attributes, notes)
    _call_census_places_douars(table)
    table["geometry"] = _points(frame, notes)
    return _finished(table, source=source, notes=notes)


def places_from_osm(frame: gpd.GeoDataFrame, *, source: Source | str) -> gpd.GeoDataFrame:
    """Make a places table of OSM's place nodes.

    Parameters
    ----------
    frame
        Raw nodes, one a row: `osm_id`, `place`, the names and `population` as tagged, and either
        `geometry` (EPSG:4326) or `lon` and `lat`.

    Returns
    -------
    geopandas.GeoDataFrame
        Inhabited places only (city, town, village, hamlet, isolated dwelling, farm), without those
        tagged as abandoned. A population that is no number is unknown here, and counted in
        `attrs["notes"]`: anybody may tag what they like, and one tag must not cost a country.

    Raises
    ------
    EmptyInputError
        No inhabited place is among them.
    """
    notes = list(frame.attrs.get("notes", []))
    frame = _with_geometry(frame).reset_index(drop=True)
    kind = text_of(frame, ("place",))
    lived_in = kind.isin(INHABITED)
    left_out = kind[~lived_in].value_counts()
    if len(left_out):
        counts = ", ".join(f"{count} {name or 'without kind'}" for name, count in left_out.items())
        notes.append(f"left out, as part of another place or not inhabited: {counts}")
    if not lived_in.any():
        raise EmptyInputError(
            f"{len(frame)} OSM place nodes",
            "none is an inhabited place (place=city, town, village, hamlet …)",
            "give another extract, or load places from a file",
        )
    frame = frame[lived_in].reset_index(drop=True)
    rows = text_of(frame, NAMES["osm_id"])
    problems: list[Problem] = []
    table = _recognised(frame, rows, notes, problems=problems)
    if problems:
        notes.append(f"{len(problems)} numbers that cannot be read count as unknown")
    table["place_id"] = _ids(frame, table["code"], source)
    table["geometry"] = frame.geometry.to_numpy()
    return _finished(table, source=source, notes=notes)


def empty_places() -> gpd.GeoDataFrame:
    """A places table without rows."""
    columns = {
        name: pd.Series(dtype=np.float64 if name in NUMBERS else str) for name in COLUMNS[:-1]
    }
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries([], crs=STORAGE_CRS))


def require_places(frame: gpd.GeoDataFrame) -> None:
    """Raise SchemaError or CrsError unless `frame` is a places table."""
    missing = [name for name in COLUMNS if name not in frame.columns]
    if missing:
        raise SchemaError(
            f"places with columns {', '.join(map(str, frame.columns))}",
            f"the columns {', '.join(missing)} are missing",
            "make the table with geo.places.places_from_vector()",
        )
    require_storage(frame, "places")
    doubled = frame["place_id"][frame["place_id"].duplicated()]
    if len(doubled):
        raise SchemaError(
            f"places: {doubled.iloc[0]} stands {1 + int((doubled == doubled.iloc[0]).sum())} times",
            "every place needs an id of its own",
            "make the table with geo.places.places_from_vector()",
        )
    points = frame.geometry
    if len(frame) and not ((points.geom_type == "Point") & ~points.is_empty).all():
        raise SchemaError(
            "places", "every place needs a point", "use a point inside of each polygon"
        )


def outside(places: gpd.GeoDataFrame, bounds: Bounds, margin_deg: float = 0.0) -> pd.Series:
    """Whether each place lies outside of `bounds` widened by `margin_deg` on every side.

    Parameters
    ----------
    bounds
        (west, south, east, north) in degrees.
    margin_deg
        Degrees of latitude; towards the poles as many more of longitude as make the same distance.

    Returns
    -------
    pandas.Series
        bool on the index of `places`.
    """
    require_storage(places, "places")
    west, south, east, north = require_bounds(bounds, "area")
    stretch = 1 / max(math.cos(math.radians((south + north) / 2)), 0.01)
    lon, lat = places.geometry.x, places.geometry.y
    inside = lon.between(west - margin_deg * stretch, east + margin_deg * stretch)
    return ~(inside & lat.between(south - margin_deg, north + margin_deg))


# --- columns ------------------------------------------------------------------------------------


def _recognised(
    frame: pd.DataFrame,
    rows: pd.Series,
    notes: list[str],
    *,
    problems: list[Problem] | None = None,
) -> pd.DataFrame:
    """Our columns but for id, source and geometry, and `code`, from the many names they go by.

    Problems are raised, or gathered in `problems` if that is given.
    """
    table = pd.DataFrame(index=frame.index)
    for column in ("name", "name_fr", "name_ar", "name_zgh", "commune", "commune_code", "kind"):
        table[column] = text_of(frame, NAMES[column])
    table["commune_code"] = plain_code(table["commune_code"])
    table["code"] = _codes(frame, notes)
    # A column `place` holds the kind in OSM's tables and the name in those that people type.
    place = text_of(frame, ("place",))
    is_name = (table["name"] == "") & ~place.map(_plain_word).isin(KIND_WORDS)
    table["name"] = table["name"].where(~is_name, place)
    table["kind"] = table["kind"].map(_plain_word).map(KIND_WORDS).fillna("")
    found: list[Problem] = []
    for column, names, lowest, highest in (
        ("people", NAMES["people"], 0, MAX_PEOPLE),
        ("households", NAMES["households"], 0, MAX_HOUSEHOLDS),
        ("elevation_m", NAMES["elevation"], LOWEST_M, HIGHEST_M),
    ):
        table[column], wrong = number_of(frame, names, lowest=lowest, highest=highest, rows=rows)
        found += wrong
    if problems is None:
        raise_problems(found, "places")
    else:
        problems += found
    return table


def _call_census_places_douars(table: pd.DataFrame) -> None:
    unkinded = (table["kind"] == "") & table["place_id"].str.startswith("place:MA-")
    table["kind"] = table["kind"].where(~unkinded, "douar")


def kind_of(word: str) -> str:
    """Kind of an inhabited place by what people call it, "" for an unknown word."""
    kind = KIND_WORDS.get(_plain_word(word), "")
    return kind if kind in INHABITED or kind == "douar" else ""


def _plain_word(text: str) -> str:
    return re.sub(r"[^a-zéè]+", "_", text.lower()).strip("_").replace("é", "e").replace("è", "e")


# --- ids ----------------------------------------------------------------------------------------


def _ids(frame: pd.DataFrame, code: pd.Series, source: Source | str) -> pd.Series:
    """Id of each row, "" where the source has none."""
    given = text_of(frame, ("place_id",))
    osm = text_of(frame, NAMES["osm_id"])
    other = text_of(frame, NAMES["source_id"])
    written = source.name if isinstance(source, Source) else source
    origin = text_of(frame, ("source",)).map(_plain_word)
    origin = origin.where(origin != "", re.sub(r"\W+", "-", written.lower()).strip("-")[:60])
    ids = [_first_id(*row) for row in zip(given, code, osm, other, origin, strict=True)]
    return pd.Series(ids, index=frame.index, dtype=str)


def _codes(frame: pd.DataFrame, notes: list[str]) -> pd.Series:
    """Census codes without points, with the zero that they lose in a column of numbers.

    HCP's codes of douars have 13 digits and begin with the province's three: 041 is Al Haouz.
    """
    code = text_of(frame, NAMES["code"]).str.replace(r"[.\s]", "", regex=True)
    columns = columns_named(frame, NAMES["code"])
    if not columns or not pd.api.types.is_numeric_dtype(frame[columns[0]]):
        return code
    short = code.str.fullmatch(r"\d{12}")
    if short.any():
        notes.append(f"{int(short.sum())} codes had lost their leading zero in a column of numbers")
    return code.where(~short, "0" + code)


def _first_id(given: str, code: str, osm: str, other: str, origin: str) -> str:
    if _ID.fullmatch(given):
        return given
    if _HCP_CODE.fullmatch(code):
        return f"place:MA-{code}"
    if osm_id := _osm_id(osm):
        return osm_id
    if origin in {"osm", "openstreetmap"} and (osm_id := _osm_id(other)):
        return osm_id
    for own in (code, other, given):
        # Every second file counts its rows from 1, so a number needs to say whose it is.
        if plain := re.sub(r"[^\w.:-]+", "-", own).strip("-.:"):
            return f"place:{origin}-{plain}"[:120]
    return ""


def _osm_id(text: str) -> str:
    found = _OSM_ID.fullmatch(text)
    return f"place:osm-{(found[1] or 'n')[0]}{found[2]}" if found else ""


def _id_of_point(lon: float, lat: float) -> str:
    """Five decimals of a degree are a metre: two places that share one are one place."""
    east, north = "W" if lon < 0 else "E", "S" if lat < 0 else "N"
    return f"place:at-{abs(lat):.5f}{north}-{abs(lon):.5f}{east}"


# --- rows ---------------------------------------------------------------------------------------


def _joined(table: pd.DataFrame, attributes: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """Fill what `table` leaves empty from the row of `attributes` with the same id."""
    numbers = attributes.attrs.get("row_numbers") or range(2, len(attributes) + 2)
    attributes = attributes.reset_index(drop=True)
    rows = pd.Series(list(numbers), index=attributes.index)
    found = _recognised(pd.DataFrame(attributes), rows, notes)
    found = found[found["code"] != ""].drop_duplicates("code").set_index("code")
    if found.empty or not (table["code"] != "").any():
        raise SchemaError(
            f"second table with columns {', '.join(map(str, attributes.columns[:20]))}",
            "both tables need a column of codes to be joined by",
            "name it code in both",
        )
    matched = table["code"].isin(found.index)
    other = found.reindex(table["code"]).set_axis(table.index)
    for column in found.columns:
        empty = table[column].isna() if column in NUMBERS else table[column] == ""
        table[column] = table[column].where(~(empty & matched), other[column])
    notes.append(
        f"{int(matched.sum())} of {len(table)} places found in the second table, "
        f"{len(found) - table.loc[matched, 'code'].nunique()} of whose {len(found)} rows have none"
    )
    return table


def _with_geometry(frame: pd.DataFrame) -> gpd.GeoDataFrame:
    if isinstance(frame, gpd.GeoDataFrame):
        require_storage(frame, "OSM places")
        return frame
    points = gpd.points_from_xy(frame["lon"], frame["lat"], crs=STORAGE_CRS)
    return gpd.GeoDataFrame(frame.drop(columns=["lon", "lat"]), geometry=points)


def _points(frame: gpd.GeoDataFrame, notes: list[str]) -> Any:
    geometries = frame.geometry.to_numpy()
    extended = shapely.get_type_id(geometries) != shapely.GeometryType.POINT
    if not extended.any():
        return geometries
    notes.append(f"{int(extended.sum())} places drawn as areas or lines became a point inside them")
    points = geometries.copy()
    points[extended] = shapely.point_on_surface(geometries[extended])
    return points


def _finished(table: pd.DataFrame, *, source: Source | str, notes: list[str]) -> gpd.GeoDataFrame:
    """Names by script, ids for all, columns in their order."""
    _spread_names(table)
    unnamed = table["name"] == ""
    if unnamed.any():
        notes.append(f"{int(unnamed.sum())} of {len(table)} places have no name")
    points = shapely.get_coordinates(table["geometry"].to_numpy())
    by_point = [_id_of_point(lon, lat) for lon, lat in points]
    ids = table["place_id"].where(table["place_id"] != "", pd.Series(by_point, index=table.index))
    table["place_id"] = distinct_ids(ids, notes)
    table["source"] = source.name if isinstance(source, Source) else source
    places = gpd.GeoDataFrame(table[list(COLUMNS)], geometry="geometry", crs=STORAGE_CRS)
    text = [column for column in COLUMNS[:-1] if column not in NUMBERS]
    places[text] = places[text].astype(str)
    places.attrs = {"notes": notes}
    return places


def _spread_names(table: pd.DataFrame) -> None:
    """Fill the name of each script from a name in several, and the main name from any.

    OSM's `name` of a Moroccan town is often French, Tifinagh and Arabic in a row.
    """
    parts = [split_scripts(name) for name in table["name"]]
    for column, values in (
        ("name_ar", [part.arabic for part in parts]),
        ("name_zgh", [part.tifinagh for part in parts]),
        ("name_fr", [part.latin if part.arabic or part.tifinagh else "" for part in parts]),
    ):
        table[column] = table[column].where(table[column] != "", pd.Series(values, table.index))
    latin = pd.Series([part.latin for part in parts], table.index)
    for other in (latin, table["name_fr"], table["name_ar"], table["name_zgh"]):
        latin = latin.where(latin != "", other)
    table["name"] = latin
