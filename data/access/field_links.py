"""Links by which a convoy's leader answers: signed, for one convoy, for a time, revocable.

A link's token is ``<id>.<signature>``. The signature (Ed25519) is the issuing machine's over the
situation, the link, its convoy and its end; the ledger knows the link and the public key, so that
every machine of a situation can check it and a copy of the database forges none.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import timedelta
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from data.events import FieldLinkIssued, FieldLinkRevoked, NewEvent
from data.store.heads import utc_text
from geo.errors import InputError, RuleError
from geo.model import new_id

if TYPE_CHECKING:
    from datetime import datetime

    from data.store import Store
    from data.store.read_field import FieldLinkRecord
    from data.store.signing import SigningKey

#: A day on the road, a night, and the way back to a network; a phone that is longer away gets anew.
LASTS = timedelta(hours=72)
MAX_LASTS = timedelta(days=14)
#: A link that is asked for again stays the same one as long as it holds for at least this long.
STILL_GOOD = timedelta(hours=24)
_SHAPE = re.compile(r"([0-9A-HJKMNP-TV-Z]{26})\.([A-Za-z0-9_-]{86})")
_NO_LINK = "a link that this situation issued is needed"


class LinkError(RuleError):
    """A link that opens nothing; `reason` is `forged`, `expired`, `revoked` or `unknown`."""

    def __init__(self, reason: str, needed: str) -> None:
        self.reason = reason
        super().__init__("this link", needed, "ask the crisis cell for a new one")


def issue_link(
    store: Store,
    key: SigningKey,
    *,
    convoy_id: str,
    plan_id: str,
    now: datetime,
    lasts: timedelta = LASTS,
) -> tuple[FieldLinkRecord, str]:
    """Issue a link for a convoy, or give the one that this machine issued and that still holds.

    Returns
    -------
    tuple
        What the ledger knows of it, and its token, which stands nowhere.
    """
    for one in store.field_links():
        if (
            (one.convoy_id, one.plan_id, one.public_key) == (convoy_id, plan_id, key.public_key)
            and one.revoked_at is None
            and one.expires_at >= now + min(STILL_GOOD, lasts)
        ):
            return one, _token(store, key, one)
    payload = FieldLinkIssued(
        link_id=new_id("link"),
        convoy_id=convoy_id,
        plan_id=plan_id,
        expires_at=now + lasts,
        public_key=key.public_key,
    )
    store.append([NewEvent(payload=payload)])
    made = store.field_link(payload.link_id)
    if made is None:
        raise InputError(payload.link_id, "it was recorded a moment ago", "try again")
    return made, _token(store, key, made)


def open_link(store: Store, token: str, *, now: datetime) -> FieldLinkRecord:
    """Give the link of a token; raises `LinkError`, which never repeats the token."""
    shape = _SHAPE.fullmatch(token) if len(token) < 200 else None
    link = None if shape is None else store.field_link(f"link:{shape[1]}")
    if shape is None or link is None:
        raise LinkError("unknown", _NO_LINK)
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(link.public_key))
        key.verify(base64.urlsafe_b64decode(f"{shape[2]}=="), _message(store, link))
    except (InvalidSignature, ValueError, binascii.Error):
        raise LinkError("forged", _NO_LINK) from None
    if link.revoked_at is not None:
        raise LinkError("revoked", "one that was not revoked is needed")
    if link.expires_at <= now:
        raise LinkError("expired", f"it ended at {utc_text(link.expires_at)[:16]} UTC")
    return link


def revoke_link(store: Store, link_id: str, *, reason: str = "") -> None:
    """Make a link worth nothing, at once and for good."""
    store.append([NewEvent(payload=FieldLinkRevoked(link_id=link_id, reason=reason[:2_000]))])


def _token(store: Store, key: SigningKey, link: FieldLinkRecord) -> str:
    signature = bytes.fromhex(key.sign_bytes(_message(store, link)))
    signed = base64.urlsafe_b64encode(signature).decode("ascii")
    return f"{link.link_id.partition(':')[2]}.{signed.rstrip('=')}"


def _message(store: Store, link: FieldLinkRecord) -> bytes:
    """What is signed; its beginning keeps it apart from everything else this key signs."""
    parts = (
        store.situation().situation_id,
        link.link_id,
        link.convoy_id,
        link.plan_id,
        utc_text(link.expires_at),
    )
    return "\n".join(("qafila-field-link:1", *parts)).encode()
