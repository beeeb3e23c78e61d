"""A small history of accounts, keys and what is kept of persons."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

from data.events import (
    AccountActiveSet,
    AccountCreated,
    AccountPasswordSet,
    AccountRoleSet,
    AccountSignedIn,
    AccountSignedOut,
    AccountSignInRefused,
    Event,
    KeyIssued,
    KeyRevoked,
    NewEvent,
    OrganisationStatusSet,
    PersonErased,
)


def access_history(make: SimpleNamespace) -> list[NewEvent]:
    """At least one event of every type of access; `organisation:1` is known."""
    late = datetime(2999, 1, 1, tzinfo=UTC)
    events: list[Event] = [
        OrganisationStatusSet(organisation_id="organisation:1", status="recognised"),
        AccountCreated(account_id="account:1", role="admin"),
        AccountCreated(account_id="account:2", role="ngo", organisation_id="organisation:1"),
        AccountRoleSet(account_id="account:2", role="auditor"),
        AccountPasswordSet(account_id="account:1"),
        AccountSignInRefused(account_id="account:1", blocked=True),
        AccountSignedIn(account_id="account:1"),
        AccountSignedOut(account_id="account:1"),
        AccountActiveSet(account_id="account:2", active=False, reason="left"),
        KeyIssued(
            key_id="key:1",
            organisation_id="organisation:1",
            role="ngo",
            scopes=("see", "upload"),
            expires_at=late,
        ),
        KeyRevoked(key_id="key:1", reason="lost"),
        PersonErased(person_id="person:1", fields=("phone",)),
    ]
    return [make.new(event) for event in events]
