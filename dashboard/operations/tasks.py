"""Tasks: what volunteers are asked to do, whom to ask, and who said yes."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from dashboard.operations import goods, stockroom
from dashboard.operations.situation import silent
from dashboard.operations.volunteering import find_volunteer, place_names
from data.events import (
    AssignmentAnswered,
    FeedbackGiven,
    TaskAssigned,
    TaskClosed,
    TaskPosted,
)
from data.volunteering.matching import (
    MAX_TRAVEL_S,
    NEAR_POINTS,
    REST_DAYS,
    REST_POINTS,
    SKILL_POINTS,
    Helper,
    Job,
    choose,
    suits,
)
from data.volunteering.skills import language_of, skill_of
from geo.errors import InputError, RuleError, UnknownIdError
from geo.model import new_id
from geo.names import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dashboard.operations.situation import Progress, Situation
    from dashboard.operations.stockroom import Said
    from data.events.volunteering import Answer
    from data.store.volunteering_records import TaskRecord, VolunteerRecord

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


def suggest(situation: Situation, task: str = "", *, progress: Progress = silent) -> dict[str, Any]:
    """Say whom to ask for the open tasks, with the reason for each; nobody is asked yet.

    Parameters
    ----------
    task
        One task by id or title; by default all that are open and not over, decided together.

    Returns
    -------
    dict
        ``{suggestions: [{task_id, title, volunteer_id, score, reason}], unfilled: [{task_id,
        title, missing, reason}]}``. Scores are those of `data.volunteering.matching`.
    """
    now = situation.now()
    wanted = [find_task(situation, task)] if task.strip() else situation.store.tasks(open_only=True)
    bound: dict[str, int] = defaultdict(int)
    for one in situation.store.assignments():
        bound[one.task_id] += one.status in BOUND
    wanted = [one for one in wanted if one.status == "open" and one.ends_at > now]
    missing = {one.task_id: max(0, one.volunteers - bound[one.task_id]) for one in wanted}
    wanted = [one for one in wanted if missing[one.task_id]]
    helpers, homes = _helpers(situation)
    jobs = [
        Job(
            task_id=one.task_id,
            skills=frozenset(one.skills),
            languages=frozenset(one.languages),
            remote=one.remote,
            vehicle=one.vehicle,
            wanted=missing[one.task_id],
            starts_at=one.starts_at,
            ends_at=one.ends_at,
        )
        for one in wanted
    ]
    progress(0.1, "travel times")
    travel = _travel_times(situation, wanted, homes)
    progress(0.7, "choosing")
    found = suits(jobs, helpers, travel)
    chosen = choose(found.score, [job.wanted for job in jobs])
    filled: dict[int, int] = defaultdict(int)
    suggestions = []
    for row, column in chosen:
        filled[row] += 1
        parts = (found.skills[row, column], found.near[row, column], found.rest[row, column])
        suggestions.append(
            {
                "task_id": jobs[row].task_id,
                "title": wanted[row].title,
                "volunteer_id": helpers[column].volunteer_id,
                "score": round(float(found.score[row, column]), 1),
                "reason": _reason(
                    jobs[row], helpers[column], float(travel[row, column]), *map(float, parts)
                ),
            }
        )
    return {
        "suggestions": suggestions,
        "unfilled": [
            {
                "task_id": job.task_id,
                "title": wanted[row].title,
                "missing": job.wanted - filled[row],
                "reason": _why_missing(job, found.score[row], helpers),
            }
            for row, job in enumerate(jobs)
            if filled[row] < job.wanted
        ],
        "volunteers": len(helpers),
        "tasks": len(jobs),
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
    known, who = find_task(situation, task), find_volunteer(situation, volunteer)
    payload = TaskAssigned(
        assignment_id=new_id("assignment"),
        task_id=known.task_id,
        volunteer_id=who.volunteer_id,
        reason=(reason or said.note)[: stockroom.MAX_NOTE],
    )
    stockroom.append(situation, [payload], said)
    return {
        "assignment_id": payload.assignment_id,
        "task_id": known.task_id,
        "volunteer_id": who.volunteer_id,
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


def _helpers(situation: Situation) -> tuple[list[Helper], list[str]]:
    """Give the volunteers as matching sees them, and the home of each ("" where not known)."""
    now = situation.now()
    since = now - timedelta(days=REST_DAYS)
    hours: dict[str, float] = defaultdict(float)
    for shift in situation.store.shifts():
        if shift.begun_at >= since:
            hours[shift.volunteer_id] += shift.worked / timedelta(hours=1)
    spans = {one.task_id: (one.starts_at, one.ends_at)
             for one in situation.store.tasks(open_only=True)}  # fmt: skip
    busy: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    for asked in situation.store.assignments():
        if asked.status in BOUND and asked.task_id in spans:
            busy[asked.volunteer_id].append(spans[asked.task_id])
    known = situation.store.volunteers()
    return [_helper(one, hours, busy) for one in known], [one.home_place_id or "" for one in known]


def _helper(
    one: VolunteerRecord,
    hours: dict[str, float],
    busy: dict[str, list[tuple[datetime, datetime]]],
) -> Helper:
    return Helper(
        volunteer_id=one.volunteer_id,
        skills=frozenset(one.skills),
        languages=frozenset(one.languages),
        remote=one.remote,
        drives=one.vehicle is not None,
        hours=hours[one.volunteer_id],
        available=one.available,
        available_from=one.available_from,
        available_until=one.available_until,
        busy=tuple(busy[one.volunteer_id]),
    )


def _travel_times(
    situation: Situation, wanted: Sequence[TaskRecord], homes: Sequence[str]
) -> NDArray[np.float64]:
    """Give how long each volunteer travels to each task, (n tasks, n volunteers), in seconds.

    By pickup over the roads as they are now, and on foot from where the road ends; nan where a
    home is not known or not among the places, inf where there is no way.
    """
    from dashboard.operations import travelling

    travel = np.full((len(wanted), len(homes)), np.nan)
    known = set(situation.places()["place_id"])
    current = situation.current_places()
    goals = [current(one.place_id) if one.place_id else "" for one in wanted]
    starts = [current(one) if one else "" for one in homes]
    ids = sorted({one for one in (*goals, *starts) if one in known})
    if not ids or not any(one in known for one in goals):
        return travel
    points = travelling.points_of(situation, (), ids)
    now = situation.now()
    found = travelling.travel_by_class(
        situation, ("pickup",), points, closures=situation.store.closures(), at=now
    ).get("pickup")
    if found is None:
        return travel
    matrix = found.matrix
    walk = np.where(matrix.attached, matrix.walk_s, np.inf)
    times = matrix.travel_time_s + walk[:, None] + walk[None]
    np.fill_diagonal(times, 0.0)
    row_of = {one: row for row, one in enumerate(ids)}
    rows = np.array([row_of.get(one, -1) for one in goals])
    columns = np.array([row_of.get(one, -1) for one in starts])
    # From home to the task: the row is where one sets out.
    both = times[np.maximum(columns, 0)[None], np.maximum(rows, 0)[:, None]]
    return np.where((rows >= 0)[:, None] & (columns >= 0)[None], both, np.nan)


def _reason(
    job: Job, helper: Helper, travel_s: float, skills: float, near: float, rest: float
) -> str:
    """Say why this one: what they bring, how far they are, how much they worked."""
    brings = [*sorted(job.skills & helper.skills), *sorted(job.languages & helper.languages)]
    if job.remote:
        where = "from a distance"
    elif np.isnan(travel_s):
        where = "home not known"
    else:
        where = f"{travel_s / 60:.0f} min away"
    return (
        f"{', '.join(brings) or 'no skill asked for'} ({skills:.0f}/{SKILL_POINTS:.0f}); "
        f"{where} ({near:.0f}/{NEAR_POINTS:.0f}); "
        f"{helper.hours:.0f} h in {REST_DAYS} days ({rest:.0f}/{REST_POINTS:.0f})"
    )


def _why_missing(job: Job, scores: NDArray[np.float32], helpers: Sequence[Helper]) -> str:
    """Say what binds: nobody can, or those who can are needed elsewhere more."""
    if not helpers:
        return "no volunteer is registered"
    able = int((~np.isnan(scores)).sum())
    if able:
        return f"{able} can, and are proposed for other tasks or too few"
    if job.skills and not any(job.skills & one.skills for one in helpers):
        return f"nobody has {' or '.join(sorted(job.skills))}"
    if job.languages and not any(job.languages & one.languages for one in helpers):
        return f"nobody speaks {' or '.join(sorted(job.languages))}"
    if job.vehicle and not any(one.drives for one in helpers):
        return "nobody has a vehicle"
    if job.remote and not any(one.remote for one in helpers):
        return "nobody works from a distance"
    return f"nobody fits who is free and within {MAX_TRAVEL_S / 3600:.0f} h"
