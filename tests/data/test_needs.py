"""Needs from the Sphere minimum standards: whole units, each with its citation."""

import re
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.catalogue import catalogue
from data.needs import (
    COLUMNS,
    FIRST_NEEDS,
    HOUSEHOLD_SIZE,
    RULES,
    SPHERE,
    needs_for,
    needs_markdown,
    persons_per_unit,
)
from geo.errors import RuleError, UnknownIdError


def quantities(people: float, **given_options: object) -> dict[str, float]:
    table = needs_for(people, **given_options)  # type: ignore[arg-type]
    return dict(zip(table["item"], table["quantity"], strict=True))


def test_a_day_for_a_hundred_people() -> None:
    assert quantities(100) == {
        "water_l": 1500,
        "food_kit": 20,
        "tent": 20,
        "blanket": 100,
        "hygiene_kit": 20,
    }


def test_part_of_a_household_is_a_household() -> None:
    assert quantities(6) == {
        "water_l": 90,
        "food_kit": 2,
        "tent": 2,
        "blanket": 6,
        "hygiene_kit": 2,
    }


def test_water_grows_with_days_and_kits_with_weeks_and_months_begun() -> None:
    assert quantities(5, days=7)["food_kit"] == 1
    assert quantities(5, days=8)["food_kit"] == 2
    assert quantities(5, days=30)["hygiene_kit"] == 1
    assert quantities(5, days=31)["hygiene_kit"] == 2
    assert quantities(5, days=8)["water_l"] == 5 * 15 * 8
    assert quantities(5, days=8)["tent"] == 1


def test_cold_takes_more_room_and_blankets() -> None:
    cold = quantities(20, climate="cold")
    assert (cold["tent"], cold["blanket"]) == (5, 40)
    assert cold["water_l"] == quantities(20)["water_l"]


def test_survival_takes_the_least_water() -> None:
    assert quantities(10, standard="survival")["water_l"] == 75


def test_other_items_on_request() -> None:
    assert quantities(12, items=["jerrycan", "sleeping_mat", "kitchen_set"]) == {
        "jerrycan": 6,
        "sleeping_mat": 12,
        "kitchen_set": 3,
    }


def test_table_names_place_unit_and_citation_in_the_given_order() -> None:
    people = pd.Series([10.0, 5.0], index=["place:b", "place:a"])
    table = needs_for(people)
    assert list(table.columns) == list(COLUMNS)
    assert table["place"].tolist() == ["place:b"] * 5 + ["place:a"] * 5
    assert table["item"].tolist() == list(FIRST_NEEDS) * 2
    water = table.iloc[0]
    assert water["unit"] == "l"
    assert water["basis"] == (
        "Sphere 2018, Water supply standard 2.1: minimum 15 litres per person per day; 1 day"
    )
    assert table["basis"].str.startswith("Sphere 2018, ").all()


def test_what_is_our_packing_says_so() -> None:
    table = needs_for(10, climate="cold").set_index("item")["basis"]
    assert "our packing" in table["food_kit"]
    assert "Sphere gives no number" in table["blanket"]


def test_unknown_people_have_no_rows_and_nobody_affected_neither() -> None:
    table = needs_for(pd.Series([float("nan"), 0.0, 1.0], index=["a", "b", "c"]))
    assert set(table["place"]) == {"c"}
    assert len(needs_for(pd.Series([float("nan")]))) == 0
    assert list(needs_for(float("nan")).columns) == list(COLUMNS)


def test_dust_of_floating_point_is_no_person() -> None:
    assert quantities(0.1 * 3 / 0.3 * 10)["tent"] == 2
    assert quantities(10.0000000001)["blanket"] == 10


@given(people=st.floats(0.01, 100_000), days=st.integers(1, 60))
def test_quantities_are_whole_and_enough(people: float, days: int) -> None:
    found = quantities(people, days=days)
    assert all(quantity == int(quantity) >= 1 for quantity in found.values())
    slack = 1e-5  # people are taken to a millionth
    assert found["water_l"] >= people * 15 * days - slack * 15 * days
    assert found["tent"] * 5 >= people - slack
    assert found["food_kit"] * HOUSEHOLD_SIZE * 7 >= people * days - slack * days
    assert found["tent"] <= people / 5 + 1


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=20))
def test_places_together_are_the_places_one_by_one(people: list[int]) -> None:
    together = needs_for(pd.Series(people, dtype="float64"))
    one_by_one = [needs_for(float(n))["quantity"].tolist() for n in people]
    assert together["quantity"].tolist() == [q for each in one_by_one for q in each]


def test_every_rule_has_an_item_and_a_citation() -> None:
    for item_id, rules in RULES.items():
        assert item_id in catalogue()
        assert "temperate" in rules
        for rule in rules.values():
            assert rule.item_id == item_id
            assert rule.figure in SPHERE
            ways = [rule.per_person_day, rule.per_person, rule.persons]
            assert sum(way is not None for way in ways) == 1


def test_kits_serve_as_many_as_the_catalogue_says() -> None:
    for item_id in ("food_kit", "hygiene_kit", "tent"):
        rule, entry = RULES[item_id]["temperate"], catalogue()[item_id]
        assert (rule.persons, rule.days) == (entry.persons_per_unit, entry.days_per_unit)


@pytest.mark.parametrize("people", [-1.0, float("inf")])
def test_absurd_people_are_refused(people: float) -> None:
    with pytest.raises(RuleError, match="0 or more"):
        needs_for(people)


def test_people_in_words_are_refused() -> None:
    with pytest.raises(RuleError, match="affected people many"):
        needs_for(pd.Series([5.0, "many"], dtype=object))


@pytest.mark.parametrize("days", [0, -3, 366])
def test_days_out_of_range_are_refused(days: int) -> None:
    with pytest.raises(RuleError, match="1 to 365 days"):
        needs_for(5, days=days)


def test_unknown_climate_and_standard_are_refused() -> None:
    with pytest.raises(RuleError, match="climate 'tropical'"):
        needs_for(5, climate="tropical")  # type: ignore[arg-type]
    with pytest.raises(RuleError, match="standard 'comfort'"):
        needs_for(5, standard="comfort")  # type: ignore[arg-type]


def test_item_without_a_rule_is_refused() -> None:
    with pytest.raises(UnknownIdError, match="items helicopter"):
        needs_for(5, items=["helicopter"])


def test_table_in_the_documentation_is_current(checkout: Path) -> None:
    page = (checkout / "docs" / "needs.md").read_text(encoding="utf-8")
    found = re.search(r"<!-- needs:begin -->\n(.*?)<!-- needs:end -->", page, re.DOTALL)
    assert found, "docs/needs.md has lost its markers"
    assert found.group(1) == needs_markdown(), "put data.needs.needs_markdown() there"


def test_a_unit_serves_as_many_people_as_the_standard_says() -> None:
    served = persons_per_unit(["water_l", "tent", "blanket", "food_kit", "unheard_of"])
    assert served == pytest.approx(
        {"water_l": 1 / 15, "tent": 5, "blanket": 1, "food_kit": 5, "unheard_of": 1}
    )
