"""Numbers as people write them: Arabic digits, decimal comma, "2 000", "~40", "30-40"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹٫٬−", "01234567890123456789.,-")
_LONE_GROUP = re.compile(r"^[+-]?\d{1,3}[,.]\d{3}$")
_NUMBER = re.compile(r"^[+-]?(?:\d+(?:\.\d*)?|\.\d+)$")
_THOUSANDS = re.compile(
    r"^(?P<head>[+-]?\d{1,3})(?P<groups>(?P<mark>[ ,.'’\u00a0\u202f])\d{3}(?:(?P=mark)\d{3})*)"
    r"(?:(?!(?P=mark))[.,](?P<decimals>\d+))?$"
)
_ABOUT = re.compile(
    r"^(?:~|≈|±|\+/-|environ|env\.?|about|around|approximately|approx\.?|circa|ca\.?|presque|"
    r"حوالي|تقريبا|نحو|ⴰⵜⵜⴰⵢⵏ)\s*",
    re.IGNORECASE,
)
_AFTER = re.compile(r"\s*(?:\+|approx\.?|environ|تقريبا)$", re.IGNORECASE)
_RANGE = re.compile(
    r"^(?:entre|between|de|from|من|بين)?\s*(?P<low>[\d ,.]+?)\s*(?:-|–|—|à|to|et|and|إلى|الى|و)\s*"
    r"(?P<high>[\d ,.]+)$",
    re.IGNORECASE,
)
MAX_TEXT = 60


@dataclass(frozen=True, slots=True)
class Range:
    """Two numbers between which somebody puts the true one."""

    low: Decimal
    high: Decimal


def number(text: str) -> Decimal | None:
    """Read a number as people write it, or None: Arabic digits, decimal comma, "2 000", "~40".

    A lone group of three digits after one comma or point ("2,000", "1.500") is a thousand: relief
    sheets count pieces. A range gives None: somebody must decide.

    >>> number("2 000"), number("٣٥"), number("3,5"), number("~40"), number("30-40")
    (Decimal('2000'), Decimal('35'), Decimal('3.5'), Decimal('40'), None)
    """
    if not text or len(text) > MAX_TEXT:
        return None
    written = _AFTER.sub("", _ABOUT.sub("", text.translate(_DIGITS).strip()))
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


def number_range(text: str) -> Range | None:
    """Read "30-40", "30 à 40", "between 30 and 40"; None where it is no range.

    >>> number_range("30 à 40")
    Range(low=Decimal('30'), high=Decimal('40'))
    """
    found = _RANGE.match(text.translate(_DIGITS).strip()) if len(text) <= MAX_TEXT else None
    if found is None:
        return None
    low, high = number(found["low"].strip()), number(found["high"].strip())
    return Range(low, high) if low is not None and high is not None and low < high else None


def about(text: str) -> bool:
    """Say whether somebody wrote that a number is not exact: "~40", "environ 40", "40+"."""
    written = text.translate(_DIGITS).strip()
    return bool(_ABOUT.match(written) or _AFTER.search(written))


def coordinate(text: str) -> float | None:
    """Read decimal degrees (point or comma), or None; a negative longitude is a number."""
    written = text.translate(_DIGITS).strip().rstrip("°").replace(",", ".")
    return float(written) if len(written) <= MAX_TEXT and _NUMBER.match(written) else None


def ambiguous(text: str) -> bool:
    """Say whether a number could be read in two ways: "1,200" is 1200 here and 1.2 elsewhere."""
    return bool(_LONE_GROUP.match(_ABOUT.sub("", text.translate(_DIGITS).strip())))
