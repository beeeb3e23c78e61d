"""Two plans compared: who gains, who loses and why."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from dashboard.cli import main
from dashboard.operations import comparing, planning, replanning, roads, uploads
from geo.errors import UnknownIdError
from tests.dashboard.operations.test_replanning import begin

if TYPE_CHECKING:
    from pathlib import Path

    from dashboard.operations.situation import Situation


def test_a_closure_makes_a_place_lose_and_says_why_and_the_way_back_makes_it_gain(
    valley: Situation,
) -> None:
    before = planning.make_plan(valley, iterations=30)
    roads.close_road(valley, near=(-7.975, 31.0), reason="rockfall")
    after = planning.make_plan(valley, iterations=30)
    there = comparing.diff(valley, before["plan_id"], after["plan_id"])
    lost = {(row["place_name"], row["item"]): row for row in there["losses"]}
    assert {place for place, _ in lost} == {"Tinmel"}
    tents = lost["Tinmel", "tent"]
    assert (tents["quantity_a"], tents["quantity_b"]) == (20.0, 0)
    assert tents["arrives_b"] is None
    assert "rockfall" in tents["reason"]
    (cause,) = tents["causes"]
    assert cause["kind"] == "road"
    assert "rockfall" in cause["text"]
    assert [one["closure_id"] for one in there["closures"]["only_b"]] == cause["closures"]
    assert there["closures"]["only_a"] == []
    back = comparing.diff(valley, "latest", before["plan_id"])
    assert {(row["place_name"], row["item"]) for row in back["gains"]} == lost.keys()
    assert {row["causes"][0]["kind"] for row in back["gains"]} == {"road"}
    assert there["score"]["served_share"]["a"] > there["score"]["served_share"]["b"]


def test_without_names_the_two_newest_plans_are_compared(
    valley: Situation, capsys: pytest.CaptureFixture[str]
) -> None:
    plans = [planning.make_plan(valley, iterations=20)["plan_id"] for _ in range(3)]
    for words, first in (([], plans[1]), ([plans[0]], plans[0])):
        capsys.readouterr()
        assert main(["diff", *words, "--json", "--home", str(valley.home)]) == 0
        made = json.loads(capsys.readouterr().out)
        assert (made["plan_a"], made["plan_b"]) == (first, plans[2])


def test_a_plan_compared_with_itself_changes_nothing(valley: Situation) -> None:
    plan = planning.make_plan(valley, iterations=30)["plan_id"]
    same = comparing.diff(valley, plan, plan)
    assert not any(same[kind] for kind in ("gains", "losses", "earlier", "later"))


def test_an_unknown_plan_is_named(valley: Situation) -> None:
    with pytest.raises(UnknownIdError, match="plan:nowhere"):
        comparing.diff(valley, "plan:nowhere", "latest")


def test_another_fairness_is_said_and_so_is_a_new_need(valley: Situation, tmp_path: Path) -> None:
    before = planning.make_plan(valley, iterations=30)
    sheet = tmp_path / "more.csv"
    sheet.write_text("place,item,quantity,unit\nTachdirt,tent,5,piece\n", encoding="utf-8")
    uploads.upload(valley, "needs", sheet, organisation="NGO Two")
    after = planning.make_plan(valley, iterations=30, fairness=0.9)
    found = comparing.diff(valley, before["plan_id"], after["plan_id"])
    assert found["asked"] == "fairness 0.5 → 0.9"
    (row,) = [row for row in found["gains"] if row["item"] == "tent"]
    assert (row["place_name"], row["causes"][0]["text"]) == ("Tachdirt", "new need: 5")


def test_a_plan_and_its_re_plan_are_compared(valley: Situation) -> None:
    before = planning.make_plan(valley, iterations=30)
    roads.close_road(valley, near=(-7.975, 31.0), reason="rockfall")
    after = replanning.replan(valley, at=begin(before, 0.2), iterations=30)
    found = comparing.diff(valley, before["plan_id"], after["plan_id"])
    lost = next(row for row in found["losses"] if row["place_name"] == "Tinmel")
    assert lost["causes"][0]["kind"] in ("returned", "road")
    assert "rockfall" in lost["causes"][0]["text"]
