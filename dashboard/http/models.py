"""What goes over ``/api/v1``: bodies that are taken, and answers as the OpenAPI document says them.

Answers may carry more fields than stand here; those that do will stay.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from geo.model import NeedStatus, RoadState, VehicleClassName

Short = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Words = Annotated[str, StringConstraints(max_length=2_000)]
ClientId = Annotated[
    str,
    StringConstraints(min_length=1, max_length=100, pattern=r"^[\x21-\x7e]+$"),
    Field(description="The sender's own id of this: sent again, nothing is recorded twice"),
]
Lon = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Lat = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]


class Body(BaseModel):
    """A body that is taken: fields that nobody knows are refused, not lost."""

    model_config = ConfigDict(extra="forbid")


class Answer(BaseModel):
    """An answer; further fields may come with it."""

    model_config = ConfigDict(extra="allow")


class ProblemAnswer(Answer):
    """The one shape of an error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str = ""


class NewNeed(Body):
    """A place lacks something; place and item by id or name."""

    place: Short
    item: Short
    quantity: Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)]
    unit: Annotated[str, StringConstraints(max_length=60)] = ""
    weight: Annotated[float, Field(gt=0, le=100)] = 1.0
    note: Words = ""
    hours: Annotated[float, Field(gt=0, le=1_440)] | None = None
    reported_at: AwareDatetime | None = None
    client_id: ClientId | None = None


class NewClosure(Body):
    """A road is closed or restricted: edges by id, or the one nearest to a point (lon, lat)."""

    edges: Annotated[list[Short], Field(max_length=2_000)] = []
    near: tuple[Lon, Lat] | None = None
    classes: Annotated[list[VehicleClassName], Field(max_length=10)] = []
    state: RoadState = "closed"
    until: AwareDatetime | None = None
    source: Words = ""
    reason: Words = ""
    confidence: Annotated[float, Field(ge=0, le=1)] = 1.0
    max_weight_t: Annotated[float, Field(gt=0, le=200)] | None = None
    client_id: ClientId | None = None


class NeedEntry(NewNeed):
    """A need, written while there was no network."""

    kind: Literal["need"]


class ClosureEntry(NewClosure):
    """A closure, written while there was no network."""

    kind: Literal["closure"]


class ReopeningEntry(Body):
    """The end of a closure, written while there was no network."""

    kind: Literal["reopening"]
    closure_id: Annotated[str, StringConstraints(pattern=r"^closure:[0-9A-Za-z_-]{1,80}$")]
    source: Words = ""
    reason: Words = ""
    client_id: ClientId | None = None


class NewBatch(Body):
    """What a device wrote while it was away; its batches are numbered from 1."""

    device: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z._-]{1,80}$")]
    sequence: Annotated[int, Field(ge=1, le=2**53)]
    entries: Annotated[
        list[Annotated[NeedEntry | ClosureEntry | ReopeningEntry, Field(discriminator="kind")]],
        Field(min_length=1, max_length=500),
    ]


class BatchAnswer(Answer):
    """What became of a batch: `held` until number `waits_for` came, or `applied`."""

    device: str
    sequence: int
    status: Literal["held", "applied"]
    waits_for: int | None
    entries: list[dict[str, Any]]


class HeldBatches(Answer):
    """The sender's batches that wait."""

    held: list[dict[str, Any]]


class NewReply(Body):
    """A text message of a convoy's leader, as it came."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=1_600)]
    reported_at: AwareDatetime | None = None
    client_id: ClientId | None = None


class NewMessage(Body):
    """A text message, as it came; `sender` is its number, which goes into the vault only."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=1_600)]
    sender: Annotated[str, StringConstraints(max_length=60)] = ""
    convoy_id: Annotated[str, StringConstraints(max_length=200)] = ""
    client_id: ClientId | None = None
    language: Literal["ar", "fr", "en", "zgh"] | None = None


