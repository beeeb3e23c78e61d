"""What the store answers about accounts, keys and erasures: frozen values without a name."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from data.store.records import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRecord:
    """An account; what it is called stands in the vault."""

    account_id: str
    role: str
    organisation_id: str | None
    active: bool
    created_at: datetime
    signed_in_at: datetime | None
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRecord:
    """A key of an organisation; its secret stands nowhere."""

    key_id: str
    organisation_id: str
    role: str
    scopes: tuple[str, ...]
    label: str
    issued_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureRecord:
    """That fields of a person were erased last, when and why; never what they held."""

    person_id: str
    fields: tuple[str, ...]
    reason: str
    recorded_at: datetime
    seq: int


def account_record(row: Row) -> AccountRecord:
    """Read a row of `ACCOUNTS`."""
    return AccountRecord(
        account_id=row["account_id"],
        role=row["role"],
        organisation_id=row["organisation_id"],
        active=bool(row["active"]),
        created_at=datetime.fromisoformat(row["recorded_at"]),
        signed_in_at=_moment(row["signed_in_at"]),
        seq=row["seq"],
    )


def key_record(row: Row) -> KeyRecord:
    """Read a row of `KEYS`."""
    return KeyRecord(
        key_id=row["key_id"],
        organisation_id=row["organisation_id"],
        role=row["role"],
        scopes=tuple(json.loads(row["scopes"])),
        label=row["label"],
        issued_at=datetime.fromisoformat(row["recorded_at"]),
        expires_at=datetime.fromisoformat(row["expires_at"]),
        revoked_at=_moment(row["revoked_at"]),
        seq=row["seq"],
    )


def erasure_record(row: Row) -> ErasureRecord:
    """Read a row of `ERASURES`."""
    return ErasureRecord(
        person_id=row["person_id"],
        fields=tuple(json.loads(row["fields"])),
        reason=row["reason"],
        recorded_at=datetime.fromisoformat(row["recorded_at"]),
        seq=row["seq"],
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
