"""Times of a row: when something was reported or seen, and until when it holds."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from data.intake.cells.dates import either_way, moment
from geo.phrase import phrase

if TYPE_CHECKING:
    from datetime import date, datetime

    from data.intake.known import Known
    from data.intake.row import Row

#: A need runs out after this long and must be confirmed.
NEED_LASTS = timedelta(hours=48)
#: Clocks of phones may be wrong by so much.
CLOCKS_DIFFER = timedelta(hours=12)


def time_of(row: Row, field: str, known: Known) -> datetime | None:
    """Read a time in the order of its column; None where nothing is written or it is no time."""
    written = row.text(field)
    if not written:
        return None
    at = moment(written, zone=known.zone, order=row.order, year=known.now.year)
    if at is None:
        row.problem(field, phrase("a time such as 2023-09-10T14:00+01:00"))
    elif not row.order_settled and either_way(written):
        row.repair(
            phrase(
                "{written} was read as {at}, the day first",
                written=written,
                at=f"{at.astimezone(known.zone):%d %B %Y}",
            )
        )
    return at


def seen_at(row: Row, known: Known, field: str = "reported_at") -> datetime | None:
    """Read when something was seen: not in the future. A count does not run out as a need does."""
    at = time_of(row, field, known)
    if at is not None and at > known.now + CLOCKS_DIFFER:
        row.problem(
            field, phrase("a time that is not in the future"), phrase("is day and month swapped?")
        )
    return at


def reported_at(row: Row, known: Known) -> datetime | None:
    """Read when a need was reported: not in the future, and not so old that it has run out."""
    at = seen_at(row, known)
    if at is not None and at + NEED_LASTS <= known.now:
        row.question(
            "reported_at",
            phrase("a report of the last 48 hours"),
            phrase("ask whether it still holds, send it anew"),
        )
    return at


def day_of(row: Row, field: str, known: Known) -> date | None:
    """Read a day, such as the last one of a lot; None where nothing is written or it is no day."""
    at = time_of(row, field, known)
    return None if at is None else at.astimezone(known.zone).date()
