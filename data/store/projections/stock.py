"""Projections: goods that move between accounts, by lot: double entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import ItemRegistered, LotRegistered, StockCounted, StockMoved
from data.store.canonical import canonical_json
from data.store.projections.registry import mark, projects
from data.store.projections.reservations import give_back, take_from_reservation
from data.store.schema import (
    COUNTS,
    DEPOTS,
    ITEMS,
    LOTS,
    MOVEMENTS,
    OWN_ITEMS,
    RESERVED,
    RESERVED_LINES,
    STOCK,
    STOCK_LOTS,
    to_micro,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Table

    from data.store.state import Fact, Key, Row, State


def holder_of(payload: StockMoved) -> str:
    """Give for whom goods that leave a depot may be kept: a reservation, else the convoy."""
    if payload.reservation_id is not None:
        return payload.reservation_id
    return payload.to_account if payload.to_account.startswith("convoy:") else ""


def _rows_of(payload: StockMoved) -> Iterator[tuple[Table, Key]]:
    yield ITEMS, (payload.item_id,)
    yield OWN_ITEMS, (payload.item_id,)
    lot_id = payload.lot_id or ""
    if lot_id:
        yield LOTS, (lot_id,)
    for account in (payload.from_account, payload.to_account):
        yield STOCK, (account, payload.item_id)
        yield STOCK_LOTS, (account, payload.item_id, lot_id)
        if account.startswith("depot:"):
            yield DEPOTS, (account,)
    if payload.from_account.startswith("depot:"):
        yield RESERVED, (payload.from_account, payload.item_id)
        if holder := holder_of(payload):
            yield RESERVED_LINES, (holder, payload.from_account, payload.item_id)


@projects(StockMoved, MOVEMENTS, reads=_rows_of)
def _stock_moved(state: State, fact: Fact, payload: StockMoved) -> None:
    quantity, holder = to_micro(payload.quantity), holder_of(payload)
    kept = take_from_reservation(
        state, fact, holder, payload.from_account, payload.item_id, quantity
    )
    row = {
        "movement_id": payload.movement_id,
        "item_id": payload.item_id,
        "lot_id": payload.lot_id or "",
        "quantity_micro": quantity,
        "unit": payload.unit,
        "from_account": payload.from_account,
        "to_account": payload.to_account,
        "slip_id": payload.slip_id or "",
        "holder": holder if kept else "",
        "kept_micro": kept,
        "note": payload.note,
        "organisation_id": fact.organisation_id,
        "upload_id": fact.upload_id,
        "recorded_at": fact.recorded_at,
        "reported_at": fact.reported_at,
        **mark(fact),
    }
    state.put(MOVEMENTS, row)
    _book(state, fact, row, direction=1)


def _book(state: State, fact: Fact, movement: Row, *, direction: int) -> None:
    """Move a quantity between two accounts, or back (`direction` -1)."""
    item_id, lot_id = movement["item_id"], movement["lot_id"]
    quantity = movement["quantity_micro"] * direction
    for account, change in (
        (movement["from_account"], -quantity),
        (movement["to_account"], quantity),
    ):
        for table, key in (
            (STOCK, {"account": account, "item_id": item_id}),
            (STOCK_LOTS, {"account": account, "item_id": item_id, "lot_id": lot_id}),
        ):
            held = state.row(table, *key.values())
            balance = (held["balance_micro"] if held else 0) + change
            state.put(table, {**key, "balance_micro": balance, **mark(fact)})
    item = state.row(ITEMS, item_id)
    movements = (item["movements"] if item else 0) + direction
    # The unit is free again when the last movement of an item was taken back.
    unit = item["unit"] if item and item["movements"] > 0 else movement["unit"]
    state.put(
        ITEMS,
        {
            "item_id": item_id,
            "unit": unit,
            "movements": movements,
            **mark(fact, removed=movements == 0),
        },
    )


def take_back(state: State, fact: Fact, movement_id: str) -> None:
    """Book a movement back: the upload or the slip that brought it was undone."""
    movement = state.live(MOVEMENTS, movement_id)
    if movement is None:
        return
    state.put(MOVEMENTS, {**movement, **mark(fact, removed=True)})
    _book(state, fact, movement, direction=-1)
    give_back(state, fact, movement)


@projects(LotRegistered, LOTS)
def _lot_registered(state: State, fact: Fact, payload: LotRegistered) -> None:
    expires = payload.expires_on
    state.put(
        LOTS,
        {
            "lot_id": payload.lot_id,
            "item_id": payload.item_id,
            "code": payload.code,
            "expires_on": None if expires is None else expires.isoformat(),
            "note": payload.note,
            "organisation_id": fact.organisation_id,
            "upload_id": fact.upload_id,
            "recorded_at": fact.recorded_at,
            **mark(fact),
        },
    )


@projects(ItemRegistered, OWN_ITEMS, reads=lambda payload: iter([(ITEMS, (payload.item_id,))]))
def _item_registered(state: State, fact: Fact, payload: ItemRegistered) -> None:
    state.put(
        OWN_ITEMS,
        {
            "item_id": payload.item_id,
            "name": payload.name,
            "unit": payload.unit,
            "kg_per_unit": payload.kg_per_unit,
            "m3_per_unit": payload.m3_per_unit,
            "packs": canonical_json(payload.model_dump(mode="json")["packs"]),
            "source": payload.source,
            "organisation_id": fact.organisation_id,
            "recorded_at": fact.recorded_at,
            **mark(fact),
        },
    )


@projects(StockCounted, COUNTS)
def _stock_counted(state: State, fact: Fact, payload: StockCounted) -> None:
    state.put(
        COUNTS,
        {
            "count_id": payload.count_id,
            "depot_id": payload.depot_id,
            "item_id": payload.item_id,
            "lot_id": payload.lot_id or "",
            "counted_micro": to_micro(payload.counted),
            "booked_micro": to_micro(payload.booked),
            "unit": payload.unit,
            "slip_id": payload.slip_id or "",
            "note": payload.note,
            "organisation_id": fact.organisation_id,
            "recorded_at": fact.recorded_at,
            "reported_at": fact.reported_at,
            **mark(fact),
        },
    )
