"""Indicators of a situation: collect the facts of a moment, measure, compare with a day before."""

from __future__ import annotations

import functools
import json
import operator
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd

from dashboard.operations import picture
from dashboard.operations.fact_tables import FactTables
from dashboard.operations.register import register
from dashboard.operations.spreadsheet import write_table
from data.indicators.catalogue import BY_ID, INDICATORS
from data.indicators.facts import Facts
from geo.errors import UnknownIdError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from dashboard.operations.situation import Situation
    from data.indicators.definition import Indicator, Measured

TREND_H = 24
#: How long the values of a day before are kept: they are as dear as those of now, and stand still.
BEFORE_KEPT_S = 300
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
    facts, measured = _measured(situation)
    before = _before(situation, facts) if trend else {}
    sources = _sources(situation, facts)
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
    rows = _measured(situation)[1][indicator_id].ordered_rows()
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
    """Collect the facts of the present moment; what was read for the last event is kept."""
    shown = picture.picture(situation)
    kept = situation.remember(("fact tables",), FactTables)
    tables = kept.upto_now(situation.store, register(situation).current)
    reader = situation.store
    facts = Facts(
        now=situation.now(),
        seq=reader.seq(),
        places=pd.DataFrame(shown.places[PLACE_COLUMNS]),
        needs=tables["needs"],
        movements=tables["movements"],
        volunteers=tables["volunteers"],
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
        news=tables["seen"][["place_id", "at"]],
        shifts=tables["shifts"],
        activities=tables["activities"],
        receipts=tables["receipts"],
        plan=shown.plan,
    )
    told = facts.needs[["place_id", "told_at"]].rename(columns={"told_at": "at"})
    came = facts.deliveries()[["place_id", "moved_at"]].rename(columns={"moved_at": "at"})
    parts = [part for part in (facts.news, told, came) if len(part)] or [facts.news]
    return replace(facts, news=pd.concat(parts))


def _measured(situation: Situation) -> tuple[Facts, dict[str, Measured]]:
    now = situation.now()
    # "Told more than a day ago" changes with the clock too: remembered for a minute at most.
    key = ("indicators", situation.seq(), int(now.timestamp()) // 60)

    def make() -> tuple[Facts, dict[str, Measured]]:
        facts = facts_of(situation)
        return facts, {one.id: one.measure(facts) for one in INDICATORS}

    return situation.remember(key, make)


def _before(situation: Situation, facts: Facts) -> dict[str, float | None]:
    """Values of a day before, of the indicators whose facts all carry their time.

    Kept for some minutes: what is told now of yesterday may stand there a little later.
    """
    key = ("indicators a day before", int(facts.now.timestamp()) // BEFORE_KEPT_S)
    return situation.remember(key, lambda: _measured_before(facts))


def _measured_before(facts: Facts) -> dict[str, float | None]:
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


def _sources(situation: Situation, facts: Facts) -> dict[str, str]:
    """Say of each table who told what is in it, and when the newest was told."""
    layers: dict[str, list[str]] = {}
    for layer in situation.store.layers():
        at = f" ({layer.source.at:%Y-%m-%d})" if layer.source.at else ""
        layers.setdefault(layer.kind, []).append(f"{layer.source.name}{at}")
    names = {one.organisation_id: one.name for one in situation.store.organisations()}

    def reporters(ids: pd.Series) -> str:
        told = sorted({names.get(one, one) for one in ids.dropna().unique() if one})
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
        "needs": reporters(facts.needs["organisation_id"]),
        "movements": reporters(facts.movements["organisation_id"]),
        "closures": "; ".join(
            sorted({one.source for one in situation.store.closures() if one.source})[:4]
        ),
        "damage reports": reporters(
            pd.Series([one.organisation_id for one in situation.store.damage_reports()])
        ),
    }
    plan = picture.picture(situation).plan
    if plan is not None:
        found["plans"] = plan["plan_id"]
    return found


def _frame(
    rows: Iterable[dict[str, Any]], columns: str, *, times: tuple[str, ...] = ()
) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=columns.split())
    for name in times:
        frame[name] = pd.to_datetime(frame[name], utc=True)
    return frame
