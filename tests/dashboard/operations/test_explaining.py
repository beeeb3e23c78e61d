"""A plan says why: what binds, what would help, and why each stop comes when it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dashboard.operations import planning, replanning, roads, uploads
from tests.dashboard.operations.test_replanning import begin

if TYPE_CHECKING:
    from pathlib import Path

    from dashboard.operations.situation import Situation

TURNS = 30


def line_of(plan: dict[str, Any], place: str, item: str) -> dict[str, Any]:
    return next(
        one for one in plan["unserved"] if (one["place_name"], one["item"]) == (place, item)
    )


def test_a_closed_road_is_named_and_tried_open(valley: Situation) -> None:
    whole = planning.make_plan(valley, iterations=TURNS)
    served = sum(stop["deliver"].get("tent", 0) for c in whole["convoys"] for stop in c["stops"])
    closed = roads.close_road(valley, near=(-7.975, 31.0), reason="rockfall")
    plan = planning.make_plan(valley, iterations=TURNS)
    tents = line_of(plan, "Tinmel", "tent")
    assert "rockfall" in tents["limits"]["text"]
    assert tents["limits"]["stopped"] == {"road": 2}
    road = next(one for one in tents["helps"] if one["kind"] == "road")
    assert road["closures"] == [closed["closure_id"]]
    assert road["quantity"] == 20
    # It is true: with the road open the tents were brought.
    assert served == 28
    assert planning.load_plan(valley, "latest")["unserved"] == plan["unserved"]


def test_stock_that_is_short_names_the_depot_by_its_name(valley: Situation, tmp_path: Path) -> None:
    sheet = tmp_path / "more.csv"
    sheet.write_text("place,item,quantity,unit\nTachdirt,tent,50,piece\n", encoding="utf-8")
    uploads.upload(valley, "needs", sheet, organisation="NGO Two")
    plan = planning.make_plan(valley, iterations=TURNS)
    # 20 + 8 + 50 are needed and 40 are there.
    assert sum(line["quantity"] for line in plan["unserved"] if line["item"] == "tent") == 38
    line = next(one for one in plan["unserved"] if one["item"] == "tent")
    stock = next(one for one in line["helps"] if one["kind"] == "stock")
    assert stock["amount"] == stock["quantity"] == line["quantity"]
    assert "Asni depot" in stock["text"]
    assert "ends at 40" in line["limits"]["text"]


def test_every_stop_says_why_it_comes_then_by_names(valley: Situation) -> None:
    plan = planning.make_plan(valley, iterations=TURNS)
    whys = [stop["why"] for convoy in plan["convoys"] for stop in convoy["stops"]]
    assert whys
    assert all(why["value"] > 0 and why["text"] for why in whys)
    assert not any("place:" in why["text"] for why in whys)
    later = replanning.replan(valley, at=begin(plan, 1), iterations=TURNS)
    kept = {stop["why"]["kept"] for c in later["convoys"] if c["kept"] for stop in c["stops"]}
    assert kept == {"on_the_road"}
