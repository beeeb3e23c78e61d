"""The drill, from nothing to served files, and its second start."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from dashboard.cli import main
from dashboard.operations import assessing, demonstration, measuring, planning, reaching, roads
from dashboard.operations.booking import stock_and_money
from dashboard.operations.situation import Situation
from geo.errors import InputError


@pytest.fixture(scope="module")
def drill(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The drill's home, built once."""
    home = tmp_path_factory.mktemp("drill") / "home"
    demonstration.run_demo(home)
    return home


def test_the_summary_says_what_the_drill_is(
    drill: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", "--no-serve", "--json", "--home", str(drill)]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["notice"].startswith("drill: places real; roads schematic")
    assert result["totals"]["places"] >= 150
    assert result["totals"]["not_assessed"] > 0
    assert result["convoys"] > 0
    assert result["unserved"] > 0


def test_a_second_start_builds_nothing(drill: Path) -> None:
    with Situation.open(drill) as situation:
        seq = situation.seq()
    demonstration.run_demo(drill)
    with Situation.open(drill) as situation:
        assert situation.seq() == seq


def test_the_notice_is_in_every_export(drill: Path) -> None:
    files = [path for path in (drill / "exports").rglob("*") if path.is_file()]
    assert len(files) >= 5
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert "roads schematic" in text or "DRILL" in text, path.name


def test_closing_the_only_road_cuts_places_off_and_reopening_restores(drill: Path) -> None:
    with Situation.open(drill) as situation:
        before = reaching.make_reach(situation)
        n9 = situation.roads().edges
        edge = str(n9.loc[n9["ref"].str.contains("N9"), "edge_id"].iloc[1])
        made = roads.close_road(situation, edges=[edge], reason="test")
        during = reaching.make_reach(situation)
        roads.reopen_road(situation, made["closure_id"])
        after = reaching.make_reach(situation)
    assert during != before
    assert after["places"] == before["places"]
    times_before = {one["place_id"]: one["travel_time_s"] for one in before["places"]}
    for one in during["places"]:
        if one["travel_time_s"] is not None and times_before[one["place_id"]] is not None:
            assert one["travel_time_s"] >= times_before[one["place_id"]] - 1e-6


def test_every_place_has_a_verdict_and_every_bad_one_a_reason(drill: Path) -> None:
    with Situation.open(drill) as situation:
        reach = reaching.make_reach(situation)
        places = len(situation.places())
    assert len(reach["places"]) == places
    for one in reach["places"]:
        assert one["status"] in ("reachable", "by_relay", "cut_off", "not_on_network")
        if one["status"] != "reachable":
            assert one["reason"]


def test_delivered_and_unserved_add_up_to_the_needs(drill: Path) -> None:
    with Situation.open(drill) as situation:
        plan = planning.latest(situation)
        document = assessing.latest(situation)
    assert plan is not None
    assert document is not None
    wanted: dict[tuple[str, str], float] = {}
    for place in document["places"]:
        for need in place["needs"]:
            wanted[place["place_id"], need["item"]] = need["missing"]
    got: dict[tuple[str, str], float] = dict.fromkeys(wanted, 0.0)
    for convoy in plan["convoys"]:
        for stop in convoy["stops"]:
            for item, quantity in stop["deliver"].items():
                got[stop["place_id"], item] += quantity
    for line in plan["unserved"]:
        got[line["place_id"], line["item"]] += line["quantity"]
        assert line["reason"]
    assert got == pytest.approx(wanted)


def test_the_first_day_was_delivered_and_its_books_close(drill: Path) -> None:
    with Situation.open(drill) as situation:
        found = stock_and_money(situation)
        needs = situation.store.needs(open_only=False)
        deliveries = situation.store.deliveries()
        shown = {one["id"]: one["value"] for one in measuring.indicators(situation)["indicators"]}
        places = {one["place_id"]: one for one in reaching.make_reach(situation)["places"]}
    assert found["balance"]["ok"]
    assert any(one.status == "met" for one in needs)
    assert {one.outcome for one in deliveries} == {"arrived", "partly"}
    assert {places[one.place_id]["status"] for one in deliveries} == {"reachable"}
    assert 0 < shown["need_met_share"] < 0.5
    assert 0 < shown["people_reached_share"] < 1
    assert 0 < shown["duplication_share"] < 1
    assert 1 < shown["wait_median_h"] <= shown["wait_p90_h"] < 24
    assert [one["difference"] for one in found["counts"]] == ["-4"]
    assert {one["code"]: one["expired"] for one in found["lots"] if one["code"]} == {
        "FK-0912": False,
        "HK-07": True,
    }
    (fund,) = found["funds"]
    assert (fund["pledged"], fund["received"], fund["set_aside"]) == (
        "2000000",
        "1200000",
        "500000",
    )


def test_no_convoy_serves_what_reach_calls_cut_off_for_its_class(drill: Path) -> None:
    with Situation.open(drill) as situation:
        plan = planning.latest(situation)
        classes = ("truck", "pickup", "mule")
        assert plan is not None
        leaving = datetime.fromisoformat(plan["departs_at"])
        reach = reaching.make_reach(situation, classes, at=leaving)
        any_way = reaching.make_reach(situation, at=leaving)
    verdicts = {one["place_id"]: one["by_class"] for one in reach["places"]}
    stops = [(convoy, stop) for convoy in plan["convoys"] for stop in convoy["stops"]]
    served = {
        (stop["place_id"], convoy["vehicle_class"]) for convoy, stop in stops if not stop["relay"]
    }
    assert served
    # A convoy with a load for a relay drives to the roadhead only; others carry it on.
    statuses = {one["place_id"]: one["status"] for one in any_way["places"]}
    carried = [stop["place_id"] for _convoy, stop in stops if stop["relay"]]
    assert {statuses[place_id] for place_id in carried} <= {"by_relay"}
    not_reached = [one for one in served if verdicts[one[0]][one[1]]["status"] != "reachable"]
    assert not_reached == []


def test_the_ledger_of_the_drill_verifies(drill: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "--json", "--home", str(drill)]) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True


