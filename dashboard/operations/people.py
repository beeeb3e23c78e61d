"""What is kept of persons: the vault of a situation, its key, and what a person may ask of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from dashboard.operations.situation import utc_now
from data.people.key import KEY_FILE, KEY_VARIABLE, find_key, make_key
from data.people.vault import Vault, is_in_use
from geo.errors import InputError, StoreError

if TYPE_CHECKING:
    from dashboard.operations.situation import Situation
    from data.people.key import VaultKey

#: Ids of persons that were erased, one a line, beside the key: a restored backup forgets them too.
ERASED_FILE = "erased.txt"


def key_of(situation: Situation) -> VaultKey | None:
    """Give the vault's key: the variable's, else the file's in the home; None where there is none.

    Raises `InputError` for a key that cannot be read or that others could read.
    """
    return find_key(situation.home, os.environ.get(KEY_VARIABLE, "").strip() or None)


def open_vault(situation: Situation) -> Vault | None:
    """Open the vault; None where nothing was ever kept.

    Raises
    ------
    InputError
        The key is missing although something is kept, or it is another one.
    """
    key = key_of(situation)
    if key is None:
        if is_in_use(situation.store):
            raise missing_key(situation)
        return None
    return Vault(situation.store, key)


def begin_vault(situation: Situation) -> Vault:
    """Open the vault, with a new key where there was none and nothing is kept yet."""
    found = open_vault(situation)
    return found or Vault(situation.store, make_key(situation.home))


def missing_key(situation: Situation) -> InputError:
    """Say that the key is missing; to be raised."""
    return InputError(
        str(situation.home / KEY_FILE),
        "the key of the vault is needed, and it is not there",
        f"bring the file from where it is kept, or set {KEY_VARIABLE}",
    )


def list_people(situation: Situation) -> dict[str, Any]:
    """List of whom something is kept: ids, which fields, until when; no content."""
    vault = open_vault(situation)
    return {"people": [] if vault is None else vault.people()}


def export_person(situation: Situation, person: str) -> dict[str, Any]:
    """Give all that is kept of a person and every event about them, for that person alone."""
    vault = open_vault(situation)
    if vault is None:
        raise InputError(person, "nothing is kept of anybody here", "")
    person_id = find_person(situation, vault, person)
    kept = vault.export(person_id)
    events = [
        {"seq": one.seq, "type": one.type, "at": one.recorded_at.isoformat(), "says": one.payload}
        for one in situation.store.history(person_id)
    ]
    return {**kept, "events": events}


def erase_person(situation: Situation, person: str) -> dict[str, Any]:
    """Erase all that is kept of a person; the events, which hold no name, stay."""
    vault = open_vault(situation)
    if vault is None:
        raise InputError(person, "nothing is kept of anybody here", "")
    person_id = find_person(situation, vault, person)
    erased = vault.erase([person_id])
    if not erased:
        raise InputError(person, "nothing is kept of such a person", "see `qafila people list`")
    remember_erased(situation, [person_id])
    return {"erased": person_id, "fields": erased[person_id]}


def forget_expired(situation: Situation) -> dict[str, Any]:
    """Erase every field whose retention has ended."""
    vault = open_vault(situation)
    erased = {} if vault is None else vault.forget_expired(now=utc_now())
    return {"forgotten": [{"person_id": one, "fields": erased[one]} for one in erased]}


def find_person(situation: Situation, vault: Vault, person: str) -> str:
    """Give the id that a person has here: an id, an account's name, or a volunteer's as written."""
    wanted = person.strip()
    if ":" in wanted:
        return wanted
    from data.access.accounts import Accounts
    from geo.errors import UnknownIdError

    try:
        return Accounts(vault).find(wanted).account_id
    except UnknownIdError:
        return volunteer_id(vault.key, wanted)


def volunteer_id(key: VaultKey, name: str) -> str:
    """Give the salted id of a volunteer's name: the same in every sheet of this situation."""
    from geo.names import plain

    return key.pseudonym("volunteer", plain(name))


def remember_erased(situation: Situation, person_ids: list[str]) -> None:
    """Write down beside the key who was erased, so that an older backup is told when restored."""
    path = situation.home / ERASED_FILE
    try:
        with path.open("a", encoding="ascii") as file:
            file.writelines(f"{one}\n" for one in person_ids)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StoreError(
            str(path),
            f"the person was erased, but this could not be noted ({error.strerror})",
            "add the id to the file by hand: a restored backup would bring the person back",
        ) from error
