"""Coroutines from tests, in a thread of their own.

Browser tests keep an event loop running in the main thread of their process, and any other
test may follow them there: `asyncio.run` would refuse.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Wait for `work` and return what it returns."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, work).result()  # noqa: TID251
