"""Goods handled through the use cases: found by name, first expired first, kept, undone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from dashboard.operations import (
    delivering,
    funding,
    own_items,
    plan_stock,
    planning,
    replanning,
    stock_report,
    stockroom,
    uploads,
)
from dashboard.operations.goods import day_of
from dashboard.operations.situation import Situation
from dashboard.operations.stockroom import Said
from geo.errors import InputError, QafilaError, RuleError


def line(situation: Situation, item: str) -> dict[str, Any]:
    (row,) = stock_report.show(situation, item=item)["stock"]
    return row


def lots(situation: Situation, item: str) -> dict[str, str]:
    shown = stock_report.show(situation, item=item, lots=True)["lots"]
    return {one["code"]: one["on_hand"] for one in shown}


@pytest.fixture
def lotted(valley: Situation) -> Situation:
    """100 food kits without a lot, 50 that expire in 3 days, 20 that expired yesterday."""
    today = day_of(valley)
    for code, days, quantity in (("SOON", 3, "50"), ("OLD", -1, "20")):
        stockroom.receive(
            valley, "Asni depot", "food kit", quantity, donor="Main Tendue", lot=code,
            expires=(today + timedelta(days=days)).isoformat(),
        )  # fmt: skip
    return valley


def test_on_hand_free_expired_and_expiring_soon_are_told_apart(lotted: Situation) -> None:
    row = line(lotted, "food_kit")
    assert (row["on_hand"], row["expired"], row["free"]) == ("170", "20", "150")
    assert (row["expiring_soon"], row["reserved"]) == ("50", "0")
    assert row["next_expiry"] == (day_of(lotted) + timedelta(days=3)).isoformat()


def test_what_expires_first_leaves_first_and_what_expired_stays(lotted: Situation) -> None:
    moved = stockroom.move(lotted, "Asni depot", "convoy:1", "food_kit", "60")["movements"]
    assert [one["quantity"] for one in moved] == ["50", "10"]
    assert lots(lotted, "food_kit") == {"OLD": "20", "": "90"}
    with pytest.raises(RuleError, match="only 90 on hand that may leave, and 20 that expired"):
        stockroom.move(lotted, "Asni depot", "convoy:1", "food_kit", "91")
    with pytest.raises(RuleError, match="and 20 that expired"):
        stockroom.move(lotted, "Asni depot", "convoy:1", "food_kit", "1", lot="OLD")


def test_expired_goods_are_booked_out_and_no_others(lotted: Situation) -> None:
    with pytest.raises(RuleError, match="only 20 on hand"):
        stockroom.lose(lotted, "Asni depot", "food_kit", "21", cause="expired")
    stockroom.lose(lotted, "Asni depot", "food_kit", "20", cause="expired")
    assert lots(lotted, "food_kit") == {"": "100", "SOON": "50"}


def test_a_handling_of_several_lots_is_undone_as_one(lotted: Situation) -> None:
    slip = stockroom.move(lotted, "Asni depot", "convoy:1", "food_kit", "60")["slip_id"]
    uploads.undo(lotted, slip)
    assert line(lotted, "food_kit")["on_hand"] == "170"
    with pytest.raises(RuleError, match="undone at"):
        stockroom.undo_slip(lotted, slip)
    assert lotted.store.verify(projections=True).ok


def test_a_count_books_the_difference(lotted: Situation) -> None:
    with pytest.raises(InputError, match="counted one by one"):
        stockroom.count(lotted, "Asni depot", "food_kit", "100")
    found = stockroom.count(lotted, "Asni depot", "food_kit", "47", lot="SOON")
    assert (found["booked"], found["difference"]) == ("50", "-3")
    assert stockroom.count(lotted, "Asni depot", "tent", "0")["difference"] == "-40"
    same = stockroom.count(lotted, "Asni depot", "blanket", "300")
    assert (same["difference"], same["movements"]) == ("0", [])
    stockroom.undo_slip(lotted, found["slip_id"])
    assert lots(lotted, "food_kit")["SOON"] == "50"


def test_a_depot_is_registered_by_name_and_moved(valley: Situation) -> None:
    made = stockroom.register_depot(valley, "Amizmiz", (-8.24, 31.22))
    assert (
        stockroom.register_depot(valley, "amizmiz", (-8.25, 31.22))["depot_id"]
        == (made["depot_id"])
    )
    assert {(one.name, one.lon) for one in valley.store.depots()} == {
        ("Asni depot", -8.0),
        ("Amizmiz", -8.25),
    }
    with pytest.raises(InputError, match="degrees as LON,LAT"):
        stockroom.register_depot(valley, "Amizmiz", (500, 31))


def test_packs_are_converted_exactly(valley: Situation) -> None:
    own_items.register_item(valley, "soap", name="Soap", unit="piece", packs=["box=48"])
    stockroom.receive(valley, "Asni depot", "Soap", "3 boxes", donor="donor:x")
    assert line(valley, "soap")["on_hand"] == "144"
    with pytest.raises(RuleError, match="a whole number of piece"):
        stockroom.move(valley, "Asni depot", "convoy:1", "soap", "0.5")


def test_a_delivery_reduces_a_need_and_then_meets_it(valley: Situation) -> None:
    def tents() -> tuple[str, float]:
        (need,) = [
            one
            for one in valley.store.needs(open_only=False)
            if one.item_id == "tent" and one.written_place == "Tinmel"
        ]
        return need.status, need.delivered

    first = delivering.deliver(valley, "Asni depot", "Tinmel", "tent", "15", expected="20")
    assert first["deliveries"][0]["outcome"] == "partly"
    assert tents() == ("reported", 15)
    second = delivering.deliver(valley, "Asni depot", "Tinmel", "tent", "6")
    assert list(second["deliveries"][0]["needs"].values()) == ["5"]
    assert tents() == ("met", 20)
    stockroom.undo_slip(valley, second["slip_id"])
    assert tents() == ("reported", 15)
    refused = delivering.deliver(valley, "Asni depot", "Tinmel", "tent", "0", expected="5")
    assert refused["deliveries"][0]["outcome"] == "refused"
    assert refused["movements"] == []


def test_what_comes_back_is_on_hand_again(valley: Situation) -> None:
    delivering.deliver(valley, "Asni depot", "Tinmel", "tent", "15")
    stockroom.give_back(valley, "Tinmel", "Asni depot", "tent", "5")
    assert line(valley, "tent")["on_hand"] == "30"
    stockroom.give_back(valley, "Asni depot", "donor:x", "tent", "30")
    assert stock_report.show(valley, item="tent")["stock"] == []


def test_what_is_kept_for_others_does_not_leave(valley: Situation) -> None:
    kept = stockroom.reserve(valley, "Asni depot", "tent", "30", kept_for="school")
    assert line(valley, "tent")["free"] == "10"
    with pytest.raises(RuleError, match="only 10 are free: 30 are reserved"):
        stockroom.move(valley, "Asni depot", "convoy:1", "tent", "11")
    stockroom.move(
        valley, "Asni depot", "convoy:1", "tent", "11", reservation=kept["reservation_id"]
    )
    stockroom.release(valley, kept["reservation_id"])
    assert line(valley, "tent")["free"] == "29"


# --- plans ----------------------------------------------------------------------------------


def loads(plan: dict[str, Any], item: str) -> float:
    return sum(
        stop["deliver"].get(item, 0) for convoy in plan["convoys"] for stop in convoy["stops"]
    )


def test_a_plan_takes_what_is_free_and_keeps_it(valley: Situation) -> None:
    stockroom.reserve(valley, "Asni depot", "tent", "30", kept_for="school")
    plan = planning.make_plan(valley, iterations=50)
    assert 0 < loads(plan, "tent") <= 10
    kept = stock_report.show(valley, item="tent")
    assert float(kept["stock"][0]["reserved"]) == 30 + loads(plan, "tent")
    assert {one["plan_id"] for one in kept["reservations"]} == {None, plan["plan_id"]}
    again = planning.make_plan(valley, iterations=50)
    assert loads(again, "tent") == loads(plan, "tent")
    assert float(line(valley, "tent")["reserved"]) == 30 + loads(again, "tent")
    assert valley.store.verify(projections=True).ok


def test_expired_goods_are_not_planned_with(valley: Situation) -> None:
    today = day_of(valley)
    stockroom.lose(valley, "Asni depot", "tent", "40", cause="damaged")
    stockroom.receive(
        valley, "Asni depot", "tent", "40", donor="x", lot="T",
        expires=(today - timedelta(days=1)).isoformat(),
    )  # fmt: skip
    assert loads(planning.make_plan(valley, iterations=50), "tent") == 0


def test_a_convoy_that_reports_before_it_was_booked_as_loaded(valley: Situation) -> None:
    plan = planning.make_plan(valley, iterations=50)
    convoy, stop = next(
        (one, stop) for one in plan["convoys"] for stop in one["stops"] if "tent" in stop["deliver"]
    )
    assert plan_stock.convoy_depots(valley)[convoy["convoy_id"]] == convoy["depot_id"]
    amount = f"{stop['deliver']['tent']:g}"
    found = delivering.deliver(valley, convoy["convoy_id"], stop["place_id"], "tent", amount)
    assert [one["to"] for one in found["movements"]] == [convoy["convoy_id"], stop["place_id"]]
    row = line(valley, "tent")
    assert float(row["on_hand"]) == 40 - float(amount)
    assert float(row["reserved"]) == loads(plan, "tent") - float(amount)
    with pytest.raises(RuleError, match="stock never becomes negative"):
        delivering.deliver(valley, "convoy:unknown", stop["place_id"], "tent", "1")


def test_a_new_plan_of_the_day_does_not_keep_again_what_was_loaded(valley: Situation) -> None:
    plan = planning.make_plan(valley, iterations=50)
    convoy = plan["convoys"][0]
    item, amount = next(iter(convoy["stops"][0]["deliver"].items()))
    stockroom.move(valley, convoy["depot_id"], convoy["convoy_id"], item, f"{amount:g}")
    replanning.replan(valley, iterations=10)
    row = line(valley, item)
    assert float(row["reserved"]) <= float(row["on_hand"])
    assert valley.store.verify(projections=True).ok


# --- money ----------------------------------------------------------------------------------


def test_a_fund_from_promise_to_households(valley: Situation) -> None:
    funding.open_fund(valley, "Quake", "mad")
    funding.pledge(valley, "Quake", "Diaspora", "10 000")
    funding.receive(valley, "Quake", "Diaspora", "6000")
    funding.allocate(valley, "Quake", "Monthly aid", "5000")
    paid = funding.pay(valley, "Monthly aid", "Tinmel", 2, "2500")
    with pytest.raises(RuleError, match="only 0 on hand"):
        funding.pay(valley, "Monthly aid", "Tinmel", 1, "0.5")
    (fund,) = funding.show(valley)["funds"]
    assert [fund[key] for key in ("pledged", "received", "unallocated", "set_aside", "paid")] == [
        "10000", "6000", "1000", "0", "5000",
    ]  # fmt: skip
    stockroom.undo_slip(valley, paid["slip_id"])
    (fund,) = funding.show(valley)["funds"]
    assert (fund["set_aside"], fund["households"]) == ("5000", 0)


# --- what is refused ------------------------------------------------------------------------


def refusals(valley: Situation) -> list[tuple[Any, str]]:
    asni = "Asni depot"
    return [
        (lambda: stockroom.receive(valley, asni, "unicorn", "1", donor="x"), "item 'unicorn'"),
        (lambda: stockroom.receive(valley, "nowhere", "tent", "1", donor="x"), "depot 'nowhere'"),
        (lambda: stockroom.receive(valley, asni, "tent", "1e309", donor="x"), "one number above 0"),
        (lambda: stockroom.receive(valley, asni, "tent", "-5", donor="x"), "one number above 0"),
        (lambda: stockroom.receive(valley, asni, "tent", "2 kg", donor="x"), "one unit"),
        (lambda: stockroom.receive(valley, asni, "tent", "2", donor=" "), "donor:NAME is needed"),
        (
            lambda: stockroom.receive(valley, asni, "tent", "2", donor="x", expires="soon"),
            "a day such as",
        ),
        (lambda: stockroom.move(valley, asni, "Tinmel", "tent", "1"), "between depots and convoys"),
        (lambda: stockroom.move(valley, asni, "convoy:", "tent", "1"), "convoy:NAME is needed"),
        (lambda: stockroom.move(valley, asni, "convoy:1", "tent", "41"), "only 40 on hand"),
        (lambda: stockroom.move(valley, asni, "convoy:1", "tent", "1", lot="L9"), "no such lot"),
        (lambda: stockroom.lose(valley, asni, "tent", "1", cause="eaten"), "one of damaged"),
        (
            lambda: stockroom.give_back(valley, asni, "Tinmel", "tent", "1"),
            "from a place or convoy",
        ),
        (lambda: delivering.deliver(valley, "loss:x", "Tinmel", "tent", "1"), "a convoy, a depot"),
        (lambda: delivering.deliver(valley, asni, "Atlantis", "tent", "1"), "place 'Atlantis'"),
        (lambda: delivering.deliver(valley, asni, "place:none", "tent", "1"), "no such place"),
        (lambda: stockroom.reserve(valley, asni, "tent", "1", kept_for=""), "for whom"),
        (lambda: stockroom.release(valley, "reservation:9"), "no such reservation"),
        (lambda: stockroom.undo_slip(valley, "slip:9"), "no such slip"),
        (lambda: own_items.register_item(valley, "Baby Kit"), "an id such as"),
        (lambda: own_items.register_item(valley, "hammock"), "a name and a unit"),
        (
            lambda: own_items.register_item(valley, "hammock", name="S", unit="u", kg_per_unit=-1),
            "kg_per_unit: '-1': should be greater than 0",
        ),
        (lambda: own_items.register_item(valley, "tent", packs=["bale"]), "NAME=UNITS"),
        (lambda: funding.open_fund(valley, "x", "dirham"), "three letters"),
        (lambda: funding.receive(valley, "x", "y", "1"), "no such fund"),
        (lambda: funding.pay(valley, "x", "Tinmel", 0, "1"), "a number from 1"),
        (
            lambda: stockroom.count(
                valley, asni, "tent", "1", said=Said(at=valley.now() + timedelta(hours=1))
            ),
            "not in the future",
        ),
    ]


def test_what_is_not_right_is_refused_in_one_line_and_changes_nothing(valley: Situation) -> None:
    before = valley.seq()
    for act, why in refusals(valley):
        with pytest.raises(QafilaError, match=why) as refused:
            act()
        assert "\n" not in str(refused.value)
    assert valley.seq() == before
