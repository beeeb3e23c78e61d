"""Written names: one plain form in which what means the same is written the same.

`plain` folds what writers vary without meaning another place: case, accents, Arabic diacritics and
letter variants, tatweel, hyphens and apostrophes, the words *douar* and *commune*. Which place a
name means is found by `geo.name_match`.
"""

from __future__ import annotations

import re
import unicodedata

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
