"""A row while it is read, and what becomes of it: events, or a reason its sender can act on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, get_args

from geo.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from data.events import Event
    from data.intake.cells.dates import DateOrder
    from data.intake.known import Candidate

RowStatus = Literal["accepted", "repaired", "undecided", "rejected", "duplicate"]
ROW_STATUSES: tuple[RowStatus, ...] = get_args(RowStatus)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowReport:
    """What became of one row.

    `match` is how the place was found by its name, `candidates` are those offered where it was not,
    `notes` what somebody should look at in a row that was taken; `sheet` names the sheet where a
    file has several, `cells` gives the address of each field that has a problem (``C12``).
    """

    row: int
    status: RowStatus
    sheet: str = ""
    place_id: str | None = None
    match_score: float | None = None
    match: Candidate | None = None
    candidates: tuple[Candidate, ...] = ()
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    cells: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenRow:
    """A row's report with the events that record it, and when it was said."""

    report: RowReport
    events: tuple[Event, ...] = ()
    reported_at: datetime | None = None


class Row:
    """One row while it is being read: cells by field, and the problems found so far.

    `order` says whether day or month stands first in its dates; where `order_settled` is False,
    the column could be read either way.
    """

    def __init__(
        self,
        line: int,
        cells: Sequence[str],
        fields: Mapping[str, int],
        *,
        sheet: str = "",
        order: DateOrder = "dmy",
        order_settled: bool = True,
    ) -> None:
        self.line = line
        self.fields = fields
        self.sheet = sheet
        self.order = order
        self.order_settled = order_settled
        self._cells = cells
        self.problems: list[Problem] = []
        self.undecided = False
        self.repaired = False
        self.match: Candidate | None = None
        self.candidates: tuple[Candidate, ...] = ()
        self.notes: list[str] = []

    def text(self, field: str) -> str:
        """Give the cell of a field, empty where the sheet has no such column."""
        position = self.fields.get(field)
        return "" if position is None else self._cells[position]

    def cell(self, field: str) -> str:
        """Give the address of a field's cell as spreadsheets do (``C12``), "" without a column."""
        position = self.fields.get(field)
        return "" if position is None else f"{column_letters(position)}{self.line}"

    def repair(self, note: str) -> None:
        """Note a reading that is not the letter: the row is taken, and the sender sees it."""
        self.repaired = True
        self.notes.append(note)

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

    def question(self, field: str, expected: str, suggestion: str) -> None:
        """Note that a person must decide: the row is `undecided` if nothing else is wrong."""
        self.undecided = True
        self.problem(field, expected, suggestion)

    def report(self, place_id: str | None = None, score: float | None = None) -> RowReport:
        """Sum up: rejected with a problem, undecided where only one thing is to be chosen."""
        status: RowStatus = "accepted"
        if self.problems:
            only_undecided = self.undecided and len(self.problems) == 1
            status = "undecided" if only_undecided else "rejected"
        elif self.repaired:
            status = "repaired"
        return RowReport(
            row=self.line,
            status=status,
            sheet=self.sheet,
            place_id=place_id,
            match_score=score,
            match=self.match,
            candidates=self.candidates if self.undecided else (),
            notes=tuple(self.notes),
            problems=tuple(self.problems),
            cells={one.column: self.cell(one.column) for one in self.problems},
        )


def with_note(report: RowReport, note: str) -> RowReport:
    """Give the report of a row with one note more."""
    return replace(report, notes=(*report.notes, note))


def column_letters(position: int) -> str:
    """Letters of a column by its number from 0, as spreadsheets show them.

    >>> column_letters(0), column_letters(27)
    ('A', 'AB')
    """
    letters = ""
    number = position + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
