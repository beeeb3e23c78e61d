"""The table of roles: who may what, and that nobody may what nobody was given."""

from __future__ import annotations

import pytest

from data.access.roles import KEY_SCOPES, RIGHTS, ROLES, may, require_role, rights_of
from geo.errors import InputError


def test_every_right_has_words_and_somebody_who_has_it() -> None:
    for words, roles in RIGHTS.values():
        assert words
        assert roles <= set(ROLES)
        assert "admin" in roles or roles == frozenset(ROLES)


@pytest.mark.parametrize(
    ("role", "rights"),
    [
        ("viewer", {"see"}),
        ("field", {"see", "report"}),
        ("ngo", {"see", "report", "upload", "volunteers"}),
        ("auditor", {"see", "ledger"}),
        (
            "cell",
            {
                *("see", "report", "upload", "upload_any", "stock", "roads", "plan", "load"),
                *("needs", "volunteers", "ledger", "contacts", "positions"),
            },
        ),
        ("admin", set(RIGHTS)),
    ],
)
def test_a_role_has_exactly_these_rights(role: str, rights: set[str]) -> None:
    assert rights_of(role) == rights


@pytest.mark.parametrize("role", ["", "root", "Admin", "admin ", "viewer,admin"])
def test_a_role_that_is_none_has_no_right_and_is_refused(role: str) -> None:
    assert not any(may(role, right) for right in RIGHTS)
    with pytest.raises(InputError, match="one of viewer, field, ngo, cell, auditor, admin"):
        require_role(role)


def test_no_key_manages_accounts_or_reads_people() -> None:
    assert not {"accounts", "people", "contacts", "positions"} & set(KEY_SCOPES)
