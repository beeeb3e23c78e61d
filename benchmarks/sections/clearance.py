"""Clearance against its peers: one ranking of 500 blockages for 3,000 places.

The peers open one blockage after the other and look again: scipy with its connected components and
with Dijkstra's algorithm, networkx with its components. They are timed on some of the blockages and
multiplied, which `peer` tells. Run ``python -m benchmarks.sections.clearance [--quick]``.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.sections.networks import SEED, line, missing, show, timed
from routing.clearance import Clearing, clear_greedily
from routing.clearance_bound import upper_bound
from routing.clearance_network import blocked_arcs, by_connection, by_time
from routing.crew_schedule import schedule
from routing.hierarchy import prepare_arcs
from routing.hierarchy_metric import customize

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

N_BLOCKED = 500
LIMIT_S = 12 * 3600.0
N_PEER = 10


def lines(quick: bool) -> Iterator[dict[str, Any]]:
    """All figures, one network after the other."""
    from benchmarks.routing import _case

    # A warm-up on a small network compiles or loads the kernels.
    for name in ("andorra",) if quick else ("andorra", "NW"):
        case = _case(name)
        if case is None:
            yield missing("clearance", name, "its file")
            continue
        yield from _network(name, case, quick=quick)


def _network(name: str, case: Any, *, quick: bool) -> Iterator[dict[str, Any]]:
    rng = np.random.default_rng(SEED)
    site = _blocked_roads(case, rng)
    people = rng.integers(1, 500, len(case.places)).astype(np.float64)
    hours = rng.uniform(1.0, 30.0, N_BLOCKED)
    blocked = blocked_arcs(
        case.n_nodes, case.tail, case.head, case.before_s, site,
        depots=case.depots, places=case.places,
    )  # fmt: skip
    metric = customize(prepare_arcs(case.n_nodes, case.tail, case.head), case.before_s)

    def joined() -> NDArray[np.float64]:
        return Clearing(by_connection(blocked), people, hours, limit_s=0.0).single_gains()

    def sooner() -> NDArray[np.float64]:
        ends = by_time(blocked, metric.hierarchy, metric=metric)
        return Clearing(ends, people, hours, limit_s=LIMIT_S, measure="time").single_gains()

    own_s, gains = timed(joined, repeats=4)
    yield line(
        "clearance", name, f"{N_BLOCKED} blockages ranked by people reconnected", own_s, "s",
        peer=f"scipy matrix and components, {N_PEER} one by one and multiplied",
        peer_value=_scipy_joined(case, site, people, gains), goal=0.1 if name == "andorra" else 1.0,
    )  # fmt: skip
    time_s, won = timed(sooner, repeats=4)
    yield line(
        "clearance", name, f"{N_BLOCKED} blockages ranked by travel time regained", time_s, "s",
        peer=f"scipy matrix and Dijkstra, {N_PEER} one by one and multiplied",
        peer_value=_scipy_sooner(case, site, people, won), goal=0.5 if name == "andorra" else 1.0,
    )  # fmt: skip
    if name == "andorra" and not quick:
        yield line(
            "clearance", name, f"{N_BLOCKED} blockages ranked by people reconnected", own_s, "s",
            peer="networkx components, 1 and multiplied", peer_value=_networkx_joined(case, site),
        )  # fmt: skip
    start = Clearing(
        by_time(blocked, metric.hierarchy, metric=metric), people, hours, limit_s=LIMIT_S
    )
    greedy_s, steps = timed(lambda: clear_greedily(start, max_crew_hours=240.0), repeats=1)
    yield line("clearance", name, f"greedy, 240 crew-hours, {len(steps)} steps", greedy_s, "s")
    fresh = Clearing(start.ends, people, hours, limit_s=LIMIT_S)
    plan_s, plan = timed(lambda: schedule(fresh, crews=5, hours=48.0), repeats=1)
    yield line("clearance", name, f"5 crews, 48 hours, {len(plan.jobs)} jobs", plan_s, "s")
    bound_s, bound = timed(lambda: upper_bound(fresh, 240.0, longest_hours=48.0), repeats=1)
    yield line("clearance", name, "bound", bound_s, "s")
    if bound > 0:
        share = (steps[-1].total if steps else 0.0) / bound
        yield line("clearance", name, "greedy as a share of the bound", share, "1")


def _blocked_roads(case: Any, rng: np.random.Generator) -> NDArray[np.int64]:
    """(n_arcs,) number of the blockage; both directions of a road are blocked together."""
    low, high = np.minimum(case.tail, case.head), np.maximum(case.tail, case.head)
    road = np.unique(low.astype(np.int64) * case.n_nodes + high, return_inverse=True)[1]
    number = np.full(int(road.max()) + 1, -1)
    number[rng.choice(len(number), N_BLOCKED, replace=False)] = np.arange(N_BLOCKED)
    return np.asarray(number[road])


def _matrix(case: Any, goes: NDArray[np.bool_]) -> Any:
    from scipy import sparse

    kept = goes & np.isfinite(case.before_s)
    ends = (case.tail[kept], case.head[kept])
    return sparse.csr_array((case.before_s[kept], ends), shape=(case.n_nodes, case.n_nodes))


def _places_s(case: Any, goes: NDArray[np.bool_]) -> NDArray[np.float64]:
    from scipy.sparse.csgraph import dijkstra

    found = dijkstra(_matrix(case, goes), indices=case.depots, min_only=True)
    return np.asarray(found[case.places])


def _scipy_sooner(
    case: Any, site: NDArray[np.int64], people: NDArray[np.float64], own: NDArray[np.float64]
) -> float:
    before_s = np.minimum(_places_s(case, site < 0), LIMIT_S)

    def one(number: int) -> float:
        after_s = np.minimum(_places_s(case, (site < 0) | (site == number)), LIMIT_S)
        return float((people * (before_s - after_s)).sum())

    some = np.argsort(-own)[:N_PEER].tolist()
    seconds, found = timed(lambda: [one(number) for number in some], repeats=1)
    np.testing.assert_allclose(found, own[some], rtol=1e-6, atol=1e-3)
    return seconds * N_BLOCKED / N_PEER


def _scipy_joined(
    case: Any, site: NDArray[np.int64], people: NDArray[np.float64], own: NDArray[np.float64]
) -> float:
    """Weakly connected components, as the prototype of a peer does: right where roads are two-way.

    Only the time is compared; that gains are right is checked with directed ways.
    """
    from scipy.sparse.csgraph import connected_components

    reached = np.isfinite(_places_s(case, site < 0))
    some = np.argsort(-own)[:N_PEER].tolist()
    for number in some:
        then = np.isfinite(_places_s(case, (site < 0) | (site == number)))
        np.testing.assert_allclose(people[then & ~reached].sum(), own[number])

    def one(number: int) -> None:
        goes = (site < 0) | (site == number)
        connected_components(_matrix(case, goes), directed=False)

    seconds, _ = timed(lambda: [one(number) for number in some], repeats=1)
    return seconds * N_BLOCKED / N_PEER


def _networkx_joined(case: Any, site: NDArray[np.int64]) -> float:
    import networkx as nx

    goes = (site < 1) & np.isfinite(case.before_s)
    made = nx.Graph()
    made.add_nodes_from(range(case.n_nodes))
    made.add_edges_from(zip(case.tail[goes].tolist(), case.head[goes].tolist(), strict=True))
    seconds, _ = timed(lambda: list(nx.connected_components(made)), repeats=1)
    return seconds * N_BLOCKED


if __name__ == "__main__":
    sys.exit(show(lines("--quick" in sys.argv[1:])))
