"""Volunteering: tasks, who takes them, hours given and approved, certificates. No names."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from data.events.base import Count, Event, Id, Name, Text

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
TaskStatus = Literal["open", "done", "cancelled"]
Answer = Literal["accepted", "declined", "withdrawn"]


class TaskPosted(Event):
    """An organisation asks for volunteers: where, when, how many, who can do what.

    `remote` work is done from anywhere; else `place_id` says where. One skill and one language of
    those asked for are enough to be proposed, more count for more.
    """

    type: ClassVar[str] = "task.posted"
    subject: ClassVar[str] = "task_id"
    begins: ClassVar[bool] = True
    task_id: Id
    title: Name
    description: Text = ""
    place_id: Id | None = None
    remote: bool = False
    skills: tuple[Name, ...] = ()
    languages: tuple[Name, ...] = ()
    vehicle: bool = False
    volunteers: Annotated[int, Field(ge=1, le=10_000)] = 1
    starts_at: AwareDatetime
    ends_at: AwareDatetime


class TaskClosed(Event):
    """A task is done, or called off."""

    type: ClassVar[str] = "task.closed"
    subject: ClassVar[str] = "task_id"
    task_id: Id
    status: Literal["done", "cancelled"]
    note: Text = ""


class TaskAssigned(Event):
    """A volunteer is asked to do a task; `reason` says in words why this one."""

    type: ClassVar[str] = "task.assigned"
    subject: ClassVar[str] = "assignment_id"
    begins: ClassVar[bool] = True
    assignment_id: Id
    task_id: Id
    volunteer_id: Id
    reason: Text = ""


class AssignmentAnswered(Event):
    """A volunteer accepted or declined what they were asked, or withdrew later."""

    type: ClassVar[str] = "task.answered"
    subject: ClassVar[str] = "assignment_id"
    assignment_id: Id
    answer: Answer
    note: Text = ""


class ShiftBegun(Event):
    """A volunteer checked in: their work begins, and somebody watches out for them."""

    type: ClassVar[str] = "shift.begun"
    subject: ClassVar[str] = "shift_id"
    begins: ClassVar[bool] = True
    shift_id: Id
    volunteer_id: Id
    task_id: Id | None = None
    place_id: Id | None = None
    at: AwareDatetime


class ShiftEnded(Event):
    """A volunteer checked out."""

    type: ClassVar[str] = "shift.ended"
    subject: ClassVar[str] = "shift_id"
    shift_id: Id
    at: AwareDatetime
    note: Text = ""


class ShiftApproved(Event):
    """Somebody else says that these hours were worked: an account or a person by pseudonym."""

    type: ClassVar[str] = "shift.approved"
    subject: ClassVar[str] = "shift_id"
    shift_id: Id
    approved_by: Id
    note: Text = ""


class VolunteerHeard(Event):
    """A sign of life of a volunteer at work."""

    type: ClassVar[str] = "volunteer.heard"
    subject: ClassVar[str] = "volunteer_id"
    volunteer_id: Id
    state: Literal["ok", "help"] = "ok"
    place_id: Id | None = None
    at: AwareDatetime
    note: Text = ""


class FeedbackGiven(Event):
    """What a volunteer says of a task, or those who asked for help of a volunteer: 1 to 5."""

    type: ClassVar[str] = "task.feedback"
    subject: ClassVar[str] = "feedback_id"
    begins: ClassVar[bool] = True
    feedback_id: Id
    task_id: Id
    volunteer_id: Id
    by: Literal["volunteer", "organisation"]
    stars: Annotated[int, Field(ge=1, le=5)]
    note: Text = ""


class CertificateIssued(Event):
    """A certificate of hours: what it says of whom lies in `digest`, without a name.

    `digest` is the SHA-256 of the whole text of the certificate, which holds the name that the
    volunteer wished to have on it and a random part; who holds the paper can show that it is this
    one, and nobody can guess the name from the ledger.
    """

    type: ClassVar[str] = "certificate.issued"
    subject: ClassVar[str] = "certificate_id"
    begins: ClassVar[bool] = True
    certificate_id: Id
    volunteer_id: Id
    shifts: Count
    seconds: Count
    first_day: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    last_day: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    digest: Digest


class CertificateRevoked(Event):
    """A certificate holds no longer."""

    type: ClassVar[str] = "certificate.revoked"
    subject: ClassVar[str] = "certificate_id"
    certificate_id: Id
    reason: Name


EVENTS: tuple[type[Event], ...] = (
    TaskPosted,
    TaskClosed,
    TaskAssigned,
    AssignmentAnswered,
    ShiftBegun,
    ShiftEnded,
    ShiftApproved,
    VolunteerHeard,
    FeedbackGiven,
    CertificateIssued,
    CertificateRevoked,
)
