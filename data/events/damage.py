"""Damage that people saw, and assessments computed from all evidence."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import AwareDatetime

from data.events.base import Count, Event, FileRef, Id, Share, Text


class DamageReported(Event):
    """Somebody on the ground counted the houses of a place that are destroyed or damaged.

    `total` is of how many houses; None where nobody said. None damaged of so many refutes what was
    believed.
    """

    type: ClassVar[str] = "damage.reported"
    subject: ClassVar[str] = "report_id"
    begins: ClassVar[bool] = True
    report_id: Id
    place_id: Id
    destroyed: Count
    damaged: Count
    total: Count | None = None
    observed_at: AwareDatetime | None = None
    written_place: Text = ""
    match_score: Share | None = None
    note: Text = ""


class AssessmentMade(Event):
    """Damage, people and needs per place were computed; the whole result lies in the archive."""

    type: ClassVar[str] = "assessment.made"
    subject: ClassVar[str] = "assessment_id"
    begins: ClassVar[bool] = True
    assessment_id: Id
    document: FileRef
    based_on_seq: Count
    summary: dict[str, Any]


EVENTS: tuple[type[Event], ...] = (
    DamageReported,
    AssessmentMade,
)
