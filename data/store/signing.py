"""Signatures of heads: Ed25519, with a key that lies in a file outside the database and the home.

The key is this machine's (or its office's). Whoever holds its public half knows that a head comes
from there; that the half is the right one must come by another way: on paper, by telephone.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from data.store.heads import Head, SignedHead
from geo.errors import InputError, StoreError

if TYPE_CHECKING:
    from datetime import datetime

#: Names the file of the signing key.
KEY_VARIABLE = "QAFILA_LEDGER_KEY"
MAX_KEY_BYTES = 10_000


class SigningKey:
    """The private half; it never leaves this object but to its file."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public_key = key.public_key().public_bytes_raw().hex()

    def sign(self, head: Head, *, root: str, at: datetime) -> SignedHead:
        """Sign a head with the Merkle root over all events up to it."""
        unsigned = SignedHead(
            seq=head.seq,
            hash=head.hash,
            recorded_at=head.recorded_at,
            situation_id=head.situation_id,
            root=root,
            signed_at=at,
            public_key=self.public_key,
        )
        return replace(unsigned, signature=self._key.sign(unsigned.message()).hex())

    def sign_bytes(self, message: bytes) -> str:
        """Sign something else than a head, hexadecimal; its first words say what it is."""
        return self._key.sign(message).hex()

    def pem(self) -> bytes:
        """Write the private half as PKCS 8 in PEM."""
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def key_path() -> Path:
    """Where the signing key lies: QAFILA_LEDGER_KEY, or the user's settings folder."""
    if named := os.environ.get(KEY_VARIABLE, "").strip():
        return Path(named)
    from platformdirs import user_config_path

    return user_config_path("qafila", appauthor=False) / "ledger-key.pem"


def load_key(path: Path) -> SigningKey | None:
    """Read the signing key; None where there is no such file.

    Raises `InputError` for a file that holds another thing, `StoreError` if it cannot be read.
    """
    try:
        with path.open("rb") as file:
            written = file.read(MAX_KEY_BYTES + 1)
        key = load_pem_private_key(written, password=None)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(
            f"the signing key {path}", f"it cannot be read ({error.strerror})", "check its rights"
        ) from error
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # Not the library's words: they may repeat parts of the file.
        raise _no_key(path) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise _no_key(path)
    return SigningKey(key)


def make_key(path: Path) -> SigningKey:
    """Make a signing key in a new file that only its owner may read.

    Raises `StoreError` if there is a file already, or if it cannot be written.
    """
    key = SigningKey(Ed25519PrivateKey.generate())
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # A file of its own first: another process sees a whole key or none.
        unfinished = path.with_name(f".{path.name}.{os.getpid()}")
        unfinished.unlink(missing_ok=True)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(key.pem())
                file.flush()
                os.fsync(file.fileno())
            os.link(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(
            f"the signing key {path}",
            f"it could not be written ({error.strerror})",
            f"name another file with {KEY_VARIABLE}, or take an unsigned head (--unsigned)",
        ) from error
    return key


def own_key(path: Path) -> tuple[SigningKey, bool]:
    """Give the signing key of this machine and whether it was made just now."""
    if (known := load_key(path)) is not None:
        return known, False
    try:
        return make_key(path), True
    except StoreError:
        # Another process may have been first.
        if (known := load_key(path)) is not None:
            return known, False
        raise


def fingerprint(public_key: str) -> str:
    """Short form of a public key to compare by eye or by telephone: 16 digits in fours."""
    digest = hashlib.sha256(bytes.fromhex(public_key)).hexdigest()[:16]
    return "-".join(digest[start : start + 4] for start in range(0, 16, 4))


def public_key(text: str) -> str:
    """Read a public key: 64 hexadecimal digits, or a file with them or with PEM.

    Raises `InputError` for anything else.
    """
    if (key := _hex_key(text)) is not None:
        return key
    with contextlib.suppress(OSError, ValueError, UnsupportedAlgorithm):
        path = Path(text)
        if path.stat().st_size <= MAX_KEY_BYTES:
            written = path.read_bytes()
            if (key := _hex_key(written.decode("utf-8", "replace"))) is not None:
                return key
            found = load_pem_public_key(written)
            if isinstance(found, Ed25519PublicKey):
                return found.public_bytes_raw().hex()
    raise InputError(
        f"--signer {text[:80]!r}",
        "a public key (64 hexadecimal digits, `qafila ledger key`) or a file with one is needed",
        "check it",
    )


def head_problem(head: Head, *, signer: str | None = None) -> str | None:
    """Say what is wrong with the signature of a head, None where nothing is.

    `signer` is the public key that must have signed; without it any key passes, and so does a head
    that was never signed.
    """
    if not isinstance(head, SignedHead):
        return None if signer is None else "it is not signed, and a signed one is asked for"
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(head.public_key))
        key.verify(bytes.fromhex(head.signature), head.message())
    except (InvalidSignature, ValueError):
        return (
            "its signature does not fit: it was forged, or taken from another head, "
            "or the head was altered"
        )
    if signer is not None and head.public_key != signer:
        return (
            f"it was signed with the key {fingerprint(head.public_key)}, "
            f"not with {fingerprint(signer)}"
        )
    return None


def _hex_key(text: str) -> str | None:
    word = text.strip().lower()
    if len(word) != 64 or not set(word) <= set("0123456789abcdef"):
        return None
    return word


def _no_key(path: Path) -> InputError:
    return InputError(
        f"the signing key {path}",
        "an Ed25519 key without password, in PEM, is needed",
        "restore it from a copy, or move the file away: a new one is made then",
    )
