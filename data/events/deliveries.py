"""What arrived at places, and which needs it met."""

from __future__ import annotations

from typing import ClassVar, Literal, get_args

from pydantic import Field

from data.events.base import Event, Id, ItemId, Name, Quantity, Strict, Text

Outcome = Literal["arrived", "partly", "refused"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


class NeedServed(Strict):
    """How much of a delivery counts for one need."""

    need_id: Id
    quantity: Quantity


class DeliveryReported(Event):
    """Somebody at a place says what came: all of it, a part, or nothing because it was refused.

    `quantity` is what was taken; `expected` is what the convoy was to hand over, None where nobody
    said. The goods themselves are movements with the same `slip_id`. Several organisations' needs
    speak of the same people, so one delivery may count for a need of each (`needs`).
    """

    type: ClassVar[str] = "delivery.reported"
    subject: ClassVar[str] = "delivery_id"
    begins: ClassVar[bool] = True
    delivery_id: Id
    place_id: Id
    item_id: ItemId
    quantity: Quantity
    unit: Name
    outcome: Outcome
    convoy_id: Id | None = None
    expected: Quantity | None = None
    needs: tuple[NeedServed, ...] = Field(default=(), max_length=1_000)
    slip_id: Id | None = None
    note: Text = ""


EVENTS: tuple[type[Event], ...] = (DeliveryReported,)