class MessageAnswer(Answer):
    """What became of a text message, and the answer: it fits one message."""

    understood: bool
    kind: str
    language: str
    answer: str
    length: int
    limit: int
    need_ids: list[str]
    reference: str
    new: bool


class Reported(Answer):
    """What was recorded of a report; `new` is false where it was here already."""

    convoy_id: str
    kind: str
    new: bool
    recorded: list[str]


class ConvoysHeard(Answer):
    """When each convoy was heard last, and what it said."""

    convoys: list[dict[str, Any]]


class SeenAt(Answer):
    """Where a vehicle or volunteer was last; `coarse` is the middle of a cell of a kilometre."""

    id: str
    name: str
    vehicle_class: str | None
    convoy_id: str | None
    lon: float
    lat: float
    at: str
    accuracy_m: float | None
    coarse: bool


class NewPosition(Body):
    """Where a vehicle or volunteer was (degrees, EPSG:4326), as a device or tracker says it."""

    client_id: ClientId
    id: Annotated[str, StringConstraints(pattern=r"^(vehicle|volunteer):[0-9A-Za-z_.-]{1,120}$")]
    at: AwareDatetime
    lon: Lon
    lat: Lat
    accuracy_m: Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)] | None = None
    convoy_id: (
        Annotated[str, StringConstraints(pattern=r"^convoy:[0-9A-Za-z_.-]{1,120}$")] | None
    ) = None


class NewPositions(Body):
    """Positions of one or many, in any order."""

    positions: Annotated[list[NewPosition], Field(min_length=1, max_length=500)]


class PositionTaken(Answer):
    """What became of a position: `refused` says why it cannot be true."""

    id: str
    status: Literal["recorded", "known", "refused"]
    why: str


class PositionsTaken(Answer):
    """What became of each, in the order given; `id` is the sender's own."""

    answers: list[PositionTaken]


class Positions(Answer):
    """Where everybody was last, and the moment by which their age is told."""

    now: str
    exact: bool
    positions: list[SeenAt]


class Need(Answer):
    """A need; `quantity` is what was asked for, `delivered` what came of it."""

    need_id: str
    place_id: str
    item: str
    quantity: float
    unit: str
    delivered: float
    status: NeedStatus
    weight: float
    expires_at: str | None
    recorded_at: str


class NeedPage(Answer):
    """A part of the needs."""

    items: list[Need]
    total: int
    next: str | None


class Closure(Answer):
    """A closure and whether it still holds."""

    closure_id: str
    edges: list[str]
    classes: list[str]
    state: RoadState
    since: str | None
    until: str | None
    confidence: float
    source: str
    reason: str
    reopened_at: str | None


class ClosurePage(Answer):
    """A part of the closures."""

    items: list[Closure]
    total: int
    next: str | None


class Recorded(Answer):
    """What was recorded; `new` is false where it was here already."""

    id: str
    new: bool


class StockAnswer(Answer):
    """What depots hold; quantities are exact decimals as text."""

    at: str
    stock: list[dict[str, Any]]


class ReachPage(Answer):
    """A part of the places with who reaches them."""

    items: list[dict[str, Any]]
    total: int
    next: str | None
    at: str


class PlanPage(Answer):
    """The recorded plans, the newest first."""

    items: list[dict[str, Any]]
    total: int
    next: str | None


class Plan(Answer):
    """A plan as the contract of the command line gives it."""

    plan_id: str
    seed: int
    convoys: list[dict[str, Any]]
    unserved: list[dict[str, Any]]


class Indicators(Answer):
    """All indicators, each with formula, source and time."""

    indicators: list[dict[str, Any]]


class Head(Answer):
    """A line that stands for the whole ledger as it is now."""

    head: str
    seq: int
    hash: str


class UploadAnswer(Answer):
    """What became of a table, row by row."""

    upload_id: str | None
    accepted: int
    rejected: int
    rows: list[dict[str, Any]]


class Undone(Answer):
    """What was taken back."""

    undone: str
