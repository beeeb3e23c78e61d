"""JSON as tables: arrays of rows, lists of records, KoBo and ODK with groups and repeats."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from data.intake.formats.table import MAX_COLUMNS, Book, Line, Table, clean_cell, held
from geo.errors import EmptyInputError, TooLargeError, UnreadableError

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 100_000_000
MAX_DEPTH = 12
MAX_ROWS = 500_000
#: Keys of KoBo and ODK that are about the form and not about the ground.
_FORM_KEYS = ("_attachments", "_notes", "_tags", "_validation_status", "formhub/uuid", "__system")
_POSITION_KEY = "_geolocation"


def read_records(path: Path) -> Book:
    """Read JSON: rows as lists or as objects, as a whole or below a key.

    Groups become ``group/question``; a repeat becomes a table of its own whose rows also hold what
    the form around them says; a point becomes "latitude, longitude".

    Raises
    ------
    UnreadableError, TooLargeError, EmptyInputError
        With what to do.
    """
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise TooLargeError(
            path.name, f"at most {MAX_BYTES // 1_000_000} MB of JSON are read", "export it as CSV"
        )
    raw = path.read_bytes()
    try:
        content = json.loads(raw.decode("utf-8-sig"), parse_int=_integer, parse_constant=str)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise UnreadableError(
            path.name, f"no valid JSON ({str(error)[:120]})", "export it again"
        ) from error
    tables = [
        table for name, part in _lists(content, "", 0) for table in _tables(path.name, name, part)
    ]
    if not tables:
        raise EmptyInputError(
            path.name, "no list of records is in it", "export the answers, not the form"
        )
    return Book(
        file=path.name,
        form="json",
        sha256=hashlib.sha256(raw).hexdigest(),
        size=size,
        tables=tuple(tables),
    )


def _integer(digits: str) -> int | str:
    # Thousands of digits would take minutes to convert.
    return int(digits) if len(digits) < 400 else digits


def _lists(content: Any, name: str, depth: int) -> list[tuple[str, list[Any]]]:
    """Find the lists that hold rows: the content itself, or what stands below its keys."""
    if isinstance(content, list):
        rows = [row for row in content if isinstance(row, list | dict)]
        return [(name, rows)] if rows else []
    if isinstance(content, dict) and depth < 3:
        return [one for key, part in content.items() for one in _lists(part, str(key), depth + 1)]
    return []


def _tables(file: str, name: str, part: list[Any]) -> list[Table]:
    if len(part) > MAX_ROWS:
        raise TooLargeError(file, f"more than {MAX_ROWS:,} records", "export it as CSV")
    if isinstance(part[0], list):
        read = (
            (at, tuple(_text(cell) for cell in row[:MAX_COLUMNS]))
            for at, row in enumerate(part, start=1)
            if isinstance(row, list)
        )
        rows: list[Line] = [(at, cells) for at, cells in read if any(cells)]
        return [Table(name=clean_cell(name), open_rows=held(rows))]
    records = [one for one in part if isinstance(one, dict)]
    main: list[tuple[int, dict[str, str]]] = []
    repeats: dict[str, list[tuple[int, dict[str, str]]]] = {}
    for number, record in enumerate(records, start=1):
        flat, inner = _flatten(record)
        main.append((number, flat))
        for key, entries in inner.items():
            for entry in entries:
                below, _ = _flatten(entry)
                repeats.setdefault(key, []).append((number, flat | below))
    tables = [_record_table(file, name, main)]
    tables += [_record_table(file, key, entries) for key, entries in repeats.items()]
    return [table for table in tables if table is not None]


def _record_table(file: str, name: str, records: list[tuple[int, dict[str, str]]]) -> Table | None:
    header = list(dict.fromkeys(key for _, record in records for key in record))
    if len(header) > MAX_COLUMNS:
        raise TooLargeError(file, f"{len(header):,} fields, at most {MAX_COLUMNS:,}", "keep fewer")
    if not header:
        return None
    rows: list[Line] = [(0, tuple(map(clean_cell, header)))]
    rows += [(number, tuple(record.get(key, "") for key in header)) for number, record in records]
    # HXL puts its tags where the keys are; they are titles all the same.
    return Table(name=clean_cell(name), open_rows=held(rows), titled=True)


def _flatten(record: dict[str, Any]) -> tuple[dict[str, str], dict[str, list[dict[str, Any]]]]:
    """Give the answers by ``group/question``, and the entries of each repeat by its name."""
    flat: dict[str, str] = {}
    repeats: dict[str, list[dict[str, Any]]] = {}
    waiting: list[tuple[str, Any, int]] = [(key, value, 0) for key, value in record.items()]
    waiting.reverse()
    while waiting:
        key, value, depth = waiting.pop()
        if key.startswith(_FORM_KEYS) or "@odata" in key or depth > MAX_DEPTH:
            continue
        if isinstance(value, dict):
            point = _point(value)
            if point:
                flat[key] = point
            else:
                inner = [(f"{key}/{name}", one, depth + 1) for name, one in value.items()]
                waiting.extend(reversed(inner))
        elif isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
            repeats[key] = value
        elif isinstance(value, list):
            flat[key] = _listed(key, value)
        else:
            flat[key] = _text(value)
    return flat, repeats


def _point(value: dict[str, Any]) -> str:
    """A GeoJSON point, which has longitude first, as people write it; "" if it is none."""
    at = value.get("coordinates")
    if value.get("type") != "Point" or not isinstance(at, list) or len(at) < 2:
        return ""
    return f"{_text(at[1])}, {_text(at[0])}"


def _listed(key: str, values: list[Any]) -> str:
    if key.endswith(_POSITION_KEY):  # KoBo: latitude, longitude; two nulls where nobody stood
        return ", ".join(map(_text, values)) if None not in values else ""
    return "; ".join(map(_text, values[:200]))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, list | dict):
        return clean_cell(json.dumps(value, ensure_ascii=False)[:2_000])
    return clean_cell(str(value))
