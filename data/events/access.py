"""Accounts, keys, and what became of the data of persons: ids and rights, never a name."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from data.access.roles import Right, Role
from data.events.base import Count, Event, Id, Text

Label = Annotated[str, StringConstraints(max_length=100)]


class AccountCreated(Event):
    """An account begins. What it is called stands in the vault."""

    type: ClassVar[str] = "account.created"
    subject: ClassVar[str] = "account_id"
    begins: ClassVar[bool] = True
    account_id: Id
    role: Role
    organisation_id: Id | None = None


class AccountRoleSet(Event):
    """An account has another role, or stands for another organisation."""

    type: ClassVar[str] = "account.role_set"
    subject: ClassVar[str] = "account_id"
    account_id: Id
    role: Role
    organisation_id: Id | None = None


class AccountActiveSet(Event):
    """An account may sign in, or no longer."""

    type: ClassVar[str] = "account.active_set"
    subject: ClassVar[str] = "account_id"
    account_id: Id
    active: bool
    reason: Text = ""


class AccountPasswordSet(Event):
    """An account has another password, or another identity at a provider; neither stands here."""

    type: ClassVar[str] = "account.password_set"
    subject: ClassVar[str] = "account_id"
    account_id: Id
    method: Literal["password", "oidc"] = "password"


class AccountSignedIn(Event):
    """Somebody signed in."""

    type: ClassVar[str] = "account.signed_in"
    subject: ClassVar[str] = "account_id"
    account_id: Id
    method: Literal["password", "oidc"] = "password"


class AccountSignedOut(Event):
    """Somebody signed out, or all sessions of the account were ended."""

    type: ClassVar[str] = "account.signed_out"
    subject: ClassVar[str] = "account_id"
    account_id: Id
    sessions: Count = 1


class AccountSignInRefused(Event):
    """Somebody failed to sign in to an account; `blocked` when no further try is taken for now."""

    type: ClassVar[str] = "account.sign_in_refused"
    subject: ClassVar[str] = "account_id"
    account_id: Id
    reason: Literal["password", "inactive", "organisation"] = "password"
    blocked: bool = False


class KeyIssued(Event):
    """An organisation has a key for its programs; only a hash of it stands anywhere."""

    type: ClassVar[str] = "key.issued"
    subject: ClassVar[str] = "key_id"
    begins: ClassVar[bool] = True
    key_id: Id
    organisation_id: Id
    role: Role
    scopes: tuple[Right, ...] = Field(min_length=1, max_length=20)
    label: Label = ""
    expires_at: AwareDatetime


class KeyRevoked(Event):
    """A key is worth nothing any more."""

    type: ClassVar[str] = "key.revoked"
    subject: ClassVar[str] = "key_id"
    key_id: Id
    reason: Text = ""


class PersonErased(Event):
    """Fields of a person were erased from the vault: which ones, never what they held."""

    type: ClassVar[str] = "person.erased"
    subject: ClassVar[str] = "person_id"
    person_id: Id
    fields: tuple[Label, ...]
    reason: Literal["asked", "retention"] = "asked"


EVENTS: tuple[type[Event], ...] = (
    AccountCreated,
    AccountRoleSet,
    AccountActiveSet,
    AccountPasswordSet,
    AccountSignedIn,
    AccountSignedOut,
    AccountSignInRefused,
    KeyIssued,
    KeyRevoked,
    PersonErased,
)

#: They change who may do what, and nothing that a map or a plan shows.
ACCESS_EVENTS: frozenset[str] = frozenset(one.type for one in EVENTS)
