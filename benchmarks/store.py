#!/usr/bin/env python3
"""How fast the store records, checks and rebuilds, beside raw inserts in the same run.

    python benchmarks/store.py [--quick] [--events N] [--writers N]
    python tools/database.py --durable python benchmarks/store.py        with PostgreSQL too

Prints one JSON object a line. The raw peer writes rows of the same size with the same durability
(one transaction a row; SQLite: write-ahead log, synchronous=FULL; PostgreSQL: synchronous_commit)
through the same driver; it keeps no chain, no rules and no projections. Both take turns, because a
disk's rate drifts. On PostgreSQL raw writers commit together, which a chain cannot: each event
names the hash of the one before.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))

from sqlalchemy.engine import make_url  # noqa: E402

from data.events import (  # noqa: E402
    DepotRegistered,
    NeedReported,
    NewEvent,
    Provenance,
    SituationCreated,
    StockMoved,
)
from data.store import Store  # noqa: E402
from geo.model import new_id  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SERVER_VARIABLE = "QAFILA_TEST_DATABASE_URL"
BATCH = 10_000
# An event of this run takes about this many bytes as a line of the export.
ROW_BYTES = 750
GOAL_VERIFY = 50_000
GOAL_REBUILD = 1_000_000 / 300
GOAL_RATIO = 1 / 3
GOAL_OPEN_S = 2.0
GOAL_REBUILD_MIB = 1024


def main() -> int:
    """Run the benchmark that the arguments ask for; 1 if a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes, ends within 60 s")
    parser.add_argument("--events", type=int, help="events in the ledger that is checked")
    parser.add_argument("--writers", type=int, help="processes that write at once")
    parser.add_argument(
        "--write", nargs=3, metavar=("KIND", "FILE", "COUNT"), help=argparse.SUPPRESS
    )
    given = parser.parse_args()
    if given.write:
        kind, file, count = given.write
        _write_when_told(kind, file, int(count))
        return 0
    events = given.events or (20_000 if given.quick else 200_000)
    singles = 300 if given.quick else 2_000
    each = 100 if given.quick else 500
    writers = given.writers or (4 if given.quick else 8)
    rounds = 1 if given.quick else 2
    goals: list[bool] = []
    with tempfile.TemporaryDirectory(prefix="qafila-bench-") as folder:
        for line in (
            *_one_writer(Path(folder), singles),
            *_many_writers(Path(folder), writers, each, rounds),
            *_whole_ledger(Path(folder), events),
            *_on_server(singles, writers, each, rounds),
        ):
            goals.append(line["ok"] is not False)
            print(json.dumps(line), flush=True)
    return 0 if all(goals) else 1


def figure(
    case: str,
    name: str,
    value: float,
    unit: str,
    *,
    peer: str | None = None,
    peer_value: float | None = None,
    goal: float | None = None,
    ok: bool | None = None,
) -> dict[str, Any]:
    """One line of the contract; `ratio` is ours over the peer's, and the goal where both stand."""
    return {
        "benchmark": "store",
        "case": case,
        "figure": name,
        "value": round(value, 3),
        "unit": unit,
        "peer": peer,
        "peer_value": None if peer_value is None else round(peer_value, 3),
        "ratio": None if not peer_value else round(value / peer_value, 3),
        "goal": goal,
        "ok": ok,
    }


# --- recording --------------------------------------------------------------------------------


