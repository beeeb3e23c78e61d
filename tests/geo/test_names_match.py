"""A written name finds its place across scripts; what is not clear is asked, not decided."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import InputError
from geo.name_match import METHODS, MIN_AROUND, NameIndex

NAMES = pd.DataFrame(
    {
        "name": ["Tinmel", "Imlil", "Imlil", "Ighil", "Talat N'Yaaqoub", "Aghbar", "Amizmiz"],
        "name_ar": ["تينمل", "إمليل", None, "اغيل", "ثلاث نيعقوب", "أغبار", "أمزميز"],
    }
)
COMMUNES = ["Talat N'Yaaqoub", "Asni", "Aghbar", "Ighil", "Talat N'Yaaqoub", "Aghbar", ""]
LON = [-8.226, -7.921, -8.442, -8.287, -8.183, -8.40, float("nan")]
LAT = [30.985, 31.137, 30.898, 30.984, 30.996, 30.90, float("nan")]
INDEX = NameIndex.build(NAMES, commune=COMMUNES, lon=LON, lat=LAT)
LATIN = NameIndex.build(NAMES[["name"]])


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("Tinmell", 0),
        ("douar TINMAL", 0),
        ("تينمل", 0),
        ("ⵜⵉⵏⵎⵍ", 0),
        ("irhil", 3),
        ("tlat nyakoub", 4),
        ("Arhbar", 5),
        ("A8bar", 5),
        ("Amzmiz", 6),
    ],
)
def test_other_spellings_find_the_place(written: str, place: int) -> None:
    assert INDEX.match(written)[0].index == place


@pytest.mark.parametrize(
    ("written", "place"), [("تنمل", 0), ("ثلاث نيعقوب", 4), ("ⴰⵖⴱⴰⵔ", 5), ("أمزميز", 6)]
)
def test_another_script_finds_a_latin_name(written: str, place: int) -> None:
    best = LATIN.match(written)[0]
    assert (best.index, best.method) == (place, "sound")
    assert best.score < 1


def test_a_clear_name_is_decided_alone_and_only_an_exact_one_scores_one() -> None:
    exact, near = INDEX.match("tinmel")[0], INDEX.match("Tinmell")[0]
    assert (exact.score, exact.method, exact.sure) == (1, "exact", True)
    assert near.sure
    assert near.score < 1


def test_namesakes_are_ranked_and_never_decided_without_context() -> None:
    first, second, *_ = INDEX.match("Imlil")
    assert {first.index, second.index} == {1, 2}
    assert first.gap == 0
    assert not first.sure


@pytest.mark.parametrize("commune", ["Aghbar", "arhbar", "أغبار", "Commune Aghbar"])
def test_the_commune_tells_namesakes_apart_however_it_is_written(commune: str) -> None:
    best = INDEX.match("Imlil", commune=commune)[0]
    assert best.index == 2
    assert best.sure


def test_a_coordinate_tells_namesakes_apart() -> None:
    best, other, *_ = INDEX.match("Imlil", lon=-7.92, lat=31.13)
    assert best.index == 1
    assert best.sure
    assert best.score > other.score


def test_an_exact_name_in_another_commune_is_offered_and_not_taken() -> None:
    found = INDEX.match("Tinmel", commune="Asni")
    assert 0 in [one.index for one in found]
    assert not found[0].sure


def test_a_commune_that_nobody_knows_says_nothing() -> None:
    assert INDEX.match("Tinmel", commune="Zzyzx") == INDEX.match("Tinmel")


def test_the_province_helps_too() -> None:
    index = NameIndex.build(
        pd.DataFrame({"name": ["Imlil", "Imlil"]}), province=["Al Haouz", "Tinghir"]
    )
    assert index.match("Imlil", province="Tinghir")[0].index == 1


def test_some_of_the_words_are_a_candidate_but_never_decided_alone() -> None:
    index = NameIndex.build(pd.DataFrame({"name": ["Aguerd Oudad", "Zaouiat Sidi Ahmed", "Asni"]}))
    best = index.match("Oudad")[0]
    assert (best.index, best.method, best.sure) == (0, "part", False)


def test_a_confirmed_alias_wins_over_an_exact_name() -> None:
    index = NameIndex.build(
        pd.DataFrame({"name": ["Tinmel", "Asni"]}), aliases={"chez Omar": 0, "asni": 0}
    )
    assert index.match("Chez  OMAR")[0].index == 0
    best = index.match("Asni")[0]
    assert (best.index, best.method, best.sure) == (0, "alias", True)


def test_an_alias_wins_even_where_the_commune_is_another() -> None:
    index = NameIndex.build(
        pd.DataFrame({"name": ["Tinmel", "Asni"]}), commune=["A", "B"], aliases={"là-haut": 0}
    )
    best = index.match("Là haut", commune="B")[0]
    assert (best.index, best.score, best.sure) == (0, 1, True)


def test_several_names_of_one_place_are_one_candidate() -> None:
    index = NameIndex.build(pd.DataFrame({"name": ["Casa / ⵜⵉⴳⵎⵎⵉ", "Asni"], "fr": ["Casa", ""]}))
    assert [one.index for one in index.match("casa")] == [0]
    assert index.match("tigmmi")[0].index == 0


@pytest.mark.parametrize("written", ["", " - ", "ـ", "😀", "\u0301", "xqzwv"])
def test_nothing_alike_gives_no_candidate(written: str) -> None:
    assert INDEX.match(written) == []


def test_an_index_of_nothing_answers_nothing() -> None:
    assert NameIndex.build(pd.DataFrame({"name": []})).match("Tinmel", commune="Asni") == []
    assert NameIndex.build(pd.DataFrame()).match_many(["Tinmel"]).empty


def test_many_names_get_what_one_by_one_gets() -> None:
    written = ["Tinmell", "Imlil", "", "أغبار", "Imlil"]
    communes = ["", "Asni", "", "Aghbar", "Aghbar"]
    table = INDEX.match_many(written, commune=communes)
    assert table["query"].is_monotonic_increasing
    assert set(table["method"]) <= set(METHODS)
    for at, (name, commune) in enumerate(zip(written, communes, strict=True)):
        rows = table[table["query"] == at]
        alone = INDEX.match(name, commune=commune)
        assert rows["place"].tolist() == [one.index for one in alone]
        assert rows["score"].tolist() == [one.score for one in alone]
        assert rows["rank"].tolist() == list(range(1, len(alone) + 1))


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(InputError, match=r"2 values of commune.*7 places"):
        NameIndex.build(NAMES, commune=["a", "b"])


def test_an_alias_of_no_place_is_refused() -> None:
    with pytest.raises(InputError, match="alias 'x'"):
        NameIndex.build(NAMES, aliases={"x": 7})


@given(
    st.sampled_from(["Tinmel", "Imlil", "Talat N'Yaaqoub", "Aghbar"]),
    st.integers(0, 2**16),
)
def test_the_answer_is_stable_under_case_and_accents(name: str, bits: int) -> None:
    dressed = "".join(
        (char.upper() if bits >> at & 1 else char.lower()) + ("\u0301" if bits >> at & 2 else "")
        for at, char in enumerate(name)
    )
    assert INDEX.match(dressed) == INDEX.match(name)


@given(st.sampled_from(["تينمل", "أغبار", "أمزميز"]), st.integers(0, 2**8))
def test_the_answer_is_stable_under_tatweel_and_diacritics(name: str, bits: int) -> None:
    dressed = "".join(
        char + ("ـ" if bits >> at & 1 else "") + ("\u064e" if bits >> at & 2 else "")
        for at, char in enumerate(name)
    )
    assert INDEX.match(dressed) == INDEX.match(name)


@given(st.text(max_size=50), st.text(max_size=20))
def test_scores_are_shares_in_falling_order_and_at_most_one_is_sure(
    written: str, commune: str
) -> None:
    found = INDEX.match(written, commune=commune, limit=5)
    scores = [one.score for one in found]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)
    assert sum(one.sure for one in found[1:]) == 0
    assert len({one.index for one in found}) == len(found)


def _two_valleys() -> NameIndex:
    """Eight villages in the west, a namesake of the first and another one far in the east."""
    names = ["Jyamire", "Orang", "Lapilang", "Khokana", "Syaphru", "Timure", "Briddim", "Gumdi"]
    return NameIndex.build(
        pd.DataFrame({"name": [*names, "Jyamire", "Raniban"]}),
        lon=[85.0 + 0.01 * at for at in range(8)] + [88.0, 88.01],
        lat=[28.0] * 10,
    )


def test_of_namesakes_the_one_near_where_the_writer_works_is_meant() -> None:
    index = _two_valleys()
    west = np.array([[85.0 + 0.01 * at, 28.0] for at in range(1, 9)])
    east = np.array([[lon + 3, lat] for lon, lat in west])
    alone = index.match_many(["Jyamire"]).iloc[0]
    beside = index.match_many(["Jyamire"], around=west).iloc[0]
    assert (alone["sure"], beside["sure"], beside["place"]) == (False, True, 0)
    beyond = index.match_many(["Jyamire"], around=east).iloc[0]
    assert (beyond["sure"], beyond["place"]) == (True, 8)


def test_few_places_say_nothing_of_where_somebody_works() -> None:
    few = np.array([[85.0, 28.0]] * (MIN_AROUND - 1))
    assert not _two_valleys().match_many(["Jyamire"], around=few).iloc[0]["sure"]


def test_working_nearby_makes_no_doubtful_spelling_sure() -> None:
    west = np.array([[85.0 + 0.01 * at, 28.0] for at in range(8)])
    index = _two_valleys()
    for written in ("Jamiri", "Oran", "Lapang"):
        alone, beside = (index.match_many([written], around=a).iloc[0] for a in (None, west))
        assert (beside["sure"], beside["score"]) == (alone["sure"], alone["score"])
