"""Dates as people write them; whether the day or the month stands first is settled per column."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Literal, TypeAlias

from geo.names import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

DateOrder: TypeAlias = Literal["dmy", "mdy"]

_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
_MONTHS = (
    "january|jan|janvier|janv|يناير|كانون الثاني|ⵉⵏⵏⴰⵢⵔ|enero",
    "february|feb|février|fév|fevr|فبراير|شباط|ⴱⵕⴰⵢⵕ|febrero",
    "march|mar|mars|مارس|آذار|ⵎⴰⵕⵚ|marzo",
    "april|apr|avril|avr|أبريل|ابريل|نيسان|ⵉⴱⵔⵉⵔ|abril",
    "may|mai|ماي|مايو|أيار|ⵎⴰⵢⵢⵓ|mayo",
    "june|jun|juin|يونيو|حزيران|ⵢⵓⵏⵢⵓ|junio",
    "july|jul|juillet|juil|يوليوز|يوليو|تموز|ⵢⵓⵍⵢⵓⵣ|julio",
    "august|aug|août|aout|غشت|أغسطس|آب|ⵖⵓⵛⵜ|agosto",
    "september|sept|sep|septembre|شتنبر|سبتمبر|أيلول|ⵛⵓⵜⴰⵏⴱⵉⵔ|septiembre",
    "october|oct|octobre|أكتوبر|اكتوبر|تشرين الأول|ⴽⵜⵓⴱⵔ|octubre",
    "november|nov|novembre|نونبر|نوفمبر|تشرين الثاني|ⵏⵓⵡⴰⵏⴱⵉⵔ|noviembre",
    "december|dec|décembre|déc|دجنبر|ديسمبر|كانون الأول|ⴷⵓⵊⴰⵏⴱⵉⵔ|diciembre",
)
_MONTH_OF = {
    plain(word): month for month, names in enumerate(_MONTHS, start=1) for word in names.split("|")
}
_CLOCK = (
    r"(?:[T,\s]\s*(?:à|at|الساعة)?\s*(?P<hour>\d{1,2})\s*(?:[:hH.]\s*(?P<minute>\d{2})?)"
    r"(?::(?P<second>\d{2})(?:\.\d+)?)?\s*(?P<half>[AaPp]\.?[Mm]\.?|[صم])?"
    r"(?P<zone>Z|[+-]\d{2}:?\d{2})?)?"
)
_NUMERIC = re.compile(
    rf"^(?P<a>\d{{1,4}})[/.\-\s](?P<b>\d{{1,2}})[/.\-\s](?P<c>\d{{1,4}}){_CLOCK}$"
)
_WORDED = re.compile(
    rf"^(?:\w+[.,]?\s+)??(?P<day>\d{{1,2}})(?:er|st|nd|rd|th)?[\s.\-/]+"
    rf"(?P<month>[^\W\d]+(?: [^\W\d]+)?)"
    rf"[.,]?[\s.\-/]+(?P<year>\d{{2,4}}){_CLOCK}$"
)
_MONTH_FIRST = re.compile(
    rf"^(?P<month>[^\W\d]+)\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}}){_CLOCK}$"
)
_SHORT = re.compile(r"^(?P<day>\d{1,2})[\s.\-/]+(?P<month>[^\W\d]+)\.?$")
_COMPACT = re.compile(r"^(20\d{2})(0[1-9]|1[0-2])([0-3]\d)$")
_SERIAL = re.compile(r"^(4[0-9]{4}|5[0-4][0-9]{3})(?:\.\d+)?$")
#: Day 0 of spreadsheets, with the leap day of 1900 that never was.
_SERIAL_START = datetime(1899, 12, 30)  # noqa: DTZ001
MAX_TEXT = 60


def moment(
    text: str, *, zone: tzinfo = UTC, order: DateOrder = "dmy", year: int | None = None
) -> datetime | None:
    """Read a date or time as UTC, or None; one without a zone is in `zone`.

    Read are ISO 8601, numbers in the `order` of their column, months in words of four languages,
    Arabic digits, and the serial numbers of spreadsheets. `year` completes "12 sept.".

    >>> moment("12/09/2023 14h30")
    datetime.datetime(2023, 9, 12, 14, 30, tzinfo=datetime.timezone.utc)
    >>> moment("١٢ شتنبر ٢٠٢٣") == moment("September 12, 2023") == moment("45181")
    True
    """
    written = " ".join(text.translate(_DIGITS).split())
    if not written or len(written) > MAX_TEXT:
        return None
    read = _iso(written) or _numbers(written, order) or _worded(written, year) or _serial(written)
    if read is None:
        return None
    try:
        return (read.replace(tzinfo=zone) if read.tzinfo is None else read).astimezone(UTC)
    except (OverflowError, ValueError):
        return None


def looks_like_date(text: str) -> bool:
    """Say whether a cell can be nothing but a date: a bare serial number can be anything."""
    written = " ".join(text.translate(_DIGITS).split())
    if len(written) < 5 or len(written) > MAX_TEXT or not any(map(str.isdigit, written)):
        return False
    if _SERIAL.match(written) or written.isdecimal():
        return bool(_COMPACT.match(written))
    return (
        _iso(written)
        or _numbers(written, "dmy")
        or _numbers(written, "mdy")
        or _worded(written, 2000)
    ) is not None


def date_order(cells: Iterable[str], *, now: datetime) -> tuple[DateOrder, bool]:
    """Settle for a whole column whether the day or the month stands first.

    A number above 12 decides; else the order under which no date lies in the future; else the day
    first, as in Morocco.

    Returns
    -------
    tuple
        The order, and whether the column itself decided it.

    >>> date_order(["04/09/2023", "09/13/2023"], now=datetime(2023, 10, 1, tzinfo=UTC))
    ('mdy', True)
    """
    first = second = future_day = future_month = seen = 0
    for cell in cells:
        found = _NUMERIC.match(" ".join(cell.translate(_DIGITS).split())[:MAX_TEXT])
        if found is None or len(found["a"]) == 4:
            continue
        one, two = int(found["a"]), int(found["b"])
        seen += 1
        first += one > 12 >= two
        second += two > 12 >= one
        for order in ("dmy", "mdy"):
            at = moment(cell, order=order)
            late = at is not None and at > now + timedelta(days=2)
            future_day += late and order == "dmy"
            future_month += late and order == "mdy"
    if first != second:
        return ("dmy", True) if first > second else ("mdy", True)
    if seen and future_day != future_month:
        return ("dmy", True) if future_day < future_month else ("mdy", True)
    return ("dmy", False)


def either_way(text: str) -> bool:
    """Say whether day and month of a date could stand the other way round."""
    found = _NUMERIC.match(" ".join(text.translate(_DIGITS).split())[:MAX_TEXT])
    if found is None or len(found["a"]) == 4:
        return False
    one, two = int(found["a"]), int(found["b"])
    return one <= 12 and two <= 12 and one != two


def _iso(written: str) -> datetime | None:
    if compact := _COMPACT.match(written):
        written = "-".join(compact.groups())
    if not written[:5].rstrip("-").isdecimal() or "-" not in written:
        return None
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        return None


def _numbers(written: str, order: DateOrder) -> datetime | None:
    found = _NUMERIC.match(written)
    if found is None:
        return None
    a, b, c = int(found["a"]), int(found["b"]), int(found["c"])
    if len(found["a"]) == 4:
        year, month, day = a, b, c
    elif len(found["a"]) > 2 or len(found["c"]) == 3 or len(found["c"]) == 1:
        return None
    else:
        day, month = (a, b) if order == "dmy" else (b, a)
        if month > 12 >= day:  # one line that is written the other way than its column
            day, month = month, day
        year = c
    return _built(found, year, month, day)


def _worded(written: str, year: int | None) -> datetime | None:
    found = _WORDED.match(written) or _MONTH_FIRST.match(written)
    if found is None and year is not None:
        found = _SHORT.match(written)
        if found is not None:
            month = _MONTH_OF.get(plain(found["month"]))
            return None if month is None else _date(year, month, int(found["day"]))
    if found is None:
        return None
    month = _MONTH_OF.get(plain(found["month"]))
    return None if month is None else _built(found, int(found["year"]), month, int(found["day"]))


def _serial(written: str) -> datetime | None:
    if not _SERIAL.match(written):
        return None
    return _SERIAL_START + timedelta(days=round(float(written) * 1_440) / 1_440)


def _date(year: int, month: int, day: int) -> datetime | None:
    try:
        return datetime(year, month, day)  # noqa: DTZ001  # the caller gives it the zone
    except ValueError:
        return None


def _built(found: re.Match[str], year: int, month: int, day: int) -> datetime | None:
    if year < 100:
        year += 2000
    at = _date(year, month, day)
    if at is None or not 1900 <= year <= 2200 or found["hour"] is None:
        return at if at is not None and 1900 <= year <= 2200 else None
    hour = int(found["hour"])
    half = (found["half"] or "").lower()[:1]
    if half in ("p", "م") and hour < 12:
        hour += 12
    elif half in ("a", "ص") and hour == 12:
        hour = 0
    zone = found["zone"]
    text = (
        f"{at:%Y-%m-%d}T{hour:02d}:{found['minute'] or '00'}:{found['second'] or '00'}{zone or ''}"
    )
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
