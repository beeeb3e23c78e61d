"""Totals: lines that sum up the others, and must not be taken for a report."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from data.intake.wordlists import names
from geo.names import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_WORDS = frozenset(
    plain(name)
    for name in names(
        """total|totals|total général|grand total|sous-total|subtotal|sum|somme|
        المجموع|مجموع|الإجمالي|المجموع العام|ⴰⵎⵓⵜⵜⴰⵢ"""
    )
)
_NUMBER = re.compile(r"^[\d٠-٩\s.,%-]+$")


def is_total(cells: Sequence[str], fields: Mapping[str, int]) -> bool:
    """Say whether a line is a sum: it begins with the word, and else holds numbers only.

    >>> is_total(("TOTAL", "", "340"), {}), is_total(("Total", "tentes", "4"), {})
    (True, False)
    """
    filled = [cell for cell in cells if cell]
    if not filled or plain(filled[0]).rstrip(" :") not in _WORDS:
        return False
    at = fields.get("item")
    return (at is None or not cells[at]) and all(map(_NUMBER.match, filled[1:]))
