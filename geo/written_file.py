"""Files that appear whole or not at all, with one plain line where they cannot be written."""

from __future__ import annotations

import contextlib
import secrets
from typing import TYPE_CHECKING

from geo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a draft beside `path`, which takes its place when all has gone well.

    Whoever reads meanwhile finds the old file or the new one; after a fault the old one stays. The
    folder is made. What lies there and is no file, as ``/dev/stdout``, is written to as it is; a
    link is replaced, never followed.

    Raises
    ------
    InputError
        It cannot be written there.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file() and not path.is_symlink():
            draft = path
        try:
            yield draft
            if draft != path:
                draft.replace(path)
        finally:
            if draft != path:
                draft.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(
            str(path),
            f"it cannot be written ({error.strerror or type(error).__name__})",
            "choose another folder, or make room",
        ) from error


def write_whole(path: Path, content: bytes) -> None:
    """Write a file, as `whole_file` does."""
    # "x": never through what somebody laid there.
    with whole_file(path) as draft, draft.open("wb" if draft == path else "xb") as file:
        file.write(content)
