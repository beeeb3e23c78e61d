"""The coming days: what places will need, when depots run out, what to order, and how sure."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd

from dashboard.operations import assessing, goods, lacking, reaching, stock_report
from dashboard.operations.situation import silent
from data import forecast
from data.catalogue import items
from geo.errors import InputError

if TYPE_CHECKING:
    from datetime import datetime

    from dashboard.operations.lacking import NeedsPolicy
    from dashboard.operations.situation import Progress, Situation
    from data.needs import Climate

DAYS = 7
#: How far back a forecast is looked at, the first of these at which anything was told.
BACK = (timedelta(days=1), timedelta(hours=12), timedelta(hours=6))
DAY = timedelta(days=1)


def make_forecast(
    situation: Situation,
    *,
    days: int = DAYS,
    climate: Climate | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Forecast needs and stock for some days.

    Parameters
    ----------
    days
        1 to `data.forecast.MAX_DAYS`.
    climate
        What weather to reckon with; None keeps that of the newest assessment. Cold asks for more
        tents and blankets.

    Returns
    -------
    dict
        ``{items: [{item, unit, missing_now, per_day, by_day, free, runs_out_in_days, order,
        order_packs}], depots: [{depot_id, depot, item, unit, free, per_day, need, runs_out_on,
        short}], error: [{item, predicted, actual, error_share}], error_since, error_of, days,
        climate, water, basis, based_on_seq, at}``. `by_day` is what must have come by the end of
        each day, `free` what depots may hand out, for whomever it is kept. `error` holds the
        forecast of a day ago (less in the first day) against what came since and what is missing
        now; it is empty, and `error_of` says why, where there is no such past.

    Raises
    ------
    InputError
        No places are loaded, or another number of days.
    """
    if not 1 <= days <= forecast.MAX_DAYS:
        raise InputError(
            f"--days {days}", f"1 to {forecast.MAX_DAYS} days are needed", "correct it"
        )
    before = lacking.policy_in_force(situation)
    policy = lacking.NeedsPolicy(climate=climate or before.climate, water=before.water)
    now = situation.now()
    progress(0.1, "what places lack")
    lines = _lines(situation, policy, now=now)
    progress(0.6, "what depots hold")
    free = _free(situation)
    totals, depots = forecast.by_item(lines, days), forecast.by_depot(lines, free, days)
    progress(0.8, "what was forecast a day ago")
    error, since, error_of = _error(situation, policy, lines, now=now)
    return {
        "items": _items(situation, totals, lines, free, days),
        "depots": _depots(situation, depots, now),
        "error": error,
        "error_since": None if since is None else since.isoformat(),
        "error_of": error_of,
        "days": [(now + timedelta(days=day)).isoformat() for day in range(1, days + 1)],
        "climate": policy.climate,
        "water": policy.water,
        "basis": "what is missing now, and use by the standard (Sphere 2018) for the people "
        "affected; nobody moves, nothing else comes",
        "based_on_seq": situation.seq(),
        "at": now.isoformat(),
    }


def _lines(
    situation: Situation,
    policy: NeedsPolicy,
    *,
    now: datetime,
    told_by: datetime | None = None,
) -> pd.DataFrame:
    """Give one line for each place and item, with the depot that serves the place."""
    assessment = assessing.compute(situation, now=situation.now())
    needs = lacking.needs_of_places(situation, assessment, now=now, policy=policy, told_by=told_by)
    affected = assessment.places.set_index("place_id")["affected"].to_dict()
    depot_of = _serving(situation)
    rows = [
        (
            place_id,
            depot_of.get(place_id, ""),
            row["item"],
            row["quantity"],
            row["missing"],
            row["left"],
            lacking.per_day(row["item"], float(affected.get(place_id, 0.0)), policy),
        )
        for place_id, found in needs.items()
        for row in found
    ]
    return pd.DataFrame(rows, columns=list(forecast.LINE_COLUMNS))


def _serving(situation: Situation) -> dict[str, str]:
    try:
        reached = reaching.make_reach(situation)["places"]
    except InputError:
        # No roads or depots yet: what places need can be said all the same.
        return {}
    return {one["place_id"]: one["depot_id"] or "" for one in reached}


