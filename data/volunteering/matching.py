"""Who suits which task: a score that can be explained, and the best choice of all together.

A volunteer suits a task if four conditions hold; among those who do, three things add up to a
score between 0 and 100:

- conditions: available during the task and not bound elsewhere; at least one of the skills asked
  for, if any are; at least one of the languages, if any are; near enough (or willing to work from
  a distance, if the task is remote);
- 50 points for the share of the skills and languages asked for, 30 for nearness (none at the limit
  of travel), 20 for being rested (none from `TIRED_HOURS` of the last days on), so that the same
  few are not always sent.

Who goes where is then decided for all tasks at once: `choose` maximises the sum of `FILLED` and the
score over all filled places, by Jonker and Volgenant's algorithm for sparse tables (scipy).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray

SKILL_POINTS = 50.0
NEAR_POINTS = 30.0
REST_POINTS = 20.0
#: What it is worth that a place is filled at all, beside who fills it.
FILLED = 100.0
#: Travel beyond this is not asked of anybody.
MAX_TRAVEL_S = 4 * 3600.0
#: Hours within `REST_DAYS` days at which nothing speaks for somebody as rested any more.
TIRED_HOURS = 40.0
REST_DAYS = 7
#: As many candidates of a task are looked at, the best of them.
MOST_CANDIDATES = 250
#: What an empty place is worth; the solver takes no zeros.
_EMPTY = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Helper:
    """A volunteer as matching sees them; `busy` are spans of time in which they are bound."""

    volunteer_id: str
    skills: frozenset[str]
    languages: frozenset[str]
    remote: bool
    drives: bool
    hours: float
    available: bool
    available_from: datetime | None = None
    available_until: datetime | None = None
    busy: tuple[tuple[datetime, datetime], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A task as matching sees it; `wanted` is how many are still missing."""

    task_id: str
    skills: frozenset[str]
    languages: frozenset[str]
    remote: bool
    vehicle: bool
    wanted: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Suits:
    """How well each volunteer suits each task: (n tasks, n volunteers), points.

    `score` is nan where a condition fails. `skills`, `near` and `rest` are what it is made of.
    """

    score: NDArray[np.float32]
    skills: NDArray[np.float32]
    near: NDArray[np.float32]
    rest: NDArray[np.float32]


def suits(
    jobs: Sequence[Job], helpers: Sequence[Helper], travel_time_s: NDArray[np.float64]
) -> Suits:
    """Score every volunteer for every task.

    Parameters
    ----------
    travel_time_s
        (n tasks, n volunteers); inf where there is no way, nan where the home is not known (no
        points for nearness then, but no refusal either). Not looked at for remote tasks.
    """
    shape = (len(jobs), len(helpers))
    if travel_time_s.shape != shape:
        raise ValueError(f"travel times of shape {travel_time_s.shape}, {shape} are needed")
    remote = np.array([job.remote for job in jobs], dtype=bool)[:, None]
    far = np.where(remote, 0.0, travel_time_s)
    skill_share, has_skill = _shares([j.skills for j in jobs], [h.skills for h in helpers])
    word_share, has_word = _shares([j.languages for j in jobs], [h.languages for h in helpers])
    asked = np.array([(bool(j.skills), bool(j.languages)) for j in jobs], dtype=float)
    asked = asked.reshape(-1, 2)
    parts = np.maximum(asked.sum(axis=1), 1.0)[:, None]
    both = skill_share * asked[:, :1] + word_share * asked[:, 1:]
    share = np.where(asked.sum(axis=1)[:, None] > 0, both / parts, 1.0)
    near = np.where(np.isnan(far), 0.0, 1 - np.minimum(np.nan_to_num(far, posinf=1e9), MAX_TRAVEL_S)
                    / MAX_TRAVEL_S)  # fmt: skip
    rest = np.array([max(0.0, 1 - h.hours / TIRED_HOURS) for h in helpers])
    willing = np.array([h.remote for h in helpers], dtype=bool)[None]
    drives = np.array([h.drives for h in helpers], dtype=bool)[None]
    vehicle = np.array([j.vehicle for j in jobs], dtype=bool)[:, None]
    able = (
        has_skill
        & has_word
        & (np.isnan(far) | (far <= MAX_TRAVEL_S))
        & (~remote | willing)
        & (~vehicle | drives)
        & _free(jobs, helpers)
    )
    points = (
        (SKILL_POINTS * share).astype(np.float32),
        (NEAR_POINTS * near).astype(np.float32),
        np.broadcast_to((REST_POINTS * rest).astype(np.float32), shape),
    )
    score = np.where(able, points[0] + points[1] + points[2], np.nan).astype(np.float32)
    return Suits(score=score, skills=points[0], near=points[1], rest=points[2])


