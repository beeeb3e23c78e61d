"""Whom to ask: the volunteers that suit the open tasks best, and what of each speaks for them."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from dashboard.operations.situation import silent
from dashboard.operations.tasks import BOUND, find_task
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

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dashboard.operations.situation import Progress, Situation
    from data.store.volunteering_records import TaskRecord, VolunteerRecord


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
                **_because(
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
                **_why_missing(job, found.score[row], helpers),
            }
            for row, job in enumerate(jobs)
            if filled[row] < job.wanted
        ],
        "volunteers": len(helpers),
        "tasks": len(jobs),
    }


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
    home or the roads are not known, inf where there is no way.
    """
    from dashboard.operations import travelling

    travel = np.full((len(wanted), len(homes)), np.nan)
    known = set(situation.places()["place_id"])
    current = situation.current_places()
    goals = [current(one.place_id) if one.place_id else "" for one in wanted]
    starts = [current(one) if one else "" for one in homes]
    ids = sorted({one for one in (*goals, *starts) if one in known})
    if not ids or not any(one in known for one in goals) or not situation.store.layers("roads"):
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


def _because(
    job: Job, helper: Helper, travel_s: float, skills: float, near: float, rest: float
) -> dict[str, Any]:
    """Say why this one: what they bring, how far they are, how much they worked; as figures too."""
    brings = [*sorted(job.skills & helper.skills), *sorted(job.languages & helper.languages)]
    if job.remote:
        where = "from a distance"
    elif np.isnan(travel_s):
        where = "way not known"
    else:
        where = f"{travel_s / 60:.0f} min away"
    return {
        "reason": f"{', '.join(brings) or 'no skill asked for'} ({skills:.0f}/{SKILL_POINTS:.0f}); "
        f"{where} ({near:.0f}/{NEAR_POINTS:.0f}); "
        f"{helper.hours:.0f} h in {REST_DAYS} days ({rest:.0f}/{REST_POINTS:.0f})",
        "brings": brings,
        "remote": job.remote,
        "travel_min": None if job.remote or np.isnan(travel_s) else round(travel_s / 60),
        "hours": round(helper.hours, 1),
        "points": {"skills": round(skills), "near": round(near), "rest": round(rest)},
    }


def _why_missing(
    job: Job, scores: NDArray[np.float32], helpers: Sequence[Helper]
) -> dict[str, Any]:
    """Say what binds: nobody can, or those who can are needed elsewhere more."""
    able = int((~np.isnan(scores)).sum())
    if not helpers:
        return _binding("nobody_registered", "no volunteer is registered")
    if able:
        text = f"{able} can, and are proposed for other tasks or too few"
        return _binding("too_few", text, able=able)
    if job.skills and not any(job.skills & one.skills for one in helpers):
        lacking = sorted(job.skills)
        return _binding("no_skill", f"nobody has {' or '.join(lacking)}", lacking=lacking)
    if job.languages and not any(job.languages & one.languages for one in helpers):
        lacking = sorted(job.languages)
        return _binding("no_language", f"nobody speaks {' or '.join(lacking)}", lacking=lacking)
    if job.vehicle and not any(one.drives for one in helpers):
        return _binding("no_vehicle", "nobody has a vehicle")
    if job.remote and not any(one.remote for one in helpers):
        return _binding("nobody_remote", "nobody works from a distance")
    hours = round(MAX_TRAVEL_S / 3600)
    return _binding("nobody_free", f"nobody fits who is free and within {hours} h", hours=hours)


def _binding(code: str, reason: str, **values: Any) -> dict[str, Any]:
    return {"reason": reason, "binding": code, "values": values}
