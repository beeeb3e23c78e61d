"""Places that no register knew, and further names of places."""

from __future__ import annotations

from typing import ClassVar

from data.events.base import Count, Event, Id, Lat, Lon, Name, Text


class PlaceAdded(Event):
    """Somebody names a place that no list has, or says something new of one added before."""

    type: ClassVar[str] = "place.added"
    subject: ClassVar[str] = "place_id"
    place_id: Id
    name: Name
    name_ar: Text = ""
    kind: Text = "hamlet"
    lon: Lon
    lat: Lat
    commune: Text = ""
    commune_code: Text = ""
    people: Count | None = None
    source: Text = ""


class PlaceWithdrawn(Event):
    """A place that was added is none."""

    type: ClassVar[str] = "place.withdrawn"
    subject: ClassVar[str] = "place_id"
    place_id: Id
    reason: Text = ""


class PlaceAliasConfirmed(Event):
    """Somebody who knows says that a written name means this place."""

    type: ClassVar[str] = "place.alias_confirmed"
    subject: ClassVar[str] = "alias_id"
    begins: ClassVar[bool] = True
    alias_id: Id
    place_id: Id
    written: Name
    note: Text = ""


class PlaceAliasWithdrawn(Event):
    """A confirmed name means its place no longer."""

    type: ClassVar[str] = "place.alias_withdrawn"
    subject: ClassVar[str] = "alias_id"
    alias_id: Id
    reason: Text = ""


EVENTS: tuple[type[Event], ...] = (
    PlaceAdded,
    PlaceWithdrawn,
    PlaceAliasConfirmed,
    PlaceAliasWithdrawn,
)
