"""Batches: what a device wrote while it was away, taken in its order and once."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from dashboard.operations.recording import OWNER_SENDS, known_as, need_event
from dashboard.operations.roads import closure_event
from dashboard.operations.situation import utc_now
from data.events import NewEvent, RoadReopened
from data.store import batches
from data.store.canonical import canonical_text
from geo.errors import QafilaError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dashboard.operations.situation import Situation

#: Kind of an entry → the right that its sender needs.
RIGHT_OF_KIND = {"need": "upload", "closure": "roads", "reopening": "roads"}


def receive(
    situation: Situation,
    entries: Sequence[dict[str, Any]],
    *,
    sender: str,
    device: str,
    sequence: int,
    sent: str,
    may: Callable[[str], bool],
) -> dict[str, Any]:
    """Take in a batch: recorded if it is its turn, else held until those before it came.

    Parameters
    ----------
    entries
        Each with its `kind` and the fields of a single report of that kind.
    sender
        Id of the account or key; its devices are its own.
    sent
        The batch as JSON, as it was sent: the same one is known again by it.
    may
        Whether the sender has a right; an entry without it is refused by itself.

    Returns
    -------
    dict
        ``{device, sequence, status, waits_for, entries: [{seq, new, id, refused}]}``.
    """
    ready: list[NewEvent | str] = []
    for number, entry in enumerate(entries):
        right = RIGHT_OF_KIND[entry["kind"]]
        if not may(right):
            ready.append(f"{entry['kind']}: the right {right!r} is needed")
            continue
        try:
            ready.append(_event(situation, entry, sender, f"{device}:{sequence}:{number}"))
        except StoreError:
            raise
        except QafilaError as error:
            ready.append(str(error))
    taken = batches.receive(
        situation.store,
        ready,
        sender=sender or OWNER_SENDS,
        device=device,
        sequence=sequence,
        digest=hashlib.sha256(canonical_text(sent).encode()).hexdigest(),
        now=utc_now(),
    )
    return as_json(taken)


def held(situation: Situation, *, sender: str | None = None) -> list[dict[str, Any]]:
    """Give what waits: all of it, or that of one sender."""
    return [as_json(one) for one in batches.held(situation.store, sender=sender)]


def skip_missing(situation: Situation, *, sender: str, device: str) -> list[dict[str, Any]]:
    """Record what a device has waiting although batches before it never came."""
    done = batches.skip_missing(situation.store, sender=sender, device=device, now=utc_now())
    return [as_json(one) for one in done]


def as_json(batch: batches.Batch) -> dict[str, Any]:
    """Write a batch for programs and people."""
    return {
        "sender": batch.sender,
        "device": batch.device,
        "sequence": batch.sequence,
        "status": batch.status,
        "waits_for": batch.waits_for,
        "n_entries": batch.n_entries,
        "received_at": batch.received_at,
        "entries": [
            {"seq": one.seq, "new": one.new, "id": one.subject_id, "refused": one.refused}
            for one in batch.entries
        ],
    }


def _event(situation: Situation, entry: dict[str, Any], sender: str, name: str) -> NewEvent:
    fields = {key: value for key, value in entry.items() if key not in ("kind", "client_id")}
    client_id = known_as(sender, entry.get("client_id") or f"batch:{name}")
    if entry["kind"] == "need":
        unit = fields.pop("unit", "")
        fields["quantity"] = f"{fields['quantity']:f} {unit}".strip()
        need, at = need_event(situation, **fields)
        return NewEvent(payload=need, reported_at=at, client_id=client_id)
    if entry["kind"] == "closure":
        fields["until"] = situation.aware(fields.get("until"))
        return NewEvent(payload=closure_event(situation, **fields), client_id=client_id)
    return NewEvent(payload=RoadReopened(**fields), client_id=client_id)
