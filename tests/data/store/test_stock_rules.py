"""What may not be recorded of goods and money, with the rule that it breaks."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest

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
    NeedStatusChanged,
    ReservedLine,
    SituationCreated,
    SlipUndone,
    StockCounted,
    StockReleased,
    StockReserved,
    UploadUndone,
)
from data.store import Store
from geo.errors import RuleError, UnknownIdError
from tests.data.store.stock_events import FOOD, LOT, reserved, stock_history

OLD = "lot:food_kit-old"


@pytest.fixture
def store_room(store: Store, make: SimpleNamespace) -> Store:
    """A store room of its own, for what changes it."""
    return filled(store, make)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def room(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest, make: SimpleNamespace
) -> Iterator[Store]:
    """One store room for all that is refused."""
    if request.param == "sqlite":
        place = f"sqlite:///{tmp_path_factory.mktemp('room') / 's.sqlite'}"
    else:
        place = request.getfixturevalue("database_server").new_database()
    created = SituationCreated(
        situation_id="situation:room",
        name="Room",
        timezone="Africa/Casablanca",
        plays_at=datetime(2023, 9, 10, 12, tzinfo=UTC),
    )
    with Store.create(place, created) as store:
        yield filled(store, make)


def filled(store: Store, make: SimpleNamespace) -> Store:
    """The history of `stock_history`, and 10 kits of a lot that expired before it all began."""
    old = LotRegistered(lot_id=OLD, item_id="food_kit", expires_on=date(2023, 9, 1))
    brought = make.moved("old", 10, "donor:x", "depot:asni", lot_id=OLD, **FOOD)
    store.append([make.new(make.depot()), *stock_history(make), make.new(old), make.new(brought)])
    return store


def refused(store: Store, make: SimpleNamespace, event: Event, match: str) -> None:
    """The event is refused for this reason, and nothing is recorded."""
    seq = store.seq()
    with pytest.raises((RuleError, UnknownIdError), match=match):
        store.append([make.new(event)])
    assert store.seq() == seq


def move(make: SimpleNamespace, quantity: Any, source: str, goal: str, **fields: Any) -> Event:
    event: Event = make.moved("new", quantity, source, goal, **{**FOOD, **fields})
    return event


# 78 kits of the lot A1 lie at Asni, 10 of them kept for convoy:f, which holds 5; 10 have expired.


@pytest.mark.parametrize(
    ("quantity", "source", "goal", "fields", "why"),
    [
        (89, "depot:asni", "loss:lost", {"lot_id": LOT}, "only 88 on hand: stock never becomes"),
        (79, "depot:asni", "loss:lost", {"lot_id": LOT}, "only 78 of it on hand: no lot becomes"),
        (1, "depot:asni", "loss:lost", {}, "1 food_kit of no lot to leave: only 0 of it on hand"),
        (6, "convoy:f", "place:imlil", {"lot_id": LOT}, "only 5 on hand"),
        (5, "depot:asni", "convoy:g", {"lot_id": OLD}, "expired goods are not handed out"),
        (5, "depot:asni", "place:imlil", {"lot_id": OLD}, "expired on 2023-09-01"),
        (69, "depot:asni", "convoy:g", {"lot_id": LOT}, "only 68 are free: 10 are reserved"),
        (5, "depot:asni", "convoy:g", {"lot_id": "lot:none"}, "lot:none: this situation knows no"),
        (1, "depot:asni", "place:imlil", {"lot_id": LOT, "reservation_id": "reservation:9"},
         "knows no such reservation"),
        (1, "donor:x", "depot:asni", {"lot_id": LOT, "slip_id": "slip:5"}, "slip that was not"),
        (1, "donor:x", "depot:asni", {"unit": "kg"}, "an item has one unit: 'kit'"),
        (1, "donor:x", "depot:nowhere", {}, "depot:nowhere: this situation knows no such depot"),
        (1, "donor:x", "cellar:1", {}, "one of donor:"),
        (1, "donor:x", "fund:quake", {}, "this account holds cash_mad only"),
        (1, "donor:x", "fund:other", {}, "knows no such fund"),
        (1, "fund:quake", "allocation:9", {"item_id": "cash_mad", "unit": "MAD"},
         "no such allocation"),
        (1, "fund:quake", "allocation:1", {"item_id": "cash_mad", "unit": "MAD"},
         "only 0 on hand"),
    ],
)  # fmt: skip
def test_a_movement_that_breaks_a_rule(
    room: Store, make: SimpleNamespace, quantity: int, source: str, goal: str,
    fields: dict[str, Any], why: str,
) -> None:  # fmt: skip
    refused(room, make, move(make, quantity, source, goal, **fields), why)


def test_what_is_kept_for_a_convoy_leaves_with_it_and_is_kept_no_longer(
    store_room: Store, make: SimpleNamespace
) -> None:
    store_room.append([make.new(move(make, 78, "depot:asni", "convoy:f", lot_id=LOT))])
    assert store_room.reserved_lines() == []


def test_expired_goods_may_be_thrown_away_and_sent_back(
    store_room: Store, make: SimpleNamespace
) -> None:
    store_room.append(
        [
            make.new(move(make, 4, "depot:asni", "loss:expired", lot_id=OLD, movement_id="mo:1")),
            make.new(move(make, 6, "depot:asni", "donor:x", lot_id=OLD, movement_id="mo:2")),
        ]
    )
    assert [one.lot_id for one in store_room.lot_balances(depots_only=True)] == [LOT]


def test_a_lot_expires_at_the_end_of_its_day_in_the_zone_of_the_situation(
    store_room: Store, make: SimpleNamespace
) -> None:
    # 22:30 UTC is 23:30 of the last day in Casablanca; 23:30 UTC is the day after.
    at = datetime(2024, 1, 31, 22, 30, tzinfo=UTC)
    event = move(make, 1, "convoy:f", "place:imlil", lot_id=LOT)
    store_room.append([make.new(event, reported_at=at)])
    late = make.new(
        move(make, 1, "convoy:f", "place:imlil", lot_id=LOT, movement_id="movement:late"),
        reported_at=at.replace(hour=23),
    )
    with pytest.raises(RuleError, match=r"expired on 2024-01-31.*it is 2024-02-01"):
        store_room.append([late])


def test_a_lot_is_of_one_item(room: Store, make: SimpleNamespace) -> None:
    refused(
        room, make, move(make, 1, "donor:x", "depot:asni", item_id="tent", lot_id=LOT),
        "a lot is of one item, this one of food_kit",
    )  # fmt: skip
    refused(room, make, LotRegistered(lot_id=LOT, item_id="tent"), "a lot is of one item")


def test_an_item_keeps_its_unit_and_a_pack_holds_something(
    store_room: Store, make: SimpleNamespace
) -> None:
    box = ItemRegistered(item_id="food_kit", name="Food", unit="box")
    refused(store_room, make, box, "an item has one unit: it is counted in 'kit'")
    empty = ItemRegistered(item_id="soap", name="Soap", unit="piece", packs={"box": 0})
    refused(store_room, make, empty, "a pack holds more than nothing")
    soap = ItemRegistered(item_id="soap", name="Soap", unit="piece", packs={"box": 48})
    store_room.append([make.new(soap)])
    boxes = move(make, 1, "donor:x", "depot:asni", item_id="soap", unit="box")
    refused(store_room, make, boxes, "an item has one unit: 'piece'")


def test_a_count_against_old_books_is_refused(room: Store, make: SimpleNamespace) -> None:
    count = StockCounted(
        count_id="count:2", depot_id="depot:asni", counted=70, booked=79, lot_id=LOT, **FOOD
    )
    refused(room, make, count, "the books say 78 now: something moved")


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (reserved("3", 69), "only 68 are free there .78 on hand and not expired, 10 reserved"),
        (reserved("3", 0), "a quantity above 0"),
        (reserved("3", 1, unit="kg"), "an item has one unit"),
        (reserved("3", 1, depot_id="depot:nowhere"), "no such depot"),
        (reserved("3", 1, depot_id="place:imlil"), "goods of a depot"),
        (StockReserved(reservation_id="reservation:3", plan_id="plan:9",
                       lines=reserved("3", 1).lines), "no such plan"),
        (StockReleased(reservation_id="reservation:2"), "was released at"),
        (StockReleased(reservation_id="reservation:9"), "no such reservation"),
        (SlipUndone(slip_id="slip:5"), "was undone at"),
        (SlipUndone(slip_id="slip:9"), "no such slip"),
        (SlipUndone(slip_id="slip:1"), "stock never becomes negative"),
        (SlipUndone(slip_id="slip:3"), "only 5 on hand"),
        (FundOpened(fund_id="fund:quake", name="x", item_id="cash_eur", unit="EUR"),
         "one currency"),
        (FundPledged(pledge_id="pledge:2", fund_id="fund:x", donor="donor:x", amount=1,
                     unit="MAD"), "no such fund"),
        (FundPledged(pledge_id="pledge:2", fund_id="fund:quake", donor="donor:x", amount=1,
                     unit="EUR"), "is kept in 'MAD'"),
        (FundPledged(pledge_id="pledge:2", fund_id="fund:quake", donor="place:x", amount=1,
                     unit="MAD"), "a donor:… pledges"),
        (AllocationOpened(allocation_id="allocation:2", fund_id="fund:x", name="n"),
         "no such fund"),
        (HouseholdsPaid(payment_id="payment:2", allocation_id="allocation:9",
                        place_id="place:imlil", households=1, per_household=1, unit="MAD"),
         "no such allocation"),
        (HouseholdsPaid(payment_id="payment:2", allocation_id="allocation:1",
                        place_id="place:imlil", households=1, per_household=0, unit="MAD"),
         "above 0"),
    ],
)  # fmt: skip
def test_what_else_breaks_a_rule(
    room: Store, make: SimpleNamespace, event: Event, why: str
) -> None:
    refused(room, make, event, why)


def test_an_allocation_takes_from_its_own_fund_only(
    store_room: Store, make: SimpleNamespace
) -> None:
    other = FundOpened(fund_id="fund:other", name="Other", item_id="cash_mad", unit="MAD")
    money = {"item_id": "cash_mad", "unit": "MAD"}
    store_room.append(
        [make.new(other), make.new(make.moved("o", 9, "donor:x", "fund:other", **money))]
    )
    event = make.moved("new", 5, "fund:other", "allocation:1", **money)
    refused(store_room, make, event, "an allocation belongs to one fund, this one to fund:quake")


# --- deliveries and needs ---------------------------------------------------------------------


def delivery(quantity: float, outcome: str, name: str = "d", **fields: Any) -> DeliveryReported:
    return DeliveryReported.model_validate(
        {
            "delivery_id": f"delivery:{name}", "place_id": "place:imlil", "quantity": quantity,
            "outcome": outcome, **FOOD, **fields,
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (delivery(1, "refused"), "refused means that nothing was taken"),
        (delivery(0, "arrived"), "refused means that nothing was taken"),
        (delivery(3, "arrived", expected=5), "partly means less than was expected"),
        (delivery(5, "partly", expected=5), "partly means less than was expected"),
        (delivery(5, "arrived", needs=(NeedServed(need_id="need:x", quantity=1),)),
         "no such need"),
        (delivery(5, "arrived", needs=(NeedServed(need_id="need:f", quantity=6),)),
         "no more than came"),
    ],
)  # fmt: skip
def test_a_delivery_that_contradicts_itself(
    room: Store, make: SimpleNamespace, event: Event, why: str
) -> None:
    refused(room, make, event, why)


def need(store: Store, need_id: str = "need:1") -> tuple[str, float]:
    (found,) = [one for one in store.needs(open_only=False) if one.need_id == need_id]
    return found.status, found.delivered


def test_deliveries_reduce_a_need_and_then_meet_it(store: Store, make: SimpleNamespace) -> None:
    store.append([make.new(make.need("1", quantity=40, **FOOD))])
    for number, (quantity, expected) in enumerate(
        [(15, ("reported", 15)), (24.5, ("reported", 39.5)), (0.5, ("met", 40))]
    ):
        served = (NeedServed(need_id="need:1", quantity=quantity),)
        store.append([make.new(delivery(quantity, "arrived", f"d{number}", needs=served))])
        assert need(store) == expected
    assert [one.need_id for one in store.needs()] == []


def test_an_undone_delivery_opens_its_need_again(store: Store, make: SimpleNamespace) -> None:
    served = (NeedServed(need_id="need:1", quantity=40),)
    store.append(
        [
            make.new(make.need("1", quantity=40, **FOOD)),
            make.new(NeedStatusChanged(need_id="need:1", status="verified")),
            make.new(delivery(40, "arrived", needs=served, slip_id="slip:d")),
        ]
    )
    assert need(store) == ("met", 40)
    store.append([make.new(SlipUndone(slip_id="slip:d"))])
    assert need(store) == ("verified", 0)
    assert store.deliveries() == []


def test_an_upload_of_deliveries_is_undone_with_what_it_met(
    store: Store, make: SimpleNamespace
) -> None:
    served = (NeedServed(need_id="need:1", quantity=40),)
    store.append(
        [
            make.new(make.need("1", quantity=40, **FOOD)),
            make.new(make.upload("1", kind="deliveries")),
            make.new(delivery(40, "arrived", needs=served), "upload:1"),
        ]
    )
    assert need(store)[0] == "met"
    store.append([make.new(UploadUndone(upload_id="upload:1"))])
    assert need(store) == ("reported", 0)
    assert store.verify(projections=True).ok


def test_somebody_who_says_that_it_is_lacking_after_all_is_believed(
    store: Store, make: SimpleNamespace
) -> None:
    served = (NeedServed(need_id="need:1", quantity=40),)
    store.append(
        [
            make.new(make.need("1", quantity=40, **FOOD)),
            make.new(delivery(40, "arrived", needs=served)),
            make.new(NeedStatusChanged(need_id="need:1", status="verified")),
        ]
    )
    assert need(store) == ("verified", 0)
    store.append([make.new(delivery(40, "arrived", "e", needs=served))])
    assert need(store) == ("met", 40)


# --- undoing an upload ------------------------------------------------------------------------


def test_a_lot_that_others_hold_goods_of_does_not_go_with_its_upload(
    store: Store, make: SimpleNamespace
) -> None:
    lot = LotRegistered(lot_id=LOT, item_id="food_kit")
    store.append(
        [
            make.new(make.depot()),
            make.new(make.upload("1", kind="stock")),
            make.new(lot, "upload:1"),
            make.new(make.moved("1", 5, "donor:x", "depot:asni", lot_id=LOT, **FOOD), "upload:1"),
            make.new(make.moved("2", 5, "donor:x", "depot:asni", lot_id=LOT, **FOOD)),
        ]
    )
    refused(store, make, UploadUndone(upload_id="upload:1"), "others brought goods of this lot")
    store.append([make.new(lot)])
    store.append([make.new(UploadUndone(upload_id="upload:1"))])
    (held,) = store.lot_balances(depots_only=True)
    assert (held.lot_id, held.quantity) == (LOT, 5)


def test_an_item_that_others_keep_books_of_does_not_go_with_its_upload(
    store: Store, make: SimpleNamespace
) -> None:
    soap = ItemRegistered(item_id="soap", name="Soap", unit="piece")
    pieces = {"item_id": "soap", "unit": "piece"}
    store.append(
        [
            make.new(make.depot()),
            make.new(make.upload("1", kind="stock")),
            make.new(soap, "upload:1"),
            make.new(make.moved("1", 5, "donor:x", "depot:asni", **pieces), "upload:1"),
            make.new(make.moved("2", 5, "donor:x", "depot:asni", **pieces)),
        ]
    )
    refused(store, make, UploadUndone(upload_id="upload:1"), "others keep books of it")


def test_free_stock_is_what_is_not_expired_and_not_kept(room: Store) -> None:
    def free(**asked: bool) -> list[float]:
        return [line.quantity for line in room.free_stock(on=date(2023, 9, 10), **asked)]

    assert free() == [78.0]
    assert free(beside_plans=False) == [68.0]
    assert room.free_stock(on=date(2024, 2, 1)) == []


def test_a_line_of_a_reservation_is_exact() -> None:
    line = ReservedLine(depot_id="depot:asni", item_id="rice", quantity=0.1, unit="kg")
    assert line.model_dump(mode="json")["quantity"] == "0.1"
