"""Tables for spreadsheets: what a person wrote stays text there, never a formula."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

# https://owasp.org/www-community/attacks/CSV_Injection; a number such as -8.23 is no formula.
_FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_text(frame: pd.DataFrame) -> str:
    """Write a frame as CSV: times as ISO 8601 in UTC, text that looks like a formula as text."""
    safe = frame.copy()
    for name in safe.columns:
        if safe[name].dtype == object or str(safe[name].dtype) in {"str", "string"}:
            safe[name] = safe[name].map(_safe, na_action="ignore")
    return str(safe.to_csv(index=False, date_format="%Y-%m-%dT%H:%M:%SZ", lineterminator="\r\n"))


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
