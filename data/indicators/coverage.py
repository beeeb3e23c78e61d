"""How much of what was needed has arrived, where, and how evenly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from data.indicators.definition import Measured, by, parts_of, unknown

if TYPE_CHECKING:
    from data.indicators.definition import Part
    from data.indicators.facts import Facts

NO_NEEDS = "no need is recorded"
NO_DELIVERIES = "no delivery is recorded"


def met(facts: Facts) -> pd.DataFrame:
    """Give needed and delivered by place and item.

    Returns
    -------
    DataFrame
        `place_id`, `item_id`, `commune`, `needed`, `weighted` (needed × its urgency), `delivered`,
        `met` (delivered, at most needed), `beyond` (delivered over needed), `share` (0–1).
    """
    return facts.once("met", lambda: _met(facts))


def _met(facts: Facts) -> pd.DataFrame:
    needs = facts.counted_needs()
    needs = needs.assign(weighted=needs["quantity"] * needs["weight"])
    needed = needs.groupby(["place_id", "item_id"], as_index=False).agg(
        needed=("quantity", "sum"), weighted=("weighted", "sum")
    )
    needed.insert(2, "commune", facts.commune_of(needed["place_id"]))
    delivered = (
        facts.deliveries().groupby(["place_id", "item_id"], as_index=False)["quantity"].sum()
    )
    table = needed.merge(
        delivered.rename(columns={"quantity": "delivered"}), on=["place_id", "item_id"], how="left"
    )
    table["delivered"] = table["delivered"].fillna(0.0).clip(lower=0.0)
    table["met"] = np.minimum(table["delivered"], table["needed"])
    table["beyond"] = table["delivered"] - table["met"]
    table["share"] = np.where(table["needed"] > 0, table["met"] / table["needed"], np.nan)
    return table[table["needed"] > 0].reset_index(drop=True)


def need_met_share(facts: Facts) -> Measured:
    """Share of need met: the mean over the lines of need, each by its urgency, parts by item."""
    table = met(facts)
    if table.empty:
        return unknown(NO_NEEDS)
    return Measured(
        _share(table),
        rows=table,
        order=by("share"),
        parts=_parts(table, "item_id"),
    )


def worst_commune_share(facts: Facts) -> Measured:
    """Share of need met in the commune that got least."""
    table = met(facts)
    if table.empty:
        return unknown(NO_NEEDS)
    parts = _parts(table, "commune")
    return Measured(parts[0].value, rows=table, order=by("commune", "share"), parts=parts)


def coverage_gini(facts: Facts) -> Measured:
    """Gini coefficient of the share of need met among communes, each weighted by its need."""
    table = met(facts)
    if table.empty:
        return unknown(NO_NEEDS)
    parts = _parts(table, "commune")
    shares = np.array([part.value for part in parts], dtype="float64")
    weights = table.groupby("commune")["weighted"].sum().reindex([part.key for part in parts])
    if not shares.any():
        return unknown(NO_DELIVERIES)
    return Measured(gini(shares, weights.to_numpy("float64")), rows=table, parts=parts)


def gini(values: np.ndarray, weights: np.ndarray) -> float:
    """Gini coefficient of values of 0 or more with positive weights: 0 = all equal.

    Half the mean absolute difference over the mean, both weighted; by sorting, in n log n.
    """
    order = np.argsort(values, kind="stable")
    values, weights = values[order], weights[order] / weights.sum()
    mean = float((values * weights).sum())
    # Σ w_i·w_j·|x_i - x_j| over i < j, from the running sums of the sorted values.
    below = np.cumsum(weights) - weights
    below_sum = np.cumsum(weights * values) - weights * values
    return float((weights * (values * below - below_sum)).sum() / mean)


def duplication_share(facts: Facts) -> Measured:
    """Share of what was delivered that went beyond the need of its place and item.

    Quantities of different items cannot be added, so the share is taken by item and the mean is
    weighted by the number of deliveries.
    """
    deliveries = facts.deliveries()
    if deliveries.empty:
        return unknown(NO_DELIVERIES)
    given = deliveries.groupby(["place_id", "item_id"], as_index=False).agg(
        delivered=("quantity", "sum"), n=("quantity", "size")
    )
    given = given[given["delivered"] > 0]
    table = given.merge(met(facts)[["place_id", "item_id", "needed"]], how="left")
    table["needed"] = table["needed"].fillna(0.0)
    table["beyond"] = (table["delivered"] - table["needed"]).clip(lower=0.0)
    by_item = table.groupby("item_id").agg(
        beyond=("beyond", "sum"), delivered=("delivered", "sum"), n=("n", "sum")
    )
    if by_item.empty:
        return unknown(NO_DELIVERIES)
    shares = by_item["beyond"] / by_item["delivered"]
    worst = shares.sort_values(ascending=False, kind="stable")
    value = float((shares * by_item["n"]).sum() / by_item["n"].sum())
    return Measured(
        value,
        rows=table,
        order=by("beyond", ascending=False),
        parts=parts_of(worst, by_item["n"].reindex(worst.index)),
    )


def people_reached_share(facts: Facts) -> Measured:
    """Share of the people affected who live where a delivery arrived; parts by commune."""
    places = facts.places[facts.places["affected"].fillna(0.0) > 0]
    if places.empty:
        return unknown("nobody is known to be affected: assess first")
    served = set(facts.deliveries().query("quantity > 0")["place_id"])
    table = places[["place_id", "name", "commune", "affected"]].assign(
        reached=places["place_id"].isin(served)
    )
    table["reached_people"] = table["affected"].where(table["reached"], 0.0)
    sums = table.groupby("commune").agg(
        reached=("reached_people", "sum"), all=("affected", "sum"), n=("place_id", "size")
    )
    shares = (sums["reached"] / sums["all"]).sort_values(kind="stable")
    return Measured(
        float(table["reached_people"].sum() / table["affected"].sum()),
        rows=table,
        order=by("reached", "affected", ascending=[True, False]),
        parts=parts_of(shares, sums["n"].reindex(shares.index)),
    )


def _share(table: pd.DataFrame) -> float:
    # By line, not by quantity: litres of water would drown tents.
    weight = table["weighted"] / table["needed"]
    return float((table["share"] * weight).sum() / weight.sum())


def _parts(table: pd.DataFrame, key: str) -> tuple[Part, ...]:
    weight = table["weighted"] / table["needed"]
    sums = (
        pd.DataFrame({key: table[key], "got": table["share"] * weight, "weight": weight})
        .groupby(key, sort=True)
        .agg(got=("got", "sum"), weight=("weight", "sum"), n=("weight", "size"))
    )
    shares = (sums["got"] / sums["weight"]).sort_values(kind="stable")
    return parts_of(shares, sums["n"].reindex(shares.index))
