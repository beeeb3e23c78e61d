"""A graph on disk: one ``.npy`` for each of its arrays, opened memory-mapped.

Building a country's graph takes many seconds, opening one takes a fraction of a second: what is
mapped is read when it is used and shared by all processes. What comes from a file is checked
first, because compiled code does not check indices.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from geo.errors import UnreadableError
from routing.graph import NUMBER_COLUMNS, TAG_COLUMNS, Copies, Graph, Tag

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Goes up whenever the arrays of a graph change their meaning.
FORMAT = 1
_HEADER = "header.json"

# Arrays of a graph by their type on disk.
_TYPES = {
    "f8": ("lon", "lat", "elevation_m", "length_m", "climb_m", "descent_m"),
    "i4": ("base_node", "tail", "head", "edge", "u", "v"),
    "i8": ("start", "arc_along", "arc_against", "pair", "pair_of_arc"),
    "b1": ("along", "forward", "backward", "ford"),
    "u1": ("barred",),
}
_COPIES = {"i8": ("key", "arc"), "i4": ("tail",)}


@dataclass(frozen=True, slots=True)
class _Array:
    """One file: its name and its type."""

    name: str
    kind: str


_ARRAYS = (
    *(_Array(name, kind) for kind, names in _TYPES.items() for name in names),
    *(_Array(f"copies-{name}", kind) for kind, names in _COPIES.items() for name in names),
    *(_Array(f"tag-{name}", "i4") for name in TAG_COLUMNS),
    *(_Array(f"number-{name}", "f8") for name in NUMBER_COLUMNS),
    _Array("edge_id-text", "u1"),
    _Array("edge_id-start", "i8"),
)


def write_graph(graph: Graph, path: Path, *, key: str) -> None:
    """Write to the folder `path`, all of it or nothing; `key` names what it was made from."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = _arrays_of(graph)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".graph-") as name:
        made = Path(name) / "made"
        made.mkdir()
        said: dict[str, dict[str, Any]] = {}
        for one in _ARRAYS:
            values = np.ascontiguousarray(arrays[one.name], dtype=np.dtype(one.kind))
            np.save(made / f"{one.name}.npy", values, allow_pickle=False)
            said[one.name] = {"size": len(values), "crc32": _checksum(values)}
        labels = {name: list(graph.tags[name].labels) for name in TAG_COLUMNS}
        header = {"format": FORMAT, "key": key, "arrays": said, "labels": labels}
        (made / _HEADER).write_text(json.dumps(header), encoding="utf-8")
        if path.exists():
            shutil.rmtree(path)
        try:
            made.rename(path)
        except OSError:
            # Another process was first, with the same content: its folder serves.
            if not (path / _HEADER).is_file():
                raise


def read_graph(path: Path, *, key: str) -> Graph:
    """Open a graph memory-mapped; private copies of pages, so that the files are never changed.

    Parameters
    ----------
    key
        What the graph has to be made from.

    Raises
    ------
    UnreadableError
        It is missing, of another format or other roads, damaged, or an index leads outside.
    """
    header = _header(path)
    if header.get("format") != FORMAT or header.get("key") != key:
        raise UnreadableError(
            f"{path.name}: graph of format {header.get('format')!r}, key {header.get('key')!r}",
            f"format {FORMAT} of these very roads ({key}) is needed",
            "delete it, it will be made anew",
        )
    said = header.get("arrays")
    if not isinstance(said, dict):
        raise _broken(path, "its header lists no arrays")
    a = {one.name: _mapped(path, one, said.get(one.name)) for one in _ARRAYS}
    _require_sound(a, path)
    return Graph(
        **{name: a[name] for names in _TYPES.values() for name in names},
        copies=Copies(
            **{name: a[f"copies-{name}"] for names in _COPIES.values() for name in names}
        ),
        edge_ids=_edge_ids(a["edge_id-text"], a["edge_id-start"], path),
        tags={name: _tag(header, name, a[f"tag-{name}"], path) for name in TAG_COLUMNS},
        numbers={name: a[f"number-{name}"] for name in NUMBER_COLUMNS},
    )


# --- writing ------------------------------------------------------------------------------------


