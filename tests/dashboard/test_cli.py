"""The command line as people and auditors meet it."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dashboard.cli import main
from dashboard.operations.situation import Situation
from tests.osm_file import write_osm

TOOL = Path(__file__).resolve().parents[2] / "tools" / "verify_ledger.py"


@pytest.fixture
def valley_home(tmp_path: Path) -> Path:
    """The four villages in a situation of Morocco."""
    home = tmp_path / "home"
    osm = str(write_osm(tmp_path / "valley.osm"))
    assert main(["init", "--home", str(home), "--timezone", "Africa/Casablanca"]) == 0
    assert main(["load", "roads", osm, "--home", str(home)]) == 0
    assert main(["load", "places", osm, "--clip", "--home", str(home)]) == 0
    return home


def test_plain_output_says_what_is_in_a_value_and_never_how_many_parts_it_has(
    valley_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = tmp_path / "needs.csv"
    sheet.write_text("place,item,quantity\nTinmel,tent,7\nTinmel,gold,1\n", encoding="utf-8")
    capsys.readouterr()
    assert main(["upload", "needs", str(sheet), "--org", "N", "--home", str(valley_home)]) == 1
    shown = capsys.readouterr().out
    assert "column item, value gold, expected a relief item" in shown
    assert main(["assess", "--home", str(valley_home)]) == 0
    assert "item tent, quantity 7.0" in capsys.readouterr().out


def test_a_head_can_be_kept_in_a_file_and_checked_against_by_both_verifiers(
    valley_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ["--home", str(valley_home)]
    for name, options in (("line.txt", []), ("head.json", ["--json"])):
        capsys.readouterr()
        assert main(["ledger", "head", *home, *options]) == 0
        (tmp_path / name).write_text(capsys.readouterr().out, encoding="utf-8")
    assert (tmp_path / "line.txt").read_text(encoding="utf-8").count("\n") == 1
    ledger = tmp_path / "ledger.jsonl"
    assert main(["ledger", "export", str(ledger), *home]) == 0
    for name in ("line.txt", "head.json"):
        assert main(["verify", "--against", str(tmp_path / name), *home]) == 0
        alone = [sys.executable, str(TOOL), str(ledger), "--against", str(tmp_path / name)]
        assert subprocess.run(alone, check=False, capture_output=True).returncode == 0
    cut = ledger.read_text(encoding="utf-8").splitlines(keepends=True)[:-1]
    ledger.write_text("".join(cut), encoding="utf-8")
    assert subprocess.run(alone, check=False, capture_output=True).returncode == 1


def test_a_time_without_zone_is_in_the_situations_own(
    valley_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    close = ["close", "--near", "-7.975,31.0", "--until", "2099-06-01T12:00"]
    assert main([*close, "--home", str(valley_home)]) == 0
    with Situation.open(valley_home) as situation:
        (closure,) = situation.store.closures()
    assert closure.until == datetime(2099, 6, 1, 11, 0, tzinfo=UTC)


@pytest.mark.parametrize("hours", ["nan", "-3", "0", "inf"])
def test_a_time_limit_that_is_none_is_refused(
    valley_home: Path, hours: str, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["reach", f"--hours={hours}", "--home", str(valley_home)]) == 2
    assert "a number above 0" in capsys.readouterr().err


def test_misused_words_get_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["load", "bogus", "x"], ["fly"], ["upload", "needs", "x.csv"]):
        with pytest.raises(SystemExit) as stopped:
            main(words)
        assert stopped.value.code == 2
        shown = capsys.readouterr().err
        assert shown.count("\n") == 1
        assert shown.startswith("qafila")


def test_closing_the_same_edge_again_says_what_closed_it_before(
    valley_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ["--home", str(valley_home)]
    assert main(["close", "w11:3-4", "w11:3-4", *home]) == 0
    with Situation.open(valley_home) as situation:
        (first,) = situation.store.closures()
    assert first.edges == ("w11:3-4",)
    capsys.readouterr()
    assert main(["close", "w11:3-4+", *home]) == 0
    shown = capsys.readouterr().out
    assert first.closure_id in shown
    assert "truck" in shown  # all classes are named, not left empty
