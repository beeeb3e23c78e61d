#!/usr/bin/env python3
"""Runs a command beside a PostgreSQL server of its own, which is gone afterwards.

    python3 tools/database.py [--durable] [--no-install] COMMAND…

The server is a cluster in a temporary folder, on a free port of this machine only, owned by an
unprivileged user. COMMAND finds it in the variable QAFILA_TEST_DATABASE_URL; if there can be no
server it runs all the same, and QAFILA_NO_DATABASE says why, which is what skipped tests repeat.
PostgreSQL and PostGIS are installed from the distribution where that is allowed (QAFILA_NO_APT=1
forbids it). A server that stands already is used when QAFILA_TEST_DATABASE_URL names one.

Standard library only. The exit status is the command's; 2 where there is none.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from setup import install_packages

if TYPE_CHECKING:
    from collections.abc import Iterator

URL_VARIABLE = "QAFILA_TEST_DATABASE_URL"
REASON_VARIABLE = "QAFILA_NO_DATABASE"
MINIMUM_VERSION = 15
PACKAGES = ("postgresql", "postgresql-15-postgis-3")
DEBIAN_FOLDER = Path("/usr/lib/postgresql")
DEBIAN_USER = "postgres"
ROLE = "qafila"

START_TIMEOUT_S = 60
STEP_TIMEOUT_S = 120
STOP_TIMEOUT_S = 30

_PR_SET_PDEATHSIG = 1


class NoServerError(Exception):
    """There can be no server here; the message says why."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--durable", action="store_true", help="keep fsync, as benchmarks need (slower)"
    )
    parser.add_argument("--no-install", action="store_true", help="install no package")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args(arguments)
    if not options.command:
        parser.print_usage(sys.stderr)
        return 2
    # Ending this program must end the server too, so the ordinary signal unwinds the stack.
    signal.signal(signal.SIGTERM, _interrupt)
    variables = dict(os.environ)
    with contextlib.ExitStack() as held:
        if not variables.get(URL_VARIABLE):
            try:
                programs = _provide(may_install=not options.no_install)
                url = held.enter_context(cluster(programs, durable=options.durable))
                variables[URL_VARIABLE] = url
                print(f"database: {programs.parent.name}, a server for this run", flush=True)
            except NoServerError as error:
                variables[REASON_VARIABLE] = str(error)
                print(f"database: none, its tests will be skipped: {error}", flush=True)
        return _call(options.command, variables)


def find_programs() -> Path | None:
    """Folder of the newest server's programs that is new enough; None where there is none."""
    named = os.environ.get("QAFILA_POSTGRES_BIN")
    found = [Path(named)] if named else sorted(DEBIAN_FOLDER.glob("*/bin"), key=_version)
    on_path = shutil.which("initdb")
    if on_path and not named:
        found.insert(0, Path(on_path).resolve().parent)
    usable = [
        folder
        for folder in found
        if (folder / "initdb").exists()
        and (folder / "postgres").exists()
        and _version(folder) >= MINIMUM_VERSION
    ]
    return usable[-1] if usable else None


@contextlib.contextmanager
def cluster(programs: Path, *, durable: bool = False) -> Iterator[str]:
    """Start a server in a temporary folder, give its URL, and remove both at the end."""
    owner = _owner()
    with tempfile.TemporaryDirectory(prefix="qafila-pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        password = secrets.token_hex(16)
        (folder / "password").write_text(password, encoding="utf-8")
        if owner is not None:
            for path in (folder, folder / "password"):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        _initialise(programs, folder, owner)
        port = _free_port()
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": str(folder),
            "fsync": "on" if durable else "off",
            "max_connections": "120",
            "shared_buffers": "64MB",
        }
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [
                    *(str(programs / "postgres"), "-D", str(folder / "data")),
                    *(part for pair in settings.items() for part in ("-c", "=".join(pair))),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=_clean_environment(folder),
                start_new_session=True,
                preexec_fn=_die_with_parent,
                **_as(owner),
            )
        try:
            _wait_for(server, port, folder / "log")
            yield f"postgresql://{ROLE}:{password}@127.0.0.1:{port}/postgres"
        finally:
            _stop(server)


