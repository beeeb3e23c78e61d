"""Networks for the sections: real topologies; weights, depots and places from a fixed seed."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SEED = 2023


def timed(work: Callable[[], Any], *, repeats: int) -> tuple[float, Any]:
    """Seconds of the best of some runs, and the last result."""
    best_s, result = np.inf, None
    for _ in range(repeats):
        began = time.perf_counter()
        result = work()
        best_s = min(best_s, time.perf_counter() - began)
    return best_s, result


def line(
    benchmark: str,
    case: str,
    figure: str,
    value: float,
    unit: str,
    *,
    peer: str | None = None,
    peer_value: float | None = None,
    goal: float | None = None,
    by_ratio: bool = False,
) -> dict[str, Any]:
    """One figure; `goal` is a most for `value`, or with `by_ratio` a least for the ratio."""
    ratio = None if peer_value is None else peer_value / value
    ok = None
    if goal is not None:
        ok = bool((ratio or 0.0) >= goal) if by_ratio else bool(value <= goal)
    return {
        "benchmark": benchmark,
        "case": case,
        "figure": figure,
        "value": round(float(value), 4),
        "unit": unit,
        "peer": peer,
        "peer_value": None if peer_value is None else round(float(peer_value), 3),
        "ratio": None if ratio is None else round(float(ratio), 1),
        "goal": goal,
        "ok": ok,
    }


def missing(benchmark: str, what: str, why: str) -> dict[str, Any]:
    """A figure that could not be taken here."""
    return {"benchmark": benchmark, "case": what, "missing": why}


def show(lines: Iterable[dict[str, Any]]) -> int:
    """Print the lines as they come; exit status 1 if a goal was missed."""
    fine = True
    for one in lines:
        print(json.dumps(one), flush=True)
        fine &= one.get("ok") is not False
    return 0 if fine else 1