def _one_writer(folder: Path, count: int) -> Iterator[dict[str, Any]]:
    raw, store = _raw(folder / "raw1.sqlite"), _store(folder / "ours1.sqlite")
    with contextlib.closing(raw), store:
        rounds = 3
        raw_s = ours_s = 0.0
        for number in range(rounds):
            began = time.perf_counter()
            _raw_inserts(raw, count // rounds)
            turned = time.perf_counter()
            _appends(store, count // rounds, f"one-{number}")
            raw_s += turned - began
            ours_s += time.perf_counter() - turned
        yield _rate("1 writer, 1 event a transaction", count // rounds * rounds, ours_s, raw_s)
        batch = [_need(f"batch-{number}", number) for number in range(BATCH)]
        batch_s = _seconds(lambda: store.append(batch))
        yield figure(
            f"1 writer, {BATCH} events a transaction", "append", BATCH / batch_s, "event/s"
        )


def _many_writers(folder: Path, writers: int, each: int, rounds: int) -> Iterator[dict[str, Any]]:
    _raw(folder / "raw2.sqlite").close()
    _store(folder / "ours2.sqlite").close()
    raw_s = ours_s = 0.0
    for _ in range(rounds):
        raw_s += _race("raw", folder / "raw2.sqlite", writers, each)
        ours_s += _race("ours", folder / "ours2.sqlite", writers, each)
    yield _rate(f"{writers} writers x {each} events", writers * each * rounds, ours_s, raw_s)


def _on_server(singles: int, writers: int, each: int, rounds: int) -> Iterator[dict[str, Any]]:
    address = os.environ.get(SERVER_VARIABLE)
    if not address:
        missing = "none: run it under `tools/database.py --durable`"
        yield figure("PostgreSQL", "append", 0, "event/s", peer=missing)
        return
    server = make_url(address)
    place, raw_place = (
        server.set(database=f"bench_{name}_{os.getpid()}").render_as_string(hide_password=False)
        for name in ("ours", "raw")
    )
    with contextlib.closing(_dial(address)) as admin:
        for one in (place, raw_place):
            admin.cursor().execute(f"CREATE DATABASE {make_url(one).database}")
    with contextlib.closing(_dial(raw_place)) as raw, _store(place) as store:
        raw.cursor().execute(
            "CREATE TABLE t (seq bigserial PRIMARY KEY, id text UNIQUE, line text)"
        )
        raw_s = _seconds(lambda: _raw_inserts(raw, singles))
        ours_s = _seconds(lambda: _appends(store, singles, "one"))
        name = "pg8000 single-row durable insert"
        case = "PostgreSQL, 1 writer, 1 event a transaction"
        yield _rate(case, singles, ours_s, raw_s, peer=name)
        batch = [_need(f"batch-{number}", number) for number in range(BATCH)]
        batch_s = _seconds(lambda: store.append(batch))
        case = f"PostgreSQL, 1 writer, {BATCH} events a transaction"
        yield figure(case, "append", BATCH / batch_s, "event/s")
        raw_s = ours_s = 0.0
        for _ in range(rounds):
            raw_s += _race("raw", raw_place, writers, each)
            ours_s += _race("ours", place, writers, each)
        case = f"PostgreSQL, {writers} writers x {each} events"
        yield _rate(case, writers * each * rounds, ours_s, raw_s, peer=name)
        count = store.seq()
        verify_s = _seconds(lambda: _require(store.verify().ok))
        rate = count / verify_s
        case = f"PostgreSQL, {count} events"
        yield figure(case, "verify", rate, "event/s", goal=GOAL_VERIFY, ok=rate >= GOAL_VERIFY)
    with contextlib.closing(_dial(address)) as admin:
        for one in (place, raw_place):
            admin.cursor().execute(f"DROP DATABASE {make_url(one).database} WITH (FORCE)")


def _rate(
    case: str,
    count: int,
    ours_s: float,
    raw_s: float,
    peer: str = "sqlite3 single-row durable insert",
) -> dict[str, Any]:
    ours, raw = count / ours_s, count / raw_s
    return figure(
        case,
        "append",
        ours,
        "event/s",
        peer=peer,
        peer_value=raw,
        goal=round(GOAL_RATIO, 3),
        ok=ours / raw >= GOAL_RATIO,
    )


def _race(kind: str, path: Path | str, writers: int, each: int) -> float:
    """Seconds that so many processes need together, from a common start."""
    command = [sys.executable, __file__, "--write", kind, str(path), str(each)]
    running = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(writers)
    ]
    for process in running:
        _line(process)
    # The clock is the machine's, so the moments that the processes tell can be compared.
    began = time.monotonic()
    for process in running:
        if process.stdin is not None:
            process.stdin.write("\n")
            process.stdin.flush()
    ended = [float(_line(process) or "nan") for process in running]
    failed = [process.wait() for process in running]
    for process in running:
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
    if any(failed):
        raise SystemExit(f"a writer failed: {failed}")
    return max(ended) - began


def _write_when_told(kind: str, place: str, count: int) -> None:
    name = new_id("writer").partition(":")[2]
    with contextlib.ExitStack() as held:
        if kind == "raw":
            raw = held.enter_context(contextlib.closing(_connect(place)))
            print("ready", flush=True)
            sys.stdin.readline()
            _raw_inserts(raw, count)
            print(time.monotonic(), flush=True)
        else:
            store = held.enter_context(Store.open(_address(place), wait_s=120))
            _appends(store, 1, f"{name}-first")
            print("ready", flush=True)
            sys.stdin.readline()
            _appends(store, count, name)
            print(time.monotonic(), flush=True)


# --- a whole ledger ---------------------------------------------------------------------------


def _whole_ledger(folder: Path, events: int) -> Iterator[dict[str, Any]]:
    case = f"{events} events"
    path = folder / "whole.sqlite"
    with _store(path) as store:
        for start in range(0, events, BATCH):
            store.append([_mixed(number) for number in range(start, min(start + BATCH, events))])
        count = store.seq()
        verify_s = _seconds(lambda: _require(store.verify().ok))
        rate = count / verify_s
        yield figure(case, "verify", rate, "event/s", goal=GOAL_VERIFY, ok=rate >= GOAL_VERIFY)
        ledger = folder / "ledger.jsonl"
        export_s = _seconds(lambda: store.export(ledger))
        yield figure(case, "export", count / export_s, "event/s")
        tool = [sys.executable, str(CHECKOUT / "tools" / "verify_ledger.py"), str(ledger)]
        tool_s = _seconds(lambda: subprocess.run(tool, check=True, stdout=subprocess.DEVNULL))
        yield figure(case, "stand-alone verify", count / tool_s, "event/s")
        before_mib = _peak_mib()
        rebuild_s = _seconds(lambda: _require(store.rebuild() == count))
        rate = count / rebuild_s
        yield figure(
            case, "rebuild", rate, "event/s", goal=round(GOAL_REBUILD), ok=rate >= GOAL_REBUILD
        )
        peak_mib = _peak_mib()
        yield figure(
            case,
            "peak memory with rebuild",
            peak_mib,
            "MiB",
            peer="before the rebuild",
            peer_value=before_mib,
            goal=GOAL_REBUILD_MIB,
            ok=peak_mib < GOAL_REBUILD_MIB,
        )
    open_s = _seconds(lambda: Store.open(path).close())
    yield figure(case, "open", open_s, "s", goal=GOAL_OPEN_S, ok=open_s < GOAL_OPEN_S)


# --- parts ------------------------------------------------------------------------------------


def _store(path: Path | str) -> Store:
    store = Store.create(path, SituationCreated(situation_id=new_id("situation"), name="Benchmark"))
    depot = DepotRegistered(depot_id="depot:a", name="A", lon=-8.0, lat=31.0)
    store.append([NewEvent(payload=depot)])
    return store


def _need(name: str, row: int) -> NewEvent:
    return NewEvent(
        payload=NeedReported(
            need_id=f"need:{name}",
            place_id=f"place:{row % 500}",
            item_id="tent",
            quantity=12,
            unit="piece",
            weight=1.5,
            written_place="Imlil",
        ),
        organisation_id="organisation:1",
        provenance=Provenance(file="needs.csv", row=row),
        client_id=f"client-{name}",
    )


def _mixed(number: int) -> NewEvent:
    if number % 3:
        return _need(f"mixed-{number}", number)
    return NewEvent(
        payload=StockMoved(
            movement_id=f"movement:{number}",
            item_id=f"item_{number % 20}",
            quantity=2,
            unit="piece",
            from_account="donor:x",
            to_account="depot:a",
        )
    )


def _appends(store: Store, count: int, name: str) -> None:
    for number in range(count):
        store.append([_need(f"{name}-{number}", number)])


def _raw(path: Path) -> sqlite3.Connection:
    connection: sqlite3.Connection = _connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE t (seq INTEGER PRIMARY KEY, id TEXT UNIQUE, line TEXT)")
    return connection


def _address(place: str) -> str:
    return place if "://" in place else f"sqlite:///{place}"


def _dial(place: str) -> Any:
    import pg8000.dbapi

    url = make_url(place)
    connection = pg8000.dbapi.connect(
        user=str(url.username),
        password=url.password,
        host=str(url.host),
        port=url.port or 5432,
        database=url.database,
    )
    connection.autocommit = True
    return connection


def _connect(place: Path | str) -> Any:
    if "://" in str(place):
        return _dial(str(place))
    connection = sqlite3.connect(place, isolation_level=None, timeout=120)
    connection.execute("PRAGMA synchronous=FULL")
    return connection


def _raw_inserts(connection: Any, count: int) -> None:
    line = "x" * ROW_BYTES
    if not isinstance(connection, sqlite3.Connection):
        cursor = connection.cursor()
        for _ in range(count):
            # By itself a statement is a transaction, in one round trip.
            cursor.execute("INSERT INTO t (id, line) VALUES (%s, %s)", (new_id("event"), line))
        return
    for _ in range(count):
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO t (id, line) VALUES (?, ?)", (new_id("event"), line))
        connection.execute("COMMIT")


def _line(process: subprocess.Popen[str]) -> str:
    return process.stdout.readline() if process.stdout is not None else ""


def _require(condition: bool) -> None:
    if not condition:
        raise SystemExit("the store's answer was wrong: figures of a broken store mean nothing")


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
