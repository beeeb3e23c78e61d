"""Tables for spreadsheets: what a person wrote stays text there, never a formula."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from geo.errors import InputError
from geo.written_file import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd

# https://owasp.org/www-community/attacks/CSV_Injection; a number such as -8.23 is no formula.
_FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n")
#: What sheets hold: https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3
MAX_TITLE, MAX_CELL = 31, 32_000
_NOT_IN_TITLES = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def csv_text(frame: pd.DataFrame) -> str:
    """Write a frame as CSV: times as ISO 8601 in UTC, text that looks like a formula as text."""
    safe = frame.copy()
    for name in safe.columns:
        if safe[name].dtype == object or str(safe[name].dtype) in {"str", "string"}:
            # As objects: a whole number beside a gap would come back with a fraction.
            cells = [_safe(value) for value in safe[name]]
            safe[name] = safe[name].__class__(cells, index=safe.index, dtype=object)
    return str(safe.to_csv(index=False, date_format="%Y-%m-%dT%H:%M:%SZ", lineterminator="\r\n"))


def workbook_bytes(
    frame: pd.DataFrame,
    title: str,
    *,
    tags: Sequence[str] = (),
    about: Mapping[str, str] | None = None,
) -> bytes:
    """Write a frame as a workbook: numbers as numbers, all other cells as text.

    Parameters
    ----------
    tags
        HXL hashtags of the columns, written below their titles.
    about
        What is said of the table as a whole, on a second sheet.
    """
    import io

    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    sheet = book.create_sheet(_NOT_IN_TITLES.sub(" ", title)[:MAX_TITLE].strip() or "table")
    sheet.freeze_panes = "A3" if tags else "A2"
    head = [WriteOnlyCell(sheet, value=_cell(str(name))) for name in frame.columns]
    for cell in head:
        cell.font = Font(bold=True)
    sheet.append(head)
    if tags:
        sheet.append(list(tags))
    for row in frame.itertuples(index=False, name=None):
        sheet.append([_cell(value) for value in row])
    if about:
        page = book.create_sheet("about")
        for name, told in about.items():
            page.append([_cell(name), _cell(told)])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _cell(value: Any) -> Any:
    """Give what openpyxl writes for a value: no formula, no character that XML cannot hold."""
    if value is None or value != value:
        return None
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, str):
        return _safe(_NOT_IN_XML.sub("", value)[:MAX_CELL])
    return value.item() if hasattr(value, "item") else value


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame to a CSV file that spreadsheets open with its accents."""
    write_whole(path, csv_text(frame).encode("utf-8-sig"))


def xlsx_bytes(frame: pd.DataFrame, *, sheet: str = "Sheet1") -> bytes:
    """Write a frame as a workbook: a bold, frozen header; text is text, whatever it looks like."""
    import io

    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    page = book.create_sheet(sheet[:31])
    page.freeze_panes = "A2"
    head = [WriteOnlyCell(page, str(name)) for name in frame.columns]
    for cell in head:
        cell.font = Font(bold=True)
    page.append(head)
    for row in frame.itertuples(index=False):
        page.append([_workbook_cell(page, value) for value in row])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def write_any(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame as a workbook or as CSV, as the file's name ends."""
    if path.suffix.lower() not in (".csv", ".xlsx"):
        raise InputError(path.name, "a name that ends in .csv or .xlsx is needed", "correct it")
    if path.suffix.lower() == ".xlsx":
        write_whole(path, xlsx_bytes(frame))
    else:
        write_table(frame, path)


def _workbook_cell(page: Any, value: Any) -> Any:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    if not isinstance(value, str):
        return value
    cell = WriteOnlyCell(page, ILLEGAL_CHARACTERS_RE.sub("", value)[:32_767])
    cell.data_type = "s"  # never a formula
    return cell


def _safe(value: Any) -> Any:
    if not isinstance(value, str) or not value.startswith(_FORMULA_BEGINS):
        return value
    try:
        float(value)
    except ValueError:
        return "'" + value
    return value
