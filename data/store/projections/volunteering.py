"""Projections: tasks, who takes them, shifts, signs of life, feedback, certificates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import (
    AssignmentAnswered,
    CertificateIssued,
    CertificateRevoked,
    FeedbackGiven,
    ShiftApproved,
    ShiftBegun,
    ShiftEnded,
    TaskAssigned,
    TaskClosed,
    TaskPosted,
    VolunteerHeard,
)
from data.store.canonical import canonical_json
from data.store.heads import utc_text
from data.store.projections.registry import mark, projects
from data.store.volunteering_tables import (
    ASSIGNMENTS,
    CERTIFICATES,
    FEEDBACK,
    SHIFTS,
    SIGNS_OF_LIFE,
    TASKS,
)

if TYPE_CHECKING:
    from sqlalchemy import Table

    from data.store.state import Fact, Row, State


@projects(TaskPosted, TASKS)
def _task_posted(state: State, fact: Fact, payload: TaskPosted) -> None:
    state.put(
        TASKS,
        {
            "task_id": payload.task_id,
            "title": payload.title,
            "description": payload.description,
            "place_id": payload.place_id,
            "remote": payload.remote,
            "skills": canonical_json(payload.skills),
            "languages": canonical_json(payload.languages),
            "vehicle": payload.vehicle,
            "volunteers": payload.volunteers,
            "starts_at": utc_text(payload.starts_at),
            "ends_at": utc_text(payload.ends_at),
            "status": "open",
            "status_note": "",
            **_by(fact),
        },
    )


@projects(TaskClosed, TASKS)
def _task_closed(state: State, fact: Fact, payload: TaskClosed) -> None:
    _change(state, fact, TASKS, payload.task_id, status=payload.status, status_note=payload.note)


@projects(TaskAssigned, ASSIGNMENTS)
def _task_assigned(state: State, fact: Fact, payload: TaskAssigned) -> None:
    state.put(
        ASSIGNMENTS,
        {
            "assignment_id": payload.assignment_id,
            "task_id": payload.task_id,
            "volunteer_id": payload.volunteer_id,
            "reason": payload.reason,
            "status": "asked",
            "note": "",
            **_by(fact),
        },
    )


@projects(AssignmentAnswered, ASSIGNMENTS)
def _assignment_answered(state: State, fact: Fact, payload: AssignmentAnswered) -> None:
    _change(
        state, fact, ASSIGNMENTS, payload.assignment_id, status=payload.answer, note=payload.note
    )


@projects(ShiftBegun, SHIFTS)
def _shift_begun(state: State, fact: Fact, payload: ShiftBegun) -> None:
    state.put(
        SHIFTS,
        {
            "shift_id": payload.shift_id,
            "volunteer_id": payload.volunteer_id,
            "task_id": payload.task_id,
            "place_id": payload.place_id,
            "begun_at": utc_text(payload.at),
            "ended_at": None,
            "approved_by": None,
            "approved_at": None,
            "note": "",
            **_by(fact),
        },
    )


@projects(ShiftEnded, SHIFTS)
def _shift_ended(state: State, fact: Fact, payload: ShiftEnded) -> None:
    _change(state, fact, SHIFTS, payload.shift_id, ended_at=utc_text(payload.at), note=payload.note)


@projects(ShiftApproved, SHIFTS)
def _shift_approved(state: State, fact: Fact, payload: ShiftApproved) -> None:
    _change(
        state,
        fact,
        SHIFTS,
        payload.shift_id,
        approved_by=payload.approved_by,
        approved_at=fact.recorded_at,
    )


@projects(VolunteerHeard, SIGNS_OF_LIFE)
def _volunteer_heard(state: State, fact: Fact, payload: VolunteerHeard) -> None:
    before = state.row(SIGNS_OF_LIFE, payload.volunteer_id)
    heard_at = utc_text(payload.at)
    # What was said earlier and arrives later does not hide what was said since.
    if before is not None and before["heard_at"] > heard_at:
        return
    state.put(
        SIGNS_OF_LIFE,
        {
            "volunteer_id": payload.volunteer_id,
            "state": payload.state,
            "place_id": payload.place_id,
            "heard_at": heard_at,
            "note": payload.note,
            **mark(fact),
        },
    )


@projects(FeedbackGiven, FEEDBACK)
def _feedback_given(state: State, fact: Fact, payload: FeedbackGiven) -> None:
    state.put(
        FEEDBACK,
        {
            "feedback_id": payload.feedback_id,
            "task_id": payload.task_id,
            "volunteer_id": payload.volunteer_id,
            "said_by": payload.by,
            "stars": payload.stars,
            "note": payload.note,
            "recorded_at": fact.recorded_at,
            **mark(fact),
        },
    )


@projects(CertificateIssued, CERTIFICATES)
def _certificate_issued(state: State, fact: Fact, payload: CertificateIssued) -> None:
    state.put(
        CERTIFICATES,
        {
            "certificate_id": payload.certificate_id,
            "volunteer_id": payload.volunteer_id,
            "shifts": payload.shifts,
            "seconds": payload.seconds,
            "first_day": payload.first_day,
            "last_day": payload.last_day,
            "digest": payload.digest,
            "revoked_because": None,
            **_by(fact),
        },
    )


@projects(CertificateRevoked, CERTIFICATES)
def _certificate_revoked(state: State, fact: Fact, payload: CertificateRevoked) -> None:
    _change(state, fact, CERTIFICATES, payload.certificate_id, revoked_because=payload.reason)


def _by(fact: Fact) -> Row:
    return {
        "organisation_id": fact.organisation_id,
        "recorded_at": fact.recorded_at,
        **mark(fact),
    }


def _change(state: State, fact: Fact, table: Table, key: str, **changes: object) -> None:
    row = state.row(table, key)
    if row is not None:
        state.put(table, {**row, **changes, **mark(fact)})
