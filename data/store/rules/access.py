"""Rules: accounts and keys. There is always somebody who can let others in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.access.roles import may
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
)
from data.store.heads import utc_text
from data.store.rules.people import require_not_revoked
from data.store.rules.registry import rule, unknown
from data.store.schema import ACCOUNTS, KEYS, ORGANISATIONS
from geo.errors import RuleError

if TYPE_CHECKING:
    from data.store.state import Fact, Row, State


@rule(AccountCreated)
def _account_created(state: State, _fact: Fact, payload: AccountCreated) -> None:
    _require_organisation(state, payload.organisation_id, payload.account_id)


@rule(AccountRoleSet)
def _account_role_set(state: State, _fact: Fact, payload: AccountRoleSet) -> None:
    row = _account(state, payload.account_id)
    _require_organisation(state, payload.organisation_id, payload.account_id)
    if not may(payload.role, "accounts"):
        _require_another_admin(state, row)


@rule(AccountActiveSet)
def _account_active_set(state: State, _fact: Fact, payload: AccountActiveSet) -> None:
    row = _account(state, payload.account_id)
    if row["active"] == payload.active:
        word = "active" if payload.active else "disabled"
        raise RuleError(payload.account_id, f"it is {word} already", "nothing is to be done")
    if not payload.active:
        _require_another_admin(state, row)


@rule(AccountPasswordSet)
@rule(AccountSignedOut)
@rule(AccountSignInRefused)
def _of_an_account(
    state: State,
    _fact: Fact,
    payload: AccountPasswordSet | AccountSignedOut | AccountSignInRefused,
) -> None:
    _account(state, payload.account_id)


@rule(AccountSignedIn)
def _account_signed_in(state: State, _fact: Fact, payload: AccountSignedIn) -> None:
    if not _account(state, payload.account_id)["active"]:
        raise RuleError(payload.account_id, "this account is disabled", "ask an administrator")


@rule(KeyIssued)
def _key_issued(state: State, fact: Fact, payload: KeyIssued) -> None:
    _require_organisation(state, payload.organisation_id, payload.key_id)
    beyond = [right for right in payload.scopes if not may(payload.role, right)]
    if beyond:
        raise RuleError(
            f"a key of role {payload.role} for {', '.join(beyond)}",
            "a key may no more than its role",
            "choose another role, or fewer scopes",
        )
    if utc_text(payload.expires_at) <= fact.recorded_at:
        raise RuleError(
            f"a key until {utc_text(payload.expires_at)}", "a time to come is needed", "correct it"
        )


@rule(KeyRevoked)
def _key_revoked(state: State, _fact: Fact, payload: KeyRevoked) -> None:
    row = state.live(KEYS, payload.key_id)
    if row is None:
        raise unknown(payload.key_id, "key")
    if row["revoked_at"] is not None:
        raise RuleError(
            payload.key_id,
            f"the key was revoked at {row['revoked_at']} before",
            "nothing is to be done",
        )


def _account(state: State, account_id: str) -> Row:
    row = state.live(ACCOUNTS, account_id)
    if row is None:
        raise unknown(account_id, "account")
    return row


def _require_organisation(state: State, organisation_id: str | None, what: str) -> None:
    if organisation_id is None:
        return
    if state.live(ORGANISATIONS, organisation_id) is None:
        raise unknown(organisation_id, "organisation")
    require_not_revoked(state, organisation_id, what)


def _require_another_admin(state: State, row: Row) -> None:
    if not (row["active"] and may(row["role"], "accounts")):
        return
    others = [
        one
        for one in state.rows_where(ACCOUNTS, "active", True)
        if may(one["role"], "accounts")
        and not one["removed"]
        and one["account_id"] != row["account_id"]
    ]
    if not others:
        raise RuleError(
            row["account_id"],
            "this is the last active administrator, and somebody must be able to let others in",
            "make another one first",
        )
