"""Deliveries of a sheet: each row is held against what is on hand after the rows before it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from dashboard.operations.delivering import DeliveryCounter
from dashboard.operations.goods import StockItem
from data.intake.cells.numbers import number
from data.intake.depots import depot_of
from data.intake.goods import Goods, goods_of
from data.intake.items import find_item
from data.intake.placing import events_of, place_of
from data.intake.row import Row, TakenRow
from data.intake.rows import look_up_places, rows_of
from data.intake.times import seen_at
from data.stock_accounts import account_of, donor_of
from geo.errors import QafilaError
from geo.phrase import phrase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboard.operations.situation import Situation
    from data.events import Event
    from data.intake.formats.table import Line
    from data.intake.known import Known
    from data.intake.sheet import Sheet


class DeliveryRows:
    """Reads the deliveries of one upload, in their order."""

    def __init__(self, situation: Situation, organisation: str, known: Known) -> None:
        self._counter = DeliveryCounter.of(situation)
        self._organisation = organisation
        self._known = known
        self._lots = situation.store.lots()

    def take(self, sheet: Sheet, lines: Sequence[Line], sent: Sequence[bool]) -> list[TakenRow]:
        """Read rows; those that were `sent` before use nothing up, and give no events."""
        look_up_places(sheet, lines, self._known)
        return [
            TakenRow(report=row.report()) if before else self._take(row)
            for row, before in zip(rows_of(sheet, lines), sent, strict=True)
        ]

    def _take(self, row: Row) -> TakenRow:
        known = self._known
        place_id, score = place_of(row, known)
        goods = _refused(row, known) or goods_of(row, known)
        at = seen_at(row, known)
        giver = self._giver(row)
        expected = self._expected(row, goods)
        if len(goods) > 1 and row.text("expected"):
            row.problem("expected", phrase("one item a row where a quantity was expected"))
        report = row.report(place_id, score)
        if report.problems or place_id is None or giver is None or not goods:
            return TakenRow(report=report)
        events: list[Event] = []
        for one in goods:
            lot_id = self._lot(row, one.item_id)
            if row.problems:
                return TakenRow(report=row.report(place_id, score))
            try:
                events += self._counter.events(
                    StockItem(item_id=one.item_id, unit=one.unit),
                    giver,
                    place_id,
                    one.quantity,
                    expected=expected,
                    lot_id=lot_id,
                    note=row.text("note"),
                )
            except QafilaError as error:
                row.problem(
                    "quantity",
                    phrase("{given}: {needed}", given=error.given, needed=error.needed),
                    error.todo,
                )
                return TakenRow(report=row.report(place_id, score))
        return TakenRow(
            report=report, events=(*events_of(place_id, known), *events), reported_at=at
        )

    def _giver(self, row: Row) -> str | None:
        """Who brought it: a convoy, a depot, else a donor, else the sender of the sheet itself."""
        if convoy := row.text("convoy").strip():
            return account_of("convoy", convoy.removeprefix("convoy:"))
        if row.text("depot"):
            return depot_of(row, self._known)
        return donor_of(row.text("funder") or self._organisation)

    def _expected(self, row: Row, goods: Sequence[Goods]) -> Decimal | None:
        written = row.text("expected")
        if not written:
            return None
        value = number(written)
        if value is None or not 0 < value <= 1_000_000_000:
            row.problem("expected", phrase("how much was to come, a number above 0"))
            return None
        return value

    def _lot(self, row: Row, item_id: str) -> str | None:
        """The lot that a row names; without one, what expires first is taken."""
        code = row.text("lot").strip()
        if not code:
            return None
        codes = {one.code: one.lot_id for one in self._lots if one.item_id == item_id}
        codes |= {lot_id: lot_id for lot_id in codes.values()}
        if code not in codes:
            row.problem(
                "lot",
                phrase("a lot of {item_id} that came in", item_id=item_id),
                ", ".join(sorted(codes)[:6]),
            )
        return codes.get(code)


def _refused(row: Row, known: Known) -> tuple[Goods, ...]:
    """Read a delivery of 0: it came and was not taken."""
    match = find_item(row.text("item"))
    if number(row.text("quantity")) != 0 or match is None or match.item_id not in known.items:
        return ()
    item = known.items[match.item_id]
    return (Goods(item_id=item.item_id, quantity=Decimal(0), unit=item.unit),)
