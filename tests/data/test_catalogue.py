"""The catalogue of relief items, as it comes and as people write their own."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from data.catalogue import catalogue, catalogue_markdown, items
from geo.errors import EmptyInputError, SchemaError, TooLargeError, UnreadableError
from geo.model import Item

TENT = """
[tent]
unit = "tent"
kg_per_unit = 55
m3_per_unit = 0.282
persons_per_unit = 5
basis = "published"
source = "IFRC"
names = { en = "Tent", fr = "Tente" }
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "items.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_item_has_its_own_name_in_every_language() -> None:
    for item in items().values():
        assert {"en", "fr", "ar"} <= item.names.keys(), item.item_id
        assert len(set(item.names.values())) == len(item.names), item.item_id
    for code in ("en", "fr", "ar"):
        assert len({item.names[code] for item in items().values()}) == len(items())


def test_what_is_asked_for_first_is_known_in_tamazight_too() -> None:
    first = [item_id for item_id, entry in catalogue().items() if entry.group == "first"]
    assert first[:5] == ["water_l", "food_kit", "tent", "blanket", "hygiene_kit"]
    assert all("zgh" in items()[item_id].names for item_id in first)


def test_every_item_says_how_many_it_serves() -> None:
    """Else a water tablet would weigh as much in a plan as a stretcher."""
    silent = [item_id for item_id, entry in catalogue().items() if not entry.persons_per_unit]
    assert silent == ["water_l"]


def test_first_needs_are_in_the_catalogue_with_names_in_three_languages() -> None:
    found = items()
    for item_id in ("water_l", "food_kit", "tent", "blanket", "hygiene_kit"):
        item = found[item_id]
        assert isinstance(item, Item)
        assert all(item.names[code] for code in ("en", "fr", "ar"))
        assert item.source
    assert found["water_l"].kg_per_unit == 1
    assert found["water_l"].m3_per_unit == 0.001
    assert found["tent"].kg_per_unit == 55


def test_names_that_nobody_was_sure_of_fall_back_to_english() -> None:
    food = replace(items()["food_kit"], names={"en": "Food", "zgh": ""})
    assert food.name("zgh") == food.name("fr") == "Food"


def test_estimates_say_that_they_are_estimates() -> None:
    for item_id, entry in catalogue().items():
        assert items()[item_id].source.startswith("Estimate.") == (entry.basis == "estimate")


def test_densities_are_those_of_goods_that_can_be_carried() -> None:
    """Between foam and stacked iron: a slip of the decimal point would show here."""
    for item in items().values():
        assert 30 <= item.kg_per_unit / item.m3_per_unit <= 1800, item.item_id


def test_own_catalogue_takes_the_place(tmp_path: Path) -> None:
    found = items(written(tmp_path, TENT))
    assert list(found) == ["tent"]
    assert found["tent"].name("ar") == "Tent"


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    text = TENT.replace("55", "-1").replace('"published"', '"hearsay"') + "\n[Tent2]\n"
    with pytest.raises(SchemaError, match=r"item tent, kg_per_unit = -1") as caught:
        items(written(tmp_path, text))
    told = {(p.row, p.column) for p in caught.value.problems}
    assert {("tent", "kg_per_unit"), ("tent", "basis"), ("Tent2", ""), ("Tent2", "unit")} <= told


@pytest.mark.parametrize(
    ("before", "after", "column"),
    [
        ("0.282", "nan", "m3_per_unit"),
        ("55", "55000", "kg_per_unit"),
        ('source = "IFRC"', "", "source"),
        ('en = "Tent"', 'en = ""', "names.en"),
        ('basis = "published"', 'basis = "published"\ncolour = "white"', "colour"),
    ],
)
def test_impossible_fields_are_refused(
    tmp_path: Path, before: str, after: str, column: str
) -> None:
    with pytest.raises(SchemaError, match=re.escape(column)):
        items(written(tmp_path, TENT.replace(before, after)))


def test_empty_catalogue_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EmptyInputError, match="no items"):
        items(written(tmp_path, "# nothing\n"))


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="cannot be read"):
        items(tmp_path / "none.toml")


def test_file_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="no valid TOML"):
        items(written(tmp_path, "[tent\n"))


def test_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with pytest.raises(TooLargeError, match="1,000,000 bytes"):
        items(written(tmp_path, "#" * 1_000_001))


def test_table_in_the_documentation_is_current(checkout: Path) -> None:
    page = (checkout / "docs" / "needs.md").read_text(encoding="utf-8")
    found = re.search(r"<!-- items:begin -->\n(.*?)<!-- items:end -->", page, re.DOTALL)
    assert found, "docs/needs.md has lost its markers"
    assert found.group(1) == catalogue_markdown(), "put data.catalogue.catalogue_markdown() there"
