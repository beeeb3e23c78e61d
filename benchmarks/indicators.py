"""Indicators over a large ledger: one JSON line a figure.

    python benchmarks/indicators.py [--events N]

The ledger: 3,000 places, a million events (half needs, a third of all goods that move from donors
to depots and to places, the rest needs that are verified and volunteers), drawn from one
seed. Cold is the first answer of a process that has just opened the situation; incremental the next
one after a new event. Goals are those of the project's issue on solidarity.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))

from benchmarks.sections.networks import line, show  # noqa: E402
from benchmarks.sections.screen_scene import Scene  # noqa: E402
from dashboard.operations.situation import Situation  # noqa: E402
from data.events import (  # noqa: E402
    Event,
    NeedReported,
    NeedStatusChanged,
    StockMoved,
    VolunteerRegistered,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

BATCH = 10_000
INCREMENTS = 5
ITEMS = {"tent": "tent", "blanket": "piece", "food_kit": "kit"}


def main() -> int:
    """Record the ledger, then ask it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--cold", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.cold is not None:
        return show(asked(options.cold))
    with tempfile.TemporaryDirectory() as name:
        home = Path(name) / "home"
        Scene(Path(name), 1.0).load(home)
        with Situation.open(home) as situation:
            record(situation, options.events)
        # A process of its own: nothing is remembered from the recording.
        return subprocess.run(
            [sys.executable, __file__, "--cold", str(home)], check=False
        ).returncode


def record(situation: Situation, events: int) -> None:
    """Record so many events in batches."""
    rng = np.random.default_rng(11)
    places = situation.places()["place_id"].tolist()
    now = datetime.now(UTC)
    begun = time.perf_counter()
    for start in range(0, events, BATCH):
        numbers = range(start, min(start + BATCH, events))
        at = rng.integers(0, len(places), len(numbers))
        item = rng.integers(0, len(ITEMS), len(numbers))
        situation.record(
            [
                one_event(number, places[where], [*ITEMS][which])
                for number, where, which in zip(numbers, at, item, strict=True)
            ],
            # Told over three days, so that two thirds of it were known a day before.
            reported_at=[now - timedelta(hours=number % 72) for number in numbers],
        )
        if start % (10 * BATCH) == 0:
            sys.stderr.write(f"{start} events, {time.perf_counter() - begun:.0f} s\n")


def one_event(number: int, place_id: str, item_id: str) -> Event:
    """Event of this number: of ten, five needs, three movements, one verified, one volunteer."""
    kind = number % 10
    if kind < 5:
        return NeedReported(
            need_id=f"need:m{number}", place_id=place_id, item_id=item_id,
            quantity=Decimal(1 + number % 90), unit=ITEMS[item_id],
        )  # fmt: skip
    if kind < 8:
        return StockMoved(
            movement_id=f"movement:m{number}", item_id=item_id, quantity=Decimal(1 + number % 90),
            unit=ITEMS[item_id], from_account="donor:world", to_account=place_id,
        )  # fmt: skip
    if kind == 8:
        return NeedStatusChanged(need_id=f"need:m{number - 4}", status="verified")
    return VolunteerRegistered(
        volunteer_id=f"volunteer:m{number}", home_place_id=place_id, skills=("logistics",)
    )


def asked(home: Path) -> Iterator[dict[str, Any]]:
    """Measure all indicators of a situation that was just opened, then again after each event."""
    from dashboard.operations import measuring

    with Situation.open(home) as situation:
        case = f"{situation.seq()} events"
        begun = time.perf_counter()
        measuring.indicators(situation, trend=True)
        yield line("indicators", case, "cold", time.perf_counter() - begun, "s", goal=10.0)
        times = []
        place_id = situation.places()["place_id"].iloc[0]
        for number in range(INCREMENTS):
            situation.record([one_event(10**7 + 10 * number, place_id, "tent")])
            begun = time.perf_counter()
            measuring.indicators(situation, trend=True)
            times.append(time.perf_counter() - begun)
        yield line("indicators", case, "after one event", float(np.median(times)), "s", goal=1.0)


if __name__ == "__main__":
    sys.exit(main())
