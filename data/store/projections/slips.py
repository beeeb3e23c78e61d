"""Projections: a handling that is undone, with all that it moved, counted, delivered or paid."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from data.events import SlipUndone
from data.store.projections.needs import serve
from data.store.projections.registry import mark, projects
from data.store.projections.stock import take_back
from data.store.schema import COUNTS, DELIVERIES, MOVEMENTS, PAYMENTS, SLIPS, key_columns

if TYPE_CHECKING:
    from sqlalchemy import Table

    from data.store.state import Fact, Row, State

#: Tables whose rows may have come with a slip.
TABLES_OF_SLIPS: tuple[Table, ...] = (MOVEMENTS, DELIVERIES, COUNTS, PAYMENTS)


def rows_of_slip(state: State, table: Table, slip_id: str) -> list[Row]:
    """Give the rows of a table that came with a slip and still count, by their ids."""
    (key,) = key_columns(table)
    rows = [row for row in state.rows_where(table, "slip_id", slip_id) if not row["removed"]]
    return sorted(rows, key=lambda row: str(row[key]))


@projects(SlipUndone, SLIPS, undoable=False)
def _slip_undone(state: State, fact: Fact, payload: SlipUndone) -> None:
    state.put(
        SLIPS,
        {
            "slip_id": payload.slip_id,
            "undone_at": fact.recorded_at,
            "undone_reason": payload.reason,
            **mark(fact),
        },
    )
    for movement in rows_of_slip(state, MOVEMENTS, payload.slip_id):
        take_back(state, fact, movement["movement_id"])
    for delivery in rows_of_slip(state, DELIVERIES, payload.slip_id):
        take_delivery_back(state, fact, delivery["delivery_id"])
    for table in (COUNTS, PAYMENTS):
        for row in rows_of_slip(state, table, payload.slip_id):
            state.put(table, {**row, **mark(fact, removed=True)})


def take_delivery_back(state: State, fact: Fact, delivery_id: str) -> None:
    """Count a delivery for no need any longer."""
    row = state.live(DELIVERIES, delivery_id)
    if row is None:
        return
    state.put(DELIVERIES, {**row, **mark(fact, removed=True)})
    for need_id, micro in json.loads(row["needs"]):
        serve(state, fact, need_id, -micro)
