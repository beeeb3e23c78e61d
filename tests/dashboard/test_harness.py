"""The harness of the page's tests leaves the test process as it was."""

from __future__ import annotations

import multiprocessing
import sys
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

_BEFORE = pytest.StashKey[Any]()


def _page() -> None:
    import streamlit as st

    st.write("a page")


def test_the_harness_replaces_main(request: Any) -> None:
    """Why the fixture is there: if this fails, Streamlit no longer does it."""
    before = sys.modules["__main__"]
    AppTest.from_function(_page).run()
    assert sys.modules["__main__"] is not before
    request.config.stash[_BEFORE] = before


def test_and_the_next_test_can_spawn_a_process(request: Any) -> None:
    before = request.config.stash.get(_BEFORE, None)
    assert before is None or sys.modules["__main__"] is before
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply_async(len, ("four",)).get(timeout=60) == 4
