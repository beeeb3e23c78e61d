"""Turn restrictions of an OSM extract: relations between ways, brought to turns between edges.

Meanings follow the OSM wiki, pages Relation:restriction and Conditional restrictions. What cannot
be told for sure is counted and left out, never guessed: a restriction over a way instead of a node,
one whose members are missing, one for certain hours only.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo.turns import TURN_COLUMNS, empty_turns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_KINDS = {
    **dict.fromkeys(("no_left_turn", "no_right_turn", "no_straight_on"), "no"),
    **dict.fromkeys(("no_u_turn", "no_entry", "no_exit"), "no"),
    **dict.fromkeys(("only_left_turn", "only_right_turn", "only_straight_on"), "only"),
    "only_u_turn": "only",
}
# Whom the key speaks to. `except` that names emergency vehicles, buses or bicycles changes nothing
# for relief convoys.
_KEYS = (("restriction", "motor"), ("restriction:motor_vehicle", "motor"),
         ("restriction:hgv", "hgv"), ("restriction:goods", "hgv"))  # fmt: skip
_EXCEPT_ALL = frozenset({"motor_vehicle", "vehicle"})


@dataclass(slots=True)
class Restrictions:
    """Restrictions as the relations say, a row each pair of ways, and what was left out and why."""

    from_way: list[int] = field(default_factory=list)
    via_node: list[int] = field(default_factory=list)
    to_way: list[int] = field(default_factory=list)
    kind: list[str] = field(default_factory=list)
    vehicles: list[str] = field(default_factory=list)
    u_turn: list[bool] = field(default_factory=list)
    relation: list[int] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """The edges that ways were cut into, (n_edges,): way, ends as OSM nodes, and directions."""

    edge_id: NDArray[np.object_]
    way: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    forward: NDArray[np.bool_]
    backward: NDArray[np.bool_]


def is_restriction(tags: Mapping[str, str]) -> bool:
    """Whether a relation restricts turns."""
    return tags.get("type", "") == "restriction" or tags.get("type", "").startswith("restriction:")


def add_restriction(found: Restrictions, relation: Any) -> None:
    """Take up one relation with ``type=restriction``; `relation` is one of pyosmium."""
    tags = {tag.k: tag.v for tag in relation.tags}
    said = _said(tags)
    if said is None:
        if reason := _why_not(tags):
            found.left_out[reason] += 1
        return
    written, vehicles = said
    members: dict[str, list[tuple[str, int]]] = {"from": [], "via": [], "to": []}
    for member in relation.members:
        if member.role in members:
            members[member.role].append((member.type, member.ref))
    via = members["via"]
    if any(kind == "w" for kind, _ in via):
        found.left_out["over a way instead of a node"] += 1
        return
    ways = [[ref for kind, ref in members[role] if kind == "w"] for role in ("from", "to")]
    if len(via) != 1 or via[0][0] != "n" or not ways[0] or not ways[1]:
        found.left_out["without from, via or to"] += 1
        return
    for from_way in ways[0]:
        for to_way in ways[1]:
            found.from_way.append(from_way)
            found.via_node.append(via[0][1])
            found.to_way.append(to_way)
            found.kind.append(_KINDS[written])
            found.vehicles.append(vehicles)
            found.u_turn.append(from_way == to_way)
            found.relation.append(relation.id)


def _said(tags: Mapping[str, str]) -> tuple[str, str] | None:
    """What is restricted and for whom; None if nothing that binds our vehicles is understood."""
    if {part.strip() for part in tags.get("except", "").split(";")} & _EXCEPT_ALL:
        return None
    for key, vehicles in _KEYS:
        written = tags.get(key, "").strip().lower()
        if written in _KINDS:
            return written, vehicles
    return None


def _why_not(tags: Mapping[str, str]) -> str:
    """Why a restriction was left out; ``""`` where it speaks to none of our vehicles."""
    keys = [key for key in tags if key.startswith("restriction")]
    if any(key.endswith(":conditional") for key in keys):
        return "for certain hours only"
    if any(tags.get(key, "").strip().lower() not in _KINDS for key, _ in _KEYS if key in tags):
        return "of an unknown kind"
    # Signs for buses, bicycles, cars with a trailer … only, or that except all motor vehicles.
    return "" if keys else "of an unknown kind"


def turns_of(found: Restrictions, pieces: Pieces) -> tuple[pd.DataFrame, list[str]]:
    """Turns between edges, with the columns of `geo.turns`, and notes on what was left out.

    A way that goes on behind the node has two pieces there; the one that can arrive (leave) counts.
    Where both can, nobody can say which is meant: the restriction is left out and counted.
    """
    rows: list[tuple[str, str, str, str, str]] = []
    left_out = Counter(found.left_out)
    at_way = _rows_by_way(pieces, {*found.from_way, *found.to_way})
    for n in range(len(found.from_way)):
        via = found.via_node[n]
        arriving = _touching(pieces, at_way.get(found.from_way[n], ()), via, arrives=True)
        leaving = _touching(pieces, at_way.get(found.to_way[n], ()), via, arrives=False)
        if not arriving or not leaving:
            left_out["whose roads do not meet at the node, or are no roads here"] += 1
            continue
        if found.u_turn[n]:
            pairs = [(edge, edge) for edge in arriving if edge in leaving]
        elif len(arriving) == 1 and len(leaving) == 1:
            pairs = [(arriving[0], leaving[0])]
        else:
            left_out["whose roads go on behind the node, so that the piece is unclear"] += 1
            continue
        rows += [
            (str(pieces.edge_id[a]), str(via), str(pieces.edge_id[b]),
             found.kind[n], found.vehicles[n])
            for a, b in pairs
        ]  # fmt: skip
    turns = pd.DataFrame(rows, columns=list(TURN_COLUMNS)) if rows else empty_turns()
    notes = []
    if left_out:
        detail = ", ".join(f"{count} {reason}" for reason, count in left_out.most_common())
        notes.append(f"turn restrictions that are not obeyed: {left_out.total()} ({detail})")
    return turns.drop_duplicates(ignore_index=True), notes


def _rows_by_way(pieces: Pieces, ways: set[int]) -> dict[int, list[int]]:
    rows: dict[int, list[int]] = {}
    for row in np.flatnonzero(np.isin(pieces.way, list(ways))).tolist():
        rows.setdefault(int(pieces.way[row]), []).append(row)
    return rows


def _touching(pieces: Pieces, rows: Any, node: int, *, arrives: bool) -> list[int]:
    """Rows of the edges that can be driven into the node, or out of it."""
    at_last = pieces.forward if arrives else pieces.backward
    at_first = pieces.backward if arrives else pieces.forward
    return [
        row
        for row in rows
        if (pieces.last[row] == node and at_last[row])
        or (pieces.first[row] == node and at_first[row])
    ]
