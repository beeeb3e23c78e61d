"""What many people's answers to one question are worth together, and what each person's are.

Dawid and Skene (1979), "Maximum likelihood estimation of observer error-rates using the EM
algorithm", with two changes for few answers: everybody begins as somebody who is right three times
in four (as if they had shown it on `PRIOR_ANSWERS` questions), and questions whose answer is known
(gold) stay what they are. So one answer alone never decides, three alike do, and who clicks at
random loses weight by the gold they miss.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geo.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

PRIOR_RIGHT = 0.75
PRIOR_ANSWERS = 4.0
MAX_ROUNDS = 200
CHANGE_BELOW = 1e-7


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What the answers say.

    Parameters
    ----------
    belief
        (n_questions, n_choices): how likely each choice is the right one; rows sum to 1. A question
        that nobody answered has what is usual among the others.
    right
        (n_people,): how often each is right, on what is believed.
    """

    belief: NDArray[np.float64]
    right: NDArray[np.float64]


def agree(
    question: NDArray[np.intp],
    person: NDArray[np.intp],
    choice: NDArray[np.intp],
    *,
    n_questions: int,
    n_people: int,
    n_choices: int,
    gold: Mapping[int, int] | None = None,
) -> Agreement:
    """Weigh answers to questions of one kind, which have the same choices.

    Parameters
    ----------
    question, person, choice
        (n_answers,): who said what; whoever could not tell has no answer here.
    gold
        Question → its right choice, where that is known beforehand.

    Raises
    ------
    RuleError
        The three are not of one length, or a number lies outside its range.
    """
    _require(question, person, choice, (n_questions, n_people, n_choices))
    known = dict(gold or {})
    chosen = np.zeros((n_questions, n_choices))
    np.add.at(chosen, (question, choice), 1.0)
    belief = (chosen + 1.0) / (chosen + 1.0).sum(axis=1, keepdims=True)
    belief = _with_gold(belief, known)
    prior = np.full((n_choices, n_choices), (1.0 - PRIOR_RIGHT) / max(n_choices - 1, 1))
    np.fill_diagonal(prior, PRIOR_RIGHT if n_choices > 1 else 1.0)
    for _ in range(MAX_ROUNDS):
        share = (belief.sum(axis=0) + 1.0) / (n_questions + n_choices)
        says = _habits(question, person, choice, belief, prior * PRIOR_ANSWERS, n_people)
        log_belief = np.tile(np.log(share), (n_questions, 1))
        np.add.at(log_belief, question, np.log(says[person, :, choice]))
        log_belief -= log_belief.max(axis=1, keepdims=True)
        next_belief = np.exp(log_belief)
        next_belief = _with_gold(next_belief / next_belief.sum(axis=1, keepdims=True), known)
        change = float(np.abs(next_belief - belief).max(initial=0.0))
        belief = next_belief
        if change < CHANGE_BELOW:
            break
    return Agreement(belief=belief, right=_right(question, person, choice, belief, n_people))


def _habits(
    question: NDArray[np.intp],
    person: NDArray[np.intp],
    choice: NDArray[np.intp],
    belief: NDArray[np.float64],
    prior: NDArray[np.float64],
    n_people: int,
) -> NDArray[np.float64]:
    """How often each person says what where what is true, (n_people, true, said)."""
    n_choices = belief.shape[1]
    counts = np.tile(prior, (n_people, 1, 1))
    truth = np.arange(n_choices)
    np.add.at(counts, (person[:, None], truth[None, :], choice[:, None]), belief[question])
    habits: NDArray[np.float64] = counts / counts.sum(axis=2, keepdims=True)
    return habits


def _right(
    question: NDArray[np.intp],
    person: NDArray[np.intp],
    choice: NDArray[np.intp],
    belief: NDArray[np.float64],
    n_people: int,
) -> NDArray[np.float64]:
    given = np.bincount(person, minlength=n_people)
    hits = np.bincount(person, weights=belief[question, choice], minlength=n_people)
    right: NDArray[np.float64] = (hits + PRIOR_RIGHT * PRIOR_ANSWERS) / (given + PRIOR_ANSWERS)
    return right


def _with_gold(belief: NDArray[np.float64], gold: Mapping[int, int]) -> NDArray[np.float64]:
    for row, right in gold.items():
        belief[row] = 0.0
        belief[row, right] = 1.0
    return belief


def _require(
    question: NDArray[np.intp],
    person: NDArray[np.intp],
    choice: NDArray[np.intp],
    sizes: tuple[int, int, int],
) -> None:
    if not len(question) == len(person) == len(choice):
        raise RuleError(
            f"{len(question)}, {len(person)} and {len(choice)} numbers",
            "a question, a person and a choice for each answer",
            "give three of one length",
        )
    for name, numbers, size in zip(
        ("question", "person", "choice"), (question, person, choice), sizes, strict=True
    ):
        outside = numbers[(numbers < 0) | (numbers >= size)]
        if len(outside):
            raise RuleError(
                f"{name} {outside[0]}", f"0 to {size - 1} are needed", "correct the number"
            )
