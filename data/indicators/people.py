"""Who works: organisations and volunteers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from data.indicators.definition import Measured, Part, unknown
from geo.names import plain

if TYPE_CHECKING:
    from data.indicators.facts import Facts

ACTIVE_DAYS = 7
HOUR_S = 3_600.0
NO_VOLUNTEERS = "no volunteer is registered"


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


def active_volunteers(facts: Facts) -> Measured:
    """Count volunteers of whom a shift lies in the last seven days; by organisation, no names."""
    if facts.volunteers.empty:
        return unknown(NO_VOLUNTEERS)
    since = pd.Timestamp(facts.now) - pd.Timedelta(days=ACTIVE_DAYS)
    ended = pd.to_datetime(facts.shifts["ended_at"], utc=True)
    recent = facts.shifts[ended.isna() | (ended >= since)]
    table = recent.drop_duplicates("volunteer_id")[["volunteer_id", "organisation_id"]]
    counts = table.groupby(table["organisation_id"].fillna("")).size()
    return Measured(
        float(len(table)),
        rows=table,
        parts=tuple(Part(str(key), float(n), int(n)) for key, n in counts.items()),
    )


def volunteer_hours(facts: Facts) -> Measured:
    """Add the hours of finished shifts that somebody else approved; by organisation, no names."""
    if facts.volunteers.empty:
        return unknown(NO_VOLUNTEERS)
    done = facts.shifts[facts.shifts["approved"].astype(bool)]
    begun, ended = (pd.to_datetime(done[name], utc=True) for name in ("begun_at", "ended_at"))
    table = done[["shift_id", "volunteer_id", "organisation_id"]].assign(
        hours=(ended - begun).dt.total_seconds() / HOUR_S
    )
    table = table[table["hours"].notna()]
    sums = table.groupby(table["organisation_id"].fillna(""))["hours"].agg(["sum", "size"])
    return Measured(
        float(table["hours"].sum()),
        rows=table,
        parts=tuple(
            Part(str(key), float(row["sum"]), int(row["size"])) for key, row in sums.iterrows()
        ),
    )


def partnerships(facts: Facts) -> Measured:
    """Count pairs of different organisations of which one pays for what the other does."""
    if facts.activities.empty:
        return unknown("no activity is recorded")
    named = facts.activities
    told = (named["actor"] != "") & (named["funder"] != "")
    pairs = named[told & (named["actor"].map(plain) != named["funder"].map(plain))]
    table = pairs.groupby([pairs["actor"].map(plain), pairs["funder"].map(plain)]).agg(
        actor=("actor", "first"), funder=("funder", "first"), activities=("activity_id", "size")
    )
    table = table.reset_index(drop=True).sort_values("activities", ascending=False, kind="stable")
    return Measured(float(len(table)), rows=table)


def sheets_spared(facts: Facts) -> Measured:
    """Count needs and receipts that were told without paper: one sheet each, an estimate."""
    needs = facts.needs[["need_id", "place_id", "told_at"]].rename(columns={"need_id": "id"})
    receipts = facts.receipts.rename(columns={"delivery_id": "id"})
    table = pd.concat(
        [part for part in (needs, receipts) if len(part)] or [needs], ignore_index=True
    )
    if table.empty:
        return unknown("nothing was told yet")
    return Measured(
        float(len(table)),
        rows=table,
        parts=(
            Part("needs", float(len(needs)), len(needs)),
            Part("receipts", float(len(receipts)), len(receipts)),
        ),
    )


def available_volunteers(facts: Facts) -> Measured:
    """Count volunteers who are available, by organisation; no names."""
    if facts.volunteers.empty:
        return unknown(NO_VOLUNTEERS)
    ready = facts.volunteers[facts.volunteers["available"].astype(bool)]
    counts = ready["organisation_id"].fillna("").groupby(ready["organisation_id"].fillna("")).size()
    return Measured(
        float(len(ready)),
        rows=ready[["volunteer_id", "organisation_id"]],
        parts=tuple(Part(str(key), float(n), int(n)) for key, n in counts.items()),
    )
