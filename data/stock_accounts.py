"""Accounts of the stock book: how one is named after a person, an organisation, a convoy."""

from __future__ import annotations

from geo.errors import InputError

#: Ids are no longer than this.
MAX_NAME = 100


def account_of(kind: str, name: str) -> str:
    """Make the id of an account of a name: without blanks, which no id has.

    >>> account_of("donor", "Main  Tendue")
    'donor:Main-Tendue'
    """
    word = "-".join(name.split())[:MAX_NAME]
    if not word:
        raise InputError(f"account {kind}:{name}", f"{kind}:NAME is needed", "name it")
    return f"{kind}:{word}"


def donor_of(text: str) -> str:
    """Make the account of a donor from a name, or from ``donor:…``."""
    return account_of("donor", text.removeprefix("donor:"))
