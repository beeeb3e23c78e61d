"""The language that a person reads in: which one, how it is remembered, what a document says."""

from __future__ import annotations

import ast
from pathlib import Path

import httpx
import pytest

from dashboard.http.language import COOKIE
from dashboard.languages import (
    LANGUAGES,
    N_,
    _,
    chosen_language,
    direction,
    language,
    ngettext,
    reading_in,
    tell,
    use_language,
)
from geo.phrase import Named, phrase


@pytest.fixture(autouse=True)
def _english_again():
    yield
    use_language("en")


@pytest.mark.parametrize(
    ("wishes", "language"),
    [
        (("fr",), "fr"),
        ((None, None, "ar-MA,ar;q=0.9,fr;q=0.8"), "ar"),
        (("xx", "", "de-DE,de;q=0.9,fr;q=0.5"), "fr"),
        (("tzm-Tfng-MA",), "zgh"),
        (("AR_ma",), "ar"),
        (("<script>", "../../etc/passwd"), "en"),
        (("x" * 10_000 + ",fr",), "en"),
        ((), "en"),
    ],
)
def test_the_first_wish_that_can_be_met_is_taken(wishes: tuple[str, ...], language: str) -> None:
    assert chosen_language(*wishes) == language


def test_arabic_alone_is_written_from_right_to_left() -> None:
    assert [one for one in LANGUAGES if direction(one) == "rtl"] == ["ar"]


@pytest.mark.parametrize(
    ("language", "word"), [("ar", "الأضرار"), ("fr", "Dégâts"), ("zgh", "ⵉⵅⵙⴰⵔⵏ"), ("en", "Damage")]
)
def test_words_come_in_the_language_of_the_run(language: str, word: str) -> None:
    use_language(language)
    assert _("Damage") == word


def test_an_unknown_word_or_language_falls_back_to_english() -> None:
    use_language("fr")
    assert _("no such word 17") == "no such word 17"
    use_language("de")
    assert _("Damage") == "Damage"
    assert language() == "de"
    assert N_("as it stands") == "as it stands"


def test_arabic_has_its_six_forms_of_number() -> None:
    use_language("ar")
    forms = {
        ngettext("{n} place is cut off now", "{n} places are cut off now", n)
        for n in (0, 1, 2, 3, 11, 100)
    }
    assert len(forms) >= 4


def page(address: str, **headers: str) -> httpx.Response:
    return httpx.get(address, headers={"Accept": "text/html", **headers}, timeout=30)


def test_the_document_says_the_language_that_will_be_shown(valley_server) -> None:
    arabic = page(valley_server.address + "/?lang=ar")
    assert '<html lang="ar" dir="rtl">' in arabic.text
    assert f"{COOKIE}=ar;" in arabic.headers["set-cookie"]
    remembered = page(valley_server.address + "/damage", Cookie=f"{COOKIE}=ar")
    assert '<html lang="ar" dir="rtl">' in remembered.text
    assert "set-cookie" not in remembered.headers
    browser = page(valley_server.address + "/", **{"Accept-Language": "fr-MA,fr;q=0.9"})
    assert '<html lang="fr" dir="ltr">' in browser.text
    assert int(browser.headers["content-length"]) == len(browser.content)


def test_a_hostile_language_is_neither_remembered_nor_written(valley_server) -> None:
    for told in ("<script>alert(1)</script>", "ar\r\nX-Evil: 1", "a" * 5_000):
        answer = httpx.get(
            valley_server.address + "/",
            params={"lang": told},
            headers={"Accept": "text/html", "Cookie": f'{COOKIE}="><script>'},
            timeout=30,
        )
        assert '<html lang="en" dir="ltr">' in answer.text
        assert "set-cookie" not in answer.headers
        assert "x-evil" not in answer.headers


def test_a_change_of_language_is_not_hidden_by_the_browsers_copy(valley_server) -> None:
    first = page(valley_server.address + "/?lang=en")
    assert "etag" not in first.headers
    again = page(
        valley_server.address + "/?lang=fr",
        **{"If-None-Match": "*", "If-Modified-Since": "Wed, 01 Jan 2031 00:00:00 GMT"},
    )
    assert again.status_code == 200
    assert '<html lang="fr"' in again.text


def test_the_map_speaks_the_language_of_its_address(valley_server) -> None:
    french = page(valley_server.address + "/map/fr/")
    assert '"language": "fr"' in french.text
    assert r"L\u00e9gende" in french.text  # as JSON writes it
    unknown = page(valley_server.address + "/map/de/")
    assert unknown.status_code == 404
    assert unknown.json()["title"].startswith("one of ar, zgh, fr, en")
    own = page(valley_server.address + "/map/", Cookie=f"{COOKIE}=ar")
    assert own.status_code == 307
    assert own.headers["location"] == "ar/"


def test_no_words_stand_inside_of_f_strings(checkout: Path) -> None:
    """Words there are not collected on Python 3.11, and so stay English in every language."""
    found = [
        f"{path.relative_to(checkout)}:{call.lineno}"
        for path in sorted((checkout / "dashboard").rglob("*.py"))
        for text in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(text, ast.JoinedStr)
        for call in ast.walk(text)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "_"
        and isinstance(call.args[0], ast.Constant)
    ]
    assert found == []


def test_a_thing_in_a_sentence_is_called_by_its_name_in_the_language_of_the_run() -> None:
    tent = Named({"en": "Family tent", "fr": "Tente familiale"}, "tent")
    said = phrase("{unit}, the unit of {item}", unit="tent", item=tent)
    with reading_in("fr"):
        assert "Tente familiale" in tell(said)
    assert tell(said) == "tent, the unit of Family tent"
