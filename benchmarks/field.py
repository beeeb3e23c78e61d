"""500 phones through a bad network: every report once, and how long the server takes for each.

    python benchmarks/field.py [--quick] [--rate R] [--at-once N]

The drill is built and served (SQLite, one process), and the page of every link opened. 500 phones,
shared out over the links of its convoys, hold 20 reports each: arrived, incident, and goods handed
over one by one as long as the plan brings them, a third of them with a position. A phone sends up
to N of those that it holds at once (drawn anew for each request; the phone's own queue sends up to
ten), in any order. Between phone and server 30 % of the requests are lost: half on their way there,
half of the answers on their way back, so that the server has what the phone sends again. 10 %
arrive twice. Phones take turns at a steady rate until all of them were answered. At most 40
requests are under way at once: where the server is slower than that, what waits here for its turn
is not measured.

Measured are the answers that the server gave, those too that were then lost; phones and server
share the processors. Afterwards the ledger is read: every report stands in it once, and what was
handed over adds up. From one seed; ``--quick`` is 50 phones.
"""

from __future__ import annotations

import argparse
import http.client
import json
import queue
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))

from benchmarks.sections.networks import line, show  # noqa: E402
from benchmarks.sections.screen_page import free_port, serve_command, started  # noqa: E402
from dashboard.operations import answering, planning  # noqa: E402
from dashboard.operations.situation import Situation  # noqa: E402
from data.events import ConvoyReported, DeliveryReported  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

SEED = 20_230_908
PHONES, REPORTS = 500, 20
LOST_SHARE, TWICE_SHARE = 0.30, 0.10
RATE, AT_ONCE = 50.0, 10
THREADS = 40
#: Far more than is needed: what takes longer ends as a missed goal, not as a run without an end.
LONGEST_S = 900.0
DONE = frozenset({"recorded", "known"})


@dataclass
class Phone:
    """A phone with the reports that it still holds, by id."""

    path: str
    waiting: dict[str, dict[str, Any]]
    busy: threading.Lock = field(default_factory=threading.Lock)


@dataclass
class Seen:
    """What the run saw: seconds of every answer, statuses, and the reports that were refused."""

    took_s: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)
    ended_s: float = 0.0


def main() -> int:
    """Run the benchmark; 1 if a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="50 phones")
    parser.add_argument("--rate", type=float, default=RATE, help="requests a second (%(default)g)")
    parser.add_argument("--at-once", type=int, default=AT_ONCE, help="reports a request, at most")
    given = parser.parse_args()
    n_phones = PHONES // 10 if given.quick else PHONES
    with tempfile.TemporaryDirectory(prefix="qafila-bench-") as folder:
        home = Path(folder) / "drill"
        build = [sys.executable, "-m", "dashboard.cli", "demo", "--no-serve", "--home", str(home)]
        subprocess.run(build, cwd=CHECKOUT, check=True, capture_output=True)
        with Situation.open(home) as situation:
            phones = _phones(situation, n_phones)
            before = _recorded(situation)
        reports = {name: one for phone in phones for name, one in phone.waiting.items()}
        port = free_port()
        with started(serve_command(home, port), port, "/api/v1/health"):
            _open_pages(phones, port)
            seen = _run(phones, port, rate=given.rate, at_once=given.at_once)
        with Situation.open(home) as situation:
            after = _recorded(situation)
        lines = list(_lines(seen, reports, phones, before, after, given.rate))
    return show(lines)


def _phones(situation: Situation, count: int) -> list[Phone]:
    """Give each phone a link and its reports; goods are handed over as far as the plan has them."""
    chance = random.Random(SEED)
    plan = planning.load_plan(situation, "latest")
    convoys = plan["convoys"]
    left = {
        (one["convoy_id"], number, item): int(quantity)
        for one in convoys
        for number, stop in enumerate(one["stops"], start=1)
        for item, quantity in stop["deliver"].items()
    }
    links = [answering.issue(situation, one["convoy_id"])["url"] for one in convoys]
    bounds = situation.info().bounds or (-8.0, 31.0, -7.9, 31.1)
    middle = ((bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2)
    phones = []
    for number in range(count):
        convoy, link = convoys[number % len(convoys)], links[number % len(convoys)]
        waiting = {}
        for _report in range(REPORTS):
            name = f"{chance.getrandbits(128):032x}"
            waiting[name] = _report_of(convoy, left, middle, chance) | {"id": name}
        phones.append(Phone(path=f"{link}reports", waiting=waiting))
    return phones


def _report_of(
    convoy: dict[str, Any],
    left: dict[tuple[str, int, str], int],
    middle: tuple[float, float],
    chance: random.Random,
) -> dict[str, Any]:
    stop = chance.randint(1, len(convoy["stops"]))
    made_at = datetime.now(UTC) - timedelta(seconds=chance.uniform(0, 6 * 3600))
    said: dict[str, Any] = {"made_at": made_at.isoformat(), "note": f"{chance.random()}"}
    items = [item for (one, at, item), many in left.items()
             if (one, at) == (convoy["convoy_id"], stop) and many > 0]  # fmt: skip
    kind = chance.choice(("arrived", "incident", "delivered"))
    if kind == "delivered" and items:
        item = chance.choice(items)
        left[convoy["convoy_id"], stop, item] -= 1
        goods = [{"item": item, "quantity": 1}]
        said |= {"kind": kind, "stop": stop, "goods": goods, "receiver": "community"}
    elif kind == "incident":
        said |= {"kind": kind}
    else:
        said |= {"kind": "arrived", "stop": stop}
    if chance.random() < 1 / 3:
        lon, lat = (one + chance.uniform(-0.001, 0.001) for one in middle)
        said["position"] = {"lon": lon, "lat": lat, "accuracy_m": 20}
    return said


def _open_pages(phones: list[Phone], port: int) -> None:
    """Load what every page loads before it can send anything, each link once."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for path in sorted({phone.path.removesuffix("reports") for phone in phones}):
        connection.request("GET", f"{path}values.json")
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"the page of a link answered {answer.status}")
    connection.close()


