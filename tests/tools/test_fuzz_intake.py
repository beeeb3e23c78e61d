"""The fuzzer: what intake does with any file, and that a crash is kept as small as it gets."""

import json
import sys
from pathlib import Path

import pytest
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from fuzz_intake import fuzz, main, seed_files, situation, take  # noqa: E402


def test_good_files_of_every_format_are_taken(tmp_path: Path) -> None:
    outcomes = [take(content, tmp_path, situation()) for content in seed_files(None)]
    assert outcomes == ["taken"] * 8


def test_a_crash_is_kept_as_small_as_it_gets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def target(content: bytes) -> str:
        if b"x" in content:
            raise ValueError("broken")
        return "read"

    contents = st.text(alphabet="axb", max_size=40).map(str.encode)
    assert fuzz(target, contents, seconds=0.2, keep=tmp_path / "kept") == 1
    assert [path.read_bytes() for path in (tmp_path / "kept").iterdir()] == [b"x"]
    summary = json.loads(capsys.readouterr().out)
    assert summary["crashes"] == 1
    assert summary["files"] > 0


def test_a_short_run_finds_nothing(tmp_path: Path) -> None:
    assert main(["--minutes", "0.01", "--keep", str(tmp_path / "kept")]) == 0
    assert not (tmp_path / "kept").exists()
