"""The hierarchy of a road network: what the fast engine prepares once and keeps on disk.

A customizable contraction hierarchy (Dibbelt, Strasser & Wagner 2016, Customizable Contraction
Hierarchies, ACM JEA 21, doi:10.1145/2886843). It knows which nodes are joined and nothing of times:
those of a vehicle class and a closure are put in by `routing.hierarchy_metric`, questions are
answered by `routing.hierarchy_queries`. See ``docs/hierarchy.md``.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import tempfile
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from geo.errors import RuleError, TooLargeError, UnreadableError
from routing.hierarchy_order import elimination_order
from routing.hierarchy_order_kernels import (
    chordal_completion,
    count_triangles,
    is_completed,
    lower_triangles,
    neighbours,
    slots_of_arcs,
)
from routing.hierarchy_schedule import Schedule, make_schedule

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import ArrayLike, NDArray

    from routing.graph import Graph

logger = logging.getLogger(__name__)

# Rises when the arrays change their meaning; a file of another version is made anew.
FORMAT = 2
_MAX_INT32 = 2**31 - 1
_HEADER = "hierarchy.json"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Hierarchy:
    """A network completed to a chordal graph; all arrays are int32 and none depends on times.

    A *rank* is the place of a node in the order of elimination, ``rank[node]``. Upward arcs of rank
    r are ``up_start[r]:up_start[r + 1]``, sorted by `up_head`; `up_tail` is r; `parent` the lowest
    head (-1 = root). A *slot* is ``2 * upward arc`` for the way up, plus 1 for the way down:
    `slot_of_arc` for every arc of the graph (-1 = loop), and the arcs of a slot,
    ``slot_arc[slot_start[s]:slot_start[s + 1]]``. The lower triangles of an upward arc (x, y) are
    the rows ``triangle_start[a]:triangle_start[a + 1]`` of `triangle`, shape (n, 2): arcs (z, x)
    and (z, y). `schedule` follows from the others and is not kept on disk. `key` names the network.
    """

    key: str
    rank: NDArray[np.int32]
    parent: NDArray[np.int32]
    up_start: NDArray[np.int32]
    up_head: NDArray[np.int32]
    up_tail: NDArray[np.int32]
    slot_of_arc: NDArray[np.int32]
    slot_start: NDArray[np.int32]
    slot_arc: NDArray[np.int32]
    triangle_start: NDArray[np.int32]
    triangle: NDArray[np.int32]
    schedule: Schedule

    @property
    def n_nodes(self) -> int:
        """Number of nodes of the network."""
        return len(self.rank)

    @property
    def n_arcs(self) -> int:
        """Number of directed arcs of the network."""
        return len(self.slot_of_arc)

    @property
    def n_up_arcs(self) -> int:
        """Number of upward arcs."""
        return len(self.up_head)

    @property
    def n_bytes(self) -> int:
        """Memory of all arrays."""
        kept: list[NDArray[np.int32]] = [getattr(self, name) for name in _ARRAYS]
        return sum(array.nbytes for array in kept) + self.schedule.n_bytes


_DERIVED = ("key", "schedule")
_ARRAYS = tuple(field.name for field in fields(Hierarchy) if field.name not in _DERIVED)
_SCHEDULED = ("parent", "up_start", "up_head", "slot_of_arc", "slot_start", "slot_arc")


def prepare(graph: Graph) -> Hierarchy:
    """Build the hierarchy of a road graph."""
    return prepare_arcs(graph.n_nodes, graph.tail, graph.head)


def prepare_arcs(n_nodes: int, tail: ArrayLike, head: ArrayLike) -> Hierarchy:
    """Build the hierarchy of a network that is given as directed arcs.

    Parameters
    ----------
    tail, head
        (n_arcs,) nodes 0 … n_nodes - 1; loops, parallel arcs and arcs without a way back are fine.

    Raises
    ------
    RuleError
        A node outside the range, or as many tails as heads are not given.
    TooLargeError
        More triangles than the 32 bits of an index can count; no road network comes near.
    """
    tails, heads = _checked_arcs(n_nodes, tail, head)
    key = key_of_arcs(n_nodes, tails, heads)
    start, neighbour = neighbours(n_nodes, tails, heads)
    order = elimination_order(start, neighbour)
    rank = np.empty(n_nodes, dtype=np.int32)
    rank[order] = np.arange(n_nodes, dtype=np.int32)
    up_start, up_head, parent = chordal_completion(start, neighbour, rank, order)
    n_triangles = count_triangles(up_start)
    if n_triangles > _MAX_INT32:
        raise TooLargeError(
            f"a network with {n_triangles} triangles",
            f"at most {_MAX_INT32} can be counted",
            "take a smaller extract",
        )
    triangle_start, triangle = lower_triangles(up_start, up_head, n_triangles)
    slot_of_arc, slot_start, slot_arc = slots_of_arcs(rank, up_start, up_head, tails, heads)
    ranks = np.arange(n_nodes, dtype=np.int32)
    logger.info(
        "hierarchy of %d nodes: %d upward arcs, %d triangles", n_nodes, len(up_head), n_triangles
    )
    return Hierarchy(
        key=key,
        rank=rank,
        parent=parent,
        up_start=up_start,
        up_head=up_head,
        up_tail=np.repeat(ranks, np.diff(up_start)),
        slot_of_arc=slot_of_arc,
        slot_start=slot_start,
        slot_arc=slot_arc,
        triangle_start=triangle_start,
        triangle=triangle,
        schedule=make_schedule(parent, up_start, up_head, slot_of_arc, slot_start, slot_arc),
    )


def hierarchy_key(graph: Graph) -> str:
    """The name under which the hierarchy of a graph is kept: a hash of nodes and arcs."""
    return key_of_arcs(graph.n_nodes, graph.tail, graph.head)


def key_of_arcs(n_nodes: int, tail: NDArray[np.int32], head: NDArray[np.int32]) -> str:
    """SHA-256 over what a hierarchy depends on, as text."""
    said = hashlib.sha256(f"hierarchy {FORMAT} {n_nodes} {len(tail)}".encode())
    for array in (tail, head):
        said.update(np.ascontiguousarray(array, dtype="<i4").data)
    return said.hexdigest()


# --- on disk ------------------------------------------------------------------------------------


def prepared(graph: Graph, folder: Path) -> Hierarchy:
    """The hierarchy of the graph from `folder` if it is kept there, else made and kept."""
    key = hierarchy_key(graph)
    path = folder / key
    if (path / _HEADER).exists():
        try:
            return read_hierarchy(path, key=key)
        except UnreadableError as error:
            logger.warning("%s; it is made anew", error)
    hierarchy = prepare(graph)
    write_hierarchy(hierarchy, path)
    return hierarchy


def write_hierarchy(hierarchy: Hierarchy, path: Path) -> None:
    """Write to the folder `path`, one ``.npy`` an array; there is all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".hierarchy-") as name:
        made = Path(name) / "made"
        made.mkdir()
        shapes: dict[str, list[int]] = {}
        for array in _ARRAYS:
            values: NDArray[np.int32] = getattr(hierarchy, array)
            np.save(made / f"{array}.npy", values, allow_pickle=False)
            shapes[array] = list(values.shape)
        header = {"format": FORMAT, "key": hierarchy.key, "shapes": shapes}
        (made / _HEADER).write_text(json.dumps(header), encoding="utf-8")
        if path.exists():
            shutil.rmtree(path)
        made.rename(path)


