"""The day at which a satellite looked, as written in attribute tables and layer names.

Dates are read without guessing: ISO, ``dd/mm/yyyy``, ``yyyymmdd`` and milliseconds since 1970.
Day and month are swapped back only where the date as written cannot be and the swapped one can.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from datetime import datetime

DATE_TYPE = "datetime64[us, UTC]"
DAY_IN_NAME = re.compile(r"(20\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?!\d)")
# A majority is clear when this share of the dates lies within so many days of the commonest one.
CLEAR_MAJORITY = 0.8
MAJORITY_DAYS = 15
MILLISECONDS_FROM = 100_000_000_000


def parse_dates(values: pd.Series) -> tuple[pd.Series, int]:
    """Read a column of dates as UTC; give it (NaT where missing) and how many were unreadable."""
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return values.dt.tz_convert("UTC").astype(DATE_TYPE), 0
    if np.issubdtype(getattr(values.dtype, "type", object), np.datetime64):
        return values.dt.tz_localize("UTC").astype(DATE_TYPE), 0
    text = values.astype("str").fillna("").str.strip().replace({"None": "", "nan": "", "NaT": ""})
    text = text.str.replace(r"\.0$", "", regex=True)
    digits = text.str.fullmatch(r"\d+")
    milliseconds = pd.to_numeric(text.where(digits), errors="coerce")
    milliseconds = milliseconds.where(milliseconds >= MILLISECONDS_FROM)
    found = pd.to_datetime(milliseconds, unit="ms", errors="coerce", utc=True).astype(DATE_TYPE)
    words = text.where(milliseconds.isna(), "")
    for form in ("%Y%m%d", "ISO8601", "%d/%m/%Y", "%Y/%m/%d"):
        read = pd.to_datetime(words, format=form, errors="coerce", utc=True).astype(DATE_TYPE)
        found = found.where(found.notna(), read)
    return found, int((found.isna() & (text != "")).sum())


def swap_back(
    dates: pd.Series, *, window: tuple[datetime, datetime] | None = None
) -> tuple[pd.Series, int]:
    """Put day and month right where only the swapped date can be true.

    Parameters
    ----------
    dates
        UTC dates, NaT where unknown.
    window
        First and last day at which the imagery can have been taken. Without it, fifteen days
        around the commonest date, if four fifths of all dates lie there; else nothing is touched.

    Returns
    -------
    tuple
        The dates on the same index, and how many were swapped.
    """
    first, last = window if window is not None else _majority_window(dates)
    if first is None or last is None:
        return dates, 0
    swapped = _swapped(dates)
    outside = dates.notna() & ~dates.between(first, last)
    wrong = outside & swapped.notna() & swapped.between(first, last)
    return dates.where(~wrong, swapped), int(wrong.sum())


def date_in_text(text: pd.Series) -> pd.Series:
    """The day written as ``yyyymmdd`` in a layer name such as ``PL_20230910_…``; NaT if none."""
    found = text.str.extract(DAY_IN_NAME, expand=False)
    return pd.to_datetime(found, format="%Y%m%d", errors="coerce", utc=True).astype(DATE_TYPE)


def _majority_window(dates: pd.Series) -> tuple[datetime | None, datetime | None]:
    known = dates.dropna()
    if known.empty:
        return None, None
    commonest = known.mode().iloc[0]
    span = pd.Timedelta(days=MAJORITY_DAYS)
    first, last = commonest - span, commonest + span
    if known.between(first, last).mean() < CLEAR_MAJORITY:
        return None, None
    return first, last


def _swapped(dates: pd.Series) -> pd.Series:
    parts = pd.DataFrame({"year": dates.dt.year, "month": dates.dt.day, "day": dates.dt.month})
    return pd.to_datetime(parts, errors="coerce", utc=True).astype(DATE_TYPE)
