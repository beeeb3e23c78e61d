"""Rules: tasks, who takes them, hours given and approved, certificates."""

from __future__ import annotations

from datetime import datetime, timedelta
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
from data.store.heads import utc_text
from data.store.rules.people import require_not_revoked
from data.store.rules.registry import rule, unknown
from data.store.schema import VOLUNTEERS
from data.store.volunteering_tables import ASSIGNMENTS, CERTIFICATES, SHIFTS, TASKS
from geo.errors import RuleError

if TYPE_CHECKING:
    from data.store.state import Fact, Row, State

#: Nobody works longer without sleep; a longer shift is a forgotten check-out or a slip of the pen.
LONGEST_SHIFT = timedelta(hours=16)
#: Nor for more than this in any 24 hours.
MOST_IN_A_DAY = timedelta(hours=16)
LONGEST_TASK = timedelta(days=90)
DAY = timedelta(hours=24)
BOUND = ("asked", "accepted")


@rule(TaskPosted)
def _task_posted(state: State, fact: Fact, payload: TaskPosted) -> None:
    if not timedelta(0) < payload.ends_at - payload.starts_at <= LONGEST_TASK:
        raise RuleError(
            f"{payload.title}: {payload.starts_at:%Y-%m-%d %H:%M} to "
            f"{payload.ends_at:%Y-%m-%d %H:%M}",
            f"a task ends after it begins, within {LONGEST_TASK.days} days",
            "are the two times swapped?",
        )
    if payload.place_id is None and not payload.remote:
        raise RuleError(
            payload.title, "a place is needed, or that it is done from a distance", "say where"
        )
    if fact.organisation_id is not None:
        require_not_revoked(state, fact.organisation_id, f"task {payload.title!r}")


@rule(TaskClosed)
def _task_closed(state: State, _fact: Fact, payload: TaskClosed) -> None:
    _open_task(state, payload.task_id)


@rule(TaskAssigned)
def _task_assigned(state: State, _fact: Fact, payload: TaskAssigned) -> None:
    task = _open_task(state, payload.task_id)
    volunteer = _volunteer(state, payload.volunteer_id)
    if not volunteer["available"]:
        raise RuleError(payload.volunteer_id, "they are not available", "ask somebody else")
    for other in state.rows_where(ASSIGNMENTS, "volunteer_id", payload.volunteer_id):
        if other["removed"] or other["status"] not in BOUND:
            continue
        elsewhere = state.row(TASKS, other["task_id"])
        if elsewhere is None or elsewhere["status"] != "open":
            continue
        if other["task_id"] == payload.task_id:
            raise RuleError(payload.volunteer_id, "they were asked for this task already", "wait")
        if elsewhere["starts_at"] < task["ends_at"] and task["starts_at"] < elsewhere["ends_at"]:
            raise RuleError(
                payload.volunteer_id,
                f"they are bound to {elsewhere['title']!r} at that time",
                "ask somebody else",
            )


@rule(AssignmentAnswered)
def _assignment_answered(state: State, _fact: Fact, payload: AssignmentAnswered) -> None:
    row = state.live(ASSIGNMENTS, payload.assignment_id)
    if row is None:
        raise unknown(payload.assignment_id, "assignment")
    if row["status"] == payload.answer or row["status"] in ("declined", "withdrawn"):
        raise RuleError(
            payload.assignment_id, f"it was {row['status']} already", "ask them anew for the task"
        )


@rule(ShiftBegun)
def _shift_begun(state: State, _fact: Fact, payload: ShiftBegun) -> None:
    _volunteer(state, payload.volunteer_id)
    if payload.task_id is not None and state.live(TASKS, payload.task_id) is None:
        raise unknown(payload.task_id, "task")
    at = utc_text(payload.at)
    for other in _shifts(state, payload.volunteer_id):
        if other["ended_at"] is None:
            raise RuleError(
                payload.volunteer_id,
                f"they are at work since {other['begun_at'][:16].replace('T', ' ')} UTC",
                "check them out first",
            )
        if other["begun_at"] <= at < other["ended_at"]:
            raise _twice(payload.volunteer_id, other)


@rule(ShiftEnded)
def _shift_ended(state: State, _fact: Fact, payload: ShiftEnded) -> None:
    row = _shift(state, payload.shift_id)
    if row["ended_at"] is not None:
        raise RuleError(payload.shift_id, "it has ended already", "nothing is to be done")
    begun = datetime.fromisoformat(row["begun_at"])
    if not timedelta(0) < payload.at - begun <= LONGEST_SHIFT:
        raise RuleError(
            f"{row['volunteer_id']}: {(payload.at - begun) / timedelta(hours=1):.1f} hours",
            f"a shift ends after it begins and lasts {LONGEST_SHIFT // timedelta(hours=1)} hours "
            "at most",
            "give the time at which the work ended",
        )
    worked = payload.at - begun
    for other in _shifts(state, row["volunteer_id"]):
        if other["shift_id"] == payload.shift_id or other["ended_at"] is None:
            continue
        since, until = (datetime.fromisoformat(other[name]) for name in ("begun_at", "ended_at"))
        if since < payload.at and begun < until:
            raise _twice(row["volunteer_id"], other)
        worked += max(min(until, payload.at) - max(since, payload.at - DAY), timedelta(0))
    if worked > MOST_IN_A_DAY:
        raise RuleError(
            f"{row['volunteer_id']}: {worked / timedelta(hours=1):.1f} hours within 24",
            f"nobody works more than {MOST_IN_A_DAY // timedelta(hours=1)} hours a day",
            "correct the times",
        )


