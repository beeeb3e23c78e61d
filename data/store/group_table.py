"""The table of state of groups that were counted, and its rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, cast

from data.store.columns import count, key, maybe, projection, text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from data.events import Group

GROUP_COUNTS = projection(
    "group_counts",
    key("count_id"),
    text("place_id"),
    text("group_name"),
    count("people"),
    count("referred"),
    text("note"),
    maybe("organisation_id"),
    text("recorded_at"),
    maybe("reported_at"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCountRecord:
    """How many people of a group somebody counted in a place; exact."""

    count_id: str
    place_id: str
    group: Group
    count: int
    referred: int
    note: str
    organisation_id: str | None
    at: datetime
    seq: int


def group_count(row: Mapping[str, Any]) -> GroupCountRecord:
    """Read a row of `group_counts`."""
    return GroupCountRecord(
        count_id=row["count_id"],
        place_id=row["place_id"],
        group=cast("Group", row["group_name"]),
        count=int(row["people"]),
        referred=int(row["referred"]),
        note=row["note"],
        organisation_id=row["organisation_id"],
        at=datetime.fromisoformat(row["reported_at"] or row["recorded_at"]),
        seq=row["seq"],
    )
