"""Road graphs that OSMnx saved as GraphML, read without OSMnx (which takes seconds to import).

The file is read as a stream by expat with entities refused. OSMnx holds a two-way street as two
directed edges: they become one edge again, with `forward` and `backward`. Where OSMnx merged ways
with different tags into one edge, the value is a list: the least favourable one is taken.
"""

from __future__ import annotations

import ast
import logging
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.sources import osm_tags
from geo.crs import parse_crs, transform_points
from geo.errors import CrsError, EmptyInputError, SchemaError, TooLargeError, UnreadableError
from geo.model import Source
from geo.network import RoadTables, road_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

logger = logging.getLogger(__name__)

MAX_BYTES = 1024**3
MAX_EDGES = 5_000_000
# A geometry of 1 MB has some 30,000 points; a list of tags is never longer than a few hundred.
MAX_TEXT_BYTES = 1_000_000
MAX_LIST_TEXT = 4_000

# From the worst to the best, for edges that OSMnx merged from several kinds.
_KINDS_WORST_FIRST = (
    *("steps", "footway", "path", "pedestrian", "bridleway", "cycleway", "byway", "track"),
    *("service", "living_street", "road", "busway", "residential", "unclassified"),
    *("tertiary_link", "tertiary", "secondary_link", "secondary", "primary_link", "primary"),
    *("trunk_link", "trunk", "motorway_link", "motorway"),
)
_SEALED = frozenset({"asphalt", "paved", "concrete", "concrete:plates", "paving_stones"})


@dataclass(slots=True)
class _Document:
    """What a file holds, as text: attributes of the graph, nodes and edges by name."""

    directed: bool = True
    graph: dict[str, str] = field(default_factory=dict)
    nodes: dict[str, dict[str, str]] = field(default_factory=dict)
    edges: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)


@dataclass(slots=True)
class _Counts:
    skipped: Counter[str] = field(default_factory=Counter)
    not_understood: Counter[str] = field(default_factory=Counter)
    n_merged: int = 0
    n_dangling: int = 0
    n_bad_geometry: int = 0
    n_bad_length: int = 0


def read_graphml(path: Path, *, max_bytes: int = MAX_BYTES) -> RoadTables:
    """Read a road graph that `osmnx.save_graphml` wrote.

    Raises
    ------
    UnreadableError
        The file is missing, truncated, not GraphML, or declares XML entities.
    TooLargeError
        The file is larger than `max_bytes`, or one value or the number of edges is over its limit.
    CrsError
        The graph does not say in which CRS its coordinates are.
    SchemaError
        Nodes have no `x` and `y`, or edges no `highway`.
    EmptyInputError
        There is no road in it.
    """
    document = _read(path, max_bytes=max_bytes)
    crs = _crs(document, path)
    counts = _Counts()
    nodes = _node_frame(document, path, crs)
    rows = _edge_rows(document, dict(zip(nodes["node_id"], range(len(nodes)), strict=True)), counts)
    if not rows:
        raise EmptyInputError(
            f"{path.name}: GraphML without roads",
            "edges with a highway tag are needed",
            "check what was downloaded",
        )
    edges = _edge_frame(rows, nodes, crs, counts)
    source = Source(
        name=f"OpenStreetMap, through OSMnx ({path.name[:100]})",
        url="https://www.openstreetmap.org/copyright",
        licence="ODbL-1.0",
    )
    lon, lat = transform_points(nodes["x"], nodes["y"], source=crs, target="EPSG:4326")
    used = np.unique(np.concatenate([edges["u"], edges["v"]]))
    row_of = np.full(len(nodes), -1, dtype=np.int32)
    row_of[used] = np.arange(len(used), dtype=np.int32)
    table = pd.DataFrame({"node_id": nodes["node_id"], "lon": lon, "lat": lat}).iloc[used]
    edges = edges.assign(u=row_of[edges["u"]], v=row_of[edges["v"]])
    logger.info("%s: %d directed edges, %d edges", path.name, len(document.edges), len(edges))
    return road_tables(table.reset_index(drop=True), edges, source=source, notes=_notes(counts))


# --- the file -----------------------------------------------------------------------------------


