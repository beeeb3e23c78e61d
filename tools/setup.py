#!/usr/bin/env python3
"""Sets up everything that `make demo` and `make test` need, inside the checkout's own `.venv`.

Standard library only: it runs on a bare Debian 12 with python3-venv. It is idempotent: a stamp over
the pinned requirements, the project file and the place of the checkout makes a second call return
at once.

Exit status: 0 ready; 1 a step failed (the message names the step, the log and what to do);
2 the machine lacks something that only its owner can add.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MINIMUM_PYTHON = (3, 11)
PACKAGES = ("dashboard", "geo", "routing", "data")
BROWSER_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER_PACKAGES = ("chromium", "fonts-noto-core")
# The program through which tests drive the browser (playwright's) is linked to libatomic, which a
# bare Debian 12 does not have.
DRIVER_PACKAGES = ("libatomic1",)

# Generous for a slow line at a field office: about 400 MB are fetched at the first set-up.
INSTALL_TIMEOUT_S = 40 * 60
STEP_TIMEOUT_S = 5 * 60
BROWSER_TIMEOUT_S = 15 * 60
HEARTBEAT_S = 10


class SetupError(Exception):
    """A step failed; the message says which, why and what to do."""

    exit_status = 1


class MissingPrerequisiteError(SetupError):
    """The machine lacks something that only its owner can add."""

    exit_status = 2


class Environment:
    """The virtual environment of one checkout: where its parts are and what it was made from."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        self.folder = root / ".venv"
        self.python = self.folder / "bin" / "python"
        self.uv = self.folder / "bin" / "uv"
        self.lock = root / "requirements.lock"
        self.bootstrap_lock = root / "tools" / "bootstrap.lock"
        self.stamp = self.folder / ".qafila-stamp"
        self.no_browser = self.folder / ".qafila-no-browser"
        self.log = self.folder / ".qafila-setup.log"

    @property
    def driver(self) -> Path | None:
        """Playwright's own Node.js, which drives the browser in tests."""
        pattern = "lib/python3*/site-packages/playwright/driver/node"
        return next(self.folder.glob(pattern), None)

    def fingerprint(self) -> str:
        """Hash of all that an installed environment depends on, as hexadecimal text."""
        digest = hashlib.sha256()
        for path in (self.lock, self.root / "pyproject.toml"):
            if not path.is_file():
                raise MissingPrerequisiteError(
                    f"{path.name} is missing from {self.root}; check out the whole repository"
                )
            digest.update(path.read_bytes())
        # A copied checkout carries a .venv whose scripts point to the original.
        digest.update(str(self.root).encode())
        return digest.hexdigest()

    def is_current(self) -> bool:
        """Whether the environment was completed from exactly these files."""
        try:
            return self.python.exists() and self.stamp.read_text() == self.fingerprint()
        except OSError:
            return False


def main(arguments: list[str] | None = None) -> int:
    """Run the set-up; returns the exit status."""
    options = _parse(arguments)
    # A step runs in a process group of its own; ending the set-up must end the step as well.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    started_s = time.monotonic()
    environment = Environment()
    try:
        install(environment, use_uv=not options.no_uv, started_s=started_s)
        if options.browser:
            provide_browser(environment)
    except SetupError as error:
        print(f"set-up failed: {error}", file=sys.stderr)
        if error.exit_status == SetupError.exit_status:
            print(
                "what helps most often: a working network, or a package mirror in pip's "
                "configuration; then the same command again",
                file=sys.stderr,
            )
        return error.exit_status
    except KeyboardInterrupt:
        print("set-up interrupted; run it again, it goes on where it can", file=sys.stderr)
        return 130
    return 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Set up .venv with the pinned requirements and the project itself."
    )
    parser.add_argument(
        "--browser",
        action="store_true",
        help="also provide Chromium for the browser tests: the machine's own, or through apt",
    )
    parser.add_argument(
        "--no-uv", action="store_true", help="install with pip alone (slower, same packages)"
    )
    return parser.parse_args(arguments)


