"""Sampled worlds: which roads are closed in each, and when every place is reached then.

A world draws one number for each stretch of road; an arc is closed where the number is below its
probability. So each arc is closed as often as its probability says, arcs of one stretch together,
and 0 and 1 are certain. The same seed gives the same worlds, whatever the number of threads.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geo.errors import RuleError, TooLargeError
from routing.doors import Doors, Meetings, doors_in, doors_out, meetings
from routing.hierarchy_compiler import kernel
from routing.hierarchy_metric import customize
from routing.hierarchy_queries import from_any, select
from routing.hierarchy_trials import Trials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import ArrayLike, NDArray

    from routing.access import Access
    from routing.closure_odds import Odds
    from routing.graph import Graph
    from routing.hierarchy import Hierarchy
    from routing.hierarchy_queries import Selection

THREADS = 2
MAX_WORLDS = 100_000
#: Arrival times that are kept: worlds × places.
MAX_ARRIVALS = 100_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Question:
    """From the depots, as one, to the places; what does not depend on closures.

    `time_s`, (n_arcs,), are the seconds of the arcs where they are open. `start`, `column`: the
    doors of every place, and the column of their nodes in `selection`.
    """

    hierarchy: Hierarchy
    time_s: NDArray[np.float64]
    n_places: int
    selection: Selection
    out: Doors
    into: Doors
    start: NDArray[np.int32]
    column: NDArray[np.int32]
    direct: Meetings


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """World number `world`, with `stretch` closed for sure or open for sure."""

    world: int
    stretch: int
    closed: bool


def question_of_graph(
    hierarchy: Hierarchy,
    graph: Graph,
    time_s: NDArray[np.float64],
    depots: Access,
    places: Access,
) -> Question:
    """Depots and places on edges of a road graph."""
    return _question(
        hierarchy,
        time_s,
        places.n_points,
        doors_out(graph, depots),
        doors_in(graph, places),
        meetings(graph, depots, places),
    )


def question_of_nodes(
    hierarchy: Hierarchy, time_s: ArrayLike, depots: ArrayLike, places: ArrayLike
) -> Question:
    """Depots and places at nodes."""
    out, into = np.asarray(depots, dtype=np.int32), np.asarray(places, dtype=np.int32)
    none = np.empty(0, dtype=np.int32)
    nothing = Meetings(
        origin=none, destination=none, arc=none, share=np.empty(0), walk_s=np.empty(0)
    )
    return _question(
        hierarchy,
        np.asarray(time_s, dtype=np.float64),
        len(into),
        _at_nodes(out),
        _at_nodes(into),
        nothing,
    )


def closed_arcs(odds: Odds, worlds: Iterable[int], *, seed: int) -> Iterator[NDArray[np.intp]]:
    """Arcs that are closed in each of some worlds."""
    chances = _Chances(odds, seed)
    for world in worlds:
        yield np.concatenate([chances.always, chances.sometimes(world)])


def arrivals(
    question: Question,
    odds: Odds,
    *,
    n_worlds: int,
    seed: int,
    threads: int = THREADS,
    progress: Callable[[float], None] = lambda share: None,
) -> NDArray[np.float64]:
    """Seconds from the nearest depot to every place in every world, (n_worlds, n_places).

    Raises
    ------
    RuleError
        No world, or too many.
    TooLargeError
        More arrivals than are kept.
    """
    if not 1 <= n_worlds <= MAX_WORLDS:
        raise RuleError(f"{n_worlds} worlds", f"1 to {MAX_WORLDS} are needed", "correct it")
    return _sampled(question, odds, range(n_worlds), seed, threads, progress)


def arrivals_of_flips(
    question: Question,
    odds: Odds,
    flips: Sequence[Flip],
    *,
    seed: int,
    threads: int = THREADS,
) -> NDArray[np.float64]:
    """Seconds to every place in worlds of which one stretch was changed, (n_flips, n_places)."""
    return _sampled(question, odds, flips, seed, threads, lambda share: None)


class _Chances:
    """What is closed in which world; arcs that are certain are told once."""

    def __init__(self, odds: Odds, seed: int) -> None:
        p = odds.probability
        self.always = np.flatnonzero(p >= 1.0)
        arc = np.flatnonzero((p > 0.0) & (p < 1.0))
        # Arcs of one stretch lie together, so that only stretches that are hit are looked at.
        self._arc = arc[np.argsort(odds.stretch[arc], kind="stable")]
        self._chance = p[self._arc]
        self._names, self._start = np.unique(odds.stretch[self._arc], return_index=True)
        self._size = np.diff(np.append(self._start, len(self._arc)))
        most = np.maximum.reduceat(self._chance, self._start) if len(arc) else np.empty(0)
        # Stretches of about one chance, within a factor of two, are drawn together.
        _, magnitude = np.frexp(most)
        self._alike = [np.flatnonzero(magnitude == one) for one in np.unique(magnitude)]
        self._ceiling = [float(most[rows].max()) for rows in self._alike]
        self._seed = seed

    def sometimes(self, world: int | Flip) -> NDArray[np.intp]:
        """Arcs that are closed in this world and not in all."""
        number = world.world if isinstance(world, Flip) else world
        hit, drawn = self._draw(np.random.default_rng([self._seed, number]))
        if isinstance(world, Flip):
            # Below every chance that is above 0, or above all of them.
            others = self._names[hit] != world.stretch
            hit, drawn = hit[others], drawn[others]
            if world.closed:
                own = np.flatnonzero(self._names == world.stretch)
                hit, drawn = np.append(hit, own), np.append(drawn, np.zeros(len(own)))
        size = self._size[hit]
        within = np.arange(int(size.sum())) - np.repeat(np.cumsum(size) - size, size)
        at = np.repeat(self._start[hit], size) + within
        closed = at[np.repeat(drawn, size) < self._chance[at]]
        return np.asarray(self._arc[closed])

    def _draw(self, rng: np.random.Generator) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Stretches whose number may be below a chance, and these numbers.

        As if each drew a number from 0 to 1, but only those below the ceiling of their kind are
        drawn: how many there are, which, and how far below.
        """
        hits, numbers = [np.empty(0, dtype=np.intp)], [np.empty(0)]
        for rows, ceiling in zip(self._alike, self._ceiling, strict=True):
            n_hits = rng.binomial(len(rows), ceiling)
            hits.append(rows[rng.choice(len(rows), n_hits, replace=False, shuffle=False)])
            numbers.append(rng.random(n_hits) * ceiling)
        return np.concatenate(hits), np.concatenate(numbers)


