"""Stock: what came to a depot, from whom, in which lot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.events import Event, LotRegistered, StockMoved
from data.intake.depots import depot_of, registering
from data.intake.goods import goods_of
from data.intake.row import Row, TakenRow
from data.intake.times import day_of, seen_at
from data.lots import lot_id_of
from data.stock_accounts import donor_of
from geo.model import new_id
from geo.phrase import phrase

if TYPE_CHECKING:
    from datetime import date

    from data.intake.known import Known

NEEDED = (("depot",), ("item",))
#: From whom goods came where no row says so.
NOBODY = "donor:uploaded"


def take_stock(row: Row, known: Known) -> TakenRow:
    """Read goods that came to a depot; a lot or a last day goes with the one item of a row."""
    depot_id = depot_of(row, known)
    goods = goods_of(row, known)
    code, expires_on = row.text("lot").strip(), day_of(row, "expires_at", known)
    at = seen_at(row, known)
    lot_id = None
    if (code or expires_on) and len(goods) == 1:
        lot_id = lot_id_of(goods[0].item_id, code, expires_on)
        _agree(row, known, lot_id, expires_on)
    elif (code or expires_on) and goods:
        row.problem("lot" if code else "expires_at", phrase("one item a row where a lot is named"))
    report = row.report()
    if report.problems or depot_id is None or not goods:
        return TakenRow(report=report)
    donor = row.text("funder").strip()
    moved = tuple(
        StockMoved(
            movement_id=new_id("movement"),
            item_id=one.item_id,
            quantity=one.quantity,
            unit=one.unit,
            from_account=donor_of(donor) if donor else NOBODY,
            to_account=depot_id,
            note=row.text("note")[:2_000],
            lot_id=lot_id,
        )
        for one in goods
    )
    lot = _lot(goods[0].item_id, lot_id, code, expires_on, known)
    return TakenRow(
        report=report, events=(*registering(depot_id, known), *lot, *moved), reported_at=at
    )


def _agree(row: Row, known: Known, lot_id: str, expires_on: date | None) -> None:
    """Refuse a last day that is not that of the lot; a lot without one learns it."""
    there = known.lots.get(lot_id)
    if there is not None and expires_on is not None and there != expires_on:
        row.problem(
            "expires_at",
            phrase("one last day a lot: this one is known with {there}", there=there.isoformat()),
            phrase("{there}, or another lot", there=there.isoformat()),
        )


def _lot(
    item_id: str, lot_id: str | None, code: str, expires_on: date | None, known: Known
) -> tuple[Event, ...]:
    """Give the event that registers a lot, where it is new or learns its last day."""
    if lot_id is None:
        return ()
    if lot_id in known.lots and (expires_on is None or known.lots[lot_id] == expires_on):
        return ()
    known.lots[lot_id] = expires_on
    return (LotRegistered(lot_id=lot_id, item_id=item_id, code=code[:200], expires_on=expires_on),)
