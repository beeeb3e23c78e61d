"""The search for convoys against best known values and peers: one JSON line for each figure.

Run ``python benchmarks/convoys.py [--quick] [--only large|ccvrp|mountain|cost]`` with the test
data beside the checkout (or in ``QAFILA_TEST_DATA``). Four parts:

- large: 3,000 needs, 10 depots, 120 vehicles on Andorra's roads: plan, memory, re-plan after roads
  have closed (`convoys_large`);
- ccvrp: Christofides-Mingozzi-Toth instances with the cumulative objective, 60 and 300 s;
- mountain: needs on Andorra's roads and the drill, weights, split loads, mixed fleet, finite stock;
  the objective "arrival" without fairness against PyVRP, OR-Tools and VROOM (`convoy_peers`), which
  get the same time. ``raw`` is what the score says. Part of it no plan can do anything about: what
  is needed where no vehicle can come and back. The figures are without that part
  (``unreachable``), which is the same for all; ``at_least`` is a bound below which no plan at all
  can be (`convoy_bound`);
- cost: instances of PyVRP's collection through PyVRP as we set it, a search a core that go on from
  the best of them (`cost_race`), 60 s, looked over by sums of our own
  (`convoy_rules`: visits, loads, windows, releases, shifts, trips, cost).

Mountain instances are generated from a fixed seed; everything else is as published.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import convoy_peers
from benchmarks.convoy_bound import unreachable, value_hours_at_least
from benchmarks.convoy_rules import violations
from benchmarks.convoys_large import large
from benchmarks.cost_race import race
from benchmarks.mountains import Andorra, data, drill
from routing.check import check
from routing.problem_document import from_json, to_json
from routing.search import search, warm_up
from routing.search_arrays import Instance
from routing.solve import solve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from routing.plan import Plan

SEED = 1
# Vehicles and best known values of the literature: README of the test data.
CMT = {
    "CMT1": (5, 2230.35),
    "CMT2": (10, 2391.63),
    "CMT3": (8, 4045.42),
    "CMT4": (12, 4987.52),
    "CMT5": (17, 5809.59),
    "CMT11": (7, 7314.55),
    "CMT12": (10, 3558.92),
}
FAR_S = 1e11
# Of the instances of PyVRP's collection: how numbers are scaled there.
ROUNDING = {"cvrp_x": "round", "sdvrptw": "exact", "mdvrptw": "exact", "mtvrptwr": "dimacs"}
MOST_CLIENTS = 310


def main() -> int:
    """Run all parts; exit 1 if a goal was missed, 0 if not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="ends within a minute")
    parser.add_argument("--only", choices=("large", "ccvrp", "mountain", "cost"))
    parser.add_argument("--seconds", type=float, help="time for each run of mountain")
    arguments = parser.parse_args()
    # Compiled before anything is timed.
    warm_up(lambda text: print(text, file=sys.stderr))
    parts: dict[str, Callable[[argparse.Namespace], Iterator[dict[str, Any]]]] = {
        "large": lambda asked: (_line(**one) for one in large(quick=asked.quick)),
        "ccvrp": ccvrp,
        "mountain": mountain,
        "cost": cost,
    }
    missed = 0
    for name, part in parts.items():
        if arguments.only in (None, name):
            for line in part(arguments):
                print(json.dumps({"benchmark": "convoys", **line}), flush=True)
                missed += line.get("ok") is False
    return 1 if missed else 0


# --- cumulative capacitated vehicle routing ---------------------------------------------------


