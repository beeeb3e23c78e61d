"""In which encoding the text of a shapefile's table really is.

A `.dbf` says it in a `.cpg` beside it, in one byte of its header, or not at all, and what it says
is often wrong: Moroccan tables come in UTF-8, Windows-1252 (French) and Windows-1256 (Arabic).
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

import numpy as np

from geo.errors import UnreadableError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

# Language driver byte of dBASE: the few that occur here (ESRI, "dBASE file language driver", 2016).
DRIVER_BYTES = {0x03: "cp1252", 0x57: "cp1252", 0x58: "cp1252", 0x7E: "cp1256", 0x4D: "cp936"}
# Text is looked at up to this many rows; an encoding does not change inside a table.
MAX_ROWS = 20_000
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")


def dbf_encoding(dbf: Path, cpg: Path | None) -> tuple[str, str]:
    """Encoding of a `.dbf`, and a note where it is not the declared one (else "").

    UTF-8 that decodes without a fault is taken for UTF-8, whatever was declared: by chance that
    happens to no text of another encoding. Otherwise it is Windows-1256 if the bytes above 127
    stand in runs as in Arabic words, then what was declared if that can be true, then Windows-1252.

    Raises
    ------
    UnreadableError
        The table is damaged.
    """
    declared = _declared(dbf, cpg)
    texts = _texts(dbf)
    high = [text for text in texts if max(text, default=0) > 127]
    if not high:
        return declared or "utf-8", ""
    if all(_decodes(text, "utf-8") for text in high):
        found = "utf-8"
    elif _looks_arabic(high) and declared not in {"cp1256", "iso8859-6"}:
        found = "cp1256"
    elif declared and declared != "utf-8" and all(_decodes(text, declared) for text in high):
        found = declared
    else:
        found = next(name for name in ("cp1252", "cp1256") if all(_decodes(t, name) for t in high))
    if found == declared:
        return found, ""
    return found, f"text read as {found}, " + (
        f"not as {declared} as it declares" if declared else "the file does not say its encoding"
    )


def mend_cut_letters(dbf: Path, target: Path) -> int:
    """Copy a table in UTF-8 without the halves of letters at the end of texts that were too long.

    Returns how many texts were mended; nothing is written if there are none.
    """
    data = np.fromfile(dbf, dtype=np.uint8)
    rows, columns = _rows(data, dbf)
    n_mended = 0
    for start, end in columns:
        # Only a text that fills its column can be cut, and only a letter of several bytes.
        for row in np.flatnonzero(rows[:, end - 1] > 127):
            text = rows[row, start:end].tobytes()
            whole = len(text.decode("utf-8", "ignore").encode())
            if whole < len(text):
                rows[row, start + whole : end] = ord(" ")
                n_mended += 1
    if n_mended:
        data.tofile(target)
    return n_mended


def _declared(dbf: Path, cpg: Path | None) -> str:
    if cpg is not None:
        written = cpg.read_bytes()[:40].decode("ascii", "ignore").strip().lower()
        written = re.sub(r"^(ansi |oem )?(?=125\d$)", "cp", written)
        try:
            return codecs.lookup("iso8859-1" if written == "88591" else written).name
        except LookupError:
            return ""
    with dbf.open("rb") as stream:
        header = stream.read(32)
    return DRIVER_BYTES.get(header[29], "") if len(header) == 32 else ""


def _texts(dbf: Path) -> list[bytes]:
    """Distinct values of the text columns, without the blanks that fill them."""
    rows, columns = _rows(np.memmap(dbf, dtype=np.uint8, mode="r"), dbf)
    rows = rows[:MAX_ROWS]
    values: set[bytes] = set()
    for start, end in columns:
        block = np.ascontiguousarray(rows[:, start:end])
        values.update(row.tobytes().rstrip(b" \0") for row in block)
    return list(values)


def _rows(data: NDArray[np.uint8], dbf: Path) -> tuple[NDArray[np.uint8], list[tuple[int, int]]]:
    """Rows of a table as a (rows, bytes) view of `data`, and where its text columns lie in them."""
    if len(data) < 33:
        raise _damaged(dbf)
    header = data[:12].tobytes()
    n_rows = int.from_bytes(header[4:8], "little")
    start, width = int.from_bytes(header[8:10], "little"), int.from_bytes(header[10:12], "little")
    if start < 33 or start > len(data) or not width:
        raise _damaged(dbf)
    n_rows = min(n_rows, (len(data) - start) // width)
    columns = []
    offset = 1  # the first byte of a row says whether it is deleted
    for field in range(32, start - 1, 32):
        described = data[field : field + 32].tobytes()
        if described[:1] == b"\r" or len(described) < 32:
            break
        length = described[16]
        if described[11:12] == b"C":
            columns.append((offset, min(offset + length, width)))
        offset += length
    return data[start : start + n_rows * width].reshape(n_rows, width), columns


def _decodes(text: bytes, encoding: str) -> bool:
    try:
        # A long text is cut at the width of its column, in UTF-8 perhaps inside a letter.
        decoder = codecs.getincrementaldecoder(encoding)()
        decoder.decode(text, final=False)
    except UnicodeDecodeError:
        return False
    return True


def _looks_arabic(texts: list[bytes]) -> bool:
    """Whether most bytes above 127 stand in runs of three: French accents stand alone."""
    runs = [len(run) for text in texts for run in _HIGH_RUN.findall(text)]
    return sum(length for length in runs if length >= 3) > sum(runs) / 2


def _damaged(dbf: Path) -> UnreadableError:
    return UnreadableError(
        dbf.name, "the table of the shapefile is damaged", "copy or download it again"
    )
