"""Certificates of hours: a text that its holder keeps, and what the ledger keeps of it.

The text holds what the paper says, the name that the volunteer wished to have on it, and a random
part; the ledger holds its SHA-256. Who has the paper can show that it is this one; who has only the
ledger cannot even guess the name. A code to scan carries the whole text, signed with the key that
signs heads of the ledger.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import secrets
from dataclasses import asdict, dataclass, fields
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from data.store.canonical import canonical_json
from geo.errors import InputError

PREFIX = "qafila-certificate:1"
#: A name of 200 characters in Arabic, all else, and the signature.
MAX_CODE = 6_000
MAX_NAME = 200
_CODE = re.compile(
    rf"{PREFIX}:(?P<text>[A-Za-z0-9_-]+):(?P<key>[0-9a-f]{{64}}):(?P<signature>[0-9a-f]{{128}})"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What a certificate says; `seconds` are those of approved shifts, days are in UTC."""

    certificate_id: str
    situation_id: str
    situation: str
    organisation: str
    name: str
    volunteer_id: str
    shifts: int
    seconds: int
    first_day: str
    last_day: str
    issued_at: str
    salt: str

    @property
    def hours(self) -> float:
        """Hours, to a tenth."""
        return round(self.seconds / 3600, 1)

    def text(self) -> str:
        """Write it as canonical JSON (RFC 8785): what is hashed and signed."""
        return canonical_json(asdict(self))

    def digest(self) -> str:
        """SHA-256 of the text, hexadecimal: what the ledger keeps."""
        return hashlib.sha256(self.text().encode()).hexdigest()


def new_salt() -> str:
    """Random part of a certificate: 128 bits, so that no name can be tried out."""
    return secrets.token_hex(16)


def code_of(certificate: Certificate, *, public_key: str, signature: str) -> str:
    """Write the code to scan: the text, the key that signed and its signature."""
    packed = base64.urlsafe_b64encode(certificate.text().encode()).decode().rstrip("=")
    return f"{PREFIX}:{packed}:{public_key}:{signature}"


def message_of(certificate: Certificate) -> bytes:
    """What is signed; the prefix keeps a signature from passing for one of another kind."""
    return f"{PREFIX}:{certificate.digest()}".encode()


def read_code(code: str) -> tuple[Certificate, str]:
    """Read a scanned code and check its signature.

    Returns
    -------
    (certificate, public key)
        Whose key that is must be known by another way.

    Raises
    ------
    InputError
        It is no certificate, or was altered after it was signed.
    """
    line = "".join(code.split())
    found = _CODE.fullmatch(line) if len(line) <= MAX_CODE else None
    if found is None:
        raise InputError(
            "this code", f"a text that begins with {PREFIX} is needed", "scan it again, whole"
        )
    packed = found["text"]
    try:
        said = json.loads(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
        certificate = _certificate(said)
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(found["key"]))
        key.verify(bytes.fromhex(found["signature"]), message_of(certificate))
    except (InvalidSignature, ValueError, TypeError, binascii.Error) as error:
        raise InputError(
            "this certificate",
            "its signature does not fit: it was altered or forged",
            "ask the volunteer for the one that was handed out",
        ) from error
    return certificate, found["key"]


def _certificate(said: Any) -> Certificate:
    kinds = {one.name: str if one.type == "str" else int for one in fields(Certificate)}
    if not isinstance(said, dict) or said.keys() != kinds.keys():
        raise ValueError("other fields than a certificate has")
    if any(type(said[name]) is not kind for name, kind in kinds.items()):
        raise ValueError("a field of another kind")
    return Certificate(**said)
