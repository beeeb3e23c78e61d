"""What places lack, and what became of it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field

from data.events.base import Event, Id, ItemId, Name, Quantity, Real, Share, Text
from geo.model import NeedStatus


class NeedReported(Event):
    """Somebody says that a place lacks something. Reporter and place of need are two fields."""

    type: ClassVar[str] = "need.reported"
    subject: ClassVar[str] = "need_id"
    begins: ClassVar[bool] = True
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
    """A need was verified, met, refuted, withdrawn or it expired.

    `by` says who found so where that is another than the organisation that records it: an
    organisation or an office, never a person.
    """

    type: ClassVar[str] = "need.status_changed"
    version: ClassVar[int] = 2
    reads: ClassVar[tuple[int, ...]] = (1,)
    subject: ClassVar[str] = "need_id"
    need_id: Id
    status: NeedStatus
    by: Text = ""
    note: Text = ""


class NeedRevised(Event):
    """Who reported a need says anew how much is lacking: a later dump of the same register."""

    type: ClassVar[str] = "need.revised"
    subject: ClassVar[str] = "need_id"
    need_id: Id
    quantity: Quantity
    weight: Annotated[Real, Field(gt=0, le=100)] = 1.0
    expires_at: AwareDatetime | None = None
    note: Text = ""


class NeedRumourSet(Event):
    """Somebody takes a need for hearsay, or no longer: hearsay is kept in view and not planned."""

    type: ClassVar[str] = "need.rumour_set"
    subject: ClassVar[str] = "need_id"
    need_id: Id
    rumour: bool
    note: Text = ""


class NeedsMerged(Event):
    """Several reports speak of one need: `kept_id` goes on, the others stand behind it.

    `rule` says who decided: a person, or the rule that the reports are equal.
    """

    type: ClassVar[str] = "needs.merged"
    subject: ClassVar[str] = "merge_id"
    begins: ClassVar[bool] = True
    merge_id: Id
    kept_id: Id
    need_ids: Annotated[tuple[Id, ...], Field(min_length=1, max_length=1_000)]
    rule: Literal["person", "equal"] = "person"
    reason: Text = ""


class NeedsParted(Event):
    """A merge was wrong: each report stands for itself again."""

    type: ClassVar[str] = "needs.parted"
    subject: ClassVar[str] = "merge_id"
    merge_id: Id
    reason: Text = ""


class NeedTrustSet(Event):
    """How much of what nobody verified may enter a plan; the last word counts.

    `pending` says what reports of organisations that are not recognised yet are worth: nothing
    until they are (`quarantine`), as much as others (`count`), or quarantine only where several
    organisations have accounts (`accounts`).
    """

    type: ClassVar[str] = "needs.trust_set"
    unverified_share: Share
    pending: Literal["accounts", "quarantine", "count"] = "accounts"
    reason: Text = ""


EVENTS: tuple[type[Event], ...] = (
    NeedReported,
    NeedStatusChanged,
    NeedRevised,
    NeedRumourSet,
    NeedsMerged,
    NeedsParted,
    NeedTrustSet,
)
