"""What is read once within one act, and anew outside of it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from dashboard.operations.one_moment import once, one_moment
from dashboard.operations.situation import Situation


def counting() -> Callable[[], int]:
    made = iter(range(1, 100))
    return lambda: next(made)


def test_within_a_moment_it_is_made_once_for_each_owner_and_key() -> None:
    make, one, other = counting(), object(), object()
    with one_moment():
        found = [once(one, "a", make), once(one, "a", make), once(one, "b", make)]
        assert [*found, once(other, "a", make)] == [1, 1, 2, 3]
    assert [once(one, "a", make), once(one, "a", make)] == [4, 5]


def test_it_ends_with_an_error_and_is_nobody_elses() -> None:
    make, one = counting(), object()
    with one_moment(), ThreadPoolExecutor(1) as pool:
        assert once(one, "a", make) == 1
        assert pool.submit(once, one, "a", make).result() == 2
    with pytest.raises(ZeroDivisionError), one_moment():
        raise ZeroDivisionError
    assert once(one, "a", make) == 3


def test_a_situation_says_what_it_is_anew_outside(empty: Situation) -> None:
    with one_moment():
        before = empty.info()
        empty.record(empty.area_event((-8.3, 30.9, -7.9, 31.3)))
        assert empty.info() == before
    assert empty.info().bounds == (-8.3, 30.9, -7.9, 31.3)
