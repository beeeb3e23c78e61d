"""Keys of organisations: ``qafila_<id>_<secret>``, shown once, kept as a hash of the secret."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from sqlalchemy import delete

from data.access.roles import KEY_SCOPES, require_role
from data.events import KeyIssued, KeyRevoked, NewEvent
from data.store.engine import write_rows
from data.store.private import KEY_SECRETS
from geo.errors import InputError
from geo.model import new_id

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from data.access.roles import Right
    from data.store import Store

_SHAPE = re.compile(r"qafila_([0-9A-HJKMNP-TV-Z]{26})_([A-Za-z0-9_-]{43})")
KEY_ENV_HINT = "Authorization: Bearer qafila_…"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key at the one moment at which its secret is known; `text` is what its holder keeps."""

    key_id: str
    text: str
    secret_hash: str


def new_key() -> NewKey:
    """Make a key with 256 bits of chance."""
    key_id = new_id("key")
    secret = secrets.token_urlsafe(32)
    return NewKey(
        key_id=key_id,
        text=f"qafila_{key_id.partition(':')[2]}_{secret}",
        secret_hash=secret_hash(secret),
    )


def parse_key(text: str) -> tuple[str, str]:
    """Give id and secret of a key; raises `InputError`, which never repeats it."""
    found = _SHAPE.fullmatch(text.strip()) if len(text) < 200 else None
    if found is None:
        raise InputError("the key", f"one of the form {KEY_ENV_HINT} is needed", "check it")
    return f"key:{found[1]}", found[2]


def secret_hash(secret: str) -> str:
    """Hash a secret. SHA-256 is enough: nobody guesses 256 bits, however fast they hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_secret(secret: str, stored: str) -> bool:
    """Whether a secret fits a stored hash, compared in constant time."""
    return hmac.compare_digest(secret_hash(secret), stored)


def issue_key(
    store: Store,
    organisation_id: str,
    *,
    role: str,
    scopes: Sequence[str],
    expires_at: datetime,
    label: str = "",
    actor: str | None = None,
) -> NewKey:
    """Issue a key of an organisation; its text is known now and never again.

    Raises `InputError` for an unknown role or scope, `RuleError` for one that the role does not
    have, for a time that has passed and for an organisation whose recognition was revoked.
    """
    wrong = [one for one in scopes if one not in KEY_SCOPES]
    if wrong or not scopes:
        raise InputError(
            f"scopes {', '.join(wrong) or '(none)'}",
            f"some of {', '.join(KEY_SCOPES)} are needed",
            "correct them",
        )
    made = new_key()
    payload = KeyIssued(
        key_id=made.key_id,
        organisation_id=organisation_id,
        role=require_role(role),
        scopes=cast("tuple[Right, ...]", tuple(dict.fromkeys(scopes))),
        label=label[:100],
        expires_at=expires_at,
    )

    def also(connection: Connection) -> None:
        row = {"key_id": made.key_id, "secret_hash": made.secret_hash}
        write_rows(connection, KEY_SECRETS, [row], replace=False)

    store.append([NewEvent(payload=payload, actor=actor)], also=also)
    return made


def revoke_key(store: Store, key_id: str, *, reason: str = "", actor: str | None = None) -> None:
    """Make a key worth nothing, at once and for good."""

    def also(connection: Connection) -> None:
        connection.execute(delete(KEY_SECRETS).where(KEY_SECRETS.c.key_id == key_id))

    payload = KeyRevoked(key_id=key_id, reason=reason[:2_000])
    store.append([NewEvent(payload=payload, actor=actor)], also=also)
