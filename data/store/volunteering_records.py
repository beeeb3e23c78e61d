"""What the store answers of volunteering: tasks, who takes them, shifts, papers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

Row: TypeAlias = Mapping[Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class VolunteerRecord:
    """A volunteer by pseudonym; `vehicle` is the class they drive."""

    volunteer_id: str
    organisation_id: str | None
    home_place_id: str | None
    skills: tuple[str, ...]
    languages: tuple[str, ...]
    available: bool
    available_from: datetime | None
    available_until: datetime | None
    vehicle: str | None
    remote: bool
    consent: bool
    account_id: str | None
    recorded_at: datetime
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRecord:
    """A task; `volunteers` are wanted, `status` is ``open``, ``done`` or ``cancelled``."""

    task_id: str
    title: str
    description: str
    place_id: str | None
    remote: bool
    skills: tuple[str, ...]
    languages: tuple[str, ...]
    vehicle: bool
    volunteers: int
    starts_at: datetime
    ends_at: datetime
    status: str
    status_note: str
    organisation_id: str | None
    recorded_at: datetime
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentRecord:
    """A volunteer asked for a task: ``asked``, ``accepted``, ``declined`` or ``withdrawn``."""

    assignment_id: str
    task_id: str
    volunteer_id: str
    reason: str
    status: str
    note: str
    organisation_id: str | None
    recorded_at: datetime
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftRecord:
    """Hours of work; `ended_at` is None while it lasts, `approved_by` until somebody approves."""

    shift_id: str
    volunteer_id: str
    task_id: str | None
    place_id: str | None
    begun_at: datetime
    ended_at: datetime | None
    approved_by: str | None
    approved_at: datetime | None
    note: str
    organisation_id: str | None
    recorded_at: datetime
    seq: int

    @property
    def worked(self) -> timedelta:
        """Time worked; none while the shift lasts."""
        return timedelta(0) if self.ended_at is None else self.ended_at - self.begun_at


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOfLife:
    """The last that was heard of a volunteer: ``ok`` or ``help``."""

    volunteer_id: str
    state: str
    place_id: str | None
    heard_at: datetime
    note: str
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackRecord:
    """What was said of a task by a volunteer, or of a volunteer by those who asked."""

    feedback_id: str
    task_id: str
    volunteer_id: str
    said_by: str
    stars: int
    note: str
    recorded_at: datetime
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateRecord:
    """A certificate of approved hours; `digest` stands for its text, which is not kept."""

    certificate_id: str
    volunteer_id: str
    shifts: int
    seconds: int
    first_day: str
    last_day: str
    digest: str
    revoked_because: str | None
    organisation_id: str | None
    recorded_at: datetime
    seq: int


def volunteer_record(row: Row) -> VolunteerRecord:
    """Read a row of `volunteers`."""
    return VolunteerRecord(**_read(row, VolunteerRecord))


def task_record(row: Row) -> TaskRecord:
    """Read a row of `tasks`."""
    return TaskRecord(**_read(row, TaskRecord))


def assignment_record(row: Row) -> AssignmentRecord:
    """Read a row of `assignments`."""
    return AssignmentRecord(**_read(row, AssignmentRecord))


def shift_record(row: Row) -> ShiftRecord:
    """Read a row of `shifts`."""
    return ShiftRecord(**_read(row, ShiftRecord))


def sign_of_life(row: Row) -> SignOfLife:
    """Read a row of `signs_of_life`."""
    return SignOfLife(**_read(row, SignOfLife))


def feedback_record(row: Row) -> FeedbackRecord:
    """Read a row of `feedback`."""
    return FeedbackRecord(**_read(row, FeedbackRecord))


def certificate_record(row: Row) -> CertificateRecord:
    """Read a row of `certificates`."""
    return CertificateRecord(**_read(row, CertificateRecord))


_LISTS = ("skills", "languages")
_TIMES = (
    "available_from", "available_until", "starts_at", "ends_at", "begun_at", "ended_at",
    "approved_at", "heard_at", "recorded_at",
)  # fmt: skip


def _read(row: Row, record: type[Any]) -> dict[str, Any]:
    return {name: _value(name, row[name]) for name in record.__slots__}


def _value(name: str, value: Any) -> Any:
    if name in _LISTS:
        return tuple(json.loads(value))
    if name in _TIMES and value is not None:
        return datetime.fromisoformat(value)
    return value
