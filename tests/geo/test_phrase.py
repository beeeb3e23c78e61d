"""Sentences that can be told in other languages are texts like others until then."""

import copy
import json
import pickle

import pytest

from geo.phrase import Named, Phrase, joined, phrase, told

FRENCH = {
    "{written} are {kg} kg": "{written} font {kg} kg",
    "a tent": "une tente",
    "broken {kg}": "cassé {other}",
}


def _french(text: str) -> str:
    return FRENCH.get(text, text)


def test_a_phrase_is_its_english_text() -> None:
    said = phrase("{written} are {kg} kg", written="2 t", kg=2000)
    assert said == "2 t are 2000 kg"
    assert json.dumps([said]) == '["2 t are 2000 kg"]'
    assert said[:3] == "2 t"


def test_it_is_told_with_its_values_and_the_phrases_in_them() -> None:
    inner = phrase("a tent")
    assert told(phrase("{written} are {kg} kg", written=inner, kg=5), _french) == (
        "une tente font 5 kg"
    )
    assert told(joined([inner, "Imlil", inner], " | "), _french) == "une tente | Imlil | une tente"
    assert joined([], " | ") == ""


def test_a_thing_is_called_by_its_name_in_the_language() -> None:
    tent = Named({"en": "Family tent", "fr": "Tente familiale", "ar": ""}, "tent")
    said = phrase("{written} are {kg} kg", written=tent, kg=40)
    assert said == "Family tent are 40 kg"
    assert told(said, _french, "fr") == "Tente familiale font 40 kg"
    assert told(said, _french, "ar") == "Family tent font 40 kg"
    assert told(copy.deepcopy(said), _french, "fr") == "Tente familiale font 40 kg"
    assert Named({}, "tent") == "tent"


def test_a_text_of_people_stays_as_it_was_written() -> None:
    assert told("a tent", _french) == "a tent"
    # Braces that somebody wrote are no fields.
    assert told(phrase("{written} are {kg} kg", written="{kg}", kg=1), _french) == "{kg} font 1 kg"


def test_a_translation_whose_fields_do_not_fit_falls_back_to_english() -> None:
    assert told(phrase("broken {kg}", kg=3), _french) == "broken 3"


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_a_copy_keeps_the_parts(copied: object) -> None:
    assert callable(copied)
    again = copied(phrase("{written} are {kg} kg", written="2 t", kg=2000))
    assert isinstance(again, Phrase)
    assert told(again, _french) == "2 t font 2000 kg"
