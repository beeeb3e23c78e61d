"""What all events are made of: exact quantities, ids, provenance, and the base of payloads."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
)


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
    is the situation itself. `begins` says that the subject is new: its id was never used before.
    `reads` are earlier versions whose payloads are read as they are: what came with this version
    has a default that says nothing.
    """

    type: ClassVar[str]
    version: ClassVar[int] = 1
    reads: ClassVar[tuple[int, ...]] = ()
    subject: ClassVar[str] = ""
    begins: ClassVar[bool] = False

    @property
    def subject_id(self) -> str:
        """Id of what the event is about, `""` for the situation itself."""
        return str(getattr(self, self.subject)) if self.subject else ""
