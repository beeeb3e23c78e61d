"""Written names of places: one plain form to compare them by, and a first matcher.

`plain` folds what writers vary without meaning another place: case, accents, Arabic diacritics and
letter variants, tatweel, hyphens and apostrophes, the words *douar* and *commune*. `match` ranks
the known names for a written one and decides alone only when the best is good and clearly ahead.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rapidfuzz import fuzz, process

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Arabic letters that writers exchange freely (hamza seats, alef maqsura, ta marbuta, Maghrebi g).
_ARABIC_FOLDS = str.maketrans(
    {
        **dict.fromkeys("أإآٱ", "ا"),
        "ى": "ي",
        "ئ": "ي",
        "ؤ": "و",
        "ة": "ه",
        **dict.fromkeys("ڭگݣ", "ك"),
        "ـ": None,
        "ء": None,
    }
)
_LATIN_FOLDS = (
    ("ï", "i"),
    ("œ", "oe"),
    ("æ", "ae"),
    ("ß", "ss"),
    ("ou", "u"),
    ("w", "u"),
    ("y", "i"),
)
_PREFIXES = re.compile(r"^(?:douar|duar|dr|village|commune|cr|دوار|جماعه|ⴷⵓⵡⵡⴰⵔ)\s+")
_MARKS = re.compile(r"[^\w\s]|_")

#: A match is taken alone at this score (0-100), and this far ahead of the runner-up.
SURE_SCORE = 88.0
SURE_GAP = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NameMatch:
    """A candidate for a written name: its position among the known names and how alike (0 to 1)."""

    index: int
    score: float
    sure: bool


def plain(text: str) -> str:
    """Fold a written name to the form names are compared in.

    >>> plain("Douar Aït-Zitoun") == plain("ait zitun")
    True
    >>> plain("إِغيـل") == plain("اغيل")
    True
    """
    folded = unicodedata.normalize("NFKD", text.casefold())
    folded = "".join(char for char in folded if not unicodedata.combining(char))
    folded = folded.translate(_ARABIC_FOLDS)
    folded = _MARKS.sub(" ", folded)
    folded = " ".join(folded.split())
    folded = _PREFIXES.sub("", folded)
    for written, kept in _LATIN_FOLDS:
        folded = folded.replace(written, kept)
    return folded


def match(
    written: str, known: Sequence[str], *, owners: Sequence[int], limit: int = 3
) -> list[NameMatch]:
    """Rank known names for a written one.

    Parameters
    ----------
    written
        The name as somebody wrote it.
    known
        Plain forms (`plain`) of all names; a place may have several.
    owners
        For each known name the position of its place: same length as `known`.
    limit
        At most this many places are returned, best first.

    Returns
    -------
    list of NameMatch
        One per place; `sure` on the first one only if it is good and clearly ahead.
    """
    wanted = plain(written)
    if not wanted:
        return []
    found = process.extract(wanted, known, scorer=fuzz.ratio, limit=limit * 4, score_cutoff=60)
    best: dict[int, float] = {}
    for _, score, position in found:
        owner = owners[position]
        best[owner] = max(best.get(owner, 0.0), score)
    ranked = sorted(best.items(), key=lambda pair: (-pair[1], pair[0]))[:limit]
    runner_up = ranked[1][1] if len(ranked) > 1 else 0.0
    return [
        NameMatch(
            index=owner,
            score=score / 100,
            sure=position == 0 and score >= SURE_SCORE and score - runner_up >= SURE_GAP,
        )
        for position, (owner, score) in enumerate(ranked)
    ]
