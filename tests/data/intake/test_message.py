"""Needs by text message: what is understood in four languages, and what is said not to be."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.intake.items import names_like
from data.intake.message import CODES, Misread, NeedMessage, is_need, parse_need


def goods(text: str) -> list[tuple[str, str]]:
    """Item and quantity of all that a message asks for."""
    read = parse_need(text)
    assert isinstance(read, NeedMessage), read
    return [(one.item_id, one.quantity) for one in read.goods]


TENTS_AND_WATER = [("tent", "20"), ("water_l", "300")]


@pytest.mark.parametrize(
    ("text", "place", "language"),
    [
        ("BESOIN Tafeghaghte tentes 20 eau 300", "Tafeghaghte", "fr"),
        ("besoin: Aït Ben Addou, tentes 20, eau 300.", "Aït Ben Addou", "fr"),
        ("NEED Tinmel 20 tents 300 water", "Tinmel", "en"),
        ("حاجة تينمل خيام ٢٠ ماء ٣٠٠", "تينمل", "ar"),
        ("نحتاج ٢٠ خيمة ٣٠٠ ماء في تينمل", "تينمل", "ar"),
        ("ⵜⴰⵎⵔⵉⵡⵜ ⵜⵉⵏⵎⵍ ⵉⵇⵉⴹⴰⵏ 20 ⴰⵎⴰⵏ 300", "ⵜⵉⵏⵎⵍ", "zgh"),
    ],
)
def test_one_message_says_place_items_and_counts(text: str, place: str, language: str) -> None:
    read = parse_need(text)
    assert isinstance(read, NeedMessage)
    assert (read.place, read.language) == (place, language)
    assert goods(text) == TENTS_AND_WATER


def test_where_the_reporter_is_and_where_help_is_needed_are_two_fields() -> None:
    for text in ("NEED Tinmel tents 20 FROM Asni", "NEED 20 tents at Tinmel from Asni"):
        read = parse_need(text)
        assert isinstance(read, NeedMessage)
        assert (read.place, read.reported_from) == ("Tinmel", "Asni")


def test_units_thousands_and_elisions_are_read() -> None:
    assert goods("BESOIN Tinmel 300l d'eau") == [("water_l", "300 l")]
    assert goods("BESOIN Tinmel eau 2 000 l tentes 3") == [("water_l", "2000 l"), ("tent", "3")]
    assert goods("BESOIN Tinmel 5 kits de cuisine") == [("kitchen_set", "5")]
    assert goods("BESOIN Tinmel tentes 20 merci") == [("tent", "20")]


@pytest.mark.parametrize(
    ("text", "part", "said"),
    [
        ("", "code", ""),
        ("hello", "code", "hello"),
        ("BESOIN", "place", ""),
        ("BESOIN tentes 20", "place", "tentes"),
        ("BESOIN " + "x " * 40 + "tentes 20", "place", ("x " * 40)[:80]),
        ("BESOIN Tinmel", "item", ""),
        ("BESOIN Tinmel choses 20", "item", "choses"),
        ("BESOIN Tinmel tentes 20 choses 5", "item", "choses"),
        ("BESOIN Tinmel tentes", "quantity", "tentes"),
        ("BESOIN Tinmel tentes -20", "quantity", "-20"),
        ("BESOIN Tinmel tentes 20 couvertures 30-40", "quantity", "couvertures 30-40"),
        ("BESOIN Tinmel tentes 20" + " x" * 900, "length", "1823"),
    ],
)
def test_what_is_not_understood_is_named_and_nothing_is_taken(
    text: str, part: str, said: str
) -> None:
    read = parse_need(text)
    assert isinstance(read, Misread)
    assert (read.part, read.given) == (part, said)


def test_an_unknown_item_is_answered_with_one_that_looks_like_it() -> None:
    assert names_like("tante")[0] == "tente"
    assert names_like("") == []
    assert names_like("x" * 100) == []


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=200), st.sampled_from(sorted(CODES)))
def test_any_text_is_read_or_named(text: str, code: str) -> None:
    for message in (text, f"{code} {text}", f"{code} Tinmel {text} 20"):
        read = parse_need(message)
        assert isinstance(read, Misread | NeedMessage)
        if isinstance(read, NeedMessage):
            assert is_need(message)
            assert read.place
            assert read.goods
