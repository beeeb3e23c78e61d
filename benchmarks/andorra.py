"""The main job end to end on a real mountain country: one JSON line per step (seconds, peak MiB).

Run ``python benchmarks/andorra.py [--quick]`` with the test data beside the checkout (or in
``QAFILA_TEST_DATA``). Every step is the command line in a process of its own, as a person would run
it: start-up and imports are in the figures. Places are the extract's own ``place=*`` nodes; two
depots, a
mixed fleet and the needs are generated from a fixed seed.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GOAL_SECONDS = 60.0
GOAL_MIB = 1024.0
GOAL_EXPLAINED = 0.95
SEED = 2023

DEPOTS = (("Andorra la Vella", 1.5218, 42.5063), ("Encamp", 1.5830, 42.5361))
FLEET = (("truck", 10_000, 40, 6), ("pickup", 900, 3, 8))
STOCK = (
    ("water_l", 60_000, "l"),
    ("food_kit", 2_500, "kit"),
    ("tent", 500, "piece"),
    ("blanket", 4_000, "piece"),
    ("hygiene_kit", 1_500, "kit"),
)


@dataclass(frozen=True, slots=True)
class Step:
    """What one verb took."""

    name: str
    seconds: float
    peak_mib: float
    result: dict[str, Any]


def main() -> int:
    """Run all steps; exit 1 if a goal was missed, 0 if not, and say so if the data is absent."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer search steps in the plan")
    arguments = parser.parse_args()
    roads = _data() / "roads" / "andorra_2024.osm.pbf"
    if not roads.exists():
        _print({"benchmark": "andorra", "case": "all", "missing": str(roads.name)})
        return 0
    with tempfile.TemporaryDirectory() as folder:
        return run(Path(folder), roads, quick=arguments.quick)


def run(folder: Path, roads: Path, *, quick: bool) -> int:
    """Run every step into `folder` and print its line."""
    home = folder / "home"
    tiles = [str(_data() / "dem" / name) for name in ("N42E001.hgt", "N41E001.hgt")]
    steps = [
        _step(home, "init", "--name", "Andorra benchmark", "--timezone", "Europe/Andorra"),
        _step(home, "load", "elevation", *tiles),
        _step(home, "load", "roads", str(roads)),
        _step(home, "load", "places", str(roads), "--clip"),
    ]
    write_sheets(folder, _place_rows(home))
    steps.extend(
        _step(home, "upload", kind, str(folder / f"{kind}.csv"), "--org", "Bench")
        for kind in ("stock", "vehicles", "needs")
    )
    steps.append(_step(home, "assess"))
    steps.append(_step(home, "reach", "--class", "truck", "--class", "pickup"))
    steps.append(_step(home, "plan", "--seed", "1", *(("--iterations", "200") if quick else ())))
    steps.append(_step(home, "export", "latest", "--to", str(folder / "out")))
    for step in steps:
        _line(step.name, "seconds", step.seconds, "s")
        _line(step.name, "peak", step.peak_mib, "MiB")
    seconds = sum(step.seconds for step in steps)
    peak = max(step.peak_mib for step in steps)
    explained = _explained(steps[-3].result)
    fine = [
        _line("whole run", "seconds", seconds, "s", goal=GOAL_SECONDS, ok=seconds < GOAL_SECONDS),
        _line("whole run", "peak", peak, "MiB", goal=GOAL_MIB, ok=peak < GOAL_MIB),
        _line(
            "reach",
            "reachable or with a reason",
            explained,
            "share",
            goal=GOAL_EXPLAINED,
            ok=explained >= GOAL_EXPLAINED,
        ),
    ]
    score = steps[-2].result["score"]
    _line("plan", "served_share", score["served_share"], "share")
    _line("plan", "convoys", len(steps[-2].result["convoys"]), "convoys")
    _line("export", "files", len(list((folder / "out").rglob("*"))), "files")
    return 0 if all(fine) else 1


def write_sheets(folder: Path, places: list[tuple[str, str]]) -> None:
    """Write stock, vehicles and needs as an NGO would send them, from a fixed seed."""
    chance = random.Random(SEED)
    stock = [
        (name, lon, lat, item, quantity * share, unit)
        for (name, lon, lat), share in zip(DEPOTS, (0.6, 0.4), strict=True)
        for item, quantity, unit in STOCK
    ]
    _write(folder / "stock.csv", "depot,lon,lat,item,quantity,unit", stock)
    fleet = [
        (f"{kind}-{depot[0]}-{number}", kind, kg, m3, depot[0])
        for depot in DEPOTS
        for kind, kg, m3, count in FLEET
        for number in range(1, count + 1)
    ]
    _write(folder / "vehicles.csv", "vehicle,class,capacity_kg,capacity_m3,depot", fleet)
    needs = []
    for place_id, _ in places:
        people = chance.randint(20, 400)
        needs.append((place_id, "water_l", people * 15, "l"))
        needs.append((place_id, "blanket", people, "piece"))
        if chance.random() < 0.5:
            needs.append((place_id, "tent", -(-people // 10), "piece"))
    _write(folder / "needs.csv", "place_id,item,quantity,unit", needs)


def _step(home: Path, verb: str, *arguments: str) -> Step:
    command = [sys.executable, "-m", "dashboard.cli", verb, *arguments]
    command += ["--home", str(home), "--json"]
    with tempfile.TemporaryFile() as out:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, cwd=Path(__file__).parents[1])
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        text = out.read()
    if process.returncode not in (0, 1):
        raise SystemExit(f"{verb} failed with exit status {process.returncode}")
    name = verb if not arguments or arguments[0].startswith("-") else f"{verb} {arguments[0]}"
    return Step(
        name if verb in ("load", "upload") else verb,
        seconds,
        usage.ru_maxrss / 1024,
        json.loads(text),
    )


def _place_rows(home: Path) -> list[tuple[str, str]]:
    from dashboard.operations.situation import Situation

    with Situation.open(home) as situation:
        frame = situation.places()
        return list(zip(frame["place_id"], frame["name"], strict=True))


def _explained(reach: dict[str, Any]) -> float:
    places = reach["places"]
    good = sum(one["status"] == "reachable" or bool(one["reason"]) for one in places)
    return good / len(places)


def _write(path: Path, header: str, rows: list[tuple[Any, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header.split(","))
        writer.writerows(rows)


def _line(
    case: str, figure: str, value: float, unit: str, *, goal: float | None = None, ok: bool = True
) -> bool:
    _print(
        {
            "benchmark": "andorra",
            "case": case,
            "figure": figure,
            "value": round(value, 3),
            "unit": unit,
            "peer": None,
            "peer_value": None,
            "ratio": None,
            "goal": goal,
            "ok": ok,
        }
    )
    return ok


def _print(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def _data() -> Path:
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    return Path(os.environ.get("QAFILA_TEST_DATA", default))


if __name__ == "__main__":
    raise SystemExit(main())