def _free(situation: Situation) -> pd.DataFrame:
    return pd.DataFrame(
        [
            # What a plan keeps goes to the same places.
            (row["depot_id"], row["item"], float(row["free"]) + float(row["reserved"]))
            for row in stock_report.show(situation)["stock"]
        ],
        columns=["depot_id", "item", "free"],
    )


def _items(
    situation: Situation,
    totals: pd.DataFrame,
    lines: pd.DataFrame,
    free: pd.DataFrame,
    days: int,
) -> list[dict[str, Any]]:
    known, own = items(), goods.stock_items(situation)
    have = free.groupby("item")["free"].sum()
    missing = lines.groupby("item")["missing"].sum()
    found = []
    for row in totals.to_dict("records"):
        item = row["item"]
        by_day = [_rounded(row[day]) for day in range(1, days + 1)]
        there = max(0.0, float(have.get(item, 0.0)))
        short = max(0.0, by_day[-1] - there)
        unit = known[item].unit if item in known else own[item].unit if item in own else ""
        found.append(
            {
                "item": item,
                "unit": unit,
                "missing_now": _rounded(float(missing[item])),
                "per_day": _rounded(row["per_day"]),
                "by_day": by_day,
                "free": _rounded(there),
                "runs_out_in_days": next(
                    (day for day, need in enumerate(by_day, start=1) if need > there), None
                ),
                "order": math.ceil(short),
                "order_packs": {
                    name: math.ceil(short / float(size))
                    for name, size in (own[item].packs if item in own else {}).items()
                    if short > 0
                },
            }
        )
    return found


def _depots(situation: Situation, table: pd.DataFrame, now: datetime) -> list[dict[str, Any]]:
    names = {one.depot_id: one.name for one in situation.store.depots()}
    known = items()
    found = []
    for row in table.itertuples(index=False):
        lasts = None if math.isnan(row.lasts_days) else int(row.lasts_days)
        found.append(
            {
                "depot_id": row.depot_id or None,
                "depot": names.get(row.depot_id, ""),
                "item": row.item,
                "unit": known[row.item].unit if row.item in known else "",
                "free": _rounded(row.free),
                "per_day": _rounded(row.per_day),
                "need": _rounded(row.need),
                # On the day after the last one whose need it covers.
                "runs_out_on": None
                if lasts is None
                else (now + timedelta(days=lasts + 1)).date().isoformat(),
                "short": _rounded(row.short),
            }
        )
    return sorted(found, key=lambda one: (one["runs_out_on"] or "9", -one["short"]))


def _error(
    situation: Situation, policy: NeedsPolicy, lines: pd.DataFrame, *, now: datetime
) -> tuple[list[dict[str, Any]], datetime | None, str]:
    """Hold an earlier forecast against what came since and what is missing now."""
    told = [one.reported_at for one in situation.store.needs(open_only=False) if one.reported_at]
    back = next((one for one in BACK if told and min(told) <= now - one), None)
    if back is None:
        return [], None, "nothing was told long enough ago that a forecast could have rested on"
    then = now - back
    earlier = _lines(situation, policy, now=then, told_by=then)
    need = forecast.cumulative_need(earlier, [back / DAY])[:, 0]
    predicted = pd.Series(need).groupby(earlier["item"]).sum()
    came: dict[str, float] = {}
    for move in situation.store.movements():
        at = move.reported_at or move.recorded_at
        if move.taken_back or not then < at <= now:
            continue
        for account, sign in ((move.to_account, 1.0), (move.from_account, -1.0)):
            if account.startswith("place:"):
                came[move.item_id] = came.get(move.item_id, 0.0) + sign * float(move.quantity)
    actual = lines.groupby("item")["missing"].sum().add(pd.Series(came, dtype=float), fill_value=0)
    return (
        [
            {
                "item": row.item,
                "predicted": _rounded(row.predicted),
                "actual": _rounded(row.actual),
                "error_share": round(row.error_share, 4)
                if math.isfinite(row.error_share)
                else None,
            }
            for row in forecast.error_of(predicted, actual).itertuples(index=False)
        ],
        then,
        f"forecast of {then.isoformat()} until now, by the damage that is known now",
    )


def _rounded(value: float) -> float:
    return round(float(value), 2)
