"""What the store answers of needs: what places lack, who says so, what was found out since."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from data.store.schema import from_micro
from geo.model import Need

Row: TypeAlias = Mapping[Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedRecord(Need):
    """A need with who said so and when, and how much was delivered for it.

    `status` is ``met`` once as much was delivered as was asked for; `quantity` stays what was
    asked for. `merged_into` is the need that it stands behind, `merged_in` counts those behind it;
    `verified_by` and `refuted_by` are who found so last, both where they say the contrary.
    """

    unit: str
    delivered: float
    reported_from: str | None
    written_place: str
    match_score: float | None
    note: str
    organisation_id: str | None
    upload_id: str | None
    recorded_at: datetime
    reported_at: datetime | None
    changed_at: datetime
    merged_into: str | None
    merged_in: int
    rumour: bool
    rumour_note: str
    verified_by: str | None
    verified_at: datetime | None
    refuted_by: str | None
    refuted_at: datetime | None
    status_note: str
    revisions: int
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeRecord:
    """Reports that speak of one need, and who decided so: a person, or the rule ``equal``."""

    merge_id: str
    kept_id: str
    need_ids: tuple[str, ...]
    rule: str
    reason: str
    organisation_id: str | None
    recorded_at: datetime
    undone_at: datetime | None
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedTrust:
    """How much of what nobody verified may enter a plan, and what pending organisations' is worth.

    `recorded_at` is None where nobody said: then everything counts, and what comes from pending
    organisations is kept apart where several have accounts.
    """

    unverified_share: float = 1.0
    pending: str = "accounts"
    reason: str = ""
    recorded_at: datetime | None = None


def need_record(row: Row) -> NeedRecord:
    """Read a row of `needs`."""
    return NeedRecord(
        quantity=float(from_micro(row["quantity_micro"])),
        delivered=float(from_micro(row["delivered_micro"])),
        basis="reported",
        expires_at=_maybe_time(row["expires_at"]),
        recorded_at=_time(row["recorded_at"]),
        reported_at=_maybe_time(row["reported_at"]),
        changed_at=_time(row["changed_at"]),
        verified_at=_maybe_time(row["verified_at"]),
        refuted_at=_maybe_time(row["refuted_at"]),
        **_only(
            row,
            "need_id place_id item_id weight status unit reported_from written_place match_score "
            "note organisation_id upload_id merged_into merged_in rumour rumour_note verified_by "
            "refuted_by status_note revisions seq",
        ),
    )


def merge_record(row: Row) -> MergeRecord:
    """Read a row of `merges`."""
    return MergeRecord(
        need_ids=tuple(json.loads(row["need_ids"])),
        recorded_at=_time(row["recorded_at"]),
        undone_at=_maybe_time(row["undone_at"]),
        **_only(row, "merge_id kept_id rule reason organisation_id seq"),
    )


def need_trust(row: Row) -> NeedTrust:
    """Read the row of `need_trust`."""
    return NeedTrust(
        recorded_at=_time(row["recorded_at"]), **_only(row, "unverified_share pending reason")
    )


def _only(row: Row, names: str) -> dict[str, Any]:
    return {name: row[name] for name in names.split()}


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _maybe_time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
