"""Stock: what lies in a depot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import StockMoved
from data.intake.depots import depot_of, registering
from data.intake.goods import goods_of
from data.intake.row import Row, TakenRow
from geo.model import new_id

if TYPE_CHECKING:
    from data.intake.known import Known

NEEDED = (("depot",), ("item",))


def take_stock(row: Row, known: Known) -> TakenRow:
    """Read goods that came to a depot."""
    depot_id = depot_of(row, known)
    goods = goods_of(row, known)
    report = row.report()
    if report.problems or depot_id is None or not goods:
        return TakenRow(report=report)
    moved = tuple(
        StockMoved(
            movement_id=new_id("movement"),
            item_id=one.item_id,
            quantity=one.quantity,
            unit=one.unit,
            from_account="donor:uploaded",
            to_account=depot_id,
            note=row.text("note")[:2_000],
        )
        for one in goods
    )
    return TakenRow(report=report, events=(*registering(depot_id, known), *moved))
