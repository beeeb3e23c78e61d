"""Volunteers in the drill: tasks, who said yes, a day of hours, and a morning with people at work.

One is not heard for more than six hours and one asks for help, so that the page has somebody to
look for. All of it is fictional; no person is meant.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from data.demo.tables import place_id
from data.events import (
    AssignmentAnswered,
    Event,
    FeedbackGiven,
    NewEvent,
    Provenance,
    ShiftApproved,
    ShiftBegun,
    ShiftEnded,
    TaskAssigned,
    TaskClosed,
    TaskPosted,
    VolunteerHeard,
)

if TYPE_CHECKING:
    from data.demo.tables import Tables

FIRST_ROW = 2  # of a sheet, below its header
#: A task is posted, and people are asked, some hours before it begins.
POSTED_BEFORE = timedelta(hours=10)
ASKED_BEFORE = timedelta(hours=8)


def drill_crew(tables: Tables) -> list[NewEvent]:
    """Events of tasks and shifts, in the order in which they happened."""
    told = [*_tasks(tables), *_shifts(tables)]
    return [event for _at, event in sorted(told, key=lambda one: one[0])]


def _tasks(tables: Tables) -> list[tuple[datetime, NewEvent]]:
    found = []
    for number, row in enumerate(tables.tasks.itertuples(), start=FIRST_ROW):
        starts, ends = _time(row.starts), _time(row.ends)
        told = _teller("tasks.csv", number, f"organisation:{row.organisation}")
        posted = TaskPosted(
            task_id=_task_id(row.task),
            title=row.title,
            place_id=place_id(row.place) if row.place else None,
            remote=not row.place,
            skills=tuple(row.skills.split()),
            languages=tuple(row.languages.split()),
            volunteers=int(row.wanted),
            starts_at=starts,
            ends_at=ends,
        )
        found.append(told(starts - POSTED_BEFORE, posted))
        if row.status != "open":
            closed = TaskClosed(task_id=posted.task_id, status=row.status)
            found.append(told(ends + timedelta(minutes=30), closed))
    return found


def _shifts(tables: Tables) -> list[tuple[datetime, NewEvent]]:
    tasks = {row.task: row for row in tables.tasks.itertuples()}
    found = []
    for number, row in enumerate(tables.shifts.itertuples(), start=FIRST_ROW):
        task = tasks[row.task]
        starts, begun = _time(task.starts), _time(row.begun)
        told = _teller("shifts.csv", number, f"organisation:{task.organisation}")
        who, key = f"volunteer:{row.volunteer}", f"drill-{row.task}-{row.volunteer}"
        asked = TaskAssigned(
            assignment_id=f"assignment:{key}", task_id=_task_id(row.task), volunteer_id=who
        )
        found.append(told(starts - ASKED_BEFORE, asked))
        yes = AssignmentAnswered(assignment_id=asked.assignment_id, answer="accepted")
        found.append(told(starts - ASKED_BEFORE + timedelta(hours=1), yes))
        shift_id = f"shift:{key}"
        came = ShiftBegun(
            shift_id=shift_id,
            volunteer_id=who,
            task_id=_task_id(row.task),
            place_id=place_id(task.place) if task.place else None,
            at=begun,
        )
        found.append(told(begun, came))
        if row.heard:
            heard = VolunteerHeard(
                volunteer_id=who,
                state=row.state,
                place_id=place_id(row.heard_at_place),
                at=_time(row.heard),
                note=row.note,
            )
            found.append(told(heard.at, heard))
        if not row.ended:
            continue
        ended = _time(row.ended)
        found.append(told(ended, ShiftEnded(shift_id=shift_id, at=ended)))
        if row.approved_by:
            approved = ShiftApproved(shift_id=shift_id, approved_by=f"volunteer:{row.approved_by}")
            found.append(told(ended + timedelta(hours=2), approved))
        if row.stars:
            said = FeedbackGiven(
                feedback_id=f"feedback:{key}",
                task_id=_task_id(row.task),
                volunteer_id=who,
                by="volunteer",
                stars=int(row.stars),
            )
            found.append(told(ended + timedelta(hours=1), said))
    return found


def _teller(file: str, row: int, organisation_id: str) -> Any:
    """Give what makes an event of a row, with the moment at which it was told."""

    def tell(at: datetime, payload: Event) -> tuple[datetime, NewEvent]:
        return at, NewEvent(
            payload=payload,
            organisation_id=organisation_id,
            reported_at=at,
            provenance=Provenance(file=file, row=row),
        )

    return tell


def _task_id(task: str) -> str:
    return f"task:drill-{task}"


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
