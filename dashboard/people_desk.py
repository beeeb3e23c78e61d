"""The part of the desk for volunteers: who can do what, who is at work, hours and papers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashboard.desk import Progress
    from dashboard.operations.situation import Situation


class PeopleDesk(ABC):
    """What the page *Volunteers* asks of a real situation."""

    @abstractmethod
    def situation(self) -> Situation:
        """Open the situation, or give the one that is open."""

    def tasks_book(self) -> dict[str, Any]:
        """What is to be done and how many are at work; nothing of single volunteers."""
        from dashboard.operations.volunteer_office import tasks_book

        return tasks_book(self.situation())

    def volunteers_book(self) -> dict[str, Any]:
        """Volunteers, who is at work, tasks, hours and papers."""
        from dashboard.operations.volunteer_office import book

        return book(self.situation())

    def suggest_volunteers(self, task: str, *, progress: Progress | None = None) -> dict[str, Any]:
        """Whom to ask for a task and why; nobody is asked by it."""
        from dashboard.operations.situation import silent
        from dashboard.operations.suggesting import suggest

        return suggest(self.situation(), task, progress=progress or silent)

    def volunteer_contact(self, volunteer_id: str) -> dict[str, Any]:
        """Name and phone of a volunteer, as far as they are kept."""
        from dashboard.operations.volunteer_office import contact_of

        return contact_of(self.situation(), volunteer_id)

    def manage_volunteers(
        self, action: str, fields: Mapping[str, Any], *, only: str | None = None
    ) -> dict[str, Any]:
        """Register, post, ask, check in and out, approve, certify; says how to undo it."""
        from dashboard.operations.volunteer_office import act

        return act(self.situation(), action, fields, only=only)

    def small_questions(self) -> dict[str, Any]:
        """Small questions, how their answers stand, and how well each volunteer answers."""
        from dashboard.operations.microtasks import results

        return results(self.situation())

    def next_question(self, volunteer_id: str) -> dict[str, Any]:
        """The question that a volunteer should answer next, with its pictures."""
        from dashboard.operations.microtasks import next_question, pictures

        situation = self.situation()
        found = next_question(situation, volunteer_id)
        one = found["question"]
        return {**found, "pictures": pictures(situation, one["microtask_id"]) if one else {}}

    def check_certificate(self, code: str) -> dict[str, Any]:
        """Whether a certificate of hours is one of this ledger and still holds."""
        from dashboard.operations.certifying import check

        return check(self.situation(), code)
