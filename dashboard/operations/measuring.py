"""Indicators of a situation: collect the facts of a moment, measure, compare with a day before."""

from __future__ import annotations

import functools
import json
import operator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd

from dashboard.operations import picture
from dashboard.operations.spreadsheet import write_table
from data.indicators.catalogue import BY_ID, INDICATORS
from data.indicators.facts import ACTIVITY_COLUMNS, RECEIPT_COLUMNS, SHIFT_COLUMNS, Facts
from geo.errors import UnknownIdError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from dashboard.operations.situation import Situation
    from data.indicators.definition import Indicator, Measured
    from data.store.read import Reader

TREND_H = 24
PLACE_COLUMNS = ["place_id", "name", "commune", "people", "affected", "assessed", "reach_status"]


def indicators(situation: Situation, *, trend: bool = False) -> dict[str, Any]:
    """Measure all indicators.

    Parameters
    ----------
    trend
        Measure those whose facts carry their time also as of 24 h before.

    Returns
    -------
    dict
        The contract's ``{"indicators": [...]}``: a value that cannot be known is None, with a
        `reason`.
    """
    facts = facts_of(situation)
    measured = _measured(situation)
    before = _before(situation, facts) if trend else {}
    sources = _sources(situation)
    return {
        "indicators": [
            _as_json(one, measured[one.id], facts, sources, before.get(one.id))
            for one in INDICATORS
        ],
        "at": facts.now.isoformat(),
        "based_on_seq": facts.seq,
    }


def indicator_rows(situation: Situation, indicator_id: str) -> pd.DataFrame:
    """Give the rows behind an indicator; raises `UnknownIdError` for an id that there is not."""
    if indicator_id not in BY_ID:
        raise UnknownIdError(
            indicator_id, "an indicator is needed", f"one of {', '.join(sorted(BY_ID))}"
        )
    rows = _measured(situation)[indicator_id].rows
    if "place_id" not in rows or "name" in rows:
        return rows
    names = picture.picture(situation).places.set_index("place_id")["name"]
    named = rows.copy()
    named.insert(1, "name", names.reindex(rows["place_id"]).fillna("").to_numpy())
    return named


def one_indicator(
    situation: Situation, found: dict[str, Any], indicator_id: str, *, table: Path | None = None
) -> dict[str, Any]:
    """Take one indicator out of `found`, with its rows, which are also written to `table` (CSV)."""
    rows = indicator_rows(situation, indicator_id)
    if table is not None:
        write_table(rows, table)
    told = [one for one in found["indicators"] if one["id"] == indicator_id]
    records = json.loads(rows.to_json(orient="records", date_format="iso"))
    return {**found, "indicators": told, "rows": records}


def facts_of(situation: Situation) -> Facts:
    """Collect the facts of the present moment."""
    shown = picture.picture(situation)
    places = pd.DataFrame(shown.places[PLACE_COLUMNS])
    return collect(
        situation.store,
        places=places,
        plan=shown.plan,
        now=situation.now(),
        current_place=situation.current_places(),
    )


def collect(
    reader: Reader,
    *,
    places: pd.DataFrame,
    plan: dict[str, Any] | None,
    now: datetime,
    current_place: Any,
) -> Facts:
    """Collect facts from a reader of the store, as far as `now`.

    `current_place` gives the id under which a place is known today.
    """
    needs = _frame(
        (
            {
                "need_id": one.need_id,
                "place_id": current_place(one.place_id),
                "item_id": one.item_id,
                "quantity": float(one.quantity),
                "weight": float(one.weight),
                "status": one.status,
                "told_at": one.reported_at or one.recorded_at,
                "organisation_id": one.organisation_id,
            }
            for one in reader.needs(open_only=False)
        ),
        "need_id place_id item_id quantity weight status told_at organisation_id",
        times=("told_at",),
    )
    movements = _frame(
        (
            {
                "movement_id": one.movement_id,
                "item_id": one.item_id,
                "quantity": float(one.quantity),
                "from_account": _current_account(one.from_account, current_place),
                "to_account": _current_account(one.to_account, current_place),
                "moved_at": one.reported_at or one.recorded_at,
                "organisation_id": one.organisation_id,
            }
            for one in reader.movements()
            if not one.taken_back
        ),
        "movement_id item_id quantity from_account to_account moved_at organisation_id",
        times=("moved_at",),
    )
    seen = _frame(
        (
            {"place_id": current_place(one.place_id), "at": one.observed_at}
            for one in reader.damage_reports()
        ),
        "place_id at",
        times=("at",),
    )
    facts = Facts(
        now=now,
        seq=reader.seq(),
        places=places,
        needs=needs,
        movements=movements,
        volunteers=_frame(
            (
                {
                    "volunteer_id": one.volunteer_id,
                    "available": one.available,
                    "organisation_id": one.organisation_id,
                }
                for one in reader.volunteers()
            ),
            "volunteer_id available organisation_id",
        ),
        organisations=_frame(
            (
                {"organisation_id": one.organisation_id, "name": one.name, "status": one.status}
                for one in reader.organisations()
            ),
            "organisation_id name status",
        ),
        closures=_frame(
            (
                {
                    "closure_id": one.closure_id,
                    "state": one.state,
                    "told_at": one.reported_at or one.recorded_at,
                }
                for one in reader.closures()
            ),
            "closure_id state told_at",
            times=("told_at",),
        ),
        news=seen,
        shifts=_shifts(reader),
        activities=_frame(
            (
                {
                    "activity_id": one.activity_id,
                    "place_id": current_place(one.place_id),
                    "actor": one.actor,
                    "funder": one.funder,
                    "status": one.status,
                }
                for one in reader.activities()
                if one.status != "cancelled"
            ),
            ACTIVITY_COLUMNS,
        ),
        receipts=_frame(
            (
                {
                    "delivery_id": one.delivery_id,
                    "place_id": current_place(one.place_id),
                    "told_at": one.reported_at or one.recorded_at,
                }
                for one in reader.deliveries()
            ),
            RECEIPT_COLUMNS,
            times=("told_at",),
        ),
        plan=plan,
    )
    told = needs[["place_id", "told_at"]].rename(columns={"told_at": "at"})
    came = facts.deliveries()[["place_id", "moved_at"]].rename(columns={"moved_at": "at"})
    news = pd.concat([part for part in (seen, told, came) if len(part)] or [seen])
    return Facts(
        **{name: getattr(facts, name) for name in Facts.__slots__ if name != "news"}, news=news
    )


