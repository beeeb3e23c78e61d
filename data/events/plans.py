"""Plans of convoys and the convoys held to them."""

from __future__ import annotations

from typing import Any, ClassVar

from data.events.base import Count, Event, FileRef, Id, Text


class PlanMade(Event):
    """A plan was computed and passed the checker; problem and plan lie in the archive."""

    type: ClassVar[str] = "plan.made"
    subject: ClassVar[str] = "plan_id"
    begins: ClassVar[bool] = True
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


EVENTS: tuple[type[Event], ...] = (
    PlanMade,
    ConvoyLockSet,
)
