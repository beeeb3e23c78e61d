"""CSV and its kin: any delimiter, any line end, read as a stream in bounded memory."""

from __future__ import annotations

import csv
import re
from collections import Counter
from typing import TYPE_CHECKING

from data.intake.formats.encoding import TextFile, look_through
from data.intake.formats.table import MAX_CELL, MAX_COLUMNS, Book, Table, clean_cell
from geo.errors import TooLargeError, UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import TextIO

    from data.intake.formats.table import Line

MAX_BYTES = 500_000_000
#: A line longer than this is no line of a table.
MAX_LINE = 2_000_000
_DELIMITERS = ",;\t|"
_SAMPLE_LINES = 60
_SEPARATOR = re.compile(r"^sep=(.)$", re.IGNORECASE)


def read_delimited(path: Path) -> Book:
    """Read CSV, TSV and the like; the rows stream at every call of `open_rows`.

    Raises
    ------
    TooLargeError, UnreadableError
        With what to do.
    """
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise TooLargeError(
            path.name, f"at most {MAX_BYTES // 1_000_000} MB are taken at once", "split the file"
        )
    found = look_through(path)
    delimiter = _delimiter(path, found)
    names = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
    return Book(
        file=path.name,
        form=f"text parted by {names.get(delimiter, delimiter)}",
        sha256=found.sha256,
        size=size,
        tables=(Table(name="", open_rows=lambda: _records(path, found, delimiter)),),
        notes=found.notes,
    )


def _delimiter(path: Path, found: TextFile) -> str:
    """The mark that parts most lines into one and the same number of cells."""
    lines = []
    for line in _lines(path, found):
        if told := _SEPARATOR.match(line.strip()):
            return told[1]
        if line.strip():
            lines.append(line)
        if len(lines) >= _SAMPLE_LINES:
            break
    return max(_DELIMITERS, key=lambda mark: _regularity(lines, mark))


def _regularity(lines: list[str], mark: str) -> tuple[float, int]:
    """Share of lines in the commonest number of cells above one, and that number."""
    try:
        counts = Counter(len(cells) for cells in csv.reader(lines, delimiter=mark) if cells)
    except csv.Error:
        return (0.0, 0)
    wide = {width: count for width, count in counts.items() if width > 1}
    if not wide:
        return (0.0, 0)
    width = max(wide, key=lambda one: (wide[one], one))
    # Not rounded: decimal commas part every line but that of the titles.
    return (wide[width] / sum(counts.values()), width)


def _records(path: Path, found: TextFile, delimiter: str) -> Iterator[Line]:
    csv.field_size_limit(MAX_CELL * 10)
    reader = csv.reader(_lines(path, found), delimiter=delimiter)
    line = 1
    try:
        for cells in reader:
            if len(cells) > MAX_COLUMNS and any(cells[MAX_COLUMNS:]):
                raise TooLargeError(
                    path.name,
                    f"line {line} has {len(cells):,} cells, at most {MAX_COLUMNS:,} are taken",
                    "keep the columns that are used",
                )
            cleaned = tuple(map(clean_cell, cells[:MAX_COLUMNS]))
            if any(cleaned) and not (line == 1 and _SEPARATOR.match(",".join(cleaned))):
                yield line, cleaned
            line = reader.line_num + 1
    except csv.Error as error:
        raise UnreadableError(
            path.name, f"line {line} is not CSV ({error})", "export it again"
        ) from error


def _lines(path: Path, found: TextFile) -> Iterator[str]:
    with path.open(encoding=found.encoding, errors=found.errors, newline=None) as file:
        yield from _capped(file, path.name)


def _capped(file: TextIO, name: str) -> Iterator[str]:
    try:
        while line := file.readline(MAX_LINE):
            if len(line) == MAX_LINE and not line.endswith("\n"):
                raise TooLargeError(
                    name, f"a line of more than {MAX_LINE:,} characters", "export it again as CSV"
                )
            yield line
    except UnicodeError as error:
        raise UnreadableError(name, f"broken text ({error})", "export it again") from error
