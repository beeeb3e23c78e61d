"""The search for convoys against best known values and peers: one JSON line for each figure.

Run ``python benchmarks/convoys.py [--quick] [--only ccvrp|mountain|cost]`` with the test data
beside the checkout (or in ``QAFILA_TEST_DATA``). Three parts:

- ccvrp: Christofides-Mingozzi-Toth instances with the cumulative objective, 60 and 300 s;
- mountain: needs on Andorra's roads and the drill, weights, split loads, mixed fleet, finite stock;
  the objective "arrival" without fairness against PyVRP, OR-Tools and VROOM (`convoy_peers`), which
  get the same time;
- cost: instances of PyVRP's collection through PyVRP, 60 s, looked over by sums of our own
  (`convoy_rules`: visits, loads, windows, releases, shifts, trips, cost).

Mountain instances are generated from a fixed seed; everything else is as published.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import convoy_peers
from benchmarks.convoy_rules import violations
from geo.model import Item, StockLine, Vehicle
from routing.check import check
from routing.fleet import fleet_of
from routing.problem import ClassMatrix, Demand, Problem
from routing.problem_document import from_json, to_json
from routing.score import terms_of
from routing.search import search
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
ITEMS = (
    Item(item_id="water_l", unit="l", kg_per_unit=1.0, m3_per_unit=0.001),
    Item(item_id="tent", unit="piece", kg_per_unit=40.0, m3_per_unit=0.2),
    Item(item_id="blanket", unit="piece", kg_per_unit=1.5, m3_per_unit=0.01),
    Item(item_id="food_kit", unit="kit", kg_per_unit=12.0, m3_per_unit=0.03),
)
CLASSES = (("truck", 8000.0, 30.0), ("light_truck", 3000.0, 14.0), ("pickup", 900.0, 3.0))


def main() -> int:
    """Run all parts; exit 1 if a goal was missed, 0 if not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="ends within a minute")
    parser.add_argument("--only", choices=("ccvrp", "mountain", "cost"))
    parser.add_argument("--seconds", type=float, help="time for each run of mountain")
    arguments = parser.parse_args()
    # Compiled before anything is timed.
    search(cumulative("CMT1"), seed=SEED, turns=50)
    parts: dict[str, Callable[[argparse.Namespace], Iterator[dict[str, Any]]]] = {
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
    problems = {f"andorra {size}": andorra(size) for size in sizes}
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
        floor = _out_of_reach(problem)
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
                goal=other, needs=len(problem.needs), vehicles=len(problem.vehicles),
                seconds=round(took, 1), peer_seconds=round(theirs_took, 1), seed=SEED,
                served=_short(own), peer_served=_short(theirs),
            )  # fmt: skip
    if better:
        yield _line(
            "mountain all", "better than peers in the mean", round(float(np.mean(better)), 1), "%",
            goal=None if arguments.quick else 10.0, at_least=True,
        )  # fmt: skip


def _short(plan: Plan) -> float:
    return round(plan.score.served_share, 4)


def _out_of_reach(problem: Problem) -> float:
    """Penalty of what no vehicle could bring in any plan: the same for all, so not counted."""
    fleet = fleet_of(problem)
    reached = (fleet.kg_limit > 0).any(axis=0)
    row = {place: number for number, place in enumerate(problem.places)}
    lost = sum(n.weight * n.quantity for n in problem.needs if not reached[row[n.place_id]])
    return lost * terms_of(problem, 0.0).unserved_h


