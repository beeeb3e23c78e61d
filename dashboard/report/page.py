"""The report's text: one HTML file that needs nothing beside it, for screen and paper."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard.indicatorsheet import UNKNOWN, written
from dashboard.languages import _, direction, language
from dashboard.map.text import NOTE_LIMIT, clean
from dashboard.numerals import moment as _moment
from dashboard.numerals import number
from dashboard.vocabulary import told

if TYPE_CHECKING:
    from datetime import datetime

    from jinja2 import Template

TEMPLATE = Path(__file__).with_name("page.html")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPage:
    """What the report says; rows are dictionaries of values, not yet of words.

    `since_seq` 0 means that everything is new. `drawing` is an SVG of ours, everything else is text
    that is escaped when it is written.
    """

    title: str
    notice: str
    timezone: str
    seq: int
    made_at: datetime
    since_seq: int
    since_at: datetime | None
    totals: dict[str, Any]
    changed: dict[str, int]
    told: list[dict[str, Any]]
    drawing: str
    cut_off: list[dict[str, Any]]
    gaps: list[dict[str, Any]]
    n_gaps: int
    convoys: list[dict[str, Any]]
    n_convoys: int
    plan_is_old: bool
    stock: list[dict[str, Any]]
    indicators: list[dict[str, Any]]
    sources: list[dict[str, Any]]

    def sizes(self) -> dict[str, int]:
        """Number of rows in each section."""
        return {
            "changes": len(self.told),
            "cut_off": len(self.cut_off),
            "gaps": len(self.gaps),
            "convoys": len(self.convoys),
            "stock": len(self.stock),
            "indicators": len(self.indicators),
            "sources": len(self.sources),
        }


def report_html(page: ReportPage) -> str:
    """Write the report in the language of this run."""
    return _template().render(
        page=page,
        language=language(),
        direction=direction(language()),
        text=clean,
        told=told,
        long=lambda value: clean(value, NOTE_LIMIT),
        number=number,
        moment=lambda at: moment(at, page.timezone),
        indicator=written,
        words=words(),
    )


def moment(at: Any, timezone: str) -> str:
    """Write a moment in the situation's time zone, a dash where there is none."""
    if at is None or at != at:
        return UNKNOWN
    return _moment(at, timezone)


def words() -> dict[str, str]:
    """Give the words of the template in the language of this run."""
    return {
        "report": _("Situation report"),
        "as_of": _("As of"),
        "event": _("event"),
        "since": _("New since"),
        "all_new": _("from the beginning"),
        "summary": _("In short"),
        "places": _("Places"),
        "affected": _("People affected"),
        "not_assessed": _("Places not assessed"),
        "cut_truck": _("Cut off for trucks"),
        "cut_pickup": _("Cut off for pickups"),
        "unserved": _("Needs without delivery"),
        "changes": _("What changed"),
        "needs": _("needs reported or changed"),
        "closures": _("roads closed or restricted"),
        "reopened": _("roads reopened"),
        "layers": _("layers of evidence loaded"),
        "damage_reports": _("reports of damage from the ground"),
        "assessments": _("assessments"),
        "plans": _("plans of convoys"),
        "uploads": _("tables uploaded"),
        "need": _("need"),
        "closed": _("closed"),
        "restricted": _("restricted"),
        "open": _("open"),
        "unknown": _("unknown"),
        "map": _("Map of the situation"),
        "legend": _(
            "Filled: damage seen. White: analysed, no damage visible from above. Hatched: not "
            "assessed, nobody looked. Framed: neither truck nor pickup gets there. Yellow: road "
            "closed (×) or restricted (–). Larger: more people affected."
        ),
        "cut_off": _("Places that neither truck nor pickup reaches"),
        "none_cut": _("None, as far as it was computed."),
        "place": _("Place"),
        "commune": _("Commune"),
        "people": _("People"),
        "reach": _("Reach"),
        "why": _("Why"),
        "gaps": _("Needs that the newest plan leaves, where most people are affected"),
        "item": _("Item"),
        "quantity": _("Quantity"),
        "reason": _("Reason"),
        "no_gaps": _("None: every open need is in the plan, or there is no plan yet."),
        "convoys": _("Convoys of the newest plan"),
        "old_plan": _("The plan is older than the latest events."),
        "leaves": _("Leaves"),
        "vehicle": _("Vehicle"),
        "depot": _("Depot"),
        "stops": _("Stops"),
        "no_plan": _("There is no plan yet."),
        "stock": _("On hand in the depots"),
        "depots": _("Depots"),
        "no_stock": _("No stock recorded."),
        "indicators": _("Indicators"),
        "indicator": _("Indicator"),
        "value": _("Value"),
        "before": _("24 h before"),
        "target": _("target"),
        "formula": _("Formula"),
        "source": _("Source"),
        "sources": _("Sources and their times"),
        "kind": _("Kind"),
        "time": _("Time"),
        "more": _("and more: {n} in all"),
        "reachable": _("reachable"),
        "by_relay": _("by relay"),
        "cut_off_word": _("cut off"),
        "not_on_network": _("not on the road network"),
        "made": _(
            "Made by Qafila from its ledger. Every figure has the cut-off time above; a dash means "
            "that nobody knows, never 0."
        ),
    }


@lru_cache(maxsize=1)
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
