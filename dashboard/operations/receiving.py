"""Receiving: a file that came as bytes, through the page, is taken in like one on the disk."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard.operations.uploads import upload
from geo.errors import TooLargeError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dashboard.operations.situation import Situation

MAX_BYTES = 50_000_000
_UNSAFE = re.compile(r"[^\w .()+-]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """The report of an upload, and a workbook of the rows that were not taken."""

    report: dict[str, Any]
    rejects: bytes


def receive(
    situation: Situation,
    kind: str,
    name: str,
    content: bytes,
    *,
    organisation: str,
    dry_run: bool,
    add_places: bool = False,
    columns: Mapping[str, str] | None = None,
    later_dump: bool | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> Received:
    """Take in a file by its name and bytes; as `uploads.upload`, which says what is raised."""
    if len(content) > MAX_BYTES:
        raise TooLargeError(
            name[:100],
            f"at most {MAX_BYTES // 1_000_000} MB are taken here",
            "use `qafila upload`, or split the file",
        )
    with tempfile.TemporaryDirectory(prefix="qafila-") as folder:
        path = Path(folder) / safe_name(name)
        path.write_bytes(content)
        rejects = Path(folder) / "rejects" / "rejects.xlsx"
        rejects.parent.mkdir()
        report = upload(
            situation,
            kind,
            path,
            organisation=organisation,
            dry_run=dry_run,
            rejects=rejects,
            add_places=add_places,
            columns=columns,
            later_dump=later_dump,
            progress=progress,
        )
        return Received(report=report, rejects=rejects.read_bytes())


def safe_name(name: str) -> str:
    """Name of a file that leads into no other folder.

    >>> safe_name("../../etc/passwd"), safe_name("besoins: Asni.xlsx"), safe_name("..")
    ('passwd', 'besoins_ Asni.xlsx', 'file')
    """
    bare = _UNSAFE.sub("_", re.split(r"[/\\]", name)[-1]).strip(" .")
    return f"{bare[:80]}{bare[80:][-10:]}" or "file"
