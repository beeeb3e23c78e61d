"""A small history of goods and money: lots, counts, reservations, deliveries, a fund."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

from data.events import (
    AllocationOpened,
    DeliveryReported,
    Event,
    FundOpened,
    FundPledged,
    HouseholdsPaid,
    ItemRegistered,
    LotRegistered,
    NeedServed,
    NewEvent,
    ReservedLine,
    SlipUndone,
    StockCounted,
    StockReleased,
    StockReserved,
)

LOT = "lot:food_kit-a1"
FOOD = {"item_id": "food_kit", "unit": "kit"}


def reserved(name: str, quantity: int, **fields: object) -> StockReserved:
    """Keep food kits of the depot at Asni."""
    line = {"depot_id": "depot:asni", "quantity": quantity, **FOOD, **fields}
    return StockReserved(
        reservation_id=f"reservation:{name}", lines=(ReservedLine.model_validate(line),)
    )


def stock_history(make: SimpleNamespace) -> list[NewEvent]:
    """At least one event of every type of goods and money; the depot at Asni is known."""
    events: list[Event] = [
        ItemRegistered(item_id="food_kit", name="Food", unit="kit", packs={"pallet": 40}),
        LotRegistered(lot_id=LOT, code="A1", expires_on=date(2024, 1, 31), item_id="food_kit"),
        make.moved("f1", 100, "donor:x", "depot:asni", lot_id=LOT, slip_id="slip:1", **FOOD),
        StockCounted(
            count_id="count:1", depot_id="depot:asni", counted=98, booked=100, lot_id=LOT,
            slip_id="slip:2", **FOOD,
        ),
        make.moved("f2", 2, "depot:asni", "count:asni", lot_id=LOT, slip_id="slip:2", **FOOD),
        reserved("1", 30, convoy_id="convoy:f"),
        reserved("2", 5),
        StockReleased(reservation_id="reservation:2", reason="not needed"),
        make.moved("f3", 20, "depot:asni", "convoy:f", lot_id=LOT, slip_id="slip:3", **FOOD),
        make.need("f", quantity=15, **FOOD),
        make.moved("f4", 15, "convoy:f", "place:imlil", lot_id=LOT, slip_id="slip:4", **FOOD),
        DeliveryReported(
            delivery_id="delivery:1", place_id="place:imlil", quantity=15, outcome="arrived",
            convoy_id="convoy:f", needs=(NeedServed(need_id="need:f", quantity=15),),
            slip_id="slip:4", **FOOD,
        ),
        make.moved("f5", 3, "convoy:f", "loss:damaged", lot_id=LOT, slip_id="slip:5", **FOOD),
        SlipUndone(slip_id="slip:5", reason="it was another convoy"),
        FundOpened(fund_id="fund:quake", name="Earthquake fund", item_id="cash_mad", unit="MAD"),
        FundPledged(
            pledge_id="pledge:1", fund_id="fund:quake", donor="donor:x", amount=9_000, unit="MAD"
        ),
        make.moved("m1", 5_000, "donor:x", "fund:quake", item_id="cash_mad", unit="MAD"),
        AllocationOpened(
            allocation_id="allocation:1", fund_id="fund:quake", name="Monthly aid, Asni"
        ),
        make.moved("m2", 5_000, "fund:quake", "allocation:1", item_id="cash_mad", unit="MAD"),
        make.moved(
            "m3", 5_000, "allocation:1", "place:imlil", item_id="cash_mad", unit="MAD",
            slip_id="slip:6",
        ),
        HouseholdsPaid(
            payment_id="payment:1", allocation_id="allocation:1", place_id="place:imlil",
            households=2, per_household=2_500, unit="MAD", slip_id="slip:6",
        ),
    ]  # fmt: skip
    return [make.new(event) for event in events]
