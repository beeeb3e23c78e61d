"""An upload as the page shows it: columns with their guess, rows with their reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from dashboard.languages import _, tell
from dashboard.map.text import clean
from data.intake.columns import WIDE

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Rows shown; those that need somebody come first, and all are in the workbook.
ROWS_SHOWN = 2_000
_ORDER = {"rejected": 0, "undecided": 1, "repaired": 2, "duplicate": 3, "accepted": 4}


def kind_names() -> dict[str, str]:
    """Kinds of tables, and what a person calls them."""
    return {
        "needs": _("Needs"),
        "stock": _("Stock in depots"),
        "damage": _("Damaged houses"),
        "deliveries": _("Deliveries"),
        "vehicles": _("Vehicles"),
        "volunteers": _("Volunteers"),
        "places": _("Places that no list has"),
        "road-status": _("States of roads"),
        "activities": _("Who does what where"),
    }


def status_name(status: str) -> str:
    """What became of a row, in words."""
    names = {
        "accepted": _("taken"),
        "repaired": _("taken, read with care"),
        "undecided": _("you must decide"),
        "rejected": _("not taken"),
        "duplicate": _("was here before"),
    }
    return names.get(status, status)


def field_names() -> dict[str, str]:
    """Fields that rows are read by, and what a person calls them."""
    return {
        "place": _("place name"),
        "place_id": _("place code"),
        "commune": _("commune"),
        "province": _("province"),
        "lon": _("longitude"),
        "lat": _("latitude"),
        "position": _("coordinates in one cell"),
        "item": _("item"),
        "quantity": _("quantity"),
        "unit": _("unit of measure"),
        "weight": _("urgency"),
        "reported_at": _("date of the report"),
        "note": _("remark"),
        "people": _("people"),
        "households": _("households"),
        "destroyed": _("destroyed houses"),
        "damaged": _("damaged houses"),
        "total": _("houses in all"),
        "depot": _("depot"),
        "funder": _("donor"),
        "lot": _("lot"),
        "expires_at": _("last day"),
        "convoy": _("convoy"),
        "expected": _("what was to come"),
        "vehicle": _("vehicle"),
        "class": _("vehicle class"),
        "capacity_kg": _("capacity in kg"),
        "capacity_m3": _("capacity in m³"),
        "shift_h": _("hours of work a day"),
        "speed_factor": _("speed for one of its class"),
        "crew": _("people who unload"),
        "together": _("travels with (group)"),
        "volunteer": _("volunteer code"),
        "skills": _("skills"),
        "languages": _("languages"),
        "organisation": _("organisation"),
        "implementer": _("organisation that does it"),
        "sector": _("sector"),
        "activity": _("activity"),
        "status": _("state of the work"),
        "start_at": _("first day of the work"),
        "end_at": _("last day of the work"),
        "reached": _("people reached"),
        "road": _("road number"),
        "edge": _("edge id of a road"),
        "state": _("state of the road"),
        "classes": _("vehicle classes that are kept out"),
        "until": _("until when"),
        "reason": _("reason"),
    }


def field_name(field: str) -> str:
    """What a person calls a field; "" is a column that is left out."""
    if not field:
        return _("(left out)")
    if field.startswith(WIDE):
        return _("how many: {item}").format(item=field.removeprefix(WIDE))
    return field_names().get(field, field.replace("_", " "))


def columns_table(sheet: Mapping[str, Any]) -> pd.DataFrame:
    """Give the columns of a sheet: title, what it is taken for, how sure (0 to 1), sample cells."""
    columns = sheet["columns"]
    return pd.DataFrame(
        {
            "title": [clean(one["title"], 80) for one in columns],
            "field": [field_name(one["field"]) for one in columns],
            "confidence": [float(one["confidence"]) for one in columns],
            "samples": [clean(" · ".join(one["samples"]), 160) for one in columns],
        }
    )


def choices(sheet: Mapping[str, Any]) -> dict[str, str]:
    """Give name → field of all that a column can be taken for."""
    fields = ["", *field_names()]
    fields += [one["field"] for one in sheet["columns"] if one["field"] not in fields]
    return {field_name(field): field for field in dict.fromkeys(fields)}


def corrections(sheet: Mapping[str, Any], chosen: list[str]) -> dict[str, str]:
    """Give title → field of the columns for which a person chose another name than the guess."""
    fields = choices(sheet)
    return {
        column["title"]: fields[name]
        for column, name in zip(sheet["columns"], chosen, strict=True)
        if name in fields and fields[name] != column["field"]
    }


def rows_table(report: Mapping[str, Any]) -> pd.DataFrame:
    """Give the rows of a report, those that need somebody first: one line a problem or note."""
    lines: list[dict[str, Any]] = []
    ranked = sorted(report["rows"], key=lambda row: _ORDER.get(row["status"], 9))
    for row in ranked:
        if len(lines) >= ROWS_SHOWN:
            break
        shown = {
            "status": status_name(row["status"]),
            "sheet": clean(row["sheet"]),
            "row": row["row"],
        }
        problems = row["problems"] or [{}]
        notes = "; ".join([*_place_read(row), *map(tell, row["notes"])])
        lines += [
            shown
            | {
                "cell": problem.get("cell", ""),
                "value": clean(problem.get("value", ""), 80),
                "expected": clean(tell(problem.get("expected", "")) or notes, 200),
                "suggestion": clean(tell(problem.get("suggestion", "")), 300),
            }
            for problem in problems
        ]
    names = ("status", "sheet", "row", "cell", "value", "expected", "suggestion")
    return pd.DataFrame(lines, columns=list(names))


def told_report(report: Mapping[str, Any]) -> dict[str, Any]:
    """Give a report with its notes and reasons in the language of this run."""

    def said(entry: Mapping[str, Any]) -> dict[str, Any]:
        words = ("expected", "suggestion")
        return {key: tell(value) if key in words else value for key, value in entry.items()}

    return {
        **report,
        "notes": [tell(note) for note in report["notes"]],
        "reasons": [said(reason) for reason in report["reasons"]],
        "rows": [
            {
                **row,
                "notes": [tell(note) for note in row["notes"]],
                "problems": [said(problem) for problem in row["problems"]],
            }
            for row in report["rows"]
        ],
    }


def reasons_table(report: Mapping[str, Any]) -> pd.DataFrame:
    """Give why rows were not taken, the commonest reason first, with the first row of each."""
    names = ("rows", "field", "expected", "first")
    lines = [
        {
            "rows": one["rows"],
            "field": field_name(one["column"]),
            "expected": clean(tell(one["expected"]), 200),
            "first": one["first_row"],
        }
        for one in report["reasons"]
    ]
    return pd.DataFrame(lines, columns=list(names))


def lacking(group: str) -> str:
    """Name a group of fields of which a sheet has none, one of which it needs."""
    return " / ".join(map(field_name, group.split(" or ")))


def _place_read(row: Mapping[str, Any]) -> list[str]:
    """The place that a written name was taken for, and how like it is, where that was no letter."""
    match = row["match"]
    if match is None or match["score"] >= 1:
        return []
    commune = f", {match['commune']}" if match["commune"] else ""
    return [f"→ {match['name']}{commune} ({match['score']:.0%})"]
