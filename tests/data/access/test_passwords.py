"""Passwords: weak ones are refused in words that do not repeat them, stored ones say nothing."""

from __future__ import annotations

import pytest

from data.access.passwords import (
    hash_password,
    is_password,
    needs_new_hash,
    new_password,
    require_strong,
)
from geo.errors import InputError

GOOD = "four wet mules sing"


@pytest.mark.parametrize(
    ("password", "needed"),
    [
        ("", "at least 15"),
        ("fourteen chars", "at least 15"),
        ("x" * 257, "at most 256"),
        ("aaaaaaaaaaaaaaaa", "different ones"),
        ("abababababababab", "different ones"),
        ("abcdefghijklmnop", "no obvious order"),
        ("fifteen charact", ""),
        ("amina-el-fassi-2026", "another one"),
    ],
)
def test_a_weak_password_is_refused_and_never_repeated(password: str, needed: str) -> None:
    name = "amina-el-fassi"
    if not needed:
        assert require_strong(password) == password
        return
    with pytest.raises(InputError, match=needed) as caught:
        require_strong(password, name=name)
    if password:
        assert password not in str(caught.value)


def test_a_password_fits_in_every_spelling_of_the_same_characters() -> None:
    stored = hash_password(require_strong("mot de passe d\u2019été"))
    assert is_password("mot de passe d\u2019e\u0301te\u0301", stored)
    assert not is_password("mot de passe d\u2019ete", stored)


def test_a_hash_is_argon2id_salted_and_holds_nothing_of_the_password() -> None:
    first, second = hash_password(GOOD), hash_password(GOOD)
    assert first != second
    assert first.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert "mules" not in first
    assert not needs_new_hash(first)
    assert needs_new_hash(first.replace("t=3", "t=1"))


@pytest.mark.parametrize("stored", [None, "", "plain text", "$argon2id$v=19$broken"])
def test_nothing_fits_where_there_is_no_hash(stored: str | None) -> None:
    assert not is_password(GOOD, stored)
    assert not is_password("", stored)


def test_passwords_that_are_made_up_are_strong_and_differ() -> None:
    made = {new_password() for _ in range(50)}
    assert len(made) == 50
    for one in made:
        require_strong(one)
