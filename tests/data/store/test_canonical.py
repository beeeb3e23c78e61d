"""Canonical JSON: the short way and the package `rfc8785` write the same bytes."""

import json
from typing import Any

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from data.store.canonical import canonical_json, canonical_text, parse, parse_canonical
from geo.errors import InputError

NUMBERS = st.one_of(
    st.integers(-(2**53) + 1, 2**53 - 1), st.floats(allow_nan=False, allow_infinity=False)
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=12,
)


@given(VALUES)
@example(1e16)
@example(1e-7)
@example(-0.0)
@example(1e21)
@example(5e-324)
@example({"\U0001f600": 1, "\ufb33": 2})
@example({"a": 123456789012345.6})
@example([0.0001, 0.00001, 1e15, 1e15 + 0.5])
def test_any_text_becomes_what_rfc8785_writes(value: Any) -> None:
    expected = rfc8785.dumps(value).decode()
    assert canonical_text(json.dumps(value)) == expected
    assert canonical_text(json.dumps(value, ensure_ascii=False)) == expected
    assert canonical_json(value) == expected


@given(VALUES)
def test_canonical_text_stays_as_it_is_and_keeps_its_value(value: Any) -> None:
    text = canonical_json(value)
    again, written = parse(text)
    assert written == text
    assert again == value
    assert parse_canonical(text) == value


@pytest.mark.parametrize(
    "text",
    ['{"b":1,"a":2}', '{"a": 1}', "1.0", "1e3", '"\\u00e9"', '{"a":1,"a":1}', "[1,]", "-0"],
)
def test_other_spellings_are_not_canonical(text: str) -> None:
    with pytest.raises(InputError, match="JSON"):
        parse_canonical(text)


@pytest.mark.parametrize(
    "text",
    ["NaN", "Infinity", "1e999", "9007199254740993", "", "{", '"\\ud800"', '{"k":1,"k":9e99}'],
)
def test_what_has_no_canonical_form_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        canonical_text(text)


def test_numbers_beyond_2_to_53_are_kept_when_a_double_keeps_them() -> None:
    assert canonical_text("1e16") == "10000000000000000"
    assert parse_canonical("10000000000000000") == 10**16


@pytest.mark.parametrize("value", [float("nan"), 2**60, {1: 2}, object(), "\ud800"])
def test_values_that_json_cannot_hold_are_refused(value: Any) -> None:
    with pytest.raises(InputError, match="canonical JSON"):
        canonical_json(value)


def test_a_text_nested_a_thousandfold_is_refused() -> None:
    with pytest.raises(InputError):
        canonical_text("[" * 100_000 + "]" * 100_000)
