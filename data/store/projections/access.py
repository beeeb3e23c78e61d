"""Projections: accounts, keys and erasures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from data.events import (
    AccountActiveSet,
    AccountCreated,
    AccountPasswordSet,
    AccountRoleSet,
    AccountSignedIn,
    AccountSignedOut,
    AccountSignInRefused,
    KeyIssued,
    KeyRevoked,
    PersonErased,
)
from data.store.canonical import canonical_json
from data.store.projections.registry import mark, projects, time_text
from data.store.schema import ACCOUNTS, ERASURES, KEYS

if TYPE_CHECKING:
    from data.store.state import Fact, State


@projects(AccountCreated, ACCOUNTS, undoable=False)
def _account_created(state: State, fact: Fact, payload: AccountCreated) -> None:
    state.put(
        ACCOUNTS,
        {
            "account_id": payload.account_id,
            "role": payload.role,
            "organisation_id": payload.organisation_id,
            "active": True,
            "recorded_at": fact.recorded_at,
            "signed_in_at": None,
            **mark(fact),
        },
    )


@projects(AccountRoleSet, ACCOUNTS, undoable=False)
def _account_role_set(state: State, fact: Fact, payload: AccountRoleSet) -> None:
    _alter(
        state,
        fact,
        payload.account_id,
        role=payload.role,
        organisation_id=payload.organisation_id,
    )


@projects(AccountActiveSet, ACCOUNTS, undoable=False)
def _account_active_set(state: State, fact: Fact, payload: AccountActiveSet) -> None:
    _alter(state, fact, payload.account_id, active=payload.active)


@projects(AccountSignedIn, ACCOUNTS, undoable=False)
def _account_signed_in(state: State, fact: Fact, payload: AccountSignedIn) -> None:
    _alter(state, fact, payload.account_id, signed_in_at=fact.recorded_at)


@projects(AccountPasswordSet, ACCOUNTS, undoable=False)
@projects(AccountSignedOut, ACCOUNTS, undoable=False)
@projects(AccountSignInRefused, ACCOUNTS, undoable=False)
def _of_an_account(
    state: State,
    fact: Fact,
    payload: AccountPasswordSet | AccountSignedOut | AccountSignInRefused,
) -> None:
    _alter(state, fact, payload.account_id)


@projects(KeyIssued, KEYS, undoable=False)
def _key_issued(state: State, fact: Fact, payload: KeyIssued) -> None:
    state.put(
        KEYS,
        {
            "key_id": payload.key_id,
            "organisation_id": payload.organisation_id,
            "role": payload.role,
            "scopes": canonical_json(payload.scopes),
            "label": payload.label,
            "expires_at": time_text(payload.expires_at),
            "recorded_at": fact.recorded_at,
            "revoked_at": None,
            **mark(fact),
        },
    )


@projects(KeyRevoked, KEYS, undoable=False)
def _key_revoked(state: State, fact: Fact, payload: KeyRevoked) -> None:
    row = state.row(KEYS, payload.key_id)
    if row is not None:
        state.put(KEYS, {**row, "revoked_at": fact.recorded_at, **mark(fact)})


@projects(PersonErased, ERASURES, undoable=False)
def _person_erased(state: State, fact: Fact, payload: PersonErased) -> None:
    state.put(
        ERASURES,
        {
            "person_id": payload.person_id,
            "fields": canonical_json(payload.fields),
            "reason": payload.reason,
            "recorded_at": fact.recorded_at,
            **mark(fact),
        },
    )


def _alter(state: State, fact: Fact, account_id: str, **changes: Any) -> None:
    row = state.row(ACCOUNTS, account_id)
    if row is not None:
        state.put(ACCOUNTS, {**row, **changes, **mark(fact)})
