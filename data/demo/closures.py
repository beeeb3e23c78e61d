"""Rockfall on the drill's roads: the closures that are known and in force when the drill plays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from data.events import NewEvent, Provenance, RoadClosed

if TYPE_CHECKING:
    from datetime import datetime

    from data.demo.roads import Roads
    from data.demo.tables import Tables

FIRST_ROW = 2


def drill_closures(tables: Tables, roads: Roads, *, at: datetime) -> list[NewEvent]:
    """One event for each closure that was reported by `at` and not reopened by then.

    The others are left out: whoever decides at that hour does not know of them yet, or no longer
    needs to. A day of reopening that lies ahead is kept as the expected end (`until`). Bare edge
    ids speak of both directions.
    """
    rows = tables.closures.rename(columns={"from": "start", "to": "end"}).assign(
        reported_at=pd.to_datetime(tables.closures["reported_at"], utc=True),
        reopened_at=pd.to_datetime(tables.closures["reopened_at"].replace("", None), utc=True),
    )
    holds = (rows["reported_at"] <= at) & ~(rows["reopened_at"] <= at)
    return [
        NewEvent(
            payload=RoadClosed(
                closure_id=f"closure:drill-{row.Index + 1:02d}",
                edges=roads.edges_along(row.ref, row.start, row.end),
                state=row.state,
                classes=tuple(row.classes.split()),
                since=row.reported_at.to_pydatetime(),
                until=None if pd.isna(row.reopened_at) else row.reopened_at.to_pydatetime(),
                confidence=float(row.confidence),
                source=row.source,
                reason=f"{row.name}: {row.reason}",
            ),
            reported_at=row.reported_at.to_pydatetime(),
            provenance=Provenance(file="closures.csv", row=row.Index + FIRST_ROW),
        )
        for row in rows[holds].itertuples()
    ]
