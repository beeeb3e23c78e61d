"""What is left of deliveries, by hand: water is drunk, tents stay, nothing is owed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.consumption import daily_use, left_over
from geo.errors import RuleError

MONDAY = datetime(2023, 9, 11, 8, tzinfo=UTC)


def day(number: float) -> datetime:
    return MONDAY + timedelta(days=number)


def test_daily_use_by_hand() -> None:
    """100 people: 1,500 l a day, 750 to survive; 20 kits for 7 days; 20 kits for 30 days."""
    assert daily_use("water_l", 100) == 1500
    assert daily_use("water_l", 100, standard="survival") == 750
    assert daily_use("food_kit", 100) == pytest.approx(20 / 7)
    assert daily_use("hygiene_kit", 100) == pytest.approx(20 / 30)
    assert daily_use("tent", 100) == daily_use("blanket", 100, climate="cold") == 0


def test_water_is_drunk_since_it_came() -> None:
    """4,000 l on Monday at 1,500 l a day: 1,000 l on Wednesday, none on Thursday."""
    came = [(MONDAY, 4000.0)]
    assert left_over(came, per_day=1500, now=day(2)) == pytest.approx(1000)
    assert left_over(came, per_day=1500, now=day(3)) == 0


def test_days_without_are_not_owed_from_the_next_delivery() -> None:
    """1,500 l on Monday, gone on Tuesday; 1,500 l on Friday are all there on Friday."""
    came = [(day(4), 1500.0), (MONDAY, 1500.0)]
    assert left_over(came, per_day=1500, now=day(4)) == 1500
    assert left_over(came, per_day=1500, now=day(4.5)) == pytest.approx(750)


def test_tents_stay_and_what_is_taken_away_is_gone() -> None:
    came = [(MONDAY, 40.0), (day(1), -10.0)]
    assert left_over(came, per_day=0, now=day(90)) == 30
    assert left_over([], per_day=0, now=MONDAY) == 0


def test_what_comes_later_does_not_count_yet() -> None:
    assert left_over([(day(1), 100.0)], per_day=1, now=MONDAY) == 0


@given(
    st.lists(st.tuples(st.floats(0, 20), st.floats(0, 1000)), max_size=6),
    st.floats(0, 500),
    st.randoms(use_true_random=False),
)
def test_never_below_zero_nor_more_than_came_and_order_free(
    rows: list[tuple[float, float]], per_day: float, random: object
) -> None:
    came = [(day(at), amount) for at, amount in rows]
    left = left_over(came, per_day=per_day, now=day(21))
    assert 0 <= left <= sum(amount for _, amount in came) + 1e-6
    random.shuffle(came)  # type: ignore[attr-defined]
    assert left_over(came, per_day=per_day, now=day(21)) == pytest.approx(left)


@pytest.mark.parametrize("persons", [-1.0, float("nan")])
def test_impossible_people_are_refused(persons: float) -> None:
    with pytest.raises(RuleError, match="a number of 0 or more"):
        daily_use("water_l", persons)
