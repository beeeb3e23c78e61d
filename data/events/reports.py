"""Situation reports: that one was given out, and the file that it was."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import StringConstraints

from data.events.base import Count, Event, FileRef, Id

ReportForm = Literal["html", "pdf", "short"]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]


class ReportGiven(Event):
    """A situation report was written: what was said to whom it may concern stays on record.

    `file` is the archive's, so that nobody can say later that it said something else.
    """

    type: ClassVar[str] = "report.given"
    subject: ClassVar[str] = "report_id"
    begins: ClassVar[bool] = True
    report_id: Id
    file: FileRef
    form: ReportForm
    language: Language
    based_on_seq: Count
    since_seq: Count


EVENTS: tuple[type[Event], ...] = (ReportGiven,)
#: Giving out a report changes nothing of what it says.
REPORT_EVENTS: frozenset[str] = frozenset(one.type for one in EVENTS)
