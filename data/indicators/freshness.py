"""How fresh and how sure the picture is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from data.indicators.coverage import NO_NEEDS
from data.indicators.definition import Measured, Part, by, parts_of, unknown

if TYPE_CHECKING:
    from data.indicators.facts import Facts

FRESH_H = 24
SURE = frozenset({"verified", "planned", "met"})
NO_PLACES = "no place is loaded"


def fresh_places_share(facts: Facts) -> Measured:
    """Share of affected places of which anything was said in the last 24 h; parts by commune."""
    places = facts.places[facts.places["affected"].fillna(0.0) > 0]
    if places.empty:
        return unknown("nobody is known to be affected: assess first")
    newest = facts.news.groupby("place_id")["at"].max()
    table = places[["place_id", "name", "commune"]].assign(
        newest=newest.reindex(places["place_id"]).to_numpy()
    )
    since = pd.Timestamp(facts.now) - pd.Timedelta(hours=FRESH_H)
    table["newest"] = pd.to_datetime(table["newest"], utc=True)
    table["fresh"] = table["newest"] >= since
    return Measured(
        float(table["fresh"].mean()),
        rows=table,
        order=by("newest", unknown_first=True),
        parts=_by_commune(table, "fresh"),
    )


def assessed_share(facts: Facts) -> Measured:
    """Share of places where somebody looked: on the ground, or from above with a usable picture."""
    if facts.places.empty:
        return unknown(NO_PLACES)
    table = facts.places[["place_id", "name", "commune", "assessed"]]
    return Measured(
        float(table["assessed"].mean()),
        rows=table,
        order=by("assessed"),
        parts=_by_commune(table, "assessed"),
    )


def verified_share(facts: Facts) -> Measured:
    """Share of the counted needs that somebody verified, planned for or met."""
    needs = facts.counted_needs()
    if needs.empty:
        return unknown(NO_NEEDS)
    table = needs[["need_id", "place_id", "commune", "item_id", "status"]].assign(
        sure=needs["status"].isin(SURE)
    )
    return Measured(
        float(table["sure"].mean()),
        rows=table,
        order=by("sure"),
        parts=_by_commune(table, "sure"),
    )


def _by_commune(table: pd.DataFrame, column: str) -> tuple[Part, ...]:
    found = table.groupby("commune")[column].agg(["mean", "size"])
    found = found.sort_values("mean", kind="stable")
    return parts_of(found["mean"], found["size"])
