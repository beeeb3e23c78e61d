"""An earlier plan put in force again, vehicles out of service, loading lists, planning on."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from dashboard.operations import fleet, planning, replanning, restoring, uploads
from dashboard.operations.loading_list import loading_list
from geo.errors import RuleError, UnknownIdError

if TYPE_CHECKING:
    from dashboard.operations.situation import Situation

TURNS = 30


def test_the_newest_plan_is_undone_and_the_one_before_counts_again(valley: Situation) -> None:
    first = planning.make_plan(valley, iterations=TURNS)
    kept = {
        (line.depot_id, line.item_id): line.quantity
        for line in valley.store.free_stock(on=valley.now().date())
    }
    second = planning.make_plan(valley, iterations=TURNS, fairness=1.0)
    assert uploads.undo(valley, second["plan_id"]) == {"undone": second["plan_id"]}
    newest = planning.load_plan(valley, "latest")
    assert newest["restores"] == first["plan_id"]
    assert newest["convoys"] == planning.load_plan(valley, first["plan_id"])["convoys"]
    assert kept == {
        (line.depot_id, line.item_id): line.quantity
        for line in valley.store.free_stock(on=valley.now().date())
    }
    # And a day that goes on from it is planned as from the first.
    at = datetime.fromisoformat(newest["convoys"][0]["departs_at"]) + timedelta(minutes=1)
    after = replanning.replan(valley, at=at, iterations=TURNS)
    assert after["replaces"] == newest["plan_id"]
    assert any(one["kept"] for one in after["convoys"])


def test_what_cannot_be_undone_is_refused_in_one_line(valley: Situation) -> None:
    with pytest.raises(RuleError, match="only the newest plan"):
        restoring.undo_plan(valley, "plan:none")
    first = planning.make_plan(valley, iterations=TURNS)
    with pytest.raises(RuleError, match="first plan"):
        restoring.undo_plan(valley, first["plan_id"])
    with pytest.raises(RuleError, match="in force already"):
        restoring.put_in_force(valley, first["plan_id"])
    with pytest.raises(UnknownIdError, match="no plan of this id"):
        restoring.put_in_force(valley, "plan:nowhere")


def test_a_vehicle_that_broke_down_drives_no_more_until_it_is_back(valley: Situation) -> None:
    plan = planning.make_plan(valley, iterations=TURNS)
    vehicle = plan["convoys"][0]["vehicle_id"]
    before = valley.store.vehicles()
    assert fleet.set_available(valley, vehicle, available=False)["available"] is False
    assert [one.vehicle_id for one in fleet.out_of_service(valley)] == [vehicle]
    with pytest.raises(RuleError, match="out of service already"):
        fleet.set_available(valley, vehicle, available=False)
    after = replanning.plan_again(valley)
    assert after["replaces"] == plan["plan_id"]
    assert vehicle not in {one["vehicle_id"] for one in after["convoys"]}
    name = next(one.name for one in before if one.vehicle_id == vehicle)
    fleet.set_available(valley, name or vehicle, available=True)
    assert valley.store.vehicles() == before
    with pytest.raises(UnknownIdError, match="no such vehicle"):
        fleet.set_available(valley, "vehicle:nowhere", available=False)


def test_the_first_plan_and_a_plan_whose_day_is_over_are_planned_for_the_next_day(
    valley: Situation,
) -> None:
    plan = replanning.plan_again(valley)
    assert not plan.get("replaces")


def test_a_stopped_search_records_the_best_so_far(valley: Situation) -> None:
    stop = threading.Event()
    stop.set()
    plan = planning.make_plan(valley, seconds=600.0, stop=stop)
    assert plan["stopped_by"] == "stop"
    assert plan["convoys"]
    again = replanning.replan(valley, seconds=600.0, stop=stop)
    assert again["stopped_by"] == "stop"


def test_the_loading_list_ends_with_the_first_stop_and_adds_up_to_the_load(
    valley: Situation,
) -> None:
    plan = planning.make_plan(valley, iterations=TURNS)
    for convoy in plan["convoys"]:
        rows = loading_list(valley, plan["plan_id"], convoy["convoy_id"])
        assert [row["order"] for row in rows] == list(range(1, len(rows) + 1))
        assert rows[0]["stop"] == len(convoy["stops"])
        assert rows[-1]["stop"] == 1
        assert rows[-1]["kg_after"] == pytest.approx(convoy["load_kg"])
    with pytest.raises(UnknownIdError, match="no such convoy"):
        loading_list(valley, plan["plan_id"], "convoy:nowhere")
