"""The largest day that is promised: plan, memory, and a re-plan after roads have closed.

3,000 needs in 1,500 places, 10 depots and 120 vehicles on Andorra's roads. Two hours into the day
eight edges of main roads close; the times of all classes are found anew with the road engine, what
is on the road is kept and the rest planned again, with the cap of ``qafila replan``. Both plans go
through the checkers, whose time is in the figures; reading files and the record are not.
"""

from __future__ import annotations

import resource
import time
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from benchmarks.mountains import Andorra
from dashboard.operations.replanning import SECONDS
from routing.check import check
from routing.check_kept import check_kept
from routing.replan import replan
from routing.solve import solve

if TYPE_CHECKING:
    from collections.abc import Iterator

NEEDS, VEHICLES, CLOSED = 3000, 120, 8
PLAN_S, REPLAN_S, MOST_MIB = 10.0, 5.0, 2048.0


def large(*, quick: bool) -> Iterator[dict[str, Any]]:
    """Lines of the figures; with `quick` a tenth of the size."""
    scale = 10 if quick else 1
    ground = Andorra(NEEDS // scale, n_vehicles=VEHICLES // scale)
    problem = ground.problem()
    size = {
        "needs": len(problem.needs), "places": len(problem.places),
        "depots": len(problem.depots), "vehicles": len(problem.vehicles),
    }  # fmt: skip

    begun, cpu = time.perf_counter(), time.process_time()
    plan = solve(problem)
    wrong = check(problem, plan)
    yield {
        "case": "large", "figure": "plan", "unit": "s", "goal": PLAN_S,
        "value": round(time.perf_counter() - begun, 2),
        "process_seconds": round(time.process_time() - cpu, 2),
        "feasible": not wrong, "served": round(plan.score.served_share, 4), **size,
    }  # fmt: skip

    begun, cpu = time.perf_counter(), time.process_time()
    closed = ground.roads_to_close(CLOSED)
    now = replace(problem, matrices=ground.matrices(closed))
    roads_s = time.perf_counter() - begun
    at = problem.departs_at + timedelta(hours=2)
    made = replan(plan, problem, now, at=at, seconds=SECONDS)
    wrong = check(made.whole, made.plan) + check_kept(plan, now, made.plan, at=at)
    yield {
        "case": "large", "figure": f"re-plan after {CLOSED} roads closed", "unit": "s",
        "value": round(time.perf_counter() - begun, 2), "goal": REPLAN_S,
        "process_seconds": round(time.process_time() - cpu, 2), "roads_s": round(roads_s, 2),
        "feasible": not wrong, "served": round(made.plan.score.served_share, 4),
        "returned": len(made.plan.returned), **size,
    }  # fmt: skip
    yield {
        "case": "large", "figure": "peak memory", "unit": "MiB", "goal": MOST_MIB,
        "value": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }  # fmt: skip
