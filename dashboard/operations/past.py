"""The past of a situation: what was known at a moment, and how people say which one.

A `PastSituation` is a `Situation` whose ledger ends at an event. Every use case that reads reads it
like any other; one that records something is refused by its store.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

from dashboard.operations.situation import Situation
from geo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from data.store.past import PastStore

Value = TypeVar("Value")

#: What is made of loaded files alone and takes long: the same at every moment that knows the files.
TIMELESS = frozenset({"roads", "graph", "engine", "shakemap", "document"})

#: A time with microseconds and zone has 32 characters.
MAX_MOMENT_LENGTH = 40

_CLOCK = re.compile(r"(?:(today|yesterday)\s+)?(\d{1,2}):(\d{2})", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Up to where a past situation knows: event `seq` at `moment`; `later` events are left out."""

    seq: int
    moment: datetime
    later: int


class PastSituation(Situation):
    """What was known of a situation; close it, or use it in a ``with`` block.

    Parameters
    ----------
    below
        The situation of now.
    moment
        The last event that counts, or a time with its zone.
    keep_below
        Whether `below` stays open when this one is closed.

    Raises
    ------
    UnknownIdError
        There is no such event.
    InputError
        The time is before the situation began.
    """

    def __init__(
        self, below: Situation, moment: int | datetime, *, keep_below: bool = False
    ) -> None:
        past: PastStore = below.store.as_of(moment)
        super().__init__(below.home, past)
        self._below = below
        self._keep_below = keep_below
        head = past.head()
        self.known = Known(
            seq=head.seq,
            moment=moment if isinstance(moment, datetime) else head.recorded_at,
            later=below.store.seq() - head.seq,
        )

    def close(self) -> None:
        """Release the memory, and the situation of now unless that is somebody else's."""
        super().close()
        if not self._keep_below:
            self._below.close()

    def now(self) -> datetime:
        """Give the moment that counted as now: needs expire and closures end by it."""
        return self.info().plays_at or self.known.moment

    def remember(self, key: tuple[object, ...], make: Callable[[], Value]) -> Value:
        """Give the value made earlier under `key`, or make it; roads are shared with the present.

        Everything else may hang on the moment.
        """
        if key and key[0] in TIMELESS:
            return self._below.remember(key, make)
        return super().remember(key, make)


def read_moment(text: str, option: str, *, now: datetime, timezone: str) -> int | datetime:
    """Read a moment as people say it: an event's number, or a time, given in UTC.

    Parameters
    ----------
    text
        ``412``, ``2023-09-10T14:00+01:00`` (without a zone the situation's is meant), ``14:00``,
        ``today 14:00``, ``yesterday 14:00`` or ``now``.
    now
        What ``now``, ``today`` and ``yesterday`` are reckoned from.
    timezone
        The situation's zone.

    Raises
    ------
    InputError
        It is none of these.
    """
    said = " ".join(text.split())
    zone = ZoneInfo(timezone)
    if re.fullmatch(r"[0-9]{1,15}", said):
        return int(said)
    if said.lower() == "now":
        return now
    try:
        if len(said) > MAX_MOMENT_LENGTH:
            # The parser below takes any digits for a date and a time.
            raise ValueError(said[:MAX_MOMENT_LENGTH])
        if clock := _CLOCK.fullmatch(said):
            day, hour, minute = clock.groups()
            date = now.astimezone(zone).date()
            if day and day.lower() == "yesterday":
                date -= timedelta(days=1)
            local = datetime(date.year, date.month, date.day, int(hour), int(minute), tzinfo=zone)
            return local.astimezone(now.tzinfo)
        moment = datetime.fromisoformat(said)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        return moment.astimezone(now.tzinfo)
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"{option} {text[:80]!r}",
            "a time such as 2023-09-10T14:00+01:00, 'yesterday 14:00' or '14:00', "
            "or the number of an event, is needed",
            "correct it",
        ) from error
