"""Projections: what convoys say on their way, and the links by which they say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import ConvoyReported, FieldLinkIssued, FieldLinkRevoked
from data.store.projections.registry import mark, projects, time_text
from data.store.schema import CONVOYS_HEARD, FIELD_LINKS

if TYPE_CHECKING:
    from data.store.state import Fact, State


@projects(ConvoyReported, CONVOYS_HEARD, undoable=False)
def _convoy_reported(state: State, fact: Fact, payload: ConvoyReported) -> None:
    said_at = fact.reported_at or fact.recorded_at
    known = state.row(CONVOYS_HEARD, payload.convoy_id)
    if known is not None and known["heard_at"] > said_at:
        # It lay on a phone without a signal: what was said later is here already.
        state.put(CONVOYS_HEARD, {**known, **mark(fact)})
        return
    state.put(
        CONVOYS_HEARD,
        {
            "convoy_id": payload.convoy_id,
            "plan_id": payload.plan_id,
            "heard_at": said_at,
            "kind": payload.kind,
            "place_id": payload.place_id,
            "km": payload.km,
            "note": payload.note,
            "photo": payload.photo,
            **mark(fact),
        },
    )


@projects(FieldLinkIssued, FIELD_LINKS, undoable=False)
def _link_issued(state: State, fact: Fact, payload: FieldLinkIssued) -> None:
    state.put(
        FIELD_LINKS,
        {
            "link_id": payload.link_id,
            "convoy_id": payload.convoy_id,
            "plan_id": payload.plan_id,
            "public_key": payload.public_key,
            "expires_at": time_text(payload.expires_at),
            "recorded_at": fact.recorded_at,
            "revoked_at": None,
            **mark(fact),
        },
    )


@projects(FieldLinkRevoked, FIELD_LINKS, undoable=False)
def _link_revoked(state: State, fact: Fact, payload: FieldLinkRevoked) -> None:
    row = state.row(FIELD_LINKS, payload.link_id)
    if row is not None:
        state.put(FIELD_LINKS, {**row, "revoked_at": fact.recorded_at, **mark(fact)})
