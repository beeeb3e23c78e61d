"""What lies in the depots, and for how long."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from data.indicators.definition import Measured, Part, unknown

if TYPE_CHECKING:
    from data.indicators.facts import Facts

DAY_S = 86_400.0
NO_STOCK = "nothing is on hand in any depot"


def stock_age_days(facts: Facts) -> Measured:
    """Median age in days of what is on hand, the oldest leaving first; parts by depot.

    Quantities of different items cannot be added, so each lot counts once, as the share that is
    left of it.
    """
    lots = on_hand(facts)
    if lots.empty:
        return unknown(NO_STOCK)
    age_s = (pd.Timestamp(facts.now) - lots["received_at"]).dt.total_seconds()
    lots["age_days"] = (age_s / DAY_S).clip(lower=0.0)
    parts = tuple(
        Part(str(depot), _median(group["age_days"], group["left_share"]), len(group))
        for depot, group in lots.groupby("depot_id", sort=True)
    )
    return Measured(
        _median(lots["age_days"], lots["left_share"]),
        rows=lots.sort_values("age_days", ascending=False, kind="stable"),
        parts=tuple(sorted(parts, key=lambda part: -(part.value or 0.0))),
    )


def on_hand(facts: Facts) -> pd.DataFrame:
    """Give what is left of each receipt of a depot, first in, first out.

    Returns
    -------
    DataFrame
        `depot_id`, `item_id`, `received_at`, `quantity` (left), `left_share` (0–1, above 0).
    """
    moved = facts.movements.assign(quantity=facts.movements["quantity"].astype("float64"))
    key = ["depot_id", "item_id"]
    into = moved[_at_depots(moved["to_account"])].rename(
        columns={"to_account": "depot_id", "moved_at": "received_at"}
    )
    out = moved[_at_depots(moved["from_account"])]
    gone = out.groupby(["from_account", "item_id"])["quantity"].sum().rename("gone")
    into = into.sort_values(["depot_id", "item_id", "received_at"], kind="stable")
    until = into.groupby(key)["quantity"].cumsum()
    left = into.join(gone.rename_axis(key), on=key)
    # Of a lot that stands between `until - quantity` and `until`, what lies beyond `gone` is left.
    left["left"] = (until - left["gone"].fillna(0.0)).clip(lower=0.0)
    left["left"] = np.minimum(left["left"], left["quantity"])
    left = left[left["left"] > 0]
    return pd.DataFrame(
        {
            "depot_id": left["depot_id"],
            "item_id": left["item_id"],
            "received_at": left["received_at"],
            "quantity": left["left"],
            "left_share": left["left"] / left["quantity"],
        }
    ).reset_index(drop=True)


def _median(values: pd.Series, weights: pd.Series) -> float:
    order = np.argsort(values.to_numpy(), kind="stable")
    running = np.cumsum(weights.to_numpy()[order])
    return float(values.to_numpy()[order][np.searchsorted(running, running[-1] / 2.0)])


def _at_depots(accounts: pd.Series) -> pd.Series:
    return accounts.isin([one for one in accounts.unique() if str(one).startswith("depot:")])
