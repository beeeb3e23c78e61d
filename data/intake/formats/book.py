"""A file at the door: what it is, and its tables."""

from __future__ import annotations

import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path, PurePosixPath

from data.intake.formats.chat import chat_lines, is_chat, read_chat
from data.intake.formats.delimited import read_delimited
from data.intake.formats.guards import DAMAGED, MAX_UNPACKED_BYTES, check_zip
from data.intake.formats.records import read_records
from data.intake.formats.signature import form_of
from data.intake.formats.table import Book, Table, held
from data.intake.formats.workbook import read_workbook
from data.intake.wordlists import word_set
from geo.errors import EmptyInputError, TooLargeError, UnreadableError
from geo.phrase import phrase

_TABLE_SUFFIXES = word_set(".csv .tsv .txt .xlsx .xlsm .xls .ods .json .geojson .gpkg .kml .hxl")


def read_book(path: Path) -> Book:
    """Read any file that organisations send: workbook, CSV, JSON, geographic file, chat, or a zip.

    Raises
    ------
    UnreadableError, TooLargeError, EmptyInputError
        What it is instead, or what is wrong with it, and what to do.
    """
    form = form_of(path)
    if form in ("xlsx", "xlsb", "xls", "ods"):
        return read_workbook(path, form)
    if form in ("geojson", "gpkg", "kml", "kmz"):
        # The geographic libraries take a second to import, and most sheets are none.
        from data.intake.formats.features import read_features

        return read_features(path, form)
    if form == "json":
        return read_records(path)
    if form == "zip":
        return _only_file(path)
    if form in ("markup", "xml"):
        raise UnreadableError(
            path.name,
            "this is a web page or XML, a table is needed",
            "open it and save it as XLSX or CSV",
        )
    if is_chat(chat_lines(path)):
        return read_chat(path)
    return read_delimited(path)


def _only_file(path: Path) -> Book:
    """Read the one table that a zip holds."""
    names = [name for name in check_zip(path) if not name.endswith("/")]
    wanted = [
        name
        for name in names
        if PurePosixPath(name).suffix.lower() in _TABLE_SUFFIXES and not name.startswith("__MACOSX")
    ]
    if not wanted:
        raise EmptyInputError(path.name, "the zip holds no table that is read", "send the table")
    if len(wanted) > 1:
        raise UnreadableError(
            path.name, f"the zip holds {len(wanted)} tables: {', '.join(wanted)[:200]}", "send one"
        )
    with tempfile.TemporaryDirectory(prefix="qafila-") as folder:
        inside = PurePosixPath(wanted[0])
        target = Path(folder) / f"table{inside.suffix.lower()}"
        try:
            with zipfile.ZipFile(path) as archive, archive.open(wanted[0]) as source:
                _copy(source, target)
        except DAMAGED as error:
            raise UnreadableError(
                path.name, f"it is cut short or damaged ({error})", "send it again"
            ) from error
        if form_of(target) == "zip":
            raise UnreadableError(path.name, "a zip in a zip is not opened", "send the table")
        book = read_book(target)
        # The rows of a text file stream from the disk; this one is about to go.
        kept = tuple(replace(one, open_rows=held(list(one.open_rows()))) for one in book.tables)
    return replace(
        book,
        file=path.name,
        tables=kept,
        notes=(*book.notes, phrase("read {name}", name=inside.name)),
    )


def _copy(source: object, target: Path) -> None:
    left = MAX_UNPACKED_BYTES
    with target.open("wb") as out:
        while chunk := source.read(1 << 20):  # type: ignore[attr-defined]
            left -= len(chunk)
            if left < 0:
                raise TooLargeError(target.name, "it unpacks to too many bytes", "split it")
            out.write(chunk)


__all__ = ["Book", "Table", "read_book"]