# --- the environment --------------------------------------------------------------------------


def install(environment: Environment, *, use_uv: bool, started_s: float) -> None:
    """Make `.venv` match the pinned requirements, with the project installed in place.

    Parameters
    ----------
    environment
        The environment to bring up to date.
    use_uv
        Try the fast installer first; pip does the same from the same pins if it cannot be had.
    started_s
        Monotonic clock reading when the set-up began, for the closing line.
    """
    if environment.is_current():
        _compile(environment)
        _say("environment: up to date (.venv)")
        return
    environment.stamp.unlink(missing_ok=True)
    _make_virtual_environment(environment)
    installed = use_uv and _get_uv(environment) and _install_with_uv(environment)
    if not installed:
        _install_with_pip(environment)
    _compile(environment)
    environment.stamp.write_text(environment.fingerprint())
    _say(f"environment: ready (.venv), {time.monotonic() - started_s:.0f} s")


def _make_virtual_environment(environment: Environment) -> None:
    if sys.version_info < MINIMUM_PYTHON:
        raise MissingPrerequisiteError(
            f"this is Python {sys.version.split()[0]}, 3.11 or newer is needed; "
            "name one: make install PYTHON=/path/to/python3.11"
        )
    if _is_usable(environment):
        _say("environment: .venv exists and is reused")
        return
    try:
        import ensurepip  # noqa: F401 - absent on Debian until python3-venv is installed
        import venv  # noqa: F401
    except ImportError:
        raise MissingPrerequisiteError(
            "this Python cannot make virtual environments; run: apt install python3-venv"
        ) from None
    _say(f"environment: making .venv with Python {sys.version.split()[0]}")
    # --clear: what an interrupted set-up, or a copied checkout, left behind is not worth mending.
    _run(
        [sys.executable, "-m", "venv", "--clear", str(environment.folder)],
        what="making .venv",
        timeout_s=STEP_TIMEOUT_S,
    )


