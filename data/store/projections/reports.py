"""Projections: situation reports that were given out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import ReportGiven
from data.store.projections.registry import mark, projects
from data.store.report_table import REPORTS

if TYPE_CHECKING:
    from data.store.state import Fact, State


@projects(ReportGiven, REPORTS)
def _report_given(state: State, fact: Fact, payload: ReportGiven) -> None:
    state.put(
        REPORTS,
        {
            "report_id": payload.report_id,
            "file": payload.file,
            "form": payload.form,
            "language": payload.language,
            "based_on_seq": payload.based_on_seq,
            "since_seq": payload.since_seq,
            "organisation_id": fact.organisation_id,
            "recorded_at": fact.recorded_at,
            **mark(fact),
        },
    )
