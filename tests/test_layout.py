"""The four packages have everyday names, so what is imported must be this checkout's."""

import importlib
import os
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

PACKAGES = ("geo", "routing", "data", "dashboard")


@pytest.mark.parametrize("name", PACKAGES)
def test_package_is_the_one_of_this_checkout(name: str, checkout: Path) -> None:
    module = importlib.import_module(name)
    assert module.__file__ == str(checkout / name / "__init__.py")


@pytest.mark.parametrize("name", PACKAGES)
def test_package_says_what_it_is_for(name: str) -> None:
    assert len((importlib.import_module(name).__doc__ or "").split()) >= 8


def test_no_test_folder_is_a_package(checkout: Path) -> None:
    """A `tests/geo/__init__.py` would hide the real `geo`."""
    assert list((checkout / "tests").rglob("__init__.py")) == []


def test_console_script_resolves_to_a_function(checkout: Path) -> None:
    scripts = _pyproject(checkout)["project"]["scripts"]
    assert set(scripts) == {"qafila"}
    entry = EntryPoint(name="qafila", value=scripts["qafila"], group="console_scripts")
    assert callable(entry.load())


def test_command_runs_from_any_folder(tmp_path: Path) -> None:
    """The installed command, where the checkout is not the working folder."""
    command = Path(sys.executable).parent / "qafila"
    if not command.exists():
        pytest.skip("the project is not installed in this environment; `make test` installs it")
    answer = subprocess.run(
        [str(command), "--help"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert "demo" in answer.stdout


@pytest.mark.slow
def test_wheel_carries_every_file_of_the_packages(checkout: Path, tmp_path: Path) -> None:
    """Tables, fonts, scripts and styles are package data: a wheel without them has a blank map."""
    pytest.importorskip("hatchling", reason="hatchling is not in this environment")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=checkout,
        capture_output=True,
        text=True,
        timeout=240,
        check=True,
    )
    (wheel,) = tmp_path.glob("qafila-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if name.split("/")[0] in PACKAGES}
        (metadata,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        assert "License-Expression: Apache-2.0" in archive.read(metadata).decode()
    assert packed == _package_files(checkout)


def _package_files(checkout: Path) -> set[str]:
    return {
        os.fspath(path.relative_to(checkout))
        for package in PACKAGES
        for path in (checkout / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def _pyproject(checkout: Path) -> dict[str, dict[str, dict[str, str]]]:
    return tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_names_of_tests_are_the_same_in_every_process(checkout: Path) -> None:
    """Workers that collect at another second must find the same tests, or none is run."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:xdist", "tests"]
    names = []
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(
            command, cwd=checkout, env=environment, capture_output=True, text=True, check=True
        )
        names.append([line for line in done.stdout.splitlines() if "::" in line])
    assert len(names[0]) > 1_000
    assert names[0] == names[1]
