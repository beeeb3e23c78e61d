"""Projections: what places lack, what arrived for it, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import (
    DeliveryReported,
    NeedReported,
    NeedRevised,
    NeedRumourSet,
    NeedStatusChanged,
    NeedTrustSet,
)
from data.store.canonical import canonical_json
from data.store.projections.registry import mark, projects, time_text
from data.store.schema import (
    DELIVERIES,
    NEED_DELIVERED,
    NEED_MERGED,
    NEED_TRUST,
    NEEDS,
    to_micro,
)
from geo.model import OPEN_NEED_STATUSES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Table

    from data.store.state import Fact, Key, Row, State


def need_rows(
    payload: NeedReported | NeedStatusChanged | NeedRevised,
) -> Iterator[tuple[Table, Key]]:
    """Rows beside that of a need from which its status follows."""
    yield NEED_DELIVERED, (payload.need_id,)
    yield NEED_MERGED, (payload.need_id,)


@projects(NeedReported, NEEDS, reads=need_rows)
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
        "merged_into": None,
        "merged_in": 0,
        "rumour": False,
        "rumour_note": "",
        "verified_by": None,
        "verified_at": None,
        "refuted_by": None,
        "refuted_at": None,
        "status_note": "",
        "revisions": 0,
        **mark(fact),
    }
    if payload.status == "verified":
        row |= {"verified_by": fact.organisation_id or "", "verified_at": fact.recorded_at}
    state.put(NEEDS, settled(state, fact, row))


@projects(NeedStatusChanged, NEEDS, reads=need_rows)
def _need_status_changed(state: State, fact: Fact, payload: NeedStatusChanged) -> None:
    row = state.row(NEEDS, payload.need_id)
    if row is None:
        return
    changed = {
        "said_status": payload.status,
        "status_note": payload.note,
        "changed_at": fact.recorded_at,
        **mark(fact),
    }
    if payload.status in ("verified", "refuted"):
        # Both stay: whoever looks sees that two say the contrary of each other.
        changed[f"{payload.status}_by"] = payload.by or fact.organisation_id or ""
        changed[f"{payload.status}_at"] = fact.recorded_at
    elif payload.status == "reported":  # what was found out is taken back
        changed |= dict.fromkeys(("verified_by", "verified_at", "refuted_by", "refuted_at"))
    if row["status"] == "met" and payload.status in OPEN_NEED_STATUSES:
        # Somebody says that it is lacking after all: what came before counts no longer.
        changed["before_micro"] = _delivered(state, payload.need_id)
    state.put(NEEDS, settled(state, fact, {**row, **changed}))


@projects(NeedRevised, NEEDS, reads=need_rows)
def _need_revised(state: State, fact: Fact, payload: NeedRevised) -> None:
    row = state.row(NEEDS, payload.need_id)
    if row is None:
        return
    revised = {
        "quantity_micro": to_micro(payload.quantity),
        "weight": payload.weight,
        "expires_at": time_text(payload.expires_at),
        "note": payload.note,
        "reported_at": fact.reported_at,
        "changed_at": fact.recorded_at,
        "revisions": row["revisions"] + 1,
        **mark(fact),
    }
    state.put(NEEDS, settled(state, fact, {**row, **revised}))


@projects(NeedRumourSet, NEEDS)
def _need_rumour_set(state: State, fact: Fact, payload: NeedRumourSet) -> None:
    row = state.row(NEEDS, payload.need_id)
    if row is not None:
        said = {"rumour": payload.rumour, "rumour_note": payload.note, **mark(fact)}
        state.put(NEEDS, {**row, **said})


@projects(NeedTrustSet, NEED_TRUST, undoable=False)
def _need_trust_set(state: State, fact: Fact, payload: NeedTrustSet) -> None:
    state.put(
        NEED_TRUST,
        {
            "trust_id": "trust:needs",
            "unverified_share": payload.unverified_share,
            "pending": payload.pending,
            "reason": payload.reason,
            "recorded_at": fact.recorded_at,
            **mark(fact),
        },
    )


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
        state.put(NEEDS, settled(state, fact, {**row, **mark(fact, removed=row["removed"])}))


def settled(state: State, fact: Fact, row: Row) -> Row:
    """Give the row of a need with the status that follows from what was said and what came."""
    came = max(0, _delivered(state, row["need_id"]) - row["before_micro"])
    met = row["said_status"] in OPEN_NEED_STATUSES and 0 < row["quantity_micro"] <= came
    status = "met" if met else row["said_status"]
    merged = state.row(NEED_MERGED, row["need_id"])
    into, behind = (merged["kept_id"], merged["merged_in"]) if merged else (None, 0)
    if into is not None and status in OPEN_NEED_STATUSES:
        status = "merged"
    changed_at = row["changed_at"] if status == row["status"] else fact.recorded_at
    return {
        **row,
        "status": status,
        "delivered_micro": came,
        "changed_at": changed_at,
        "merged_into": into,
        "merged_in": behind,
    }


def _delivered(state: State, need_id: str) -> int:
    row = state.row(NEED_DELIVERED, need_id)
    return int(row["delivered_micro"]) if row else 0
