"""Backups: one file with the ledger, the archive's files that it names, and a list with hashes.

::

    manifest.json              what it is, how long the ledger is, size and SHA-256 of every file
    situation.sqlite           ledger, tables of state and what is private, sealed, as SQLite
    archive/3f…a9.parquet      each file under the hash of its content, as the ledger names it
    vault.key                  only where it was asked for

A ZIP file, so that a person can look into it without this program. Reading trusts nothing: names
come from the short list above, sizes from the list are not passed by, hashes are compared.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from geo.errors import InputError, StoreError, UnreadableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

MANIFEST = "manifest.json"
DATABASE = "situation.sqlite"
KEY = "vault.key"
FOLDER = "archive/"
FORMAT = 1
CHUNK_BYTES = 1 << 20
MAX_MANIFEST_BYTES = 64 << 20
MAX_SMALL_BYTES = 1 << 20  # of the vehicle classes and of the key

_REF = re.compile(r"[0-9a-f]{64}\.[a-z0-9]+(?:\.[a-z0-9]+)*")
_NAMED = re.compile(rf'"({_REF.pattern})"')
_HASH = r"^[0-9a-f]{64}$"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Entry(_Strict):
    """One file of a backup."""

    n_bytes: int = Field(ge=0)
    sha256: Annotated[str, Field(pattern=_HASH)]


class Manifest(_Strict):
    """What a backup says of itself; `missing` are refs that its archive had lost already."""

    format: Literal["qafila-backup"] = "qafila-backup"
    version: int
    situation: str = Field(max_length=400)
    made_at: str = Field(max_length=40)
    events: int = Field(ge=1)
    head: str = Field(max_length=400)
    files: dict[str, Entry]
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A backup that was written and read again: its size and the hash of the whole file."""

    n_bytes: int
    sha256: str


def refs_named(text: str) -> set[str]:
    """Give the archive refs that an event's JSON names."""
    return set(_NAMED.findall(text))


def write_backup(
    target: Path,
    files: Mapping[str, Path],
    *,
    about: Manifest,
    progress: Callable[[float, str], None],
) -> Written:
    """Write a backup, read it again, and only then give it its name.

    Parameters
    ----------
    target
        A file that is not there yet.
    files
        By their name in the backup.
    about
        What the backup says of itself; its `files` are filled in here.

    Raises
    ------
    InputError
        There is such a file already, or no such folder.
    StoreError
        The disk refused, or what was written reads otherwise; no file is left then.
    """
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.unfinished")
    if target.exists():
        raise InputError(str(target), "a file that is not there yet is needed", "choose another")
    if not target.parent.is_dir():
        raise InputError(str(target), "a folder that is there is needed", "make it first")
    try:
        descriptor = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w+b") as file:
            _write(file, files, about, progress)
            file.flush()
            os.fsync(file.fileno())
        progress(0.8, "reading the backup again")
        with open_backup(unfinished) as backup:
            backup.check()
        with unfinished.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        n_bytes = unfinished.stat().st_size
        # A link is refused where another process made such a file meanwhile; a rename is not.
        os.link(unfinished, target)
    except OSError as error:
        raise StoreError(
            str(target),
            f"the backup could not be written ({error.strerror or error})",
            "check free space and permissions, or choose another disk",
        ) from error
    finally:
        unfinished.unlink(missing_ok=True)
    return Written(n_bytes=n_bytes, sha256=digest)


def _write(
    file: IO[bytes],
    files: Mapping[str, Path],
    about: Manifest,
    progress: Callable[[float, str], None],
) -> None:
    entries: dict[str, Entry] = {}
    with zipfile.ZipFile(file, "w", allowZip64=True) as packed:
        for count, (name, path) in enumerate(files.items(), start=1):
            entries[name] = _pack(packed, name, path)
            progress(0.4 + 0.4 * count / len(files), f"packed {count} of {len(files)} files")
        manifest = about.model_copy(update={"files": entries})
        packed.writestr(
            MANIFEST, manifest.model_dump_json(indent=1), compress_type=zipfile.ZIP_DEFLATED
        )


def _pack(packed: zipfile.ZipFile, name: str, path: Path) -> Entry:
    info = zipfile.ZipInfo(name)
    # Files of the archive are packed already (Parquet, GeoTIFF).
    stored = name.startswith(FOLDER)
    info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    digest, n_bytes = hashlib.sha256(), 0
    with path.open("rb") as source, packed.open(info, "w", force_zip64=True) as out:
        while chunk := source.read(CHUNK_BYTES):
            digest.update(chunk)
            n_bytes += len(chunk)
            out.write(chunk)
    return Entry(n_bytes=n_bytes, sha256=digest.hexdigest())


