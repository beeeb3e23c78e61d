"""Road tables: nodes and edges of a road network, as every source hands them over.

`RoadTables` is what readers of OSM, of GraphML and of the drill produce and what `routing` builds
its graph from. Tables can be stored, compared and checked where a graph cannot. Coordinates are
EPSG:4326 (lon, lat); lengths are geodesic metres on WGS 84, so no projection is chosen here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from geo.crs import STORAGE_CRS, geodesic_length_m, require_crs, require_storage, to_storage
from geo.errors import (
    CoverageError,
    EmptyInputError,
    Problem,
    SchemaError,
    UnreadableError,
)
from geo.gradient import climb_and_descent, off_the_ground, samples_along
from geo.model import Source
from geo.turns import empty_turns, filled_turns, turn_problems

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

# What a missing column is filled with. A column that is not here has to be given.
NODE_DEFAULTS: Mapping[str, object] = {"elevation_m": np.nan}
EDGE_DEFAULTS: Mapping[str, object] = {
    "name": "",
    "ref": "",
    "highway": "unclassified",
    "surface": "",
    "tracktype": "",
    "smoothness": "",
    "bridge": False,
    "tunnel": False,
    "ford": False,
    "layer": 0,
    "width_m": np.nan,
    "maxweight_t": np.nan,
    "maxheight_m": np.nan,
    "maxspeed_kmh": np.nan,
    "access": "",
    "motor_vehicle": "",
    "forward": True,
    "backward": True,
    "length_m": np.nan,
    "climb_m": np.nan,
    "descent_m": np.nan,
}
NODE_COLUMNS = ("node_id", "lon", "lat", *NODE_DEFAULTS)
EDGE_COLUMNS = ("edge_id", "u", "v", *EDGE_DEFAULTS, "geometry")
TEXT_COLUMNS = (
    "name",
    "ref",
    "highway",
    "surface",
    "tracktype",
    "smoothness",
    "access",
    "motor_vehicle",
)
FLAG_COLUMNS = ("bridge", "tunnel", "ford", "forward", "backward")
LIMIT_COLUMNS = ("width_m", "maxweight_t", "maxheight_m", "maxspeed_kmh")
MEASURE_COLUMNS = ("length_m", "climb_m", "descent_m")

# Problems listed in one error; the count of all is in the message.
_MAX_PROBLEMS = 50
# Points as objects are large: those of a country are not all made at once.
_LINES_AT_A_TIME = 200_000
_MIN_NODES_COVERED_SHARE = 0.5


# Compared by identity (frames have no truth value), so that what is derived can be kept with it.
@dataclass(frozen=True, slots=True, kw_only=True, eq=False, weakref_slot=True)
class RoadTables:
    """A road network as tables; the columns are listed in ``docs/architecture.md``.

    `notes` says in plain words what the reader had to repair, skip or guess; `turns` are the turns
    that are forbidden (`geo.turns`), most sources have none.
    """

    nodes: pd.DataFrame
    edges: gpd.GeoDataFrame
    source: Source
    notes: tuple[str, ...] = ()
    turns: pd.DataFrame = field(default_factory=empty_turns)


def road_tables(
    nodes: pd.DataFrame,
    edges: gpd.GeoDataFrame,
    *,
    source: Source,
    notes: Iterable[str] = (),
    turns: pd.DataFrame | None = None,
) -> RoadTables:
    """Make checked road tables from columns that a source has, filling what it lacks.

    Parameters
    ----------
    nodes
        `node_id`, `lon`, `lat`, and `elevation_m` where known. The row number is what `u` and `v`
        of the edges refer to.
    edges
        `edge_id`, `u`, `v` and `geometry` (LineString from u to v, any CRS that is stated), and
        any of the other columns; a missing column gets its default from `EDGE_DEFAULTS`, a missing
        `length_m` the geodesic length of the line.
    turns
        Forbidden turns with the columns `geo.turns.TURN_COLUMNS`; None = none are known.

    Raises
    ------
    EmptyInputError
        There is no edge.
    CrsError
        The edges have no CRS.
    SchemaError
        A column is missing or holds impossible values; all problems at once.
    """
    if len(edges) == 0:
        raise EmptyInputError(
            f"roads of {source.name or 'an unnamed source'}",
            "at least one piece of road is needed, and there is none",
            "check the area and the file",
        )
    _require_columns(nodes, ("node_id", "lon", "lat"), what="road nodes")
    _require_columns(edges, ("edge_id", "u", "v", "geometry"), what="road edges")
    require_crs(edges, "road edges")
    tables = RoadTables(
        nodes=_filled_nodes(nodes),
        edges=_filled_edges(to_storage(edges)),
        source=source,
        notes=tuple(notes),
        turns=filled_turns(turns),
    )
    require_road_tables(tables)
    return replace(tables, notes=(*tables.notes, *_pieces_note(tables)))


def require_road_tables(tables: RoadTables) -> None:
    """Raise `SchemaError` (all problems at once) unless the tables can be built into a graph."""
    nodes, edges = tables.nodes, tables.edges
    _require_columns(nodes, NODE_COLUMNS, what="road nodes")
    _require_columns(edges, EDGE_COLUMNS, what="road edges")
    require_storage(edges, "road edges")
    problems = [*_node_problems(nodes), *_edge_problems(edges, nodes)]
    problems += turn_problems(tables.turns, nodes, edges)
    if problems:
        first = problems[0]
        raise SchemaError(
            f"road tables of {tables.source.name or 'an unnamed source'}",
            f"{len(problems)} impossible values, first: {first.row}, {first.column} = "
            f"{first.value}, needed {first.expected}",
            "correct the source of the roads",
            problems=problems[:_MAX_PROBLEMS],
        )


def components(tables: RoadTables) -> pd.Series:
    """Piece of the network that each edge lies in, on the index of the edges.

    Pieces are numbered from 0 by falling number of nodes. Direction of traffic is ignored: two
    edges lie in one piece if any chain of edges joins them.
    """
    n_nodes = len(tables.nodes)
    u, v = tables.edges["u"].to_numpy(), tables.edges["v"].to_numpy()
    links = sparse.coo_array((np.ones(len(u), dtype=np.int8), (u, v)), shape=(n_nodes, n_nodes))
    n_pieces, label = connected_components(links.tocsr(), directed=False)
    order = np.argsort(-np.bincount(label, minlength=n_pieces), kind="stable")
    rank = np.empty(n_pieces, dtype=np.int32)
    rank[order] = np.arange(n_pieces, dtype=np.int32)
    return pd.Series(rank[label[u]], index=tables.edges.index, name="piece")


def drape(tables: RoadTables, elevation_path: Path) -> RoadTables:
    """Give nodes their elevation and edges their climb and descent from an elevation raster.

    Edges are sampled about every 75 m and lightly smoothed ([1 2 1]/4), because the noise of a
    raster would otherwise be climbed. Bridges and tunnels do not follow the ground: they run
    straight between their ends, also where several of them follow each other. Voids are
    interpolated along an edge; where more than half of its samples are unknown, climb and
    descent stay NaN.

    Parameters
    ----------
    elevation_path
        Raster of metres above sea level in any CRS that it states.

    Raises
    ------
    CoverageError
        The raster knows the elevation of less than half of the nodes.
    """
    # Here, because it brings rasterio, which reading and routing do without.
    from geo.terrain import sample_elevation

    nodes, edges = tables.nodes, tables.edges
    elevation_m = np.array(
        sample_elevation(elevation_path, nodes["lon"].to_numpy(), nodes["lat"].to_numpy()),
        dtype=np.float64,
    )
    known_share = float(np.isfinite(elevation_m).mean())
    if known_share < _MIN_NODES_COVERED_SHARE:
        raise CoverageError(
            f"elevation {elevation_path.name}: covers {known_share:.0%} of the road nodes",
            f"at least {_MIN_NODES_COVERED_SHARE:.0%} is needed",
            "load an elevation model of this area, or several tiles together",
        )
    elevation_m = off_the_ground(elevation_m, edges)
    edge, lon, lat = samples_along(edges)
    sampled_m = np.array(sample_elevation(elevation_path, lon, lat), dtype=np.float64)
    climb_m, descent_m = climb_and_descent(edges, elevation_m, edge, sampled_m)
    n_unknown = int(np.isnan(climb_m).sum())
    notes = [*tables.notes, f"elevation from {elevation_path.name}"]
    if n_bridged := _edges_over_voids(edges, edge, sampled_m, climb_m):
        notes.append(
            f"{n_bridged} of {len(edges)} edges cross voids of {elevation_path.name}: heights run "
            f"straight between the known ones there, so a pass in a void is too low"
        )
    if n_unknown:
        notes.append(
            f"{n_unknown} of {len(edges)} edges have no elevation ({elevation_path.name} does not "
            f"cover them): they are treated as level"
        )
    return replace(
        tables,
        nodes=nodes.assign(elevation_m=elevation_m),
        edges=edges.assign(climb_m=climb_m, descent_m=descent_m),
        notes=tuple(notes),
    )


def _edges_over_voids(
    edges: gpd.GeoDataFrame,
    edge: NDArray[np.intp],
    sampled_m: NDArray[np.float64],
    climb_m: NDArray[np.float64],
) -> int:
    """How many edges on the ground have a climb although some samples along them are unknown."""
    void = np.zeros(len(edges), dtype=bool)
    void[edge[np.isnan(sampled_m)]] = True
    off_ground = (edges["bridge"] | edges["tunnel"]).to_numpy(dtype=bool)
    return int((void & ~off_ground & np.isfinite(climb_m)).sum())


def write_road_tables(tables: RoadTables, folder: Path) -> None:
    """Write `nodes.parquet`, `edges.parquet` (geometry as WKB) and, if any, `turns.parquet`."""
    folder.mkdir(parents=True, exist_ok=True)
    nodes = tables.nodes.copy()
    # pandas keeps `attrs` in the metadata of the file: source and notes travel with the table.
    nodes.attrs = {"source": source_as_dict(tables.source), "notes": list(tables.notes)}
    nodes.to_parquet(folder / "nodes.parquet", index=False)
    tables.edges.to_parquet(folder / "edges.parquet", index=False)
    if not tables.turns.empty:
        tables.turns.to_parquet(folder / "turns.parquet", index=False)


def read_road_tables(folder: Path) -> RoadTables:
    """Read what `write_road_tables` wrote.

    Raises
    ------
    UnreadableError
        A file is missing or is not parquet.
    SchemaError
        The tables lack columns or hold impossible values.
    """
    paths = folder / "nodes.parquet", folder / "edges.parquet"
    missing = [path.name for path in paths if not path.is_file()]
    if missing:
        raise UnreadableError(
            f"road tables in {folder.name}", f"{', '.join(missing)} is missing", "load roads again"
        )
    try:
        nodes = pd.read_parquet(paths[0])
        edges = gpd.read_parquet(paths[1])
        forbidden = folder / "turns.parquet"
        turns = pd.read_parquet(forbidden) if forbidden.is_file() else None
    except (OSError, ValueError) as error:
        raise UnreadableError(
            f"road tables in {folder.name}", f"parquet is needed: {error}", "load roads again"
        ) from error
    attrs, nodes.attrs = dict(nodes.attrs), {}
    tables = RoadTables(
        nodes=nodes,
        edges=edges,
        source=source_from_dict(attrs.get("source", {})),
        notes=tuple(str(note) for note in attrs.get("notes", [])),
        turns=filled_turns(turns),
    )
    require_road_tables(tables)
    return tables


# --- filling and checking -----------------------------------------------------------------------


def _require_columns(frame: pd.DataFrame, columns: Iterable[str], *, what: str) -> None:
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        problems = [Problem(row="", column=c, value="", expected="this column") for c in missing]
        raise SchemaError(
            what, f"columns {', '.join(missing)} are missing", "add them", problems=problems
        )


def _filled_nodes(nodes: pd.DataFrame) -> pd.DataFrame:
    columns: dict[str, Any] = {"node_id": nodes["node_id"].astype(str).to_numpy()}
    for name in ("lon", "lat"):
        columns[name] = nodes[name].to_numpy(dtype=np.float64)
    for name, default in NODE_DEFAULTS.items():
        given = nodes[name] if name in nodes.columns else np.full(len(nodes), default)
        columns[name] = np.asarray(given, dtype=np.float64)
    return pd.DataFrame(columns)


def _filled_edges(edges: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    n_edges = len(edges)
    columns: dict[str, Any] = {"edge_id": edges["edge_id"].astype(str).to_numpy()}
    for name in ("u", "v"):
        columns[name] = _row_numbers(edges[name], name)
    for name, default in EDGE_DEFAULTS.items():
        if name not in edges.columns:
            columns[name] = np.full(n_edges, default)
        elif name in TEXT_COLUMNS:
            columns[name] = edges[name].astype("str").fillna("").array
        elif name in FLAG_COLUMNS:
            columns[name] = edges[name].fillna(default).to_numpy(dtype=bool)
        elif name == "layer":
            columns[name] = edges[name].fillna(0).clip(-100, 100)
        else:
            columns[name] = edges[name].to_numpy(dtype=np.float64, na_value=np.nan)
    lines = np.asarray(edges.geometry.array, dtype=object)
    if shapely.has_z(lines).any():
        lines = shapely.force_2d(lines)
    columns["layer"] = np.asarray(columns["layer"], dtype=np.int8)
    length_m = np.asarray(columns["length_m"], dtype=np.float64)
    unmeasured = np.isnan(length_m)
    if unmeasured.any():
        length_m = length_m.copy()
        length_m[unmeasured] = geodesic_length_m(lines[unmeasured])
        columns["length_m"] = length_m
    filled = gpd.GeoDataFrame(columns, geometry=lines, crs=STORAGE_CRS)
    for name in ("edge_id", *TEXT_COLUMNS):
        filled[name] = filled[name].astype("str")
    return filled


def _row_numbers(column: pd.Series, name: str) -> NDArray[np.int32]:
    numbers = column.to_numpy()
    if not np.issubdtype(numbers.dtype, np.integer):
        raise SchemaError(
            f"road edges, column {name}",
            "row numbers of nodes (integers) are needed",
            "number them",
        )
    rows: NDArray[np.int32] = np.clip(numbers, -1, np.iinfo(np.int32).max).astype(np.int32)
    return rows


def _node_problems(nodes: pd.DataFrame) -> list[Problem]:
    lon, lat = nodes["lon"].to_numpy(), nodes["lat"].to_numpy()
    off_globe = ~((np.abs(lon) <= 180) & (np.abs(lat) <= 90))
    problems = [
        _problem("node", row, "lon, lat", f"{lon[row]}, {lat[row]}", "degrees on the globe")
        for row in np.flatnonzero(off_globe)
    ]
    ids = nodes["node_id"]
    problems += [
        _problem("node", row, "node_id", str(ids.iloc[int(row)]), "an id that no other node has")
        for row in np.flatnonzero(ids.duplicated().to_numpy())
    ]
    return problems


def _edge_problems(edges: gpd.GeoDataFrame, nodes: pd.DataFrame) -> list[Problem]:
    ids = edges["edge_id"]
    u, v = edges["u"].to_numpy(), edges["v"].to_numpy()
    lines = np.asarray(edges.geometry.array, dtype=object)
    length_m = edges["length_m"].to_numpy()
    in_range = (u >= 0) & (u < len(nodes)) & (v >= 0) & (v < len(nodes))
    is_line = (shapely.get_type_id(lines) == 1) & ~shapely.is_empty(lines)
    checks: list[tuple[NDArray[np.bool_], str, str]] = [
        (ids.duplicated().to_numpy(), "edge_id", "an id that no other edge has"),
        (ids.str.endswith(("+", "-")).to_numpy() | (ids == "").to_numpy(), "edge_id",
         "an id that does not end in + or - (they name a direction)"),
        (~in_range, "u, v", f"row numbers of nodes, 0 to {len(nodes) - 1}"),
        (~is_line, "geometry", "a LineString"),
        (~(np.isfinite(length_m) & (length_m >= 0)), "length_m", "metres, 0 or more"),
    ]  # fmt: skip
    checks.extend(
        (edges[name].to_numpy() < 0, name, "0 or more, or unknown")
        for name in ("climb_m", "descent_m", *LIMIT_COLUMNS)
    )
    usable = in_range & is_line
    checks.append((_drawn_backwards(u, v, lines, nodes, usable), "geometry", "drawn from u to v"))
    return [
        _problem("edge", row, column, _shown(edges, row, column), expected)
        for wrong, column, expected in checks
        for row in np.flatnonzero(wrong)
    ]


def _drawn_backwards(
    u: NDArray[np.int32],
    v: NDArray[np.int32],
    lines: NDArray[np.object_],
    nodes: pd.DataFrame,
    usable: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Lines whose first point lies at v and whose last lies at u: one-way would be inverted."""
    wrong = np.zeros(len(u), dtype=bool)
    every = np.flatnonzero(usable & (u != v))
    at = nodes[["lon", "lat"]].to_numpy()
    for begin in range(0, len(every), _LINES_AT_A_TIME):
        rows = every[begin : begin + _LINES_AT_A_TIME]
        # All points and two of them: a third of the time of asking for two points a line, which
        # makes an object of each.
        points = shapely.get_coordinates(lines[rows])
        end = np.cumsum(shapely.get_num_coordinates(lines[rows]))
        first, last = points[np.append(0, end[:-1])], points[end - 1]
        as_drawn = np.abs(first - at[u[rows]]).sum(axis=1) + np.abs(last - at[v[rows]]).sum(axis=1)
        turned = np.abs(first - at[v[rows]]).sum(axis=1) + np.abs(last - at[u[rows]]).sum(axis=1)
        wrong[rows] = turned < as_drawn
    return wrong


