"""Matching volunteers to tasks: one JSON line a figure.

    python benchmarks/matching.py [--quick]

5,000 volunteers and 500 tasks that want 1 to 10 of them, made from a fixed seed: skills, languages,
hours of the last week, travel times, half of them willing to work from a distance. `matching` is
the time from the values to who is asked, beside scipy's dense `linear_sum_assignment` on the same
scores, and what the choice is worth beside that optimum.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from data.volunteering.matching import FILLED, Helper, Job, choose, suits
from data.volunteering.skills import LANGUAGES, SKILLS

SEED = 2023
BEGINS = datetime(2023, 9, 12, tzinfo=UTC)


def main() -> int:
    """Print the figures; exit with 1 if one misses its goal."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a fifth of the size")
    arguments = parser.parse_args()
    n_helpers, n_jobs = (1_000, 100) if arguments.quick else (5_000, 500)
    jobs, helpers, travel = made(n_jobs, n_helpers)
    wanted = [job.wanted for job in jobs]
    begun = time.perf_counter()
    score = suits(jobs, helpers, travel).score
    pairs = choose(score, wanted)
    took = time.perf_counter() - begun
    places = np.repeat(np.arange(n_jobs), wanted)
    worth = np.nan_to_num(score[places].astype(np.float64) + FILLED)
    begun = time.perf_counter()
    rows, columns = linear_sum_assignment(worth, maximize=True)
    peer_took = time.perf_counter() - begun
    best = float(worth[rows, columns].sum())
    share = float(sum(FILLED + score[pair] for pair in pairs)) / best
    case = f"{n_helpers} volunteers, {n_jobs} tasks, {len(places)} places"
    said: tuple[dict[str, Any], ...] = (
        {"value": round(took, 2), "unit": "s", "goal": 3.0, "peer": "scipy linear_sum_assignment",
         "peer_value": round(peer_took, 2), "ratio": round(peer_took / took, 1),
         "ok": took <= 3.0, "measures": "matching"},
        {"value": round(100 * share, 3), "unit": "% of the optimum", "goal": 98.0,
         "ok": share >= 0.98, "measures": "worth", "filled": len(pairs)},
    )  # fmt: skip
    for line in said:
        print(json.dumps({"case": case, "seed": SEED, **line}), flush=True)
    return 0 if all(line["ok"] for line in said) else 1


def made(n_jobs: int, n_helpers: int) -> tuple[list[Job], list[Helper], Any]:
    """Make tasks, volunteers and travel times from the seed."""
    rng = np.random.default_rng(SEED)
    skills, languages = list(SKILLS), list(LANGUAGES)

    def some(words: list[str], least: int, most: int) -> frozenset[str]:
        n = rng.integers(least, most + 1)
        return frozenset(map(str, rng.choice(words, n, replace=False)))

    helpers = [
        Helper(
            volunteer_id=f"volunteer:{number}",
            skills=some(skills, 1, 3),
            languages=some(languages, 1, 3),
            remote=bool(rng.random() < 0.5),
            drives=bool(rng.random() < 0.4),
            hours=float(rng.exponential(15)),
            available=bool(rng.random() < 0.9),
        )
        for number in range(n_helpers)
    ]
    jobs = []
    for number in range(n_jobs):
        starts = BEGINS + timedelta(hours=int(rng.integers(0, 72)))
        jobs.append(
            Job(
                task_id=f"task:{number}",
                skills=some(skills, 0, 2),
                languages=some(languages, 0, 1),
                remote=bool(rng.random() < 0.2),
                vehicle=bool(rng.random() < 0.2),
                wanted=int(rng.integers(1, 11)),
                starts_at=starts,
                ends_at=starts + timedelta(hours=8),
            )
        )
    return jobs, helpers, rng.exponential(5_000.0, (n_jobs, n_helpers))


if __name__ == "__main__":
    sys.exit(main())
