"""Depots, the vehicles at home there, and what a cell knows better of vehicle classes."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from data.events.base import Count, Event, Id, Lat, Lon, Name, Real, Text
from geo.model import STANDARD_CREW, VehicleClassName


class DepotRegistered(Event):
    """A depot, or a new word on one already known."""

    type: ClassVar[str] = "depot.registered"
    subject: ClassVar[str] = "depot_id"
    depot_id: Id
    name: Name
    name_ar: Text = ""
    lon: Lon
    lat: Lat
    active: bool = True


class VehicleRegistered(Event):
    """A vehicle or a mule team, or a new word on one already known."""

    type: ClassVar[str] = "vehicle.registered"
    subject: ClassVar[str] = "vehicle_id"
    vehicle_id: Id
    vehicle_class: VehicleClassName
    name: Text = ""
    capacity_kg: Annotated[Real, Field(ge=0, le=100_000)]
    capacity_m3: Annotated[Real, Field(ge=0, le=1_000)]
    depot_id: Id
    organisation_id: Id | None = None
    shift_s: Annotated[Count, Field(ge=600, le=86_400)] = 36_000
    speed_factor: Annotated[Real, Field(ge=0.1, le=3)] = 1.0
    crew: Annotated[Count, Field(ge=1, le=100)] = STANDARD_CREW
    together: Annotated[Text, Field(max_length=100)] = ""
    available: bool = True

    @model_validator(mode="after")
    def _only_an_escort_carries_nothing(self) -> Self:
        if not self.together and not (self.capacity_kg and self.capacity_m3):
            raise ValueError("a vehicle that carries nothing travels together with others")
        return self


class VehicleClassesChanged(Event):
    """A cell knows some values of vehicle classes better than the catalogue.

    `changes` has just the values that differ, by class and field, nested as the catalogue is.
    """

    type: ClassVar[str] = "vehicle_classes.changed"
    subject: ClassVar[str] = "change_id"
    begins: ClassVar[bool] = True
    change_id: Id
    changes: dict[str, dict[str, Any]] = Field(min_length=1, max_length=20)
    source: Text = ""
    reason: Text = ""


class VehicleClassesRestored(Event):
    """A change of vehicle classes no longer counts."""

    type: ClassVar[str] = "vehicle_classes.restored"
    subject: ClassVar[str] = "change_id"
    change_id: Id
    reason: Text = ""


EVENTS: tuple[type[Event], ...] = (
    DepotRegistered,
    VehicleRegistered,
    VehicleClassesChanged,
    VehicleClassesRestored,
)
