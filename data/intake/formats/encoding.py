"""Encodings: how the bytes of a text file become letters, where nobody says how."""

from __future__ import annotations

import codecs
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geo.errors import UnreadableError
from geo.phrase import phrase

if TYPE_CHECKING:
    from pathlib import Path

_CHUNK = 1 << 20
_SAMPLE_BYTES = 200_000
_MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: In this order where two read the bytes equally well.
_LEGACY = ("cp1252", "cp1256", "iso8859_6", "mac_roman", "cp850", "cp720")
_LATIN = dict.fromkeys("éèàêçôîïûùâëÉÈÀÊÇÎ", 3.0) | dict.fromkeys(
    "ñáíóúüöäœÔÂÑ¿¡’«»°–—€…·‘“”²³", 2.0
)
_RUN = re.compile(r"[^\x00-\x7f]{3,}")
#: An Arabic letter beside a Latin one in the same word: the code page is wrong.
_MIXED = re.compile("[a-zA-Z][\u0621-\u0652]|[\u0621-\u0652][a-zA-Z]")
_ARABIC_WEIGHT = dict.fromkeys("اليمنرتوب", 3.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFile:
    """A text file looked through once: its hash, and how to read it."""

    sha256: str
    encoding: str
    errors: str = "strict"
    notes: tuple[str, ...] = ()


def look_through(path: Path) -> TextFile:
    """Find out how a text file is encoded, in one pass and in bounded memory.

    Byte marks are believed; else what reads as UTF-8 is UTF-8; else the code page is taken whose
    letters make words (Windows, Macintosh and DOS for French, Windows, ISO and DOS for Arabic).

    Raises
    ------
    UnreadableError
        It holds NUL bytes: it is a binary file, or was damaged on its way.
    """
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")()
    head, sample, nul_at, position, valid = b"", b"", None, 0, True
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            head = head or chunk[:_SAMPLE_BYTES]
            if nul_at is None and (at := chunk.find(b"\x00")) >= 0:
                nul_at = position + at
            if valid:
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError:
                    valid = False
            if len(sample) < _SAMPLE_BYTES and not chunk.isascii():
                sample += _high_lines(chunk)
            position += len(chunk)
    sha256 = digest.hexdigest()
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return _marked(path, sha256, encoding)
    if nul_at is not None:
        return TextFile(sha256=sha256, encoding=_without_mark(path, head, nul_at))
    if valid:
        return TextFile(sha256=sha256, encoding="utf-8")
    return _unmarked(sha256, sample)


def _marked(path: Path, sha256: str, encoding: str) -> TextFile:
    try:
        with path.open(encoding=encoding) as file:
            while file.read(_CHUNK):
                pass
    except UnicodeError as error:
        if encoding != "utf-8-sig":
            raise UnreadableError(
                path.name, f"broken {encoding.upper()} text", "export it again"
            ) from error
        note = phrase("some bytes are not UTF-8 and became �")
        return TextFile(sha256=sha256, encoding=encoding, errors="replace", notes=(note,))
    notes = () if encoding == "utf-8-sig" else (phrase("read as {goods}", goods=encoding),)
    return TextFile(sha256=sha256, encoding=encoding, notes=notes)


def _without_mark(path: Path, head: bytes, nul_at: int) -> str:
    """UTF-16 without its mark has a NUL in every second byte of Latin text."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    half = max(1, len(head) // 2)
    if odd / half > 0.3 and even / half < 0.05:
        return "utf-16-le"
    if even / half > 0.3 and odd / half < 0.05:
        return "utf-16-be"
    raise UnreadableError(
        path.name,
        f"a NUL byte at position {nul_at:,}: this is a binary file, or a damaged one",
        "export it again as CSV (UTF-8) or as a workbook",
    )


def _unmarked(sha256: str, sample: bytes) -> TextFile:
    text = sample.decode("utf-8", errors="replace")
    bad = text.count("\ufffd")
    good = sum(not char.isascii() for char in text) - bad
    if good > 10 * bad:
        note = phrase("some bytes are not UTF-8 and became �")
        return TextFile(sha256=sha256, encoding="utf-8", errors="replace", notes=(note,))
    encoding = max(_LEGACY, key=lambda one: _likeness(sample, one))
    return TextFile(
        sha256=sha256,
        encoding=encoding,
        errors="replace",
        notes=(phrase("read as {goods}", goods=encoding),),
    )


def _likeness(sample: bytes, encoding: str) -> float:
    """How much a reading looks like French or Arabic words, per letter beyond ASCII."""
    text = sample.decode(encoding, errors="replace")
    score = sum(map(_weight, text))
    # Latin words never have three letters with marks in a row.
    score -= sum(6 * len(run) for run in _RUN.findall(text) if not _is_arabic(run[1]))
    score -= 8 * len(_MIXED.findall(text))
    return score / max(1, sum(not char.isascii() for char in text))


def _weight(char: str) -> float:
    if char.isascii():
        return 0.0
    if _is_arabic(char):
        return _ARABIC_WEIGHT.get(char, 1.5)
    return _LATIN.get(char, 0.5 if char in "\u00a0\u202f" else -4.0)


def _is_arabic(char: str) -> bool:
    return "\u060c" <= char <= "\u066c"


def _high_lines(chunk: bytes) -> bytes:
    lines = (line for line in re.split(rb"[\r\n]", chunk) if not line.isascii())
    return b"\n".join(lines)[:_SAMPLE_BYTES] + b"\n"
