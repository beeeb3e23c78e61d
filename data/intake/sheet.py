"""A sheet: rows of text cells as somebody sent them, whatever the encoding and delimiter."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geo.errors import EmptyInputError, TooLargeError, UnreadableError

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 50_000_000
MAX_COLUMNS = 1_000
MAX_CELL = 10_000
_DELIMITERS = ",;\t|"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A header and its rows; `rows` pairs the line number a person sees with the cells."""

    file: str
    sha256: str
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    notes: tuple[str, ...] = ()


def read_sheet(path: Path) -> Sheet:
    """Read a CSV or TSV file: UTF-8, UTF-16 or Windows code pages; comma, semicolon, tab or bar.

    Blank lines are left out; short rows are filled with empty cells, cells beyond the header kept
    out and noted. Line numbers count from 1 with the header, as a person sees them in the file.

    Raises
    ------
    UnreadableError, TooLargeError, EmptyInputError
        With what to do.
    """
    if not path.is_file():
        raise UnreadableError(str(path), "no such file", "check the path")
    if path.stat().st_size > MAX_BYTES:
        raise TooLargeError(
            path.name, f"at most {MAX_BYTES // 1_000_000} MB are taken at once", "split the file"
        )
    raw = path.read_bytes()
    text, encoding = _decode(raw, path.name)
    lines = _records(text, path.name)
    header_at = next((i for i, (_, cells) in enumerate(lines) if sum(map(bool, cells)) >= 2), None)
    if header_at is None:
        raise EmptyInputError(path.name, "a header line with column names is needed", "add one")
    header = lines[header_at][1]
    if len(header) > MAX_COLUMNS:
        raise TooLargeError(
            path.name, f"at most {MAX_COLUMNS} columns are taken", "keep those used"
        )
    body = lines[header_at + 1 :]
    if not body:
        raise EmptyInputError(path.name, "it holds a header and no row", "check the file")
    longer = sum(len(cells) > len(header) for _, cells in body)
    width = len(header)
    notes = [f"read as {encoding}"] if encoding != "utf-8" else []
    if longer:
        notes.append(
            f"{longer} rows have more cells than the header; the extra cells were left out"
        )
    return Sheet(
        file=path.name,
        sha256=hashlib.sha256(raw).hexdigest(),
        header=header,
        rows=tuple((n, (*cells, *[""] * (width - len(cells)))[:width]) for n, cells in body),
        notes=tuple(notes),
    )


def _decode(raw: bytes, name: str) -> tuple[str, str]:
    if not raw.strip():
        raise EmptyInputError(name, "the file is empty", "check the export")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return raw.decode("utf-16"), "utf-16"
        except UnicodeDecodeError as error:
            raise UnreadableError(name, "broken UTF-16 text", "export it again") from error
    if b"\x00" in raw or raw.startswith((b"PK\x03\x04", b"\x89PNG", b"%PDF", b"\xd0\xcf\x11\xe0")):
        raise UnreadableError(
            name,
            "a CSV text file is needed, this is a binary file",
            "save the sheet as CSV (UTF-8)",
        )
    try:
        return raw.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        # Bytes 0xC0-0xFF are accented letters in cp1252 and most letters in cp1256: Arabic text has
        # runs of them, French text has single ones between ASCII letters.
        high = sum(byte >= 0xC0 for byte in raw)
        arabic = high > 0.2 * sum(byte > 0x40 for byte in raw)
        encoding = "cp1256" if arabic else "cp1252"
        return raw.decode(encoding, errors="replace"), encoding


def _records(text: str, name: str) -> list[tuple[int, tuple[str, ...]]]:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    sample = text[:20_000]
    counts = {mark: sample.count(mark) for mark in _DELIMITERS}
    delimiter = max(counts, key=lambda mark: counts[mark])
    csv.field_size_limit(MAX_CELL * 10)
    records = []
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    line = 1
    try:
        for cells in reader:
            cleaned = tuple(_clean(cell) for cell in cells)
            if any(cleaned):
                records.append((line, cleaned))
            line = reader.line_num + 1
    except csv.Error as error:
        raise UnreadableError(
            name, f"line {line} is not CSV ({error})", "export it again"
        ) from error
    return records


def _clean(cell: str) -> str:
    # Control and direction-changing characters never mean anything in a cell, and can hide text.
    kept = "".join(
        char
        for char in cell[:MAX_CELL]
        if (char.isprintable() or char in "\n\t")
        and char not in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f"
    )
    return " ".join(kept.split())
