"""Tasks: what volunteers are asked to do, who was asked, and who said yes."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Literal

from dashboard.operations import goods, stockroom
from dashboard.operations.volunteering import find_volunteer, place_names
from data.events import (
    AssignmentAnswered,
    FeedbackGiven,
    TaskAssigned,
    TaskClosed,
    TaskPosted,
)
from data.volunteering.skills import language_of, skill_of
from geo.errors import InputError, RuleError, UnknownIdError
from geo.model import new_id
from geo.names import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from dashboard.operations.situation import Situation
    from dashboard.operations.stockroom import Said
    from data.events.volunteering import Answer
    from data.store.volunteering_records import TaskRecord

BOUND = ("asked", "accepted")
MAX_TITLE = 300


def post(
    situation: Situation,
    title: str,
    *,
    starts_at: datetime,
    ends_at: datetime,
    place: str = "",
    skills: Sequence[str] = (),
    languages: Sequence[str] = (),
    vehicle: bool = False,
    volunteers: int = 1,
    description: str = "",
    said: Said = stockroom.NOBODY,
) -> dict[str, Any]:
    """Post a task; without a place it is done from a distance.

    Raises
    ------
    InputError
        No title; it has ended already.
    """
    name = title.strip()[:MAX_TITLE]
    if not name:
        raise InputError("task", "a title is needed", "say in some words what is to be done")
    starts, ends = situation.aware(starts_at), situation.aware(ends_at)
    if starts is None or ends is None:
        raise InputError(f"task {name!r}", "two times are needed", "say from when to when")
    if ends <= situation.now():
        raise InputError(
            f"task {name!r} until {ends:%Y-%m-%d %H:%M}",
            "a task that has not ended yet is needed",
            "correct the times; hours worked earlier are entered with `qafila volunteer in`",
        )
    if not 1 <= volunteers <= 10_000:
        raise InputError(f"{volunteers} volunteers", "1 to 10,000 are needed", "correct it")
    payload = TaskPosted(
        task_id=new_id("task"),
        title=name,
        description=description.strip()[: stockroom.MAX_NOTE],
        place_id=goods.find_place(situation, place) if place.strip() else None,
        remote=not place.strip(),
        skills=tuple(dict.fromkeys(skill_of(one) for one in skills if one.strip())),
        languages=tuple(dict.fromkeys(language_of(one) for one in languages if one.strip())),
        vehicle=vehicle,
        volunteers=volunteers,
        starts_at=starts,
        ends_at=ends,
    )
    stockroom.append(situation, [payload], said)
    return {"task_id": payload.task_id, "title": payload.title, "place_id": payload.place_id}


def close(
    situation: Situation,
    task: str,
    status: Literal["done", "cancelled"],
    *,
    said: Said = stockroom.NOBODY,
) -> dict[str, Any]:
    """Say that a task is done, or called off."""
    known = find_task(situation, task)
    note = said.note[: stockroom.MAX_NOTE]
    stockroom.append(situation, [TaskClosed(task_id=known.task_id, status=status, note=note)], said)
    return {"task_id": known.task_id, "status": status}


def tasks(situation: Situation, *, open_only: bool = False) -> dict[str, Any]:
    """List tasks with who was asked, who said yes, who is missing."""
    by_task: dict[str, list[dict[str, str]]] = defaultdict(list)
    for one in situation.store.assignments():
        by_task[one.task_id].append(
            {
                "assignment_id": one.assignment_id,
                "volunteer_id": one.volunteer_id,
                "status": one.status,
                "reason": one.reason,
            }
        )
    names, now = place_names(situation), situation.now()
    stars: dict[str, list[int]] = defaultdict(list)
    for said in situation.store.feedback():
        if said.said_by == "volunteer":
            stars[said.task_id].append(said.stars)
    return {
        "tasks": [
            {
                "task_id": one.task_id,
                "title": one.title,
                "place_id": one.place_id,
                "place": names.get(one.place_id or "", ""),
                "remote": one.remote,
                "skills": list(one.skills),
                "languages": list(one.languages),
                "vehicle": one.vehicle,
                "starts_at": one.starts_at.isoformat(),
                "ends_at": one.ends_at.isoformat(),
                "status": "over" if one.status == "open" and one.ends_at <= now else one.status,
                "volunteers": one.volunteers,
                "missing": max(0, one.volunteers - _bound(by_task[one.task_id])),
                "assignments": by_task[one.task_id],
                "stars": round(sum(stars[one.task_id]) / len(stars[one.task_id]), 1)
                if stars[one.task_id]
                else None,
            }
            for one in situation.store.tasks(open_only=open_only)
        ]
    }


def assign(
    situation: Situation,
    task: str,
    volunteer: str,
    *,
    reason: str = "",
    said: Said = stockroom.NOBODY,
) -> dict[str, Any]:
    """Ask a volunteer for a task."""
    made = assign_all(situation, task, [volunteer], reasons={volunteer: reason}, said=said)
    return {"task_id": made["task_id"], **made["assignments"][0]}


def assign_all(
    situation: Situation,
    task: str,
    volunteers: Sequence[str],
    *,
    reasons: Mapping[str, str] | None = None,
    said: Said = stockroom.NOBODY,
) -> dict[str, Any]:
    """Ask several volunteers for a task: all of them, or nobody if one may not be asked."""
    known = find_task(situation, task)
    given = reasons or {}
    payloads = [
        TaskAssigned(
            assignment_id=new_id("assignment"),
            task_id=known.task_id,
            volunteer_id=find_volunteer(situation, one).volunteer_id,
            reason=(given.get(one) or said.note)[: stockroom.MAX_NOTE],
        )
        for one in volunteers
    ]
    stockroom.append(situation, payloads, said)
    return {
        "task_id": known.task_id,
        "assignments": [
            {"assignment_id": one.assignment_id, "volunteer_id": one.volunteer_id}
            for one in payloads
        ],
    }


def answer(
    situation: Situation,
    task: str,
    volunteer: str,
    answer: Answer,
    *,
    said: Said = stockroom.NOBODY,
) -> dict[str, Any]:
    """Enter what a volunteer says who was asked for a task."""
    known, who = find_task(situation, task), find_volunteer(situation, volunteer)
    asked = [
        one
        for one in situation.store.assignments()
        if (one.task_id, one.volunteer_id) == (known.task_id, who.volunteer_id)
    ]
    if not asked:
        raise RuleError(who.volunteer_id, "they were not asked for this task", "ask them first")
    payload = AssignmentAnswered(
        assignment_id=asked[-1].assignment_id,
        answer=answer,
        note=said.note[: stockroom.MAX_NOTE],
    )
    stockroom.append(situation, [payload], said)
    return {"assignment_id": payload.assignment_id, "status": answer}


def give_feedback(
    situation: Situation,
    task: str,
    volunteer: str,
    stars: int,
    *,
    by: Literal["volunteer", "organisation"],
    said: Said = stockroom.NOBODY,
) -> dict[str, Any]:
    """Enter what a volunteer says of a task, or those who asked say of the volunteer: 1 to 5."""
    if not 1 <= stars <= 5:
        raise InputError(f"{stars} stars", "1 to 5 are needed", "correct it")
    known, who = find_task(situation, task), find_volunteer(situation, volunteer)
    payload = FeedbackGiven(
        feedback_id=new_id("feedback"),
        task_id=known.task_id,
        volunteer_id=who.volunteer_id,
        by=by,
        stars=stars,
        note=said.note[: stockroom.MAX_NOTE],
    )
    stockroom.append(situation, [payload], said)
    return {"feedback_id": payload.feedback_id}


def find_task(situation: Situation, text: str) -> TaskRecord:
    """Give the task of an id or a title; of equal titles the newest; raises `UnknownIdError`."""
    wanted = text.strip()
    known = situation.store.tasks()
    for one in known:
        if one.task_id == wanted:
            return one
    named = [one for one in known if plain(one.title) == plain(wanted)]
    if named:
        return max(named, key=lambda one: one.recorded_at)
    raise UnknownIdError(f"task {wanted[:80]!r}", "no such task here", "see `qafila task list`")


def _bound(assignments: Sequence[dict[str, str]]) -> int:
    return sum(one["status"] in BOUND for one in assignments)
