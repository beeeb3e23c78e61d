"""The tool for catalogues: what it finds, keeps, drops and reports."""

from __future__ import annotations

import pytest
from babel.messages.catalog import Catalog

from tools import catalogues


def words(*ids: str | tuple[str, str]) -> Catalog:
    catalogue = Catalog()
    for one in ids:
        catalogue.add(one)
    return catalogue


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch, tmp_path):
    """Keep the catalogues of this test in a folder of its own."""
    monkeypatch.setattr(catalogues, "catalogue_path", lambda language: tmp_path / f"{language}.po")

    def write(language: str, translated: dict) -> None:
        catalogue = Catalog(locale=language)
        for text, translation in translated.items():
            catalogue.add(text, translation)
        (tmp_path / f"{language}.po").write_text(catalogues.text_of(catalogue), encoding="utf-8")

    return write


def test_the_words_of_the_page_and_of_the_map_are_found() -> None:
    found = catalogues.template()
    assert {"Situation", "Road closed", "Who says so"} <= {one.id for one in found if one.id}


def test_a_word_keeps_its_translation_and_an_old_one_goes(known) -> None:
    known("fr", {"Damage": "Dégâts", "Gone": "Parti"})
    fresh = catalogues.updated("fr", words("Damage", "New"))
    assert {one.id: one.string for one in fresh if one.id} == {"Damage": "Dégâts", "New": ""}


def test_what_is_not_translated_is_said(known) -> None:
    known("fr", {"Damage": "Dégâts", "Roads": ""})
    assert catalogues.missing("fr", words("Damage", "Roads", "Stock")) == [
        "fr: not translated: 'Roads'",
        "fr: not translated: 'Stock'",
    ]


def test_a_lost_or_foreign_field_is_said(known) -> None:
    known("fr", {"{n} more": "encore", "for {name}": "pour {nom}"})
    problems = catalogues.missing("fr", words("{n} more", "for {name}"))
    assert any("lost in 'encore'" in one for one in problems)
    assert any("unknown field in 'pour {nom}'" in one for one in problems)


def test_each_form_of_number_is_needed(known) -> None:
    known("fr", {("{n} day", "{n} days"): ("{n} jour", "")})
    assert catalogues.missing("fr", words(("{n} day", "{n} days"))) == [
        "fr: not translated: '{n} day'"
    ]


def test_tamazight_has_two_forms(known) -> None:
    fresh = catalogues.updated("zgh", words(("{n} day", "{n} days")))
    text = catalogues.text_of(fresh)
    assert "nplurals=2" in text
    assert 'msgstr[1] ""' in text
    assert "msgstr[2]" not in text
