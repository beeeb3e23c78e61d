"""Answers by text message: never longer than one, whatever alphabet they need."""

from __future__ import annotations

from geo.scripts import clean_name
from routing.exports.text import fold, size


def sent_size(text: str) -> tuple[int, int]:
    """Length of an answer and the limit of one message (160 of the GSM alphabet, 70 of others)."""
    return size(text)


def fitting(*texts: str) -> str:
    """Give the first of these that fits one message; the last is cut where none does."""
    said = [_plain(text) for text in texts]
    for text in said:
        length, limit = size(text)
        if length <= limit:
            return text
    cut = said[-1]
    while cut and size(cut + "...")[0] > size(cut + "...")[1]:
        cut = cut[:-1]
    return cut.rstrip() + "..."


def _plain(text: str) -> str:
    """One line, in letters of the GSM alphabet as far as Latin ones go."""
    return fold(" ".join(clean_name(text).split()))