def _problem(kind: str, row: np.integer[Any], column: str, value: str, expected: str) -> Problem:
    return Problem(row=f"{kind} {row}", column=column, value=value, expected=expected)


def _shown(edges: gpd.GeoDataFrame, row: np.integer[Any], column: str) -> str:
    values = [str(edges[name].iloc[int(row)])[:60] for name in column.split(", ")]
    return ", ".join(values)


def _pieces_note(tables: RoadTables) -> list[str]:
    piece = components(tables).to_numpy()
    n_pieces = int(piece.max()) + 1
    if n_pieces == 1:
        return []
    length_m = tables.edges["length_m"].to_numpy()
    share = length_m[piece == 0].sum() / max(length_m.sum(), 1e-9)
    return [
        f"the road network is in {n_pieces} pieces that no road joins; the largest holds "
        f"{share:.1%} of the length"
    ]


# --- source in a file's metadata ----------------------------------------------------------------


def source_as_dict(source: Source) -> dict[str, str]:
    """The source as texts, as the files of road tables keep it."""
    return {
        "name": source.name,
        "at": source.at.isoformat() if source.at else "",
        "url": source.url,
        "licence": source.licence,
    }


def source_from_dict(written: Mapping[str, Any]) -> Source:
    """The source from what `source_as_dict` wrote."""
    at = str(written.get("at", ""))
    return Source(
        name=str(written.get("name", "")),
        at=datetime.fromisoformat(at) if at else None,
        url=str(written.get("url", "")),
        licence=str(written.get("licence", "")),
    )
