"""The coming days, by hand."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.forecast import LINE_COLUMNS, by_depot, by_item, cumulative_need, error_of


def lines(*rows: tuple[str, str, str, float, float, float, float]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(LINE_COLUMNS))


WATER = ("place:1", "depot:a", "water_l", 150.0, 100.0, 50.0, 150.0)
KITS = ("place:1", "depot:a", "food_kit", 14.0, 14.0, 0.0, 2.0)
TENTS = ("place:2", "", "tent", 5.0, 2.0, 3.0, 0.0)


def test_water_is_needed_each_day_a_kit_lasts_and_a_tent_stays() -> None:
    found = cumulative_need(lines(WATER, KITS, TENTS), [1, 2, 7, 8])
    assert found.tolist() == [
        [100.0, 250.0, 1000.0, 1150.0],
        [14.0, 14.0, 14.0, 16.0],
        [2.0, 2.0, 2.0, 2.0],
    ]


def test_a_depot_lasts_as_many_days_as_its_places_need_no_more() -> None:
    table = by_depot(
        lines(WATER, KITS, TENTS),
        pd.DataFrame(
            [("depot:a", "water_l", 300.0), ("depot:a", "food_kit", 20.0)],
            columns=["depot_id", "item", "free"],
        ),
        7,
    ).set_index("item")
    assert table.loc["water_l", "lasts_days"] == 2
    assert table.loc["water_l", "short"] == 700.0
    assert math.isnan(table.loc["food_kit", "lasts_days"])
    assert table.loc["food_kit", "short"] == 0.0
    assert (table.loc["tent", "depot_id"], table.loc["tent", "lasts_days"]) == ("", 0)


def test_places_are_summed_up_by_item() -> None:
    other = ("place:2", "depot:b", *WATER[2:])
    found = by_item(lines(WATER, other), 2)
    assert found.to_dict("records") == [{"item": "water_l", "per_day": 300.0, 1: 200.0, 2: 500.0}]


def test_an_error_is_a_share_of_what_came() -> None:
    found = error_of(pd.Series({"tent": 6.0, "soap": 1.0}), pd.Series({"tent": 8.0, "cash": 0.0}))
    shares = dict(zip(found["item"], found["error_share"], strict=True))
    assert shares["tent"] == pytest.approx(-0.25)
    assert shares["soap"] == math.inf
    assert math.isnan(shares["cash"])


amounts = st.floats(0, 1e6)


@given(st.lists(st.tuples(amounts, amounts, amounts), min_size=1, max_size=5))
def test_need_never_shrinks_and_begins_with_what_is_missing(
    rows: list[tuple[float, float, float]],
) -> None:
    frame = lines(
        *(
            ("place:1", "", "water_l", quantity, max(0.0, quantity - left), left, per_day)
            for quantity, left, per_day in rows
        )
    )
    found = cumulative_need(frame, range(1, 8))
    assert (np.diff(found, axis=1) >= 0).all()
    assert (found[:, 0] >= frame["missing"].to_numpy()).all()
