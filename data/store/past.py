"""The past: a situation as it was known after one event, to be read and never changed."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, NoReturn

from data.store.engine import for_writing, memory_engine, reading, writing
from data.store.replay import replay
from data.store.schema import PROJECTIONS
from data.store.store import Store
from geo.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from data.events import NewEvent
    from data.store.postgres_rows import Statement
    from data.store.read import Reader


class PastStore(Store):
    """A store as it was after event `until`; close it, or use it in a ``with`` block.

    Its projections are replayed into memory. It is a `Store`, so whatever reads one reads the past
    as well, and it refuses with `RuleError` whatever would change anything. Private tables have no
    past: they are those of now.
    """

    def __init__(self, below: Store, *, until: int) -> None:
        super().__init__(below._engine, clock=below._clock, ids=below._ids, wait_s=below._wait_s)
        self._memory = memory_engine()
        self._turn = threading.RLock()
        self._projections = self._in_turn
        self._until = until
        try:
            with (
                reading(self._engine) as ledger,
                writing(for_writing(self._memory)) as target,
            ):
                PROJECTIONS.create_all(target)
                replay(source=ledger, target=target, until=until)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Release the memory; the database stays open for the store of now."""
        self._memory.dispose()

    def check(self, events: Sequence[NewEvent]) -> NoReturn:
        """Refuse: nothing may be recorded into the past."""
        self._refuse()

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[Reader]:
        """Give itself: the past stands still."""
        yield self

    def _writing(self, question: Statement | None = None) -> NoReturn:
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise RuleError(
            f"the past, as known at event {self._until}",
            "it is read only: what happened is never changed",
            "go back to the present to record something",
        )

    @contextlib.contextmanager
    def _in_turn(self) -> Iterator[Connection]:
        # One connection holds the memory, so threads take turns.
        with self._turn, reading(self._memory) as connection:
            yield connection
