"""Roads and places of an OpenStreetMap extract (``.osm.pbf``, ``.osm``, ``.osm.gz``, ``.osm.bz2``).

Two passes in bounded memory: the ways with a `highway` tag, then the locations of all nodes in a
compact index (16 bytes a node; on disk for large files), from which those in use are taken. The
order of nodes and ways in the file does not matter.

A way is cut into edges where another road way meets it, where it meets itself, at its ends, where
one of its nodes is missing, and around a barrier that stops motor traffic. As a way has one set of
tags, bridges, tunnels, fords, surfaces and widths never merge with their neighbours.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
import shapely

from data.sources import osm_tags
from data.sources.osm_edges import TaggedNodes, Ways, tables_from_ways
from data.sources.osm_turns import Restrictions, add_restriction, is_restriction
from geo.crs import STORAGE_CRS
from geo.errors import EmptyInputError, TooLargeError, UnreadableError
from geo.model import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from geo.network import RoadTables

logger = logging.getLogger(__name__)

# Morocco's extract is about 0.2 GB, that of a large European country 4 GB.
MAX_BYTES = 4 * 1024**3
# 100 M references to nodes are about 8 M km of road: more is a broken or hostile file.
MAX_REFERENCES = 100_000_000
#: Values of `route` of ways that carry vehicles instead of being driven.
FERRIES = frozenset({"ferry", "shuttle_train"})
# Above this size the index of node locations lies in a temporary file.
_INDEX_ON_DISK_BYTES = 64 * 1024**2
# Numbers as objects take ten times the room of an array.
_NODES_AT_A_TIME = 500_000

_OSM_COPYRIGHT = "https://www.openstreetmap.org/copyright"
# What holds for certain hours, seasons or vehicles only: counted, not applied.
_CONDITIONAL = tuple(
    f"{key}:conditional"
    for key in ("motor_vehicle", "vehicle", "access", "hgv", "maxweight", "maxheight", "oneway")
)
_PLACE_NAME_KEYS = ("name", "name:fr", "name:ar", "name:zgh", "name:ber", "name:en", "alt_name")
_PLACE_FACT_KEYS = ("place", "population", "ele", "wikidata")
_ONE_WAY = b'<osm version="0.6"><way id="1"><nd ref="1"/></way></osm>'
_GZIP, _BZIP2, _XML = b"\x1f\x8b", b"BZh", b"<"


@dataclass(frozen=True, slots=True, kw_only=True)
class OsmExtract:
    """What an extract holds.

    `places` has the raw place nodes, one row each: `osm_id` (``n123``), `place`, `name`, `name:fr`,
    `name:ar`, `name:zgh`, `name:ber`, `name:en`, `alt_name`, `population`, `ele`, `wikidata` as
    written (``""`` where absent) and `geometry` Point in EPSG:4326. It is empty if not asked for.
    """

    roads: RoadTables
    places: gpd.GeoDataFrame
    notes: tuple[str, ...] = ()


def read_osm(path: Path, *, places: bool = True, max_bytes: int = MAX_BYTES) -> OsmExtract:
    """Read roads, and the place nodes if `places`, of an OSM extract.

    Raises
    ------
    UnreadableError
        The file is missing, truncated or not OSM data.
    TooLargeError
        The file is larger than `max_bytes` or refers to more than `MAX_REFERENCES` nodes.
    EmptyInputError
        There is no way with a `highway` tag that anybody can move along.
    """
    file = _checked_file(path, max_bytes=max_bytes)
    with _errors_translated(path):
        ways, restrictions = _read_ways(file, path)
        if not ways.way_id:
            raise EmptyInputError(
                f"{path.name}: OSM data without roads",
                "ways with a highway tag are needed",
                "check that the extract covers the area and was not filtered",
            )
        used, lon, lat, nodes = _read_nodes(file, path, ways, places=places)
    source = Source(
        name="OpenStreetMap", at=_data_time(file, ways), url=_OSM_COPYRIGHT, licence="ODbL-1.0"
    )
    roads = tables_from_ways(ways, used, lon, lat, nodes, restrictions, source=source)
    logger.info(
        "%s: %d road ways, %d edges, %d places",
        path.name, len(ways.way_id), len(roads.edges), len(nodes.place_rows),
    )  # fmt: skip
    return OsmExtract(roads=roads, places=_places_frame(nodes), notes=roads.notes)


# --- the file -----------------------------------------------------------------------------------


def _checked_file(path: Path, *, max_bytes: int) -> osmium.io.File:
    if not path.is_file():
        raise UnreadableError(f"{path.name}", "the file does not exist", "check the path")
    size = path.stat().st_size
    if size > max_bytes:
        raise TooLargeError(
            f"{path.name}: {size / 1e9:.1f} GB",
            f"at most {max_bytes / 1e9:.1f} GB are read",
            "cut the area out first (osmium extract)",
        )
    # By content, not by name: an archive names its files by their hash. An absolute path, because
    # libosmium would hand a name that looks like an address to a download program.
    return osmium.io.File(str(path.resolve()), _format(path))


def _format(path: Path) -> str:
    with path.open("rb") as stream:
        head = stream.read(64)
    if head.startswith(_GZIP):
        return "osm.gz"
    if head.startswith(_BZIP2):
        return "osm.bz2"
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(_XML):
        return "osm"
    # Every PBF begins with the length of a header block that calls itself OSMHeader.
    if b"OSMHeader" in head:
        return "pbf"
    raise UnreadableError(
        f"{path.name}", "OSM data (.osm.pbf, .osm, .osm.gz) is needed", "check the file"
    )


@contextlib.contextmanager
def _errors_translated(path: Path) -> Iterator[None]:
    try:
        yield
    except (RuntimeError, ValueError, OSError, MemoryError, osmium.InvalidLocationError) as error:
        if isinstance(error, EmptyInputError | TooLargeError | UnreadableError):
            raise
        raise UnreadableError(
            f"{path.name}",
            f"whole OSM data is needed, reading stopped with: {str(error)[:200]}",
            "download or copy the file again",
        ) from error


# --- first pass: ways ---------------------------------------------------------------------------


def _read_ways(file: osmium.io.File, path: Path) -> tuple[Ways, Restrictions]:
    """Road ways and turn restrictions, in one pass: opening a file again costs as much."""
    ways, restrictions = Ways(columns={name: [] for name in _WAY_COLUMNS}), Restrictions()
    seen: set[int] = set()
    n_references = 0
    kinds = osmium.osm.WAY | osmium.osm.RELATION
    keys = osmium.filter.KeyFilter("highway", "type", "route")
    # Any: the stubs cannot say that only ways and relations come out.
    found: Iterator[Any] = iter(osmium.FileProcessor(file, kinds).with_filter(keys))
    for way in found:
        tags = {tag.k: tag.v for tag in way.tags}
        if way.deleted:
            continue
        if way.is_relation():
            if is_restriction(tags):
                add_restriction(restrictions, way)
            continue
        if not _is_road(tags, ways):
            continue
        if way.id in seen:
            ways.n_duplicate += 1
            continue
        seen.add(way.id)
        ways.conditional.update(key for key in _CONDITIONAL if key in tags)
        refs = [node.ref for node in way.nodes]
        n_references += len(refs)
        if n_references > MAX_REFERENCES:
            raise TooLargeError(
                f"{path.name}: more than {MAX_REFERENCES:,} nodes on roads",
                "a smaller area is needed",
                "cut the area out first (osmium extract)",
            )
        ways.way_id.append(way.id)
        ways.refs.extend(refs)
        ways.n_refs.append(len(refs))
        _append_tags(tags, ways)
        if way.timestamp.year > 1970 and (ways.newest is None or way.timestamp > ways.newest):
            ways.newest = way.timestamp
    return ways, restrictions


def _is_road(tags: dict[str, str], ways: Ways) -> bool:
    if tags.get("route") in FERRIES:
        ways.n_ferries += 1
        return False
    kind = tags.get("highway")
    if kind is None:
        return False
    if kind not in osm_tags.ROAD_KINDS:
        ways.skipped[kind[:40]] += 1
        return False
    if tags.get("area") == "yes":
        ways.n_areas += 1
        return False
    return True


_WAY_COLUMNS = (
    *("name", "ref", "highway", "surface", "tracktype", "smoothness", "bridge", "tunnel", "ford"),
    *("layer", "width_m", "maxweight_t", "maxheight_m", "maxspeed_kmh", "access", "motor_vehicle"),
    *("forward", "backward"),
)


def _append_tags(tags: dict[str, str], ways: Ways) -> None:
    forward, backward = osm_tags.directions(tags)
    maxweight_t = _number(tags, ways, osm_tags.tonnes, "maxweight")
    if np.isnan(maxweight_t) and tags.get("hgv") == "no":
        maxweight_t = osm_tags.HGV_LIMIT_T
    row = (
        osm_tags.text(tags, "name", "name:fr", "name:ar"),
        osm_tags.text(tags, "ref"),
        tags["highway"],
        osm_tags.text(tags, "surface"),
        osm_tags.text(tags, "tracktype"),
        osm_tags.text(tags, "smoothness"),
        osm_tags.is_set(tags, "bridge"),
        osm_tags.is_set(tags, "tunnel"),
        osm_tags.is_set(tags, "ford"),
        osm_tags.layer(tags.get("layer", "0")),
        _number(tags, ways, osm_tags.metres, "maxwidth", "width"),
        maxweight_t,
        _number(tags, ways, osm_tags.metres, "maxheight"),
        _number(tags, ways, osm_tags.kilometres_per_hour, "maxspeed"),
        osm_tags.text(tags, "access").lower(),
        osm_tags.motor_access(tags),
        forward,
        backward,
    )
    for name, value in zip(_WAY_COLUMNS, row, strict=True):
        # Few texts are written often: each is held once.
        ways.columns[name].append(sys.intern(value) if type(value) is str else value)


def _number(
    tags: dict[str, str], ways: Ways, parse: Callable[[str], float | None], *keys: str
) -> float:
    """Value of the first of `keys` that is understood and stated; what is not understood counts."""
    for key in keys:
        if key not in tags:
            continue
        value = parse(tags[key][: osm_tags.MAX_TEXT])
        if value is None:
            ways.not_understood[f"{key}={tags[key][:40]}"] += 1
        elif not np.isnan(value):
            return value
    return np.nan


# --- second pass: nodes -------------------------------------------------------------------------


def _read_nodes(
    file: osmium.io.File, path: Path, ways: Ways, *, places: bool
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64], TaggedNodes]:
    """Ids, lon, lat of the nodes on roads (sorted by id, NaN = not in the file), and the rest."""
    used = np.unique(np.frombuffer(ways.refs, dtype=np.int64))
    nodes = TaggedNodes()
    # Ids below 0 (drawn by hand, never uploaded) do not fit into the index.
    drawn: dict[int, tuple[float, float]] = {}
    keys = ("barrier", "ford", "place") if places else ("barrier", "ford")
    filters = [osmium.filter.KeyFilter(*keys)] if used[0] >= 0 else []
    with tempfile.TemporaryDirectory(prefix="qafila-osm-") as folder:
        large = path.stat().st_size > _INDEX_ON_DISK_BYTES
        kind = f"sparse_file_array,{Path(folder) / 'nodes'}" if large else "flex_mem"
        index = osmium.index.create_map(kind)
        keeper = osmium.NodeLocationsForWays(index)
        keeper.ignore_errors()
        with osmium.io.Reader(file, osmium.osm.NODE) as reader:
            found: Iterator[Any] = iter(osmium.OsmFileIterator(reader, keeper, *filters))
            for node in found:
                if node.id < 0 and node.location.valid():
                    drawn[node.id] = (node.location.lon, node.location.lat)
                if not node.deleted:
                    _sort_node(node, nodes, places=places)
        # The index is sorted when a way comes by: nodes need not come in the order of their ids.
        osmium.apply(osmium.io.FileBuffer(_ONE_WAY, "osm"), keeper)
        lon, lat = _locations(used, index, drawn)
        del keeper, index
    return used, lon, lat, nodes


def _sort_node(node: Any, nodes: TaggedNodes, *, places: bool) -> None:
    tags = {tag.k: tag.v for tag in node.tags}
    if "barrier" in tags:
        if osm_tags.barrier_blocks(tags):
            nodes.blocking.append(node.id)
        elif osm_tags.text(tags, "motor_vehicle", "vehicle", "access") == "private":
            nodes.n_gates_private += 1
    if osm_tags.is_set(tags, "ford"):
        nodes.fords.append(node.id)
    if places and "place" in tags and node.location.valid():
        written = [osm_tags.text(tags, key) for key in (*_PLACE_FACT_KEYS, *_PLACE_NAME_KEYS)]
        nodes.place_rows.append(
            (f"n{node.id}", *written, node.location.lon, node.location.lat),
        )


def _locations(
    used: NDArray[np.int64],
    index: Any,
    drawn: dict[int, tuple[float, float]],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    lon, lat = np.full(len(used), np.nan), np.full(len(used), np.nan)
    for begin in range(0, len(used), _NODES_AT_A_TIME):
        for row, node_id in enumerate(used[begin : begin + _NODES_AT_A_TIME].tolist(), begin):
            if node_id < 0:
                lon[row], lat[row] = drawn.get(node_id, (np.nan, np.nan))
                continue
            try:
                location = index.get(node_id)
            except KeyError:
                continue
            if location.valid():
                lon[row], lat[row] = location.lon, location.lat
    return lon, lat


def _places_frame(nodes: TaggedNodes) -> gpd.GeoDataFrame:
    columns = ["osm_id", *_PLACE_FACT_KEYS, *_PLACE_NAME_KEYS, "lon", "lat"]
    frame = pd.DataFrame(nodes.place_rows, columns=columns).drop_duplicates("osm_id")
    points = shapely.points(frame[["lon", "lat"]].to_numpy(dtype=np.float64))
    return gpd.GeoDataFrame(
        frame.drop(columns=["lon", "lat"]).reset_index(drop=True), geometry=points, crs=STORAGE_CRS
    )


def _data_time(file: osmium.io.File, ways: Ways) -> datetime | None:
    """When the extract was cut, as its header says, else its newest edit of a road."""
    with osmium.io.Reader(file, osmium.osm.NOTHING) as reader:
        written = reader.header().get("osmosis_replication_timestamp")
    try:
        at = datetime.fromisoformat(written) if written else ways.newest
    except ValueError:
        at = ways.newest
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at
