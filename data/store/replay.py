"""Projections made anew from the ledger, and how they differ from those that are stored."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from data.store.projections import apply, touches
from data.store.read import EVENTS_PER_READ, LedgerHistory, event_rows, fact
from data.store.state import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection


def replay(*, source: Connection, target: Connection, until: int | None) -> int:
    """Make empty projections from the ledger; gives the number of events."""
    state = State(target, LedgerHistory(source))
    count, last = 0, 0
    while True:
        rows = list(event_rows(source, after=last, until=until, limit=EVENTS_PER_READ))
        if not rows:
            return count
        facts = list(map(fact, rows))
        state.prefetch(touch for one in facts for touch in touches(one.payload, one.upload_id))
        for one in facts:
            apply(state, one)
        state.flush()
        count += len(rows)
        last = rows[-1].seq


def differences(stored: Iterator[str], replayed: Iterator[str]) -> Iterator[str]:
    """Say where the lines of two dumps differ."""
    for mine, true in itertools.zip_longest(stored, replayed):
        if mine != true:
            yield (
                f"projections differ from the ledger: stored {_short(mine)}, "
                f"the ledger says {_short(true)}; run `qafila rebuild`"
            )


def _short(line: str | None) -> str:
    if line is None:
        return "nothing"
    return line if len(line) <= 160 else f"{line[:159]}…"
