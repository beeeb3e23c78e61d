"""Road tables on disk for the next process: columns and lines that are mapped, not read.

Parquet is what is exchanged and what the ledger names; reading a country from it takes many
seconds. This is the same in a form that is ready as it lies: Arrow files for the columns, plain
arrays for the points of the lines. It is made from tables that were checked, and can be made anew.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from geo.crs import STORAGE_CRS
from geo.errors import UnreadableError
from geo.mapped_lines import MappedLines
from geo.network import (
    EDGE_COLUMNS,
    FLAG_COLUMNS,
    NODE_COLUMNS,
    RoadTables,
    source_as_dict,
    source_from_dict,
)
from geo.turns import filled_turns

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

#: Goes up whenever the files change their meaning.
FORMAT = 1
_HEADER = "roads.json"


def write_mapped_roads(tables: RoadTables, folder: Path) -> None:
    """Write checked road tables into `folder`, which is made where it is missing.

    The header comes last: a folder without one is not whole.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lines = np.asarray(tables.edges.geometry.array, dtype=object)
    _, points, (start,) = shapely.to_ragged_array(lines)
    box = shapely.bounds(lines).reshape(-1, 4)
    for name, values in (("points", points), ("start", start.astype(np.int64)), ("box", box)):
        np.save(folder / f"{name}.npy", np.ascontiguousarray(values), allow_pickle=False)
    _write_columns(tables.nodes, folder / "nodes.arrow")
    _write_columns(pd.DataFrame(tables.edges.drop(columns="geometry")), folder / "edges.arrow")
    _write_columns(tables.turns, folder / "turns.arrow")
    header = {
        "format": FORMAT,
        "nodes": len(tables.nodes),
        "edges": len(tables.edges),
        "points": len(points),
        "source": source_as_dict(tables.source),
        "notes": list(tables.notes),
    }
    (folder / _HEADER).write_text(json.dumps(header), encoding="utf-8")


def open_mapped_roads(folder: Path) -> RoadTables:
    """Open what `write_mapped_roads` wrote: columns and lines are read where they are looked at.

    Raises
    ------
    UnreadableError
        It is missing, of another format or cut short, or a row number leads outside.
    """
    try:
        header = json.loads((folder / _HEADER).read_text(encoding="utf-8"))
        if not isinstance(header, dict) or header.get("format") != FORMAT:
            raise _broken(folder, f"it is not of format {FORMAT}")
        nodes = _open_columns(folder / "nodes.arrow")
        edges = _open_columns(folder / "edges.arrow")
        turns = _open_columns(folder / "turns.arrow")
        points, start, box = (_mapped(folder / f"{n}.npy") for n in ("points", "start", "box"))
    except (OSError, ValueError, EOFError, pa.ArrowException) as error:
        raise _broken(folder, str(error)) from error
    if (
        tuple(nodes.columns) != NODE_COLUMNS
        or tuple(edges.columns) != tuple(name for name in EDGE_COLUMNS if name != "geometry")
        or [header.get(name) for name in ("nodes", "edges", "points")]
        != [len(nodes), len(edges), len(points)]
    ):
        raise _broken(folder, "its tables are not those that the header tells")
    _require_sound(folder, nodes, edges, points, start, box)
    lines = MappedLines(points, start, box, STORAGE_CRS)
    return RoadTables(
        nodes=nodes,
        edges=gpd.GeoDataFrame(
            pd.DataFrame({**edges, "geometry": lines}, copy=False), geometry="geometry"
        ),
        source=source_from_dict(dict(header.get("source", {}))),
        notes=tuple(str(note) for note in header.get("notes", [])),
        turns=filled_turns(turns),
    )


def _write_columns(frame: pd.DataFrame, path: Path) -> None:
    """One uncompressed batch, so that a column is one piece of the file."""
    columns = {}
    for name in frame.columns:
        values = frame[name]
        if isinstance(values.dtype, pd.StringDtype) or values.dtype == object:
            columns[name] = pa.array(values.astype("str"), type=pa.large_string())
        elif values.dtype == bool:
            # A bit each would have to be unpacked.
            columns[name] = pa.array(values.to_numpy().view(np.uint8))
        else:
            columns[name] = pa.array(values.to_numpy())
    table = pa.table(columns).combine_chunks()
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)


def _open_columns(path: Path) -> pd.DataFrame:
    table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    columns: dict[str, Any] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        values = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
        if pa.types.is_large_string(values.type):
            columns[name] = pd.array(values, dtype=pd.StringDtype("pyarrow", na_value=np.nan))
        else:
            numbers = values.to_numpy(zero_copy_only=True)
            columns[name] = numbers.view(bool) if name in FLAG_COLUMNS else numbers
    # Without a copy: put together in blocks, the columns would be read.
    return pd.DataFrame(columns, copy=False)


def _mapped(path: Path) -> NDArray[Any]:
    return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))


def _require_sound(
    folder: Path,
    nodes: pd.DataFrame,
    edges: pd.DataFrame,
    points: NDArray[Any],
    start: NDArray[Any],
    box: NDArray[Any],
) -> None:
    """What compiled code and the lines rely on; the rest was checked when the tables were made."""
    n_edges = len(edges)
    ends = [edges[name].to_numpy() for name in ("u", "v")]
    if (
        points.dtype != np.float64
        or points.shape[1:] != (2,)
        or box.shape != (n_edges, 4)
        or start.shape != (n_edges + 1,)
        or start.dtype != np.int64
        or any(end.dtype != np.int32 for end in ends)
    ):
        raise _broken(folder, "its arrays do not belong together")
    if not (
        start[0] == 0
        and start[-1] == len(points)
        and (start[1:] - start[:-1] >= 2).all()
        and all(not n_edges or (end.min() >= 0 and end.max() < len(nodes)) for end in ends)
    ):
        raise _broken(folder, "a row number leads outside its table")


def _broken(folder: Path, what: str) -> UnreadableError:
    return UnreadableError(
        f"road tables in {folder.name}: {what}",
        "whole tables of this version are needed",
        "delete the folder, it will be made anew",
    )
