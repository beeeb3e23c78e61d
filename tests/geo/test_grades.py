"""Written damage grades become the five grades, and nothing is guessed."""

import re
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import UnknownIdError
from geo.grades import (
    GRADES,
    VOCABULARIES,
    crosswalk_markdown,
    grade_of,
    label_table,
    normalise_label,
)


@pytest.mark.parametrize(
    ("written", "grade"),
    [
        ("Completely Destroyed", "destroyed"),
        ("Destroyed", "destroyed"),
        ("Highly Damaged", "damaged"),
        ("Moderately Damaged", "damaged"),
        ("Damaged", "damaged"),
        ("Damage", "damaged"),
        ("Possible damage", "possibly_damaged"),
        ("Possible damaged", "possibly_damaged"),
        ("Possibly damaged", "possibly_damaged"),
        ("Negligible to slight damage", "possibly_damaged"),
        ("No visible damage", "no_visible_damage"),
        ("Not Affected", "no_visible_damage"),
        ("Not affected", "no_visible_damage"),
        ("Not Analysed", "not_analysed"),
        ("997-Not Applicable", "not_analysed"),
        ("Null", "not_analysed"),
        ("minor-damage", "possibly_damaged"),
        ("major_damage", "damaged"),
        ("no-damage", "no_visible_damage"),
        ("  POSSIBLY   damaged ", "possibly_damaged"),
    ],
)
def test_labels_of_ten_years_are_known(written: str, grade: str) -> None:
    grades, unknown = grade_of(pd.Series([written]))
    assert grades.tolist() == [grade]
    assert not unknown


def test_unknown_labels_are_counted_as_written_and_not_guessed() -> None:
    labels = pd.Series(["Damaged", "Schwer", "Schwer", "Destroyed?"], index=[4, 3, 2, 1])
    grades, unknown = grade_of(labels)
    assert grades.to_dict() == {4: "damaged", 3: "", 2: "", 1: ""}
    assert unknown == {"Schwer": 2, "Destroyed?": 1}


def test_missing_label_is_not_an_unknown_one() -> None:
    grades, unknown = grade_of(pd.Series([None, "", float("nan"), "  ", "Damaged"]))
    assert grades.tolist() == ["", "", "", "", "damaged"]
    assert not unknown


def test_number_codes_need_the_name_of_their_product() -> None:
    codes = pd.Series([1, 2, 3, 4, 6, 11, 99])
    assert grade_of(codes)[1] == {str(code): 1 for code in codes}
    grades, unknown = grade_of(codes, "unosat_code")
    assert grades.tolist() == [
        "destroyed",
        "damaged",
        "damaged",
        "possibly_damaged",
        "no_visible_damage",
        "possibly_damaged",
        "",
    ]
    assert unknown == {"99": 1}


def test_codes_read_as_floats_are_the_same_codes() -> None:
    assert grade_of(pd.Series([1.0, None, 6.0]), "unosat_code")[0].tolist() == [
        "destroyed",
        "",
        "no_visible_damage",
    ]


def test_no_label_has_two_meanings_among_the_vocabularies_in_words() -> None:
    meanings: dict[str, set[str]] = {}
    for vocabulary in VOCABULARIES:
        if vocabulary.name != "unosat_code":
            for label, grade in vocabulary.labels.items():
                meanings.setdefault(normalise_label(label), set()).add(grade)
    assert {label: g for label, g in meanings.items() if len(g) > 1} == {}


def test_vocabulary_names_its_source_and_known_grades_only() -> None:
    for vocabulary in VOCABULARIES:
        assert vocabulary.source
        assert set(vocabulary.labels.values()) <= set(GRADES)
        assert vocabulary.not_buildings <= set(vocabulary.labels)


def test_unknown_vocabulary_is_refused() -> None:
    with pytest.raises(UnknownIdError, match=r"vocabulary 'unosatt'.*correct the name"):
        grade_of(pd.Series(["Damaged"]), "unosatt")


@given(
    label=st.sampled_from(
        [label for v in VOCABULARIES for label in v.labels if not label.isdigit()]
    ),
    space=st.sampled_from([" ", "  ", "_", "-"]),
    change=st.sampled_from([str.upper, str.lower, str.title]),
)
def test_case_and_separators_make_no_difference(label: str, space: str, change: object) -> None:
    written = change(label).replace(" ", space)  # type: ignore[operator]
    assert grade_of(pd.Series([written]))[0].tolist() == [label_table()[normalise_label(label)]]


def test_table_in_the_documentation_is_current(checkout: Path) -> None:
    page = (checkout / "docs" / "evidence.md").read_text(encoding="utf-8")
    found = re.search(r"<!-- grades:begin -->\n(.*?)<!-- grades:end -->", page, re.DOTALL)
    assert found, "docs/evidence.md has lost its markers"
    assert found.group(1) == crosswalk_markdown(), "put geo.grades.crosswalk_markdown() there"
