"""A name sounds the same in whatever script and spelling it comes; slips of writers are cheap."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.name_distance import MAX_SOUNDS, encode, likeness
from geo.name_forms import skeleton, sound


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Tafnoute", "ⵜⴰⴼⵏⵓⵜ"),
        ("Douar Imlil", "إمليل"),
        ("Aiyt Zitoun", "Aït Zitoun"),
        ("أيت الزيتون", "Ait Zitoun"),
        ("Talat-n-Yaaqoub", "TLAT N'YAKOUB"),
        ("Awlad Said", "Ouled Saïd"),
        ("Cheikh", "sheykh"),
        ("El Borj", "BORJ"),
        ("9al3a", "qala"),
        ("7ay Mohammadi", "Hay Mohammadi"),
        ("5emis", "Khemis"),
        ("أݣادير", "Agadir"),
        ("أڭادير", "أگادير"),
        ("Dr. Tiqqi", "Tiki"),
        ("Bni Ouarayne", "Beni Warayn"),
    ],
)
def test_spellings_of_one_name_sound_alike(one: str, other: str) -> None:
    assert sound(one) == sound(other)


def test_a_digit_that_stands_alone_stays_a_number() -> None:
    assert sound("Hay Salam 3") != sound("Hay Salam 5")
    assert sound("Douar 7").split() == ["7"]


def test_a_name_of_nothing_but_common_words_keeps_them() -> None:
    assert sound("Douar") == "duar"
    assert sound("El Hay") != ""


def test_the_skeleton_is_what_arabic_writes_without_vowels() -> None:
    assert skeleton(sound("تفنوت")) == skeleton(sound("Tifnoute")) == "tfnt"


@given(st.text(max_size=60))
def test_any_text_has_a_sound(text: str) -> None:
    assert isinstance(sound(text), str)


ARABIC = st.text(alphabet="ابتثجحخدذرزسشصضطظعغفقكلمنهوي", min_size=2, max_size=12)


@given(ARABIC, st.data())
def test_tatweel_and_short_vowels_are_not_heard(name: str, data: st.DataObject) -> None:
    marks = data.draw(st.lists(st.sampled_from(["", "ـ", "\u064e", "\u0651"]), min_size=len(name)))
    dressed = "".join(letter + mark for letter, mark in zip(name, marks, strict=False))
    assert sound(dressed) == sound(name)


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyzéïçô ", max_size=30))
def test_capitals_are_not_heard(name: str) -> None:
    assert sound(name.upper()) == sound(name)


def _alike(one: str, other: str) -> float:
    return float(likeness(encode([one]), encode([other]), (np.array([0]), np.array([0])))[0])


def test_a_likely_slip_costs_less_than_an_unlikely_one() -> None:
    assert _alike("tafnut", "tafnut") == 1
    assert _alike("tafnut", "tifnut") > _alike("tafnut", "tafnt") > _alike("tafnut", "tafut")
    assert _alike("aGbar", "arbar") > _alike("aGbar", "asbar")
    assert _alike("tinmel", "kzzbrd") < 0.3


@pytest.mark.parametrize(("one", "other", "cost"), [("tmt", "tm", 1.0), ("tkt", "tgt", 0.3)])
def test_the_cost_is_what_hand_calculation_gives(one: str, other: str, cost: float) -> None:
    assert _alike(one, other) == pytest.approx(1 - cost / 3, abs=1e-6)


@given(
    st.lists(st.text(alphabet="aeiubtkgGXrsSmn", max_size=14), min_size=2, max_size=8),
)
def test_likeness_is_a_share_and_the_same_both_ways(sounds: list[str]) -> None:
    codes = encode(sounds)
    one, other = (axis.ravel() for axis in np.indices((len(sounds), len(sounds))))
    there, back = likeness(codes, codes, (one, other)), likeness(codes, codes, (other, one))
    assert ((there >= 0) & (there <= 1)).all()
    np.testing.assert_allclose(there, back, atol=1e-5)
    same = np.array(
        [sounds[i] == sounds[j] and sounds[i] != "" for i, j in zip(one, other, strict=True)]
    )
    assert (there[same] == 1).all()


def test_other_scripts_and_long_names_are_encoded_too() -> None:
    codes = encode(["काठमाडौं", "a" * 100, ""])
    assert codes.shape == (3, MAX_SOUNDS)
    assert (codes[1] > 0).all()
    assert (codes[2] == 0).all()
    assert (codes[0] > 0).sum() == len("काठमाडौं")
