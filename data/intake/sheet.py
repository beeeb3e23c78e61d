"""A sheet: one table of a file with its header found, its columns understood, its rows to come."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from data.intake.cells.dates import DateOrder, date_order
from data.intake.columns.guess import ColumnGuess, fields_of, guess_columns
from data.intake.examples import is_example
from data.intake.formats import Book, Table, read_book
from data.intake.header import LOOK_LINES, Header, find_header
from data.intake.totals import is_total
from geo.errors import EmptyInputError
from geo.phrase import phrase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from data.intake.columns.content import Context
    from data.intake.formats.table import Line

#: So many rows are looked at to understand the columns.
SAMPLE_ROWS = 300
#: So many rows at most are looked at to settle whether the day or the month stands first.
ORDER_ROWS = 100_000
#: What we add to the rows that go back; left out when they come again.
#: Titles of the two columns in which the rows that go back say why, by language.
REASON_COLUMNS = {
    "en": ("reason", "suggestion"),
    "fr": ("motif", "suggestion"),
    "ar": ("السبب", "اقتراح"),
    "zgh": ("ⵜⴰⵎⵏⵜⵉⵍⵜ", "ⴰⵙⵓⵎⵔ"),
}
_DATE_FIELDS = ("reported_at", "start_at", "end_at", "until")

#: Shape of a sheet → what people said of its columns (title → field), None where nobody did.
Memory = "Callable[[tuple[str, ...]], Mapping[str, str] | None]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One table, ready to be read row by row.

    Attributes
    ----------
    file, sha256, name
        Of the file, and the name of the sheet in it ("" where there is but one).
    header
        Where it stands and what it says.
    titles
        What a person calls each column.
    guesses, fields
        What the columns mean, and field → position of those sure enough to be used.
    order, order_settled
        Whether the day or the month stands first in dates, and whether the column itself said so.
    notes
        What was left out, filled in or guessed.
    """

    file: str
    sha256: str
    name: str
    header: Header
    titles: tuple[str, ...]
    guesses: tuple[ColumnGuess, ...]
    fields: Mapping[str, int]
    order: DateOrder
    order_settled: bool
    notes: tuple[str, ...]
    table: Table

    def rows(self) -> Iterator[Line]:
        """Yield each row below the header, as wide as it; totals, examples, headers left out."""
        width = len(self.titles)
        heads = {cells for _, cells in self.header.written}
        for number, cells in _body(self.table, self.header):
            full = _fit(cells, width)
            if full in heads or is_total(full, self.fields) or is_example(full):
                continue
            yield number, full


def read_sheets(
    path: Path,
    *,
    kind: str = "",
    context: Context | None = None,
    now: datetime | None = None,
    memory: Callable[[tuple[str, ...]], Mapping[str, str] | None] | None = None,
) -> tuple[Book, tuple[Sheet, ...]]:
    """Read a file and understand every table in it.

    Parameters
    ----------
    kind
        What the file is said to hold.
    context
        Names that the situation knows, and its area.
    now
        Dates lie before it, which tells day from month; None says nothing.
    memory
        Gives what people said of sheets with these titles.

    Raises
    ------
    UnreadableError, TooLargeError, EmptyInputError
        With what to do.
    """
    book = read_book(path)
    sheets = tuple(
        sheet
        for table in book.tables
        if (sheet := _sheet(book, table, kind, context, now, memory)) is not None
    )
    if not sheets:
        raise EmptyInputError(path.name, "it holds a header and no row", "check the file")
    return book, sheets


def read_sheet(path: Path) -> Sheet:
    """Read the first table of a file that holds rows; raises as `read_sheets`."""
    return read_sheets(path)[1][0]


def understood_as(sheet: Sheet, mapping: Mapping[str, str]) -> Sheet:
    """Give the sheet with columns as a person says: title → field, "" for none of ours."""
    guesses = tuple(
        replace(guess, field=mapping[guess.title], confidence=1.0, why="told")
        if guess.title in mapping
        else guess
        for guess in sheet.guesses
    )
    told = {field for field in mapping.values() if field}
    guesses = tuple(
        guess if guess.title in mapping or guess.field not in told else replace(guess, field="")
        for guess in guesses
    )
    return replace(sheet, guesses=guesses, fields=fields_of(guesses))


def _sheet(
    book: Book,
    table: Table,
    kind: str,
    context: Context | None,
    now: datetime | None,
    memory: Callable[[tuple[str, ...]], Mapping[str, str] | None] | None,
) -> Sheet | None:
    head = list(itertools.islice(table.open_rows(), LOOK_LINES + 20))
    if not head:
        return None
    header = _without_reasons(find_header(head, titled=table.titled))
    width = len(header.titles)
    head_of_body = list(itertools.islice(_body(table, header), SAMPLE_ROWS))
    body = [line for line in head_of_body if not is_example(line[1])]
    if not body:
        return None
    titles = header.shown
    guesses = guess_columns(
        header,
        [_fit(cells, width) for _, cells in body],
        kind=kind,
        context=context,
        remembered=None if memory is None else memory(titles),
    )
    fields = fields_of(guesses)
    order, settled = _order(table, header, fields, now)
    notes = [*book.notes, *table.notes]
    notes += _beyond_titles(header, body)
    if len(body) < len(head_of_body):
        left_out = len(head_of_body) - len(body)
        if left_out == 1:
            notes.append(phrase("1 example row was left out"))
        else:
            notes.append(phrase("{count} example rows were left out", count=left_out))
    if not header.written:
        notes.append(phrase("there is no header: the columns were told by what stands in them"))
    return Sheet(
        file=book.file,
        sha256=book.sha256,
        name=table.name,
        header=header,
        titles=titles,
        guesses=guesses,
        fields=fields,
        order=order,
        order_settled=settled,
        notes=tuple(notes),
        table=table,
    )


def _beyond_titles(header: Header, body: Sequence[Line]) -> list[str]:
    """Note the rows with cells under no title: a comma too many shifts what stands behind it."""
    last = max((at for at, title in enumerate(header.titles, start=1) if title), default=0)
    shifted = sum(any(cells[last : len(header.titles)]) for _, cells in body)
    if not last or not shifted:
        return []
    return [
        phrase(
            "{count} rows hold cells to the right of the last title ({title}): a comma too many?",
            count=shifted,
            title=header.titles[last - 1],
        )
    ]


def _body(table: Table, header: Header) -> Iterator[Line]:
    after = len(header.above) + len(header.written)
    return itertools.islice(table.open_rows(), after, None)


def _fit(cells: tuple[str, ...], width: int) -> tuple[str, ...]:
    return cells[:width] if len(cells) >= width else (*cells, *[""] * (width - len(cells)))


def _order(
    table: Table, header: Header, fields: Mapping[str, int], now: datetime | None
) -> tuple[DateOrder, bool]:
    positions = [fields[field] for field in _DATE_FIELDS if field in fields]
    if not positions or now is None:
        return "dmy", False
    body = itertools.islice(_body(table, header), ORDER_ROWS)
    return date_order(
        (cells[at] for _, cells in body for at in positions if at < len(cells) and cells[at]),
        now=now,
    )


def _has_reasons(header: Header) -> bool:
    return header.titles[-2:] in REASON_COLUMNS.values()


def _without_reasons(header: Header) -> Header:
    """Leave out the two columns that we added when the rows went back."""
    if not _has_reasons(header):
        return header
    return replace(
        header,
        titles=header.titles[:-2],
        parents=header.parents[:-2],
        tags=header.tags[:-2],
        written=tuple((number, cells[:-2]) for number, cells in header.written),
    )