def ccvrp(arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Gaps to the best known, per instance and in the mean."""
    runs = ((4.0, None, None),) if arguments.quick else ((60.0, 1.0, 2.0), (300.0, 0.3, None))
    for seconds, mean_goal, goal in runs:
        gaps = []
        for name, (_, best) in CMT.items():
            found = search(cumulative(name), seed=SEED, seconds=seconds)
            gaps.append(100 * (found.cost / best - 1))
            yield _line(
                f"ccvrp {name}", f"gap after {seconds:g} s", round(gaps[-1], 3), "%",
                peer="best known", peer_value=best, goal=goal, value_found=round(found.cost, 2),
                turns=found.turns, seed=SEED,
            )  # fmt: skip
        yield _line(
            "ccvrp all", f"mean gap after {seconds:g} s", round(float(np.mean(gaps)), 3), "%",
            goal=mean_goal,
        )  # fmt: skip


def cumulative(name: str) -> Instance:
    """One CMT instance: unrounded distances are seconds, everybody is served, no return counts."""
    capacity, demand, xy = _read_cmt(data() / "vrp" / "ccvrp_cmt" / f"{name}.vrp")
    distance = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
    n, m = len(xy) - 1, CMT[name][0]
    job = np.zeros((n, 6))
    job[:, 0], job[:, 1], job[:, 4], job[:, 5] = 1.0, demand[1:], FAR_S, 1e6
    job_at = np.full((n, 3), -1, dtype=np.int32)
    job_at[:, 0] = np.arange(1, n + 1)
    return Instance(
        travel_s=distance[None].copy(),
        service_s=np.zeros((1, n)),
        offset_s=np.zeros((1, n)),
        job=job,
        job_at=job_at,
        amount=np.zeros(n, dtype=np.int64),
        allowed=np.ones((1, n), dtype=bool),
        vehicle=np.tile([0.0, FAR_S, capacity, 1.0, 0.0], (m, 1)),
        vehicle_at=np.tile(np.array([0, 0, 1, 0, 0], dtype=np.int32), (m, 1)),
        stock=np.zeros((1, 1), dtype=np.int64),
        near=np.argsort(distance, axis=1, kind="stable").astype(np.int32),
        jobs_from=np.concatenate([[0, 0], np.arange(1, n + 1)]).astype(np.int32),
        jobs_at=np.arange(n, dtype=np.int32),
        commune_worth=np.ones(0),
        remote_s=distance[0, 1:].copy(),
        travel_price=0.0,
        unfairness=0.0,
        windows=False,
    )


def _read_cmt(path: Path) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    capacity, section = 0.0, ""
    xy: list[tuple[float, float]] = []
    demand: list[float] = []
    for line in path.read_text(encoding="ascii").splitlines():
        words = line.replace(":", " ").split()
        if not words:
            continue
        if words[0] == "CAPACITY":
            capacity = float(words[1])
        elif words[0].endswith("_SECTION"):
            section = words[0]
        elif section == "NODE_COORD_SECTION":
            xy.append((float(words[1]), float(words[2])))
        elif section == "DEMAND_SECTION":
            demand.append(float(words[1]))
    return capacity, np.array(demand), np.array(xy)


# --- mountains --------------------------------------------------------------------------------


def mountain(arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Weighted arrival with the unserved, against peers with the same time."""
    sizes = (100,) if arguments.quick else (100, 500, 1500)
    seconds = arguments.seconds or (5.0 if arguments.quick else 60.0)
    problems = {f"andorra {size}": Andorra(size).problem() for size in sizes}
    if not arguments.quick:
        problems["drill"] = drill()
    peers = {
        "pyvrp": convoy_peers.by_pyvrp,
        "ortools": convoy_peers.by_ortools,
        "pyvroom": convoy_peers.by_vroom,
    }
    better = []
    for name, problem in problems.items():
        # As anybody would repeat it: from the file.
        problem = from_json(to_json(problem))
        begun = time.perf_counter()
        own = solve(problem, seed=SEED, seconds=seconds, fairness=0.0)
        took = time.perf_counter() - begun
        floor, at_least = unreachable(problem), value_hours_at_least(problem)
        for peer, plan_by in peers.items():
            try:
                version = importlib.metadata.version(peer)
                begun = time.perf_counter()
                theirs = plan_by(problem, seconds, 0.0)
                theirs_took = time.perf_counter() - begun
            except ImportError:
                yield {"case": name, "peer": peer, "missing": f"{peer} is not installed"}
                continue
            assert check(problem, own) == [] and check(problem, theirs) == []  # noqa: S101
            value, other = own.score.deprivation - floor, theirs.score.deprivation - floor
            better.append(100 * (1 - value / other))
            yield _line(
                f"mountain {name}", "deprivation", round(value), "value hours",
                peer=f"{peer} {version}", peer_value=round(other), ratio=round(value / other, 4),
                goal=other, raw=round(own.score.deprivation),
                peer_raw=round(theirs.score.deprivation), unreachable=round(floor),
                at_least=round(at_least), needs=len(problem.needs), vehicles=len(problem.vehicles),
                seconds=round(took, 1), peer_seconds=round(theirs_took, 1), seed=SEED,
                served=_short(own), peer_served=_short(theirs),
            )  # fmt: skip
    if better:
        yield _line(
            "mountain all", "better than peers in the mean", round(float(np.mean(better)), 1), "%",
            goal=None if arguments.quick else 10.0, more_is_better=True,
        )  # fmt: skip


def _short(plan: Plan) -> float:
    return round(plan.score.served_share, 4)


# --- routine distribution ---------------------------------------------------------------------


def cost(arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Gaps of PyVRP to the best known costs."""
    import pyvrp

    for folder, rounding in ROUNDING.items():
        for path in sorted((data() / "vrp" / folder).glob("*.vrp")):
            instance = pyvrp.read(path, round_func=rounding)
            if instance.num_clients > MOST_CLIENTS or (arguments.quick and folder != "mtvrptwr"):
                continue
            seconds = 5.0 if arguments.quick else 60.0
            found, solution = race(path, rounding, seconds=seconds, seed=SEED)
            best = _best_known(path.with_suffix(".sol"))
            gap = 100 * (found / best - 1)
            wrong = violations(instance, solution, int(found))
            yield _line(
                f"{folder} {path.stem}", f"gap after {seconds:g} s", round(gap, 3), "%",
                peer="best known", peer_value=best, goal=None if arguments.quick else 1.5,
                value_found=found, feasible=not wrong, violations=wrong[:3],
                clients=instance.num_clients, seed=SEED,
            )  # fmt: skip


def _best_known(path: Path) -> float:
    words = path.read_text(encoding="ascii").replace(":", " ").split()
    return float(words[words.index("Cost") + 1])


# --- lines ------------------------------------------------------------------------------------


def _line(
    case: str,
    figure: str,
    value: float,
    unit: str,
    *,
    peer: str = "",
    peer_value: float | None = None,
    ratio: float | None = None,
    goal: float | None = None,
    more_is_better: bool = False,
    **more: Any,
) -> dict[str, Any]:
    ok = None if goal is None else (value >= goal if more_is_better else value <= goal)
    if more.get("feasible") is False:
        ok = False
    return {
        "case": case, "figure": figure, "value": value, "unit": unit, "peer": peer,
        "peer_value": peer_value, "ratio": ratio, "goal": goal, "ok": ok, **more,
    }  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
