"""What surrounds a payload: on its way to the store, and in the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, StringConstraints

from data.events.base import Event, Id, Provenance, Strict


class NewEvent(Strict):
    """What a caller hands to the store: the payload and what surrounds it.

    A `client_id` makes the append idempotent: the event is recorded once, however often it is sent.
    """

    payload: Event
    organisation_id: Id | None = None
    actor: Id | None = None
    reported_at: AwareDatetime | None = None
    provenance: Provenance | None = None
    client_id: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None


class RecordedEvent(Strict):
    """An event as the ledger holds it, with its place in the chain.

    `clock_held` says that the recorder's clock was behind the event before it, whose time was kept.
    """

    seq: int
    event_id: Id
    type: str
    version: int
    recorded_at: datetime
    reported_at: datetime | None
    organisation_id: str | None
    actor: str | None
    provenance: Provenance | None
    client_id: str | None
    clock_held: bool
    payload: dict[str, Any]
    prev_hash: str
    hash: str
