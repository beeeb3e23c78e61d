"""The set-up script: what it takes for finished, and what it says when something is in the way."""

import os
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture
def environment(setup_script: ModuleType, tmp_path: Path) -> Any:
    """A finished environment of a checkout with two pins."""
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    (tmp_path / "requirements.lock").write_text(
        "one==1.0 \\\n    --hash=sha256:00\n    # via two==2\ntwo==2.0 \\\n    --hash=sha256:11\n"
    )
    made = setup_script.Environment(tmp_path)
    made.python.parent.mkdir(parents=True)
    made.python.symlink_to(sys.executable)
    made.stamp.write_text(made.fingerprint())
    return made


def test_finished_environment_is_left_alone(
    setup_script: ModuleType, environment: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(environment.folder.rglob("*"))
    setup_script.install(environment, use_uv=True, started_s=time.monotonic())
    assert "up to date" in capsys.readouterr().out
    assert sorted(environment.folder.rglob("*")) == before


def test_modules_are_compiled_where_python_itself_may_not_do_so(
    setup_script: ModuleType, environment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = environment.root / "geo" / "point.py"
    module.parent.mkdir()
    module.write_text("X = 1\n")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    setup_script.install(environment, use_uv=True, started_s=time.monotonic())
    (compiled,) = (module.parent / "__pycache__").glob("point.*.pyc")
    first = compiled.stat().st_mtime_ns
    module.write_text("X = 22\n")
    later = module.stat().st_mtime + 10
    os.utime(module, (later, later))
    setup_script.install(environment, use_uv=True, started_s=time.monotonic())
    assert compiled.stat().st_mtime_ns > first


def test_a_module_that_cannot_be_compiled_does_not_end_the_set_up(
    setup_script: ModuleType, environment: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    (environment.root / "geo").mkdir()
    (environment.root / "geo" / "point.py").write_text("X = (\n")
    setup_script.install(environment, use_uv=True, started_s=time.monotonic())
    said = capsys.readouterr().out
    assert "not compiled" in said
    assert "up to date" in said


@pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml"])
def test_changed_file_asks_for_a_new_installation(environment: Any, name: str) -> None:
    path = environment.root / name
    path.write_text(path.read_text() + "# changed\n")
    assert not environment.is_current()


def test_copied_checkout_asks_for_a_new_installation(
    setup_script: ModuleType, environment: Any, tmp_path: Path
) -> None:
    """Scripts in a copied .venv still start the original's interpreter."""
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("requirements.lock", "pyproject.toml", ".venv"):
        (environment.root / name).rename(copy / name)
    assert not setup_script.Environment(copy).is_current()


def test_removed_interpreter_asks_for_a_new_installation(environment: Any) -> None:
    environment.python.unlink()
    environment.python.symlink_to(environment.root / "gone")
    assert not environment.is_current()


def test_incomplete_checkout_is_named(setup_script: ModuleType, environment: Any) -> None:
    environment.lock.unlink()
    with pytest.raises(setup_script.MissingPrerequisiteError, match=r"requirements\.lock is miss"):
        environment.fingerprint()


def test_pins_are_counted_without_hashes_and_comments(
    setup_script: ModuleType, environment: Any
) -> None:
    assert setup_script._count_pins(environment.lock) == 2


def test_failed_step_says_what_it_said_last_and_where_the_rest_is(
    setup_script: ModuleType, tmp_path: Path
) -> None:
    log = tmp_path / ".venv" / "log"
    log.parent.mkdir()
    command = [sys.executable, "-c", "print('disk full'); raise SystemExit(7)"]
    with pytest.raises(setup_script.SetupError, match="status 7") as caught:
        setup_script._run(command, what="fetching", timeout_s=60, log=log)
    assert "disk full" in str(caught.value)
    assert ".venv/log" in str(caught.value)
    assert "disk full" in log.read_text()


def test_step_over_its_time_is_ended_with_its_children(
    setup_script: ModuleType, tmp_path: Path
) -> None:
    pid_file = tmp_path / "pid"
    script = f"sleep 60 & echo $! > {pid_file}; wait"
    with pytest.raises(setup_script.SetupError, match="was not done after 1 s"):
        setup_script._run(["sh", "-c", script], what="sleeping", timeout_s=1)
    child = int(pid_file.read_text())
    deadline_s = time.monotonic() + 10
    while _runs(child) and time.monotonic() < deadline_s:
        time.sleep(0.05)
    assert not _runs(child)


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


# --- the browser ------------------------------------------------------------------------------


@pytest.fixture
def driven(environment: Any, tmp_path: Path) -> Any:
    """The environment with a driver that starts."""
    driver = environment.folder / "lib/python3.11/site-packages/playwright/driver/node"
    driver.parent.mkdir(parents=True)
    driver.symlink_to(sys.executable)
    return environment


def test_named_browser_is_found_and_an_old_refusal_forgotten(
    setup_script: ModuleType, driven: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    driven.no_browser.write_text("no right to install it\n")
    monkeypatch.setenv("QAFILA_CHROMIUM", sys.executable)
    setup_script.provide_browser(driven)
    assert setup_script.find_browser() == Path(sys.executable)
    assert not driven.no_browser.exists()


def test_named_browser_that_is_none_is_the_recorded_reason(
    setup_script: ModuleType, driven: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever names a browser means that one; another one is not taken in its place."""
    monkeypatch.setenv("QAFILA_CHROMIUM", "/nonexistent/chromium")
    setup_script.provide_browser(driven)
    assert "names /nonexistent/chromium" in driven.no_browser.read_text()


def test_driver_that_does_not_start_is_a_problem_of_its_own(
    setup_script: ModuleType, driven: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a bare Debian 12, where the browser is there and the driver lacks a library."""
    monkeypatch.setenv("QAFILA_CHROMIUM", sys.executable)
    assert setup_script.browser_problem(driven.driver) is None
    broken = driven.driver.with_name("broken")
    broken.write_text("#!/bin/sh\necho 'libatomic.so.1: cannot open' >&2; exit 127\n")
    broken.chmod(0o755)
    assert "libatomic.so.1: cannot open" in setup_script.browser_problem(broken)
    assert "playwright is not installed" in setup_script.browser_problem(None)


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({"QAFILA_NO_APT": "1"}, "QAFILA_NO_APT is set"),
        ({}, "no apt-get here"),
    ],
)
def test_machine_without_browser_records_the_reason(
    setup_script: ModuleType,
    driven: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variables: dict[str, str],
    reason: str,
) -> None:
    monkeypatch.delenv("QAFILA_CHROMIUM", raising=False)
    monkeypatch.delenv("QAFILA_NO_APT", raising=False)
    monkeypatch.setenv("PATH", os.fspath(tmp_path))
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    setup_script.provide_browser(driven)
    recorded = driven.no_browser.read_text()
    assert "no Chromium on this machine" in recorded
    assert reason in recorded
    assert reason in capsys.readouterr().out
