"""The situation report on paper: PDF, A4, tagged, in the language of this run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard.languages import direction, language
from dashboard.map.text import NOTE_LIMIT, clean
from dashboard.report.page import words
from dashboard.report.sections import heading, sections
from dashboard.report.typeset import typeset
from dashboard.vocabulary import told

if TYPE_CHECKING:
    from dashboard.report.page import ReportPage


def report_pdf(page: ReportPage) -> bytes:
    """Set the report as PDF/UA-1; the same report gives the same bytes."""
    title, when = heading(page)
    return typeset(
        "paper.typ",
        {
            "language": language(),
            "right_to_left": direction(language()) == "rtl",
            "title": title,
            "notice": clean(told(page.notice), NOTE_LIMIT),
            "when": when,
            "sections": [one.as_json() for one in sections(page)],
            "made": words()["made"],
        },
    )