def test_a_real_situation_is_never_overwritten_by_the_drill(tmp_path: Path) -> None:
    home = tmp_path / "real"
    with Situation.create(home, name="Real"):
        pass
    with pytest.raises(InputError, match="another --home"):
        demonstration.run_demo(home, fresh=True)
    assert (home / "situation.sqlite").exists()


def test_risk_clearance_and_staging_speak_of_the_drill(
    drill: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*command: str) -> dict[str, Any]:
        capsys.readouterr()
        assert main([*command, "--json", "--home", str(drill)]) == 0
        result: dict[str, Any] = json.loads(capsys.readouterr().out)
        assert result["notice"].startswith("drill: places real; roads schematic")
        assert result["sources"]
        return result

    with Situation.open(drill) as situation:
        reach = reaching.make_reach(situation, ("truck",))["places"]
    cleared = run("clear-first", "--crews", "3", "--hours", "48")
    reached = {
        one["place_id"] for one in reach if one["by_class"]["truck"]["status"] == "reachable"
    }
    assert cleared["schedule"]
    assert cleared["totals"]["places_not_reached"] == len(reach) - len(reached)
    for job in cleared["schedule"]:
        assert not {one["place_id"] for one in job["reconnects"]} & reached
    assert cleared["totals"]["regained"] <= cleared["totals"]["regained_at_most"]

    risk = run("risk", "--worlds", "60", "--class", "truck")
    totals = risk["totals"]["truck"]
    assert totals["places_uncertain"] > 0
    assert 0 < totals["people_reached"] < totals["people"]

    staging = run("staging", "--points", "2")
    assert len(staging["points"]) == 2
    assert run("airlift")["refused"].endswith("(SRTM 1 arc-second, Copernicus GLO-30)")
