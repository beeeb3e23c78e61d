"""What the answers to small questions are worth: by question, and by who answered."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from data.events import CANNOT_TELL, CHOICES, MICROTASK_KINDS
from data.volunteering.agreement import Agreement, agree
from geo.names import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from data.events import MicrotaskKind
    from data.store.microtask_table import MicrotaskAnswerRecord, MicrotaskRecord

#: Above this belief, and with as many answers as were asked for, a question is decided.
SURE = 0.9


@dataclass(frozen=True, slots=True)
class Weighed:
    """Answers to the questions of one kind, with the rows that its questions and people have."""

    row: dict[str, int]
    person: dict[str, int]
    agreement: Agreement


def weigh(
    kind: MicrotaskKind,
    questions: Sequence[MicrotaskRecord],
    answers: Sequence[MicrotaskAnswerRecord],
) -> Weighed:
    """Weigh all answers to the questions of one kind; who could not tell weighs nothing."""
    choices = CHOICES[kind]
    row = {
        one.microtask_id: at for at, one in enumerate(one for one in questions if one.kind == kind)
    }
    counted = [one for one in answers if one.microtask_id in row and one.choice in choices]
    people = {name: at for at, name in enumerate(sorted({one.volunteer_id for one in counted}))}
    gold = {
        row[one.microtask_id]: choices.index(one.gold)
        for one in questions
        if one.kind == kind and one.gold
    }
    return Weighed(
        row,
        people,
        agree(
            np.array([row[one.microtask_id] for one in counted], dtype=np.intp),
            np.array([people[one.volunteer_id] for one in counted], dtype=np.intp),
            np.array([choices.index(one.choice) for one in counted], dtype=np.intp),
            n_questions=len(row),
            n_people=len(people),
            n_choices=max(len(choices), 1),
            gold=gold,
        ),
    )


def standings(
    questions: Sequence[MicrotaskRecord], answers: Sequence[MicrotaskAnswerRecord]
) -> dict[str, dict[str, Any]]:
    """Say of each question, by its id, how it stands: see `outcome`."""
    given: dict[str, list[MicrotaskAnswerRecord]] = defaultdict(list)
    for told in answers:
        given[told.microtask_id].append(told)
    weighed = {kind: weigh(kind, questions, answers) for kind in MICROTASK_KINDS}
    return {
        one.microtask_id: outcome(one, given[one.microtask_id], weighed[one.kind])
        for one in questions
    }


def outcome(
    one: MicrotaskRecord, given: Sequence[MicrotaskAnswerRecord], weighed: Weighed
) -> dict[str, Any]:
    """Say how a question stands: answers, the most likely one, how sure that is, its state."""
    told = [answer for answer in given if answer.choice != CANNOT_TELL]
    belief: float | None = None
    answer, sure = "", False
    if one.kind == "translate":
        answer, sure = _most_told([each.text for each in told])
    elif told:
        beliefs = weighed.agreement.belief[weighed.row[one.microtask_id]]
        at = int(beliefs.argmax())
        answer, belief = CHOICES[one.kind][at], float(beliefs[at])
        sure = belief >= SURE
    state = one.status
    if state == "open":
        enough = len(told) >= one.answers
        state = (
            "decided" if sure and enough else "disputed" if len(given) >= one.answers else "asked"
        )
    texts = [each.text for each in told] if one.kind == "translate" else []
    return {
        "given": len(given),
        "cannot_tell": len(given) - len(told),
        "answer": answer,
        "belief": None if belief is None else round(belief, 3),
        "state": state,
        "texts": texts,
        "note": one.status_note,
    }


def _most_told(texts: Sequence[str]) -> tuple[str, bool]:
    """The text that most gave, however it is spaced, and whether more than half did."""
    if not texts:
        return "", False
    same = Counter(plain(text) for text in texts)
    most, n = same.most_common(1)[0]
    return next(text for text in texts if plain(text) == most), n > len(texts) / 2


def people_of(
    questions: Sequence[MicrotaskRecord],
    answers: Sequence[MicrotaskAnswerRecord],
) -> list[dict[str, Any]]:
    """Say of everybody who answered how much, and how often they were right."""
    weighed = [weigh(kind, questions, answers) for kind in MICROTASK_KINDS]
    gold = {one.microtask_id: one.gold for one in questions if one.gold}
    n: Counter[str] = Counter(one.volunteer_id for one in answers)
    tested: Counter[str] = Counter()
    hit: Counter[str] = Counter()
    for one in answers:
        if one.microtask_id in gold and one.choice != CANNOT_TELL:
            tested[one.volunteer_id] += 1
            hit[one.volunteer_id] += one.choice == gold[one.microtask_id]
    found = []
    for who in sorted(n):
        right = [
            float(each.agreement.right[each.person[who]]) for each in weighed if who in each.person
        ]
        found.append(
            {
                "volunteer_id": who,
                "answers": n[who],
                "right": round(min(right), 3) if right else None,
                "gold": tested[who],
                "gold_right": hit[who],
            }
        )
    return found
