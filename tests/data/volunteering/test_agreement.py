"""What many answers are worth together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.volunteering.agreement import PRIOR_RIGHT, agree
from geo.errors import RuleError

ARRAY = np.array([], dtype=np.intp)


def weigh(told: list[tuple[int, int, int]], *, questions: int, people: int, **more: object):
    rows = np.array(told, dtype=np.intp).reshape(-1, 3)
    return agree(
        rows[:, 0],
        rows[:, 1],
        rows[:, 2],
        n_questions=questions,
        n_people=people,
        n_choices=3,
        **more,  # type: ignore[arg-type]
    )


def test_one_answer_alone_does_not_decide_and_three_alike_do() -> None:
    alone = weigh([(0, 0, 1)], questions=1, people=1)
    assert alone.belief[0].argmax() == 1
    assert alone.belief[0, 1] < 0.9
    alike = weigh([(0, 0, 1), (0, 1, 1), (0, 2, 1)], questions=1, people=3)
    assert alike.belief[0, 1] > 0.9
    split = weigh([(0, 0, 1), (0, 1, 2)], questions=1, people=2)
    assert split.belief[0].max() < 0.6


def test_who_misses_what_is_known_weighs_less() -> None:
    # Ten known questions: person 0 is always right, person 1 always says 2.
    told = [(q, 0, q % 2) for q in range(10)] + [(q, 1, 2) for q in range(10)]
    told += [(10, 0, 0), (10, 1, 2)]
    gold = {q: q % 2 for q in range(10)}
    found = weigh(told, questions=11, people=2, gold=gold)
    assert found.belief[10].argmax() == 0
    assert found.belief[10, 0] > 0.8
    assert found.right[0] > 0.9
    assert found.right[1] < 0.4


def test_gold_stays_whatever_people_say() -> None:
    found = weigh([(0, 0, 1), (0, 1, 1), (0, 2, 1)], questions=1, people=3, gold={0: 2})
    assert found.belief[0].tolist() == [0.0, 0.0, 1.0]
    assert (found.right < PRIOR_RIGHT).all()


def test_truth_is_found_among_people_of_whom_a_third_guesses() -> None:
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 3, 300)
    told = []
    for q in range(300):
        for person in rng.choice(12, 5, replace=False):
            guesses = person < 4 or rng.random() > 0.85
            told.append((q, int(person), int(rng.integers(0, 3)) if guesses else int(truth[q])))
    found = weigh(told, questions=300, people=12)
    weighed = (found.belief.argmax(axis=1) == truth).mean()
    votes = np.zeros((300, 3))
    for q, _person, choice in told:
        votes[q, choice] += 1
    counted = (votes.argmax(axis=1) == truth).mean()
    assert weighed > 0.96
    assert weighed >= counted
    assert found.right[:4].max() < found.right[4:].min()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3), st.integers(0, 2)), max_size=30),
    st.randoms(use_true_random=False),
)
def test_the_order_of_answers_does_not_matter(told, random) -> None:
    first = weigh(told, questions=5, people=4)
    mixed = list(told)
    random.shuffle(mixed)
    second = weigh(mixed, questions=5, people=4)
    np.testing.assert_allclose(first.belief, second.belief, atol=1e-5)
    np.testing.assert_allclose(first.belief.sum(axis=1), 1.0)
    assert ((first.right >= 0) & (first.right <= 1)).all()


def test_numbers_that_do_not_fit_are_refused() -> None:
    with pytest.raises(RuleError, match="choice 3"):
        weigh([(0, 0, 3)], questions=1, people=1)
    with pytest.raises(RuleError, match="person -1"):
        weigh([(0, -1, 0)], questions=1, people=1)
    with pytest.raises(RuleError, match="one length"):
        agree(ARRAY, np.array([0]), ARRAY, n_questions=1, n_people=1, n_choices=2)


def test_nothing_asked_and_nobody_answered_is_fine() -> None:
    found = weigh([], questions=0, people=0)
    assert found.belief.shape == (0, 3)
    unanswered = weigh([], questions=2, people=0)
    np.testing.assert_allclose(unanswered.belief, 1 / 3)
