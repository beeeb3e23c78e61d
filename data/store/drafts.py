"""Drafts: from what a caller hands over to rows of the ledger.

Everything that needs no lock (validation, canonical text) is done before the transaction begins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from data.events import EVENT_TYPES, Event, NewEvent
from data.store.acting import acting
from data.store.canonical import canonical_text
from data.store.chain import GENESIS, EventRow, seal
from data.store.engine import write_rows
from data.store.heads import utc_text
from data.store.schema import EVENTS
from data.store.state import Fact
from geo.errors import InputError, Problem, RuleError, SchemaError, TooLargeError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection

#: The largest payload in bytes of canonical JSON: 20,000 edge ids need about 600 kB.
MAX_PAYLOAD_BYTES = 4 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An event ready to be recorded: all texts as they will be stored."""

    payload: Event
    payload_text: str
    reported_at: str | None
    organisation_id: str | None
    actor: str | None
    provenance: str | None
    client_id: str | None
    upload_id: str | None

    def fact(self, *, seq: int, recorded_at: str) -> Fact:
        """Give the event as rules and projections see it."""
        return Fact(
            seq=seq,
            type=self.payload.type,
            recorded_at=recorded_at,
            reported_at=self.reported_at,
            organisation_id=self.organisation_id,
            upload_id=self.upload_id,
            payload=self.payload,
        )


def draft(event: NewEvent) -> Draft:
    """Check an event by itself and write its texts.

    Raises `SchemaError` for a payload that does not fit its type, `TooLargeError` for one that is
    too long, `InputError` for values that JSON cannot hold.
    """
    given = event.payload
    if EVENT_TYPES.get(getattr(type(given), "type", "")) is not type(given):
        raise InputError(
            f"payload of {type(given).__name__}", "a type of data.events is needed", "use one"
        )
    text = canonical_text(_json(given))
    if len(text) > MAX_PAYLOAD_BYTES or len(text.encode()) > MAX_PAYLOAD_BYTES:
        raise TooLargeError(
            f"{given.type}: a payload of {len(text):,} characters",
            f"at most {MAX_PAYLOAD_BYTES:,} bytes",
            "put large content into the archive and name its ref, or send several events",
        )
    provenance, who = event.provenance, acting()
    return Draft(
        payload=_as_stored(given, text),
        payload_text=text,
        reported_at=None if event.reported_at is None else utc_text(event.reported_at),
        organisation_id=event.organisation_id or who.organisation_id,
        actor=event.actor or who.actor,
        provenance=None if provenance is None else canonical_text(provenance.model_dump_json()),
        client_id=event.client_id,
        upload_id=None if provenance is None else provenance.upload_id,
    )


def _json(payload: Event) -> str:
    try:
        return payload.model_dump_json(warnings="none")
    except (ValueError, TypeError, AttributeError) as error:
        raise InputError(
            f"payload of {payload.type}", f"values that JSON can hold are needed ({error})", ""
        ) from error


def _as_stored(payload: Event, text: str) -> Event:
    """Read the payload from its text, as a replay will: what cannot be read is not recorded."""
    try:
        return type(payload).model_validate_json(text)
    except ValidationError as error:
        problems = tuple(
            Problem(
                row="",
                column=".".join(map(str, fault["loc"])),
                value=str(fault.get("input", ""))[:200],
                expected=fault["msg"],
            )
            for fault in error.errors(include_url=False)
        )
        raise SchemaError(
            f"payload of {payload.type}",
            "; ".join(f"{problem.column}: {problem.expected}" for problem in problems[:5]),
            "correct the values",
            problems=problems,
        ) from error


def sealed_rows(
    drafts: Sequence[Draft],
    *,
    last: EventRow | None,
    now: str,
    new_id: Callable[[str], str],
) -> list[EventRow]:
    """Number the events, tie each to the one before it and hash it.

    Time never runs backwards in a ledger: where the clock is behind the last event, that event's
    time is kept and `clock_held` says so.
    """
    held = last is not None and now < last.recorded_at
    recorded_at = last.recorded_at if last is not None and held else now
    seq = last.seq if last else 0
    prev_hash = last.hash if last else GENESIS
    rows: list[EventRow] = []
    for one in drafts:
        seq += 1
        row = seal(
            EventRow(
                seq=seq,
                event_id=new_id("event"),
                type=one.payload.type,
                version=one.payload.version,
                recorded_at=recorded_at,
                reported_at=one.reported_at,
                organisation_id=one.organisation_id,
                actor=one.actor,
                provenance=one.provenance,
                client_id=one.client_id,
                clock_held=held,
                payload=one.payload_text,
                prev_hash=prev_hash,
                hash="",
                subject_id=one.payload.subject_id,
                upload_id=one.upload_id,
            )
        )
        rows.append(row)
        prev_hash = row.hash
    return rows


def insert_rows(connection: Connection, rows: Sequence[EventRow]) -> None:
    """Write rows into the ledger."""
    write_rows(connection, EVENTS, [row._asdict() for row in rows], replace=False)


def require_same_type(one: Draft, known: EventRow) -> None:
    """Refuse a client id that stands for something else already."""
    if known.type != one.payload.type:
        raise RuleError(
            f"client id {one.client_id!r} of {one.payload.type}",
            f"it was used for {known.type} (event {known.seq})",
            "make a new client id for each thing that is sent",
        )
