"""What convoys say of themselves on their way."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from data.events.base import Event, Id, Real, Text

ReportKind = Literal["arrived", "delivered", "refused", "blocked", "sos"]


class ConvoyReported(Event):
    """A convoy was heard: at a stop, on its way or in need of help.

    What it changes (deliveries, closures) is recorded by events of their own beside this one; no
    name, number or position of a person stands here.
    """

    type: ClassVar[str] = "convoy.reported"
    subject: ClassVar[str] = "convoy_id"
    convoy_id: Id
    plan_id: Id
    kind: ReportKind
    place_id: Id | None = None
    km: Annotated[Real, Field(ge=0, le=2_000)] | None = None
    note: Text = ""


EVENTS: tuple[type[Event], ...] = (ConvoyReported,)
