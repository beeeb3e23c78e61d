"""Closures of roads and their end."""

from __future__ import annotations

from typing import ClassVar

from pydantic import AwareDatetime, Field

from data.events.base import Event, Id, Name, Share, Text
from geo.model import RoadState, VehicleClassName


class RoadClosed(Event):
    """Evidence that edges are closed or restricted. Ids as in `geo.model.Closure`."""

    type: ClassVar[str] = "road.closed"
    subject: ClassVar[str] = "closure_id"
    begins: ClassVar[bool] = True
    closure_id: Id
    edges: tuple[Name, ...] = Field(min_length=1, max_length=20_000)
    roads_sha256: Text = ""
    state: RoadState = "closed"
    classes: tuple[VehicleClassName, ...] = ()
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    confidence: Share = 1.0
    source: Text = ""
    reason: Text = ""


class RoadReopened(Event):
    """A closure no longer holds."""

    type: ClassVar[str] = "road.reopened"
    subject: ClassVar[str] = "closure_id"
    closure_id: Id
    source: Text = ""
    reason: Text = ""


EVENTS: tuple[type[Event], ...] = (
    RoadClosed,
    RoadReopened,
)
