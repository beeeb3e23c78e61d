"""Needs as people read them: words for their states, and tables with names in place of ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from dashboard.languages import _
from dashboard.map.text import clean
from dashboard.operations.requesting import reference_of

NOTE_SHOWN = 300
#: States in the order in which a need goes through them; then those in which it ends elsewhere.
CHAIN = ("reported", "verified", "planned", "met")
ENDS = ("expired", "refuted", "merged", "withdrawn")
#: Of several needs of one place the map shows the state that asks most of somebody.
_MOST_URGENT = ("reported", "verified", "planned", "expired", "met", "refuted", "merged")

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What ids and moments are called on this page."""

    item: Callable[[str], str]
    moment: Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which needs are wanted; an empty choice is no choice."""

    communes: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()
    max_age_h: float | None = None
    unverified: bool = False
    rumours: bool = False
    contradicted: bool = False


def status_name(status: str) -> str:
    """Say the state of a need."""
    names = {
        "reported": _("reported"),
        "verified": _("verified"),
        "planned": _("planned"),
        "met": _("met"),
        "expired": _("expired"),
        "refuted": _("refuted"),
        "withdrawn": _("withdrawn"),
        "merged": _("told twice"),
    }
    return names.get(status, status)


def chosen(rows: Iterable[Row], wanted: Wanted, *, now: datetime) -> list[Row]:
    """Give the needs that are wanted, in their order."""
    oldest = None if wanted.max_age_h is None else now - timedelta(hours=wanted.max_age_h)
    return [
        row
        for row in rows
        if (not wanted.communes or row["commune"] in wanted.communes)
        and (not wanted.items or row["item"] in wanted.items)
        and (not wanted.statuses or row["status"] in wanted.statuses)
        and (not wanted.organisations or row["organisation"] in wanted.organisations)
        and (oldest is None or datetime.fromisoformat(row["reported_at"]) >= oldest)
        and (not wanted.unverified or (row["status"] in CHAIN[:3] and not row["verified_by"]))
        and (not wanted.rumours or row["rumour"])
        and (not wanted.contradicted or row["conflicts"])
    ]


def table(rows: Sequence[Row], words: Words) -> pd.DataFrame:
    """Give needs as the page and its downloads show them, one line each."""
    return pd.DataFrame(
        {
            _("Place"): [clean(row["place"]) for row in rows],
            _("Commune"): [clean(row["commune"]) for row in rows],
            _("Item"): [words.item(row["item"]) for row in rows],
            _("Quantity"): [float(row["quantity"]) for row in rows],
            _("Status"): [status_text(row) for row in rows],
            _("Says who"): [clean(row["organisation"]) for row in rows],
            _("Reported"): [words.moment(row["reported_at"]) for row in rows],
            _("Delivered"): [float(row["delivered"]) for row in rows],
            _("May be planned"): [float(row["counts_for_plan"]) for row in rows],
            _("Verified by"): [clean(row["verified_by"]) for row in rows],
            _("Refuted by"): [clean(row["refuted_by"]) for row in rows],
            _("Speaks against it"): [clean(against(row), NOTE_SHOWN) for row in rows],
            _("Holds until"): [words.moment(row["expires_at"] or "") for row in rows],
            _("Reporter is at"): [clean(row["reported_from_name"]) for row in rows],
            _("File"): [clean(row["file"]) for row in rows],
            _("Number"): [reference_of(row["need_id"]) for row in rows],
            _("Remark"): [clean(row["note"] or row["status_note"], NOTE_SHOWN) for row in rows],
            "need_id": [row["need_id"] for row in rows],
            "place_id": [row["place_id"] for row in rows],
        }
    )


def status_text(row: Row) -> str:
    """Say the state of a need, and what is to be known with it: hearsay, quarantine."""
    parts = [status_name(row["status"])]
    if row["status"] == "planned" and row["verified_by"]:
        parts.append(_("verified"))
    if row["rumour"]:
        parts.append(_("rumour"))
    if row["quarantined"]:
        parts.append(_("quarantine"))
    if row["merged_in"]:
        parts.append(_("speaks for {n} more").format(n=row["merged_in"]))
    return " · ".join(parts)


def against(row: Row) -> str:
    """Say what speaks against a need."""
    texts = {
        "both": _("verified by {who}, refuted by {other}"),
        "refuted": _("{who} refuted a report of the same"),
        "differs": _("{who} says {quantity}"),
    }
    return "; ".join(
        texts[one["kind"]].format(
            who=one["who"] or _("somebody"),
            other=one["other"] or _("somebody"),
            quantity=f"{one['quantity']:g}",
        )
        for one in row["conflicts"]
    )


def why_twice(kept: Row, other: Row, unit: str) -> str:
    """Say what speaks for one need behind two reports."""
    if other["quantity"] == kept["quantity"]:
        amounts = _("both say {quantity} {unit}").format(
            quantity=f"{kept['quantity']:g}", unit=unit
        )
    else:
        amounts = _("{other} here, {kept} there").format(
            other=f"{other['quantity']:g}", kept=f"{kept['quantity']:g}"
        )
    hours = other["hours_apart"]
    when = _("{n} h apart").format(n=f"{hours:.0f}") if hours >= 1 else _("within the hour")
    sender = _("same sender, another file") if other["same_sender"] else _("another sender")
    return "; ".join((_("same place and item"), amounts, when, sender))


def step_text(step: Row, words: Words, unit: str) -> str:
    """Say one step of a need's history in a sentence."""
    texts = {
        "reported": _("reported: {quantity} {unit}"),
        "revised": _("said anew: {quantity} {unit}"),
        "verified": _("verified by {by}"),
        "refuted": _("refuted by {by}"),
        "reopened": _("taken back: reported again"),
        "planned": _("planned"),
        "met": _("said to be met"),
        "expired": _("said to be over"),
        "withdrawn": _("withdrawn"),
        "rumour": _("marked as a rumour"),
        "no_rumour": _("no longer a rumour"),
        "kept": _("speaks for {n} other reports"),
        "merged": _("told twice: another report speaks for it"),
        "parted": _("stands for itself again"),
        "delivered": _("{quantity} {unit} arrived"),
    }
    quantity = "" if step["quantity"] is None else f"{step['quantity']:g}"
    text = texts.get(step["what"], str(step["what"])).format(
        quantity=quantity, unit=unit, by=step["by"] or _("somebody"), n=len(step["other"])
    )
    who = f" ({clean(step['organisation'])})" if step["organisation"] else ""
    note = f" – {clean(step['note'], NOTE_SHOWN)}" if step["note"] else ""
    return f"{words.moment(step['at'])}: {text}{who}{note}"


