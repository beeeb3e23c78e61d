"""Turn states: copies of nodes that remember by which roads one came, where turns are forbidden.

A forbidden turn is a sequence of arcs that must not be driven: from a road over a node into
another, or from a road over one or more roads into another (OSM: via a node, via ways). Every
beginning of such a sequence is a state, a copy of the node where it ends. The arcs that leave the
node leave the copy too; those that must not be driven from there are barred, and the one that
continues a sequence leads to the next state. So any engine that knows nothing of turns obeys them.

Where several sequences overlap, the state is the longest beginning that fits what was driven last
(Aho & Corasick 1975, Efficient string matching, Communications of the ACM 18), and all shorter ones
that fit count as well.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geo.turns import turn_rows, via_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo.network import RoadTables

# Who must not turn into an arc: bits of `routing.graph.Graph.barred`.
BARRED = {"motor": 1, "hgv": 2}

Way = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Copies of nodes and what leaves them; arcs are numbered along, then against, by edge row.

    `base`, `node`, (n_states,): the node that is copied, and the row of the copy. `enters` and
    `entered`, (n_entering,): arcs that enter a copy instead of its node. `tail`, `leaving`,
    `heads`, `barred`, (n_leaving,): the copy, the arc that leaves its base, the node that it leads
    to (a copy, where turns are forbidden further on), and who must not.
    """

    base: NDArray[np.int32]
    node: NDArray[np.int32]
    enters: NDArray[np.intp]
    entered: NDArray[np.int32]
    tail: NDArray[np.int32]
    leaving: NDArray[np.intp]
    heads: NDArray[np.int32]
    barred: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rules:
    """What is forbidden after a sequence of arcs, (n_rules,): the state, the arc, kind and bit."""

    state: NDArray[np.intp]
    arc: NDArray[np.int64]
    only: NDArray[np.bool_]
    bit: NDArray[np.int64]


def split_nodes(tables: RoadTables, u: NDArray[np.int32], v: NDArray[np.int32]) -> Split:
    """The states of all forbidden turns of some road tables."""
    ends, begins = np.concatenate([v, u]), np.concatenate([u, v])
    states, rules = _states(tables, u, v)
    number = {state: at for at, state in enumerate(states)}
    last = np.array([state[-1] for state in states], dtype=np.intp)
    base = ends[last].astype(np.int32)
    node = (len(tables.nodes) + np.arange(len(states))).astype(np.int32)
    single = np.array([len(state) == 1 for state in states], dtype=bool)
    # All arcs that leave the copied nodes, once for each copy.
    touching = np.flatnonzero(np.isin(begins, base))
    touching = touching[np.argsort(begins[touching], kind="stable")]
    first = np.searchsorted(begins[touching], base)
    n_out = np.searchsorted(begins[touching], base, side="right") - first
    of_state = np.repeat(np.arange(len(base)), n_out)
    opens = np.cumsum(n_out) - n_out
    step = np.arange(len(of_state)) - np.repeat(opens, n_out)
    out = touching[first[of_state] + step]
    row_of = {(int(s), int(a)): row for row, (s, a) in enumerate(zip(of_state, out, strict=True))}
    to = ends.astype(np.int32)
    to[last[single]] = node[single]
    heads = to[out]
    longer = [state for state in states if len(state) > 1]
    for here, arc, then in _continuing(longer, number):
        heads[row_of[here, arc]] = node[then]
    fits = _fitting(states, number)
    return Split(
        base=base,
        node=node,
        enters=last[single],
        entered=node[single],
        tail=node[of_state],
        leaving=out,
        heads=heads,
        barred=_barred(len(out), row_of, fits, rules, out, of_state),
    )


