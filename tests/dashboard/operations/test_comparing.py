"""Two plans compared: who gains, who loses and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dashboard.operations import comparing, planning, roads
from geo.errors import UnknownIdError

if TYPE_CHECKING:
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
    back = comparing.diff(valley, "latest", before["plan_id"])
    assert {(row["place_name"], row["item"]) for row in back["gains"]} == lost.keys()
    assert there["score"]["served_share"]["a"] > there["score"]["served_share"]["b"]


def test_a_plan_compared_with_itself_changes_nothing(valley: Situation) -> None:
    plan = planning.make_plan(valley, iterations=30)["plan_id"]
    same = comparing.diff(valley, plan, plan)
    assert not any(same[kind] for kind in ("gains", "losses", "earlier", "later"))


def test_an_unknown_plan_is_named(valley: Situation) -> None:
    with pytest.raises(UnknownIdError, match="plan:nowhere"):
        comparing.diff(valley, "plan:nowhere", "latest")
