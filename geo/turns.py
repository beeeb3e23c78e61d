"""Turn restrictions: which turn from one piece of road into another is forbidden, and to whom.

A table of its own beside nodes and edges, because a turn is a matter of two edges. Restrictions
are those of traffic signs, so they bind motor vehicles; who walks turns as he likes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo.errors import Problem, SchemaError

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: `from_edge`, `to_edge` are edge ids without a direction, `via_node` the id of the node where
#: `from_edge` ends; `kind` is ``no`` (this turn is forbidden) or ``only`` (every other turn is);
#: `vehicles` is ``motor`` (all motor vehicles) or ``hgv`` (those of more than 3.5 t). `via_edges`
#: are the ids of the edges driven between the two, in order, a space between; ``""`` where
#: `to_edge` begins at `via_node` itself.
TURN_COLUMNS = ("from_edge", "via_node", "to_edge", "kind", "vehicles", "via_edges")
TURN_KINDS = ("no", "only")
TURN_VEHICLES = ("motor", "hgv")


def empty_turns() -> pd.DataFrame:
    """No turn restrictions, with the documented columns."""
    return pd.DataFrame({name: pd.Series(dtype="str") for name in TURN_COLUMNS})


def filled_turns(turns: pd.DataFrame | None) -> pd.DataFrame:
    """The turns as text columns in their order, each once; `via_edges` may be absent.

    Raises
    ------
    SchemaError
        A column is missing.
    """
    if turns is None:
        return empty_turns()
    if "via_edges" not in turns.columns:  # tables of earlier versions knew turns at nodes only
        turns = turns.assign(via_edges="")
    missing = [name for name in TURN_COLUMNS if name not in turns.columns]
    if missing:
        raise SchemaError("turn restrictions", f"columns {', '.join(missing)} are missing", "add")
    plain = pd.DataFrame({name: turns[name].astype("str") for name in TURN_COLUMNS})
    return plain.drop_duplicates().reset_index(drop=True)


def turn_problems(turns: pd.DataFrame, nodes: pd.DataFrame, edges: pd.DataFrame) -> list[Problem]:
    """What cannot be: unknown edges or nodes, edges that do not meet, unknown words."""
    if turns.empty:
        return []
    from_edge, via, to_edge = turn_rows(turns, nodes, edges)
    u, v = edges["u"].to_numpy(), edges["v"].to_numpy()
    last = _last_nodes(via, via_rows(turns, edges), u, v)

    def meets(edge: NDArray[np.intp], node: NDArray[np.intp]) -> NDArray[np.bool_]:
        there: NDArray[np.bool_] = (
            (edge >= 0) & (node >= 0) & ((u[edge] == node) | (v[edge] == node))
        )
        return there

    checks = (
        (~meets(from_edge, via), "from_edge", "the id of an edge that ends at via_node"),
        (last < 0, "via_edges", "ids of edges that lead on from via_node, a space between"),
        ((last >= 0) & ~meets(to_edge, last), "to_edge",
         "the id of an edge that begins where the way to it ends (via_node, or the last via_edge)"),
        (~turns["kind"].isin(TURN_KINDS).to_numpy(), "kind", " or ".join(TURN_KINDS)),
        (~turns["vehicles"].isin(TURN_VEHICLES).to_numpy(), "vehicles", " or ".join(TURN_VEHICLES)),
    )  # fmt: skip
    return [
        Problem(
            row=f"turn {row}",
            column=column,
            value=str(turns[column].iloc[int(row)])[:60],
            expected=expected,
        )
        for wrong, column, expected in checks
        for row in np.flatnonzero(wrong)
    ]


def turn_rows(
    turns: pd.DataFrame, nodes: pd.DataFrame, edges: pd.DataFrame
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Rows of the edge left, the node and the edge entered, (n_turns,), -1 where unknown."""
    by_edge, by_node = pd.Index(edges["edge_id"]), pd.Index(nodes["node_id"])
    return (
        np.asarray(by_edge.get_indexer(turns["from_edge"]), dtype=np.intp),
        np.asarray(by_node.get_indexer(turns["via_node"]), dtype=np.intp),
        np.asarray(by_edge.get_indexer(turns["to_edge"]), dtype=np.intp),
    )


def via_rows(turns: pd.DataFrame, edges: pd.DataFrame) -> list[list[int]]:
    """Rows of the edges between, in order, a list a turn; -1 where an id is unknown."""
    named = [written.split() for written in turns["via_edges"]]
    flat = [name for names in named for name in names]
    if not flat:
        return [[] for _ in named]
    rows = iter(pd.Index(edges["edge_id"]).get_indexer(flat).tolist())
    return [[next(rows) for _ in names] for names in named]


def _last_nodes(
    via: NDArray[np.intp], over: list[list[int]], u: NDArray[np.int32], v: NDArray[np.int32]
) -> NDArray[np.intp]:
    """Node rows where `to_edge` has to begin; -1 where the edges between lead nowhere."""
    last = via.copy()
    for row, rows in enumerate(over):
        at = int(via[row])
        for edge in rows:
            if edge < 0 or at not in (u[edge], v[edge]):
                at = -1
                break
            at = int(v[edge] if u[edge] == at else u[edge])
        last[row] = at
    return last