def andorra(n_needs: int) -> Problem:
    """Needs at crossroads of Andorra: two thirds can be served in a day, with some stock short."""
    from data.sources.osm import read_osm
    from routing.graph import build_graph
    from routing.matrix import time_matrix
    from routing.vehicles import vehicle_classes

    tables = read_osm(data() / "roads" / "andorra_2024.osm.pbf").roads
    graph = build_graph(tables)
    rng = np.random.default_rng(2023 + n_needs)
    n_places, n_depots = n_needs // 2, max(2, min(10, n_needs // 100))
    chosen = rng.choice(len(tables.nodes), n_places + n_depots, replace=False)
    lon, lat = (tables.nodes[name].to_numpy()[chosen] for name in ("lon", "lat"))
    depots = tuple(f"depot:{i:02d}" for i in range(n_depots))
    places = tuple(f"place:{i:04d}" for i in range(n_places))
    matrices = {}
    for name, _, _ in CLASSES:
        found = time_matrix(
            graph, tables, vehicle_class=vehicle_classes()[name], overlay=None, lon=lon, lat=lat,
            crs="EPSG:32631", depots=np.arange(n_depots),
        )  # fmt: skip
        matrices[name] = ClassMatrix(
            travel_time_s=found.travel_time_s, length_m=found.length_m,
            attached=found.attached, walk_s=found.walk_s,
        )  # fmt: skip
    people = rng.lognormal(4.0, 0.8, n_places)
    damage = rng.beta(2, 3, n_places)
    per_person = {"water_l": 15.0, "tent": 0.2, "blanket": 2.0, "food_kit": 0.2}
    helps = {"water_l": 1 / 15, "tent": 5.0, "blanket": 0.5, "food_kit": 5.0}
    needs = []
    for row, place in enumerate(places):
        for item in rng.choice(len(ITEMS), 2, replace=False):
            name = ITEMS[item].item_id
            needs.append(
                Demand(
                    place_id=place,
                    item_id=name,
                    quantity=float(np.ceil(people[row] * damage[row] * per_person[name])),
                    weight=helps[name] * (1 + damage[row]),
                    commune=f"commune {row % 7}",
                )
            )
    wanted = {item.item_id: 0.0 for item in ITEMS}
    for need in needs:
        wanted[need.item_id] += need.quantity
    shares = rng.dirichlet(np.ones(n_depots), len(ITEMS))
    stock = tuple(
        StockLine(
            depot_id=depot,
            item_id=item.item_id,
            quantity=float(np.floor(1.1 * wanted[item.item_id] * shares[column, row])),
        )
        for row, depot in enumerate(depots)
        for column, item in enumerate(ITEMS)
    )
    vehicles = tuple(
        Vehicle(
            vehicle_id=f"vehicle:{i:03d}",
            vehicle_class=CLASSES[i % 3][0],
            depot_id=depots[(i // 3) % n_depots],
            capacity_kg=CLASSES[i % 3][1],
            capacity_m3=CLASSES[i % 3][2],
        )
        for i in range(max(4, n_needs // 30))
    )
    return Problem(
        depots=depots, places=places, items=ITEMS, stock=stock, vehicles=vehicles,
        needs=tuple(needs), matrices=matrices, departs_at=datetime(2024, 6, 1, 6, tzinfo=UTC),
    )  # fmt: skip


def drill() -> Problem:
    """The planning problem of the Al Haouz drill."""
    from dashboard.operations import demonstration, planning
    from dashboard.operations.situation import Situation

    with tempfile.TemporaryDirectory() as folder:
        demonstration.set_up(Path(folder) / "home")
        with Situation.open(Path(folder) / "home") as situation:
            return planning.build_problem(situation)


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
            result = pyvrp.solve(instance, pyvrp.stop.MaxRuntime(seconds), seed=SEED, display=False)
            best = _best_known(path.with_suffix(".sol"))
            gap = 100 * (result.cost() / best - 1)
            wrong = violations(instance, result.best, int(result.cost()))
            yield _line(
                f"{folder} {path.stem}", f"gap after {seconds:g} s", round(gap, 3), "%",
                peer="best known", peer_value=best, goal=None if arguments.quick else 1.5,
                value_found=result.cost(), feasible=not wrong, violations=wrong[:3],
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
    at_least: bool = False,
    **more: Any,
) -> dict[str, Any]:
    ok = None if goal is None else (value >= goal if at_least else value <= goal)
    if more.get("feasible") is False:
        ok = False
    return {
        "case": case, "figure": figure, "value": value, "unit": unit, "peer": peer,
        "peer_value": peer_value, "ratio": ratio, "goal": goal, "ok": ok, **more,
    }  # fmt: skip


def data() -> Path:
    """Folder of the test data."""
    named = os.environ.get("QAFILA_TEST_DATA")
    return Path(named) if named else Path(__file__).resolve().parents[2] / "shared" / "data"


if __name__ == "__main__":
    sys.exit(main())
