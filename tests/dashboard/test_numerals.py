"""Figures and moments keep their order in every language, also behind an Arabic word."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser

from dashboard import numerals
from dashboard.languages import LANGUAGES, use_language
from dashboard.map.text import clean, markdown

AT = datetime(2023, 9, 13, 6, 0, tzinfo=UTC)
ZONE = "Africa/Casablanca"


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    yield
    use_language("en")


def test_they_are_written_alike_in_all_languages() -> None:
    told = set()
    for language in LANGUAGES:
        use_language(language)
        told.add(
            tuple(
                one.removeprefix(numerals.MARK)
                for one in (
                    numerals.number(8_170_992),
                    numerals.number(0.5, 1),
                    numerals.share(0.034),
                    numerals.moment(AT, ZONE),
                    numerals.moment("2023-09-13T07:00:00", ZONE),
                    numerals.day(AT, ZONE),
                    numerals.clock(AT, ZONE),
                )
            )
        )
    at = "2023-09-13 07:00"
    assert told == {("8\u202f170\u202f992", "0.5", "3%", at, at, at[:10], at[-5:])}


@pytest.mark.parametrize("nobody_knows", [None, float("nan")])
def test_what_nobody_knows_is_a_dash(nobody_knows: float | None) -> None:
    assert numerals.number(nobody_knows) == numerals.UNKNOWN
    assert numerals.share(nobody_knows) == numerals.UNKNOWN


def test_cleaning_keeps_what_holds_a_figure_together() -> None:
    use_language("ar")
    figure = numerals.number(8_170_992)
    assert clean(f"  {figure}\u2003\u00a0x ") == f"{figure} x"
    assert figure in markdown(figure)


@pytest.mark.browser
@pytest.mark.parametrize("text", ["8170992", "2023-09-13", "100%"])
def test_the_browser_shows_them_in_order_behind_an_arabic_word(browser: Browser, text: str) -> None:
    use_language("ar")
    shown = {
        "8170992": numerals.number(8_170_992),
        "2023-09-13": numerals.moment(AT, ZONE),
        "100%": numerals.share(1),
    }[text]
    page = browser.new_page()
    page.set_content(f'<p dir="rtl">اطلبوا {shown} ماء</p>')
    # Where each letter stands, from left to right.
    lefts = page.evaluate(
        """() => {
            const node = document.querySelector("p").firstChild, range = document.createRange();
            return [...node.data].map((letter, i) => {
                range.setStart(node, i); range.setEnd(node, i + 1);
                return [letter, range.getBoundingClientRect().left];
            });
        }"""
    )
    page.close()
    digits = [one for one in lefts if one[0] in "0123456789-%"]
    assert digits == sorted(digits, key=lambda one: one[1])
    assert "".join(one[0] for one in digits).startswith(text)
