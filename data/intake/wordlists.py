"""Lists of words as they stand in code: by blanks, or by bars where a name has several words."""

from __future__ import annotations


def word_set(text: str) -> frozenset[str]:
    """Words parted by blanks."""
    return frozenset(text.split())


def names(text: str) -> list[str]:
    """Names parted by bars, over as many lines as they need.

    >>> names("pick up|4 x 4")
    ['pick up', '4 x 4']
    """
    return [" ".join(name.split()) for name in text.split("|")]
