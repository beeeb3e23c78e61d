"""Writes itineraries to files: safe names, whole files or none, never outside the folder."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import UTC
from typing import TYPE_CHECKING

from geo.errors import InputError, RuleError
from geo.written_file import write_whole
from routing.exports import bundles, geojson, gpx, kml, table, text
from routing.exports.sheet import html, lists, pdf
from routing.exports.wording import LANGUAGES, Language, Wording

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import tzinfo
    from pathlib import Path

    from routing.exports.sheet import Papers
    from routing.itinerary import Itinerary

Render = Callable[["Itinerary", Wording], bytes]

_RENDERERS: dict[str, tuple[str, Render]] = {
    "gpx": (gpx.SUFFIX, gpx.render),
    "kml": (kml.SUFFIX, kml.render),
    "geojson": (geojson.SUFFIX, geojson.render),
    "csv": (table.SUFFIX, table.render),
    "text": (text.SUFFIX, text.render),
    "html": (html.SUFFIX, html.render),
    "pdf": (pdf.SUFFIX, pdf.render),
    "pdfa6": (pdf.POCKET_SUFFIX, pdf.render_pocket),
    "loading": (lists.LOADING_SUFFIX, lists.render_loading),
    "waybills": (lists.WAYBILLS_SUFFIX, lists.render_waybills),
    "kmz": (bundles.KMZ_SUFFIX, bundles.render_kmz),
    "tak": (bundles.TAK_SUFFIX, bundles.render_tak),
}
FORMATS: tuple[str, ...] = tuple(_RENDERERS)
LONGEST_STEM = 80
# Names that Windows keeps for devices, whatever their suffix.
_RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)$", re.IGNORECASE)


def export(
    itineraries: Sequence[Itinerary],
    folder: Path,
    *,
    formats: Iterable[str] = FORMATS,
    notice: str = "",
    language: str = "en",
    name_of: Callable[[str], str] = str,
    zone: tzinfo = UTC,
    bom: bool = False,
    papers: Papers | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> list[Path]:
    """Write one file per itinerary and format into `folder`, which is made if need be.

    Parameters
    ----------
    formats
        Of `FORMATS`.
    notice
        Goes into every file.
    language
        Of the words around names; one of `LANGUAGES`.
    name_of
        Name of a depot, place or item by its id, in that language.
    zone
        In which local times are written.
    bom
        Begin CSV files with a byte order mark (Excel needs it for Arabic).
    papers
        What sheets, loading lists and waybills say beside the itinerary.

    Returns
    -------
    list[Path]
        The files, in the order of the itineraries. A file of that name is replaced, at once and
        whole.

    Raises
    ------
    RuleError
        An unknown format or language.
    InputError
        The folder cannot be written to.
    """
    chosen = list(dict.fromkeys(formats))
    _require_known(chosen, language)
    spoken: Language = next(name for name in LANGUAGES if name == language)
    wording = Wording(
        notice=notice, language=spoken, name_of=name_of, zone=zone, bom=bom, papers=papers
    )
    root = _folder(folder)
    stems = file_stems([itinerary.convoy.convoy_id for itinerary in itineraries])
    written: list[Path] = []
    for number, (itinerary, stem) in enumerate(zip(itineraries, stems, strict=True), start=1):
        for name in chosen:
            suffix, render = _RENDERERS[name]
            written.append(_write(root, stem + suffix, render(itinerary, wording)))
        if progress is not None:
            progress(number / len(itineraries), itinerary.convoy.convoy_id)
    return written


def file_stems(ids: Sequence[str]) -> list[str]:
    """Distinct names of ASCII letters, digits, dots and dashes, whatever the ids hold."""
    stems: list[str] = []
    taken: set[str] = set()
    for identifier in ids:
        plain = unicodedata.normalize("NFKD", identifier).encode("ascii", "ignore").decode()
        stem = re.sub(r"[^A-Za-z0-9._-]+", "-", plain).strip(".-_")[:LONGEST_STEM].rstrip(".-_")
        if not stem or _RESERVED.match(stem.split(".")[0]):
            stem = f"convoy-{stem}".rstrip("-")
        name, count = stem, 1
        # Some file systems do not tell A from a.
        while name.lower() in taken:
            count += 1
            name = f"{stem}-{count}"
        taken.add(name.lower())
        stems.append(name)
    return stems


def _require_known(formats: Sequence[str], language: str) -> None:
    unknown = [name for name in formats if name not in _RENDERERS]
    if unknown or not formats:
        raise RuleError(
            f"export formats {', '.join(unknown) or 'none'}",
            f"some of {', '.join(FORMATS)} are needed",
            "correct the list",
        )
    if language not in LANGUAGES:
        raise RuleError(
            f"export language {language!r}", f"one of {', '.join(LANGUAGES)}", "correct it"
        )


def _folder(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return folder.resolve(strict=True)
    except OSError as error:
        raise InputError(
            f"{folder}: {error.strerror or error}",
            "a folder that can be written to is needed",
            "choose another with --to, or make room",
        ) from error


def _write(root: Path, name: str, content: bytes) -> Path:
    target = root / name
    if target.parent != root or name in {"", ".", ".."} or target.is_dir():
        raise RuleError(f"export file {name!r}", "a plain file name is needed", "rename it")
    write_whole(target, content)
    return target
