"""The situation itself, its area and the layers loaded into it."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import AwareDatetime, Field

from data.events.base import Count, Event, FileRef, Id, Lat, Lon, Name, SourceRef, Text

LayerKind = Literal[
    "places",
    "boundaries",
    "roads",
    "elevation",
    "damage_points",
    "damage_raster",
    "analysed_area",
    "graded_roads",
    "shakemap",
    "building_stock",
    "population",
    "imagery",
    "footprints",
    "hint",
]


class SituationCreated(Event):
    """The situation begins. A `notice` must be shown on every page and in every export."""

    type: ClassVar[str] = "situation.created"
    subject: ClassVar[str] = "situation_id"
    situation_id: Id
    name: Name
    bounds: tuple[Lon, Lat, Lon, Lat] | None = None
    working_crs: Text = ""
    timezone: Name = "UTC"
    notice: Text = ""
    drill: bool = False
    plays_at: AwareDatetime | None = None


class SituationAreaSet(Event):
    """The area and its projected working CRS became known (first layer) or were changed."""

    type: ClassVar[str] = "situation.area_set"
    bounds: tuple[Lon, Lat, Lon, Lat]
    working_crs: Name


class LayerLoaded(Event):
    """A geospatial layer was read, normalised and put into the archive by its hash."""

    type: ClassVar[str] = "layer.loaded"
    subject: ClassVar[str] = "layer_id"
    begins: ClassVar[bool] = True
    layer_id: Id
    kind: LayerKind
    name: Name
    files: dict[str, FileRef]
    rows: Count
    bounds: tuple[Lon, Lat, Lon, Lat]
    source: SourceRef
    notes: tuple[Text, ...] = ()
    details: dict[str, Any] = Field(default_factory=dict)


class LayerRemoved(Event):
    """A layer no longer counts; its file stays in the archive."""

    type: ClassVar[str] = "layer.removed"
    subject: ClassVar[str] = "layer_id"
    layer_id: Id
    reason: Text = ""


EVENTS: tuple[type[Event], ...] = (
    SituationCreated,
    SituationAreaSet,
    LayerLoaded,
    LayerRemoved,
)
