"""What people call the goods that they bring and lack, in four languages."""

from __future__ import annotations

import pytest

from data.catalogue import items
from data.intake.items import _WORDS, find_item, item_of
from data.intake.wordlists import names
from geo.names import plain


@pytest.mark.parametrize(
    ("written", "item"),
    [
        ("Matelas mousse", "mattress"),
        ("nattes", "sleeping_mat"),
        ("قنينات الغاز", "gas_bottle"),
        ("حليب الرضع", "infant_formula"),
        ("حليب", "milk_l"),
        ("couches adultes", "adult_diaper"),
        ("Couches (taille 3)", "diaper"),
        ("sacs de ciment 50 kg", "cement"),
        ("ⵉⴽⵛⵛⵓⴹⵏ", "firewood"),
        ("Family Food Packs (3kilos Rice; 1 tin)", "food_kit"),
        ("citerne d'eau", "water_l"),
        ("citerne 1000 l", "water_tank"),
        ("Wheelchair, adult", "wheelchair"),
        ("Trench coat", None),
        ("glass louvre 5mm", None),
    ],
)
def test_goods_by_the_words_of_those_who_bring_them(written: str, item: str | None) -> None:
    assert item_of(written) == item


def test_every_name_of_the_catalogue_is_understood_as_its_item() -> None:
    for item_id, item in items().items():
        for name in (item_id, *item.names.values()):
            found = find_item(name)
            assert found is not None, name
            assert found.item_id == item_id, name


def test_no_word_means_two_things() -> None:
    meant: dict[str, str] = {}
    for item_id, text in _WORDS.items():
        assert item_id in items()
        for name in names(text):
            assert meant.setdefault(plain(name), item_id) == item_id, name
