"""Turn restrictions of an OSM extract: relations between ways, brought to turns between edges.

Meanings follow the OSM wiki, pages Relation:restriction and Conditional restrictions. What cannot
be told for sure is counted and left out, never guessed: a restriction whose members are missing,
or whose roads do not meet. One that holds for certain hours only is obeyed at all hours, and
counted: nobody knows to the minute when a convoy comes by, and a sign that is obeyed too often
costs a detour. A condition on weight binds those whom it can mean.
"""

from __future__ import annotations

import re
from collections import Counter, deque
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
# `no_left_turn @ (Mo-Fr 07:00-09:00); no_u_turn @ (weight>7.5)`: a kind, and when it holds.
_CONDITION = re.compile(r"([a-z_]+)\s*@\s*(\([^)]*\)|[^;]*)")
_WEIGHT = re.compile(r"^\(?\s*(?:weight|maxweight|maxweightrating)\s*>=?\s*(\d{1,3}(?:\.\d{1,3})?)")
# Signs with a lorry speak to those above this weight (OSM wiki, Key:hgv), in t.
_HEAVY_T = 3.5
# A way between two roads that is cut into more pieces is no crossing: a broken relation.
_MOST_PIECES = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Restriction:
    """One pair of ways of one relation; `via_ways` are empty where it speaks of a node."""

    from_way: int
    via_node: int
    via_ways: tuple[int, ...]
    to_way: int
    kind: str
    vehicles: str


@dataclass(slots=True)
class Restrictions:
    """Restrictions as the relations say, and how many were left out, and obeyed at all hours."""

    found: list[Restriction] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    n_at_all_hours: int = 0


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
    if not said:
        if reason := _why_not(tags):
            found.left_out[reason] += 1
        return
    members: dict[str, list[tuple[str, int]]] = {"from": [], "via": [], "to": []}
    for member in relation.members:
        if member.role in members:
            members[member.role].append((member.type, member.ref))
    ways = {role: [ref for kind, ref in members[role] if kind == "w"] for role in members}
    nodes = [ref for kind, ref in members["via"] if kind == "n"]
    over = tuple(ways["via"])
    # Some draw the nodes between several via ways too: the ways say it all.
    if not ways["from"] or not ways["to"] or (not over and len(nodes) != 1):
        found.left_out["without from, via or to"] += 1
        return
    found.n_at_all_hours += any(at_hours for *_, at_hours in said)
    found.found += [
        Restriction(
            from_way=from_way,
            via_node=0 if over else nodes[0],
            via_ways=over,
            to_way=to_way,
            kind=_KINDS[written],
            vehicles=vehicles,
        )
        for written, vehicles, _ in said
        for from_way in ways["from"]
        for to_way in ways["to"]
    ]


def _said(tags: Mapping[str, str]) -> list[tuple[str, str, bool]]:
    """What is restricted, for whom, and whether at certain hours only; [] if nothing for us."""
    if {part.strip() for part in tags.get("except", "").split(";")} & _EXCEPT_ALL:
        return []
    said = []
    for key, vehicles in _KEYS:
        written = tags.get(key, "").strip().lower()
        if written in _KINDS:
            said.append((written, vehicles, False))
            break
    for key, vehicles in _KEYS:
        said += [
            (written, *_whom(condition, vehicles))
            for written, condition in _CONDITION.findall(tags.get(f"{key}:conditional", "").lower())
            if written in _KINDS
        ]
    return said


def _whom(condition: str, vehicles: str) -> tuple[str, bool]:
    """Whom a conditional restriction binds, and whether it was meant for certain hours only."""
    weight = _WEIGHT.match(condition)
    if weight is None:
        return vehicles, True
    return ("hgv" if float(weight[1]) >= _HEAVY_T else vehicles), False


def _why_not(tags: Mapping[str, str]) -> str:
    """Why a restriction was left out; ``""`` where it speaks to none of our vehicles."""
    keys = [key for key in tags if key.startswith("restriction")]
    ours = [key for name, _ in _KEYS for key in (name, f"{name}:conditional")]
    if any(tags.get(key, "").strip().lower() not in _KINDS for key in ours if key in tags):
        return "of an unknown kind"
    # Signs for buses, bicycles, cars with a trailer … only, or that except all motor vehicles.
    return "" if keys else "of an unknown kind"


