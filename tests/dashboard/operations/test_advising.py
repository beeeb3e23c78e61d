"""What to do next, and the coming days, in the four villages."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dashboard.advicesheet import area_of, said
from dashboard.operations import assessing, planning, stockroom, volunteering
from dashboard.operations.advising import FIRST, advise, figure
from dashboard.operations.forecasting import make_forecast
from dashboard.operations.goods import day_of
from dashboard.operations.situation import Situation
from dashboard.operations.stockroom import Said
from dashboard.operations.volunteering import Registration
from data.events import NeedTrustSet
from geo.errors import InputError


def kinds(situation: Situation) -> list[str]:
    return [one.kind for one in advise(situation)]


def test_a_plan_is_asked_for_until_there_is_one_and_when_it_is_old(valley: Situation) -> None:
    assert kinds(valley)[0] == "plan"
    planning.make_plan(valley, seconds=0.2, seed=1)
    assert "plan" not in kinds(valley)
    stockroom.receive(valley, "Asni depot", "tent", "5", donor="Main Tendue")
    (old,) = [one for one in advise(valley) if one.kind == "plan"]
    assert old.values == {"old": True}


def test_whom_nobody_heard_comes_before_everything(valley: Situation) -> None:
    volunteering.register(valley, Registration(code="V1", skills=["guide"], home="Asni"))
    long_ago = Said(at=valley.now() - timedelta(hours=7))
    volunteering.check_in(valley, "V1", place="Tinmel", said=long_ago)
    first = advise(valley)[0]
    assert (first.kind, first.values["place"]) == ("look_for", "Tinmel")


def test_what_a_plan_may_not_take_is_to_be_verified(valley: Situation) -> None:
    assert "verify" not in kinds(valley)
    valley.record([NeedTrustSet(unverified_share=0.5, pending="count")])
    found = [one for one in advise(valley) if one.kind == "verify"]
    # Tinmel's 20 tents: 10 of them wait, for 5 people each.
    assert (found[0].values["place"], found[0].people) == ("Tinmel", 50.0)
    assert found[0].arithmetic == "(20 − 10) tent × 5"


def test_goods_that_expire_soon_go_first(valley: Situation) -> None:
    soon = (day_of(valley) + timedelta(days=2)).isoformat()
    stockroom.receive(valley, "Asni depot", "food kit", "30", donor="Main Tendue", expires=soon)
    (one,) = [one for one in advise(valley) if one.kind == "use_first"]
    assert (one.values["quantity"], one.values["day"]) == (30.0, soon)


def test_what_one_depot_has_too_much_of_goes_where_it_lacks(valley: Situation) -> None:
    assert "send" not in kinds(valley)
    # A depot that serves no place gets all the tents, so that Asni's places lack them.
    stockroom.register_depot(valley, "Far depot", (-8.0, 31.0))
    stockroom.move(valley, "Asni depot", "Far depot", "tent", "40")
    found = [one for one in advise(valley) if one.kind == "send" and one.values["item"] == "tent"]
    assert found
    assert {(one.values["depot"], one.values["to"]) for one in found} <= {
        ("Far depot", "Asni depot"),
        ("Asni depot", "Far depot"),
    }
    assert all(one.people == one.values["quantity"] * 5 for one in found)


def test_the_forecast_says_when_water_ends_and_what_to_order(valley: Situation) -> None:
    made = make_forecast(valley, days=3)
    rows = {row["item"]: row for row in made["items"]}
    tent = rows["tent"]
    assert tent["by_day"] == [28.0, 28.0, 28.0]
    assert (tent["free"], tent["order"], tent["runs_out_in_days"]) == (40.0, 0, None)
    (asni,) = [one for one in made["depots"] if one["item"] == "blanket" and one["depot_id"]]
    assert (asni["depot"], asni["need"], asni["runs_out_on"]) == ("Asni depot", 90.0, None)
    with pytest.raises(InputError, match="1 to 30 days"):
        make_forecast(valley, days=31)


def test_a_forecast_of_yesterday_is_held_against_today(valley: Situation) -> None:
    made = make_forecast(valley)
    assert made["error"] == []
    assert "nothing was told" in made["error_of"]


def test_every_kind_has_words_and_a_page(valley: Situation) -> None:
    assessing.assess(valley)
    for one in advise(valley):
        assert said(one, str, figure)
        assert area_of(one.kind)
    assert [one.kind for one in advise(valley)[: len(FIRST)]]
