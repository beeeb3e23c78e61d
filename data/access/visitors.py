"""Visitors: who asks, by a session's token or by a key, with the rights of this very moment.

Needs no key of the vault: whoever signed in before is known also while the key is away.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from sqlalchemy import select

from data.access import sessions
from data.access.api_keys import is_secret, parse_key
from data.access.roles import Visitor, may, rights_of
from data.store.heads import utc_text
from data.store.private import KEY_SECRETS
from geo.errors import InputError, StoreBusyError

if TYPE_CHECKING:
    from datetime import datetime

    from data.store import Store


def visitor_of_session(store: Store, token: str, *, now: datetime) -> Visitor | None:
    """Give who asks with a session's token, with the rights of this moment; None for nobody."""
    with store.reading() as connection:
        found = sessions.session_of(connection, token, now=now)
    if found is None:
        return None
    account_id, to_note = found
    record = next((one for one in store.accounts() if one.account_id == account_id), None)
    if record is None or not record.active or is_revoked(store, record.organisation_id):
        return None
    if to_note:
        with contextlib.suppress(StoreBusyError), store.writing() as connection:
            sessions.note_use(connection, token, now=now)
    return Visitor(
        account_id=account_id,
        role=record.role,
        organisation_id=record.organisation_id or "",
        rights=rights_of(record.role),
    )


def visitor_of_key(store: Store, text: str, *, now: datetime) -> Visitor:
    """Give who asks with a key of an organisation.

    Raises `InputError` that says whether the key is unknown, expired or revoked; never the key.
    """
    key_id, secret = parse_key(text)
    with store.reading() as connection:
        stored = connection.execute(
            select(KEY_SECRETS.c.secret_hash).where(KEY_SECRETS.c.key_id == key_id)
        ).scalar()
    record = next((one for one in store.api_keys() if one.key_id == key_id), None)
    if record is not None and record.revoked_at is not None:
        raise InputError("the key", "it was revoked", "ask the crisis cell for another one")
    if record is None or stored is None or not is_secret(secret, str(stored)):
        raise InputError("the key", "it is not known here", "check it, or ask for another one")
    if record.expires_at <= now:
        raise InputError(
            "the key",
            f"it expired at {utc_text(record.expires_at)[:16]}Z",
            "ask the crisis cell for another one",
        )
    if is_revoked(store, record.organisation_id):
        raise InputError(
            "the key", "the recognition of its organisation was revoked", "ask the crisis cell"
        )
    allowed = frozenset(one for one in record.scopes if may(record.role, one))
    return Visitor(
        account_id=key_id,
        role=record.role,
        organisation_id=record.organisation_id,
        rights=allowed,
    )


def is_revoked(store: Store, organisation_id: str | None) -> bool:
    """Whether an organisation lost its recognition."""
    return organisation_id is not None and any(
        one.organisation_id == organisation_id and one.status == "revoked"
        for one in store.organisations()
    )
