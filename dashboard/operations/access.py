"""Accounts and keys: who may come in, as the command line and the page manage it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from dashboard.operations.organisations import find_organisation, organisation_names
from dashboard.operations.people import begin_vault, open_vault
from dashboard.operations.situation import utc_now
from data.access import api_keys
from data.access.accounts import Accounts
from data.access.roles import RIGHTS, ROLES, may
from geo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboard.operations.situation import Situation
    from data.events import Event
    from data.store.access_records import KeyRecord

MAX_KEY_DAYS = 366


def accounts(situation: Situation) -> Accounts | None:
    """Give the accounts; None where nobody has one. Raises `InputError` where the key is missing.

    Whoever asks needs the vault's key: names are sealed with it.
    """
    vault = open_vault(situation)
    return None if vault is None else Accounts(vault)


def has_accounts(situation: Situation) -> bool:
    """Whether anybody has an account, so that everybody must sign in."""
    return bool(situation.store.accounts())


def add_account(
    situation: Situation,
    name: str,
    *,
    role: str,
    organisation: str | None = None,
    password: str | None = None,
    subject: str | None = None,
) -> dict[str, Any]:
    """Make an account; the first one must be an administrator's.

    From the first account on, everybody must sign in.
    """
    if not has_accounts(situation) and not may(role, "accounts") and role in ROLES:
        raise InputError(
            f"the first account as {role}",
            "the first account is an administrator's: from then on everybody must sign in",
            "make it with --role admin",
        )
    organisation_id, registering = _organisation(situation, organisation)
    account_id = Accounts(begin_vault(situation)).add(
        name,
        role=role,
        organisation_id=organisation_id,
        password=password,
        subject=subject,
        before=registering,
    )
    return {"account_id": account_id, "role": role, "organisation_id": organisation_id}


def list_accounts(situation: Situation) -> list[dict[str, Any]]:
    """Give the accounts with their names; only for who has the right `accounts`."""
    made = accounts(situation)
    names = {} if made is None else made.names()
    organisations = organisation_names(situation)
    return [
        {
            "account_id": one.account_id,
            "name": names.get(one.account_id, ""),
            "role": one.role,
            "organisation_id": one.organisation_id,
            "organisation": organisations.get(one.organisation_id or "", ""),
            "active": one.active,
            "created_at": one.created_at.isoformat(timespec="seconds"),
            "signed_in_at": one.signed_in_at and one.signed_in_at.isoformat(timespec="seconds"),
        }
        for one in situation.store.accounts()
    ]


def set_role(
    situation: Situation, name: str, *, role: str, organisation: str | None = None
) -> dict[str, Any]:
    """Give an account another role, and another organisation where one is named."""
    made = _required(situation)
    record = made.find(name)
    found, registering = _organisation(situation, organisation)
    organisation_id = found or record.organisation_id
    made.set_role(record.account_id, role, organisation_id=organisation_id, before=registering)
    return {"account_id": record.account_id, "role": role, "organisation_id": organisation_id}


def set_active(
    situation: Situation, name: str, active: bool, *, reason: str = ""
) -> dict[str, Any]:
    """Let an account sign in, or no longer."""
    made = _required(situation)
    record = made.find(name)
    made.set_active(record.account_id, active, reason=reason)
    return {"account_id": record.account_id, "active": active}


def set_password(situation: Situation, name: str, password: str) -> dict[str, Any]:
    """Set another password of an account; its sessions end."""
    made = _required(situation)
    record = made.find(name)
    made.set_password(record.account_id, password)
    return {"account_id": record.account_id}


def link(situation: Situation, name: str, subject: str) -> dict[str, Any]:
    """Let an identity of a provider sign in to an account."""
    made = _required(situation)
    record = made.find(name)
    made.link(record.account_id, subject)
    return {"account_id": record.account_id}


# --- keys ---------------------------------------------------------------------------------------


def issue_key(
    situation: Situation,
    organisation: str,
    *,
    role: str,
    scopes: Sequence[str],
    days: int,
    label: str = "",
) -> dict[str, Any]:
    """Issue a key of an organisation; `key` in the answer is shown now and never again."""
    if not 1 <= days <= MAX_KEY_DAYS:
        raise InputError(
            f"a key for {days} days", f"1 to {MAX_KEY_DAYS} days are possible", "correct it"
        )
    known = find_organisation(situation, organisation)
    expires_at = utc_now() + timedelta(days=days)
    made = api_keys.issue_key(
        situation.store,
        known.organisation_id,
        role=role,
        scopes=scopes,
        expires_at=expires_at,
        label=label,
    )
    return {
        "key_id": made.key_id,
        "key": made.text,
        "organisation_id": known.organisation_id,
        "role": role,
        "scopes": list(scopes),
        "expires_at": expires_at.isoformat(timespec="seconds"),
    }


def list_keys(situation: Situation) -> list[dict[str, Any]]:
    """Give the keys without their secrets, which stand nowhere."""
    names = organisation_names(situation)
    now = utc_now()
    return [
        {
            "key_id": one.key_id,
            "organisation_id": one.organisation_id,
            "organisation": names.get(one.organisation_id, ""),
            "role": one.role,
            "scopes": list(one.scopes),
            "label": one.label,
            "status": "revoked" if one.revoked_at else "expired" if _over(one, now) else "valid",
            "issued_at": one.issued_at.isoformat(timespec="seconds"),
            "expires_at": one.expires_at.isoformat(timespec="seconds"),
        }
        for one in situation.store.api_keys()
    ]


def revoke_key(situation: Situation, key_id: str, *, reason: str = "") -> dict[str, Any]:
    """Make a key worth nothing."""
    api_keys.revoke_key(situation.store, key_id, reason=reason)
    return {"revoked": key_id}


def _over(key: KeyRecord, now: Any) -> bool:
    return bool(key.expires_at <= now)


def roles_table() -> list[dict[str, Any]]:
    """Give what each role may do, in words."""
    return [
        {"right": right, "allows": words, "roles": [one for one in ROLES if one in roles]}
        for right, (words, roles) in RIGHTS.items()
    ]


def _organisation(
    situation: Situation, organisation: str | None
) -> tuple[str | None, Sequence[Event]]:
    """Find the organisation, with the event that registers it where it is new."""
    if organisation is None or not organisation.strip():
        return None, ()
    return situation.organisation(organisation)


def _required(situation: Situation) -> Accounts:
    made = accounts(situation)
    if made is None:
        raise InputError(
            "this situation", "it has no accounts", "make the first: `qafila account add`"
        )
    return made
