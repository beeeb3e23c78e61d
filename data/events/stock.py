"""Goods that move between accounts: double entry, by lot."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar

from pydantic import Field

from data.events.base import Event, Id, ItemId, Name, Quantity, Real, Strict, Text

#: A day without an hour; only text such as ``2023-10-01`` is read as one.
Day = Annotated[date, Field(strict=True)]


class StockMoved(Event):
    """Goods went from one account to another (double entry: nothing appears, nothing vanishes).

    An account is ``donor:…``, ``depot:…``, ``convoy:…``, ``place:…``, ``loss:…`` or ``count:…``
    (the difference that a stock count found); for money ``fund:…`` and ``allocation:…`` too. One
    handling, of whatever many lots, has one `slip_id`, by which it is undone. `reservation_id`
    names the reservation by which goods are taken that are kept for somebody.
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
    lot_id: Id | None = None
    slip_id: Id | None = None
    reservation_id: Id | None = None


class LotRegistered(Event):
    """A lot of an item, or a new word on one already known.

    `expires_on` is the last day at which it may be handed out; None where it lasts, or where nobody
    knows. `code` is what stands on the boxes.
    """

    type: ClassVar[str] = "lot.registered"
    subject: ClassVar[str] = "lot_id"
    lot_id: Id
    item_id: ItemId
    code: Text = ""
    expires_on: Day | None = None
    note: Text = ""


class ItemRegistered(Event):
    """An item that this situation keeps books of, or packs of one that the catalogue knows.

    `packs` gives how many units each pack holds. What it weighs and fills is None where nobody
    knows: then it is kept and handed out, and not planned with.
    """

    type: ClassVar[str] = "item.registered"
    subject: ClassVar[str] = "item_id"
    item_id: ItemId
    name: Name
    unit: Annotated[Name, Field(max_length=20)]
    kg_per_unit: Annotated[Real, Field(gt=0, le=1_000)] | None = None
    m3_per_unit: Annotated[Real, Field(gt=0, le=10)] | None = None
    packs: Annotated[dict[Name, Quantity], Field(max_length=20)] = Field(default_factory=dict)
    source: Text = ""


class StockCounted(Event):
    """Somebody counted what lies in a depot of a lot, beside what the books said just before.

    The difference is a movement from or to ``count:…`` with the same `slip_id`.
    """

    type: ClassVar[str] = "stock.counted"
    subject: ClassVar[str] = "count_id"
    begins: ClassVar[bool] = True
    count_id: Id
    depot_id: Id
    item_id: ItemId
    counted: Quantity
    booked: Quantity
    unit: Name
    lot_id: Id | None = None
    slip_id: Id | None = None
    note: Text = ""


class ReservedLine(Strict):
    """Goods of a depot that are kept; for a convoy, where a plan keeps them."""

    depot_id: Id
    item_id: ItemId
    quantity: Quantity
    unit: Name
    convoy_id: Id | None = None


class StockReserved(Event):
    """Goods are kept for a plan's convoys, or for somebody else (`kept_for`, never a person)."""

    type: ClassVar[str] = "stock.reserved"
    subject: ClassVar[str] = "reservation_id"
    begins: ClassVar[bool] = True
    reservation_id: Id
    plan_id: Id | None = None
    kept_for: Text = ""
    lines: tuple[ReservedLine, ...] = Field(max_length=20_000)


class StockReleased(Event):
    """What is left of a reservation is free again."""

    type: ClassVar[str] = "stock.released"
    subject: ClassVar[str] = "reservation_id"
    reservation_id: Id
    reason: Text = ""


class SlipUndone(Event):
    """One handling, with all that it moved, counted, delivered or paid, no longer counts."""

    type: ClassVar[str] = "slip.undone"
    subject: ClassVar[str] = "slip_id"
    slip_id: Id
    reason: Text = ""


EVENTS: tuple[type[Event], ...] = (
    StockMoved,
    LotRegistered,
    ItemRegistered,
    StockCounted,
    StockReserved,
    StockReleased,
    SlipUndone,
)
