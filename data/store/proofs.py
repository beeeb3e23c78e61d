"""What leaves the system to be checked elsewhere: signed heads, and the proof of one event.

A proof shows one event to somebody who may not see the others: the event itself, the hashes of its
neighbours in the Merkle tree, and the signed head whose root they lead to.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from data.store.merkle import MerkleTree, inclusion_path, root_of_path
from data.store.signing import head_problem
from geo.errors import InputError, StoreError

if TYPE_CHECKING:
    from datetime import datetime

    from data.store.heads import SignedHead
    from data.store.read import Reader
    from data.store.signing import SigningKey

PROOF_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One event, and that it is part of the ledger that a head stands for.

    `event` is the event as it is exported; `path` holds hexadecimal hashes, leaf first.
    """

    event: str
    seq: int
    head: SignedHead
    path: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """Give what `tools/verify_ledger.py` reads."""
        return {
            "qafila_proof": PROOF_VERSION,
            "event": json.loads(self.event),
            "path": list(self.path),
            "head": self.head.text(),
        }


def signed_head(reader: Reader, key: SigningKey, *, at: datetime) -> SignedHead:
    """Sign the last event of a ledger with the root over all events up to it."""
    head = reader.head()
    tree = MerkleTree(reader.hashes(head.seq))
    if tree.size != head.seq:
        raise _altered(f"it ends at event {head.seq} and holds {tree.size}")
    return key.sign(head, root=tree.root(), at=at)


def prove(reader: Reader, event: int | str, head: SignedHead) -> Proof:
    """Prove that an event is in the ledger that a head stands for.

    Parameters
    ----------
    reader
        The ledger.
    event
        Its number, its id, or the id of the one thing that it alone is about.
    head
        A signed head of this ledger, of now or of earlier.

    Raises
    ------
    UnknownIdError
        There is no such event.
    InputError
        It is younger than the head, or the head is none of this ledger.
    StoreError
        The ledger is not the one that was signed.
    """
    line = reader.event_line(event)
    found = json.loads(line)
    seq = int(found["seq"])
    if (problem := head_problem(head)) is not None:
        raise InputError(f"the head of event {head.seq}", problem, "take a head that is genuine")
    if seq > head.seq:
        raise InputError(
            f"event {seq}",
            f"an event up to {head.seq}, which the head names, is needed",
            "take a newer head",
        )
    last = reader.head()
    if last.situation_id != head.situation_id or last.seq < head.seq:
        raise InputError(
            f"the head of event {head.seq} of {head.situation_id}",
            f"one of {last.situation_id}, which ends at event {last.seq}, is needed",
            "take a head of this ledger",
        )
    hashes = reader.hashes(head.seq)
    path = inclusion_path(hashes, seq - 1)
    if root_of_path(found["hash"], seq - 1, head.seq, path) != head.root:
        raise _altered("its events lead to another root than the head names")
    return Proof(event=line, seq=seq, head=head, path=path)


def _altered(how: str) -> StoreError:
    return StoreError("the ledger", f"{how}: it was altered", "run `qafila verify`")
