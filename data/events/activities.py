"""Who does what where: work that an organisation plans, does or has done."""

from __future__ import annotations

from typing import ClassVar, Literal, get_args

from pydantic import AwareDatetime

from data.events.base import Count, Event, Id, ItemId, Name, Quantity, Share, Text

ActivityStatus = Literal["planned", "running", "done", "cancelled", "unknown"]
ACTIVITY_STATUSES: tuple[ActivityStatus, ...] = get_args(ActivityStatus)


class ActivityReported(Event):
    """An organisation says what it does for a place: planned, running or done.

    `actor` is who does it, which need not be who says so; `item_id` and `quantity` are there where
    the work is a thing that is handed out, else `activity` says it in words. Dates are those of
    the work, None where nobody wrote them.
    """

    type: ClassVar[str] = "activity.reported"
    subject: ClassVar[str] = "activity_id"
    begins: ClassVar[bool] = True
    activity_id: Id
    place_id: Id
    actor: Name
    funder: Text = ""
    sector: Text = ""
    activity: Text = ""
    item_id: ItemId | None = None
    quantity: Quantity | None = None
    unit: Name | None = None
    status: ActivityStatus = "unknown"
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    people_reached: Count | None = None
    households: Count | None = None
    written_place: Text = ""
    match_score: Share | None = None
    note: Text = ""


class ActivityStatusSet(Event):
    """Work began, ended or was called off."""

    type: ClassVar[str] = "activity.status_set"
    subject: ClassVar[str] = "activity_id"
    activity_id: Id
    status: ActivityStatus
    note: Text = ""


class ActivityRevised(Event):
    """Who reported some work says anew how far it got: a later dump of the same register.

    A status `unknown` leaves what was known of it.
    """

    type: ClassVar[str] = "activity.revised"
    subject: ClassVar[str] = "activity_id"
    activity_id: Id
    quantity: Quantity | None = None
    unit: Name | None = None
    status: ActivityStatus = "unknown"
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    people_reached: Count | None = None
    households: Count | None = None
    note: Text = ""


EVENTS: tuple[type[Event], ...] = (
    ActivityReported,
    ActivityRevised,
    ActivityStatusSet,
)
