"""Locks, and the rest of a day planned anew."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from dashboard.operations import planning, replanning, roads
from data.events import StockMoved
from geo.errors import InputError, RuleError, UnknownIdError

if TYPE_CHECKING:
    from dashboard.operations.situation import Situation

TURNS = 30


def begin(plan: dict[str, Any], minutes: float) -> datetime:
    """So long after the first convoy leaves, which is at dawn."""
    return datetime.fromisoformat(first_departure(plan)) + timedelta(minutes=minutes)


def first_departure(plan: dict[str, Any]) -> str:
    return str(min(convoy["departs_at"] for convoy in plan["convoys"]))


def delivered(plan: dict[str, Any]) -> dict[tuple[str, str], float]:
    total: dict[tuple[str, str], float] = {}
    for convoy in plan["convoys"]:
        for stop in convoy["stops"]:
            for item, quantity in stop["deliver"].items():
                key = (stop["place_name"], item)
                total[key] = total.get(key, 0.0) + quantity
    return total


def test_a_closure_in_the_day_sends_back_what_is_on_its_way_and_says_what(
    valley: Situation,
) -> None:
    before = planning.make_plan(valley, iterations=TURNS)
    roads.close_road(valley, near=(-7.975, 31.0), reason="rockfall")
    after = replanning.replan(valley, at=begin(before, 0.2), iterations=TURNS)
    assert after["replaces"] == before["plan_id"]
    lost = {line["place_name"] for line in after["unserved"]}
    assert "Tinmel" in lost
    assert any("rockfall" in line["reason"] for line in after["unserved"])
    assert any("closed" in one["reason"] and one["load"] for one in after["returned"])
    assert planning.load_plan(valley, "latest")["plan_id"] == after["plan_id"]


def test_nothing_happened_and_everything_stays(valley: Situation) -> None:
    before = planning.make_plan(valley, iterations=TURNS)
    after = replanning.replan(valley, at=begin(before, 1), iterations=TURNS)
    assert delivered(after) == delivered(before)
    kept = {one["convoy_id"] for one in after["convoys"] if one["kept"]}
    assert kept == {
        one["convoy_id"]
        for one in before["convoys"]
        if one["departs_at"] == first_departure(before)
    }
    again = replanning.replan(valley, at=begin(before, 30), iterations=TURNS)
    assert again["replaces"] == after["plan_id"]
    assert delivered(again) == delivered(before)


def test_a_delivery_report_is_not_counted_twice(valley: Situation) -> None:
    before = planning.make_plan(valley, iterations=TURNS)
    tinmel = next(
        stop["place_id"]
        for convoy in before["convoys"]
        for stop in convoy["stops"]
        if stop["place_name"] == "Tinmel"
    )
    # The report of a convoy: loaded at its depot, which keeps its load for it, then handed out.
    convoy = next(
        one for one in before["convoys"] if tinmel in [stop["place_id"] for stop in one["stops"]]
    )
    ways = ((convoy["depot_id"], convoy["convoy_id"]), (convoy["convoy_id"], tinmel))
    for number, (giver, taker) in enumerate(ways):
        report = StockMoved(
            movement_id=f"movement:report-{number}",
            item_id="tent",
            quantity=Decimal(20),
            unit="tent",
            from_account=giver,
            to_account=taker,
        )
        valley.record([report])
    after = replanning.replan(valley, at=begin(before, 200), iterations=TURNS)
    assert delivered(after)["Tinmel", "tent"] == 20
    assert delivered(after)["Ighil", "tent"] == 8  # 40 in stock, 28 given


def test_a_locked_convoy_is_shown_as_locked_and_stays(valley: Situation) -> None:
    plan = planning.make_plan(valley, iterations=TURNS)
    convoy = plan["convoys"][0]["convoy_id"]
    assert replanning.set_lock(valley, convoy, locked=True)["locked"]
    shown = planning.load_plan(valley, "latest")["convoys"]
    assert [one["locked"] for one in shown if one["convoy_id"] == convoy] == [True]
    with pytest.raises(RuleError, match="locked already"):
        replanning.set_lock(valley, convoy, locked=True)
    after = replanning.replan(valley, at=begin(plan, -30), iterations=TURNS)
    assert [one["kept"] for one in after["convoys"] if one["convoy_id"] == convoy] == ["locked"]
    replanning.set_lock(valley, convoy, locked=False)
    assert not valley.store.locked_convoys()


def test_bad_requests_are_refused_in_one_line(valley: Situation) -> None:
    with pytest.raises(UnknownIdError, match="no plan yet"):
        replanning.replan(valley)
    plan = planning.make_plan(valley, iterations=TURNS)
    with pytest.raises(UnknownIdError, match="plan:nowhere"):
        replanning.replan(valley, "plan:nowhere")
    with pytest.raises(UnknownIdError, match="has no such convoy"):
        replanning.set_lock(valley, "convoy:nowhere", locked=True)
    with pytest.raises(RuleError, match="a moment of its day is needed"):
        replanning.replan(valley, at=begin(plan, -3 * 24 * 60))
    with pytest.raises(RuleError, match=r"its day is over.*qafila plan"):
        replanning.replan(valley, at=begin(plan, 30 * 24 * 60))


def test_what_has_left_is_not_locked(valley: Situation, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = planning.make_plan(valley, iterations=TURNS)
    monkeypatch.setattr(valley, "now", lambda: begin(plan, 1))
    with pytest.raises(RuleError, match="what is on the road stays"):
        replanning.set_lock(valley, plan["convoys"][0]["convoy_id"], locked=True)


def test_a_plan_of_other_places_is_refused(
    valley: Situation, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = planning.make_plan(valley, iterations=TURNS)
    places = valley.places()
    monkeypatch.setattr(valley, "places", lambda: places.iloc[:1])
    with pytest.raises(InputError, match="places and depots of this situation"):
        replanning.replan(valley, at=begin(plan, 5))
