"""Words of a short message: figures of every script, letters without accents, goods with counts."""

from __future__ import annotations

import re
import unicodedata

MAX_CHARACTERS = 1_600
NUMBER = re.compile(r"\d+(?:[.,]\d+)?")


def tidy(text: str) -> str:
    """Put a blank for what is no printable character."""
    return "".join(one if one.isprintable() else " " for one in text)


def plain_text(text: str) -> str:
    """Small letters without accents; figures of every script as 0 to 9.

    >>> plain_text("BLK ١٢٫٥ É")
    'blk 12.5 e'
    """
    folded = unicodedata.normalize("NFKD", tidy(text).casefold())
    return "".join(
        str(unicodedata.digit(one)) if one.isdigit() else "." if one == "٫" else one
        for one in folded
        if not unicodedata.combining(one)
    )


def counted(words: list[str]) -> tuple[list[str], list[tuple[str, list[str]]]]:
    """Part words at their numbers: those before the first, then each number with those behind it.

    >>> counted("ici 40 tents 120 wool blankets".split())
    (['ici'], [('40', ['tents']), ('120', ['wool', 'blankets'])])
    """
    before: list[str] = []
    found: list[tuple[str, list[str]]] = []
    for word in words:
        if NUMBER.fullmatch(word):
            found.append((word.replace(",", "."), []))
        else:
            (found[-1][1] if found else before).append(word)
    return before, found
