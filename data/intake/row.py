"""A row while it is read, and what becomes of it: events, or a reason its sender can act on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from geo.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from data.events import Event
    from data.intake.known import Candidate

RowStatus = Literal["accepted", "repaired", "undecided", "rejected", "duplicate"]
ROW_STATUSES: tuple[RowStatus, ...] = get_args(RowStatus)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowReport:
    """What became of one row.

    `match` is how the place was found by its name, `candidates` are those offered where it was not,
    `notes` what somebody should look at in a row that was taken.
    """

    row: int
    status: RowStatus
    place_id: str | None = None
    match_score: float | None = None
    match: Candidate | None = None
    candidates: tuple[Candidate, ...] = ()
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenRow:
    """A row's report with the events that record it, and when it was said."""

    report: RowReport
    events: tuple[Event, ...] = ()
    reported_at: datetime | None = None


class Row:
    """One row while it is being read: cells by field, and the problems found so far."""

    def __init__(self, line: int, cells: Sequence[str], fields: dict[str, int]) -> None:
        self.line = line
        self._cells = cells
        self._fields = fields
        self.problems: list[Problem] = []
        self.undecided = False
        self.repaired = False
        self.match: Candidate | None = None
        self.candidates: tuple[Candidate, ...] = ()
        self.notes: list[str] = []

    def text(self, field: str) -> str:
        """Give the cell of a field, empty where the sheet has no such column."""
        position = self._fields.get(field)
        return "" if position is None else self._cells[position]

    def problem(self, field: str, expected: str, suggestion: str = "") -> None:
        """Note a problem in the cell of a field."""
        self.problems.append(
            Problem(
                row=str(self.line),
                column=field,
                value=self.text(field)[:200],
                expected=expected,
                suggestion=suggestion,
            )
        )

    def report(self, place_id: str | None = None, score: float | None = None) -> RowReport:
        """Sum up: rejected with a problem, undecided where only a place is to be chosen."""
        status: RowStatus = "accepted"
        if self.problems:
            only_undecided = self.undecided and len(self.problems) == 1
            status = "undecided" if only_undecided else "rejected"
        elif self.repaired:
            status = "repaired"
        return RowReport(
            row=self.line,
            status=status,
            place_id=place_id,
            match_score=score,
            match=self.match,
            candidates=self.candidates if self.undecided else (),
            notes=tuple(self.notes),
            problems=tuple(self.problems),
        )
