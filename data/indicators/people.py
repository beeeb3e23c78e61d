"""Who works: organisations and volunteers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from data.indicators.definition import Measured, Part, unknown

if TYPE_CHECKING:
    from data.indicators.facts import Facts

ACTIVE_DAYS = 7


def active_organisations(facts: Facts) -> Measured:
    """Count organisations that reported a need or moved goods in the last seven days; by status."""
    if facts.organisations.empty:
        return unknown("no organisation is recorded")
    since = pd.Timestamp(facts.now) - pd.Timedelta(days=ACTIVE_DAYS)
    done = pd.concat(
        [
            facts.needs[["organisation_id", "told_at"]].rename(columns={"told_at": "at"}),
            facts.movements[["organisation_id", "moved_at"]].rename(columns={"moved_at": "at"}),
        ]
    )
    newest = done.dropna(subset=["organisation_id"]).groupby("organisation_id")["at"].max()
    table = facts.organisations.assign(
        newest=newest.reindex(facts.organisations["organisation_id"]).to_numpy()
    )
    table["newest"] = pd.to_datetime(table["newest"], utc=True)
    table["active"] = table["newest"] >= since
    active = table[table["active"]]
    counts = active.groupby("status").size()
    return Measured(
        float(len(active)),
        rows=table.sort_values("newest", ascending=False, na_position="last", kind="stable"),
        parts=tuple(Part(str(status), float(n), int(n)) for status, n in counts.items()),
    )


def available_volunteers(facts: Facts) -> Measured:
    """Count volunteers who are available, by organisation; no names."""
    if facts.volunteers.empty:
        return unknown("no volunteer is registered")
    ready = facts.volunteers[facts.volunteers["available"].astype(bool)]
    counts = ready["organisation_id"].fillna("").groupby(ready["organisation_id"].fillna("")).size()
    return Measured(
        float(len(ready)),
        rows=ready[["volunteer_id", "organisation_id"]],
        parts=tuple(Part(str(key), float(n), int(n)) for key, n in counts.items()),
    )
