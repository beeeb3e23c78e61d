"""Figures and moments as they are written on the screen: alike in all languages.

In a line that runs from right to left, digits that follow an Arabic word count as Arabic ones:
``2023-09-13`` is then shown as ``13-09-2023``, and ``8 170 992`` as ``992 170 8``. A left-to-right
mark before them keeps them in order (Unicode UAX #9, rules W2 and W7).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from dashboard.languages import RIGHT_TO_LEFT, language

UNKNOWN = "–"
MARK = "\u200e"


def in_order(text: str) -> str:
    """Keep the digits of `text` in order where the line runs from right to left."""
    return MARK + text if text and language() in RIGHT_TO_LEFT else text


def number(value: Any, digits: int = 0) -> str:
    """Write a number with thin spaces between thousands, or a dash where nobody knows."""
    if value is None or value != value:
        return UNKNOWN
    return in_order(f"{value:,.{digits}f}".replace(",", "\u202f"))


def share(value: Any) -> str:
    """Write a share of 0 to 1 in percent, or a dash where nobody knows."""
    return UNKNOWN if value is None or value != value else in_order(f"{value:.0%}")


def moment(at: datetime | str, timezone: str) -> str:
    """Write day and time in a time zone, ``2023-09-13 07:00``; a naive one as it stands."""
    return in_order(f"{_local(at, timezone):%Y-%m-%d %H:%M}")


def day(at: datetime | str, timezone: str) -> str:
    """Write the day in a time zone, ``2023-09-13``."""
    return in_order(f"{_local(at, timezone):%Y-%m-%d}")


def clock(at: datetime | str, timezone: str) -> str:
    """Write the time of day in a time zone, ``07:00``."""
    return in_order(f"{_local(at, timezone):%H:%M}")


def _local(at: datetime | str, timezone: str) -> datetime:
    told = datetime.fromisoformat(at) if isinstance(at, str) else at
    return told if told.tzinfo is None else told.astimezone(ZoneInfo(timezone))
