"""Damage: somebody on the ground counted the houses of a place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import DamageReported
from data.intake.cells.numbers import ambiguous, number
from data.intake.placing import events_of, place_of
from data.intake.row import Row, TakenRow
from data.intake.times import seen_at
from geo.model import new_id
from geo.phrase import phrase

if TYPE_CHECKING:
    from data.intake.known import Known

NEEDED = (("place_id", "place", "lon", "position"), ("destroyed", "damaged"))
MAX_HOUSES = 1_000_000


def take_damage(row: Row, known: Known) -> TakenRow:
    """Read a count of houses destroyed and damaged; none of so many refutes what was believed."""
    place_id, score = place_of(row, known)
    destroyed, damaged, total = (_count(row, field) for field in ("destroyed", "damaged", "total"))
    hit = (destroyed or 0) + (damaged or 0)
    if not row.problems and destroyed is None and damaged is None:
        row.problem("destroyed", phrase("how many houses are destroyed, or damaged; 0 if none is"))
    if total is not None and hit > total:
        row.problem("total", phrase("{hit} or more: so many are destroyed or damaged", hit=hit))
    if not row.problems and hit == 0 and not total:
        row.problem("total", phrase("of how many houses none is damaged"))
    observed_at = seen_at(row, known)
    report = row.report(place_id, score)
    if report.problems or place_id is None:
        return TakenRow(report=report)
    event = DamageReported(
        report_id=new_id("damage"),
        place_id=place_id,
        destroyed=destroyed or 0,
        damaged=damaged or 0,
        total=total,
        observed_at=observed_at,
        written_place=row.text("place"),
        match_score=score,
        note=row.text("note")[:2_000],
    )
    events = (*events_of(place_id, known), event)
    return TakenRow(report=report, events=events, reported_at=observed_at)


def _count(row: Row, field: str) -> int | None:
    """Read a number of houses; None where the cell is empty."""
    written = row.text(field)
    if not written:
        return None
    value = number(written)
    if value is None or value % 1 or not 0 <= value <= MAX_HOUSES:
        row.problem(field, phrase("a whole number from 0 to {most}", most=MAX_HOUSES))
        return None
    row.repaired = row.repaired or ambiguous(written)
    return int(value)
