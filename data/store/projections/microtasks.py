"""Projections: small questions and their answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import MicrotaskAnswered, MicrotaskClosed, MicrotaskPosted
from data.store.canonical import canonical_json
from data.store.microtask_table import MICROTASK_ANSWERS, MICROTASKS
from data.store.projections.registry import mark, projects

if TYPE_CHECKING:
    from data.store.state import Fact, State


@projects(MicrotaskPosted, MICROTASKS)
def _posted(state: State, fact: Fact, payload: MicrotaskPosted) -> None:
    state.put(
        MICROTASKS,
        {
            "microtask_id": payload.microtask_id,
            "kind": payload.kind,
            "about": canonical_json(payload.about),
            "lon": payload.lon,
            "lat": payload.lat,
            "asked_text": payload.text,
            "language": payload.language,
            "answers": payload.answers,
            "gold": payload.gold,
            "status": "open",
            "status_note": "",
            "organisation_id": fact.organisation_id,
            "recorded_at": fact.recorded_at,
            **mark(fact),
        },
    )


@projects(MicrotaskAnswered, MICROTASK_ANSWERS)
def _answered(state: State, fact: Fact, payload: MicrotaskAnswered) -> None:
    state.put(
        MICROTASK_ANSWERS,
        {
            "answer_id": payload.answer_id,
            "microtask_id": payload.microtask_id,
            "volunteer_id": payload.volunteer_id,
            "choice": payload.choice,
            "said_text": payload.text,
            "recorded_at": fact.recorded_at,
            **mark(fact),
        },
    )


@projects(MicrotaskClosed, MICROTASKS)
def _closed(state: State, fact: Fact, payload: MicrotaskClosed) -> None:
    row = state.row(MICROTASKS, payload.microtask_id)
    if row is not None:
        changes = {"status": payload.status, "status_note": payload.note}
        state.put(MICROTASKS, {**row, **changes, **mark(fact)})
