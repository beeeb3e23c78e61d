"""Heads: the last event of a ledger in one line, which stands for all before it.

A plain head (``qafila-head:1``) names the event and its hash. A signed one (``qafila-head:2``)
names besides the root of the Merkle tree over all events so far, the moment of signing, the key and
its Ed25519 signature over the whole line before it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from geo.errors import InputError

_SITUATION = r"(?P<situation>[a-z_]+:\S+)"
_SEQ = r"(?P<seq>[1-9][0-9]{0,15})"
_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z"
_HASH = r"(?P<hash>[0-9a-f]{64})"
_PLAIN = re.compile(rf"qafila-head:1:{_SITUATION}:{_SEQ}:{_HASH}:(?P<time>{_TIME})")
_SIGNED = re.compile(
    rf"qafila-head:2:{_SITUATION}:{_SEQ}:{_HASH}:(?P<root>[0-9a-f]{{64}})"
    rf":(?P<time>{_TIME}):(?P<signed_at>{_TIME}):(?P<key>[0-9a-f]{{64}})"
    r":(?P<signature>[0-9a-f]{128})"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The last event of a ledger, which stands for all before it."""

    seq: int
    hash: str
    recorded_at: datetime
    situation_id: str

    def text(self) -> str:
        """Write it in one line that can be printed, sent and compared later."""
        time = utc_text(self.recorded_at)
        return f"qafila-head:1:{self.situation_id}:{self.seq}:{self.hash}:{time}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedHead(Head):
    """A head with the root over all events and a signature; keys and hashes are hexadecimal."""

    root: str
    signed_at: datetime
    public_key: str
    signature: str = ""

    def message(self) -> bytes:
        """What is signed: the line up to the signature, so that no field can be exchanged."""
        return (
            f"qafila-head:2:{self.situation_id}:{self.seq}:{self.hash}:{self.root}"
            f":{utc_text(self.recorded_at)}:{utc_text(self.signed_at)}:{self.public_key}"
        ).encode()

    def text(self) -> str:
        """Write it in one line that can be printed, sent and compared later."""
        return f"{self.message().decode()}:{self.signature}"


def parse_head(text: str) -> Head:
    """Read a line that `text` of a head wrote; raises `InputError` if it is none.

    The signature is not checked here (`data.store.signing.signature_problem`).
    """
    line = text.strip()
    try:
        if plain := _PLAIN.fullmatch(line):
            return Head(
                seq=int(plain["seq"]),
                hash=plain["hash"],
                recorded_at=datetime.fromisoformat(plain["time"]),
                situation_id=plain["situation"],
            )
        if signed := _SIGNED.fullmatch(line):
            return SignedHead(
                seq=int(signed["seq"]),
                hash=signed["hash"],
                recorded_at=datetime.fromisoformat(signed["time"]),
                situation_id=signed["situation"],
                root=signed["root"],
                signed_at=datetime.fromisoformat(signed["signed_at"]),
                public_key=signed["key"],
                signature=signed["signature"],
            )
    except ValueError as error:
        raise _no_head(line) from error
    raise _no_head(line)


def utc_text(moment: datetime) -> str:
    """Write an aware time in UTC, always of the same width, so that texts sort as times do."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _no_head(line: str) -> InputError:
    return InputError(
        f"head {line[:60]!r}",
        "a line as `qafila ledger head` writes it is needed (qafila-head:2:… or :1:…)",
        "give the whole line",
    )
