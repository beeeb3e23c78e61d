"""The drill, built once for all tests of it."""

from pathlib import Path

import pytest

from data.demo.build import Drill, build_drill
from data.demo.tables import Tables, read_tables


@pytest.fixture(scope="session")
def tables() -> Tables:
    return read_tables()


@pytest.fixture(scope="session")
def drill(tmp_path_factory: pytest.TempPathFactory) -> Drill:
    folder: Path = tmp_path_factory.mktemp("drill")
    return build_drill(folder)
