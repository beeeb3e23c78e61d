"""Why a place is or is not reached, in plain words.

A closure decides if the place would be reached without it: the way that would be open is compared
with what is closed on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from routing.access import WALK_DETOUR_FACTOR
from routing.closures import effect_on
from routing.travel import arriving, candidate_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from geo.model import Depot
    from geo.network import RoadTables
    from routing.access import Access
    from routing.closures import Overlay
    from routing.graph import Graph
    from routing.world import Arrival, World

# A way that takes at most a minute longer is not worth a word.
_WORTH_SAYING_S = 60.0
_MAX_WORDS = 120
# Kinds that are a noun by themselves: "a path", but "a primary road".
_NOUNS = frozenset({"path", "track", "footway", "bridleway", "cycleway", "busway", "motorway"})
_NOUNS |= {"byway", "road", "living_street", "steps"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Met:
    """A closure, the first arc on which it is met, and how far before the place that begins."""

    closure: int
    arc: int
    before_m: float


@dataclass(frozen=True, kw_only=True)
class Reasons:
    """What is needed to explain the verdicts of one class.

    `world` and `arrival` are with the closures, `open_world` and `open_arrival` without. `roads`
    has the nearest road that the class could use, up to somewhat beyond the longest walk; `still`
    the nearest that it still reaches; `any_road` the nearest of any kind.
    """

    graph: Graph
    tables: RoadTables
    world: World
    arrival: Arrival
    open_world: World
    open_arrival: Arrival
    overlay: Overlay
    roads: Access
    still: Access
    any_road: Access
    depots: Sequence[Depot]
    max_walk_m: float
    max_time_s: float

    def of(self, row: int, *, reached: bool, has_road: bool) -> tuple[str, tuple[str, ...]]:
        """Reason and deciding closures for one place."""
        if reached:
            return self._detour(row)
        if not has_road:
            return self._no_road(row), ()
        if not self.depots:
            return "there is no active depot", ()
        if self.arrival.time_s[row] <= self.max_time_s:
            return self._out_of_range(row)
        if self.open_arrival.time_s[row] <= self.max_time_s:
            return self._closed(row)
        if np.isfinite(self.open_arrival.time_s[row]):
            return self._too_far(row)
        return self._not_joined(row), ()

    # --- the cases ----------------------------------------------------------------------------

    def _detour(self, row: int) -> tuple[str, tuple[str, ...]]:
        later_s = self.arrival.time_s[row] - self.open_arrival.time_s[row]
        if not later_s > _WORTH_SAYING_S:
            return "", ()
        met = self._closures_met(row)
        if not met:
            return "", ()
        return f"{self._said(met[0])}{_more(met)}: {_duration(later_s)} longer", self._ids(met)

    def _closed(self, row: int) -> tuple[str, tuple[str, ...]]:
        met = self._closures_met(row)
        vehicle_class = self.world.vehicle_class
        closed = [
            m for m in met if np.isinf(effect_on(self.overlay.closures[m.closure], vehicle_class))
        ]
        # A way that is only slowed may still be too slow for the limit.
        met = closed or met
        what = f"{self._said(met[0])} {_distance(met[0].before_m)} before"
        limit = _duration(self.max_time_s)
        if np.isfinite(self.arrival.time_s[row]):
            rest = f"it now takes {_duration(self.arrival.time_s[row])}, beyond {limit}"
        else:
            name = _words(vehicle_class.name)
            rest = f"no other {name} road{self._on_foot(row)}"
        return f"{what}{_more(met)}; {rest}", self._ids(met)

    def _out_of_range(self, row: int) -> tuple[str, tuple[str, ...]]:
        vehicle_class = self.world.vehicle_class
        length_m = float(self.arrival.length_m[row])
        depot = self.depots[int(self.arrival.depot[row])]
        said = (
            f"out of range: {_distance(length_m)} from {depot.name or depot.depot_id}, a "
            f"{_words(vehicle_class.name)} goes {vehicle_class.range_km:g} km and comes back"
        )
        if self.open_arrival.length_m[row] > vehicle_class.range_m:
            return said, ()
        met = self._closures_met(row)
        return (f"{said}; {self._said(met[0])}{_more(met)}" if met else said), self._ids(met)

    def _on_foot(self, row: int) -> str:
        walk_m = float(self.still.walk_m[row, 0])
        if not walk_m <= self.max_walk_m:
            return ""
        return f"; {_distance(walk_m)} on foot from the nearest road still reached"

    def _too_far(self, row: int) -> tuple[str, tuple[str, ...]]:
        depot = self.depots[int(self.open_arrival.depot[row])]
        open_s = self.open_arrival.time_s[row]
        said = (
            f"beyond {_duration(self.max_time_s)} from every depot: "
            f"{_duration(open_s)} from {depot.name or depot.depot_id}"
        )
        met = self._closures_met(row)
        if not met or self.arrival.time_s[row] <= open_s + _WORTH_SAYING_S:
            return said, ()
        # The time is that of open roads: it must not look like one that can be driven.
        return f"{said} if all roads were open; {self._said(met[0])}{_more(met)}", self._ids(met)

    def _not_joined(self, row: int) -> str:
        name = _words(self.world.vehicle_class.name)
        if not self.open_world.depots.attached.any():
            return f"no active depot stands at a road for {name}"
        road = self._road(int(self.roads.edge[row, 0]))
        away_m = float(self.roads.walk_m[row, 0]) / WALK_DETOUR_FACTOR
        nearest = (
            f"no {name} road joins it to a depot: the nearest, {road} {_distance(away_m)} away,"
        )
        edge = int(self.roads.edge[row, 0])
        if self._piece_of(edge) in self._pieces_of_depots:
            return f"{nearest} is reached only over roads that a {name} cannot use"
        return f"{nearest} is on its own"

    def _piece_of(self, edge: int) -> int:
        return int(self._pieces[self.graph.u[edge]])

    @cached_property
    def _pieces(self) -> NDArray[np.int32]:
        """Number of the piece of the network that each node lies in, whatever may drive there."""
        graph = self.graph
        links = csr_array(
            (np.ones(graph.n_arcs, dtype=np.int8), (graph.tail, graph.head)),
            shape=(graph.n_nodes, graph.n_nodes),
        )
        return np.asarray(connected_components(links, directed=False)[1], dtype=np.int32)

    @cached_property
    def _pieces_of_depots(self) -> frozenset[int]:
        stands = self.open_world.depots
        return frozenset(self._piece_of(int(edge)) for edge in stands.edge[stands.attached, 0])

    def _no_road(self, row: int) -> str:
        name = _words(self.world.vehicle_class.name)
        cap = f"{self.max_walk_m:,.0f} m"
        edge = int(self.any_road.edge[row, 0])
        if edge < 0:
            return f"no road of any kind within {cap} of walk"
        away_m = float(self.any_road.walk_m[row, 0]) / WALK_DETOUR_FACTOR
        return f"no road for {name} within {cap} of walk: nearest is {self._road(edge)} " + (
            f"{_distance(away_m)} away"
        )

    # --- closures on the open way ---------------------------------------------------------------

    @cached_property
    def _decided_by(self) -> NDArray[np.int32]:
        return self.overlay.decided_by(self.world.vehicle_class)

    @cached_property
    def _marked_above(self) -> NDArray[np.int32]:
        """Nearest node at or above each one whose entering arc has a closure, -1 = none."""
        trees = self.open_world.trees
        decided = self._decided_by
        marked = np.zeros(trees.parent.shape, dtype=bool)
        inner, first = trees.parent >= 0, trees.link >= 0
        marked[inner] = decided[trees.arc[inner]] >= 0
        marked[first] = decided[trees.links.arc[trees.link[first]]] >= 0
        node = np.broadcast_to(np.arange(self.graph.n_nodes, dtype=np.int32), marked.shape)
        above = np.where(marked, node, -1).astype(np.int32)
        jump = trees.parent.copy()
        row = np.broadcast_to(np.arange(len(jump))[:, None], jump.shape)
        while True:
            open_ends = (above < 0) & (jump >= 0)
            if not open_ends.any():
                return above
            at_row, at = row[open_ends], jump[open_ends]
            above[open_ends], jump[open_ends] = above[at_row, at], jump[at_row, at]

    def _closures_met(self, row: int) -> list[_Met]:
        """Closures on the way that would be open, in the order in which a vehicle meets them."""
        arrival, graph = self.open_arrival, self.graph
        depot = int(arrival.depot[row])
        how = arrival.how[depot, [row]]
        candidate = candidate_of(how)
        edges = arrival.access.edge[[row], candidate]
        edge = int(edges[0])
        stays, arcs, _ = arriving(graph, how, edges)
        total_m = float(arrival.length_m[row])
        if stays[0]:
            fraction = float(arrival.access.fraction[row, candidate[0]])
            arc = self._arc_on_one_edge(edge, depot, fraction)
            closure = int(self._decided_by[arc])
            return [_Met(closure=closure, arc=arc, before_m=total_m)] if closure >= 0 else []
        last = int(arcs[0])
        met: dict[int, _Met] = {}
        # From the place back to the depot: met again nearer to the depot replaces, because that
        # is where a vehicle stops.
        for arc, begins_m in self._closed_arcs_back(depot, last):
            closure = int(self._decided_by[arc])
            met.pop(closure, None)
            met[closure] = _Met(closure=closure, arc=arc, before_m=total_m - begins_m)
        return list(reversed(met.values()))

    def _closed_arcs_back(self, depot: int, last: int) -> Iterator[tuple[int, float]]:
        """Arcs with a closure on the open way to arc `last`, and how far from the depot they begin.

        In the order from the place back to the depot.
        """
        trees = self.open_world.trees
        node = int(self.graph.tail[last])
        if self._decided_by[last] >= 0:
            yield last, float(self.open_world.node_m[depot, node])
        while (node := int(self._marked_above[depot, node])) >= 0:
            parent = int(trees.parent[depot, node])
            if parent < 0:
                yield int(trees.links.arc[int(trees.link[depot, node])]), 0.0
                return
            yield int(trees.arc[depot, node]), float(self.open_world.node_m[depot, parent])
            node = parent

    def _arc_on_one_edge(self, edge: int, depot: int, to_fraction: float) -> int:
        stands = self.open_world.depots
        begin = int(np.flatnonzero(stands.edge[depot] == edge)[0])
        onward = to_fraction >= stands.fraction[depot, begin]
        return int(self.graph.arc_along[edge] if onward else self.graph.arc_against[edge])

    # --- words ----------------------------------------------------------------------------------

    def _ids(self, met: list[_Met]) -> tuple[str, ...]:
        return tuple(self.overlay.closures[m.closure].closure_id for m in met)

    def _said(self, met: _Met) -> str:
        closure = self.overlay.closures[met.closure]
        why = _words(closure.reason or closure.source)
        road = self._road(int(self.graph.edge[met.arc]))
        state = str(closure.state)
        if closure.state == "restricted" and closure.max_weight_t is not None:
            state = f"carries only {closure.max_weight_t:g} t"
        return f"{road} {state}" + (f" ({why})" if why else "")

    def _road(self, edge: int) -> str:
        edges = self.tables.edges
        for column in ("ref", "name"):
            if written := str(edges[column].iat[edge]):
                return _words(written)
        kind = str(edges["highway"].iat[edge])
        return f"a {_words(kind)}" + ("" if kind in _NOUNS else " road")


def _more(met: list[_Met]) -> str:
    return f" (and {len(met) - 1} more on the way)" if len(met) > 1 else ""


def _words(text: str) -> str:
    return " ".join(text.replace("_", " ").split())[:_MAX_WORDS]


def _distance(metres: float) -> str:
    return f"{metres / 1000:.1f} km" if metres >= 1000 else f"{metres:.0f} m"


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    hours, rest = divmod(minutes, 60)
    if hours == 0:
        return f"{rest} min"
    return f"{hours} h {rest:02d}" if rest else f"{hours} h"