def _shifts(reader: Reader) -> pd.DataFrame:
    return _frame(
        (
            {
                "shift_id": one.shift_id,
                "volunteer_id": one.volunteer_id,
                "organisation_id": one.organisation_id,
                "begun_at": one.begun_at,
                "ended_at": one.ended_at,
                "approved": one.approved_by is not None,
            }
            for one in reader.shifts()
        ),
        SHIFT_COLUMNS,
        times=("begun_at", "ended_at"),
    )


def _measured(situation: Situation) -> dict[str, Measured]:
    now = situation.now()
    # "Told more than a day ago" changes with the clock too: remembered for a minute at most.
    key = ("indicators", situation.seq(), int(now.timestamp()) // 60)

    def make() -> dict[str, Measured]:
        facts = facts_of(situation)
        return {one.id: one.measure(facts) for one in INDICATORS}

    return situation.remember(key, make)


def _before(situation: Situation, facts: Facts) -> dict[str, float | None]:
    """Values of a day before, of the indicators whose facts all carry their time."""
    moment = facts.now - timedelta(hours=TREND_H)
    needs = facts.needs[facts.needs["told_at"] <= pd.Timestamp(moment)]
    movements = facts.movements[facts.movements["moved_at"] <= pd.Timestamp(moment)]
    news = facts.news[facts.news["at"] <= pd.Timestamp(moment)]
    earlier = Facts(
        now=moment,
        seq=facts.seq,
        places=facts.places,
        needs=needs,
        movements=movements,
        volunteers=facts.volunteers,
        organisations=facts.organisations,
        closures=facts.closures,
        news=news,
        shifts=facts.shifts,
        activities=facts.activities,
        receipts=facts.receipts,
        plan=None,
    )
    return {one.id: one.measure(earlier).value for one in INDICATORS if one.dated}


def _as_json(
    indicator: Indicator,
    measured: Measured,
    facts: Facts,
    sources: dict[str, str],
    before: float | None,
) -> dict[str, Any]:
    told = [sources[table] for table in indicator.of if sources.get(table)]
    return {
        "id": indicator.id,
        "name": indicator.name,
        "value": measured.value,
        "unit": indicator.unit,
        "reason": measured.reason,
        "definition": indicator.definition,
        "formula": indicator.formula,
        "better": indicator.better,
        "target": indicator.target,
        "target_source": indicator.target_source,
        "sdg": list(indicator.sdg),
        "source": "; ".join(dict.fromkeys(told)) or "the ledger of this situation",
        "at": facts.now.isoformat(),
        "value_day_before": before,
        "n_rows": len(measured.rows),
        "parts": [{"key": part.key, "value": part.value, "n": part.n} for part in measured.parts],
    }


def _sources(situation: Situation) -> dict[str, str]:
    """Say of each table who told what is in it, and when the newest was told."""
    layers: dict[str, list[str]] = {}
    for layer in situation.store.layers():
        at = f" ({layer.source.at:%Y-%m-%d})" if layer.source.at else ""
        layers.setdefault(layer.kind, []).append(f"{layer.source.name}{at}")
    names = {one.organisation_id: one.name for one in situation.store.organisations()}

    def reporters(ids: Iterable[str | None]) -> str:
        told = sorted({names.get(one, one) for one in ids if one})
        return (
            f"reports of {', '.join(told[:4])}"
            + (f" and {len(told) - 4} more" if len(told) > 4 else "")
            if told
            else ""
        )

    found = {
        "places": "; ".join(layers.get("places", [])),
        "roads": "; ".join(layers.get("roads", [])),
        "layers": "; ".join(dict.fromkeys(functools.reduce(operator.iadd, layers.values(), []))),
        "needs": reporters(one.organisation_id for one in situation.store.needs(open_only=False)),
        "movements": reporters(one.organisation_id for one in situation.store.movements()),
        "closures": "; ".join(
            sorted({one.source for one in situation.store.closures() if one.source})[:4]
        ),
        "damage reports": reporters(
            one.organisation_id for one in situation.store.damage_reports()
        ),
    }
    plan = picture.picture(situation).plan
    if plan is not None:
        found["plans"] = plan["plan_id"]
    return found


def _current_account(account: str, current_place: Any) -> str:
    return str(current_place(account)) if account.startswith("place:") else account


def _frame(
    rows: Iterable[dict[str, Any]], columns: str, *, times: tuple[str, ...] = ()
) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=columns.split())
    for name in times:
        frame[name] = pd.to_datetime(frame[name], utc=True)
    return frame
