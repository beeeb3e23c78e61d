"""The events: everything that ever happened to a situation, typed and versioned.

The ledger stores these and nothing else; every table of state is a projection of them. An event
is never changed or deleted: what was wrong is corrected by a later event (`upload.undone`,
`road.reopened`, `layer.removed` …). Payloads hold no names, phones or positions of persons.

Quantities are decimal strings in the item's own unit, so that sums are exact in every engine and
the canonical JSON of an event is the same on every machine.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
)

from geo.errors import SchemaError
from geo.model import NeedStatus, RoadState, VehicleClassName


def _exact(value: object) -> object:
    # A float such as 0.1 would become 0.1000000000000000055…: take its shortest form.
    if isinstance(value, bool):
        raise ValueError("a number is needed, not true or false")
    return str(value) if isinstance(value, float) else value


def _number(value: object) -> object:
    # Text that looks like a number is the caller's to parse: "8,5" and "1e309" are read differently
    # by different people. True is not 1.
    if isinstance(value, str | bytes | bool):
        raise ValueError("a number is needed, not text, true or false")
    return value


def _plain(value: Decimal) -> str:
    text = format(value.normalize(), "f")
    return "0" if text in {"-0", ""} else text


Quantity = Annotated[
    Decimal,
    BeforeValidator(_exact),
    Field(ge=0, le=Decimal("1e12"), allow_inf_nan=False, decimal_places=6),
    PlainSerializer(_plain, return_type=str, when_used="json"),
]
Id = Annotated[str, StringConstraints(min_length=3, max_length=200, pattern=r"^[a-z_]+:\S+$")]
Text = Annotated[str, StringConstraints(max_length=2_000)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=300)]
ItemId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,60}$")]
FileRef = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}\.[a-z0-9.]{1,16}$")]
Count = Annotated[int, BeforeValidator(_number), Field(ge=0, le=2**53 - 1)]
Real = Annotated[float, BeforeValidator(_number), Field(allow_inf_nan=False)]
Lon = Annotated[Real, Field(ge=-180, le=180)]
Lat = Annotated[Real, Field(ge=-90, le=90)]
Share = Annotated[Real, Field(ge=0, le=1)]


class Strict(BaseModel):
    """No unknown fields, no silent coercion of text to numbers where JSON has numbers."""

    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="null")


class Provenance(Strict):
    """Where a fact was read: file, sheet, row and cell, and the upload it came with."""

    file: Text = ""
    sheet: Text = ""
    row: Count | None = None
    cell: Text = ""
    upload_id: Id | None = None


class SourceRef(Strict):
    """Who says so and when, in the words that the screen shows."""

    name: Name
    at: AwareDatetime | None = None
    url: Text = ""
    licence: Text = ""


class Event(Strict):
    """Base of all payloads. `type` and `version` name the schema for as long as ledgers exist.

    `subject` is the name of the field that holds the id of what the event is about; `""` where it
    is the situation itself.
    """

    type: ClassVar[str]
    version: ClassVar[int] = 1
    subject: ClassVar[str] = ""

    @property
    def subject_id(self) -> str:
        """Id of what the event is about, `""` for the situation itself."""
        return str(getattr(self, self.subject)) if self.subject else ""


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


class LayerLoaded(Event):
    """A geospatial layer was read, normalised and put into the archive by its hash."""

    type: ClassVar[str] = "layer.loaded"
    subject: ClassVar[str] = "layer_id"
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


class OrganisationRegistered(Event):
    """An organisation and how far it is recognised."""

    type: ClassVar[str] = "organisation.registered"
    subject: ClassVar[str] = "organisation_id"
    organisation_id: Id
    name: Name
    name_ar: Text = ""
    kind: Literal["authority", "association", "ngo", "international", "company", "other"] = "other"
    status: Literal["recognised", "pending", "revoked"] = "pending"


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
    capacity_kg: Annotated[Real, Field(gt=0, le=100_000)]
    capacity_m3: Annotated[Real, Field(gt=0, le=1_000)]
    depot_id: Id
    organisation_id: Id | None = None
    shift_s: Annotated[Count, Field(ge=600, le=86_400)] = 36_000
    available: bool = True


class VolunteerRegistered(Event):
    """A volunteer by pseudonym; where they live is a place, never a position."""

    type: ClassVar[str] = "volunteer.registered"
    subject: ClassVar[str] = "volunteer_id"
    volunteer_id: Id
    organisation_id: Id | None = None
    home_place_id: Id | None = None
    skills: tuple[Name, ...] = ()
    languages: tuple[Name, ...] = ()
    available: bool = True


class StockMoved(Event):
    """Goods went from one account to another (double entry: nothing appears, nothing vanishes).

    An account is ``donor:…``, ``depot:…``, ``convoy:…``, ``place:…``, ``loss:…`` or ``count:…``
    (the difference that a stock count found).
    """

    type: ClassVar[str] = "stock.moved"
    subject: ClassVar[str] = "movement_id"
    movement_id: Id
    item_id: ItemId
    quantity: Quantity
    unit: Name
    from_account: Id
    to_account: Id
    note: Text = ""


class NeedReported(Event):
    """Somebody says that a place lacks something. Reporter and place of need are two fields."""

    type: ClassVar[str] = "need.reported"
    subject: ClassVar[str] = "need_id"
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


class DamageReported(Event):
    """Somebody on the ground counted the houses of a place that are destroyed or damaged.

    `total` is of how many houses; None where nobody said. None damaged of so many refutes what was
    believed.
    """

    type: ClassVar[str] = "damage.reported"
    subject: ClassVar[str] = "report_id"
    report_id: Id
    place_id: Id
    destroyed: Count
    damaged: Count
    total: Count | None = None
    observed_at: AwareDatetime | None = None
    written_place: Text = ""
    match_score: Share | None = None
    note: Text = ""


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


class RoadClosed(Event):
    """Evidence that edges are closed or restricted. Ids as in `geo.model.Closure`."""

    type: ClassVar[str] = "road.closed"
    subject: ClassVar[str] = "closure_id"
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


class UploadReceived(Event):
    """A file came from an organisation; each row that was taken is an event that names it."""

    type: ClassVar[str] = "upload.received"
    subject: ClassVar[str] = "upload_id"
    upload_id: Id
    kind: Literal[
        "needs",
        "damage",
        "stock",
        "vehicles",
        "volunteers",
        "road-status",
        "positions",
        "deliveries",
        "activities",
        "places",
    ]
    file: Text
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    accepted: Count
    rejected: Count


class UploadUndone(Event):
    """Everything that came with an upload no longer counts."""

    type: ClassVar[str] = "upload.undone"
    subject: ClassVar[str] = "upload_id"
    upload_id: Id
    reason: Text = ""


class AssessmentMade(Event):
    """Damage, people and needs per place were computed; the whole result lies in the archive."""

    type: ClassVar[str] = "assessment.made"
    subject: ClassVar[str] = "assessment_id"
    assessment_id: Id
    document: FileRef
    based_on_seq: Count
    summary: dict[str, Any]


class PlanMade(Event):
    """A plan was computed and passed the checker; problem and plan lie in the archive."""

    type: ClassVar[str] = "plan.made"
    subject: ClassVar[str] = "plan_id"
    plan_id: Id
    document: FileRef
    problem: FileRef
    seed: Count
    based_on_seq: Count
    summary: dict[str, Any]


class ConvoyLockSet(Event):
    """Somebody wants a convoy of a plan to stay as it is at the next re-plan, or no longer."""

    type: ClassVar[str] = "convoy.lock_set"
    subject: ClassVar[str] = "convoy_id"
    convoy_id: Id
    plan_id: Id
    locked: bool
    reason: Text = ""


EVENT_TYPES: dict[str, type[Event]] = {
    cls.type: cls
    for cls in (
        SituationCreated,
        SituationAreaSet,
        LayerLoaded,
        LayerRemoved,
        OrganisationRegistered,
        DepotRegistered,
        VehicleRegistered,
        VolunteerRegistered,
        StockMoved,
        NeedReported,
        NeedStatusChanged,
        DamageReported,
        PlaceAdded,
        PlaceWithdrawn,
        PlaceAliasConfirmed,
        PlaceAliasWithdrawn,
        RoadClosed,
        RoadReopened,
        UploadReceived,
        UploadUndone,
        AssessmentMade,
        PlanMade,
        ConvoyLockSet,
    )
}


def payload_class(type_: str, version: int) -> type[Event]:
    """Class of the payload of an event of this type and version.

    Raises `SchemaError` where this program does not know it: it was written by a newer one.
    """
    found = EVENT_TYPES.get(type_)
    if found is None or found.version != version:
        raise SchemaError(
            f"event type {type_!r}, version {version}",
            "a type and version that this program knows are needed",
            "update the program: the event comes from a newer one",
        )
    return found


class NewEvent(Strict):
    """What a caller hands to the store: the payload and what surrounds it.

    A `client_id` makes the append idempotent: the event is recorded once, however often it is sent.
    """

    payload: Event
    organisation_id: Id | None = None
    actor: Id | None = None
    reported_at: AwareDatetime | None = None
    provenance: Provenance | None = None
    client_id: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None


class RecordedEvent(Strict):
    """An event as the ledger holds it, with its place in the chain.

    `clock_held` says that the recorder's clock was behind the event before it, whose time was kept.
    """

    seq: int
    event_id: Id
    type: str
    version: int
    recorded_at: datetime
    reported_at: datetime | None
    organisation_id: str | None
    actor: str | None
    provenance: Provenance | None
    client_id: str | None
    clock_held: bool
    payload: dict[str, Any]
    prev_hash: str
    hash: str
