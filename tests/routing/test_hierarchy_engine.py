"""The compiled code is kept on disk, and nobody waits for it without being told."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from routing import hierarchy_compiler
from routing.hierarchy_engine import is_warm, warm_up

SAY = "from routing.hierarchy_engine import warm_up; warm_up(print)"


def test_a_warm_engine_says_nothing() -> None:
    warm_up()
    assert is_warm()
    said: list[str] = []
    warm_up(said.append)
    assert said == []


def test_nothing_that_was_there_before_needs_the_compiler() -> None:
    """The plain reference runs where numba does not, and starts without waiting for it."""
    code = "import sys, routing.reach, routing.solve; sys.exit('numba' in sys.modules)"
    root = Path(hierarchy_compiler.__file__).parents[1]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


@pytest.mark.slow
def test_the_first_use_says_that_it_compiles_and_the_second_does_not(tmp_path: Path) -> None:
    root = Path(hierarchy_compiler.__file__).parents[1]
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "compiled")}

    def run() -> str:
        answer = subprocess.run(
            [sys.executable, "-c", SAY],
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            timeout=240,
            check=True,
        )
        return answer.stdout

    first, second = run(), run()
    assert "compiling the road engine, once, about" in first
    assert second == ""


def test_a_folder_that_cannot_be_written_is_not_taken(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder", encoding="utf-8")
    assert not hierarchy_compiler._can_write(in_the_way / "below")
    assert hierarchy_compiler._can_write(tmp_path / "new")
