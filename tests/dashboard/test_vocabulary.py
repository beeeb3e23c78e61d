"""The program's own words that come as data: known in all languages, and nobody else's touched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from dashboard import vocabulary
from dashboard.languages import use_language
from data.catalogue import items
from data.events import LayerKind
from data.indicators.catalogue import INDICATORS


@pytest.fixture(autouse=True)
def _arabic() -> Iterator[None]:
    use_language("ar")
    yield
    use_language("en")


def arabic(text: str) -> bool:
    return bool(re.search("[\u0600-\u06ff]", text))


def test_every_word_that_a_layer_unit_or_indicator_brings_is_known() -> None:
    words = {kind.replace("_", " ") for kind in get_args(LayerKind)}
    words |= {item.unit for item in items().values()}
    words |= {one.definition for one in INDICATORS}
    assert {word for word in words if not arabic(vocabulary.told(word))} == set()


def test_every_sentence_of_the_assessment_is_known(checkout: Path) -> None:
    source = (checkout / "geo" / "assessment.py").read_text(encoding="utf-8")
    said = source[source.index("def _evidence(") : source.index("def _totals(")]
    sentences = set(
        re.findall(r'"((?:not looked|less|some|damage seen|looked|counted)[^"]*)"', said)
    )
    assert sentences == set(vocabulary.EVIDENCE)
    assert {one for one in sentences if not arabic(vocabulary.told(one))} == set()


def test_text_of_people_stays_as_it_was_written() -> None:
    # A village may be called like a button.
    for text in ("Damage", "Settings", "", "<b>"):
        assert vocabulary.told(text) == text
    assert vocabulary.told(None) == ""
    assert arabic(vocabulary.layer_kind("damage_points"))
    assert vocabulary.layer_kind("made_up") == "made up"
