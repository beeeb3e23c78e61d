"""The rows that were not taken, written back as they came, with the reason beside them.

A workbook has the same sheets, titles and columns; the cells that were not understood are coloured,
and two columns say what is needed and what may be meant. It can be corrected and sent again as it
is. Nothing in it is live: what looks like a formula is text.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from data.intake.cells.numbers import coordinate
from data.intake.sheet import REASON_COLUMNS
from geo.errors import RuleError
from geo.phrase import phrase

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import TextIO

    from data.intake.formats.table import Line
    from data.intake.row import RowReport
    from data.intake.sheet import Sheet

_REFUSED = frozenset({"rejected", "undecided"})
#: Plain numbers go back as numbers; codes with leading zeros and long digits stay text.
_NUMBER = re.compile(r"^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,12})?$")
#: Colours of cells that were not understood (red) and that a person must decide (yellow).
_COLOURS = {"rejected": "F8C9C4", "undecided": "FFE8A3"}
_TITLE_COLOUR = "DDE6ED"
#: Spreadsheets hold no more lines than this in a sheet.
_MAX_ROWS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """In which words reasons go back: `tell` says a phrase, `field_name` names a column's field."""

    language: str = "en"
    tell: Callable[[str], str] = str
    field_name: Callable[[str], str] = str


ENGLISH = Wording()


@dataclass(slots=True)
class RejectedRows:
    """The rows of one sheet that go back."""

    sheet: Sheet
    rows: list[tuple[Line, RowReport]] = field(default_factory=list)

    def add(self, lines: Sequence[Line], reports: Sequence[RowReport]) -> None:
        """Keep those of these rows that were not taken."""
        for line, report in zip(lines, reports, strict=True):
            if report.status in _REFUSED:
                self.rows.append((line, report))


def check_target(path: Path) -> None:
    """Raise `RuleError` where rejects cannot be written to a path, before any work is done."""
    if path.is_dir():
        raise RuleError(str(path), "a file name is needed for the rejects", "name a .xlsx file")
    if path.suffix.lower() not in (".csv", ".xlsx"):
        raise RuleError(str(path), "rejects are written as .xlsx or .csv", "name such a file")
    if not path.parent.is_dir():
        raise RuleError(str(path), "its folder does not exist", "name another, or make it")


def write_rejects(path: Path, sheets: Sequence[RejectedRows], wording: Wording = ENGLISH) -> int:
    """Write the rows that were not taken to a workbook or a CSV, and give their number.

    A CSV has one table: with several sheets only a workbook keeps them apart.
    """
    check_target(path)
    if path.suffix.lower() == ".xlsx":
        _write_workbook(path, sheets, wording)
    else:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            _write_csv(file, sheets, wording)
    return sum(len(one.rows) for one in sheets)


def reason_of(report: RowReport, wording: Wording = ENGLISH) -> tuple[str, str]:
    """Give reason and suggestion of a row that was not taken, in one line each."""
    reasons = [
        phrase(
            "{field}: {expected} is needed",
            field=wording.field_name(one.column),
            expected=one.expected,
        )
        for one in report.problems
    ]
    suggestions = [one.suggestion for one in report.problems if one.suggestion]
    return "; ".join(map(wording.tell, reasons)), "; ".join(map(wording.tell, suggestions))


def _write_csv(file: TextIO, sheets: Sequence[RejectedRows], wording: Wording) -> None:
    writer = csv.writer(file)
    for one in sheets:
        if not one.rows and len(sheets) > 1:
            continue
        writer.writerow([*map(_safe, one.sheet.titles), *REASON_COLUMNS[wording.language]])
        for (_, cells), report in one.rows:
            writer.writerow([*map(_safe, cells), *map(_safe, reason_of(report, wording))])


def _safe(cell: str) -> str:
    """Keep a spreadsheet from running a cell as a formula; a negative number stays a number."""
    if cell.startswith(("=", "+", "@", "\t")) or (cell[:1] == "-" and coordinate(cell) is None):
        return "'" + cell
    return cell


def _write_workbook(path: Path, sheets: Sequence[RejectedRows], wording: Wording) -> None:
    # openpyxl takes 0.2 s to import, and most uploads write none.
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    names: set[str] = set()
    for one in sheets:
        if one.rows or len(sheets) == 1:
            page = book.create_sheet(_sheet_name(one.sheet.name or "rows", names))
            _write_page(page, one, wording)
    if not book.worksheets:
        book.create_sheet("rows")
    book.save(path)


def _sheet_name(name: str, taken: set[str]) -> str:
    clean = re.sub(r"[\[\]:*?/\\']", " ", name).strip()[:28] or "rows"
    unique, number = clean, 2
    while unique.casefold() in taken:
        unique, number = f"{clean[:25]} {number}", number + 1
    taken.add(unique.casefold())
    return unique


def _write_page(page: Any, one: RejectedRows, wording: Wording) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    header, width = one.sheet.header, len(one.sheet.titles)
    fills = {status: PatternFill("solid", fgColor=rgb) for status, rgb in _COLOURS.items()}
    title_fill = PatternFill("solid", fgColor=_TITLE_COLOUR)
    for at in range(width):
        longest = max((len(cells[at]) for (_, cells), _ in one.rows[:200]), default=0)
        page.column_dimensions[get_column_letter(at + 1)].width = min(40, max(10, longest + 2))
    for at in (width + 1, width + 2):
        page.column_dimensions[get_column_letter(at)].width = 50
    page.freeze_panes = f"A{len(header.above) + max(1, len(header.written)) + 1}"
    for _, cells in header.above:
        page.append([_cell(page, text) for text in cells])
    titles = [cells for _, cells in header.written] or [one.sheet.titles]
    for at, cells in enumerate(titles):
        last = at == len(titles) - 1
        written = [*cells[:width], *(REASON_COLUMNS[wording.language] if last else ("", ""))]
        page.append([_cell(page, text, fill=title_fill, font=Font(bold=True)) for text in written])
    wrapped = Alignment(wrap_text=True, vertical="top")
    for (_, cells), report in one.rows[:_MAX_ROWS]:
        wrong = {one.sheet.fields.get(problem.column) for problem in report.problems}
        fill = fills[report.status]
        row = [
            _cell(page, text, fill=fill if at in wrong else None) for at, text in enumerate(cells)
        ]
        row += [
            _cell(page, text, fill=fill, alignment=wrapped) for text in reason_of(report, wording)
        ]
        page.append(row)


def _cell(
    page: Any, text: str, *, fill: Any = None, font: Any = None, alignment: Any = None
) -> Any:
    from openpyxl.cell import WriteOnlyCell

    value: Any = text
    if _NUMBER.match(text):
        value = float(text) if "." in text else int(text)
    cell = WriteOnlyCell(page, value=value)
    if isinstance(value, str):
        cell.data_type = "s"  # "=1+1" is what somebody wrote, not a formula
    if fill is not None:
        cell.fill = fill
    if font is not None:
        cell.font = font
    if alignment is not None:
        cell.alignment = alignment
    return cell
