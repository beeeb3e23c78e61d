"""How long people waited: from the moment a need was told to the first delivery of its item."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from data.indicators.coverage import NO_DELIVERIES, NO_NEEDS
from data.indicators.definition import Measured, by, parts_of, unknown

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from data.indicators.facts import Facts

HOUR_S = 3_600.0
MEDIAN, SLOW = 0.5, 0.9


def waits(facts: Facts) -> pd.DataFrame:
    """Give each counted need with the first delivery of its item to its place after it was told.

    Returns
    -------
    DataFrame
        `need_id`, `place_id`, `commune`, `item_id`, `told_at`, `delivered_at` (NaT = still
        waiting), `wait_h`.
    """
    return facts.once("waits", lambda: _waits(facts))


def _waits(facts: Facts) -> pd.DataFrame:
    needs = facts.counted_needs()[["need_id", "place_id", "commune", "item_id", "told_at"]]
    deliveries = facts.deliveries()
    deliveries = deliveries[deliveries["quantity"] > 0]
    needs = needs.sort_values("told_at", kind="stable")
    if deliveries.empty:
        return needs.assign(delivered_at=pd.NaT, wait_h=float("nan"))
    given = deliveries[["moved_at"]].rename(columns={"moved_at": "delivered_at"})
    needs["line"], given["line"] = lines_of(needs, deliveries)
    table = pd.merge_asof(
        needs,
        given.sort_values("delivered_at", kind="stable"),
        left_on="told_at",
        right_on="delivered_at",
        by="line",
        direction="forward",
    ).drop(columns="line")
    table["wait_h"] = (table["delivered_at"] - table["told_at"]).dt.total_seconds() / HOUR_S
    return table


def lines_of(
    left: pd.DataFrame, right: pd.DataFrame
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give the rows of two tables one number for each place and item: comparing texts is slow."""
    numbers = np.zeros(len(left) + len(right), dtype=np.int64)
    for name in ("place_id", "item_id"):
        both = [table[name].astype("category").cat for table in (left, right)]
        known = both[0].categories.union(both[1].categories)
        codes = [known.get_indexer(one.categories)[one.codes] for one in both]
        numbers = numbers * max(len(known), 1) + np.concatenate(codes)
    return numbers[: len(left)], numbers[len(left) :]


def _quantile(facts: Facts, share: float) -> Measured:
    table = waits(facts)
    if table.empty:
        return unknown(NO_NEEDS)
    done = table[table["wait_h"].notna()]
    if done.empty:
        return unknown(NO_DELIVERIES)
    communes = facts.once("waits by commune", lambda: _by_commune(done))
    found = communes.sort_values(share, ascending=False, kind="stable")
    return Measured(
        float(done["wait_h"].quantile(share)),
        rows=table,
        order=by("wait_h", ascending=False, unknown_first=True),
        parts=parts_of(found[share], found["n"]),
    )


def _by_commune(done: pd.DataFrame) -> pd.DataFrame:
    communes = done.groupby("commune", sort=True)["wait_h"]
    found = communes.quantile([MEDIAN, SLOW]).unstack()
    found["n"] = communes.size()
    return found


def median_wait_h(facts: Facts) -> Measured:
    """Median wait in hours of the needs that got something."""
    return _quantile(facts, MEDIAN)


def slow_wait_h(facts: Facts) -> Measured:
    """Wait in hours that one need in ten exceeds, of those that got something."""
    return _quantile(facts, SLOW)


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
        parts=parts_of(counts, counts),
    )
