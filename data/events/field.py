"""What convoys say of themselves on their way, and the links by which their phones say it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, get_args

from pydantic import AwareDatetime, Field, StringConstraints

from data.events.base import Event, FileRef, Id, Real, Text

ReportKind = Literal["arrived", "delivered", "refused", "blocked", "incident", "sos"]
#: In what role somebody took a delivery over; never who it was.
ReceiverRole = Literal["community", "association", "authority", "health", "school", "household"]
RECEIVER_ROLES: tuple[ReceiverRole, ...] = get_args(ReceiverRole)
Digest = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")]


class ConvoyReported(Event):
    """A convoy was heard: at a stop, on its way or in need of help.

    What it changes (deliveries, closures) is recorded by events of their own beside this one; no
    name, number or position of a person stands here. Since version 2: `receiver` is the role in
    which somebody took a delivery over, `signature_sha256` the hash of what they drew (the drawing
    lies in the vault), `photo` a picture in the archive, `said_sha256` the hash of the report, by
    which the same one is known again.
    """

    type: ClassVar[str] = "convoy.reported"
    version: ClassVar[int] = 2
    reads: ClassVar[tuple[int, ...]] = (1,)
    subject: ClassVar[str] = "convoy_id"
    convoy_id: Id
    plan_id: Id
    kind: ReportKind
    place_id: Id | None = None
    km: Annotated[Real, Field(ge=0, le=2_000)] | None = None
    note: Text = ""
    receiver: ReceiverRole | None = None
    signature_sha256: Digest = ""
    photo: FileRef | None = None
    said_sha256: Digest = ""


class FieldLinkIssued(Event):
    """A convoy's leader has a link to answer by; what proves it is signed and stands nowhere."""

    type: ClassVar[str] = "field_link.issued"
    subject: ClassVar[str] = "link_id"
    begins: ClassVar[bool] = True
    link_id: Id
    convoy_id: Id
    plan_id: Id
    expires_at: AwareDatetime
    #: Ed25519 key of the machine that signed it.
    public_key: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class FieldLinkRevoked(Event):
    """A link is worth nothing any more."""

    type: ClassVar[str] = "field_link.revoked"
    subject: ClassVar[str] = "link_id"
    link_id: Id
    reason: Text = ""


EVENTS: tuple[type[Event], ...] = (ConvoyReported, FieldLinkIssued, FieldLinkRevoked)

#: They say who may answer, and change nothing that a map or a plan shows.
LINK_EVENTS: frozenset[str] = frozenset((FieldLinkIssued.type, FieldLinkRevoked.type))
