"""What a convoy leader's phone sends: everything in it is a stranger's until it is checked here."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from dashboard.http.models import Body, Lat, Lon
from dashboard.operations.answering import Sent
from dashboard.operations.field_reports import Report
from data.events.base import ItemId  # noqa: TC001 - read at run time
from data.events.field import ReceiverRole  # noqa: TC001 - read at run time
from data.photos import MAX_GIVEN_BYTES
from geo.errors import InputError
from geo.model import VehicleClassName  # noqa: TC001 - read at run time

#: Points ``x,y`` of strokes, or the code that a receiver showed.
SIGNATURE = r"^([0-9 ,;]{3,6000}|code:[ -~]{3,100})?$"
Note = Annotated[str, StringConstraints(max_length=500)]


class Position(Body):
    """Where a phone is (degrees, EPSG:4326)."""

    lon: Lon
    lat: Lat
    accuracy_m: Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)] | None = None


class Handed(Body):
    """How much of an item was handed over, in the item's own unit."""

    item: ItemId
    quantity: Annotated[float, Field(ge=0, le=1e7, allow_inf_nan=False)]


class FieldReport(Body):
    """One report; `id` is the phone's own, by which it is recorded once."""

    id: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z-]{8,64}$")]
    made_at: AwareDatetime
    kind: Literal["arrived", "delivered", "refused", "blocked", "incident", "sos", "position"]
    stop: Annotated[int, Field(ge=1, le=999)] | None = None
    goods: Annotated[tuple[Handed, ...], Field(max_length=100)] = ()
    km: Annotated[float, Field(gt=0, le=2_000, allow_inf_nan=False)] | None = None
    position: Position | None = None
    classes: Annotated[tuple[VehicleClassName, ...], Field(max_length=10)] = ()
    note: Note = ""
    receiver: ReceiverRole | None = None
    signature: Annotated[str, StringConstraints(pattern=SIGNATURE)] = ""
    photo: Annotated[str, StringConstraints(max_length=MAX_GIVEN_BYTES * 4 // 3 + 4)] | None = None

    @model_validator(mode="after")
    def _whole(self) -> FieldReport:
        if self.kind in ("arrived", "delivered", "refused") and self.stop is None:
            raise ValueError("the number of the stop is needed")
        if self.kind in ("delivered", "refused") and not self.goods:
            raise ValueError("at least one item is needed")
        if self.kind == "position" and self.position is None:
            raise ValueError("the position is needed")
        return self

    def sent(self, sent_at: AwareDatetime) -> Sent:
        """Give it as the use case takes it; raises `InputError` for a photo that is no base64."""
        where = self.position
        near = None if where is None or self.kind != "blocked" else (where.lon, where.lat)
        report = None
        if self.kind != "position":
            report = Report(
                kind=self.kind,
                stop=self.stop,
                goods=tuple((f"{one.quantity:f}", one.item) for one in self.goods),
                km=None if near else self.km,
                near=near,
                classes=self.classes,
                note=" ".join(self.note.split()),
                receiver=self.receiver if self.kind == "delivered" else None,
                signature=self.signature if self.kind == "delivered" else "",
            )
        return Sent(
            report_id=self.id,
            made_at=self.made_at,
            sent_at=sent_at,
            report=report,
            photo=_decoded(self.photo),
            position=None if where is None else (where.lon, where.lat, where.accuracy_m),
        )


class FieldReports(Body):
    """What a phone sends in one go; `sent_at` by its own clock."""

    sent_at: AwareDatetime
    reports: Annotated[list[FieldReport], Field(min_length=1, max_length=20)]


def _decoded(photo: str | None) -> bytes | None:
    if not photo:
        return None
    try:
        return base64.b64decode(photo, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError("a photo", "base64 of a picture is needed", "take it again") from error
