"""Items that the catalogue does not know: registered, weighed, taken in, planned and named."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.operations import goods, own_items, planning, stockroom, uploads
from dashboard.operations.booking import book
from dashboard.operations.exporting import name_of
from dashboard.operations.situation import Situation
from dashboard.operations.stockroom import NOBODY
from geo.errors import InputError

LINING = {"name": "Doublure de tente", "unit": "piece", "kg": "8,5 kg", "m3": "0.05"}


def test_an_item_by_its_name_alone_gets_an_id_and_is_weighed(valley: Situation) -> None:
    made = book(valley, "item", {**LINING, "pack": "box=4"}, NOBODY)
    assert made["item"] == "doublure_de_tente"
    item = goods.loadable_items(valley)["doublure_de_tente"]
    assert (item.kg_per_unit, item.m3_per_unit, item.unit) == (8.5, 0.05, "piece")
    stockroom.receive(valley, "Asni depot", "doublure de tente", "2 box", donor="x")
    free = valley.store.free_stock(on=goods.day_of(valley))
    held = {line.item_id: line.quantity for line in free}
    assert held["doublure_de_tente"] == 8


def test_a_name_in_another_script_gets_an_id_with_a_number(valley: Situation) -> None:
    fields = {"name": "بطانة خيمة", "unit": "piece", "kg": "8", "m3": "0.05"}
    assert book(valley, "item", fields, NOBODY)["item"] == "item_1"
    # Told again with another weight it is the same thing.
    assert book(valley, "item", {**fields, "kg": "9"}, NOBODY)["item"] == "item_1"
    assert goods.relief_items(valley)["item_1"].kg_per_unit == 9
    assert name_of(valley, "ar")("item_1") == "بطانة خيمة"


def test_who_weighed_a_tent_knows_it_better_than_the_catalogue(valley: Situation) -> None:
    book(valley, "item", {"name": "tente", "unit": "tent", "kg": "41", "m3": "0.3"}, NOBODY)
    tent = next(item for item in planning.build_problem(valley).items if item.item_id == "tent")
    assert (tent.kg_per_unit, tent.m3_per_unit) == (41, 0.3)
    assert tent.names["ar"] == "خيمة عائلية"


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({**LINING, "kg": "0"}, "above 0"),
        ({**LINING, "kg": "8 l"}, "a number of kg is needed"),
        ({**LINING, "m3": "many"}, "above 0"),
        ({**LINING, "kg": "2000"}, "less than or equal to 1000"),
        ({**LINING, "unit": ""}, "unit is empty"),
        ({**LINING, "pack": "box"}, "NAME=UNITS"),
        ({"name": "tent", "unit": "box", "kg": "1", "m3": "1"}, "it is counted in tent"),
    ],
)
def test_what_is_not_right_is_refused(valley: Situation, fields: dict[str, str], why: str) -> None:
    before = valley.seq()
    with pytest.raises(InputError, match=why):
        book(valley, "item", fields, NOBODY)
    assert valley.seq() == before


def test_what_nobody_weighed_is_told_as_left_behind_then_planned(
    valley: Situation, tmp_path: Path
) -> None:
    own_items.register_item(valley, "lining", name="Tent lining", unit="piece")
    stockroom.receive(valley, "Asni depot", "lining", "40", donor="x")
    sheet = tmp_path / "more.csv"
    sheet.write_text("place,item,quantity\nTinmel,Tent lining,12\n", encoding="utf-8")
    assert uploads.upload(valley, "needs", sheet, organisation="NGO Two")["accepted"] == 1
    plan = planning.make_plan(valley, seed=1, iterations=30)
    (line,) = [one for one in plan["unserved"] if one["item"] == "lining"]
    assert (line["place_name"], line["quantity"], line["code"]) == ("Tinmel", 12, "weight_unknown")
    assert "qafila stock item lining --kg" in line["reason"]

    own_items.register_item(valley, "lining", kg_per_unit=8.5, m3_per_unit=0.05)
    plan = planning.make_plan(valley, seed=1, iterations=30)
    brought = [stop["deliver"].get("lining", 0) for one in plan["convoys"] for stop in one["stops"]]
    assert sum(brought) == 12
    assert not [one for one in plan["unserved"] if one["item"] == "lining"]