def _is_usable(environment: Environment) -> bool:
    """Whether `.venv` belongs to this checkout and its interpreter and pip answer."""
    if not environment.python.exists():
        return False
    probe = "import sys, pip; print(sys.prefix); sys.exit(sys.version_info < (3, 11))"
    try:
        answer = subprocess.run(
            [str(environment.python), "-c", probe],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0 and Path(answer.stdout.strip()) == environment.folder


def _get_uv(environment: Environment) -> bool:
    if environment.uv.exists():
        return True
    _say("installer: getting uv")
    try:
        _run(
            [*_pip(environment), "--require-hashes", "-r", str(environment.bootstrap_lock)],
            what="getting uv",
            timeout_s=STEP_TIMEOUT_S,
            log=environment.log,
        )
    except SetupError:
        _say("installer: uv cannot be had, going on with pip (slower, same packages)")
        return False
    return environment.uv.exists()


def _install_with_uv(environment: Environment) -> bool:
    count = _count_pins(environment.lock)
    _say(f"packages: {count} pinned ones, checked by hash, with uv")
    uv_pip = [str(environment.uv), "pip"]
    target = ["--python", str(environment.python)]
    lock = str(environment.lock)
    try:
        _run(
            [*uv_pip, "sync", *target, "--compile-bytecode", "--require-hashes", lock],
            what="installing packages",
            timeout_s=INSTALL_TIMEOUT_S,
            log=environment.log,
        )
        _say("project: installed in place")
        _run(
            [*uv_pip, "install", *target, *_in_place(environment)],
            what="installing the project",
            timeout_s=STEP_TIMEOUT_S,
            log=environment.log,
        )
    except SetupError as error:
        _say(f"installer: uv did not manage, trying again with pip; {error}")
        return False
    return True


def _install_with_pip(environment: Environment) -> None:
    count = _count_pins(environment.lock)
    _say(f"packages: {count} pinned ones, checked by hash, with pip")
    _run(
        [*_pip(environment), "--require-hashes", "-r", str(environment.lock)],
        what="installing packages",
        timeout_s=INSTALL_TIMEOUT_S,
        log=environment.log,
    )
    _say("project: installed in place")
    _run(
        [*_pip(environment), *_in_place(environment)],
        what="installing the project",
        timeout_s=STEP_TIMEOUT_S,
        log=environment.log,
    )


def _compile(environment: Environment) -> None:
    """Compile what changed of the project's own modules, as the packages are.

    Python does so by itself where it may write; where it may not (a shared folder, an account that
    forbids it), every start would compile everything anew, which takes 4 s.
    """
    folders = [str(environment.root / name) for name in PACKAGES]
    try:
        _run(
            [str(environment.python), "-m", "compileall", "-q", *folders],
            what="compiling the project",
            timeout_s=STEP_TIMEOUT_S,
        )
    except SetupError as error:
        _say(f"project: not compiled, it works but starts slower; {error}")


def _pip(environment: Environment) -> list[str]:
    return [
        str(environment.python),
        *("-m", "pip", "--disable-pip-version-check", "--no-input", "install"),
        *("--progress-bar", "off"),
    ]


def _in_place(environment: Environment) -> list[str]:
    # The build backend is among the pinned packages: nothing further is downloaded for the build.
    return ["--no-deps", "--no-build-isolation", "--editable", str(environment.root)]


def _count_pins(lock: Path) -> int:
    return sum("==" in line and not line.startswith((" ", "#")) for line in _lines(lock))


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


# --- the browser ------------------------------------------------------------------------------


def find_browser() -> Path | None:
    """Chromium or Chrome of this machine; `QAFILA_CHROMIUM` names one that is elsewhere."""
    named = os.environ.get("QAFILA_CHROMIUM")
    for name in (named,) if named else BROWSER_NAMES:
        found = shutil.which(name)
        if found:
            return Path(found)
    return None


def provide_browser(environment: Environment) -> None:
    """Find a browser and what drives it, or install them where allowed, or record why not.

    A missing browser is no failure: the browser tests are skipped with the recorded reason.
    """
    problem = browser_problem(environment.driver)
    if problem:
        problem = _install_browser(environment) or browser_problem(environment.driver)
    if not problem:
        environment.no_browser.unlink(missing_ok=True)
        _say(f"browser: {find_browser()}")
        return
    environment.no_browser.write_text(problem + "\n", encoding="utf-8")
    _say(f"browser: none, browser tests will be skipped: {problem}")


def browser_problem(driver: Path | None) -> str | None:
    """Why no test can drive a browser here, in one line; None when one can.

    Parameters
    ----------
    driver
        Playwright's own Node.js; None where the package is not installed.
    """
    named = os.environ.get("QAFILA_CHROMIUM")
    if not find_browser():
        if named:
            return f"QAFILA_CHROMIUM names {named}, which is no program"
        return "no Chromium on this machine; install it, or name one in QAFILA_CHROMIUM"
    if driver is None:
        return "playwright is not installed in this environment; run make install"
    try:
        answer = subprocess.run(
            [str(driver), "--version"], capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"playwright's driver does not start: {error}"
    if answer.returncode != 0:
        said = (answer.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return f"playwright's driver does not start: {said.rpartition('/')[2]}"
    return None


def _install_browser(environment: Environment) -> str | None:
    """Install through apt what is missing; returns why that could not be done, or None."""
    wanted = [*DRIVER_PACKAGES]
    if not find_browser():
        if os.environ.get("QAFILA_CHROMIUM"):
            return browser_problem(environment.driver)  # that one is meant, not another one
        wanted += BROWSER_PACKAGES
    elif environment.driver is None:
        return browser_problem(None)  # nothing that apt could mend
    refusal = _reason_not_to_install()
    if refusal:
        return f"{browser_problem(environment.driver)} ({refusal})"
    _say(f"browser: installing {', '.join(wanted)} with apt-get")
    return install_packages(wanted, log=environment.log)


def install_packages(packages: list[str], *, log: Path | None = None) -> str | None:
    """Install Debian packages; returns why that could not be done, or None."""
    refusal = _reason_not_to_install()
    if refusal:
        return refusal
    apt = [
        *(_as_root() or []),
        *("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y"),
        *("-o", "Acquire::Retries=2", "-o", "Acquire::http::Timeout=60"),
        *("-o", "DPkg::Lock::Timeout=120"),
    ]
    try:
        for command in (["update"], ["install", "--no-install-recommends", *packages]):
            _run(
                [*apt, *command],
                what=f"apt-get {command[0]}",
                timeout_s=BROWSER_TIMEOUT_S,
                log=log,
            )
    except SetupError as error:
        return str(error).replace("\n    ", " | ")
    return None


def _reason_not_to_install() -> str | None:
    if os.environ.get("QAFILA_NO_APT"):
        return "not installed: QAFILA_NO_APT is set"
    if not shutil.which("apt-get"):
        return "not installed: no apt-get here"
    if _as_root() is None:
        return "not installed: neither root nor sudo without a password"
    return None


def _as_root() -> list[str] | None:
    """What to put before a command so that it runs as root; None when that may not be done."""
    if os.geteuid() == 0:
        return []
    if not shutil.which("sudo"):
        return None
    try:
        allowed = subprocess.run(
            ["sudo", "-n", "true"], capture_output=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return ["sudo", "-n"] if allowed.returncode == 0 else None


# --- running a step ---------------------------------------------------------------------------


def _run(command: list[str], *, what: str, timeout_s: float, log: Path | None = None) -> None:
    """Run one step, its output to the log, a sign of life now and then, its end in the message."""
    variables = {"UV_HTTP_TIMEOUT": "120", **os.environ, "UV_NO_PROGRESS": "1"}
    started_s = time.monotonic()
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        output: list[str] = []
        reader = threading.Thread(target=output.extend, args=(process.stdout,), daemon=True)
        reader.start()
        try:
            status = _wait(process, what=what, deadline_s=started_s + timeout_s)
        except BaseException:
            _end(process)
            raise
        reader.join(timeout=10)
    text = "".join(output)
    if log is not None:
        with log.open("a", encoding="utf-8") as file:
            file.write(f"$ {' '.join(command)}\n{text}[exit {status}]\n")
    if status != 0:
        raise SetupError(_failure(what, status, text, log))


def _wait(process: subprocess.Popen[str], *, what: str, deadline_s: float) -> int:
    started_s = time.monotonic()
    while True:
        left_s = max(deadline_s - time.monotonic(), 0)
        try:
            return process.wait(timeout=min(left_s, HEARTBEAT_S))
        except subprocess.TimeoutExpired:
            now_s = time.monotonic()
            if now_s >= deadline_s:
                raise SetupError(
                    f"{what} was not done after {deadline_s - started_s:.0f} s and was stopped; "
                    "look at the network and run it again"
                ) from None
            _say(f"  … still {what} ({now_s - started_s:.0f} s)")


def _end(process: subprocess.Popen[str]) -> None:
    """End a step and whatever it started: it leads a process group of its own."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
            process.wait(timeout=10)
        except ProcessLookupError:
            return
        except (PermissionError, subprocess.TimeoutExpired):
            continue


def _failure(what: str, status: int, text: str, log: Path | None) -> str:
    last = [line.strip() for line in text.splitlines() if line.strip()][-6:]
    said = "\n    ".join(["", *last]) if last else " it said nothing"
    where = f"; all of it is in {log.parent.name}/{log.name}" if log else ""
    return f"{what} ended with status {status}{where}:{said}"


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
