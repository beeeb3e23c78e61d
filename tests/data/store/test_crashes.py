"""Processes and servers that die at any moment, a hundred times: nothing acknowledged is lost."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from postgres_server import run_statement

from data.events import SituationCreated
from data.store import Store
from geo.errors import StoreError

N_KILLS = 100

# Imports once, then lives a hundred short lives: each is a process of its own that opens the store,
# writes one event after another, says the number of each as soon as `append` came back, and is
# killed somewhere on the way; at times before it is open, at times in the middle of a write.
LIVES = textwrap.dedent(
    """
    import os, random, signal, sys, time
    from data.events import NeedReported, NewEvent, StockMoved
    from data.store import Store

    place, n_lives, beside = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    chance = random.Random(20230908)

    def live(name, wrote):
        store = Store.open(place, wait_s=60)
        for number in range(10_000):
            if number % 2:
                payload = NeedReported(
                    need_id=f"need:{name}-{number}", place_id="place:1", item_id="tent",
                    quantity=1, unit="piece",
                )
            else:
                payload = StockMoved(
                    movement_id=f"movement:{name}-{number}", item_id="tent", quantity=2,
                    unit="piece", from_account="donor:all", to_account=f"depot:{beside}",
                )
            client_id = f"{name}-{number}"
            (event,) = store.append([NewEvent(payload=payload, client_id=client_id)])
            os.write(1, f"{event.seq} {event.hash}\\n".encode())
            if number == 0:
                os.write(wrote, b".")

    for life in range(n_lives):
        writing, wrote = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                live(f"{beside}{life}", wrote)
            finally:
                os._exit(1)
        os.close(wrote)
        # Every other life is killed while it writes, the rest wherever it happens to be.
        if life % 2:
            os.read(writing, 1)
        time.sleep(chance.uniform(0.0, 0.1))
        os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        os.close(writing)
        if os.waitstatus_to_exitcode(status) != -signal.SIGKILL:
            sys.exit(f"life {life} ended by itself")
    """
)


@pytest.mark.slow
def test_two_writers_killed_at_random_moments_lose_nothing_they_acknowledged(
    store: Store, place: str, checkout: Path, make: SimpleNamespace
) -> None:
    """Two at once, so that one dies while the other waits for its turn or reads what it left."""
    store.append([make.new(make.depot("a")), make.new(make.depot("b"))])
    herds = [
        subprocess.Popen(
            [sys.executable, "-c", LIVES, place, str(N_KILLS // 2), name],
            cwd=checkout,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in "ab"
    ]
    promised: dict[int, str] = {}
    for herd in herds:
        out, err = herd.communicate(timeout=240)
        assert herd.returncode == 0, err
        promised.update((int(seq), sha) for seq, sha in map(str.split, out.splitlines()))
    held = {event.seq: event.hash for event in store.events()}
    assert promised.items() <= held.items()
    assert len(promised) >= N_KILLS // 4 * 2
    assert list(held) == list(range(1, len(held) + 1))
    with Store.open(place) as again:
        # The chain holds, and the projections are those that a rebuild makes.
        assert again.verify(projections=True).ok


@pytest.fixture
def own_server(checkout: Path) -> contextlib.AbstractContextManager[str]:
    script = checkout / "tools" / "database.py"
    spec = importlib.util.spec_from_file_location("qafila_database", script)
    assert spec is not None
    assert spec.loader is not None
    tools = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tools)
    programs = tools.find_programs()
    if programs is None or not os.environ.get("QAFILA_TEST_DATABASE_URL"):
        pytest.skip("no PostgreSQL server: start the tests with `make test`")
    server: contextlib.AbstractContextManager[str] = tools.cluster(programs)
    return server


# The driver leaves a socket to the garbage collector when it cannot say goodbye on it.
@pytest.mark.filterwarnings("ignore:.*socket.socket:pytest.PytestUnraisableExceptionWarning")
def test_a_server_that_crashes_and_starts_anew_is_found_again(
    own_server: contextlib.AbstractContextManager[str],
    created: SituationCreated,
    make: SimpleNamespace,
) -> None:
    """Kill -9 on one of its processes: the server drops all of them and recovers from its log."""
    with own_server as place, Store.create(place, created, wait_s=20) as store:
        for crash in range(3):
            store.append([make.new(make.need(str(crash)), client_id=str(crash))])
            before = store.head()
            with (
                pytest.raises(StoreError, match="nothing of an unfinished write was kept"),
                store._writing() as connection,
            ):
                pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
                os.kill(pid, signal.SIGKILL)
                connection.exec_driver_sql("SELECT 1")
            _wait_until_back(place)
            assert store.head() == before
        store.append([make.new(make.need("2"), client_id="2"), make.new(make.need("3"))])
        assert len(store.needs()) == 4
        assert store.verify(projections=True).ok


def _wait_until_back(place: str) -> None:
    for _ in range(200):
        with contextlib.suppress(Exception):
            run_statement(place, "SELECT 1")
            return
        time.sleep(0.05)
    raise TimeoutError("the server did not come back in 10 s")
