"""Indicators in words: their names, values and units in the language of this run."""

from __future__ import annotations

from dashboard.languages import _
from dashboard.numerals import UNKNOWN, number, share


def written(value: float | None, unit: str) -> str:
    """Write a value with its unit; a dash where nobody knows, which is never 0."""
    if value is None or value != value:
        return UNKNOWN
    if unit == "share":
        return share(value)
    digits = 0 if float(value).is_integer() else 2 if abs(value) < 10 else 1
    told = number(value, digits)
    counted = {
        "needs",
        "people",
        "places",
        "organisations",
        "volunteers",
        "index",
        "pairs",
        "sheets",
    }
    return told if unit in counted else f"{told} {unit_text(unit)}"


def unit_text(unit: str) -> str:
    """Say a unit in the language of this run."""
    return {"h": _("h"), "days": _("days"), "t·km": _("t·km")}.get(unit, unit)


def indicator_names() -> dict[str, str]:
    """Names of the indicators in the language of this run."""
    return {
        "need_met_share": _("Share of need met"),
        "people_reached_share": _("Share of affected people reached"),
        "worst_commune_share": _("Share of need met in the worst-off commune"),
        "coverage_gini": _("Inequality between communes"),
        "duplication_share": _("Share delivered beyond need"),
        "wait_median_h": _("Wait until the first delivery, median"),
        "wait_p90_h": _("Wait until the first delivery, one in ten waits longer"),
        "needs_waiting": _("Needs waiting for more than a day"),
        "people_cut_off": _("People cut off"),
        "places_cut_off": _("Places cut off"),
        "plan_served_share": _("Share of open need that the newest plan brings"),
        "tonne_km_per_person": _("Tonne-kilometres for each person served"),
        "assessed_share": _("Share of places where somebody looked"),
        "fresh_places_share": _("Share of affected places with news of the last 24 h"),
        "verified_share": _("Share of needs verified"),
        "stock_age_days": _("Age of what lies in the depots, median"),
        "organisations_active": _("Organisations active in the last seven days"),
        "volunteers_available": _("Volunteers available"),
        "volunteers_active": _("Volunteers at work in the last seven days"),
        "volunteer_hours": _("Hours that volunteers gave"),
        "partnerships": _("Partnerships"),
        "sheets_spared": _("Sheets of paper spared"),
    }
