"""The server for a run: the command sees it, its status is kept, nothing is left behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

SAY = "import os; print(os.environ.get('QAFILA_TEST_DATABASE_URL', 'none'))"
SAY_REASON = "import os; print(os.environ['QAFILA_NO_DATABASE'])"


@pytest.fixture
def script(checkout: Path) -> str:
    return str(checkout / "tools" / "database.py")


def run(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("QAFILA_")}
    return subprocess.run(
        [sys.executable, *command],
        env={**kept, **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2].partition("/")[0])


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_without_a_server_the_command_runs_and_learns_why(script: str, tmp_path: Path) -> None:
    answer = run(
        script,
        sys.executable,
        "-c",
        SAY_REASON,
        QAFILA_POSTGRES_BIN=str(tmp_path),
        QAFILA_NO_APT="1",
    )
    assert answer.returncode == 0, answer.stderr
    assert "QAFILA_NO_APT is set" in answer.stdout.splitlines()[-1]


def test_a_server_that_is_named_is_used(script: str) -> None:
    answer = run(script, sys.executable, "-c", SAY, QAFILA_TEST_DATABASE_URL="postgresql://mine/x")
    assert answer.stdout == "postgresql://mine/x\n"


def test_without_a_command_it_says_how_it_is_called(script: str) -> None:
    answer = run(script)
    assert answer.returncode == 2
    assert "usage" in answer.stderr


def test_a_failing_command_keeps_its_status_and_leaves_no_server(
    script: str, database_server: object
) -> None:
    answer = run(script, "--no-install", sys.executable, "-c", f"{SAY}; raise SystemExit(7)")
    assert answer.returncode == 7
    assert not listens(port_of(answer.stdout.splitlines()[-1]))


def test_a_run_that_is_ended_takes_its_server_along(script: str, database_server: object) -> None:
    for sign in (signal.SIGTERM, signal.SIGKILL):
        wait = f"{SAY}; import sys, time; sys.stdout.flush(); time.sleep(60)"
        kept = {name: value for name, value in os.environ.items() if name[:7] != "QAFILA_"}
        with subprocess.Popen(
            [sys.executable, script, "--no-install", sys.executable, "-c", wait],
            env=kept,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            port = port_of(process.stdout.readline().strip())
            assert listens(port)
            process.send_signal(sign)
            process.wait(timeout=60)
            os.killpg(process.pid, signal.SIGKILL) if sign == signal.SIGKILL else None
        deadline = time.monotonic() + 30
        while listens(port) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not listens(port)
