"""Tables taken in from organisations, and taken back."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import StringConstraints

from data.events.base import Count, Event, Id, Text


class UploadReceived(Event):
    """A file came from an organisation; each row that was taken is an event that names it."""

    type: ClassVar[str] = "upload.received"
    subject: ClassVar[str] = "upload_id"
    begins: ClassVar[bool] = True
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


EVENTS: tuple[type[Event], ...] = (
    UploadReceived,
    UploadUndone,
)
