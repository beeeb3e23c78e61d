"""Within one act, what is asked again and again and seldom changes is read once.

An act that asks many small questions (a phone's ten reports) would read the same rows of the
situation, its plans and its vehicle classes at every one of them. Outside of `one_moment` each
question is answered anew, so that nothing that is served for days grows old.
"""

from __future__ import annotations

import contextlib
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

Value = TypeVar("Value")

_held: ContextVar[dict[tuple[int, Hashable], Any] | None] = ContextVar("held", default=None)


@contextlib.contextmanager
def one_moment() -> Iterator[None]:
    """Let `once` answer from what it read first, in this thread or task, until the end."""
    token = _held.set({})
    try:
        yield
    finally:
        _held.reset(token)


def once(owner: object, key: Hashable, make: Callable[[], Value]) -> Value:
    """Give what `make` gives, made once for this owner and key within a `one_moment`."""
    held = _held.get()
    if held is None:
        return make()
    place = (id(owner), key)
    if place not in held:
        held[place] = make()
    value: Value = held[place]
    return value