def _read(path: Path, *, max_bytes: int) -> _Document:
    if not path.is_file():
        raise UnreadableError(path.name, "the file does not exist", "check the path")
    if path.stat().st_size > max_bytes:
        raise TooLargeError(
            f"{path.name}: {path.stat().st_size / 1e6:,.0f} MB",
            f"at most {max_bytes / 1e6:,.0f} MB are read",
            "take a smaller area",
        )
    reader = _Reader(path.name)
    try:
        with path.open("rb") as stream:
            reader.parser.ParseFile(stream)
    except expat.ExpatError as error:
        raise UnreadableError(
            path.name, f"whole GraphML is needed: {error}", "save the graph again"
        ) from error
    if not reader.is_graphml:
        raise UnreadableError(path.name, "GraphML is needed", "save it with osmnx.save_graphml()")
    return reader.document


class _Reader:
    """The handlers of one expat parser; they fill `document`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.document = _Document()
        self.is_graphml = False
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.EntityDeclHandler = self._refuse
        self._keys: dict[str, str] = {}
        self._holder: dict[str, str] | None = None
        self._key = ""
        self._parts: list[str] | None = None
        self._size = 0

    def _refuse(self, *declared: Any) -> None:
        del declared
        raise UnreadableError(
            self.name, "XML that declares entities is not read", "save the graph again with OSMnx"
        )

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        kind = tag.rpartition(" ")[2]
        if kind == "graphml":
            self.is_graphml = True
        elif kind == "key":
            self._keys[attributes.get("id", "")] = attributes.get("attr.name", "")
        elif kind == "graph":
            self.document.directed = attributes.get("edgedefault", "directed") != "undirected"
            self._holder = self.document.graph
        elif kind == "node":
            self._holder = self.document.nodes.setdefault(attributes.get("id", ""), {})
        elif kind == "edge":
            self._holder = {}
            ends = attributes.get("source", ""), attributes.get("target", "")
            self.document.edges.append((*ends, self._holder))
            if len(self.document.edges) > MAX_EDGES:
                raise TooLargeError(
                    f"{self.name}: more than {MAX_EDGES:,} edges",
                    "a smaller graph is needed",
                    "take a smaller area",
                )
        elif kind == "data" and self._holder is not None:
            self._key = self._keys.get(attributes.get("key", ""), "")
            self._parts, self._size = [], 0

    def _text(self, text: str) -> None:
        if self._parts is None:
            return
        self._size += len(text)
        if self._size > MAX_TEXT_BYTES:
            raise TooLargeError(
                f"{self.name}: a value of {self._key!r} over {MAX_TEXT_BYTES:,} characters",
                "shorter values are needed",
                "check the file",
            )
        self._parts.append(text)

    def _end(self, tag: str) -> None:
        if tag.rpartition(" ")[2] != "data" or self._parts is None or self._holder is None:
            return
        if self._key:
            self._holder[self._key] = "".join(self._parts).strip()
        self._parts = None


def _crs(document: _Document, path: Path) -> Any:
    written = document.graph.get("crs", "")
    if not written:
        raise CrsError(
            path.name,
            "the graph does not say in which CRS its coordinates are",
            "save it with osmnx.save_graphml(), which writes it",
        )
    return parse_crs(written, path.name)


def _node_frame(document: _Document, path: Path, crs: Any) -> pd.DataFrame:
    x = pd.to_numeric(pd.Series([n.get("x", "") for n in document.nodes.values()]), errors="coerce")
    y = pd.to_numeric(pd.Series([n.get("y", "") for n in document.nodes.values()]), errors="coerce")
    placed = np.isfinite(x.to_numpy(dtype=np.float64)) & np.isfinite(y.to_numpy(dtype=np.float64))
    if len(x) and not placed.any():
        raise SchemaError(
            f"{path.name}: nodes without x and y",
            "x and y of every node are needed",
            "save it again",
        )
    ids = np.array(list(document.nodes), dtype=object)
    return pd.DataFrame({"node_id": ids[placed], "x": x[placed], "y": y[placed]}).reset_index(
        drop=True
    )


# --- edges --------------------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class _Row:
    """One edge, drawn from u to v, before it becomes a row of the table."""

    u: int
    v: int
    way: str
    tags: dict[str, list[str]]
    wkt: str
    length_m: float
    reversed: bool
    forward: bool = True
    backward: bool = False


def _edge_rows(document: _Document, row_of: dict[str, int], counts: _Counts) -> list[_Row]:
    if document.edges and not any("highway" in data for _, _, data in document.edges):
        raise SchemaError(
            "GraphML edges", "the attribute highway is needed", "save a graph made by OSMnx"
        )
    groups: defaultdict[tuple[Any, ...], list[_Row]] = defaultdict(list)
    for source, target, data in document.edges:
        if source not in row_of or target not in row_of:
            counts.n_dangling += 1
            continue
        row = _edge_row(row_of[source], row_of[target], data, counts)
        if row is None:
            continue
        if not document.directed:
            row.backward = data.get("oneway", "").lower() not in {"true", "yes", "1"}
            if data.get("from") == target and data.get("to") == source:
                row.u, row.v = row.v, row.u
        length = round(row.length_m, 1) if np.isfinite(row.length_m) else -1.0
        groups[(min(row.u, row.v), max(row.u, row.v), row.way, length)].append(row)
    return [row for group in groups.values() for row in _joined(group)]


def _edge_row(u: int, v: int, data: dict[str, str], counts: _Counts) -> _Row | None:
    tags = {key: _values(text) for key, text in data.items() if key not in {"geometry", "length"}}
    kinds = tags.get("highway", [])
    known = [kind for kind in kinds if kind in osm_tags.ROAD_KINDS]
    if not known:
        counts.skipped[" / ".join(kinds)[:40] or "no highway"] += 1
        return None
    tags["highway"] = known
    if any(len(values) > 1 for key, values in tags.items() if key not in {"osmid", "name", "ref"}):
        counts.n_merged += 1
    return _Row(
        u=u,
        v=v,
        way=min(tags.get("osmid", ["0"]), key=lambda w: (len(w), w)),
        tags=tags,
        wkt=data.get("geometry", ""),
        length_m=_length(data.get("length", ""), counts),
        reversed=data.get("reversed", "").lower() == "true",
    )


def _length(text: str, counts: _Counts) -> float:
    """Metres; NaN where none is written or what is written can be no length, which is counted."""
    try:
        length_m = float(text or "nan")
    except ValueError:
        length_m = -1.0
    if text and not (np.isfinite(length_m) and length_m >= 0):
        counts.n_bad_length += 1
        return float("nan")
    return length_m


def _values(text: str) -> list[str]:
    """A value, or the values of a list that OSMnx wrote as Python text."""
    if not (text.startswith("[") and text.endswith("]") and len(text) <= MAX_LIST_TEXT):
        return [text]
    try:
        values = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return [text]
    plain = [str(v).lower() if isinstance(v, bool) else str(v) for v in values]
    return list(dict.fromkeys(plain)) or [""]


def _joined(group: list[_Row]) -> Iterable[_Row]:
    """Edges of one street between two nodes: the two directions become one edge.

    A loop has the same ends in both directions; there OSMnx tells them apart by `reversed`.
    """
    drawn = sorted(group, key=lambda row: row.reversed)
    ways: list[_Row] = []
    for row in drawn:
        partner = next((w for w in ways if not w.backward and _opposite(w, row)), None)
        if partner is None:
            ways.append(row)
        else:
            partner.backward = True
    return ways


def _opposite(a: _Row, b: _Row) -> bool:
    if a.u == a.v:
        return a.reversed != b.reversed
    return a.u == b.v and a.v == b.u


def _edge_frame(
    rows: list[_Row], nodes: pd.DataFrame, crs: Any, counts: _Counts
) -> gpd.GeoDataFrame:
    columns = pd.DataFrame([_columns(row, counts) for row in rows])
    u, v = columns["u"].to_numpy(), columns["v"].to_numpy()
    ids = [f"w{r.way}:{a}-{b}" for r, a, b in zip(rows, *_end_ids(nodes, u, v), strict=True)]
    turn = pd.Series(ids).groupby(ids).cumcount().to_numpy()
    columns["edge_id"] = [f"{i}.{t + 1}" if t else i for i, t in zip(ids, turn, strict=True)]
    return gpd.GeoDataFrame(columns, geometry=_lines(rows, nodes, u, v, counts), crs=crs)


def _end_ids(nodes: pd.DataFrame, u: Any, v: Any) -> tuple[list[str], list[str]]:
    clean = ["".join(str(i).split())[:64].rstrip("+-") for i in nodes["node_id"]]
    return [clean[row] for row in u], [clean[row] for row in v]


def _columns(row: _Row, counts: _Counts) -> dict[str, Any]:
    one = {key: values[0] for key, values in row.tags.items()}
    maxweight_t = _smallest(row, counts, osm_tags.tonnes, "maxweight")
    if np.isnan(maxweight_t) and "no" in row.tags.get("hgv", []):
        maxweight_t = osm_tags.HGV_LIMIT_T
    width_m = _smallest(row, counts, osm_tags.metres, "maxwidth")
    if np.isnan(width_m):
        width_m = _smallest(row, counts, osm_tags.metres, "width")
    surfaces = [s for s in row.tags.get("surface", []) if s]
    return {
        "u": row.u,
        "v": row.v,
        "name": osm_tags.text({"name": ";".join(row.tags.get("name", []))}, "name"),
        "ref": osm_tags.text({"ref": ";".join(row.tags.get("ref", []))}, "ref"),
        "highway": min(row.tags["highway"], key=_KINDS_WORST_FIRST.index),
        "surface": next((s for s in surfaces if s not in _SEALED), (surfaces or [""])[0])[:255],
        "tracktype": max(row.tags.get("tracktype", [""]))[:255],
        "smoothness": osm_tags.text(one, "smoothness"),
        "bridge": osm_tags.is_set(one, "bridge"),
        "tunnel": osm_tags.is_set(one, "tunnel"),
        "ford": osm_tags.is_set(one, "ford"),
        "layer": osm_tags.layer(one.get("layer", "0")[:10]),
        "width_m": width_m,
        "maxweight_t": maxweight_t,
        "maxheight_m": _smallest(row, counts, osm_tags.metres, "maxheight"),
        "maxspeed_kmh": _smallest(row, counts, osm_tags.kilometres_per_hour, "maxspeed"),
        "access": _strictest(row, "access"),
        "motor_vehicle": _strictest(row, "motor_vehicle", "vehicle"),
        "forward": row.forward,
        "backward": row.backward,
        "length_m": row.length_m,
    }


def _smallest(row: _Row, counts: _Counts, parse: Callable[[str], float | None], key: str) -> float:
    stated = []
    for written in row.tags.get(key, []):
        value = parse(written[: osm_tags.MAX_TEXT])
        if value is None:
            counts.not_understood[f"{key}={written[:40]}"] += 1
        elif not np.isnan(value):
            stated.append(value)
    return min(stated, default=float("nan"))


def _strictest(row: _Row, *keys: str) -> str:
    for key in keys:
        if values := [value.lower() for value in row.tags.get(key, []) if value]:
            return "no" if "no" in values else values[0][: osm_tags.MAX_TEXT]
    return ""


def _lines(
    rows: list[_Row], nodes: pd.DataFrame, u: Any, v: Any, counts: _Counts
) -> np.ndarray[Any, np.dtype[np.object_]]:
    """Lines from u to v; straight where a geometry is missing or no line."""
    at = nodes[["x", "y"]].to_numpy(dtype=np.float64)
    lines = np.asarray(
        shapely.from_wkt([row.wkt or None for row in rows], on_invalid="ignore"), dtype=object
    )
    written = np.array([bool(row.wkt) for row in rows])
    is_line = (shapely.get_type_id(lines) == 1) & ~shapely.is_empty(lines)
    counts.n_bad_geometry += int((written & ~is_line).sum())
    straight = shapely.linestrings(np.stack([at[u], at[v]], axis=1))
    lines = np.where(is_line, lines, straight)
    first = shapely.get_coordinates(shapely.get_point(lines, 0))
    last = shapely.get_coordinates(shapely.get_point(lines, -1))
    as_drawn = np.abs(first - at[u]).sum(axis=1) + np.abs(last - at[v]).sum(axis=1)
    turned = np.abs(first - at[v]).sum(axis=1) + np.abs(last - at[u]).sum(axis=1)
    return np.where(turned < as_drawn, shapely.reverse(lines), lines)


def _notes(counts: _Counts) -> list[str]:
    kinds = ", ".join(f"{k} {n}" for k, n in counts.skipped.most_common(8))
    unclear = ", ".join(f"{k} {n}" for k, n in counts.not_understood.most_common(8))
    counted = [
        ("edges that are no roads (yet)", counts.skipped.total(), kinds),
        ("edges that OSMnx merged from ways with different tags", counts.n_merged,
         "the least favourable values were taken: a short track may colour a long edge"),
        ("edges left out because a node is missing", counts.n_dangling, ""),
        ("geometries that are no lines, replaced by a straight one", counts.n_bad_geometry, ""),
        ("lengths that are none (negative, no number), measured along the line instead",
         counts.n_bad_length, ""),
        ("values that were not understood and count as unknown", counts.not_understood.total(),
         unclear),
    ]  # fmt: skip
    return [
        f"{what}: {count}" + (f" ({detail})" if detail else "")
        for what, count, detail in counted
        if count
    ]