def source_text(source: Row | None) -> str:
    """Say where something was read: file, sheet, row, cell; "" for what came by hand."""
    if source is None or not source["file"]:
        return ""
    parts = [source["file"]]
    if source["sheet"]:
        parts.append(_("sheet {name}").format(name=source["sheet"]))
    if source["row"] is not None:
        parts.append(_("row {n}").format(n=source["row"]))
    if source["cell"]:
        parts.append(_("cell {name}").format(name=source["cell"]))
    return clean(", ".join(parts), NOTE_SHOWN)


def map_features(
    rows: Iterable[Row], positions: Mapping[str, tuple[float, float]], words: Words
) -> list[dict[str, Any]]:
    """Give a point for each place of these needs, with the state that asks most of somebody.

    Parameters
    ----------
    positions
        lon, lat in EPSG:4326 by place id; needs of other places are left out.
    """
    by_place: dict[str, list[Row]] = {}
    for row in rows:
        if row["place_id"] in positions:
            by_place.setdefault(row["place_id"], []).append(row)
    features = []
    for place_id, there in by_place.items():
        counts = Counter(str(row["status"]) for row in there)
        lon, lat = positions[place_id]
        features.append(
            {
                "type": "Feature",
                "id": f"needs:{place_id}",
                "geometry": {"type": "Point", "coordinates": [round(lon, 5), round(lat, 5)]},
                "properties": {
                    "kind": "needs",
                    "name": clean(there[0]["place"]),
                    "status": next((one for one in _MOST_URGENT if counts[one]), "withdrawn"),
                    "n": len(there),
                    "rumours": sum(bool(row["rumour"]) for row in there),
                    "quarantined": sum(bool(row["quarantined"]) for row in there),
                    "contradicted": sum(bool(row["conflicts"]) for row in there),
                    "lines": [_line(row, words) for row in there[:12]],
                },
            }
        )
    return sorted(features, key=lambda one: str(one["id"]))


def _line(row: Row, words: Words) -> str:
    sender = f", {clean(row['organisation'], 60)}" if row["organisation"] else ""
    return f"{row['quantity']:g} {words.item(row['item'])}: {status_text(row)}{sender}"
