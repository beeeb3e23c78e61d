"""Zips that people send, looked at before anything in them is read."""

from __future__ import annotations

import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from geo.errors import TooLargeError, UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_ENTRIES = 2_000
MAX_UNPACKED_BYTES = 300_000_000
#: Sheets pack 5 to 40 times smaller; a bomb packs a thousand times.
MAX_RATIO = 250
#: Below so many bytes the ratio says nothing.
SMALL_BYTES = 5_000_000
#: A table of more places for cells is refused: the reader lays out the whole rectangle.
MAX_GRID = 5_000_000

#: What reading a damaged zip raises, wherever it is damaged.
DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
)

_CHUNK = 1 << 20
_OVERLAP = 256
_CELL = re.compile(rb'<(?:\w+:)?c\s[^>]*?r="([A-Z]{1,4})(\d{1,8})"[^>/]*>')
_HIDDEN_ROW = re.compile(rb'<(?:\w+:)?row\s[^>]*?r="(\d{1,8})"[^>]*?\shidden="(?:1|true)"')
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
_SHEET_PART = re.compile(r"xl/worksheets/[^/]+\.xml")


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetPart:
    """What stands in the XML of one sheet: its size in cells, hidden lines, number of formulas."""

    rows: int
    columns: int
    hidden: frozenset[int]
    n_formulas: int


def check_zip(path: Path) -> list[str]:
    """Refuse what could do harm, and give the names in the zip.

    Raises
    ------
    TooLargeError
        Too many entries, too many bytes once unpacked, or a bomb.
    UnreadableError
        Damaged, encrypted, or with names that lead out of their folder.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except DAMAGED as error:
        raise _damaged(path, error) from error
    if len(entries) > MAX_ENTRIES:
        raise TooLargeError(
            path.name, f"a zip of {len(entries):,} files, at most {MAX_ENTRIES:,}", "send one file"
        )
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > MAX_UNPACKED_BYTES:
        raise TooLargeError(
            path.name,
            f"it unpacks to {unpacked // 1_000_000:,} MB, "
            f"at most {MAX_UNPACKED_BYTES // 1_000_000} MB are read",
            "split it, or save the sheet as CSV",
        )
    for entry in entries:
        if entry.flag_bits & 0x1:
            raise UnreadableError(
                path.name, "it is protected by a password", "take the password off"
            )
        packed = max(1, entry.compress_size)
        if entry.file_size > SMALL_BYTES and entry.file_size / packed > MAX_RATIO:
            raise TooLargeError(
                path.name,
                f"a part of it unpacks to {entry.file_size // packed:,} times its size",
                "delete empty formatted rows, or save the sheet as CSV",
            )
        inside = PurePosixPath(entry.filename.replace("\\", "/"))
        if inside.is_absolute() or ".." in inside.parts:
            raise UnreadableError(
                path.name, f"a name in it leads out of its folder ({entry.filename[:60]!r})", ""
            )
    return [entry.filename for entry in entries]


def refuse_entities(path: Path, names: list[str]) -> None:
    """Refuse a workbook whose XML declares entities: no spreadsheet program writes any."""
    with _opened(path) as archive:
        for name in names:
            if not name.endswith((".xml", ".rels")):
                continue
            try:
                with archive.open(name) as part:
                    head = part.read(4_096)
            except DAMAGED as error:
                raise _damaged(path, error) from error
            if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
                raise UnreadableError(
                    path.name, f"{name} declares XML entities, which are never read", "save it anew"
                )


def sheet_parts(path: Path, names: list[str]) -> dict[str, SheetPart]:
    """Read size, hidden lines and formulas of every sheet of an XLSX, by the name of its part.

    Raises `TooLargeError` where the rectangle of cells is over `MAX_GRID`.
    """
    found: dict[str, SheetPart] = {}
    with _opened(path) as archive:
        for name in names:
            if not _SHEET_PART.fullmatch(name):
                continue
            part = _scan(path, _windows(archive, name))
            if part.rows * part.columns > MAX_GRID:
                raise TooLargeError(
                    path.name,
                    f"a sheet of {part.rows:,} rows and {part.columns:,} columns, "
                    f"at most {MAX_GRID:,} cells are read",
                    "delete the cells that stand far from the table, or save it as CSV",
                )
            found[name] = part
    return found


def _scan(path: Path, windows: Iterator[bytes]) -> SheetPart:
    rows = columns = n_formulas = 0
    hidden: set[int] = set()
    try:
        for window in windows:
            seen: set[bytes] = set()
            for letters, row in _CELL.findall(window):
                rows = max(rows, int(row))
                seen.add(letters)
            columns = max([columns, *map(column_number, seen)])
            hidden.update(int(row) for row in _HIDDEN_ROW.findall(window))
            n_formulas += len(_FORMULA.findall(window))
    except DAMAGED as error:
        raise _damaged(path, error) from error
    return SheetPart(rows=rows, columns=columns, hidden=frozenset(hidden), n_formulas=n_formulas)


def _windows(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """The bytes of a part in pieces that end with a tag."""
    rest = b""
    with archive.open(name) as part:
        while chunk := part.read(_CHUNK):
            whole = rest + chunk
            cut = whole.rfind(b">") + 1
            rest = whole[cut:][-_CHUNK:]
            yield whole[:cut]
    yield rest


def column_number(letters: bytes) -> int:
    """Number of a column by its letters: A is 1, XFD is 16,384."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except DAMAGED as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> UnreadableError:
    return UnreadableError(path.name, f"it is cut short or damaged ({error})", "send it again")
