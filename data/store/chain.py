"""The chain: how an event is written, hashed and tied to the one before it, and the check of it.

The hash of an event is the SHA-256 of its canonical JSON (RFC 8785) without the field `hash`, with
`prev_hash`, the hash of the event before it (64 zeros for the first), and with `seq`, its number.
So one hash, the *head*, stands for everything that came before it. `docs/ledger.md` says what that
proves and what it does not; `tools/verify_ledger.py` checks it with none of this code.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any, NamedTuple

from data.events import EVENT_TYPES
from data.store.canonical import parse_canonical
from data.store.heads import Head, SignedHead
from data.store.merkle import MerkleTree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

GENESIS = "0" * 64
MAX_PROBLEMS = 100


class EventRow(NamedTuple):
    """A row of the table `events`, columns in its order."""

    seq: int
    event_id: str
    type: str
    version: int
    recorded_at: str
    reported_at: str | None
    organisation_id: str | None
    actor: str | None
    provenance: str | None
    client_id: str | None
    clock_held: bool
    payload: str
    prev_hash: str
    hash: str
    subject_id: str
    upload_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What a check of the ledger found.

    `head` is the line of the last event, empty where there is none; `problems` are sentences that
    say where and what, at most `MAX_PROBLEMS`.
    """

    ok: bool
    events: int
    head: str
    problems: tuple[str, ...]


def event_json(row: EventRow, *, with_hash: bool = True) -> str:
    """Write an event as canonical JSON; payload and provenance are canonical already."""
    # The keys stand in the order of RFC 8785. `hash` is left out of what is hashed.
    hash_field = f'"hash":{_quoted(row.hash)},' if with_hash else ""
    return (
        f'{{"actor":{_quoted(row.actor)},"client_id":{_quoted(row.client_id)},'
        f'"clock_held":{"true" if row.clock_held else "false"},'
        f'"event_id":{_quoted(row.event_id)},{hash_field}'
        f'"organisation_id":{_quoted(row.organisation_id)},"payload":{row.payload},'
        f'"prev_hash":{_quoted(row.prev_hash)},"provenance":{row.provenance or "null"},'
        f'"recorded_at":{_quoted(row.recorded_at)},"reported_at":{_quoted(row.reported_at)},'
        f'"seq":{row.seq:d},"type":{_quoted(row.type)},"version":{row.version:d}}}'
    )


def event_hash(row: EventRow) -> str:
    """Hash of an event, computed from its content."""
    return hashlib.sha256(event_json(row, with_hash=False).encode()).hexdigest()


def seal(row: EventRow) -> EventRow:
    """Give the event with its hash."""
    return row._replace(hash=event_hash(row))


@dataclass(slots=True)
class ChainCheck:
    """One walk along the chain, from the first event; collects what is wrong.

    `against` are heads that were handed out earlier; their signatures are for others to check.
    """

    against: Sequence[Head] = ()
    events: int = 0
    problems: list[str] = field(default_factory=list)
    last: EventRow | None = None
    situation_id: str = ""
    _heads: dict[int, list[Head]] = field(init=False, default_factory=dict)
    _tree: MerkleTree | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        """Sort the heads by the event that they name."""
        for head in self.against:
            self._heads.setdefault(head.seq, []).append(head)
        if any(isinstance(head, SignedHead) for head in self.against):
            self._tree = MerkleTree()

    def follow(self, rows: Iterable[EventRow]) -> Iterator[EventRow]:
        """Check each event and hand it on."""
        for row in rows:
            try:
                for problem in self._faults(row):
                    self.report(f"event {row.seq}: {problem}")
            except (TypeError, ValueError, AttributeError, KeyError) as error:
                # A column that holds another type than any event has: altered by other means.
                self.report(f"event {row.seq}: it cannot be read as an event ({error})")
            self.events += 1
            self.last = row
            yield row

    def report(self, problem: str) -> None:
        """Note a problem, unless there are too many already."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(problem)

    def finish(self) -> Verification:
        """Compare the end with the heads that were given, and sum up."""
        last = self.last
        if last is None:
            self.report("the ledger is empty: its events were deleted")
        for given in self.against:
            if self.situation_id and given.situation_id != self.situation_id:
                self.report(
                    f"the head is one of {given.situation_id}, this ledger is {self.situation_id}"
                )
            elif last is None or last.seq < given.seq:
                self.report(
                    f"the head names event {given.seq}, the ledger ends at "
                    f"{last.seq if last else 0}: its tail was cut"
                )
        return Verification(
            ok=not self.problems,
            events=self.events,
            head=self._head_text(),
            problems=tuple(self.problems),
        )

    def _faults(self, row: EventRow) -> Iterator[str]:
        last = self.last
        if last is None:
            if row.seq != 1:
                yield "the ledger does not begin with event 1: events before it were deleted"
            elif row.prev_hash != GENESIS or row.type != "situation.created":
                yield "the ledger does not begin as every ledger does: its beginning was replaced"
        else:
            if row.seq != last.seq + 1:
                yield f"it follows event {last.seq}: events between them were deleted"
            if row.prev_hash != last.hash:
                yield (
                    f"it is not tied to event {last.seq} before it: something was inserted, "
                    "deleted or put in another order"
                )
            if row.recorded_at < last.recorded_at:
                yield f"it was recorded before event {last.seq}"
        computed = event_hash(row)
        if computed != row.hash:
            yield "its content is not what was recorded: it was edited"
        if self._tree is not None:
            self._tree.add(computed)
        if given := self._heads.get(row.seq):
            yield from self._head_faults(row, given)
        yield from self._form_faults(row)

    def _head_faults(self, row: EventRow, given: Sequence[Head]) -> Iterator[str]:
        for head in given:
            if row.hash != head.hash:
                yield "it is another event than the head names: the ledger was rewritten"
            elif (
                isinstance(head, SignedHead)
                and self._tree is not None
                and self._tree.root() != head.root
            ):
                yield "the events up to it have another root than the head names"

    def _form_faults(self, row: EventRow) -> Iterator[str]:
        """What the hash does not tell: form, and the copies in columns of their own."""
        payload = parse_canonical(row.payload)
        provenance = parse_canonical(row.provenance) if row.provenance is not None else None
        if row.seq == 1:
            self.situation_id = str(payload.get("situation_id", ""))
        known = EVENT_TYPES.get(row.type)
        if known is not None and row.subject_id != (
            payload[known.subject] if known.subject else ""
        ):
            yield "the column subject_id is not what its payload says"
        if row.upload_id != (provenance or {}).get("upload_id"):
            yield "the column upload_id is not what its provenance says"

    def _head_text(self) -> str:
        try:
            return head_of(self.last, self.situation_id).text() if self.last else ""
        except (TypeError, ValueError):
            return ""


def head_of(row: EventRow, situation_id: str) -> Head:
    """Head of a ledger that ends with this event."""
    return Head(
        seq=row.seq,
        hash=row.hash,
        recorded_at=datetime.fromisoformat(row.recorded_at),
        situation_id=situation_id,
    )


def _quoted(value: Any) -> str:
    # The function raises TypeError for anything but text, which is what a check wants to know.
    return "null" if value is None else encode_basestring(value)
