"""Names are compared in one plain form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.names import plain


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
