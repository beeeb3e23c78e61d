"""Reading volunteers, tasks, shifts and papers: the part of a `data.store.Reader` that does so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Table, func, select

from data.store import volunteering_records as records
from data.store.microtask_table import (
    MICROTASK_ANSWERS,
    MICROTASKS,
    MicrotaskAnswerRecord,
    MicrotaskRecord,
    microtask,
    microtask_answer,
)
from data.store.schema import VOLUNTEERS
from data.store.volunteering_tables import (
    ASSIGNMENTS,
    CERTIFICATES,
    FEEDBACK,
    SHIFTS,
    SIGNS_OF_LIFE,
    TASKS,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

Record = TypeVar("Record")


class VolunteerReader:
    """The part of a `data.store.Reader` that speaks of volunteers and their work."""

    _projections: Callable[[], AbstractContextManager[Connection]]

    def volunteers(self) -> list[records.VolunteerRecord]:
        """Give the volunteers, by id."""
        return self._every(VOLUNTEERS, records.volunteer_record, "volunteer_id")

    def volunteers_by_home(self) -> dict[str, int]:
        """Count the volunteers by the place that they set out from."""
        home = VOLUNTEERS.c.home_place_id
        statement = (
            select(home, func.count())
            .where(VOLUNTEERS.c.removed.is_(False), home.is_not(None))
            .group_by(home)
        )
        with self._projections() as connection:
            return {place_id: int(n) for place_id, n in connection.execute(statement)}

    def tasks(self, *, open_only: bool = False) -> list[records.TaskRecord]:
        """Give the tasks, the earliest first."""
        wanted = TASKS.c.status == "open" if open_only else None
        return self._every(TASKS, records.task_record, "starts_at", "task_id", wanted=wanted)

    def assignments(self) -> list[records.AssignmentRecord]:
        """Give who was asked for which task, in the order of asking."""
        return self._every(ASSIGNMENTS, records.assignment_record, "recorded_at", "assignment_id")

    def shifts(self, volunteer_id: str | None = None) -> list[records.ShiftRecord]:
        """Give the shifts, the earliest first; of one volunteer, or of all."""
        wanted = None if volunteer_id is None else SHIFTS.c.volunteer_id == volunteer_id
        return self._every(SHIFTS, records.shift_record, "begun_at", "shift_id", wanted=wanted)

    def signs_of_life(self) -> list[records.SignOfLife]:
        """Give the last that was heard of each volunteer who was heard."""
        return self._every(SIGNS_OF_LIFE, records.sign_of_life, "volunteer_id")

    def feedback(self) -> list[records.FeedbackRecord]:
        """Give what was said of tasks and of volunteers, in the order of saying."""
        return self._every(FEEDBACK, records.feedback_record, "recorded_at", "feedback_id")

    def microtasks(self) -> list[MicrotaskRecord]:
        """Give the small questions, by id: in the order of asking."""
        return self._every(MICROTASKS, microtask, "recorded_at", "microtask_id")

    def microtask_answers(self) -> list[MicrotaskAnswerRecord]:
        """Give the answers to small questions, in the order of answering."""
        return self._every(MICROTASK_ANSWERS, microtask_answer, "seq")

    def certificates(self) -> list[records.CertificateRecord]:
        """Give the certificates, revoked ones too, in the order of issuing."""
        return self._every(
            CERTIFICATES, records.certificate_record, "recorded_at", "certificate_id"
        )

    def _every(
        self,
        table: Table,
        read: Callable[[records.Row], Record],
        *order: str,
        wanted: ColumnElement[Any] | None = None,
    ) -> list[Record]:
        statement = select(table).where(table.c.removed.is_(False))
        if wanted is not None:
            statement = statement.where(wanted)
        statement = statement.order_by(*(table.c[name] for name in order))
        with self._projections() as connection:
            return [read(row._mapping) for row in connection.execute(statement)]