def _states(
    tables: RoadTables, u: NDArray[np.int32], v: NDArray[np.int32]
) -> tuple[list[Way], _Rules]:
    """All beginnings of forbidden sequences, shortest first, and what is forbidden after each."""
    n_edges = len(u)
    found: list[tuple[Way, int, bool, int]] = []
    for way, kind, bit in _sequences(tables, u, v):
        if kind == "no":
            found.append((way[:-1], way[-1], False, bit))
            if len(way) > 2:
                # Else to and fro on the way between would get round the sign.
                found.append((way[:-1], (way[-2] + n_edges) % (2 * n_edges), False, bit))
            continue
        # Who turned off before has not been told where to go: each step of the way is the only one.
        found += [(way[:at], way[at], True, bit) for at in range(1, len(way))]
    beginnings = {way[:at] for way, *_ in found for at in range(1, len(way) + 1)}
    states = sorted(beginnings, key=lambda way: (len(way), way))
    number = {state: at for at, state in enumerate(states)}
    return states, _Rules(
        state=np.array([number[way] for way, *_ in found], dtype=np.intp),
        arc=np.array([arc for _, arc, _, _ in found], dtype=np.int64),
        only=np.array([only for *_, only, _ in found], dtype=bool),
        bit=np.array([bit for *_, bit in found], dtype=np.int64),
    )


def _sequences(
    tables: RoadTables, u: NDArray[np.int32], v: NDArray[np.int32]
) -> list[tuple[Way, str, int]]:
    """Every restriction as arcs in the order in which they are driven; a loop both ways round."""
    turns, n_edges = tables.turns, len(u)
    if turns.empty:
        return []
    from_edge, via, to_edge = turn_rows(turns, tables.nodes, tables.edges)
    over = via_rows(turns, tables.edges)
    found: list[tuple[Way, str, int]] = []
    for row, (kind, vehicles) in enumerate(zip(turns["kind"], turns["vehicles"], strict=True)):
        at = int(via[row])
        edge = int(from_edge[row])
        arriving = [e for e, end in ((edge, v[edge]), (edge + n_edges, u[edge])) if end == at]
        middle: list[int] = []
        for edge in over[row]:
            along = u[edge] == at
            middle.append(edge if along else edge + n_edges)
            at = int(v[edge] if along else u[edge])
        edge = int(to_edge[row])
        leaving = [e for e, begin in ((edge, u[edge]), (edge + n_edges, v[edge])) if begin == at]
        found += [
            ((a, *middle, b), str(kind), BARRED[str(vehicles)]) for a in arriving for b in leaving
        ]
    return found


def _continuing(longer: list[Way], number: dict[Way, int]) -> list[tuple[int, int, int]]:
    """State, arc and the state that it leads to, where that has a memory of more than the arc."""
    ending: dict[Way, list[int]] = defaultdict(list)
    for state, at in number.items():
        for cut in range(len(state)):
            ending[state[cut:]].append(at)
    # Shortest first, so that the longest that fits is written last.
    return [(here, state[-1], number[state]) for state in longer for here in ending[state[:-1]]]


def _fitting(states: list[Way], number: dict[Way, int]) -> list[tuple[int, int]]:
    """State and each state, itself included, that what was driven in it ends with."""
    return [
        (at, number[state[cut:]])
        for at, state in enumerate(states)
        for cut in range(len(state))
        if state[cut:] in number
    ]


def _barred(
    n_leaving: int,
    row_of: dict[tuple[int, int], int],
    fits: list[tuple[int, int]],
    rules: _Rules,
    out: NDArray[np.intp],
    of_state: NDArray[np.intp],
) -> NDArray[np.uint8]:
    """Who must not drive what leaves the states, (n_leaving,) bits."""
    barred = np.zeros(n_leaving, dtype=np.uint8)
    of_rule: dict[int, list[int]] = defaultdict(list)
    for rule, state in enumerate(rules.state.tolist()):
        of_rule[state].append(rule)
    opens = np.searchsorted(of_state, np.arange(int(of_state.max(initial=-1)) + 2))
    for here, told in fits:
        rows = of_rule.get(told, [])
        for bit in BARRED.values():
            mine = [rule for rule in rows if rules.bit[rule] == bit]
            for rule in mine:
                if not rules.only[rule]:
                    barred[row_of[here, int(rules.arc[rule])]] |= bit
            # Several `only` of one state allow any of their turns.
            allowed = [rules.arc[rule] for rule in mine if rules.only[rule]]
            if allowed:
                span = slice(opens[here], opens[here + 1])
                barred[span] |= np.where(np.isin(out[span], allowed), 0, bit).astype(np.uint8)
    return barred
