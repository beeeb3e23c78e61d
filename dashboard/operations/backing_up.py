"""Backups of a situation: made while it runs, brought back only where nothing was altered."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard.operations.people import ERASED_FILE, key_of
from dashboard.operations.situation import (
    Progress,
    Situation,
    database_address,
    silent,
    utc_now,
)
from data.backup import (
    DATABASE,
    FOLDER,
    FORMAT,
    KEY,
    Manifest,
    open_backup,
    refs_named,
    write_backup,
)
from data.people.key import KEY_FILE, find_key
from data.people.vault import Vault, is_in_use
from data.store import Store
from data.store.move import Moved, move
from data.store.read import event_rows
from geo.errors import InputError, NoSituationError, QafilaError, StoreError, UnreadableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from data.archive import Archive
    from data.backup import Backup

MISSING_SHOWN = 20


def backup(
    situation: Situation, file: Path, *, with_key: bool = False, progress: Progress = silent
) -> dict[str, Any]:
    """Write a checked backup of one moment into `file`, while others go on writing.

    Parameters
    ----------
    with_key
        Put the vault's key in, too: then whoever holds the file reads names and phones.

    Raises
    ------
    InputError
        There is such a file already, or the key that is asked for is not a file of the home.
    StoreError
        The ledger's chain or its tables do not hold, or the disk refused; no file is left then.
    """
    if file.exists():
        raise InputError(str(file), "a file that is not there yet is needed", "choose another")
    files: dict[str, Path] = {}
    with tempfile.TemporaryDirectory(prefix="qafila-backup-", dir=_parent(file)) as folder:
        copied = Path(folder) / DATABASE
        moved = move(
            situation.store,
            f"sqlite:///{copied}",
            progress=lambda share, text: progress(0.4 * share, text),
            while_written=True,
        )
        files[DATABASE] = copied
        with Store.open(copied) as store:
            refs = _refs(store)
            title = store.situation().name
        present, missing = _sound(situation.archive, refs)
        files |= {FOLDER + ref: situation.archive.path(ref) for ref in present}
        if with_key:
            files[KEY] = _key_file(situation)
        about = Manifest(
            version=FORMAT,
            situation=title[:400],
            made_at=utc_now().isoformat(timespec="seconds"),
            events=moved.events,
            head=moved.head,
            files={},
            missing=tuple(missing),
        )
        written = write_backup(file, files, about=about, progress=progress)
    return {
        "file": str(file),
        "bytes": written.n_bytes,
        "sha256": written.sha256,
        "events": moved.events,
        "head": moved.head,
        "archive_files": len(present),
        "missing": missing[:MISSING_SHOWN],
        "n_missing": len(missing),
        "vault_key": "inside" if with_key else "not inside: keep a copy of it elsewhere",
    }


def restore(
    home: Path, file: Path, *, against: Sequence[str] = (), progress: Progress = silent
) -> dict[str, Any]:
    """Bring a situation back from a backup into a place where there is none.

    All of it is checked before anything is put in place: hashes of files, the chain, the tables
    of state against a replay, and that every archive file which the ledger names is there.

    Parameters
    ----------
    against
        Heads that were handed out earlier; the backup must hold them.

    Raises
    ------
    InputError
        There is a situation already, or another key of the vault lies in the home.
    UnreadableError
        The backup is cut off, damaged or altered.
    """
    _require_free(home)
    made_home = not home.exists()
    try:
        with open_backup(file) as packed:
            home.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".restoring-", dir=home) as folder:
                packed.extract(Path(folder), progress=progress)
                _check(packed, Path(folder), home, against, progress)
                moved = _put_in_place(Path(folder), home, progress)
    except OSError as error:
        raise StoreError(
            str(home), f"the disk refused ({error.strerror})", "make room, then try again"
        ) from error
    finally:
        if made_home and home.is_dir() and not any(home.iterdir()):
            home.rmdir()
    return {
        "home": str(home),
        "events": moved.events,
        "head": moved.head,
        "made_at": packed.manifest.made_at,
        "archive_files": sum(name.startswith(FOLDER) for name in packed.manifest.files),
        "n_missing": len(packed.manifest.missing),
        "next": _next(home),
    }


def _check(
    packed: Backup, folder: Path, home: Path, against: Sequence[str], progress: Progress
) -> None:
    progress(0.3, "checking the ledger")
    try:
        with Store.open(folder / DATABASE) as store:
            outcome = store.verify(against=list(against), projections=True)
            refs = _refs(store) if outcome.ok else set()
            if outcome.ok:
                _require_fitting_key(store, folder, home)
    except (StoreError, sqlite3.Error) as error:
        # The path in the message would be that of a copy which is gone.
        needed = error.needed if isinstance(error, QafilaError) else "its ledger cannot be read"
        raise _altered(packed, needed) from error
    if not outcome.ok:
        raise _altered(packed, outcome.problems[0].removesuffix("; run `qafila rebuild`"))
    told = packed.manifest
    if (outcome.events, outcome.head) != (told.events, told.head):
        raise _altered(packed, "its ledger ends elsewhere than it says")
    inside = {name.removeprefix(FOLDER) for name in told.files if name.startswith(FOLDER)}
    if lacking := refs - inside - set(told.missing):
        raise _altered(packed, f"{len(lacking)} files that its ledger names are not in it")
    if foreign := inside - refs:
        raise _altered(packed, f"{len(foreign)} files in it are none that its ledger names")


def _require_fitting_key(store: Store, folder: Path, home: Path) -> None:
    """Refuse keys that do not open what the backup holds; none at all is no obstacle."""
    for place in (folder, home):
        key = find_key(place, None)
        if key is not None and is_in_use(store):
            Vault(store, key)


def _put_in_place(folder: Path, home: Path, progress: Progress) -> Moved:
    """Put archive and settings in place, the ledger last: with it the situation is there."""
    placed: list[Path] = []
    address = database_address()
    fresh = folder / "fresh.sqlite"
    try:
        for path in sorted((folder / FOLDER).iterdir()):
            _place(path, home / "archive" / path.name[:2] / path.name, placed, mode=0o644)
        if (folder / KEY).exists() and not (home / KEY_FILE).exists():
            _place(folder / KEY, home / KEY_FILE, placed, mode=0o600)
        # Only rows are taken over, into tables of our own making: nothing else that an altered
        # database file could hold, such as a trigger.
        with Store.open(folder / DATABASE) as store:
            moved = move(
                store,
                address or f"sqlite:///{fresh}",
                progress=lambda share, text: progress(0.6 + 0.4 * share, text),
            )
        if address is None:
            os.link(fresh, home / "situation.sqlite")
    except BaseException:
        for path in placed:
            path.unlink(missing_ok=True)
        raise
    return moved


def _place(source: Path, target: Path, placed: list[Path], *, mode: int) -> None:
    if target.exists() and target.stat().st_size == source.stat().st_size:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    source.chmod(mode)
    placed.append(target)
    source.replace(target)


def _refs(store: Store) -> set[str]:
    """Give the archive files that the ledger names, in any event."""
    found: set[str] = set()
    with store.reading() as connection:
        for row in event_rows(connection):
            found |= refs_named(row.payload)
    return found


def _sound(archive: Archive, refs: set[str]) -> tuple[list[str], list[str]]:
    """Tell apart the files whose content is what their name promises and those lost or damaged."""
    present, missing = [], []
    for ref in sorted(refs):
        try:
            archive.path(ref)
        except QafilaError:
            missing.append(ref)
        else:
            present.append(ref)
    return present, missing


def _key_file(situation: Situation) -> Path:
    path = situation.home / KEY_FILE
    if find_key(situation.home, None) is None:
        raise InputError(
            f"--with-key: {path}", "the key of the vault is needed there", "leave --with-key out"
        )
    return path


def _require_free(home: Path) -> None:
    taken = InputError(
        str(home),
        "a place without a situation is needed: nothing is ever overwritten",
        "choose another --home, or another database",
    )
    address = database_address()
    if address is None:
        if (home / "situation.sqlite").exists():
            raise taken
        return
    try:
        Store.open(address).close()
    except NoSituationError:
        return
    raise taken


def _next(home: Path) -> str:
    parts = ["check it: `qafila verify`"]
    with Situation.open(home) as situation:
        if is_in_use(situation.store) and key_of(situation) is None:
            parts.append(f"bring the key of the vault to {home / KEY_FILE}")
    erased = home / ERASED_FILE
    if erased.is_file():
        parts.append(f"erase again whom {erased} names (`qafila people erase`)")
    return "; ".join(parts)


def _parent(file: Path) -> Path:
    if not file.parent.is_dir():
        raise InputError(str(file), "a folder that is there is needed", "make it first")
    return file.parent


def _altered(packed: Backup, what: str) -> UnreadableError:
    return UnreadableError(
        str(packed.path), f"a backup that was not altered is needed: {what}", "take another copy"
    )
