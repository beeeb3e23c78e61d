"""Names in one form, parted by script."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.scripts import MAX_NAME, clean_name, split_scripts


@pytest.mark.parametrize(
    ("written", "latin", "arabic", "tifinagh"),
    [
        ("Asni", "Asni", "", ""),
        ("أسني", "", "أسني", ""),
        ("ⴰⵙⵏⵉ", "", "", "ⴰⵙⵏⵉ"),
        ("Province de Tétouan إقليم تطوان", "Province de Tétouan", "إقليم تطوان", ""),
        ("Rabat ⵔⴱⴰⵟ الرباط", "Rabat", "الرباط", "ⵔⴱⴰⵟ"),
        ("Tinmel (تينمل)", "Tinmel", "تينمل", ""),
        ("Asni / أسني", "Asni", "أسني", ""),
        ("Talat N'Yaaqoub", "Talat N'Yaaqoub", "", ""),
        ("Aït M'Hamed (Centre)", "Aït M'Hamed (Centre)", "", ""),
        ("", "", "", ""),
    ],
)
def test_a_name_in_several_scripts_is_parted(written, latin, arabic, tifinagh):
    parts = split_scripts(written)
    assert (parts.latin, parts.arabic, parts.tifinagh) == (latin, arabic, tifinagh)


@pytest.mark.parametrize("missing", [None, float("nan"), "", "  ", "\u200e"])
def test_nothing_is_no_name(missing):
    assert clean_name(missing) == ""


def test_directions_controls_and_odd_blanks_are_taken_out():
    assert clean_name("\u202eAsni\u202c\x00\x07\u00a0 el\tHad\n") == "Asni el Had"


def test_joiners_stay_because_spelling_needs_them():
    assert clean_name("می\u200cروم") == "می\u200cروم"


def test_two_spellings_of_one_letter_become_one():
    assert clean_name("Ai\u0308t") == clean_name("A\u00eft")


@given(st.text(max_size=600))
def test_cleaning_twice_changes_nothing_more(text):
    once = clean_name(text)
    assert clean_name(once) == once
    assert len(once) <= MAX_NAME


@given(st.text(alphabet="abé ()/أسنيⴰⵙⵏⵉ", max_size=40))
def test_no_letter_is_lost_or_made_up(text):
    parts = split_scripts(clean_name(text))
    letters = sorted(c for c in clean_name(text) if c.isalpha())
    kept = sorted(c for part in (parts.latin, parts.arabic, parts.tifinagh) for c in part)
    assert [c for c in kept if c.isalpha()] == letters
