"""Projections: what places lack, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import NeedReported, NeedStatusChanged
from data.store.projections.registry import mark, projects, time_text
from data.store.schema import NEEDS, to_micro

if TYPE_CHECKING:
    from data.store.state import Fact, State


@projects(NeedReported, NEEDS)
def _need_reported(state: State, fact: Fact, payload: NeedReported) -> None:
    state.put(
        NEEDS,
        {
            "need_id": payload.need_id,
            "place_id": payload.place_id,
            "item_id": payload.item_id,
            "quantity_micro": to_micro(payload.quantity),
            "unit": payload.unit,
            "reported_from": payload.reported_from,
            "weight": payload.weight,
            "status": payload.status,
            "expires_at": time_text(payload.expires_at),
            "written_place": payload.written_place,
            "match_score": payload.match_score,
            "note": payload.note,
            "organisation_id": fact.organisation_id,
            "upload_id": fact.upload_id,
            "recorded_at": fact.recorded_at,
            "reported_at": fact.reported_at,
            "changed_at": fact.recorded_at,
            **mark(fact),
        },
    )


@projects(NeedStatusChanged, NEEDS)
def _need_status_changed(state: State, fact: Fact, payload: NeedStatusChanged) -> None:
    row = state.row(NEEDS, payload.need_id)
    if row is not None:
        state.put(
            NEEDS,
            {**row, "status": payload.status, "changed_at": fact.recorded_at, **mark(fact)},
        )