def _arrays_of(graph: Graph) -> dict[str, NDArray[Any]]:
    text = pa.array(graph.edge_ids, type=pa.large_string())
    if isinstance(text, pa.ChunkedArray):
        text = text.combine_chunks()
    _, start, letters = text.buffers()
    starts = np.frombuffer(start, dtype=np.int64)[text.offset :][: len(text) + 1]
    return {
        **{name: getattr(graph, name) for names in _TYPES.values() for name in names},
        **{
            f"copies-{name}": getattr(graph.copies, name)
            for names in _COPIES.values()
            for name in names
        },
        **{f"tag-{name}": graph.tags[name].code for name in TAG_COLUMNS},
        **{f"number-{name}": graph.numbers[name] for name in NUMBER_COLUMNS},
        "edge_id-text": np.frombuffer(letters, dtype=np.uint8)[starts[0] : starts[-1]],
        "edge_id-start": starts - starts[0],
    }


def _checksum(values: NDArray[Any]) -> int:
    return zlib.crc32(values.view(np.uint8).data) if values.size else 0


# --- reading ------------------------------------------------------------------------------------


def _header(path: Path) -> dict[str, Any]:
    try:
        header = json.loads((path / _HEADER).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _broken(path, "its header cannot be read") from error
    if not isinstance(header, dict):
        raise _broken(path, "its header is not an object")
    return header


def _mapped(path: Path, one: _Array, said: Any) -> NDArray[Any]:
    try:
        array = np.load(path / f"{one.name}.npy", mmap_mode="c", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise _broken(path, f"{one.name} cannot be read") from error
    values: NDArray[Any] = np.asarray(array)
    if values.dtype != np.dtype(one.kind) or values.ndim != 1:
        raise _broken(path, f"{one.name} holds {values.dtype}, not {one.kind}")
    if not isinstance(said, dict) or said.get("size") != len(values):
        raise _broken(path, f"{one.name} does not have the size that the header tells")
    if said.get("crc32") != _checksum(values):
        raise _broken(path, f"{one.name} was changed after it was written")
    return values


def _require_sound(a: dict[str, NDArray[Any]], path: Path) -> None:
    n_nodes, n_edges, n_arcs = len(a["lon"]), len(a["u"]), len(a["tail"])
    sizes = (
        (n_nodes, ("lat", "elevation_m", "base_node")),
        (n_edges, ("v", "length_m", "climb_m", "descent_m", "forward", "backward", "ford",
                  "arc_along", "arc_against", *(f"tag-{name}" for name in TAG_COLUMNS),
                  *(f"number-{name}" for name in NUMBER_COLUMNS))),
        (n_arcs, ("head", "edge", "along", "barred", "pair_of_arc")),
        (len(a["copies-key"]), ("copies-arc", "copies-tail")),
    )  # fmt: skip
    for size, names in sizes:
        if any(len(a[name]) != size for name in names):
            raise _broken(path, "arrays do not belong together")
    bounds = (
        (n_nodes, ("tail", "head", "base_node", "u", "v", "copies-tail")),
        (n_edges, ("edge",)),
        (n_arcs, ("arc_along", "arc_against", "pair", "copies-arc")),
        (len(a["pair"]), ("pair_of_arc",)),
        (2 * n_edges, ("copies-key",)),
    )
    within = all(
        not a[name].size or (a[name].min() >= 0 and a[name].max() < bound)
        for bound, names in bounds
        for name in names
    )
    if not within or not all(
        _starts(a[name], end, n)
        for name, end, n in (
            ("start", n_arcs, n_nodes),
            ("edge_id-start", len(a["edge_id-text"]), n_edges),
        )
    ):
        raise _broken(path, "an index leads outside its array")


def _starts(start: NDArray[np.int64], end: int, n: int) -> bool:
    return bool(
        len(start) == n + 1
        and start[0] == 0
        and start[-1] == end
        and (start[1:] >= start[:-1]).all()
    )


def _edge_ids(letters: NDArray[np.uint8], start: NDArray[np.int64], path: Path) -> pd.Index:
    text = pa.LargeStringArray.from_buffers(
        len(start) - 1, pa.py_buffer(start), pa.py_buffer(letters)
    )
    try:
        text.validate(full=True)
    except pa.ArrowInvalid as error:
        raise _broken(path, "edge ids are no text") from error
    return pd.Index(pd.array(text, dtype=pd.StringDtype("pyarrow", na_value=np.nan)))


def _tag(header: dict[str, Any], name: str, code: NDArray[np.int32], path: Path) -> Tag:
    labels = header.get("labels", {}).get(name)
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise _broken(path, f"the values of {name} are missing")
    if code.size and not (code.min() >= 0 and code.max() < len(labels)):
        raise _broken(path, f"a value of {name} is missing")
    return Tag(code=code, labels=tuple(labels))


def _broken(path: Path, what: str) -> UnreadableError:
    return UnreadableError(
        f"{path.name}: {what}", "a whole graph is needed", "delete it, it will be made anew"
    )