def _provide(*, may_install: bool) -> Path:
    programs = find_programs()
    if (programs is None or not _has_postgis(programs)) and may_install:
        print(f"database: installing {', '.join(PACKAGES)} with apt-get", flush=True)
        refusal = install_packages(list(PACKAGES))
        programs = find_programs()
        if refusal and programs is None:
            raise NoServerError(f"no PostgreSQL {MINIMUM_VERSION} or newer here ({refusal})")
        if refusal:
            print(f"database: without PostGIS ({refusal})", flush=True)
    if programs is None:
        raise NoServerError(
            f"no PostgreSQL {MINIMUM_VERSION} or newer here; install postgresql, or name its "
            "programs in QAFILA_POSTGRES_BIN"
        )
    return programs


def _has_postgis(programs: Path) -> bool:
    share = Path("/usr/share/postgresql") / programs.parent.name
    others = programs.parent / "share"
    return any((base / "extension" / "postgis.control").exists() for base in (share, others))


def _version(folder: Path) -> float:
    match = re.fullmatch(r"[0-9]+", folder.parent.name)
    if match:
        return float(match[0])
    try:
        said = subprocess.run(
            [str(folder / "postgres"), "--version"],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.search(r"\) ([0-9]+)", said)
    return float(found[1]) if found else 0


def _owner() -> pwd.struct_passwd | None:
    """Whom the server runs as: a server refuses root. None stands for ourselves."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(DEBIAN_USER)
    except KeyError:
        raise NoServerError(
            f"this is root, a server refuses root, and there is no user {DEBIAN_USER}"
        ) from None


def _as(owner: pwd.struct_passwd | None) -> dict[str, Any]:
    if owner is None:
        return {}
    return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}


def _initialise(programs: Path, folder: Path, owner: pwd.struct_passwd | None) -> None:
    command = [
        *(str(programs / "initdb"), "-D", str(folder / "data"), "--username", ROLE),
        *("--encoding", "UTF8", "--locale", "C", "--no-sync"),
        *("--auth", "scram-sha-256", "--pwfile", str(folder / "password")),
    ]
    try:
        answer = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=STEP_TIMEOUT_S,
            cwd=folder,
            env=_clean_environment(folder),
            check=False,
            **_as(owner),
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoServerError(f"initdb did not run ({error})") from error
    if answer.returncode != 0:
        said = (answer.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise NoServerError(f"initdb failed: {said}")


def _clean_environment(folder: Path) -> dict[str, str]:
    # Nothing of PGDATA, PGPORT and their like may reach the server.
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder), "LC_ALL": "C"}


def _die_with_parent() -> None:
    # Where this program is killed the kernel asks the server for a fast shutdown.
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline_s = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline_s:
        if server.poll() is not None:
            break
        if "ready to accept connections" in log.read_text(encoding="utf-8", errors="replace"):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return
        time.sleep(0.05)
    said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    raise NoServerError(f"the server did not start: {said[-1] if said else 'it said nothing'}")


def _stop(server: subprocess.Popen[bytes]) -> None:
    # SIGINT is PostgreSQL's fast shutdown, SIGQUIT its immediate one.
    for sign in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if server.poll() is not None:
            return
        server.send_signal(sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(timeout=STOP_TIMEOUT_S)


def _call(command: list[str], variables: dict[str, str]) -> int:
    try:
        with subprocess.Popen(command, env=variables) as process:
            try:
                status = process.wait()
            except BaseException:
                process.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=STOP_TIMEOUT_S)
                raise
    except OSError as error:
        print(f"{command[0]} cannot be run ({error.strerror})", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return status if status >= 0 else 128 - status


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