def _run(phones: list[Phone], port: int, *, rate: float, at_once: int) -> Seen:
    """Send at a steady rate until every phone was answered."""
    seen, lock = Seen(), threading.Lock()
    turns: queue.Queue[tuple[Phone, random.Random] | None] = queue.Queue()

    def work() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while (turn := turns.get()) is not None:
            _turn(*turn, connection, seen, lock, at_once)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for one in threads:
        one.start()
    chance = random.Random(SEED + 1)
    began = time.perf_counter()
    number = 0
    while time.perf_counter() - began < LONGEST_S:
        holding = [one for one in phones if one.waiting]
        if not holding:
            break
        for phone in chance.sample(holding, min(len(holding), max(1, int(rate)))):
            time.sleep(max(0.0, began + number / rate - time.perf_counter()))
            turns.put((phone, random.Random(SEED + 2 + number)))
            number += 1
    seen.ended_s = time.perf_counter() - began
    for _one in threads:
        turns.put(None)
    for one in threads:
        one.join()
    return seen


def _turn(
    phone: Phone,
    chance: random.Random,
    connection: http.client.HTTPConnection,
    seen: Seen,
    lock: threading.Lock,
    at_once: int,
) -> None:
    """Send some of what a phone holds over the bad network."""
    with phone.busy:
        names = list(phone.waiting)
        chosen = chance.sample(names, min(len(names), chance.randint(1, at_once)))
        reports = [phone.waiting[name] for name in chosen]
    if not reports:
        return
    body = json.dumps({"sent_at": datetime.now(UTC).isoformat(), "reports": reports}).encode()
    fate = chance.random()
    if fate < LOST_SHARE / 2:
        return
    for _copy in range(2 if chance.random() < TWICE_SHARE else 1):
        began = time.perf_counter()
        headers = {"Content-Type": "application/json"}
        try:
            answer, told = _posted(connection, phone.path, body, headers)
        except OSError as error:
            connection.close()
            with lock:
                seen.statuses[type(error).__name__] += 1
            return
        with lock:
            seen.took_s.append(time.perf_counter() - began)
            seen.statuses[str(answer.status)] += 1
    if fate < LOST_SHARE or answer.status != 200:
        return
    with phone.busy:
        for one in json.loads(told)["answers"]:
            if one["status"] not in DONE:
                seen.refused.append(one["why"])
            phone.waiting.pop(one["id"], None)


def _posted(
    connection: http.client.HTTPConnection, path: str, body: bytes, headers: dict[str, str]
) -> tuple[http.client.HTTPResponse, bytes]:
    """Send over a connection that is kept; as browsers do, again where the server closed it."""
    kept = connection.sock is not None
    try:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
    except (http.client.RemoteDisconnected, BrokenPipeError):
        connection.close()
        if not kept:
            raise
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
    return answer, answer.read()


def _recorded(situation: Situation) -> tuple[int, dict[str, int], float]:
    """Number of reports in the ledger, how often each note stands there, and what was delivered."""
    notes: Counter[str] = Counter()
    delivered = 0.0
    for one in situation.store.events(types=[ConvoyReported.type, DeliveryReported.type]):
        if one.type == ConvoyReported.type:
            notes[one.payload["note"]] += 1
        else:
            delivered += float(one.payload["quantity"])
    return sum(notes.values()), dict(notes), delivered


def _lines(
    seen: Seen,
    reports: dict[str, dict[str, Any]],
    phones: list[Phone],
    before: tuple[int, dict[str, int], float],
    after: tuple[int, dict[str, int], float],
    rate: float,
) -> Iterator[dict[str, Any]]:
    case = f"{len(phones)} phones x {REPORTS} reports, {rate:g} requests/s"
    once = sum(after[1].get(one["note"], 0) == 1 for one in reports.values())
    handed = sum(one["quantity"] for said in reports.values() for one in said.get("goods", ()))
    took_ms = np.array(seen.took_s) * 1e3
    bad = sum(many for status, many in seen.statuses.items() if status not in ("200", "429", "503"))
    wrong = len(reports) - once
    yield line("field", case, "reports", len(reports), "report")
    yield line("field", case, "reports not recorded exactly once", wrong, "report", goal=0)
    more = after[0] - before[0] - len(reports)
    yield line("field", case, "reports in the ledger beyond those", abs(more), "report", goal=0)
    off = abs(after[2] - before[2] - handed)
    yield line("field", case, "handed over beyond what was said", off, "piece", goal=0)
    yield line("field", case, "reports refused", len(seen.refused), "report", goal=0)
    yield line("field", case, "errors that are neither 429 nor 503", bad, "answer", goal=0)
    limited = seen.statuses["429"] + seen.statuses["503"]
    yield line("field", case, "answers 429 or 503", limited, "answer")
    yield line("field", case, "answers", len(seen.took_s), "answer")
    yield line("field", case, "answers a second", len(seen.took_s) / seen.ended_s, "answer/s")
    for share, goal in ((50, None), (95, 500.0), (99, None)):
        value = float(np.percentile(took_ms, share))
        yield line("field", case, f"answer, {share} % within", value, "ms", goal=goal)


if __name__ == "__main__":
    sys.exit(main())
