"""Which projection belongs to which event, and what all projections share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import Table

from data.store.heads import utc_text
from data.store.schema import UPLOADS
from data.store.state import Fact, Key, Row, State

if TYPE_CHECKING:
    from datetime import datetime

    from data.events import Event

Apply: TypeAlias = Callable[[State, Fact, Any], None]
Reads: TypeAlias = Callable[[Any], Iterator[tuple[Table, Key]]]


@dataclass(frozen=True, slots=True)
class Projection:
    """The table whose row an event is about, and what the event does to it."""

    table: Table
    apply: Apply
    #: Whether `upload.undone` takes the event's effect back. What was computed stays computed.
    undoable: bool = True
    #: Further rows that rule and projection read, as far as the payload alone tells.
    reads: Reads | None = None


BY_TYPE: dict[str, Projection] = {}


def projects(
    event: type[Event], table: Table, *, undoable: bool = True, reads: Reads | None = None
) -> Callable[[Apply], Apply]:
    """Register the decorated function as what the event does to a row of `table`."""

    def register(function: Apply) -> Apply:
        BY_TYPE[event.type] = Projection(table, function, undoable, reads)
        return function

    return register


def apply(state: State, fact: Fact) -> None:
    """Change the state by one event."""
    BY_TYPE[fact.type].apply(state, fact, fact.payload)


def touches(payload: Event, upload_id: str | None) -> Iterator[tuple[Table, Key]]:
    """Rows that rules and projection will read, as far as the event alone tells."""
    projection = BY_TYPE[payload.type]
    if projection.reads is not None:
        yield from projection.reads(payload)
    if upload_id is not None:
        yield UPLOADS, (upload_id,)
    if payload.subject:
        yield projection.table, (payload.subject_id,)


def is_undone(state: State, upload_id: str | None) -> bool:
    """Whether an upload was taken back."""
    if upload_id is None:
        return False
    row = state.row(UPLOADS, upload_id)
    return row is not None and row["undone_at"] is not None


def mark(fact: Fact, *, removed: bool = False) -> Row:
    """Give the columns that every row has: the event that last touched it, whether it is gone."""
    return {"removed": removed, "seq": fact.seq}


def time_text(moment: datetime | None) -> str | None:
    """Write an aware moment as the store does; None stays None."""
    return None if moment is None else utc_text(moment)
