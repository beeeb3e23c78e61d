"""Tables of text cells: what every format is brought to, before anything in it is understood."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: The line that a person sees in the file, and its cells.
Line: TypeAlias = tuple[int, tuple[str, ...]]

#: Wider tables are refused: no sheet of relief work has so many questions.
MAX_COLUMNS = 1_000
#: Longer text is cut.
MAX_CELL = 10_000

# Characters that have no place in a cell: controls, lone halves of letters, and those that turn the
# writing direction, which can hide what a text says.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069"
    "\ud800-\udfff\ufeff\ufff9-\ufffb]"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table of a file: a sheet, a layer, a group of repeated questions, or a whole CSV.

    Attributes
    ----------
    name
        Name of the sheet or layer; "" where the file has but one table.
    open_rows
        Begins to read the lines anew at each call; blank ones are left out.
    titled
        The first line is the header for sure: the format has names of fields.
    notes
        What was left out or filled in, for the person who sent the file.
    """

    name: str
    open_rows: Callable[[], Iterator[Line]]
    titled: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A file as tables.

    `form` is the format in words; `sha256` of the bytes that came; `size` in bytes.
    """

    file: str
    form: str
    sha256: str
    size: int
    tables: tuple[Table, ...]
    notes: tuple[str, ...] = ()


def clean_cell(text: str) -> str:
    r"""Give the text of a cell in one line, without characters that nobody sees.

    >>> clean_cell("\u202egnp.exe  \n 4")
    'gnp.exe 4'
    """
    if text.isascii() and text.isprintable():
        return " ".join(text[:MAX_CELL].split())
    return " ".join(_UNSEEN.sub("", text[:MAX_CELL]).split())


def held(rows: list[Line]) -> Callable[[], Iterator[Line]]:
    """Give the opener of rows that are in memory."""
    return lambda: iter(rows)
