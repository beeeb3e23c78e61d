"""Projections: goods that are kept for a plan's convoys or for somebody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import StockReleased, StockReserved
from data.store.projections.registry import mark, projects
from data.store.schema import RESERVATIONS, RESERVED, RESERVED_LINES, to_micro

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Table

    from data.store.state import Fact, Key, Row, State


def _rows_of(payload: StockReserved) -> Iterator[tuple[Table, Key]]:
    for line in payload.lines:
        yield RESERVED, (line.depot_id, line.item_id)
        yield (
            RESERVED_LINES,
            (line.convoy_id or payload.reservation_id, line.depot_id, line.item_id),
        )


@projects(StockReserved, RESERVATIONS, undoable=False, reads=_rows_of)
def _stock_reserved(state: State, fact: Fact, payload: StockReserved) -> None:
    state.put(
        RESERVATIONS,
        {
            "reservation_id": payload.reservation_id,
            "plan_id": payload.plan_id,
            "kept_for": payload.kept_for,
            "organisation_id": fact.organisation_id,
            "recorded_at": fact.recorded_at,
            "released_at": None,
            "released_reason": "",
            **mark(fact),
        },
    )
    for line in payload.lines:
        holder, quantity = line.convoy_id or payload.reservation_id, to_micro(line.quantity)
        before = state.live(RESERVED_LINES, holder, line.depot_id, line.item_id)
        same = before is not None and before["reservation_id"] == payload.reservation_id
        if before is not None and not same:
            # What another reservation kept for this convoy is kept by this one now.
            _change_sum(state, fact, line.depot_id, line.item_id, -before["left_micro"])
        held = before if same and before is not None else None
        state.put(
            RESERVED_LINES,
            {
                "holder": holder,
                "depot_id": line.depot_id,
                "item_id": line.item_id,
                "reservation_id": payload.reservation_id,
                "reserved_micro": quantity + (held["reserved_micro"] if held else 0),
                "left_micro": quantity + (held["left_micro"] if held else 0),
                **mark(fact),
            },
        )
        _change_sum(state, fact, line.depot_id, line.item_id, quantity)


@projects(StockReleased, RESERVATIONS, undoable=False)
def _stock_released(state: State, fact: Fact, payload: StockReleased) -> None:
    row = state.row(RESERVATIONS, payload.reservation_id)
    if row is None:
        return
    state.put(
        RESERVATIONS,
        {
            **row,
            "released_at": fact.recorded_at,
            "released_reason": payload.reason,
            **mark(fact),
        },
    )
    lines = state.rows_where(RESERVED_LINES, "reservation_id", payload.reservation_id)
    for line in sorted(lines, key=lambda one: (one["holder"], one["depot_id"], one["item_id"])):
        if not line["removed"]:
            _change_sum(state, fact, line["depot_id"], line["item_id"], -line["left_micro"])
            state.put(RESERVED_LINES, {**line, "left_micro": 0, **mark(fact, removed=True)})


def take_from_reservation(
    state: State, fact: Fact, holder: str, depot_id: str, item_id: str, quantity: int
) -> int:
    """Use up what is kept for a holder by goods that leave a depot; gives how much of it."""
    if not holder or not depot_id.startswith("depot:"):
        return 0
    line = state.live(RESERVED_LINES, holder, depot_id, item_id)
    if line is None:
        return 0
    used = min(quantity, int(line["left_micro"]))
    if used:
        state.put(RESERVED_LINES, {**line, "left_micro": line["left_micro"] - used, **mark(fact)})
        _change_sum(state, fact, depot_id, item_id, -used)
    return used


def give_back(state: State, fact: Fact, movement: Row) -> None:
    """Keep again what a movement had taken from a reservation, if that still stands."""
    if not movement["kept_micro"]:
        return
    key = (movement["holder"], movement["from_account"], movement["item_id"])
    line = state.live(RESERVED_LINES, *key)
    if line is not None:
        left = line["left_micro"] + movement["kept_micro"]
        state.put(RESERVED_LINES, {**line, "left_micro": left, **mark(fact)})
        _change_sum(state, fact, key[1], key[2], movement["kept_micro"])


def _change_sum(state: State, fact: Fact, depot_id: str, item_id: str, change: int) -> None:
    row = state.row(RESERVED, depot_id, item_id)
    state.put(
        RESERVED,
        {
            "depot_id": depot_id,
            "item_id": item_id,
            "reserved_micro": (row["reserved_micro"] if row else 0) + change,
            **mark(fact),
        },
    )
