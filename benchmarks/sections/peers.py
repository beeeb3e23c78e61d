"""The engine against pandana and igraph: 200 roads close, 5,000 slow down, 10 × 3,000 fresh times.

pandana contracts anew, because its weights are fixed when it is built; igraph takes the new weights
and runs Dijkstra's algorithm. Both times include nothing but that and the question.
Run ``python -m benchmarks.sections.peers [--quick]``.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.sections.networks import line, missing, show, timed
from routing.hierarchy import prepare_arcs
from routing.hierarchy_metric import customize, recustomize
from routing.hierarchy_queries import from_nodes, select, times

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

FIGURE = "200 closed, 5000 slowed"


def lines(quick: bool) -> Iterator[dict[str, Any]]:
    """All figures, one network after the other."""
    from benchmarks.routing import _case

    for peer in ("pandana", "igraph"):
        if importlib.util.find_spec(peer) is None:
            yield missing("routing", "peers", f"{peer} is not installed on this machine")
    for name in ("andorra",) if quick else ("andorra", "NY", "NW"):
        if (case := _case(name)) is None:
            yield missing("routing", name, "its file")
            continue
        yield from _network(name, case)


def _network(name: str, case: Any) -> Iterator[dict[str, Any]]:
    prepare_s, hierarchy = timed(
        lambda: prepare_arcs(case.n_nodes, case.tail, case.head), repeats=2
    )
    live = customize(hierarchy, case.before_s)
    seeds, selection = from_nodes(case.depots), select(hierarchy, case.places)

    def own() -> NDArray[np.float64]:
        recustomize(live, case.after_s, in_place=True)
        return times(live, seeds, selection)

    def again() -> tuple[float, NDArray[np.float64]]:
        recustomize(live, case.before_s, in_place=True)
        return timed(own, repeats=1)

    own_s, found = min((again() for _ in range(4)), key=lambda one: one[0])
    if importlib.util.find_spec("igraph") is not None:
        peer_s, expected = _igraph(case)
        np.testing.assert_allclose(found, expected, rtol=1e-9)
        yield line("routing", name, FIGURE, own_s * 1e3, "ms", peer="igraph distances",
                   peer_value=peer_s * 1e3)  # fmt: skip
    if importlib.util.find_spec("pandana") is not None:
        build_s, ask_s, expected = _pandana(case)
        reached = np.isfinite(found)
        # pandana keeps thousandths of the unit, arc by arc.
        np.testing.assert_allclose(found[reached], expected[reached], atol=5.0)
        yield line("routing", name, FIGURE, own_s * 1e3, "ms", peer="pandana, built anew",
                   peer_value=(build_s + ask_s) * 1e3, goal=500.0, by_ratio=True)  # fmt: skip
        yield line("routing", name, "prepare", prepare_s, "s", peer="pandana, build",
                   peer_value=build_s, goal=4.0, by_ratio=True)  # fmt: skip


def _igraph(case: Any) -> tuple[float, NDArray[np.float64]]:
    import igraph

    ends = np.column_stack([case.tail, case.head])
    made = igraph.Graph(n=case.n_nodes, edges=ends, directed=True)

    def ask() -> Any:
        return made.distances(
            source=case.depots.tolist(), target=case.places.tolist(), weights=case.after_s
        )

    seconds, answer = timed(ask, repeats=1)
    return seconds, np.array(answer)


def _pandana(case: Any) -> tuple[float, float, NDArray[np.float64]]:
    import pandana
    import pandas as pd

    goes = np.isfinite(case.after_s)
    spot = pd.Series(np.arange(case.n_nodes, dtype=np.float64))
    ends = (pd.Series(case.tail[goes]), pd.Series(case.head[goes]))
    weight = pd.DataFrame({"time_s": case.after_s[goes]})
    # It writes its progress and the pairs without a way from C, past Python's streams.
    with (
        Path(os.devnull).open("w") as nowhere,
        warnings.catch_warnings(),
        _output_to(nowhere.fileno()),
    ):
        warnings.simplefilter("ignore")
        build_s, made = timed(
            lambda: pandana.Network(spot, spot, *ends, weight, twoway=False), repeats=1
        )
        a = np.repeat(case.depots, len(case.places))
        b = np.tile(case.places, len(case.depots))
        ask_s, answer = timed(lambda: made.shortest_path_lengths(a, b), repeats=1)
    table = np.array(answer).reshape(len(case.depots), -1)
    return build_s, ask_s, table


@contextlib.contextmanager
def _output_to(handle: int) -> Iterator[None]:
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(handle, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


if __name__ == "__main__":
    sys.exit(show(lines("--quick" in sys.argv)))