class Backup:
    """An open backup; `open_backup` gives it."""

    def __init__(self, path: Path, packed: zipfile.ZipFile) -> None:
        self.path = path
        self._packed = packed
        self.manifest = self._manifest()

    def check(self) -> None:
        """Compare every file with its hash; raises `UnreadableError` at the first that differs."""
        for name in self.manifest.files:
            self._copy(name, None)

    def extract(self, folder: Path, *, progress: Callable[[float, str], None]) -> None:
        """Write every file below `folder`, which is empty; what differs from the list is refused.

        Raises `UnreadableError` for a backup that was altered, `StoreError` where the disk is full.
        """
        total = sum(entry.n_bytes for entry in self.manifest.files.values())
        free = shutil.disk_usage(folder).free
        if total > free:
            raise StoreError(
                str(folder),
                f"{total / 1e6:,.0f} MB are needed there, {free / 1e6:,.0f} MB are free",
                "make room",
            )
        (folder / FOLDER).mkdir()
        for count, name in enumerate(self.manifest.files, start=1):
            descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as out:
                self._copy(name, out)
                out.flush()
                os.fsync(out.fileno())
            n_files = len(self.manifest.files)
            progress(0.3 * count / n_files, f"unpacked {count} of {n_files} files")

    def _manifest(self) -> Manifest:
        names = self._packed.namelist()
        if names.count(MANIFEST) != 1 or len(set(names)) != len(names):
            raise self._altered("its list of files is missing or doubled")
        with self._reading(), self._packed.open(MANIFEST) as file:
            text = file.read(MAX_MANIFEST_BYTES + 1)
        if len(text) > MAX_MANIFEST_BYTES:
            raise self._altered("its list of files is too long")
        try:
            plain = json.loads(text)
            version = plain.get("version") if isinstance(plain, dict) else None
            if isinstance(version, int) and version > FORMAT:
                raise InputError(
                    str(self.path),
                    f"a backup of format {FORMAT} or older is needed, this is {version}",
                    "update the program",
                )
            manifest = Manifest.model_validate(plain)
        except (ValidationError, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
            raise self._altered("its list of files cannot be read") from error
        if set(names) != {MANIFEST, *manifest.files}:
            raise self._altered("it holds other files than its list says")
        if DATABASE not in manifest.files:
            raise self._altered("it holds no ledger")
        for name, entry in manifest.files.items():
            self._require_known(name, entry)
        return manifest

    def _require_known(self, name: str, entry: Entry) -> None:
        if name == DATABASE:
            return
        if name == KEY and entry.n_bytes <= MAX_SMALL_BYTES:
            return
        ref = name.removeprefix(FOLDER)
        if name.startswith(FOLDER) and len(ref) <= 90 and _REF.fullmatch(ref):
            if ref[:64] == entry.sha256:
                return
            raise self._altered(f"{name[:80]!r} has another content than its name promises")
        raise self._altered(f"a file {name[:80]!r} is foreign to it")

    def _copy(self, name: str, out: IO[bytes] | None) -> None:
        """Read one file to its end, and write it where `out` is given."""
        entry, digest, n_bytes = self.manifest.files[name], hashlib.sha256(), 0
        with self._reading(), self._packed.open(name) as source:
            while chunk := source.read(CHUNK_BYTES):
                n_bytes += len(chunk)
                if n_bytes > entry.n_bytes:
                    break
                digest.update(chunk)
                if out is not None:
                    _put(out, chunk)
        if n_bytes != entry.n_bytes or digest.hexdigest() != entry.sha256:
            raise self._altered(f"{name[:90]!r} is not what its list says")

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except _BROKEN as error:
            raise self._altered("it is damaged or cut off") from error

    def _altered(self, what: str) -> UnreadableError:
        return UnreadableError(
            str(self.path), f"a whole backup is needed: {what}", "take another copy of it"
        )


# What the readers of ZIP files say of damaged, encrypted and foreign ones.
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


def _put(out: IO[bytes], chunk: bytes) -> None:
    try:
        out.write(chunk)
    except OSError as error:
        raise StoreError(
            str(getattr(out, "name", "the backup's copy")),
            f"the disk refused ({error.strerror})",
            "make room, then try again",
        ) from error


@contextlib.contextmanager
def open_backup(path: Path) -> Iterator[Backup]:
    """Open a backup and read its list; raises `UnreadableError` for what is none, or cut off."""
    try:
        packed = zipfile.ZipFile(path)
    except (*_BROKEN, OSError) as error:
        reason = getattr(error, "strerror", None)
        raise UnreadableError(
            str(path),
            f"a whole backup is needed ({reason or 'this is none, or it was cut off'})",
            "take another copy of it",
        ) from error
    with packed:
        yield Backup(path, packed)
