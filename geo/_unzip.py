"""Layers out of a zip that someone sent, unpacked so that they can do no harm.

GDAL would read a zip by itself (`/vsizip/`), with none of these limits; it never sees one here.
"""

from __future__ import annotations

import lzma
import re
import stat
import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from geo.errors import EmptyInputError, InputError, SchemaError, TooLargeError, UnreadableError

MAX_ENTRIES = 200
MAX_UNPACKED_BYTES = 500_000_000
# Text and geometry pack 3 to 20 times smaller; a bomb packs a thousand times.
MAX_RATIO = 100
# Below this many bytes the ratio says nothing: an empty .dbf of 1 kB packs very well.
SMALL_BYTES = 1_000_000

LAYER_SUFFIXES = frozenset(
    {".shp", ".gpkg", ".geojson", ".json", ".topojson", ".fgb", ".kml", ".gml", ".parquet"}
)
SHAPEFILE_PARTS = frozenset({".shp", ".shx", ".dbf", ".prj", ".cpg"})
_CHUNK = 1 << 20
_END_BYTES = 22  # the record at the end of a zip, without its comment
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
MAX_STEM = 120
# What the reading of a damaged zip ends in: it may claim a method, a version or a length that
# cannot be.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    OSError,
    EOFError,
    ValueError,
    RuntimeError,  # NotImplementedError is one
)


def zipped_layers(path: Path) -> list[str]:
    """Names of the layers in a zip (file names without their ending), past the guards.

    Raises
    ------
    UnreadableError
        No zip, damaged, encrypted, or with entries that point outside their folder.
    TooLargeError
        Over the limits on entries, unpacked bytes or ratio.
    """
    with _open(path) as archive:
        return [PurePosixPath(name).stem for name in _layer_entries(archive)]


def unpack_layer(path: Path, folder: Path, *, layer: str | None = None) -> Path:
    """Unpack one layer of a zip into `folder` and give the path of its file.

    Parameters
    ----------
    layer
        Name of the layer wanted; needed only where the zip holds several.

    Raises
    ------
    EmptyInputError
        The zip holds no layer that we read.
    SchemaError
        It holds several and `layer` names none of them.
    UnreadableError, TooLargeError
        As `zipped_layers`.
    """
    with _open(path) as archive:
        chosen = _choose(archive, path, layer)
        wanted = [chosen]
        if chosen.lower().endswith(".shp"):
            wanted = [name for name in _file_names(archive) if _is_part(name, chosen)]
        left = MAX_UNPACKED_BYTES
        for name in wanted:
            # A file of our own naming: nothing of the entry's name reaches the disk but its ending.
            target = folder / f"layer{PurePosixPath(name).suffix.lower()}"
            left -= _copy(archive, name, target, left, path)
        return folder / f"layer{PurePosixPath(chosen).suffix.lower()}"


def unpack_layers(path: Path, folder: Path) -> tuple[list[Path], list[str]]:
    """Unpack every layer of a zip into `folder`, each into a folder of its own.

    Returns
    -------
    tuple
        The files of the layers, named as in the zip but for characters that are no letter, digit,
        dot, hyphen or underscore; and the names of all other files, which were not unpacked.

    Raises
    ------
    UnreadableError, TooLargeError
        As `zipped_layers`. Nothing is given of a package of which one file is damaged.
    """
    with _open(path) as archive:
        layers = _layer_entries(archive)
        left, found, taken = MAX_UNPACKED_BYTES, [], set()
        for number, chosen in enumerate(layers):
            wanted = [chosen]
            if chosen.lower().endswith(".shp"):
                wanted = [name for name in _file_names(archive) if _is_part(name, chosen)]
            stem = _UNSAFE.sub("_", PurePosixPath(chosen).stem)[:MAX_STEM] or "layer"
            own = folder / str(number)
            own.mkdir()
            for name in wanted:
                left -= _copy(
                    archive, name, own / f"{stem}{PurePosixPath(name).suffix.lower()}", left, path
                )
            taken.update(wanted)
            found.append(own / f"{stem}{PurePosixPath(chosen).suffix.lower()}")
        return found, [name for name in _file_names(archive) if name not in taken]


def bytes_around(path: Path) -> tuple[int, int]:
    """How many bytes that are no part of the zip stand before and after it.

    Web servers leave some (an answer "302 Found" in front of the file is one); they do no harm.
    """
    with _open(path) as archive:
        before = min((entry.header_offset for entry in archive.infolist()), default=0)
        comment = len(archive.comment)
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - _END_BYTES - (1 << 16)))
        tail = stream.read()
    end = tail.rfind(b"PK\5\6")
    after = len(tail) - end - _END_BYTES - comment if end >= 0 else 0
    return before, max(after, 0)