def read_hierarchy(path: Path, *, key: str | None = None) -> Hierarchy:
    """Open a hierarchy memory-mapped; private copies of pages, so the files are never changed.

    Parameters
    ----------
    key
        The network that is expected (`hierarchy_key`).

    Raises
    ------
    UnreadableError
        Missing, of another format or network, or with an index that leads outside the arrays.
    """
    header = _header(path)
    if header.get("format") != FORMAT or (key is not None and header.get("key") != key):
        raise UnreadableError(
            f"{path.name}: hierarchy of format {header.get('format')!r}",
            f"format {FORMAT} of this very network is needed",
            "delete it, it will be made anew",
        )
    arrays = {name: _mapped(path / f"{name}.npy") for name in _ARRAYS}
    if {name: list(array.shape) for name, array in arrays.items()} != header.get("shapes"):
        raise _broken(path, "arrays do not have the sizes that the header tells")
    _require_sound(arrays, path)
    # Made only from arrays that are known to be sound: compiled code checks no index.
    schedule = make_schedule(*(arrays[name] for name in _SCHEDULED))
    return Hierarchy(key=str(header.get("key")), schedule=schedule, **arrays)


def _header(path: Path) -> dict[str, Any]:
    try:
        header = json.loads((path / _HEADER).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _broken(path, "its header cannot be read") from error
    if not isinstance(header, dict):
        raise _broken(path, "its header is not an object")
    return header


def _mapped(path: Path) -> NDArray[np.int32]:
    try:
        array = np.load(path, mmap_mode="c", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise _broken(path, "an array cannot be read") from error
    if array.dtype != np.dtype("<i4") or not array.flags.c_contiguous:
        raise _broken(path, f"an array holds {array.dtype}, not 32-bit integers")
    return np.asarray(array)


def _require_sound(arrays: dict[str, NDArray[np.int32]], path: Path) -> None:
    """Compiled code does not check indices, so what comes from a file is checked here."""
    n, m, n_arcs = (len(arrays[name]) for name in ("rank", "up_head", "slot_of_arc"))
    up_start, slot_start = arrays["up_start"], arrays["slot_start"]
    triangle_start, triangle = arrays["triangle_start"], arrays["triangle"]
    flat = ("rank", "up_head", "slot_arc", "slot_of_arc")
    sizes_fit = (
        arrays["parent"].shape == (n,)
        and up_start.shape == (n + 1,)
        and arrays["up_tail"].shape == (m,)
        and slot_start.shape == (2 * m + 1,)
        and triangle_start.shape == (m + 1,)
        and triangle.ndim == 2
        and triangle.shape[1] == 2
        and all(arrays[name].ndim == 1 for name in flat)
    )
    if not (
        sizes_fit
        and _starts(up_start, m)
        and _starts(slot_start, len(arrays["slot_arc"]))
        and _starts(triangle_start, len(triangle))
        and _within(arrays["rank"], 0, n)
        and _within(arrays["parent"], -1, n)
        and _within(arrays["slot_of_arc"], -1, 2 * m)
        and _within(arrays["slot_arc"], 0, n_arcs)
        and bool((arrays["up_head"] > arrays["up_tail"]).all())
        and _within(arrays["up_tail"], 0, n)
        and _within(arrays["up_head"], 0, n)
        and _within(triangle, 0, m)
    ):
        raise _broken(path, "an index leads outside its array")
    if not is_completed(up_start, arrays["up_head"], arrays["parent"], triangle_start, triangle):
        raise _broken(path, "its arcs are not those of a completed graph")


def _starts(start: NDArray[np.int32], end: int) -> bool:
    return bool(start[0] == 0 and start[-1] == end and (start[1:] >= start[:-1]).all())


def _within(values: NDArray[np.int32], low: int, high: int) -> bool:
    return not values.size or bool(values.min() >= low and values.max() < high)


def _broken(path: Path, what: str) -> UnreadableError:
    return UnreadableError(
        f"{path.name}: {what}", "a whole hierarchy is needed", "delete it, it will be made anew"
    )


def _checked_arcs(
    n_nodes: int, tail: ArrayLike, head: ArrayLike
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    tails, heads = np.asarray(tail), np.asarray(head)
    fits = tails.shape == heads.shape and tails.ndim == 1
    if not fits or not all(_within(ends, 0, n_nodes) for ends in (tails, heads)):
        raise RuleError(
            f"arcs of {n_nodes} nodes from {tails.shape} tails to {heads.shape} heads",
            "as many tails as heads, all of them nodes of the network, are needed",
            "take both from the same graph",
        )
    return (
        np.ascontiguousarray(tails, dtype=np.int32),
        np.ascontiguousarray(heads, dtype=np.int32),
    )
