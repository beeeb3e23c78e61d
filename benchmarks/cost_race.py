"""PyVRP on all cores: searches side by side that go on from the best of them, round by round."""

from __future__ import annotations

import math
import os
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pyvrp
from pyvrp.exceptions import PenaltyBoundWarning
from pyvrp.search import NeighbourhoodParams

from routing.depot_routes import solver_params

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

#: Rounds of a race. In the first half each search goes on from its own, then all from the best.
ROUNDS = 6
#: Of each client; PyVRP's own are 50. With fewer a second is worth twice the steps.
NEIGHBOURS = 30
#: A way that may not be taken is so many times as long as the longest that may.
FORBIDDEN = 10


def race(path: Path, rounding: str, *, seconds: float, seed: int) -> tuple[float, pyvrp.Solution]:
    """Search the instance of a file for `seconds` with as many searches as there are cores.

    A round begins with an empty memory, which lets a search leave the valley it is in; seeds are
    those of the round and the search, so that only the clock decides how far each comes.
    """
    searches = max(os.cpu_count() or 1, 1)
    until = time.perf_counter() + seconds
    found: list[pyvrp.Solution | None] = [None] * searches
    best: tuple[float, pyvrp.Solution | None] = (math.inf, None)
    with ProcessPoolExecutor(searches) as pool:
        for number in range(ROUNDS):
            left = until - time.perf_counter()
            share = left / (ROUNDS - number)
            from_best = number >= ROUNDS // 2
            jobs = [
                pool.submit(
                    _search, path, rounding, share, 1000 * seed + 10 * number + row,
                    best[1] if from_best else found[row],
                )
                for row in range(searches)
            ]  # fmt: skip
            made = [job.result() for job in jobs]
            found = [solution for _cost, solution in made]
            best = min([best, *made], key=lambda one: one[0])
    cost, solution = best
    if solution is None:
        raise RuntimeError("no search came back")
    return cost, solution


def _search(
    path: Path, rounding: str, seconds: float, seed: int, start: pyvrp.Solution | None
) -> tuple[float, pyvrp.Solution]:
    instance = _passable(pyvrp.read(path, round_func=rounding))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PenaltyBoundWarning)
        result = pyvrp.solve(
            instance,
            pyvrp.stop.MaxRuntime(seconds),
            seed=seed,
            collect_stats=False,
            display=False,
            params=solver_params(neighbourhood=NeighbourhoodParams(num_neighbours=NEIGHBOURS)),
            initial_solution=start,
        )
    return result.cost(), result.best


def _passable(instance: pyvrp.ProblemData) -> pyvrp.ProblemData:
    """Let ways that may not be taken cost much, not all that a number can hold.

    PyVRP reads them as 2^44, before which the seconds of a route vanish: 85 steps in 46 s where
    22,000 take 30 s. What is found is looked over by the instance as it was read.
    """

    def passable(matrix: NDArray[np.int64]) -> NDArray[np.int64]:
        usual = matrix < pyvrp.constants.MAX_VALUE // 4
        return np.where(usual, matrix, FORBIDDEN * matrix[usual].max())

    return instance.replace(
        distance_matrices=[passable(one) for one in instance.distance_matrices()],
        duration_matrices=[passable(one) for one in instance.duration_matrices()],
    )
