"""Closures of roads and their end; gaps of the network that a person joined."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field

from data.events.base import Event, Id, Lat, Lon, Name, Real, Share, Strict, Text
from geo.model import RoadState, VehicleClassName


class RoadClosed(Event):
    """Evidence that edges are closed or restricted. Ids as in `geo.model.Closure`.

    Since version 2 a `restricted` road may say what it still carries (`max_weight_t`, gross).
    """

    type: ClassVar[str] = "road.closed"
    version: ClassVar[int] = 2
    reads: ClassVar[tuple[int, ...]] = (1,)
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
    max_weight_t: Annotated[Real, Field(gt=0, le=200)] | None = None


class RoadReopened(Event):
    """A closure no longer holds."""

    type: ClassVar[str] = "road.reopened"
    subject: ClassVar[str] = "closure_id"
    closure_id: Id
    source: Text = ""
    reason: Text = ""


class JoinedGap(Strict):
    """An end of a road that was taken to meet the road beside it, as `geo.road_gaps` found it."""

    gap_id: Name
    lon: Lon
    lat: Lat
    distance_m: Annotated[Real, Field(ge=0, le=200)]
    edge: Name
    other_edge: Name


class RoadGapsJoined(Event):
    """Somebody says that ends of roads which stop just before another road do meet it."""

    type: ClassVar[str] = "road_gaps.joined"
    subject: ClassVar[str] = "joint_id"
    begins: ClassVar[bool] = True
    joint_id: Id
    layer_id: Id
    gaps: tuple[JoinedGap, ...] = Field(min_length=1, max_length=2_000)
    source: Text = ""
    reason: Text = ""


class RoadGapsParted(Event):
    """Gaps that were joined are gaps again."""

    type: ClassVar[str] = "road_gaps.parted"
    subject: ClassVar[str] = "joint_id"
    joint_id: Id
    reason: Text = ""


EVENTS: tuple[type[Event], ...] = (
    RoadClosed,
    RoadReopened,
    RoadGapsJoined,
    RoadGapsParted,
)
