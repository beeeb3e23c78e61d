"""Projections: goods that move between accounts: double entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import StockMoved
from data.store.projections.registry import mark, projects
from data.store.schema import DEPOTS, ITEMS, MOVEMENTS, STOCK, to_micro

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Table

    from data.store.state import Fact, Key, Row, State


def _accounts_of(payload: StockMoved) -> Iterator[tuple[Table, Key]]:
    yield ITEMS, (payload.item_id,)
    for account in (payload.from_account, payload.to_account):
        yield STOCK, (account, payload.item_id)
        if account.startswith("depot:"):
            yield DEPOTS, (account,)


@projects(StockMoved, MOVEMENTS, reads=_accounts_of)
def _stock_moved(state: State, fact: Fact, payload: StockMoved) -> None:
    row = {
        "movement_id": payload.movement_id,
        "item_id": payload.item_id,
        "quantity_micro": to_micro(payload.quantity),
        "unit": payload.unit,
        "from_account": payload.from_account,
        "to_account": payload.to_account,
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
    item_id, quantity = movement["item_id"], movement["quantity_micro"] * direction
    for account, change in (
        (movement["from_account"], -quantity),
        (movement["to_account"], quantity),
    ):
        held = state.row(STOCK, account, item_id)
        balance = (held["balance_micro"] if held else 0) + change
        state.put(
            STOCK,
            {"account": account, "item_id": item_id, "balance_micro": balance, **mark(fact)},
        )
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
    """Book a movement back: the upload that brought it was undone."""
    movement = state.live(MOVEMENTS, movement_id)
    if movement is not None:
        state.put(MOVEMENTS, {**movement, **mark(fact, removed=True)})
        _book(state, fact, movement, direction=-1)
