"""Titles: which field a column's name means, whole, in a part of it, or but for a slip."""

from __future__ import annotations

from rapidfuzz import fuzz, process

from data.intake.columns.tags import field_of_tag
from data.intake.columns.vocabulary import bare_words, fold, forms, without_articles, words
from data.intake.wordlists import word_set

#: Kind of table → fields that matter there, and words that mean another thing there.
_KIND_WORDS: dict[str, dict[str, str]] = {
    "vehicles": {"type": "class", "name": "vehicle", "nom": "vehicle", "status": "availability"},
    "volunteers": {"id": "volunteer", "code": "volunteer", "reference": "volunteer"},
    "road-status": {"status": "state", "statut": "state", "الحالة": "state", "type": "reason"},
    "stock": {"name": "depot", "site": "depot", "location": "depot"},
    "deliveries": {"from": "depot", "source": "depot", "de": "depot", "origine": "depot"},
    "positions": {"id": "vehicle", "name": "vehicle", "speed": ""},
    "activities": {"description": "description"},
}
#: A title that is no known one may still be a slip of one: this like.
_SLIP_SCORE = 88.0
#: Words that say little inside a longer title.
_WEAK = frozenset(
    map(
        fold,
        word_set(
            "id no n number total type name nom code date x y access state start end count day "
            "index row version class mail kg m3 what who when where in other يوم رقم اسم نوع عدد"
        ),
    )
)


def field_by_title(title: str, kind: str) -> tuple[str, float, str]:
    """Field by the title: whole, without its little words, a part of it, or a slip of one."""
    tagged = field_of_tag(title) if title.startswith("#") else ""
    if tagged:
        return tagged, 0.98, "tag"
    if not title or len(title) > 150:
        return "", 0.0, ""
    known, bare = words(), bare_words()
    special = _KIND_WORDS.get(kind, {})
    for position, form in enumerate(forms(title)):
        folded = fold(form)
        if not folded:
            continue
        mine = next((field for word, field in special.items() if fold(word) == folded), None)
        if mine is not None:
            return mine, 0.9, "name"
        if folded in known:
            return known[folded], 0.95 if position < 2 else 0.88, "name"
        if without_articles(folded) in bare:
            return bare[without_articles(folded)], 0.88, "name"
    return _by_part(title)


def _by_part(title: str) -> tuple[str, float, str]:
    """The longest known name inside a title, or the name that it is a slip of."""
    known = bare_words()
    folded = without_articles(fold(title))
    parts = folded.split()
    if not parts or len(parts) > 8:
        return "", 0.0, ""
    for length in range(min(4, len(parts) - 1), 0, -1):
        # The head of an English title stands last, of a French or Arabic one first.
        for start in (0, len(parts) - length):
            name = " ".join(parts[start : start + length])
            if name in known and len(name) > 2 and name not in _WEAK:
                return known[name], 0.6 + 0.25 * length / len(parts), "part of the name"
    if len(folded) >= 5:
        slip = process.extractOne(folded, known.keys(), scorer=fuzz.ratio, score_cutoff=_SLIP_SCORE)
        if slip is not None and len(slip[0]) >= 5:
            return known[slip[0]], 0.7, "slip"
    return "", 0.0, ""
