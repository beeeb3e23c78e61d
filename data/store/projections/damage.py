"""Projections: damage that people saw, and assessments computed from all evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import AssessmentMade, DamageReported
from data.store.canonical import canonical_json
from data.store.projections.registry import mark, projects, time_text
from data.store.schema import ASSESSMENTS, DAMAGE_REPORTS

if TYPE_CHECKING:
    from data.store.state import Fact, State


@projects(DamageReported, DAMAGE_REPORTS)
def _damage_reported(state: State, fact: Fact, payload: DamageReported) -> None:
    observed = time_text(payload.observed_at) or fact.reported_at or fact.recorded_at
    state.put(
        DAMAGE_REPORTS,
        {
            "report_id": payload.report_id,
            "place_id": payload.place_id,
            "destroyed": payload.destroyed,
            "damaged": payload.damaged,
            "total": payload.total,
            "observed_at": observed,
            "written_place": payload.written_place,
            "match_score": payload.match_score,
            "note": payload.note,
            "organisation_id": fact.organisation_id,
            "upload_id": fact.upload_id,
            "recorded_at": fact.recorded_at,
            **mark(fact),
        },
    )


@projects(AssessmentMade, ASSESSMENTS, undoable=False)
def _assessment_made(state: State, fact: Fact, payload: AssessmentMade) -> None:
    state.put(
        ASSESSMENTS,
        {
            "assessment_id": payload.assessment_id,
            "document": payload.document,
            "based_on_seq": payload.based_on_seq,
            "summary": canonical_json(payload.summary),
            "recorded_at": fact.recorded_at,
            **mark(fact),
        },
    )
