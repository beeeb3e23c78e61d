"""The desk as of an earlier moment: everything can be looked at, nothing can be changed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from dashboard.operations.past import PastSituation, read_moment
from dashboard.operations.situation import utc_now
from dashboard.role_desk import LOOKING
from dashboard.situation_desk import SituationDesk

if TYPE_CHECKING:
    from dashboard.operations.past import Known
    from dashboard.operations.situation import Situation


class PastDesk(SituationDesk):
    """What was known at an event, for every page; the desk of now stays open.

    Raises `UnknownIdError` or `InputError` where there is no such moment.
    """

    def __init__(self, below: SituationDesk, moment: str) -> None:
        super().__init__(below.home)
        present = below.situation()
        # By the clock of the ledger, as at the command line.
        at = read_moment(moment, "as-of", now=utc_now(), timezone=present.info().timezone)
        self._past = PastSituation(present, at, keep_below=True)

    def situation(self) -> Situation:
        """Give the situation as it was known then."""
        return self._past

    def close(self) -> None:
        """Release the memory; who looks at it meanwhile holds it."""
        self._past.close()

    def may(self, method: str) -> bool:
        """Nothing of the past may be changed."""
        return method in LOOKING

    def known(self) -> Known | None:
        """Up to where this desk knows."""
        return self._past.known

    def as_of(self, moment: str) -> SituationDesk:
        """Nobody looks from the past into another one."""
        return self


class PastDesks:
    """The few earlier moments that somebody looks at now; each costs its replay once."""

    def __init__(self, *, keep: int = 3) -> None:
        self._keep = keep
        self._made: dict[int, PastDesk] = {}
        self._lock = threading.Lock()

    def at(self, below: SituationDesk, moment: str) -> PastDesk:
        """Give the desk as of a moment: an event's number, or a time as people say it."""
        with self._lock:
            number = int(moment) if moment.isdecimal() and len(moment) < 16 else None
            found = None if number is None else self._made.pop(number, None)
            if found is None:
                found = PastDesk(below, moment)
                known = found.known()
                number = 0 if known is None else known.seq
            # The newest last; the one that nobody asked for longest goes.
            self._made[number or 0] = found
            while len(self._made) > self._keep:
                del self._made[next(iter(self._made))]
            return found
