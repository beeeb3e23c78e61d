"""The tables of state of small questions and their answers, and their rows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, cast

from sqlalchemy import Index

from data.store.columns import count, key, maybe, maybe_number, projection, text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from data.events import MicrotaskKind

# `status`: open, taken, cancelled.
MICROTASKS = projection(
    "microtasks",
    key("microtask_id"),
    text("kind"),
    text("about"),
    maybe_number("lon"),
    maybe_number("lat"),
    text("asked_text"),
    text("language"),
    count("answers"),
    text("gold"),
    text("status"),
    text("status_note"),
    maybe("organisation_id"),
    text("recorded_at"),
)

MICROTASK_ANSWERS = projection(
    "microtask_answers",
    key("answer_id"),
    text("microtask_id"),
    text("volunteer_id"),
    text("choice"),
    text("said_text"),
    text("recorded_at"),
    Index("microtask_answers_by_task", "microtask_id", "volunteer_id"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MicrotaskRecord:
    """A small question: ``open``, ``taken`` as evidence or ``cancelled``."""

    microtask_id: str
    kind: MicrotaskKind
    about: tuple[str, ...]
    lon: float | None
    lat: float | None
    text: str
    language: str
    answers: int
    gold: str
    status: str
    status_note: str
    organisation_id: str | None
    recorded_at: datetime
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MicrotaskAnswerRecord:
    """What one volunteer answered to one question."""

    answer_id: str
    microtask_id: str
    volunteer_id: str
    choice: str
    text: str
    recorded_at: datetime
    seq: int


def microtask(row: Mapping[str, Any]) -> MicrotaskRecord:
    """Read a row of `microtasks`."""
    return MicrotaskRecord(
        microtask_id=row["microtask_id"],
        kind=cast("MicrotaskKind", row["kind"]),
        about=tuple(json.loads(row["about"])),
        lon=row["lon"],
        lat=row["lat"],
        text=row["asked_text"],
        language=row["language"],
        answers=int(row["answers"]),
        gold=row["gold"],
        status=row["status"],
        status_note=row["status_note"],
        organisation_id=row["organisation_id"],
        recorded_at=datetime.fromisoformat(row["recorded_at"]),
        seq=row["seq"],
    )


def microtask_answer(row: Mapping[str, Any]) -> MicrotaskAnswerRecord:
    """Read a row of `microtask_answers`."""
    return MicrotaskAnswerRecord(
        answer_id=row["answer_id"],
        microtask_id=row["microtask_id"],
        volunteer_id=row["volunteer_id"],
        choice=row["choice"],
        text=row["said_text"],
        recorded_at=datetime.fromisoformat(row["recorded_at"]),
        seq=row["seq"],
    )
