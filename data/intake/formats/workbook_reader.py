"""Reads a workbook in a process of its own, with a limit on memory: run as a script by `workbook`.

The reader is native code that lays out every sheet at once; whatever a hostile file makes it do
ends with this process. It writes one JSON value a line: sheets, and then their rows.
"""

from __future__ import annotations

import datetime as dt
import json
import resource
import sys
from typing import Any

MAX_MEMORY_BYTES = 1_500_000_000
MAX_CPU_S = 120


def main(path: str, max_grid: int) -> None:
    """Write the sheets of the workbook at `path` to the standard output."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_S, MAX_CPU_S))
    import python_calamine

    out = sys.stdout
    try:
        workbook = python_calamine.CalamineWorkbook.from_path(path)
        for meta in workbook.sheets_metadata:
            if meta.typ != python_calamine.SheetTypeEnum.WorkSheet:
                _say(out, {"skipped": meta.name, "why": "no cells"})
                continue
            if meta.visible != python_calamine.SheetVisibleEnum.Visible:
                _say(out, {"skipped": meta.name, "why": "hidden"})
                continue
            sheet = workbook.get_sheet_by_name(meta.name)
            if sheet.height * sheet.width > max_grid:
                _say(out, {"too_large": meta.name, "rows": sheet.height, "columns": sheet.width})
                return
            _write_sheet(out, sheet)
    except python_calamine.PasswordError:
        _say(out, {"password": True})
    except (python_calamine.CalamineError, ValueError, OverflowError, OSError) as error:
        _say(out, {"error": str(error)[:300]})
    out.flush()


def _write_sheet(out: Any, sheet: Any) -> None:
    merged = [[list(start), list(end)] for start, end in sheet.merged_cell_ranges or ()]
    first_row = sheet.start[0] if sheet.start else 0
    first_column = sheet.start[1] if sheet.start else 0
    rows = sheet.to_python(skip_empty_area=True)
    _say(out, {"sheet": sheet.name, "merged": merged[:20_000], "rows": len(rows)})
    for number, row in enumerate(rows, start=first_row + 1):
        if any(cell != "" and cell is not None for cell in row):
            _say(out, [number, *[""] * first_column, *map(_text, row)])


def _text(cell: Any) -> str:
    """A cell as a person would write it; dates in ISO 8601, whole numbers without a point."""
    if cell is None or isinstance(cell, str):
        return cell or ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, dt.datetime):
        midnight = cell.time() == dt.time()
        return cell.date().isoformat() if midnight else cell.isoformat(timespec="minutes")
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    return str(cell)


def _say(out: Any, value: Any) -> None:
    out.write(json.dumps(value, ensure_ascii=True))
    out.write("\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
