"""Memory of columns: what people said of a sheet's columns, by organisation and sheet shape.

The shape of a sheet is its titles in their order. The memory lies beside the situation in a file of
its own: it helps to read, and is evidence of nothing.
"""

from __future__ import annotations

import hashlib
import json
import logging
from typing import TYPE_CHECKING

from geo.written_file import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

logger = logging.getLogger(__name__)

#: Sheets of so many shapes are remembered; the one that was told longest ago goes first.
MAX_SHAPES = 1_000


class ColumnMemory:
    """What the people of one organisation said of the columns of their sheets.

    Parameters
    ----------
    path
        The file; it need not exist yet. One that cannot be read is taken for empty.
    organisation_id
        Whose sheets these are: what one organisation says of its titles binds no other.
    """

    def __init__(self, path: Path, organisation_id: str) -> None:
        self._path = path
        self._organisation_id = organisation_id

    def recall(self, titles: Sequence[str]) -> dict[str, str] | None:
        """Give title → field ("" for none of ours) for a sheet of this shape, None if untold."""
        return self._read().get(self._key(titles))

    def remember(self, titles: Sequence[str], told: Mapping[str, str]) -> None:
        """Keep what was said of this shape beside what was said before; the later word counts."""
        mine = {title: field for title, field in told.items() if title in titles}
        if not mine:
            return
        shapes = self._read()
        key = self._key(titles)
        shapes[key] = (shapes.pop(key, None) or {}) | mine
        kept = dict(list(shapes.items())[-MAX_SHAPES:])
        write_whole(self._path, json.dumps(kept, ensure_ascii=False).encode())

    def _key(self, titles: Sequence[str]) -> str:
        words = "\x1f".join((self._organisation_id, *titles))
        return hashlib.sha256(words.encode()).hexdigest()[:32]

    def _read(self) -> dict[str, dict[str, str]]:
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            logger.warning("what was said of columns cannot be read, it is left out: %s", error)
            return {}
        if not isinstance(kept, dict):
            return {}
        return {key: dict(told) for key, told in kept.items() if isinstance(told, dict)}