def _open(path: Path) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(path)
    except _DAMAGE as error:
        raise _damaged(path) from error
    try:
        _require_harmless(archive, path)
    except BaseException:
        archive.close()
        raise
    return archive


def _require_harmless(archive: zipfile.ZipFile, path: Path) -> None:
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise TooLargeError(
            f"{path.name}: {len(entries):,} entries",
            f"at most {MAX_ENTRIES} are read",
            "zip only the files of the layer",
        )
    for entry in entries:
        _require_harmless_entry(entry, path)
    unpacked = sum(entry.file_size for entry in entries)
    packed = max(1, sum(entry.compress_size for entry in entries))
    if unpacked > MAX_UNPACKED_BYTES:
        raise TooLargeError(
            f"{path.name}: {unpacked / 1e6:,.0f} MB unpacked",
            f"at most {MAX_UNPACKED_BYTES / 1e6:,.0f} MB are unpacked",
            "zip only the files of the layer, or load them unzipped",
        )
    if unpacked > SMALL_BYTES and unpacked / packed > MAX_RATIO:
        raise TooLargeError(
            f"{path.name}: packed {unpacked / packed:,.0f} times",
            f"a zip that packs over {MAX_RATIO} times is taken for an attack",
            "load the files unzipped",
        )


def _require_harmless_entry(entry: zipfile.ZipInfo, path: Path) -> None:
    name = entry.orig_filename.replace("\\", "/")
    if name.startswith("/") or ":" in name or "\0" in name or ".." in name.split("/"):
        raise UnreadableError(
            f"{path.name}: entry {name[:80]!r}",
            "it points outside of its own folder",
            "zip the files of the layer again, without folders",
        )
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise UnreadableError(
            f"{path.name}: entry {name[:80]!r}", "it is a link", "zip the file it points to"
        )
    if entry.flag_bits & 0x1:
        raise UnreadableError(
            f"{path.name}: entry {name[:80]!r}", "it is encrypted", "zip it without a password"
        )


def _file_names(archive: zipfile.ZipFile) -> list[str]:
    # macOS adds a shadow of every file, "__MACOSX/._name", that is no layer.
    return [
        entry.filename
        for entry in archive.infolist()
        if not entry.is_dir() and not PurePosixPath(entry.filename).name.startswith(".")
    ]


def _layer_entries(archive: zipfile.ZipFile) -> list[str]:
    return sorted(
        name
        for name in _file_names(archive)
        if PurePosixPath(name).suffix.lower() in LAYER_SUFFIXES
    )


def _choose(archive: zipfile.ZipFile, path: Path, layer: str | None) -> str:
    entries = _layer_entries(archive)
    if layer is not None:
        entries = [
            name
            for name in entries
            if layer in (PurePosixPath(name).stem, PurePosixPath(name).name)
        ]
    if len(entries) == 1:
        return entries[0]
    names = [PurePosixPath(name).stem for name in _layer_entries(archive)]
    if not names:
        nested = any(name.lower().endswith((".zip", ".kmz")) for name in _file_names(archive))
        raise EmptyInputError(
            path.name,
            "it holds another archive, and those are not opened"
            if nested
            else "the zip holds no shapefile or other vector layer",
            "unpack it and load the file inside"
            if nested
            else "zip the .shp with its .shx, .dbf and .prj",
        )
    raise SchemaError(
        path.name if layer is None else f"{path.name}: layer {layer!r}",
        f"the zip holds {len(names)} layer(s): {', '.join(names[:12])}",
        "name one of them as the layer",
    )


def _is_part(name: str, chosen: str) -> bool:
    here, there = PurePosixPath(name), PurePosixPath(chosen)
    return (
        here.parent == there.parent
        and here.stem.lower() == there.stem.lower()
        and here.suffix.lower() in SHAPEFILE_PARTS
    )


def _copy(archive: zipfile.ZipFile, name: str, target: Path, left: int, path: Path) -> int:
    """Unpack one entry and count what really came out: the header may lie."""
    n_bytes = 0
    try:
        with archive.open(name) as source, target.open("wb") as sink:
            while chunk := source.read(_CHUNK):
                n_bytes += len(chunk)
                if n_bytes > left:
                    raise TooLargeError(
                        path.name,
                        f"more than {MAX_UNPACKED_BYTES / 1e6:,.0f} MB came out of it",
                        "load the files unzipped",
                    )
                sink.write(chunk)
    except InputError:
        raise
    except _DAMAGE as error:
        raise _damaged(path) from error
    return n_bytes


def _damaged(path: Path) -> UnreadableError:
    return UnreadableError(
        path.name,
        "it is no zip, or a damaged one",
        "copy or download it again, or load the files unzipped",
    )
