"""Names are compared in one plain form, and decided alone only when clear."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.names import match, plain


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Aït Zitoun", "AIT ZITUN"),
        ("Douar Tinmel", "tinmel"),
        ("Ijoukak", "Ijukak"),
        ("إغيل", "اغيل"),
        ("ثلاث نيعقوب", "ثلاث نيعقوب"),
        ("تـافغاغت", "تافغاغت"),
        ("دوار إمليل", "امليل"),
        ("Talat-n-Yaaqoub", "talat n yaaqub"),
    ],
)
def test_ways_of_writing_one_name_have_one_plain_form(one: str, other: str) -> None:
    assert plain(one) == plain(other)


def test_different_places_keep_different_plain_forms() -> None:
    names = ["Ighil", "Aghbar", "Imlil", "Tinmel", "Asni", "اغيل", "اسني", "ⵉⵎⵍⵉⵍ"]
    assert len({plain(name) for name in names}) == len(names)


@given(st.text(max_size=40))
def test_plain_is_stable_under_a_second_pass_of_case(text: str) -> None:
    assert plain(text.upper().lower()) == plain(text.upper().lower().casefold())


@given(st.text(alphabet="ابتثجحخدذرزسشصضطظعغفقكلمنهوي", min_size=2, max_size=12))
def test_tatweel_and_short_vowels_change_nothing(name: str) -> None:
    dressed = "".join(letter + "ـ\u064e" for letter in name)
    assert plain(dressed) == plain(name)


def test_a_clear_name_is_decided_alone() -> None:
    found = match("Tinmell", ["tinmel", "asni", "imlil"], owners=[0, 1, 2])
    assert found[0].index == 0
    assert found[0].sure


def test_two_places_of_one_name_are_never_decided_alone() -> None:
    found = match("Imlil", ["imlil", "imlil"], owners=[0, 1])
    assert [one.index for one in found] == [0, 1]
    assert not found[0].sure


def test_several_names_of_one_place_are_one_candidate() -> None:
    found = match("Imlil", ["imlil", "imlil"], owners=[4, 4])
    assert [one.index for one in found] == [4]
    assert found[0].sure


def test_nothing_alike_gives_no_candidate() -> None:
    assert match("Casablanca", ["tinmel", "asni"], owners=[0, 1]) == []
    assert match(" - ", ["tinmel"], owners=[0]) == []
