"""Shares of building typologies of communes, from census fields and tables that people wrote."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.building_stock import building_stock
from geo.errors import SchemaError
from geo.vulnerability import RURAL_HIGH_ATLAS, TYPOLOGIES


def table(**columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame({"commune_code": ["07.041.01.01", "07.041.01.02"], **columns})


def test_shares_by_wall_material_are_taken_as_written() -> None:
    stock = building_stock(table(Pise=[0.7, 0.2], Beton=[0.3, 0.8]), source="HCP")
    assert stock is not None
    assert stock["unit_id"].tolist() == ["07.041.01.01", "07.041.01.02"]
    assert stock["earth"].tolist() == [0.7, 0.2]
    assert stock["concrete"].tolist() == [0.3, 0.8]
    assert stock["rubble_stone"].tolist() == [0.0, 0.0]
    assert stock["basis"].tolist() == ["HCP: material of walls"] * 2


@pytest.mark.parametrize(
    ("earth", "concrete"),
    [([70, 20], [30, 80]), ([700, 100], [300, 400]), (["0.7", "0.2"], ["0.3", "0.8"])],
)
def test_percent_numbers_of_houses_and_text_give_the_same(
    earth: list[object], concrete: list[object]
) -> None:
    stock = building_stock(table(earth=earth, concrete=concrete), source="x")
    assert stock is not None
    assert stock["earth"].tolist() == pytest.approx([0.7, 0.2])


def test_other_material_is_built_as_the_rest() -> None:
    stock = building_stock(table(earth=[60, 30], concrete=[20, 60], autre=[20, 10]), source="x")
    assert stock is not None
    assert stock["earth"].tolist() == pytest.approx([0.75, 1 / 3])


def test_commune_without_figures_is_left_out() -> None:
    stock = building_stock(table(earth=[None, 1.0]), source="x")
    assert stock is not None
    assert stock["unit_id"].tolist() == ["07.041.01.02"]


def test_types_of_dwelling_are_an_estimate_and_say_so() -> None:
    """Half villas, half Moroccan houses: concrete 0.5 + 0.5 x 0.4; rural ones were not asked."""
    stock = building_stock(
        table(villa_u=[50.0, 0.0], mm_u=[50.0, 0.0], rural_u=[0.0, 0.0]), source="HCP 2014"
    )
    assert stock is not None
    assert len(stock) == 1
    assert stock["concrete"].iloc[0] == pytest.approx(0.7)
    assert stock["masonry_rc_floor"].iloc[0] == pytest.approx(0.3)
    assert "our estimate" in stock["basis"].iloc[0]


def test_rural_dwellings_are_the_assumed_mix() -> None:
    stock = building_stock(table(rural_u=[100.0, 80.0]), source="HCP")
    assert stock is not None
    for name, share in RURAL_HIGH_ATLAS.items():
        assert stock[name].tolist() == pytest.approx([share, share])


@given(st.lists(st.integers(0, 5000), min_size=4, max_size=4).filter(lambda n: sum(n) > 200))
def test_shares_sum_to_one_whatever_was_counted(counts: list[int]) -> None:
    frame = pd.DataFrame(
        {"code": ["a"], **{name: [n] for name, n in zip(
            ("pise", "pierre_terre", "brique", "beton"), counts, strict=True
        )}}
    )  # fmt: skip
    stock = building_stock(frame, source="x")
    assert stock is not None
    assert stock[list(TYPOLOGIES)].sum(axis=1).iloc[0] == pytest.approx(1)


def test_nothing_of_buildings_is_nothing() -> None:
    assert building_stock(table(population=[1, 2]), source="x") is None


def test_shares_that_do_not_sum_to_one_name_their_row() -> None:
    with pytest.raises(
        SchemaError, match=r"row 2.*they sum to 0\.9.*shares that sum to 1"
    ) as caught:
        building_stock(table(earth=[0.7, 0.5], concrete=[0.3, 0.4]), source="x")
    assert len(caught.value.problems) == 1
    assert "column 'other'" in str(caught.value)


def test_negative_share_is_refused() -> None:
    with pytest.raises(SchemaError, match=r"column earth: '-0\.2'.*a number from 0"):
        building_stock(table(earth=["-0.2", "0.5"], concrete=["1.2", "0.5"]), source="x")


def test_commune_twice_is_refused() -> None:
    frame = table(earth=[1.0, 1.0])
    frame["commune_code"] = "07.041.01.01."
    with pytest.raises(SchemaError, match=r"commune 07\.041\.01\.01, twice"):
        building_stock(frame, source="x")


def test_table_without_codes_is_refused() -> None:
    with pytest.raises(SchemaError, match="code of the commune is needed; name it commune_code"):
        building_stock(pd.DataFrame({"village": ["a"], "earth": [1.0]}), source="x")
