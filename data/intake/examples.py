"""Examples: the line of a template that shows how it is filled in, and is no report."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_EXAMPLE = re.compile(r"^\s*(?:examples?|exemples?|مثال|ⴰⵎⴷⵢⴰ)\s*[:：]\s*\S", re.IGNORECASE)


def is_example(cells: Sequence[str]) -> bool:
    """Say whether a line is an example: its first filled cell begins with the word and a colon.

    >>> is_example(("", "Exemple : Tinmel", "20")), is_example(("Example village", "20"))
    (True, False)
    """
    return bool(_EXAMPLE.match(next(filter(None, cells), "")))
