"""Risk against its peers: 200 sampled worlds, 10 depots, 3,000 places.

Every world closes 100 roads in both directions on average (each road with the same chance). Two
questions: the times from all ten depots, and those from the nearest depot alone, which is what
`qafila risk` asks. scipy is timed on some worlds and multiplied; igraph likewise.
Run ``python -m benchmarks.sections.risk [--quick]``.
"""

from __future__ import annotations

import importlib.util
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.sections.networks import SEED, line, missing, show, timed
from routing.closure_odds import Odds
from routing.hierarchy import prepare_arcs
from routing.hierarchy_metric import customize
from routing.hierarchy_queries import from_nodes, select
from routing.hierarchy_trials import Trials
from routing.worlds import arrivals, closed_arcs, question_of_nodes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from routing.hierarchy_metric import Metric

N_WORLDS, N_CLOSED = 200, 100
N_PEER = 5


def lines(quick: bool) -> Iterator[dict[str, Any]]:
    """All figures, one network after the other."""
    from benchmarks.routing import _case

    for name in ("NY",) if quick else ("andorra", "NY", "NW"):
        case = _case(name)
        if case is None:
            yield missing("risk", name, "its file")
            continue
        yield from _network(name, case)


def _network(name: str, case: Any) -> Iterator[dict[str, Any]]:
    odds = _odds(case)
    hierarchy = prepare_arcs(case.n_nodes, case.tail, case.head)
    metric = customize(hierarchy, case.before_s)
    question = question_of_nodes(hierarchy, case.before_s, case.depots, case.places)
    small = arrivals(question, odds, n_worlds=2, seed=SEED)
    matrix_s, tables = timed(lambda: _matrices(case, metric, odds), repeats=2)
    peer = f"scipy Dijkstra, {N_PEER} worlds timed and multiplied"
    scipy_s, expected = timed(lambda: _scipy(case, odds, min_only=False), repeats=1)
    for own, other in zip(tables[:N_PEER], expected, strict=True):
        np.testing.assert_allclose(own, other, rtol=1e-9)
    at_300k = name == "NY"
    figure = f"{N_WORLDS} worlds × 10 depots × 3,000 places, 2 threads"
    yield line("risk", name, figure, matrix_s, "s", goal=4.0 if at_300k else None)
    yield line(
        "risk", name, figure, matrix_s, "s", peer=peer, peer_value=scipy_s * N_WORLDS / N_PEER,
        goal=5.0 if at_300k else None, by_ratio=True,
    )  # fmt: skip
    if importlib.util.find_spec("igraph") is None:
        yield missing("risk", name, "igraph is not installed")
    else:
        igraph_s = _igraph(case, odds, expected[0])
        yield line(
            "risk", name, figure, matrix_s, "s", peer="igraph, 1 world timed and multiplied",
            peer_value=igraph_s * N_WORLDS, goal=15.0 if at_300k else None, by_ratio=True,
        )  # fmt: skip
    nearest_s, found = timed(
        lambda: arrivals(question, odds, n_worlds=N_WORLDS, seed=SEED), repeats=2
    )
    np.testing.assert_array_equal(found[:2], small)
    np.testing.assert_allclose(found[0], expected[0].min(axis=0), rtol=1e-9)
    scipy_s, _ = timed(lambda: _scipy(case, odds, min_only=True), repeats=1)
    yield line(
        "risk", name, f"{N_WORLDS} worlds, nearest depot, 2 threads", nearest_s, "s",
        peer=f"{peer}, nearest depot only", peer_value=scipy_s * N_WORLDS / N_PEER,
    )  # fmt: skip


def _odds(case: Any) -> Odds:
    """Every road is closed with one chance, both directions together."""
    low, high = np.minimum(case.tail, case.head), np.maximum(case.tail, case.head)
    road = np.unique(low.astype(np.int64) * case.n_nodes + high, return_inverse=True)[1]
    n_roads = int(road.max()) + 1
    return Odds(probability=np.full(len(road), N_CLOSED / n_roads), stretch=road.astype(np.int32))


def _matrices(case: Any, metric: Metric, odds: Odds) -> list[NDArray[np.float64]]:
    """The table of every world, two threads."""
    seeds, selection = from_nodes(case.depots), select(metric.hierarchy, case.places)
    found: list[Any] = [None] * N_WORLDS

    def half(which: int) -> None:
        trials = Trials(metric, seeds, selection)
        worlds = range(which, N_WORLDS, 2)
        for world, closed in zip(worlds, closed_arcs(odds, worlds, seed=SEED), strict=True):
            found[world] = trials.times(closed)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(half, range(2)))
    return found


def _scipy(case: Any, odds: Odds, *, min_only: bool) -> list[NDArray[np.float64]]:
    from scipy.sparse.csgraph import dijkstra

    from benchmarks.routing import _csr

    matrix, found = _csr(case), []
    for closed in closed_arcs(odds, range(N_PEER), seed=SEED):
        matrix.data[:] = case.before_s
        matrix.data[closed] = np.inf
        time_s = dijkstra(matrix, indices=case.depots, min_only=min_only)
        found.append(time_s[..., case.places])
    return found


def _igraph(case: Any, odds: Odds, expected: NDArray[np.float64]) -> float:
    """Seconds for the first world; closures are weights, so its graph is made once, untimed."""
    import igraph

    arcs = np.column_stack([case.tail, case.head])
    made = igraph.Graph(n=case.n_nodes, edges=arcs, directed=True)
    weights = case.before_s.copy()
    weights[next(closed_arcs(odds, [0], seed=SEED))] = np.inf
    depots, places = case.depots.tolist(), case.places.tolist()
    seconds, found = timed(
        lambda: made.distances(source=depots, target=places, weights=weights.tolist()), repeats=1
    )
    np.testing.assert_allclose(np.array(found), expected, rtol=1e-9)
    return seconds


if __name__ == "__main__":
    sys.exit(show(lines("--quick" in sys.argv[1:])))
