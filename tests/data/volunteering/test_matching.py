"""Who suits which task, and the best choice of all together."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from data.volunteering.matching import (
    FILLED,
    MAX_TRAVEL_S,
    Helper,
    Job,
    choose,
    suits,
)

MORNING = datetime(2023, 9, 12, 7, tzinfo=UTC)


def at(hours: float) -> datetime:
    return MORNING + timedelta(hours=hours)


def job(**changes: Any) -> Job:
    values: dict[str, Any] = {
        "task_id": "task:1",
        "skills": frozenset({"medical"}),
        "languages": frozenset(),
        "remote": False,
        "vehicle": False,
        "wanted": 1,
        "starts_at": at(0),
        "ends_at": at(8),
    }
    return Job(**values | changes)


def helper(**changes: Any) -> Helper:
    values: dict[str, Any] = {
        "volunteer_id": "volunteer:1",
        "skills": frozenset({"medical"}),
        "languages": frozenset({"shi"}),
        "remote": False,
        "drives": False,
        "hours": 0.0,
        "available": True,
    }
    return Helper(**values | changes)


def score(one: Job, who: Helper, travel_s: float = 0.0) -> float:
    return float(suits([one], [who], np.array([[travel_s]])).score[0, 0])


def test_a_score_is_the_sum_of_its_three_parts() -> None:
    asked = job(skills=frozenset({"medical", "mason"}), languages=frozenset({"shi"}))
    found = suits([asked], [helper(hours=10)], np.array([[MAX_TRAVEL_S / 4]]))
    # Half of the skills and all of the languages: 50 x (1/2 + 1) / 2; a quarter of the way; 10 h.
    assert found.skills[0, 0] == pytest.approx(37.5)
    assert found.near[0, 0] == pytest.approx(22.5)
    assert found.rest[0, 0] == pytest.approx(15.0)
    assert found.score[0, 0] == pytest.approx(75.0)


@pytest.mark.parametrize(
    ("one", "who", "travel_s"),
    [
        (job(), helper(skills=frozenset({"mason"})), 0.0),
        (job(languages=frozenset({"fr"})), helper(), 0.0),
        (job(), helper(), MAX_TRAVEL_S + 1),
        (job(), helper(), float("inf")),
        (job(remote=True), helper(), 0.0),
        (job(vehicle=True), helper(), 0.0),
        (job(), helper(available=False), 0.0),
        (job(), helper(available_from=at(1)), 0.0),
        (job(), helper(available_until=at(7)), 0.0),
        (job(), helper(busy=((at(7), at(9)),)), 0.0),
    ],
)
def test_who_cannot_go_has_no_score(one: Job, who: Helper, travel_s: float) -> None:
    assert np.isnan(score(one, who, travel_s))


def test_what_touches_only_is_no_overlap_and_what_is_not_known_no_refusal() -> None:
    assert score(job(), helper(busy=((at(8), at(9)),))) == pytest.approx(100.0)
    assert score(job(), helper(), float("nan")) == pytest.approx(70.0)
    assert score(job(remote=True), helper(remote=True), float("inf")) == pytest.approx(100.0)
    assert score(job(skills=frozenset()), helper(hours=500)) == pytest.approx(80.0)


def test_all_tasks_are_decided_together() -> None:
    # The first task alone would take the doctor, and the second then stays empty.
    points = np.array([[90.0, 80.0], [70.0, np.nan]], dtype=np.float32)
    assert choose(points, [1, 1]) == [(0, 1), (1, 0)]
    assert choose(points, [2, 0]) == [(0, 0), (0, 1)]
    assert choose(np.full((2, 3), np.nan, dtype=np.float32), [1, 1]) == []
    assert choose(np.zeros((0, 3), dtype=np.float32), []) == []


def worth(points: np.ndarray, pairs: list[tuple[int, int]]) -> float:
    return float(sum(FILLED + points[task, person] for task, person in pairs))


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_no_other_choice_is_worth_more(data: st.DataObject) -> None:
    n_tasks, n_people = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 7))
    cells = st.one_of(st.just(float("nan")), st.integers(0, 100).map(float))
    points = np.array(
        data.draw(st.lists(cells, min_size=n_tasks * n_people, max_size=n_tasks * n_people)),
        dtype=np.float32,
    ).reshape(n_tasks, n_people)
    wanted = data.draw(st.lists(st.integers(0, 3), min_size=n_tasks, max_size=n_tasks))
    pairs = choose(points, wanted)
    assert all(not np.isnan(points[pair]) for pair in pairs)
    assert len({person for _, person in pairs}) == len(pairs)
    assert all(sum(task == one for one, _ in pairs) <= wanted[task] for task in range(n_tasks))
    places = np.repeat(np.arange(n_tasks), wanted)
    table = np.nan_to_num(points[places] + FILLED)
    rows, columns = linear_sum_assignment(table, maximize=True)
    assert worth(points, pairs) == pytest.approx(float(table[rows, columns].sum()))
