"""Goods that move between accounts: double entry."""

from __future__ import annotations

from typing import ClassVar

from data.events.base import Event, Id, ItemId, Name, Quantity, Text


class StockMoved(Event):
    """Goods went from one account to another (double entry: nothing appears, nothing vanishes).

    An account is ``donor:…``, ``depot:…``, ``convoy:…``, ``place:…``, ``loss:…`` or ``count:…``
    (the difference that a stock count found).
    """

    type: ClassVar[str] = "stock.moved"
    subject: ClassVar[str] = "movement_id"
    begins: ClassVar[bool] = True
    movement_id: Id
    item_id: ItemId
    quantity: Quantity
    unit: Name
    from_account: Id
    to_account: Id
    note: Text = ""


EVENTS: tuple[type[Event], ...] = (StockMoved,)
