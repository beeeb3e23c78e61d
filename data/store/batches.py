"""Batches of devices that were away: taken in their order, held while one before is missing.

A device numbers what it sends 1, 2, 3 … A batch whose turn has come is recorded, in one transaction
with the note that it was; one that came too early is held and recorded as soon as the gap is
closed; one that comes again gives the answer of the first time. So whatever order a bad network
delivers in, and however often, each batch counts once and in the order in which it was written.
Held batches lie in a private table: nothing of them is known to the situation yet.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, func, select

from data.events import EVENT_TYPES, NewEvent
from data.store.canonical import canonical_text
from data.store.drafts import draft
from data.store.engine import write_rows
from data.store.heads import utc_text
from data.store.private import BATCHES
from data.store.schema import EVENTS
from geo.errors import ConflictError, InputError, QafilaError, RuleError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from data.store.store import Store

#: What one batch may hold, and how many may wait: a phone that was away for weeks sends fewer.
MAX_ENTRIES = 500
MAX_HELD = 200
#: A number further ahead than this is a slip, not a gap.
MAX_AHEAD = 10_000

_HELD, _APPLIED, _SKIPPED = "held", "applied", "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What became of one entry: the event it is in the ledger, or why it was refused.

    `new` is false where its client id was recorded before.
    """

    seq: int | None
    new: bool
    subject_id: str
    refused: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A batch as it stands: held until `waits_for` came, or applied, with what became of it.

    `entries` is empty while the batch is held.
    """

    sender: str
    device: str
    sequence: int
    status: str
    n_entries: int
    received_at: str
    waits_for: int | None
    entries: tuple[Entry, ...]


def receive(
    store: Store,
    entries: Sequence[NewEvent | str],
    *,
    sender: str,
    device: str,
    sequence: int,
    digest: str,
    now: datetime,
) -> Batch:
    """Take in a batch: recorded now if it is its turn, with those that waited for it; else held.

    Parameters
    ----------
    entries
        Events in the order in which the device wrote them, or the reason why one cannot be read.
        One that breaks a rule is refused by itself; its neighbours go in.
    sender
        Id of the account or key; its devices are its own.
    sequence
        1 for the first batch of a device.
    digest
        Hash of what was sent, by which the same batch is known again.

    Raises
    ------
    ConflictError
        The number was used for a batch that says otherwise.
    InputError
        The batch is empty or too large, its number impossible, or too many of the device wait.
    """
    if not 1 <= len(entries) <= MAX_ENTRIES:
        raise InputError(
            f"a batch of {len(entries)} entries",
            f"1 to {MAX_ENTRIES} are possible",
            "send it in parts, each with a number of its own",
        )
    with store.writing() as connection:
        known = _row(connection, sender, device, sequence)
        turn = _turn(connection, sender, device)
        if known is not None and known["status"] != _SKIPPED:
            if known["digest"] != digest:
                raise ConflictError(
                    f"batch {sequence} of device {device!r}",
                    "this number was used for a batch that says otherwise",
                    "give each batch the next number",
                )
            return _batch(known, turn)
        if known is None:
            _require_possible(connection, sender, device, sequence, turn)
        row = {
            "sender": sender,
            "device": device,
            "sequence": sequence,
            "status": _HELD,
            "digest": digest,
            "body": _written(entries),
            "n_entries": len(entries),
            "received_at": utc_text(now),
        }
        # One that was given up and came after all is recorded at once: its turn is long over.
        late = known is not None
        write_rows(connection, BATCHES, [row], replace=True)
        if late or sequence == turn:
            _apply(store, connection, row)
            turn = _follow_on(store, connection, sender, device)
        found = _row(connection, sender, device, sequence)
        return _batch(found or row, turn)


def skip_missing(store: Store, *, sender: str, device: str, now: datetime) -> list[Batch]:
    """Record what a device has waiting although batches before it never came.

    For a phone that is lost or was set up anew. Gives the batches that were recorded; what was
    skipped is recorded at once if it comes after all. Raises `InputError` where nothing waits.
    """
    with store.writing() as connection:
        done: list[Batch] = []
        while True:
            turn = _turn(connection, sender, device)
            first = _first_held(connection, sender, device)
            if first is None:
                break
            for missing in range(turn, first):
                skipped = {
                    "sender": sender,
                    "device": device,
                    "sequence": missing,
                    "status": _SKIPPED,
                    "digest": "",
                    "body": "[]",
                    "n_entries": 0,
                    "received_at": utc_text(now),
                }
                write_rows(connection, BATCHES, [skipped], replace=True)
            after = _follow_on(store, connection, sender, device)
            for sequence in range(first, after):
                row = _row(connection, sender, device, sequence)
                if row is not None:
                    done.append(_batch(row, after))
    if not done:
        raise InputError(
            f"device {device!r} of {sender}", "nothing of it waits", "see `qafila batches list`"
        )
    return done


def held(store: Store, *, sender: str | None = None) -> list[Batch]:
    """Give the batches that wait, all or those of one sender, each with the number it waits for."""
    statement = select(BATCHES).where(BATCHES.c.status == _HELD)
    if sender is not None:
        statement = statement.where(BATCHES.c.sender == sender)
    order = (BATCHES.c.sender, BATCHES.c.device, BATCHES.c.sequence)
    with store.reading() as connection:
        rows = [dict(row._mapping) for row in connection.execute(statement.order_by(*order))]
        turns = {
            device: _turn(connection, *device)
            for device in {(row["sender"], row["device"]) for row in rows}
        }
    return [_batch(row, turns[row["sender"], row["device"]]) for row in rows]


# --- inside -----------------------------------------------------------------------------------


def _require_possible(
    connection: Connection, sender: str, device: str, sequence: int, turn: int
) -> None:
    if not 1 <= sequence <= turn + MAX_AHEAD:
        raise InputError(
            f"batch {sequence} of device {device!r}",
            f"the next number is {turn}",
            "number the batches of a device 1, 2, 3 …",
        )
    waiting = connection.execute(
        select(func.count()).select_from(BATCHES).where(*_of(sender, device), _IS_HELD)
    ).scalar_one()
    if sequence != turn and waiting >= MAX_HELD:
        raise InputError(
            f"batch {sequence} of device {device!r}",
            f"{waiting} of its batches wait for number {turn}, more are not held",
            f"send number {turn} first",
        )


def _follow_on(store: Store, connection: Connection, sender: str, device: str) -> int:
    """Record what waited and whose turn has come; gives the number that is missing next."""
    while True:
        turn = _turn(connection, sender, device)
        row = _row(connection, sender, device, turn)
        if row is None:
            return turn
        _apply(store, connection, row)


def _apply(store: Store, connection: Connection, row: dict[str, Any]) -> None:
    became: list[Entry] = []
    newest = int(connection.execute(_NEWEST).scalar_one())
    for one in _read(row["body"]):
        if isinstance(one, str):
            became.append(Entry(seq=None, new=False, subject_id="", refused=one))
            continue
        try:
            with connection.begin_nested():
                (event,) = store.append_within(connection, [draft(one)])
        except StoreError:
            raise
        except QafilaError as error:
            subject = one.payload.subject_id
            became.append(Entry(seq=None, new=False, subject_id=subject, refused=str(error)))
        else:
            subject = str(event.payload.get(one.payload.subject, ""))
            new = event.seq > newest
            became.append(Entry(seq=event.seq, new=new, subject_id=subject, refused=""))
            newest = max(newest, event.seq)
    body = json.dumps([asdict(one) for one in became], ensure_ascii=False)
    write_rows(connection, BATCHES, [row | {"status": _APPLIED, "body": body}], replace=True)


def _written(entries: Sequence[NewEvent | str]) -> str:
    return json.dumps([one if isinstance(one, str) else _event_json(one) for one in entries])


def _event_json(event: NewEvent) -> dict[str, Any]:
    # Checked now, so that what is held can be read when its turn comes.
    ready = draft(event)
    return {
        "type": event.payload.type,
        "payload": json.loads(ready.payload_text),
        "organisation_id": ready.organisation_id,
        "actor": ready.actor,
        "reported_at": ready.reported_at,
        "client_id": event.client_id,
    }


def _read(body: str) -> Iterator[NewEvent | str]:
    for one in json.loads(body):
        if isinstance(one, str):
            yield one
            continue
        kind = EVENT_TYPES.get(one.pop("type"))
        if kind is None:
            raise RuleError("a held batch", "a type of event that this program knows", "update it")
        payload = kind.model_validate_json(canonical_text(json.dumps(one.pop("payload"))))
        yield NewEvent(payload=payload, **one)


def _row(connection: Connection, sender: str, device: str, sequence: int) -> dict[str, Any] | None:
    found = connection.execute(
        select(BATCHES).where(*_of(sender, device), BATCHES.c.sequence == sequence)
    ).one_or_none()
    return None if found is None else dict(found._mapping)


def _turn(connection: Connection, sender: str, device: str) -> int:
    """Number of the batch that comes next: all before it were recorded or given up."""
    last = connection.execute(
        select(func.max(BATCHES.c.sequence)).where(*_of(sender, device), ~_IS_HELD)
    ).scalar()
    return int(last or 0) + 1


def _first_held(connection: Connection, sender: str, device: str) -> int | None:
    found = connection.execute(
        select(func.min(BATCHES.c.sequence)).where(*_of(sender, device), _IS_HELD)
    ).scalar()
    return None if found is None else int(found)


def _of(sender: str, device: str) -> tuple[Any, Any]:
    return BATCHES.c.sender == sender, BATCHES.c.device == device


def _batch(row: dict[str, Any], turn: int) -> Batch:
    waits = row["status"] == _HELD
    return Batch(
        sender=row["sender"],
        device=row["device"],
        sequence=row["sequence"],
        status=row["status"],
        n_entries=row["n_entries"],
        received_at=row["received_at"],
        waits_for=turn if waits else None,
        entries=() if waits else tuple(Entry(**one) for one in json.loads(row["body"])),
    )


_NEWEST = select(func.max(EVENTS.c.seq))
_IS_HELD = BATCHES.c.status == _HELD
