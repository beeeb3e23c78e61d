"""Projections: what places lack, what arrived for it, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import DeliveryReported, NeedReported, NeedStatusChanged
from data.store.canonical import canonical_json
from data.store.projections.registry import mark, projects, time_text
from data.store.schema import DELIVERIES, NEED_DELIVERED, NEEDS, to_micro
from geo.model import OPEN_NEED_STATUSES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Table

    from data.store.state import Fact, Key, Row, State


def _need_rows(payload: NeedReported | NeedStatusChanged) -> Iterator[tuple[Table, Key]]:
    yield NEED_DELIVERED, (payload.need_id,)


@projects(NeedReported, NEEDS, reads=_need_rows)
def _need_reported(state: State, fact: Fact, payload: NeedReported) -> None:
    row = {
        "need_id": payload.need_id,
        "place_id": payload.place_id,
        "item_id": payload.item_id,
        "quantity_micro": to_micro(payload.quantity),
        "unit": payload.unit,
        "reported_from": payload.reported_from,
        "weight": payload.weight,
        "status": payload.status,
        "said_status": payload.status,
        "delivered_micro": 0,
        "before_micro": 0,
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
    }
    state.put(NEEDS, _settled(state, fact, row))


@projects(NeedStatusChanged, NEEDS, reads=_need_rows)
def _need_status_changed(state: State, fact: Fact, payload: NeedStatusChanged) -> None:
    row = state.row(NEEDS, payload.need_id)
    if row is None:
        return
    changed = {"said_status": payload.status, "changed_at": fact.recorded_at, **mark(fact)}
    if row["status"] == "met" and payload.status in OPEN_NEED_STATUSES:
        # Somebody says that it is lacking after all: what came before counts no longer.
        changed["before_micro"] = _delivered(state, payload.need_id)
    state.put(NEEDS, _settled(state, fact, {**row, **changed}))


def _delivery_rows(payload: DeliveryReported) -> Iterator[tuple[Table, Key]]:
    for served in payload.needs:
        yield NEEDS, (served.need_id,)
        yield NEED_DELIVERED, (served.need_id,)


@projects(DeliveryReported, DELIVERIES, reads=_delivery_rows)
def _delivery_reported(state: State, fact: Fact, payload: DeliveryReported) -> None:
    state.put(
        DELIVERIES,
        {
            "delivery_id": payload.delivery_id,
            "place_id": payload.place_id,
            "item_id": payload.item_id,
            "quantity_micro": to_micro(payload.quantity),
            "unit": payload.unit,
            "outcome": payload.outcome,
            "convoy_id": payload.convoy_id,
            "expected_micro": None if payload.expected is None else to_micro(payload.expected),
            "needs": canonical_json(
                [[served.need_id, to_micro(served.quantity)] for served in payload.needs]
            ),
            "slip_id": payload.slip_id or "",
            "note": payload.note,
            "organisation_id": fact.organisation_id,
            "upload_id": fact.upload_id,
            "recorded_at": fact.recorded_at,
            "reported_at": fact.reported_at,
            **mark(fact),
        },
    )
    for served in payload.needs:
        serve(state, fact, served.need_id, to_micro(served.quantity))


def serve(state: State, fact: Fact, need_id: str, change: int) -> None:
    """Count so much more (or less) as delivered for a need; it is met or open again by that."""
    delivered = _delivered(state, need_id) + change
    state.put(NEED_DELIVERED, {"need_id": need_id, "delivered_micro": delivered, **mark(fact)})
    row = state.row(NEEDS, need_id)
    if row is not None:
        state.put(NEEDS, _settled(state, fact, {**row, **mark(fact, removed=row["removed"])}))


def _settled(state: State, fact: Fact, row: Row) -> Row:
    """Give the row of a need with the status that follows from what was said and what came."""
    came = max(0, _delivered(state, row["need_id"]) - row["before_micro"])
    met = row["said_status"] in OPEN_NEED_STATUSES and 0 < row["quantity_micro"] <= came
    status = "met" if met else row["said_status"]
    changed_at = row["changed_at"] if status == row["status"] else fact.recorded_at
    return {**row, "status": status, "delivered_micro": came, "changed_at": changed_at}


def _delivered(state: State, need_id: str) -> int:
    row = state.row(NEED_DELIVERED, need_id)
    return int(row["delivered_micro"]) if row else 0
