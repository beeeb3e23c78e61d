"""What places lack, and what became of it."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field

from data.events.base import Event, Id, ItemId, Name, Quantity, Real, Share, Text
from geo.model import NeedStatus


class NeedReported(Event):
    """Somebody says that a place lacks something. Reporter and place of need are two fields."""

    type: ClassVar[str] = "need.reported"
    subject: ClassVar[str] = "need_id"
    begins: ClassVar[bool] = True
    need_id: Id
    place_id: Id
    item_id: ItemId
    quantity: Quantity
    unit: Name
    reported_from: Id | None = None
    weight: Annotated[Real, Field(gt=0, le=100)] = 1.0
    status: NeedStatus = "reported"
    expires_at: AwareDatetime | None = None
    written_place: Text = ""
    match_score: Share | None = None
    note: Text = ""


class NeedStatusChanged(Event):
    """A need was verified, met, refuted, withdrawn or it expired."""

    type: ClassVar[str] = "need.status_changed"
    subject: ClassVar[str] = "need_id"
    need_id: Id
    status: NeedStatus
    note: Text = ""


EVENTS: tuple[type[Event], ...] = (
    NeedReported,
    NeedStatusChanged,
)
