"""What leaves the system so that others can check it: signed heads, and proofs of single events."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard.operations.situation import utc_now
from data.store import SignedHead, parse_head
from data.store.proofs import prove, signed_head
from data.store.signing import SigningKey, fingerprint, key_path, own_key
from geo.errors import InputError
from geo.written_file import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dashboard.operations.situation import Situation

#: Pixels a module of a QR code, in a PNG; with the quiet zone of 4 modules that the standard asks.
QR_SCALE = 6


def make_head(
    situation: Situation, *, to: Path | None = None, signed: bool = True
) -> dict[str, Any]:
    """Give the line that stands for the ledger as it is now, signed with this machine's key.

    Parameters
    ----------
    to
        A file to write it to: ``.json``, a QR code as ``.svg`` or ``.png``, else a text line.
    signed
        Without it the line names the last event and its hash only, and no key is needed.
    """
    writer = _writer(to)
    if not signed:
        head = situation.store.head()
        said: dict[str, Any] = {"head": head.text(), "seq": head.seq, "hash": head.hash}
    else:
        key, said_of_key = _key()
        line = signed_head(situation.store, key, at=utc_now())
        said = {
            "head": line.text(),
            "seq": line.seq,
            "hash": line.hash,
            "root": line.root,
            "signed_at": line.signed_at.isoformat(),
            **said_of_key,
        }
    if to is not None and writer is not None:
        write_whole(to, writer(said))
        said["file"] = str(to)
    return said


def make_proof(
    situation: Situation, event: str, *, against: str | None = None, to: Path | None = None
) -> dict[str, Any]:
    """Prove that one event is in the ledger, without showing the others.

    Parameters
    ----------
    event
        Its number, its id, or the id of the one thing that it alone is about.
    against
        A signed head handed out earlier, which the proof leads to; else one signed now.
    to
        A file to write the proof to.
    """
    name: int | str = int(event) if event.isascii() and event.isdigit() else event
    if against is None:
        head = signed_head(situation.store, _key()[0], at=utc_now())
    else:
        given = parse_head(against)
        if not isinstance(given, SignedHead):
            raise InputError(
                "the head to prove against",
                "a signed one (qafila-head:2:…) is needed: another names no root",
                "take it from `qafila ledger head`",
            )
        head = given
    document = prove(situation.store, name, head).document()
    if to is not None:
        write_whole(to, (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode())
        return {"file": str(to), "event": document["event"]["seq"], "head": document["head"]}
    return document


def show_key(*, to: Path | None = None) -> dict[str, Any]:
    """Give the public key with which this machine signs; it is made where there is none yet."""
    _, said = _key()
    if to is not None:
        write_whole(to, f"{said['public_key']}\n".encode())
        said["file"] = str(to)
    return said


def _key() -> tuple[SigningKey, dict[str, Any]]:
    path = key_path()
    key, new = own_key(path)
    said = {
        "public_key": key.public_key,
        "fingerprint": fingerprint(key.public_key),
        "key_file": str(path),
    }
    if new:
        said["note"] = (
            "a new signing key was made: give its public half to those who will check, "
            "and keep a copy of the file in a safe place"
        )
    return key, said


def head_as(said: dict[str, Any], kind: str) -> bytes:
    """Give a head as a file: ``txt``, ``json``, or a QR code as ``svg`` or ``png``."""
    made = _writer(Path(f"head.{kind}"))
    return b"" if made is None else made(said)


def verify(
    situation: Situation,
    *,
    heads: Sequence[str] = (),
    signer: str = "",
    progress: Callable[[float, str], None] | None = None,
) -> dict[str, Any]:
    """Check the whole ledger, its projections, and heads that were handed out earlier.

    Returns
    -------
    dict
        ``{ok, events, head, problems}``.
    """
    from data.store.signing import public_key

    outcome = situation.store.verify(
        against=heads,
        signer=public_key(signer) if signer else None,
        projections=True,
        progress=progress,
    )
    return {
        "ok": outcome.ok,
        "events": outcome.events,
        "head": outcome.head,
        "problems": list(outcome.problems),
    }


def _writer(to: Path | None) -> Callable[[dict[str, Any]], bytes] | None:
    if to is None:
        return None
    kind = to.suffix.lower()
    if kind in (".svg", ".png"):
        return lambda said: _qr_code(said["head"], kind[1:])
    if kind == ".json":
        return lambda said: (json.dumps(said, ensure_ascii=False, indent=1) + "\n").encode()
    return lambda said: f"{said['head']}\n".encode()


def _qr_code(line: str, kind: str) -> bytes:
    import io

    import segno

    # Level M: a photograph of a crumpled sheet still reads; boost_error takes more where it fits.
    code = segno.make(line, error="m", micro=False)
    written = io.BytesIO()
    code.save(written, kind=kind, scale=QR_SCALE, border=4)
    return written.getvalue()
