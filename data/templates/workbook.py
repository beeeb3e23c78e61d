"""An empty workbook to be filled in: titles, hashtags, lists to choose from, an example row.

The lists stand on a hidden sheet, which `data.intake` does not read; the example row begins with
the word for it and is left out there. Nothing is live: what looks like a formula is text.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from data.templates.columns import Column, Words

#: So many rows offer the lists and say what is needed.
ROWS = 2_000
#: Longest text of a list's entry, and of a hint (Excel shows 255 characters of it).
MAX_ENTRY, MAX_HINT, MAX_HINT_TITLE = 200, 250, 32
LISTS = "lists"
_NOT_IN_XML = re.compile(r"[\x00-\x1f\ud800-\udfff\ufffe\uffff]")
# A person who picks such an entry would enter a formula: it is not offered.
_FORMULA_BEGINS = ("=", "+", "-", "@")
_TITLE_COLOUR, _TAG_COLOUR, _EXAMPLE_COLOUR = "DDE6ED", "8A98A3", "6B7C8A"
_FORMATS = {"date": "yyyy-mm-dd", "moment": "yyyy-mm-dd hh:mm"}


def template_workbook(
    columns: Sequence[Column],
    words: Words,
    lists: Mapping[str, Sequence[str]],
    example: Mapping[str, Any],
    *,
    right_to_left: bool = False,
) -> bytes:
    """Write an empty workbook.

    Parameters
    ----------
    columns
        As of `data.templates.columns.COLUMNS`.
    words
        Of the language in which it is filled in.
    lists
        Name of a list → what may be chosen; places may be written otherwise too, the rest may not.
    example
        Field → what stands in the example row.
    """
    from openpyxl import Workbook
    from openpyxl.utils import get_column_letter

    book = Workbook()
    page = book.worksheets[0]
    page.title = re.sub(r"[\[\]:*?/\\']", " ", words.title)[:31].strip() or "sheet"
    page.sheet_view.rightToLeft = right_to_left
    _head(page, columns, words)
    first = page.max_row + 1
    page.freeze_panes = f"A{first}"
    ranges = _lists(book, {one.choices: lists.get(one.choices, ()) for one in columns})
    for at, column in enumerate(columns, start=1):
        letter = get_column_letter(at)
        page.column_dimensions[letter].width = max(12, min(34, len(words.fields[column.field]) + 4))
        if column.cell in _FORMATS:
            page.column_dimensions[letter].number_format = _FORMATS[column.cell]
        rule = _rule(column, words, ranges.get(column.choices, ""))
        rule.add(f"{letter}{first}:{letter}{first + ROWS - 1}")
        page.add_data_validation(rule)
    _example(page, first, columns, words, example)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _head(page: Any, columns: Sequence[Column], words: Words) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill

    for at, column in enumerate(columns, start=1):
        title = words.fields[column.field] + (" *" if column.needed else "")
        cell = page.cell(1, at, title[:1].upper() + title[1:])
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor=_TITLE_COLOUR)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        if column.tag:
            cell = page.cell(2, at, column.tag)
            cell.font = Font(color=_TAG_COLOUR, size=8)


def _lists(book: Any, lists: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Write the lists to a hidden sheet; gives name of a list → its range, as Excel writes it."""
    from openpyxl.utils import get_column_letter

    ranges: dict[str, str] = {}
    page = book.create_sheet(LISTS)
    page.sheet_state = "hidden"
    for name, entries in lists.items():
        offered = list(
            dict.fromkeys(
                clean
                for entry in entries
                if (clean := _NOT_IN_XML.sub(" ", entry)[:MAX_ENTRY].strip())
                and not clean.startswith(_FORMULA_BEGINS)
            )
        )
        if not name or not offered:
            continue
        at = len(ranges) + 1
        page.cell(1, at, name)
        for row, entry in enumerate(offered, start=2):
            page.cell(row, at, entry).data_type = "s"
        letter = get_column_letter(at)
        ranges[name] = f"{LISTS}!${letter}$2:${letter}${len(offered) + 1}"
    if not ranges:
        del book[LISTS]
    return ranges


def _rule(column: Column, words: Words, entries: str) -> Any:
    """Give what Excel checks in a column, and what it says of it."""
    from openpyxl.worksheet.datavalidation import DataValidation

    limits: dict[str, Any] = {"type": None}
    if column.cell in ("place", "choice") and entries:
        limits = {"type": "list", "formula1": entries}
    elif column.cell in ("number", "count"):
        kind = "whole" if column.cell == "count" else "decimal"
        limits = {"type": kind, "operator": "greaterThanOrEqual", "formula1": "0"}
    elif column.cell == "degrees":
        limits = {"type": "decimal", "operator": "between", "formula1": "-180", "formula2": "180"}
    elif column.cell in _FORMATS:
        # Days since 1900; this one is 1 January 2000.
        limits = {"type": "date", "operator": "greaterThanOrEqual", "formula1": "36526"}
    hint = words.hints.get(column.field, "")
    rule = DataValidation(
        allow_blank=True,
        # People may know better ("~40", a place that no list has): they are asked, not stopped.
        errorStyle="stop" if column.choices in ("class", "state", "work") else "warning",
        errorTitle=words.fields[column.field][:MAX_HINT_TITLE],
        error=hint[:MAX_HINT] or None,
        promptTitle=words.fields[column.field][:MAX_HINT_TITLE],
        prompt=hint[:MAX_HINT] or None,
        **limits,
    )
    rule.showInputMessage, rule.showErrorMessage = bool(hint), limits["type"] is not None
    return rule


def _example(
    page: Any, row: int, columns: Sequence[Column], words: Words, example: Mapping[str, Any]
) -> None:
    from openpyxl.styles import Font

    for at, column in enumerate(columns, start=1):
        value: Any = example.get(column.field)
        if at == 1:
            value = f"{words.example}: {value}"
        if isinstance(value, str):
            value = _NOT_IN_XML.sub(" ", value)[:MAX_ENTRY]
        cell = page.cell(row, at, _plain_time(value))
        if isinstance(value, str):
            cell.data_type = "s"
        cell.font = Font(italic=True, color=_EXAMPLE_COLOUR)


def _plain_time(value: datetime | Any) -> Any:
    """Give a time as workbooks hold it: on the clock of its zone, without the zone."""
    return value.replace(tzinfo=None) if hasattr(value, "tzinfo") else value
