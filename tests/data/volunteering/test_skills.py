"""What volunteers can do, in the words that they use."""

import pytest

from data.volunteering.skills import LANGUAGES, SKILLS, language_of, skill_of
from geo.names import plain


@pytest.mark.parametrize(
    ("written", "skill"),
    [
        ("Infirmière", "medical"),
        ("مُمَرِّضة", "medical"),
        ("driver 4x4", "driver_4x4"),
        ("maçon", "mason"),
        ("ⴰⵎⵙⵓⵖⵍ", "translator"),
        ("Beekeeper ", "beekeeper"),
    ],
)
def test_a_skill_is_known_by_its_words(written: str, skill: str) -> None:
    assert skill_of(written) == skill


@pytest.mark.parametrize(
    ("written", "code"), [("Tachelhit", "shi"), ("الدارجة", "ary"), ("FR", "fr"), ("xx", "xx")]
)
def test_a_language_is_known_by_its_words(written: str, code: str) -> None:
    assert language_of(written) == code


@pytest.mark.parametrize("words", [SKILLS, LANGUAGES])
def test_no_word_means_two_things(words: dict[str, str]) -> None:
    seen: dict[str, str] = {}
    for name, text in words.items():
        for word in " ".join(text.split()).split("|"):
            assert seen.setdefault(plain(word), name) == name, word
