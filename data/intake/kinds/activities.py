"""Activities: an organisation says what it plans, does or has done for a place (3W, 4W, 5W)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from data.events import ActivityReported, ActivityStatus, Event
from data.intake.amounts import read_amount
from data.intake.cells.numbers import ambiguous, number
from data.intake.cells.words import work_state
from data.intake.items import find_item
from data.intake.placing import events_of, place_of
from data.intake.row import Row, TakenRow
from data.intake.times import seen_at, time_of
from geo.model import new_id
from geo.phrase import phrase

if TYPE_CHECKING:
    from decimal import Decimal

    from data.intake.known import Known
    from geo.model import Item

#: Of each group one column is needed.
NEEDED = (
    ("place_id", "place", "lon", "position"),
    ("implementer", "organisation"),
    ("item", "description", "activity", "sector"),
)
MOST_PEOPLE = 10_000_000
_LONGEST = 200


def take_activity(row: Row, known: Known) -> TakenRow:
    """Read one line of who does what where.

    What is handed out need not be an item that is known here: then its words are kept. A number
    that is not understood is left out with a note; who and where are needed.
    """
    place_id, score = place_of(row, known)
    actor = _short(row.text("implementer") or row.text("organisation"))
    if not actor:
        row.problem("implementer", phrase("who does it"))
    words = row.text("item") or row.text("description")
    match = find_item(words) if words else None
    item = known.items.get(match.item_id) if match is not None else None
    quantity = _quantity(row, item)
    status = _status(row)
    starts_at, ends_at = time_of(row, "start_at", known), time_of(row, "end_at", known)
    if starts_at and ends_at and ends_at < starts_at:
        row.problem(
            "end_at", phrase("a day after the work begins"), phrase("are the two dates swapped?")
        )
    at = seen_at(row, known)
    report = row.report(place_id, score)
    if report.problems or place_id is None:
        return TakenRow(report=report)
    event = ActivityReported(
        activity_id=new_id("activity"),
        place_id=place_id,
        actor=actor,
        funder=_short(row.text("funder")),
        sector=_short(row.text("sector")),
        activity=_short(" / ".join(part for part in (row.text("activity"), words) if part)),
        item_id=item.item_id if item else None,
        quantity=quantity,
        unit=item.unit if item and quantity is not None else None,
        status=status,
        starts_at=starts_at,
        ends_at=ends_at,
        people_reached=_people(row, "reached"),
        households=_people(row, "households"),
        written_place=row.text("place")[:_LONGEST],
        match_score=score,
        note=row.text("note")[:2_000],
    )
    events: tuple[Event, ...] = (*events_of(place_id, known), event)
    # Notes on numbers came after the report was made.
    return TakenRow(report=row.report(place_id, score), events=events, reported_at=at)


def _quantity(row: Row, item: Item | None) -> Decimal | None:
    written = row.text("quantity")
    if item is None or not written:
        return None
    amount = read_amount(written, row.text("unit"), item)
    for note in amount.notes:
        row.repair(note)
    if amount.quantity is None:
        row.repair(
            phrase(
                "{written} was left out: {expected}", written=written[:60], expected=amount.expected
            )
        )
    return amount.quantity


def _status(row: Row) -> ActivityStatus:
    written = row.text("status")
    if not written:
        return "unknown"
    found = work_state(written)
    if found is None:
        row.repair(
            phrase(
                "{written} is no state of work that is known (planned, running, done)",
                written=written[:60],
            )
        )
    return cast("ActivityStatus", found or "unknown")


def _people(row: Row, field: str) -> int | None:
    written = row.text(field)
    if not written:
        return None
    value = number(written)
    if value is None or not 0 <= value <= MOST_PEOPLE:
        row.repair(
            phrase("{written} was left out: a number of people is needed", written=written[:60])
        )
        return None
    row.repaired = row.repaired or ambiguous(written)
    return int(value)


def _short(text: str) -> str:
    return " ".join(text.split())[:_LONGEST]
