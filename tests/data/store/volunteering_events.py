"""A small history of volunteering: asked, at work, approved, certified."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from data.events import (
    AssignmentAnswered,
    CertificateIssued,
    CertificateRevoked,
    FeedbackGiven,
    NewEvent,
    ShiftApproved,
    ShiftBegun,
    ShiftEnded,
    TaskAssigned,
    TaskClosed,
    TaskPosted,
    VolunteerHeard,
    VolunteerRegistered,
)

MORNING = datetime(2023, 9, 12, 7, 0, tzinfo=UTC)
DIGEST = "c" * 64


def hours(number: float) -> datetime:
    """So many hours after the morning on which the tasks begin."""
    return MORNING + timedelta(hours=number)


def task(number: int = 1, *, starts: float = 0, ends: float = 8) -> TaskPosted:
    return TaskPosted(
        task_id=f"task:{number}",
        title=f"Unload {number}",
        place_id="place:1",
        skills=("logistics",),
        volunteers=2,
        starts_at=hours(starts),
        ends_at=hours(ends),
    )


def asked(number: int, task_number: int, volunteer: str = "volunteer:a") -> TaskAssigned:
    return TaskAssigned(
        assignment_id=f"assignment:{number}",
        task_id=f"task:{task_number}",
        volunteer_id=volunteer,
        reason="near",
    )


def begun(number: int, volunteer: str = "volunteer:a", *, at: float = 0) -> ShiftBegun:
    return ShiftBegun(
        shift_id=f"shift:{number}", volunteer_id=volunteer, task_id="task:1", at=hours(at)
    )


def ended(number: int, *, at: float) -> ShiftEnded:
    return ShiftEnded(shift_id=f"shift:{number}", at=hours(at))


def approved(number: int, by: str = "account:desk") -> ShiftApproved:
    return ShiftApproved(shift_id=f"shift:{number}", approved_by=by)


def certificate(number: int, *, seconds: int, shifts: int = 1) -> CertificateIssued:
    return CertificateIssued(
        certificate_id=f"certificate:{number}",
        volunteer_id="volunteer:a",
        shifts=shifts,
        seconds=seconds,
        first_day="2023-09-12",
        last_day="2023-09-12",
        digest=DIGEST,
    )


def volunteers() -> list[VolunteerRegistered]:
    return [
        VolunteerRegistered(
            volunteer_id=f"volunteer:{name}",
            skills=("logistics",),
            vehicle="pickup",
            account_id=f"account:{name}",
            consent=True,
        )
        for name in "ab"
    ]


def volunteering_history(make: SimpleNamespace) -> list[NewEvent]:
    """Events of every type that is about volunteering."""
    payloads = [
        *volunteers(),
        task(1),
        task(2, starts=20, ends=24),
        asked(1, 1),
        AssignmentAnswered(assignment_id="assignment:1", answer="accepted"),
        begun(1),
        VolunteerHeard(volunteer_id="volunteer:a", state="help", place_id="place:1", at=hours(3)),
        VolunteerHeard(volunteer_id="volunteer:a", at=hours(2), note="came later"),
        ended(1, at=6.5),
        approved(1),
        FeedbackGiven(
            feedback_id="feedback:1", task_id="task:1", volunteer_id="volunteer:a",
            by="organisation", stars=5,
        ),
        certificate(1, seconds=23_400),
        CertificateRevoked(certificate_id="certificate:1", reason="name misspelled"),
        TaskClosed(task_id="task:2", status="cancelled", note="rain"),
    ]  # fmt: skip
    return [make.new(one) for one in payloads]
