"""Needs: somebody says that a place lacks something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import Event, NeedReported
from data.intake.cells.numbers import number
from data.intake.cells.words import urgency
from data.intake.goods import goods_of
from data.intake.placing import events_of, place_of
from data.intake.row import Row, TakenRow
from data.intake.times import NEED_LASTS, reported_at
from geo.model import new_id
from geo.phrase import phrase

if TYPE_CHECKING:
    from data.intake.known import Known

#: Of each group one column is needed.
NEEDED = (("place_id", "place", "lon", "position"), ("item", "description", "note"))


def take_need(row: Row, known: Known) -> TakenRow:
    """Read a row of needs; one that names several items becomes several needs."""
    place_id, score = place_of(row, known)
    goods = goods_of(row, known)
    weight = _weight(row)
    at = reported_at(row, known)
    report = row.report(place_id, score)
    if report.problems or place_id is None or not goods:
        return TakenRow(report=report)
    needs = [
        NeedReported(
            need_id=new_id("need"),
            place_id=place_id,
            item_id=one.item_id,
            quantity=one.quantity,
            unit=one.unit,
            weight=weight,
            written_place=row.text("place"),
            match_score=score,
            expires_at=(at or known.now) + NEED_LASTS,
            note=row.text("note")[:2_000],
        )
        for one in goods
    ]
    events: tuple[Event, ...] = (*events_of(place_id, known), *needs)
    return TakenRow(report=report, events=events, reported_at=at)


def _weight(row: Row) -> float:
    """Read how urgent a need is: a number up to 100, or a word."""
    written = row.text("weight")
    if not written:
        return 1.0
    value = number(written)
    if value is not None and 0 < value <= 100:
        return float(value)
    told = urgency(written)
    if told is None:
        row.problem("weight", phrase("a number above 0, at most 100, or urgent, high, medium, low"))
        return 1.0
    return told
