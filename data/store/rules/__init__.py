"""Rules: what may not be recorded, although it is readable. Checked before an event goes in.

A replay does not ask them: what was recorded happened, under the rules of its day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.store.projections import BY_TYPE, is_undone
from data.store.rules import (  # noqa: F401 - each registers its rules
    access,
    activities,
    damage,
    deliveries,
    field,
    fleet,
    funds,
    groups,
    microtasks,
    needs,
    people,
    places,
    plans,
    reservations,
    roads,
    situation,
    slips,
    stock,
    uploads,
    volunteering,
)
from data.store.rules.registry import CHECKS
from geo.errors import RuleError

if TYPE_CHECKING:
    from data.store.state import Fact, State


def check(state: State, fact: Fact) -> None:
    """Raise `RuleError` or `UnknownIdError` if the event may not happen in this state."""
    payload = fact.payload
    if payload.begins:
        _require_new(state, fact)
    if is_undone(state, fact.upload_id):
        raise RuleError(
            f"{fact.type} of {fact.upload_id}",
            "an upload that was not undone is needed",
            "upload the file again",
        )
    specific = CHECKS.get(fact.type)
    if specific is not None:
        specific(state, fact, payload)


def _require_new(state: State, fact: Fact) -> None:
    subject_id = fact.payload.subject_id
    if state.row(BY_TYPE[fact.type].table, subject_id) is not None:
        raise RuleError(
            f"{fact.type}: {subject_id}",
            "an id that was never used is needed",
            "it is recorded already; make a new id",
        )
