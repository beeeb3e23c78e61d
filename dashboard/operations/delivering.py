"""Deliveries: what arrived at places, from which convoy or depot, and which needs it met."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dashboard.operations import goods, stockroom
from dashboard.operations.plan_stock import convoy_depots
from data.events import DeliveryReported, Event
from data.served_needs import OpenNeeds
from geo.errors import InputError
from geo.model import new_id

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from dashboard.operations.situation import Situation
    from dashboard.operations.stockroom import Said
    from data.stock_book import StockBook


def deliver(
    situation: Situation,
    source: str,
    place: str,
    item: str,
    quantity: str,
    *,
    expected: str = "",
    lot: str | None = None,
    said: Said = stockroom.NOBODY,
) -> dict[str, Any]:
    """Book what arrived at a place: all, a part of what was expected, or nothing (``0``).

    Open needs of the place are reduced by it, and closed where they are met. A convoy of a plan
    that was never booked as loaded is loaded with this report from its depot.
    """
    giver = goods.find_account(situation, source)
    if giver.partition(":")[0] not in ("convoy", "depot", "donor"):
        raise InputError(
            f"deliver from {giver}", "a convoy, a depot or a donor:NAME brings it", "correct it"
        )
    place_id, thing = goods.find_place(situation, place), goods.find_item(situation, item)
    counter = DeliveryCounter.of(situation, at=said.at)
    lot_id = goods.find_lot(situation, thing.item_id, lot)
    slip_id = new_id("slip")
    events = counter.events(
        thing,
        giver,
        place_id,
        Decimal(0) if quantity.strip() == "0" else thing.read(quantity),
        expected=thing.read(expected) if expected else None,
        lot_id=lot_id,
        slip_id=slip_id,
        note=said.note,
    )
    return stockroom.record(situation, slip_id, events, said)


class DeliveryCounter:
    """Writes deliveries one after the other against what is on hand and what is open."""

    def __init__(self, book: StockBook, needs: OpenNeeds, depots_of: dict[str, str]) -> None:
        self._book = book
        self._needs = needs
        self._depots_of = depots_of

    @classmethod
    def of(
        cls,
        situation: Situation,
        *,
        at: datetime | None = None,
        giver: str | None = None,
        place_ids: Collection[str] = (),
    ) -> DeliveryCounter:
        """Give one for the present state of a situation.

        With `giver` it knows what this account and its depot hold and what `place_ids` lack, and
        nothing else: reading all of it costs as much as there are needs and reservations.
        """
        depots, accounts, places = convoy_depots(situation), None, None
        if giver is not None:
            accounts = [giver, *([depots[giver]] if giver in depots else [])]
            places = situation.former_places(place_ids)
        return cls(
            stockroom.stock_book(situation, at, accounts=accounts),
            OpenNeeds(situation.store.needs(place_ids=places), situation.current_places()),
            depots,
        )

    def events(
        self,
        thing: goods.StockItem,
        giver: str,
        place_id: str,
        quantity: Decimal,
        *,
        expected: Decimal | None = None,
        lot_id: str | None = None,
        slip_id: str | None = None,
        note: str = "",
    ) -> list[Event]:
        """Give the events of one delivery; raises `RuleError` where too little is on hand."""
        short = expected is not None and 0 < quantity < expected
        found: list[Event] = []
        if quantity:
            found += self._loading(thing, giver, quantity, slip_id)
            parts = self._book.take(
                giver,
                place_id,
                thing.item_id,
                quantity,
                lot_id=lot_id,
                holder=stockroom.convoy_of(giver),
            )
            found += stockroom.movements(thing, giver, place_id, parts, slip_id=slip_id, note=note)
        found.append(
            DeliveryReported(
                delivery_id=new_id("delivery"),
                place_id=place_id,
                item_id=thing.item_id,
                quantity=quantity,
                unit=thing.unit,
                outcome="refused" if not quantity else "partly" if short else "arrived",
                convoy_id=stockroom.convoy_of(giver) or None,
                expected=expected,
                needs=self._needs.serve(place_id, thing.item_id, quantity),
                slip_id=slip_id,
                note=note[: stockroom.MAX_NOTE],
            )
        )
        return found

    def _loading(
        self, thing: goods.StockItem, giver: str, quantity: Decimal, slip_id: str | None
    ) -> list[Event]:
        """Load what a planned convoy brings and nobody booked when it left."""
        missing = quantity - self._book.on_hand(giver, thing.item_id)
        depot_id = self._depots_of.get(giver)
        if depot_id is None or missing <= 0:
            return []
        parts = self._book.take(depot_id, giver, thing.item_id, missing, holder=giver)
        note = "loaded, as its arrival shows"
        return stockroom.movements(thing, depot_id, giver, parts, slip_id=slip_id, note=note)
