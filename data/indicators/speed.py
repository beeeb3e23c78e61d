"""How long people waited: from the moment a need was told to the first delivery of its item."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from data.indicators.coverage import NO_DELIVERIES, NO_NEEDS
from data.indicators.definition import Measured, Part, unknown

if TYPE_CHECKING:
    from data.indicators.facts import Facts

HOUR_S = 3_600.0


def waits(facts: Facts) -> pd.DataFrame:
    """Give each counted need with the first delivery of its item to its place after it was told.

    Returns
    -------
    DataFrame
        `need_id`, `place_id`, `commune`, `item_id`, `told_at`, `delivered_at` (NaT = still
        waiting), `wait_h`.
    """
    needs = facts.counted_needs()[["need_id", "place_id", "commune", "item_id", "told_at"]]
    deliveries = facts.deliveries()
    deliveries = deliveries[deliveries["quantity"] > 0]
    needs = needs.sort_values("told_at", kind="stable")
    if deliveries.empty:
        return needs.assign(delivered_at=pd.NaT, wait_h=float("nan"))
    table = pd.merge_asof(
        needs,
        deliveries[["place_id", "item_id", "moved_at"]]
        .rename(columns={"moved_at": "delivered_at"})
        .sort_values("delivered_at", kind="stable"),
        left_on="told_at",
        right_on="delivered_at",
        by=["place_id", "item_id"],
        direction="forward",
    )
    table["wait_h"] = (table["delivered_at"] - table["told_at"]).dt.total_seconds() / HOUR_S
    return table


def _quantile(facts: Facts, share: float) -> Measured:
    table = waits(facts)
    if table.empty:
        return unknown(NO_NEEDS)
    done = table[table["wait_h"].notna()]
    if done.empty:
        return unknown(NO_DELIVERIES)
    parts = tuple(
        Part(str(commune), float(group["wait_h"].quantile(share)), len(group))
        for commune, group in done.groupby("commune", sort=True)
    )
    return Measured(
        float(done["wait_h"].quantile(share)),
        rows=table.sort_values("wait_h", ascending=False, na_position="first", kind="stable"),
        parts=tuple(sorted(parts, key=lambda part: -(part.value or 0.0))),
    )


def median_wait_h(facts: Facts) -> Measured:
    """Median wait in hours of the needs that got something."""
    return _quantile(facts, 0.5)


def slow_wait_h(facts: Facts) -> Measured:
    """Wait in hours that one need in ten exceeds, of those that got something."""
    return _quantile(facts, 0.9)


def waiting_needs(facts: Facts) -> Measured:
    """Count needs told more than 24 h ago for which nothing has come yet; parts by commune."""
    table = waits(facts)
    if table.empty:
        return unknown(NO_NEEDS)
    late = table[
        table["delivered_at"].isna()
        & (table["told_at"] < pd.Timestamp(facts.now) - pd.Timedelta(hours=24))
    ]
    counts = late.groupby("commune").size().sort_values(ascending=False, kind="stable")
    return Measured(
        float(len(late)),
        rows=late.drop(columns=["delivered_at", "wait_h"]),
        parts=tuple(Part(str(commune), float(n), int(n)) for commune, n in counts.items()),
    )
