"""Rules: small questions and who may answer them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import (
    CANNOT_TELL,
    CHOICES,
    MicrotaskAnswered,
    MicrotaskClosed,
    MicrotaskPosted,
)
from data.store.microtask_table import MICROTASK_ANSWERS, MICROTASKS
from data.store.rules.people import require_not_revoked
from data.store.rules.registry import rule, unknown
from data.store.schema import VOLUNTEERS
from geo.errors import RuleError

if TYPE_CHECKING:
    from data.store.state import Fact, Row, State

#: How many things a question is about.
ABOUT = {"building": 0, "road": 1, "same_place": 2, "translate": 0}


@rule(MicrotaskPosted)
def _posted(state: State, fact: Fact, payload: MicrotaskPosted) -> None:
    if len(set(payload.about)) != ABOUT[payload.kind] or len(payload.about) != len(
        set(payload.about)
    ):
        raise RuleError(
            f"{payload.kind} about {len(payload.about)} things",
            f"{ABOUT[payload.kind]} different ones are needed",
            "say which",
        )
    if payload.kind == "building" and (payload.lon is None or payload.lat is None):
        raise RuleError(payload.microtask_id, "where the building is, is needed", "give a point")
    if payload.kind == "translate" and not (payload.text.strip() and payload.language):
        raise RuleError(
            payload.microtask_id, "a text and a language are needed", "say what into what"
        )
    if payload.gold and payload.gold not in CHOICES[payload.kind]:
        raise RuleError(
            f"the right answer {payload.gold!r}",
            f"one of {', '.join(CHOICES[payload.kind]) or 'none'} is needed",
            "correct it",
        )
    if fact.organisation_id is not None:
        require_not_revoked(state, fact.organisation_id, f"question {payload.microtask_id}")


@rule(MicrotaskAnswered)
def _answered(state: State, _fact: Fact, payload: MicrotaskAnswered) -> None:
    question = _open(state, payload.microtask_id)
    if state.live(VOLUNTEERS, payload.volunteer_id) is None:
        raise unknown(payload.volunteer_id, "volunteer")
    choices = (*CHOICES[question["kind"]], CANNOT_TELL)
    translated = question["kind"] == "translate" and payload.text.strip() and not payload.choice
    if not translated and payload.choice not in choices:
        raise RuleError(
            f"answer {payload.choice!r}",
            f"one of {', '.join(choices)} is needed"
            if question["kind"] != "translate"
            else f"a text, or {CANNOT_TELL}, is needed",
            "answer again",
        )
    for other in state.rows_where(MICROTASK_ANSWERS, "microtask_id", payload.microtask_id):
        if other["volunteer_id"] == payload.volunteer_id and not other["removed"]:
            raise RuleError(
                payload.volunteer_id, "they answered this question already", "take the next one"
            )


@rule(MicrotaskClosed)
def _closed(state: State, _fact: Fact, payload: MicrotaskClosed) -> None:
    _open(state, payload.microtask_id)


def _open(state: State, microtask_id: str) -> Row:
    row = state.live(MICROTASKS, microtask_id)
    if row is None:
        raise unknown(microtask_id, "question")
    if row["status"] != "open":
        raise RuleError(microtask_id, f"it is {row['status']} already", "take another one")
    return row
