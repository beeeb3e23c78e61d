"""Replies by text message: every code in four languages, and what cannot be read."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.intake.reply import CODES, Reply, parse_reply
from geo.errors import InputError


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("OK 14 40 TENTES", Reply(kind="delivered", stop=14, goods=(("40", "tentes"),))),
        (
            "livré 2  600,5 eau 3 tentes familiales",
            Reply(kind="delivered", stop=2, goods=(("600.5", "eau"), ("3", "tentes familiales"))),
        ),
        ("تم ٢ ٤٠ خيمة", Reply(kind="delivered", stop=2, goods=(("40", "خيمة"),))),
        ("ⵢⵓⵡⴹ 3", Reply(kind="arrived", stop=3)),
        ("arr 3 tout va bien", Reply(kind="arrived", stop=3, note="tout va bien")),
        ("REF 1 tents", Reply(kind="refused", stop=1, goods=(("0", "tents"),))),
        ("BLK 62 T", Reply(kind="blocked", km=62.0, classes=("truck",))),
        ("مقطوع ١٢٫٥", Reply(kind="blocked", km=12.5)),
        ("barre 7 camion 4x4 roche", Reply(
            kind="blocked", km=7.0, classes=("truck", "pickup"), note="roche"
        )),
        ("SOS Route partie, 2 blessés", Reply(kind="sos", note="Route partie, 2 blessés")),
        ("نجدة", Reply(kind="sos")),
    ],
)  # fmt: skip
def test_a_message_says_what_it_says(text: str, said: Reply) -> None:
    assert parse_reply(text) == said


@pytest.mark.parametrize(
    "text",
    [
        *("", "   ", "hello", "OK", "OK tents", "OK 3", "OK 3 tents", "OK 3 40", "OK 0 40 tents"),
        *("OK 3 40 tents 20", "OK 1000 1 tent", "REF 3", "BLK", "BLK here", "BLK 99999", "ARR"),
        *("OK -3 40 tents", "x" * 1_601, "OK 3 1e9 tents", "\u202eOK 3"),
    ],
)
def test_what_cannot_be_read_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_reply(text)
    assert "OK 3 40 TENTS" in str(refused.value) or "are read" in str(refused.value)


def test_each_code_means_something_in_four_scripts_and_tongues() -> None:
    for kind in ("delivered", "arrived", "refused", "blocked", "sos"):
        codes = [code for code, meant in CODES.items() if meant == kind]
        assert any(code.isascii() for code in codes)
        assert any("\u0600" <= code[0] <= "\u06ff" for code in codes)
        assert any("\u2d30" <= code[0] <= "\u2d7f" for code in codes)


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    with contextlib.suppress(InputError):
        parse_reply(text)