def _sampled(
    question: Question,
    odds: Odds,
    worlds: Sequence[int | Flip],
    seed: int,
    threads: int,
    progress: Callable[[float], None],
) -> NDArray[np.float64]:
    n_worlds = len(worlds)
    if n_worlds * question.n_places > MAX_ARRIVALS:
        raise TooLargeError(
            f"{n_worlds} worlds of {question.n_places} places",
            f"at most {MAX_ARRIVALS} arrivals are kept",
            "ask for fewer worlds",
        )
    if odds.probability.shape != question.time_s.shape:
        raise RuleError(
            f"probabilities of {len(odds.probability)} arcs",
            f"those of all {len(question.time_s)} arcs are needed",
            "take them from odds() of the same graph",
        )
    chances = _Chances(odds, seed)
    arrived_s = np.empty((n_worlds, question.n_places))
    base_s = question.time_s.copy()
    base_s[chances.always] = np.inf
    first = customize(question.hierarchy, base_s)
    seeds = from_any(question.out.node, question.out.times_s(base_s))

    def work(which: int) -> None:
        trials = Trials(first, seeds, question.selection)
        world_s = base_s.copy()
        for number in range(which, n_worlds, threads):
            closed = chances.sometimes(worlds[number])
            world_s[closed] = np.inf
            node_s = trials.times(closed, question.out.times_s(world_s))[0]
            _arrive(question, node_s, world_s, arrived_s[number])
            world_s[closed] = base_s[closed]
            if which == 0:
                progress((number + 1) / n_worlds)

    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(work, which) for which in range(threads)]:
            done.result()
    return arrived_s


def _arrive(
    question: Question,
    node_s: NDArray[np.float64],
    world_s: NDArray[np.float64],
    place_s: NDArray[np.float64],
) -> None:
    into, direct = question.into, question.direct
    through_open_doors(
        node_s, world_s, question.start, question.column, into.arc, into.share, into.walk_s, place_s
    )
    if len(direct.origin):
        spent_s = direct.walk_s.copy()
        on_arc = direct.arc >= 0
        spent_s[on_arc] += direct.share[on_arc] * world_s[direct.arc[on_arc]]
        np.minimum.at(place_s, direct.destination, spent_s)


@kernel
def through_open_doors(
    node_s: NDArray[np.float64],
    arc_s: NDArray[np.float64],
    start: NDArray[np.int32],
    column: NDArray[np.int32],
    arc: NDArray[np.int32],
    share: NDArray[np.float64],
    walk_s: NDArray[np.float64],
    place_s: NDArray[np.float64],
) -> None:
    """Seconds to every place over the best of its doors, from those to the nodes."""
    for place in range(len(start) - 1):
        best_s = np.inf
        for door in range(start[place], start[place + 1]):
            there_s = node_s[column[door]] + walk_s[door]
            if arc[door] >= 0:
                there_s += share[door] * arc_s[arc[door]]
            best_s = min(best_s, there_s)
        place_s[place] = best_s


def _question(
    hierarchy: Hierarchy,
    time_s: NDArray[np.float64],
    n_places: int,
    out: Doors,
    into: Doors,
    direct: Meetings,
) -> Question:
    node, column = np.unique(into.node, return_inverse=True)
    counts = np.bincount(into.point, minlength=n_places)
    return Question(
        hierarchy=hierarchy,
        time_s=time_s,
        n_places=n_places,
        selection=select(hierarchy, node),
        out=out,
        into=into,
        start=np.concatenate([[0], np.cumsum(counts)]).astype(np.int32),
        column=column.astype(np.int32),
        direct=direct,
    )


def _at_nodes(node: NDArray[np.int32]) -> Doors:
    n = len(node)
    return Doors(
        point=np.arange(n, dtype=np.int32),
        node=node,
        arc=np.full(n, -1, dtype=np.int32),
        share=np.zeros(n),
        walk_s=np.zeros(n),
    )
