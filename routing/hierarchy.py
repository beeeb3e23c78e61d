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
from dataclasses import dataclass, fields, replace
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
    opposite_arcs,
    slots_of_arcs,
)

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
    and (z, y). `opposite` has the arc (x, y) for every pair of upward arcs (z, x), (z, y), by
    z, then x, then y; it follows from the others and is not kept on disk. `key` names the network.
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
    opposite: NDArray[np.int32]

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
        return sum(getattr(self, name).nbytes for name in (*_ARRAYS, "opposite"))


_DERIVED = ("key", "opposite")
_ARRAYS = tuple(field.name for field in fields(Hierarchy) if field.name not in _DERIVED)


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
        opposite=opposite_arcs(up_start, up_head, n_triangles),
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
    none = np.empty(0, dtype=np.int32)
    hierarchy = Hierarchy(key=str(header.get("key")), opposite=none, **arrays)
    _require_sound(hierarchy, path)
    # Looked up only in arrays that are known to be sound: compiled code checks no index.
    opposite = opposite_arcs(hierarchy.up_start, hierarchy.up_head, len(hierarchy.triangle))
    return replace(hierarchy, opposite=opposite)


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


def _require_sound(hierarchy: Hierarchy, path: Path) -> None:
    """Compiled code does not check indices, so what comes from a file is checked here."""
    h, n, m = hierarchy, hierarchy.n_nodes, hierarchy.n_up_arcs
    sizes_fit = (
        h.parent.shape == (n,)
        and h.up_start.shape == (n + 1,)
        and h.up_tail.shape == (m,)
        and h.slot_start.shape == (2 * m + 1,)
        and h.triangle_start.shape == (m + 1,)
        and h.triangle.ndim == 2
        and h.triangle.shape[1] == 2
        and all(getattr(h, name).ndim == 1 for name in ("rank", "up_head", "slot_arc"))
    )
    if not (
        sizes_fit
        and _starts(h.up_start, m)
        and _starts(h.slot_start, len(h.slot_arc))
        and _starts(h.triangle_start, len(h.triangle))
        and _within(h.rank, 0, n)
        and _within(h.parent, -1, n)
        and _within(h.slot_of_arc, -1, 2 * m)
        and _within(h.slot_arc, 0, h.n_arcs)
        and bool((h.up_head > h.up_tail).all())
        and _within(h.up_tail, 0, n)
        and _within(h.up_head, 0, n)
        and _within(h.triangle, 0, m)
    ):
        raise _broken(path, "an index leads outside its array")
    if not is_completed(h.up_start, h.up_head, h.parent, h.triangle_start, h.triangle):
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
