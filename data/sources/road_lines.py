"""Roads drawn as lines: GeoPackage, Shapefile, GeoJSON and what else `geo.vectors` reads.

Such files know no nodes. Lines are joined where the end of one lies on a vertex of another, to the
centimetre; two lines that only cross are not joined, because one may be a bridge. An end that stops
short of another road is a gap (`geo.road_gaps`), offered for repair and never closed silently.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.sources import osm_tags
from geo._columns import columns_named, text_of
from geo.crs import STORAGE_CRS
from geo.errors import EmptyInputError, SchemaError
from geo.model import Source
from geo.network import RoadTables, road_tables
from geo.vectors import read_vector

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

# Column of our tables: the names it goes by elsewhere (OSM, Geofabrik's shapefiles, HOT exports,
# gROADS, French and English road registers).
_NAMES = {
    "name": ("name", "nom", "nom_fr", "name_fr", "road_name", "roadname", "libelle", "name_ar"),
    "ref": ("ref", "numero", "num_route", "route", "road_no", "roadnumber", "code_route"),
    "highway": ("highway", "fclass", "class", "classe", "type", "road_class", "roadclass",
                "categorie", "category", "nature"),
    "surface": ("surface", "revetement", "pavement", "surf_type"),
    "tracktype": ("tracktype",),
    "smoothness": ("smoothness", "etat", "condition"),
    "oneway": ("oneway", "one_way", "sens_unique", "sens"),
    "junction": ("junction",),
    "bridge": ("bridge", "pont"),
    "tunnel": ("tunnel",),
    "ford": ("ford", "gue", "radier"),
    "layer": ("layer", "niveau", "z_level"),
    "width": ("width", "largeur", "width_m"),
    "maxweight": ("maxweight", "tonnage", "maxweight_t", "limite_poids"),
    "maxheight": ("maxheight", "hauteur", "maxheight_m"),
    "maxspeed": ("maxspeed", "vitesse", "speed_limit"),
    "access": ("access", "acces"),
    "motor_vehicle": ("motor_vehicle",),
}  # fmt: skip
# Road registers name their classes; which of ours each means is our reading.
_CLASSES = {
    **dict.fromkeys(("autoroute", "expressway", "freeway"), "motorway"),
    **dict.fromkeys(("voie expresse", "national", "nationale", "route nationale", "rn",
                     "national road"), "trunk"),
    **dict.fromkeys(("regional", "regionale", "régionale", "route regionale", "route régionale",
                     "rr", "principale", "primary road"), "primary"),
    **dict.fromkeys(("provincial", "provinciale", "route provinciale", "rp", "secondaire",
                     "secondary road"), "secondary"),
    **dict.fromkeys(("communale", "route communale", "tertiaire", "local", "local road"),
                    "tertiary"),
    **dict.fromkeys(("piste", "chemin", "piste carrossable", "trail road"), "track"),
    **dict.fromkeys(("sentier", "trail", "footpath"), "path"),
    **dict.fromkeys(("rue", "street"), "residential"),
}  # fmt: skip
# Shapefiles of Geofabrik write letters: F with, T against the drawing, B both ways.
_LETTERS = frozenset({"F", "T", "B"})
# A ten-millionth of a degree is a centimetre.
_DECIMALS = 7
_VALUES = 8


def read_road_lines(path: Path, *, layer: str | None = None) -> RoadTables:
    """Read roads from a file of lines.

    Parameters
    ----------
    layer
        Which layer, where the file holds several.

    Raises
    ------
    EmptyInputError
        There is no line in it.
    SchemaError
        No column tells the class of a road, without which nobody knows who can use it.
    """
    frame = read_vector(path, layer=layer)
    notes = list(frame.attrs.get("notes", []))
    frame = frame[frame.geometry.geom_type.isin(["LineString", "MultiLineString"])]
    if frame.empty:
        raise EmptyInputError(
            f"{path.name}", "roads drawn as lines are needed, and there is no line", "check it"
        )
    if not columns_named(frame, _NAMES["highway"]):
        raise SchemaError(
            f"{path.name}, columns {', '.join(map(str, frame.columns[:12]))}",
            "a column with the class of each road (highway, fclass, type …) is needed",
            "add it, or rename the one that tells it",
        )
    frame = frame.explode(index_parts=False, ignore_index=True)
    lines = shapely.set_precision(frame.geometry.to_numpy(), 10.0**-_DECIMALS, mode="pointwise")
    lines = shapely.remove_repeated_points(lines)
    whole = (shapely.get_num_coordinates(lines) >= 2) & (shapely.length(lines) > 0)
    twin = _twins(lines)
    _note(notes, "lines without length, left out", int((~whole).sum()))
    _note(notes, "lines drawn twice, of which the first was kept", int((whole & twin).sum()))
    kept = np.flatnonzero(whole & ~twin)
    if not len(kept):
        raise EmptyInputError(f"{path.name}", "lines with a length are needed", "check the file")
    columns = _columns(frame.iloc[kept].reset_index(drop=True), notes)
    nodes, edges = _noded(lines[kept])
    drawn = gpd.GeoDataFrame(
        columns.iloc[edges["row"]].reset_index(drop=True).assign(
            edge_id=edges["edge_id"], u=edges["u"], v=edges["v"]
        ),
        geometry=edges["line"], crs=STORAGE_CRS,
    )  # fmt: skip
    return road_tables(nodes, drawn, source=Source(name=path.name[:200]), notes=notes)


# --- lines --------------------------------------------------------------------------------------


def _twins(lines: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Lines that another one before them draws too, in either direction."""
    plain = shapely.to_wkb(shapely.normalize(lines))
    return np.asarray(pd.Series(plain).duplicated().to_numpy(), dtype=bool)