@rule(ShiftApproved)
def _shift_approved(state: State, _fact: Fact, payload: ShiftApproved) -> None:
    row = _shift(state, payload.shift_id)
    if row["ended_at"] is None:
        raise RuleError(payload.shift_id, "it has not ended yet", "check them out first")
    if row["approved_by"] is not None:
        raise RuleError(payload.shift_id, "it is approved already", "nothing is to be done")
    worked = _names_of(state, row["volunteer_id"])
    if payload.approved_by in worked:
        raise RuleError(
            row["volunteer_id"], "nobody approves their own hours", "ask somebody else to approve"
        )
    approver = _volunteer_of(state, payload.approved_by)
    if approver is None:
        return
    for own in worked:
        for other in state.rows_where(SHIFTS, "approved_by", own):
            if other["volunteer_id"] == approver:
                raise RuleError(
                    f"{row['volunteer_id']} and {approver}",
                    "two people do not approve each other's hours",
                    "ask a third person to approve",
                )


@rule(VolunteerHeard)
def _volunteer_heard(state: State, _fact: Fact, payload: VolunteerHeard) -> None:
    _volunteer(state, payload.volunteer_id)


@rule(FeedbackGiven)
def _feedback_given(state: State, _fact: Fact, payload: FeedbackGiven) -> None:
    if state.live(TASKS, payload.task_id) is None:
        raise unknown(payload.task_id, "task")
    _volunteer(state, payload.volunteer_id)
    took_part = any(
        one["task_id"] == payload.task_id for one in _shifts(state, payload.volunteer_id)
    ) or any(
        one["task_id"] == payload.task_id and one["status"] == "accepted"
        for one in state.rows_where(ASSIGNMENTS, "volunteer_id", payload.volunteer_id)
    )
    if not took_part:
        raise RuleError(
            payload.volunteer_id, "they had no part in this task", "name the task they worked on"
        )


@rule(CertificateIssued)
def _certificate_issued(state: State, _fact: Fact, payload: CertificateIssued) -> None:
    _volunteer(state, payload.volunteer_id)
    approved = [
        one
        for one in _shifts(state, payload.volunteer_id)
        if one["approved_by"] is not None
        and payload.first_day <= one["begun_at"][:10] <= payload.last_day
    ]
    seconds = sum(
        int((datetime.fromisoformat(one["ended_at"]) - datetime.fromisoformat(one["begun_at"]))
            .total_seconds())
        for one in approved
    )  # fmt: skip
    if not approved or (len(approved), seconds) != (payload.shifts, payload.seconds):
        raise RuleError(
            f"{payload.volunteer_id}: {payload.seconds / 3600:.1f} hours",
            f"{seconds / 3600:.1f} approved hours are in the ledger for these days",
            "a certificate says what was approved, no more",
        )


@rule(CertificateRevoked)
def _certificate_revoked(state: State, _fact: Fact, payload: CertificateRevoked) -> None:
    row = state.live(CERTIFICATES, payload.certificate_id)
    if row is None:
        raise unknown(payload.certificate_id, "certificate")
    if row["revoked_because"] is not None:
        raise RuleError(payload.certificate_id, "it is revoked already", "nothing is to be done")


def _open_task(state: State, task_id: str) -> Row:
    row = state.live(TASKS, task_id)
    if row is None:
        raise unknown(task_id, "task")
    if row["status"] != "open":
        raise RuleError(f"{row['title']}", f"the task is {row['status']}", "post a new one")
    return row


def _volunteer(state: State, volunteer_id: str) -> Row:
    row = state.live(VOLUNTEERS, volunteer_id)
    if row is None:
        raise unknown(volunteer_id, "volunteer")
    return row


def _shift(state: State, shift_id: str) -> Row:
    row = state.live(SHIFTS, shift_id)
    if row is None:
        raise unknown(shift_id, "shift")
    return row


def _shifts(state: State, volunteer_id: str) -> list[Row]:
    found = state.rows_where(SHIFTS, "volunteer_id", volunteer_id)
    return [one for one in found if not one["removed"]]


def _twice(volunteer_id: str, other: Row) -> RuleError:
    return RuleError(
        volunteer_id,
        f"these hours were worked in another shift, from {other['begun_at'][:16]} UTC",
        "an hour counts once",
    )


def _names_of(state: State, volunteer_id: str) -> set[str]:
    """Give the ids by which a volunteer may approve: their own, and their account's."""
    row = state.row(VOLUNTEERS, volunteer_id)
    account = None if row is None else row["account_id"]
    return {volunteer_id, account} if account else {volunteer_id}


def _volunteer_of(state: State, approver: str) -> str | None:
    """Give the volunteer that an approver is, None where they are none."""
    if state.row(VOLUNTEERS, approver) is not None:
        return approver
    found = state.rows_where(VOLUNTEERS, "account_id", approver)
    return str(found[0]["volunteer_id"]) if found else None
