"""What a file is, told from its first bytes: its name may say anything."""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING

from data.intake.formats.guards import DAMAGED
from geo.errors import EmptyInputError, UnreadableError

if TYPE_CHECKING:
    from pathlib import Path

HEAD_BYTES = 65_536

#: First bytes → what a person would call the file; none of these is a table.
_NO_TABLES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"%PDF", "a PDF document"),
    (b"{\\rtf", "a text document (RTF)"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"PAR1", "a Parquet file"),
    (b"OggS", "a sound file"),
    (b"ID3", "a sound file"),
)
_CFB = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_DOCUMENT = "WordDocument".encode("utf-16-le")
_GEOJSON = re.compile(rb'"type"\s*:\s*"(?:FeatureCollection|Feature)"')


def form_of(path: Path) -> str:
    """Tell a file's format: xlsx, xls, ods, zip, kmz, gpkg, kml, geojson, json or text.

    Raises
    ------
    UnreadableError
        It is missing, or certainly no table; the message says what it is instead.
    EmptyInputError
        It holds no byte.
    """
    head = _head(path)
    if not head.strip():
        raise EmptyInputError(path.name, "the file is empty", "check the export")
    for magic, words in _NO_TABLES:
        if head.startswith(magic):
            raise UnreadableError(
                path.name,
                f"this is {words}, a table is needed",
                "send the spreadsheet or CSV itself",
            )
    if head.startswith(b"PK\x03\x04"):
        return _zip_form(path)
    if head.startswith(b"PK\x05\x06"):
        raise EmptyInputError(path.name, "the zip holds nothing", "check the export")
    if head.startswith(_CFB):
        return _compound_form(path)
    if head.startswith(b"SQLite format 3\x00"):
        return "gpkg"
    return _text_form(head)


def _head(path: Path) -> bytes:
    if not path.is_file():
        raise UnreadableError(str(path), "no such file", "check the path")
    try:
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except OSError as error:
        raise UnreadableError(path.name, "the file cannot be read", "check its rights") from error


def _zip_form(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except DAMAGED as error:
        raise UnreadableError(
            path.name, f"it is cut short or damaged ({error})", "send it again"
        ) from error
    if "xl/workbook.xml" in names or "xl/workbook.bin" in names:
        return "xlsx" if "xl/workbook.xml" in names else "xlsb"
    if "content.xml" in names and "mimetype" in names:
        return "ods"
    if any(name.startswith("word/") for name in names):
        raise UnreadableError(
            path.name, "this is a text document, a table is needed", "copy its table into a sheet"
        )
    return "kmz" if any(name.lower().endswith(".kml") for name in names) else "zip"


def _compound_form(path: Path) -> str:
    data = path.read_bytes()
    if _ENCRYPTED in data:
        raise UnreadableError(
            path.name,
            "the workbook is protected by a password",
            "take the password off (File, Info, Protect) and send it again",
        )
    if _DOCUMENT in data:
        raise UnreadableError(
            path.name, "this is a text document, a table is needed", "copy its table into a sheet"
        )
    return "xls"


def _text_form(head: bytes) -> str:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start[:1] in (b"{", b"["):
        return "geojson" if start[:1] == b"{" and _GEOJSON.search(head) else "json"
    if start[:1] == b"<":
        low = start[:2_000].lower()
        if b"<kml" in low:
            return "kml"
        if b"urn:schemas-microsoft-com:office:spreadsheet" in low:
            return "xml"
        return "markup"
    return "text"
