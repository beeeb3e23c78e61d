"""The archive: large files of a situation, each under the hash of its content.

A layer, an assessment or a plan is a file here; the event that names it holds its *ref*, the
SHA-256 of the content and a suffix (``3f…a9.parquet``), so the ledger's chain covers the large data
too. A file is written once and never changed: the same content is the same file, and a cache keyed
by a ref can never be stale.

::

    ROOT/3f/3f…a9.parquet      a file
    ROOT/tmp/…                 being written; anything older than its writer is rubbish
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from geo.errors import InputError, StoreError, TooLargeError, UnknownIdError, UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK_BYTES = 1 << 20
MAX_JSON_BYTES = 256 << 20

_SUFFIX = re.compile(r"[a-z0-9]+(?:\.[a-z0-9]+)*")
_REF = re.compile(r"([0-9a-f]{64})\.([a-z0-9]+(?:\.[a-z0-9]+)*)")
_MAX_SUFFIX = 16
_Unfinished: TypeAlias = "tempfile._TemporaryFileWrapper[bytes]"


class Archive:
    """Content-addressed files under `root`, which is made when the first file comes.

    Several threads and processes may use one root: files appear by an atomic rename. Errors of the
    disk are `StoreError`.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        # What was checked once in this process, with size and time as they were then.
        self._checked: dict[str, tuple[int, int]] = {}

    def put_bytes(self, data: bytes, suffix: str) -> str:
        """Keep `data` and give its ref; `suffix` is the kind of file (``"json"``, ``".tif"``)."""
        suffix = _plain_suffix(suffix)
        with self._unfinished() as file:
            file.write(data)
            return self._keep(file, hashlib.sha256(data).hexdigest(), suffix)

    def put_file(self, path: Path, suffix: str | None = None) -> str:
        """Keep a copy of a file and give its ref; without a suffix the file's own is taken.

        Raises `UnreadableError` if the file cannot be read.
        """
        suffix = _plain_suffix(path.suffix if suffix is None else suffix)
        try:
            source = path.open("rb")
        except OSError as error:
            raise UnreadableError(
                str(path), f"a readable file is needed ({error.strerror})", "check the path"
            ) from error
        with source, self._unfinished() as file:
            digest = hashlib.sha256()
            while chunk := source.read(CHUNK_BYTES):
                digest.update(chunk)
                file.write(chunk)
            return self._keep(file, digest.hexdigest(), suffix)

    def put_json(self, value: Any) -> str:
        """Keep a document as JSON (sorted keys, UTF-8) and give its ref.

        Raises `InputError` if it holds what JSON cannot say, such as NaN.
        """
        try:
            text = json.dumps(
                value,
                ensure_ascii=False,
                allow_nan=False,
                sort_keys=True,
                separators=(",", ":"),
            )
            data = text.encode()
        except (TypeError, ValueError) as error:
            raise InputError(
                "a document for the archive",
                f"values that JSON can hold are needed ({error})",
                "write missing numbers as null",
            ) from error
        return self.put_bytes(data, "json")

    def get_json(self, ref: str, *, max_bytes: int = MAX_JSON_BYTES) -> Any:
        """Read a document that `put_json` kept."""
        path = self.path(ref)
        with _disk(path):
            size = path.stat().st_size
            if size > max_bytes:
                raise TooLargeError(ref, f"at most {max_bytes} bytes, it has {size}", "")
            data = path.read_bytes()
        try:
            return json.loads(data)
        except ValueError as error:
            raise UnreadableError(ref, "a JSON document is needed", "check the ref") from error

    def has(self, ref: str) -> bool:
        """Whether the file is here; its content is not checked."""
        return self._place(ref).is_file()

    def path(self, ref: str) -> Path:
        """Path of a file, whose hash is checked at its first use in this process.

        Raises `UnknownIdError` if the file is not here and `StoreError` if it was altered.
        """
        place = self._place(ref)
        try:
            status = place.stat()
        except FileNotFoundError as error:
            raise UnknownIdError(
                ref, "no such file in the archive", "restore the archive folder from a copy"
            ) from error
        except OSError as error:
            raise _disk_error(place, error) from error
        seen = (status.st_size, status.st_mtime_ns)
        if self._checked.get(ref) != seen:
            if _file_hash(place) != ref[:64]:
                raise StoreError(
                    str(place),
                    "the file no longer has the content that its name promises: it is damaged",
                    "restore it from a copy, or load the layer again",
                )
            self._checked[ref] = seen
        return place

    def _place(self, ref: str) -> Path:
        # The pattern leaves no room for a separator or for "..", so the path stays below the root.
        match = _REF.fullmatch(ref)
        if match is None or len(match[2]) > _MAX_SUFFIX:
            raise InputError(
                f"archive ref {ref[:100]!r}", "64 hex digits, a dot and a suffix are needed", ""
            )
        return self.root / ref[:2] / ref

    @contextlib.contextmanager
    def _unfinished(self) -> Iterator[_Unfinished]:
        """Open a temporary file on the same disk, removed unless `_keep` moved it."""
        folder = self.root / "tmp"
        with _disk(folder):
            folder.mkdir(parents=True, exist_ok=True)
            file = tempfile.NamedTemporaryFile(dir=folder, delete=False)  # noqa: SIM115
        try:
            with _disk(folder), file:
                yield file
        finally:
            Path(file.name).unlink(missing_ok=True)

    def _keep(self, file: _Unfinished, digest: str, suffix: str) -> str:
        ref = f"{digest}.{suffix}"
        place = self._place(ref)
        if place.is_file() and _file_hash(place) == digest:
            return ref
        file.flush()
        os.fsync(file.fileno())
        place.parent.mkdir(exist_ok=True)
        # It was made for its owner only; layers are read by other accounts too.
        os.fchmod(file.fileno(), 0o644)
        Path(file.name).replace(place)
        _sync_folder(place.parent)
        _sync_folder(self.root)
        return ref


def _plain_suffix(suffix: str) -> str:
    plain = suffix.removeprefix(".").lower()
    if len(plain) > _MAX_SUFFIX or not _SUFFIX.fullmatch(plain):
        raise InputError(
            f"suffix {suffix[:40]!r}",
            f"at most {_MAX_SUFFIX} letters or digits are needed, such as tif",
            "name the kind of file",
        )
    return plain


def _file_hash(path: Path) -> str:
    with _disk(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _disk(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _disk_error(path, error) from error


def _disk_error(path: Path, error: OSError) -> StoreError:
    return StoreError(
        str(path),
        f"the disk refused: {error.strerror or error}",
        "check free space, permissions and the disk, then try again",
    )
