"""Moving a situation between engines: its ledger copied as it is, checked before the copy counts.

Hashes, ids and times are those of the source; what is private goes along as it is, sealed; the
projections are made from the copied ledger and compared with the source's, row by row. All of it is
one transaction of the target: a copy is whole and equal, or it is not there. The source takes no
writes meanwhile, or is read as it was at one moment (`while_written`).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from data.store import migrate, views
from data.store.chain import ChainCheck, EventRow
from data.store.drafts import insert_rows
from data.store.engine import (
    database_url,
    for_writing,
    open_engine,
    prepare,
    reading,
    shown,
    translated,
    writing,
)
from data.store.lookup import last_row
from data.store.place import make_place, require_empty
from data.store.private import copy_private
from data.store.projections import dump
from data.store.read import EVENTS_PER_READ, event_rows
from data.store.replay import replay
from geo.errors import StoreError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from data.store.store import Store

Progress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What was copied: `head` is the line that both ledgers end with, `place` says where to."""

    events: int
    rows: int
    head: str
    place: str


def move(
    source: Store, place: str, *, progress: Progress | None = None, while_written: bool = False
) -> Moved:
    """Copy a situation into an empty database and check the copy.

    Parameters
    ----------
    source
        An open store; it stays as it is.
    place
        Address of the target: ``sqlite:///file`` or ``postgresql://…``.
    while_written
        Copy one moment while others go on writing; else the source takes no writes meanwhile.

    Raises
    ------
    StoreError
        The target is not empty or cannot be written to, the source's chain is broken, or its
        projections are not what its ledger says; nothing is copied then.
    """
    say = progress or (lambda _share, _text: None)
    url = database_url(place)
    make_place(url)
    engine = open_engine(url)
    try:
        with reading(engine) as connection:
            require_empty(connection)
        prepare(engine)
        with (
            translated(source.url),
            source.reading() if while_written else source.writing() as origin,
            writing(for_writing(engine)) as target,
        ):
            require_empty(target)
            migrate.upgrade(target)
            views.create(target)
            walk = ChainCheck()
            last = last_row(origin)
            total = 0 if last is None else last.seq
            for rows in _parts(origin):
                insert_rows(target, rows)
                say(0.4 * rows[-1].seq / total, f"copied {rows[-1].seq:,} of {total:,} events")
            copy_private(origin, target)
            say(0.4, "making the tables of state")
            replay(source=target, target=target, until=None)
            say(0.7, "checking the copy")
            for rows in _parts(target):
                for _ in walk.follow(rows):
                    pass
            count, head = _require_equal(origin, target, walk, shown(source.url))
        return Moved(events=walk.events, rows=count, head=head, place=shown(url))
    finally:
        engine.dispose()


def _parts(connection: Connection) -> Iterator[list[EventRow]]:
    last = 0
    while rows := list(event_rows(connection, after=last, limit=EVENTS_PER_READ)):
        yield rows
        last = rows[-1].seq


def _require_equal(
    origin: Connection, target: Connection, walk: ChainCheck, name: str
) -> tuple[int, str]:
    """Compare what the copy holds with the source; gives the number of rows of state, the head."""
    finding = walk.finish()
    if not finding.ok:
        raise StoreError(
            name,
            f"a ledger whose chain holds is needed ({finding.problems[0]})",
            "run `qafila verify`; nothing was copied",
        )
    rows = 0
    events = itertools.zip_longest(
        itertools.chain.from_iterable(_parts(origin)), itertools.chain.from_iterable(_parts(target))
    )
    for mine, theirs in events:
        if mine != theirs:
            raise StoreError(
                name, "the copied ledger is not the same", "report this; nothing was copied"
            )
    for line, other in itertools.zip_longest(dump(origin), dump(target)):
        rows += 1
        if line != other:
            raise StoreError(
                name,
                "tables of state that the ledger gives are needed, and these differ from it",
                "run `qafila rebuild` first; nothing was copied",
            )
    return rows, finding.head