def choose(score: NDArray[np.float32], wanted: Sequence[int]) -> list[tuple[int, int]]:
    """Choose who goes where, all at once; each volunteer gets one task at most.

    Parameters
    ----------
    score
        (n tasks, n volunteers), nan where somebody cannot go.
    wanted
        How many each task still needs.

    Returns
    -------
    list of (task, volunteer)
        Rows and columns of `score`, by task, then volunteer. The sum of ``FILLED + score`` is the
        largest there is while each task has at most `MOST_CANDIDATES` candidates; with more, each
        looks at that many of its best (measured: within 0.01 % of the largest).
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    n_tasks, n_people = score.shape
    if not n_tasks or not n_people:
        return []
    best, points = _candidates(score)
    able = ~np.isnan(points)
    tasks = np.repeat(np.arange(n_tasks), np.clip(np.asarray(wanted), 0, able.sum(axis=1)))
    if not len(tasks):
        return []
    of_place = able[tasks]
    places = np.arange(len(tasks))
    # A column of its own for each place, worth next to nothing: it may stay empty.
    rows = np.concatenate([np.repeat(places, of_place.sum(axis=1)), places])
    columns = np.concatenate([best[tasks][of_place], n_people + places])
    worth = np.concatenate([FILLED + points[tasks][of_place], np.full(len(places), _EMPTY)])
    table = csr_array((worth, (rows, columns)), shape=(len(places), n_people + len(places)))
    filled, by = min_weight_full_bipartite_matching(table, maximize=True)
    return sorted(
        (int(tasks[place]), int(person))
        for place, person in zip(filled, by, strict=True)
        if person < n_people
    )


def _candidates(score: NDArray[np.float32]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Give the best of each task, (n tasks, k), and their points, nan for who cannot go."""
    k = min(MOST_CANDIDATES, score.shape[1])
    filled = np.nan_to_num(score, nan=-1.0)
    best = np.sort(np.argpartition(-filled, k - 1, axis=1)[:, :k], axis=1)
    return best, np.take_along_axis(score, best, axis=1).astype(np.float64)


def _shares(
    asked: Sequence[frozenset[str]], held: Sequence[frozenset[str]]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Give the share of what is asked for that each holds, and whether they hold any of it."""
    words = {word: column for column, word in enumerate(sorted(set().union(*asked)))}
    wanted, has = (_marked(sets, words) for sets in (asked, held))
    common = wanted @ has.T
    n_asked = wanted.sum(axis=1, keepdims=True)
    return common / np.maximum(n_asked, 1), (n_asked == 0) | (common > 0)


def _marked(sets: Sequence[frozenset[str]], words: dict[str, int]) -> NDArray[np.float64]:
    marked = np.zeros((len(sets), len(words)))
    for row, one in enumerate(sets):
        marked[row, [words[word] for word in one if word in words]] = 1.0
    return marked


def _free(jobs: Sequence[Job], helpers: Sequence[Helper]) -> NDArray[np.bool_]:
    """Who is available during which task and not bound elsewhere."""
    starts = np.array([j.starts_at.timestamp() for j in jobs])[:, None]
    ends = np.array([j.ends_at.timestamp() for j in jobs])[:, None]
    since = np.array([-np.inf if (t := h.available_from) is None else t.timestamp()
                      for h in helpers])[None]  # fmt: skip
    until = np.array([np.inf if (t := h.available_until) is None else t.timestamp()
                      for h in helpers])[None]  # fmt: skip
    free = (
        np.array([h.available for h in helpers], dtype=bool)[None]
        & (since <= starts)
        & (ends <= until)
    )
    # Only those who are bound somewhere are looked at one by one.
    for column, helper in enumerate(helpers):
        for begin, end in helper.busy:
            free[:, column] &= ~(
                (starts[:, 0] < end.timestamp()) & (begin.timestamp() < ends[:, 0])
            )
    return free
