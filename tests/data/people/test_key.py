"""The vault's key: where it is read, who may read it, and what it does to texts."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.people.key import KEY_FILE, KEY_VARIABLE, VaultKey, find_key, make_key
from geo.errors import InputError

KEY = VaultKey(bytes(range(32)))
OTHER = VaultKey(bytes(range(1, 33)))


@given(st.text(max_size=300), st.text(max_size=40))
def test_what_is_sealed_is_opened_again_by_the_same_key_about_the_same(
    text: str, about: str
) -> None:
    sealed = KEY.seal(text, about=about)
    assert KEY.unseal(sealed, about=about) == text
    assert KEY.seal(text, about=about) != sealed
    for key, other_about in ((OTHER, about), (KEY, about + "|")):
        with pytest.raises(InputError, match="the key it was sealed with"):
            key.unseal(sealed, about=other_about)


@pytest.mark.parametrize("at", [0, 15, -2])
def test_a_changed_seal_does_not_open(at: int) -> None:
    sealed = KEY.seal("0612345678", about="person:1|phone")
    letters = list(sealed)
    letters[at] = "A" if letters[at] != "A" else "B"
    for broken in ("".join(letters), sealed[:-8], "", "no base64 !"):
        with pytest.raises(InputError, match=r"right vault\.key"):
            KEY.unseal(broken, about="person:1|phone")


def test_every_letter_of_a_seal_counts_its_spare_bits_too() -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    sealed = KEY.seal("0612345678", about="person:1|phone")
    assert sealed.endswith("=")
    for other in letters.replace(sealed[-2], ""):
        with pytest.raises(InputError, match=r"right vault\.key"):
            KEY.unseal(f"{sealed[:-2]}{other}=", about="person:1|phone")


def test_tags_and_pseudonyms_are_the_same_here_and_nothing_elsewhere() -> None:
    assert KEY.tag("login", "amina") == KEY.tag("login", "amina")
    different = {
        KEY.tag("login", "amina"),
        KEY.tag("attempt", "amina"),
        OTHER.tag("login", "amina"),
    }
    assert len(different) == 3
    person = KEY.pseudonym("volunteer", "amina")
    assert person.startswith("volunteer:")
    assert len(person) == len("volunteer:") + 26
    assert person != OTHER.pseudonym("volunteer", "amina")


def test_a_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    made = make_key(tmp_path)
    path = tmp_path / KEY_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert make_key(tmp_path).text() == made.text()
    found = find_key(tmp_path, None)
    assert found is not None
    assert found.text() == made.text()
    assert made.text() not in repr(made) + str(vars(made).keys())


def test_the_variable_comes_before_the_file(tmp_path: Path) -> None:
    make_key(tmp_path)
    found = find_key(tmp_path, OTHER.text())
    assert found is not None
    assert found.text() == OTHER.text()


def test_no_key_is_no_error(tmp_path: Path) -> None:
    assert find_key(tmp_path, None) is None


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    make_key(tmp_path)
    (tmp_path / KEY_FILE).chmod(mode)
    with pytest.raises(InputError, match="chmod 600"):
        find_key(tmp_path, None)


@pytest.mark.parametrize(
    "text",
    ["", "secret", "qafila-vault-1:", "qafila-vault-1:AAAA", "qafila-vault-1:é", "x" * 5_000],
)
def test_a_key_that_is_none_is_refused_and_never_repeated(tmp_path: Path, text: str) -> None:
    path = tmp_path / KEY_FILE
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    with pytest.raises(InputError) as caught:
        find_key(tmp_path, None)
    assert "secret" not in str(caught.value).replace("vault.key", "")
    if text:
        with pytest.raises(InputError, match=f"{KEY_VARIABLE}|vault key of"):
            find_key(tmp_path, text)