def turns_of(restrictions: Restrictions, pieces: Pieces) -> tuple[pd.DataFrame, list[str]]:
    """Turns between edges, with the columns of `geo.turns`, and notes on what was left out.

    A way that goes on behind the node has two pieces there; the one that can arrive (leave) counts.
    Where both can, nobody can say which is meant: the restriction is left out and counted.
    """
    rows: list[tuple[str, str, str, str, str, str]] = []
    left_out = Counter(restrictions.left_out)
    named = {way for one in restrictions.found for way in (one.from_way, one.to_way, *one.via_ways)}
    at_way = _rows_by_way(pieces, named)
    for one in restrictions.found:
        ways = _over_ways if one.via_ways else _over_node
        found = ways(pieces, at_way, one)
        if isinstance(found, str):
            left_out[found] += 1
            continue
        rows += [
            (str(pieces.edge_id[leave]), str(via), str(pieces.edge_id[enter]), one.kind,
             one.vehicles, " ".join(str(pieces.edge_id[row]) for row in over))
            for leave, via, over, enter in found
        ]  # fmt: skip
    turns = pd.DataFrame(rows, columns=list(TURN_COLUMNS)) if rows else empty_turns()
    notes = []
    if left_out:
        detail = ", ".join(f"{count} {reason}" for reason, count in left_out.most_common())
        notes.append(f"turn restrictions that are not obeyed: {left_out.total()} ({detail})")
    if restrictions.n_at_all_hours:
        notes.append(
            "turn restrictions for certain hours only, which are obeyed at all hours: "
            f"{restrictions.n_at_all_hours}"
        )
    return turns.drop_duplicates(ignore_index=True), notes


# Edge left, node where it ends, edges driven between, edge entered.
Turn = tuple[int, int, list[int], int]
_DO_NOT_MEET = "whose roads do not meet, or are no roads here"
_UNCLEAR = "whose roads go on behind the node, so that the piece is unclear"


def _over_node(
    pieces: Pieces, at_way: Mapping[int, list[int]], one: Restriction
) -> list[Turn] | str:
    """The turns at a node, or why there are none."""
    via = one.via_node
    arriving = _touching(pieces, at_way.get(one.from_way, ()), via, arrives=True)
    leaving = _touching(pieces, at_way.get(one.to_way, ()), via, arrives=False)
    if not arriving or not leaving:
        return _DO_NOT_MEET
    if one.from_way == one.to_way:
        return [(edge, via, [], edge) for edge in arriving if edge in leaving]
    if len(arriving) == 1 and len(leaving) == 1:
        return [(arriving[0], via, [], leaving[0])]
    return _UNCLEAR


def _over_ways(
    pieces: Pieces, at_way: Mapping[int, list[int]], one: Restriction
) -> list[Turn] | str:
    """The turn over one or more ways, or why there is none: it has to be one way only."""
    between = [row for way in one.via_ways for row in at_way.get(way, ())]
    nodes = {int(node) for row in between for node in (pieces.first[row], pieces.last[row])}
    begins = _meeting(pieces, at_way.get(one.from_way, ()), nodes, arrives=True)
    ends = _meeting(pieces, at_way.get(one.to_way, ()), nodes, arrives=False)
    if not begins or not ends or len(between) > _MOST_PIECES:
        return _DO_NOT_MEET
    found = [
        (leave, begin, over, enter)
        for leave, begin in begins
        for enter, end in ends
        if (over := _shortest(pieces, between, begin, end))
    ]
    if not found:
        return _DO_NOT_MEET
    # Where a road touches the way at both its ends, the sign means the shorter way round.
    fewest = min(len(over) for _, _, over, _ in found)
    nearest = [turn for turn in found if len(turn[2]) == fewest]
    return nearest if len(nearest) == 1 else _UNCLEAR


def _meeting(pieces: Pieces, rows: Any, nodes: set[int], *, arrives: bool) -> list[tuple[int, int]]:
    """Edges that can be driven into one of the nodes, or out of it, each with that node."""
    at = sorted({int(n) for row in rows for n in (pieces.first[row], pieces.last[row])} & nodes)
    return [(row, node) for node in at for row in _touching(pieces, rows, node, arrives=arrives)]


def _shortest(pieces: Pieces, between: list[int], begin: int, end: int) -> list[int]:
    """Fewest edges that lead from one node to another; [] where none do, or it is one node."""
    came: dict[int, tuple[int, int]] = {begin: (-1, -1)}
    queue = deque([begin])
    while queue and end not in came:
        node = queue.popleft()
        for row in _touching(pieces, between, node, arrives=False):
            on = int(pieces.last[row] if pieces.first[row] == node else pieces.first[row])
            if on not in came:
                came[on] = (row, node)
                queue.append(on)
    way: list[int] = []
    node = end
    while node in came and came[node][0] >= 0:
        row, node = came[node]
        way.append(row)
    return way[::-1]


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