def _noded(lines: NDArray[np.object_]) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Cut the lines at every vertex on which a line ends, and number the ends."""
    points, line_of = shapely.get_coordinates(lines, return_index=True)
    _, vertex = np.unique(np.round(points * 10**_DECIMALS).astype(np.int64), axis=0,
                          return_inverse=True)  # fmt: skip
    vertex = vertex.ravel()
    first_of = np.flatnonzero(np.diff(line_of, prepend=-1))
    last_of = np.append(first_of[1:], len(points)) - 1
    is_end = np.zeros(len(points), dtype=bool)
    is_end[first_of] = is_end[last_of] = True
    node = np.zeros(int(vertex.max()) + 1, dtype=bool)
    node[vertex[is_end]] = True
    cut = node[vertex]
    begins = np.flatnonzero(cut & ~np.isin(np.arange(len(points)), last_of))
    cuts = np.flatnonzero(cut)
    ends = cuts[np.searchsorted(cuts, begins, side="right")]
    size = ends - begins + 1
    piece = np.repeat(np.arange(len(begins)), size)
    at = np.arange(len(piece)) - np.repeat(np.cumsum(size) - size, size) + begins[piece]
    pieces = shapely.linestrings(points[at], indices=piece)
    used, rows = np.unique(np.concatenate([vertex[begins], vertex[ends]]), return_inverse=True)
    where = np.empty((len(node), 2))
    where[vertex] = points
    table = pd.DataFrame(
        {
            "node_id": [f"{x:.7f},{y:.7f}" for x, y in where[used]],
            "lon": where[used, 0],
            "lat": where[used, 1],
        }
    )
    return table, {
        "row": line_of[begins],
        "u": rows[: len(begins)].astype(np.int32),
        "v": rows[len(begins) :].astype(np.int32),
        "edge_id": _ids(pieces),
        "line": pieces,
    }


def _ids(pieces: NDArray[np.object_]) -> list[str]:
    """Ids that follow from the drawing: they survive a new order of rows and other columns."""
    seen: Counter[str] = Counter()
    ids = []
    for written in shapely.to_wkb(pieces):
        plain = "l" + hashlib.blake2b(written, digest_size=7).hexdigest()
        seen[plain] += 1
        ids.append(plain if seen[plain] == 1 else f"{plain}.{seen[plain]}")
    return ids


# --- columns ------------------------------------------------------------------------------------


def _columns(frame: gpd.GeoDataFrame, notes: list[str]) -> pd.DataFrame:
    """Our columns from those of the file, by the meanings of OSM tags."""
    text = {key: text_of(frame, names) for key, names in _NAMES.items()}
    unknown: Counter[str] = Counter()
    highway, track = _classes(text["highway"], unknown)
    oneway = _directions(text["oneway"])
    both = [
        osm_tags.directions({"oneway": one, "junction": junction, "highway": kind})
        for one, junction, kind in zip(oneway, text["junction"], highway, strict=True)
    ]
    odd: Counter[str] = Counter()

    def numbers(key: str, parse: Callable[[str], float | None]) -> list[float]:
        return [_number(written, key, parse, odd) for written in text[key]]

    made = pd.DataFrame(
        {
            "name": text["name"], "ref": text["ref"], "highway": highway,
            "surface": text["surface"].str.lower(),
            "tracktype": text["tracktype"].where(text["tracktype"] != "", track),
            "smoothness": text["smoothness"].str.lower(),
            "bridge": _flags(text["bridge"]), "tunnel": _flags(text["tunnel"]),
            "ford": _flags(text["ford"]),
            "layer": [osm_tags.layer(_whole(one)) if one else 0 for one in text["layer"]],
            "width_m": numbers("width", osm_tags.metres),
            "maxweight_t": numbers("maxweight", osm_tags.tonnes),
            "maxheight_m": numbers("maxheight", osm_tags.metres),
            "maxspeed_kmh": numbers("maxspeed", osm_tags.kilometres_per_hour),
            "access": text["access"].str.lower(),
            "motor_vehicle": text["motor_vehicle"].str.lower(),
            "forward": [one for one, _ in both], "backward": [one for _, one in both],
        }
    )  # fmt: skip
    _note(notes, "classes of roads that were not understood and count as unclassified",
          unknown.total(), unknown)  # fmt: skip
    _note(notes, "values that were not understood and count as unknown", odd.total(), odd)
    return made


def _classes(written: pd.Series, unknown: Counter[str]) -> tuple[list[str], list[str]]:
    kinds, tracks = [], []
    for value in written:
        plain = " ".join(value.lower().replace("_", " ").split())
        joined = plain.replace(" ", "_")
        track = ""
        if joined.startswith("track_grade"):  # Geofabrik joins highway and tracktype
            joined, track = "track", joined.removeprefix("track_")
        kind = joined if joined in osm_tags.ROAD_KINDS else _CLASSES.get(plain, "")
        if not kind:
            unknown[value[:40] or "(empty)"] += 1
            kind = "unclassified"
        kinds.append(kind)
        tracks.append(track)
    return kinds, tracks


def _directions(written: pd.Series) -> pd.Series:
    """Values of OSM's oneway; letters only where the whole column is letters."""
    if set(written.unique()) - {""} <= _LETTERS:
        return written.map({"F": "yes", "T": "-1", "B": "no", "": ""})
    plain = written.str.lower().map(_whole)
    return plain.replace({"oui": "yes", "non": "no", "f": "yes", "t": "-1", "b": "no"})


def _flags(written: pd.Series) -> list[bool]:
    return [
        value.lower() not in {"f", "non"} and osm_tags.is_set({"x": _whole(value)}, "x")
        for value in written
    ]


def _number(
    written: str, key: str, parse: Callable[[str], float | None], odd: Counter[str]
) -> float:
    # Registers write 0 where they know nothing.
    if _whole(written) in {"", "0"}:
        return float("nan")
    value = parse(written[: osm_tags.MAX_TEXT])
    if value is None:
        odd[f"{key}={written[:40]}"] += 1
        return float("nan")
    return value


def _whole(written: str) -> str:
    """A whole number without the decimals that a table gave it: ``1.0`` is ``1``."""
    return written.removesuffix(".0")


def _note(notes: list[str], what: str, count: int, values: Counter[str] | None = None) -> None:
    if not count:
        return
    shown = "" if values is None else (
        " (" + ", ".join(f"{value} {n}" for value, n in values.most_common(_VALUES)) + ")"
    )  # fmt: skip
    notes.append(f"{what}: {count}{shown}")
