"""Cells: what a person wrote as a number, a coordinate or a time, turned into a value or None."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from decimal import Decimal, InvalidOperation

_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹٫٬", "01234567890123456789.,")
_LONE_GROUP = re.compile(r"^\d{1,3}[,.]\d{3}$")
_NUMBER = re.compile(r"^[+-]?(?:\d+(?:\.\d*)?|\.\d+)$")
_THOUSANDS = re.compile(
    r"^(?P<head>[+-]?\d{1,3})(?P<groups>(?P<mark>[ ,.'’\u00a0\u202f])\d{3}(?:(?P=mark)\d{3})*)"
    r"(?:(?!(?P=mark))[.,](?P<decimals>\d+))?$"
)


def number(text: str) -> Decimal | None:
    """Read a number as people write it, or None: Arabic digits, decimal comma, "2 000", "~40".

    A lone group of three digits after one comma or point ("2,000", "1.500") is a thousand: relief
    sheets count pieces. A range gives None: somebody must decide.

    >>> number("2 000"), number("٣٥"), number("3,5"), number("~40"), number("30-40")
    (Decimal('2000'), Decimal('35'), Decimal('3.5'), Decimal('40'), None)
    """
    written = text.translate(_DIGITS).strip().lstrip("~≈").removeprefix("env.").strip()
    if found := _THOUSANDS.match(written):
        written = found["head"] + found["groups"].replace(found["mark"], "")
        written += f".{found['decimals']}" if found["decimals"] else ""
    else:
        written = written.replace(",", ".")
    if not _NUMBER.match(written):
        return None
    try:
        return Decimal(written)
    except InvalidOperation:
        return None


def coordinate(text: str) -> float | None:
    """Read decimal degrees (point or comma), or None; a negative longitude is a number."""
    written = text.translate(_DIGITS).strip().rstrip("°").replace(",", ".")
    return float(written) if _NUMBER.match(written) else None


def ambiguous(text: str) -> bool:
    """Say whether a number could be read in two ways: "1,200" is 1200 here and 1.2 elsewhere."""
    return bool(_LONE_GROUP.match(text.translate(_DIGITS).strip().lstrip("~≈").strip()))


def moment(text: str, *, zone: tzinfo = UTC) -> datetime | None:
    """Read an ISO 8601 date or time as UTC, or None; one without a zone is in `zone`."""
    try:
        read = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return (read.replace(tzinfo=zone) if read.tzinfo is None else read).astimezone(UTC)
