"""Workbooks: XLSX, XLSB, XLS and ODS; all visible sheets, merged cells filled, hidden rows told."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.intake.formats.guards import MAX_GRID, SheetPart, check_zip, refuse_entities, sheet_parts
from data.intake.formats.table import MAX_COLUMNS, Book, Line, Table, clean_cell, held
from geo.errors import EmptyInputError, TooLargeError, UnreadableError
from geo.phrase import phrase

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_BYTES = 50_000_000
READ_SECONDS = 120
_READER = Path(__file__).with_name("workbook_reader.py")
_PASSWORD = (
    "the workbook is protected by a password",
    "take the password off (File, Info, Protect) and send it again",
)
#: A merged range of a table is filled over at most so many cells.
MAX_FILLED = 100_000


#: Why the reader left a sheet out.
_WHY_LEFT_OUT = {
    "no cells": phrase("it holds a chart or a macro, no cells"),
    "hidden": phrase("it is hidden"),
}


def read_workbook(path: Path, form: str) -> Book:
    """Read every visible sheet; formulas give the values that were last computed.

    Raises
    ------
    UnreadableError, TooLargeError, EmptyInputError
        With what to do.
    """
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise TooLargeError(
            path.name,
            f"a workbook of {size // 1_000_000} MB, at most {MAX_BYTES // 1_000_000} MB are read",
            "save the sheet as CSV",
        )
    notes: list[str] = []
    parts: dict[str, SheetPart] = {}
    if form != "xls":
        names = check_zip(path)
        refuse_entities(path, names)
        notes += _left_alone(names)
        parts = sheet_parts(path, names) if form == "xlsx" else {}
    tables = _tables(path, _read(path), notes)
    if n_formulas := sum(part.n_formulas for part in parts.values()):
        notes.append(
            phrase(
                "{count} cells hold formulas: their last computed values were read",
                count=f"{n_formulas:,}",
            )
        )
    if n_hidden := sum(len(part.hidden) for part in parts.values()):
        notes.append(phrase("{count} hidden rows were read like the others", count=f"{n_hidden:,}"))
    if not tables:
        raise EmptyInputError(path.name, "no visible sheet holds a cell", "check the file")
    return Book(
        file=path.name,
        form=form,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        size=size,
        tables=tuple(tables),
        notes=tuple(notes),
    )


def _left_alone(names: Iterable[str]) -> list[str]:
    notes: list[str] = []
    if any(name.endswith("vbaProject.bin") for name in names):
        notes.append(phrase("the workbook holds macros: they were neither read nor run"))
    if any(name.startswith("xl/externalLinks/") for name in names):
        notes.append(phrase("the workbook links to other files: they were not followed"))
    return notes


def _read(path: Path) -> list[Any]:
    """Have the workbook read by a process of its own, whose memory and time are limited."""
    command = [sys.executable, "-I", str(_READER), str(path.resolve()), str(MAX_GRID)]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            timeout=READ_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired as error:
        raise TooLargeError(
            path.name, f"it could not be read within {READ_SECONDS} s", "save the sheet as CSV"
        ) from error
    if done.returncode != 0:
        raise UnreadableError(
            path.name,
            "the workbook is damaged, or takes more memory than a sheet may",
            "open it, save it anew, or save the sheet as CSV",
        )
    said = [json.loads(line) for line in done.stdout.splitlines()]
    for one in said:
        if isinstance(one, dict):
            _refuse(path, one)
    return said


def _refuse(path: Path, said: dict[str, Any]) -> None:
    if "password" in said:
        raise UnreadableError(path.name, *_PASSWORD)
    if "error" in said:
        raise UnreadableError(
            path.name,
            f"the workbook is damaged ({said['error']})",
            "open it, save it anew and send it again",
        )
    if "too_large" in said:
        raise TooLargeError(
            path.name,
            f"sheet {said['too_large']} has {said['rows']:,} rows and {said['columns']:,} columns, "
            f"at most {MAX_GRID:,} cells are read",
            "delete the cells that stand far from the table, or save it as CSV",
        )


def _tables(path: Path, said: list[Any], notes: list[str]) -> list[Table]:
    tables: list[Table] = []
    at = 0
    while at < len(said):
        one = said[at]
        at += 1
        if "skipped" in one:
            notes.append(
                phrase(
                    "sheet {name} was left out: {why}",
                    name=one["skipped"],
                    why=_WHY_LEFT_OUT[one["why"]],
                )
            )
            continue
        rows: list[Line] = []
        while at < len(said) and isinstance(said[at], list):
            number, *cells = said[at]
            cleaned = tuple(map(clean_cell, cells))
            if any(cleaned):  # what nobody sees leaves a blank line
                rows.append((number, cleaned))
            at += 1
        if rows:
            tables.append(_table(path, one, rows))
    return tables


def _table(path: Path, sheet: dict[str, Any], rows: list[Line]) -> Table:
    name = clean_cell(sheet["sheet"])
    width = max((at + 1 for _, cells in rows for at, cell in enumerate(cells) if cell), default=0)
    if width > MAX_COLUMNS:
        raise TooLargeError(
            path.name,
            f"sheet {name} has {width:,} columns, at most {MAX_COLUMNS:,} are taken",
            "keep the columns that are used",
        )
    rows = [(number, cells[:width]) for number, cells in rows]
    filled = _fill_merged(rows, sheet["merged"])
    notes = (
        (phrase("{count} cells of merged ranges were filled", count=f"{filled:,}"),)
        if filled
        else ()
    )
    return Table(name=name, open_rows=held(rows), notes=notes)


def _fill_merged(rows: list[Line], merged: list[Any]) -> int:
    """Write the value of each merged range into all its cells, in place; give how many."""
    position = {number: at for at, (number, _) in enumerate(rows)}
    filled = 0
    for (top, left), (bottom, right) in merged:
        if bottom - top > 10_000 or right - left > MAX_COLUMNS or top + 1 not in position:
            continue
        value = _cell(rows[position[top + 1]][1], left)
        if not value:
            continue
        for number in range(top + 1, bottom + 2):
            at = position.get(number)
            if at is None or filled > MAX_FILLED:
                continue
            cells = list(rows[at][1])
            for column in range(left, min(right + 1, len(cells))):
                if not cells[column]:
                    cells[column] = value
                    filled += 1
            rows[at] = (number, tuple(cells))
    return filled


def _cell(cells: tuple[str, ...], at: int) -> str:
    return cells[at] if at < len(cells) else ""
