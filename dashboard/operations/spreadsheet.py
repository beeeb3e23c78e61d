"""Tables for spreadsheets: what a person wrote stays text there, never a formula."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
            safe[name] = safe[name].map(_safe, na_action="ignore")
    return str(safe.to_csv(index=False, date_format="%Y-%m-%dT%H:%M:%SZ", lineterminator="\r\n"))


def workbook_bytes(frame: pd.DataFrame, title: str) -> bytes:
    """Write a frame as a workbook of one sheet: numbers as numbers, all other cells as text."""
    import io

    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    sheet = book.create_sheet(_NOT_IN_TITLES.sub(" ", title)[:MAX_TITLE].strip() or "table")
    sheet.freeze_panes = "A2"
    head = [WriteOnlyCell(sheet, value=_cell(str(name))) for name in frame.columns]
    for cell in head:
        cell.font = Font(bold=True)
    sheet.append(head)
    for row in frame.itertuples(index=False, name=None):
        sheet.append([_cell(value) for value in row])
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
    path.write_text(csv_text(frame), encoding="utf-8-sig", newline="")


def _safe(value: Any) -> Any:
    if not isinstance(value, str) or not value.startswith(_FORMULA_BEGINS):
        return value
    try:
        float(value)
    except ValueError:
        return "'" + value
    return value
