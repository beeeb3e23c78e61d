"""The tables of state of volunteering: tasks, who takes them, shifts, signs of life, papers."""

from __future__ import annotations

from sqlalchemy import Index

from data.store.columns import count, flag, key, maybe, projection, text

TASKS = projection(
    "tasks",
    key("task_id"),
    text("title"),
    text("description"),
    maybe("place_id"),
    flag("remote"),
    text("skills"),
    text("languages"),
    flag("vehicle"),
    count("volunteers"),
    text("starts_at"),
    text("ends_at"),
    text("status"),
    text("status_note"),
    maybe("organisation_id"),
    text("recorded_at"),
)

# `status`: asked, accepted, declined, withdrawn.
ASSIGNMENTS = projection(
    "assignments",
    key("assignment_id"),
    text("task_id"),
    text("volunteer_id"),
    text("reason"),
    text("status"),
    text("note"),
    maybe("organisation_id"),
    text("recorded_at"),
    Index("assignments_by_volunteer", "volunteer_id"),
    Index("assignments_by_task", "task_id"),
)

SHIFTS = projection(
    "shifts",
    key("shift_id"),
    text("volunteer_id"),
    maybe("task_id"),
    maybe("place_id"),
    text("begun_at"),
    maybe("ended_at"),
    maybe("approved_by"),
    maybe("approved_at"),
    text("note"),
    maybe("organisation_id"),
    text("recorded_at"),
    Index("shifts_by_volunteer", "volunteer_id"),
    Index("shifts_by_approver", "approved_by"),
)

# The last sign of life of each volunteer.
SIGNS_OF_LIFE = projection(
    "signs_of_life",
    key("volunteer_id"),
    text("state"),
    maybe("place_id"),
    text("heard_at"),
    text("note"),
)

FEEDBACK = projection(
    "feedback",
    key("feedback_id"),
    text("task_id"),
    text("volunteer_id"),
    text("said_by"),
    count("stars"),
    text("note"),
    text("recorded_at"),
)

CERTIFICATES = projection(
    "certificates",
    key("certificate_id"),
    text("volunteer_id"),
    count("shifts"),
    count("seconds"),
    text("first_day"),
    text("last_day"),
    text("digest"),
    maybe("revoked_because"),
    maybe("organisation_id"),
    text("recorded_at"),
)
