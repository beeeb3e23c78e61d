"""Moving a situation's ledger between its file and a database server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dashboard.operations.situation import (
    DATABASE_VARIABLE,
    Progress,
    database_address,
    file_address,
    silent,
)
from data.store import Store
from data.store.move import move as copy_and_check
from geo.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path


def move(
    home: Path, *, source: str = "file", target: str = "database", progress: Progress = silent
) -> dict[str, Any]:
    """Copy the ledger from one place into another, empty one, and check the copy.

    Parameters
    ----------
    source, target
        ``file`` (the home's), ``database`` (the one that QAFILA_DATABASE_URL names) or an address.
        The archive stays in `home`, which serves both.
    """
    from_place, to_place = _address(home, source), _address(home, target)
    with Store.open(from_place) as store:
        moved = copy_and_check(store, to_place, progress=progress)
    onward = (
        f"unset {DATABASE_VARIABLE}"
        if to_place.startswith("sqlite")
        else f"set {DATABASE_VARIABLE} on every machine"
    )
    return {
        "to": moved.place,
        "events": moved.events,
        "rows": moved.rows,
        "head": moved.head,
        "next": f"{onward}; the source was left as it is and must not be written to any more",
    }


def _address(home: Path, given: str) -> str:
    if given == "file":
        return file_address(home)
    if given != "database":
        return given
    named = database_address()
    if named is None:
        raise InputError(
            "the place `database`",
            f"an address in {DATABASE_VARIABLE} is needed",
            "set it, or give the address",
        )
    return named
