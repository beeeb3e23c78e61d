"""How people write names of places, as documented rules: what `names.py` asks the index for.

Rules for Latin, each drawn as often as it is listed: a transliteration habit (ou/o/oo/w/u, ch/sh,
gh/r/g, kh/h/k, q/k/g, i/y/e, dj/j, s/ss/z …, one letter group at a random spot); a vowel left
out, put in or taken for another; a letter doubled or halved; a slip of the keyboard (neighbour
key, swapped letters, letter left out); a common word written otherwise (Ait, Oulad, Beni, Sidi,
n' …); the article dropped or added, "Douar"/"Dr."/"Village" before; words joined or parted; one
word of three left out. For Arabic: alef with and without hamza, ta marbuta/ha, ya/alef maqsura, a
long vowel written or not, ق/گ/ك, emphatic for plain letter, the article, the tatweel, a letter
left out.

None of it reads the tables of `geo`: the rules come from how registers, reports and chats spell
Moroccan names, and most of them lose something that cannot be had back.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

HABITS = (
    ("ou", "u", "o", "oo", "w"),
    ("ch", "sh", "sch"),
    ("gh", "r", "g", "rh"),
    ("kh", "h", "k", "x"),
    ("dj", "j"),
    ("q", "k", "g", "c"),
    ("k", "q", "c"),
    ("g", "gu", "k"),
    ("w", "ou", "o"),
    ("y", "i", "ee"),
    ("i", "y", "e", "ee"),
    ("a", "e", "aa"),
    ("e", "a", "i"),
    ("u", "ou", "o"),
    ("o", "ou", "u"),
    ("s", "ss", "z", "c"),
    ("z", "s"),
    ("t", "tt", "th"),
    ("d", "dd", "dh", "t"),
    ("j", "g", "dj"),
    ("f", "ph"),
    ("b", "v"),
    ("h", "", "7"),
)
_NEAR_KEYS = (
    "azq bvn cxv dsf ezr fdg gfh hgj iuo jhk kjl lkm mln nbm oip poa qws ret sad try uyi vcb wxe "
    "xwc ytu zae"
)
KEYS = {keys[0]: keys[1:] for keys in _NEAR_KEYS.split()}
COMMON_WORDS = (
    (r"\ba[iï]t\b", ("aiyt", "ayt", "at", "ait", "aïth")),
    (r"\bou?la?e?d\b", ("wlad", "ouled", "awlad", "oulad", "uled")),
    (r"\bb[ei]?ni\b", ("bni", "beni", "bani")),
    (r"\bsidi\b", ("sid", "si", "sidy")),
    (r"\bmoulay\b", ("mly", "my", "moulai")),
    (r"\btalat\b", ("tlat", "tlata", "tallat")),
    (r"\b(zaouiat?|zawyat?)\b", ("zawiya", "zaouia", "zaouiet")),
    (r"[ -]n[’' -]", (" n ", "-n-", " n'", " ", " ne ")),
    (r"\bel\b", ("al", "l", "")),
)
ARABIZI = {
    "ا": ("a",), "أ": ("a", "2a"), "إ": ("i",), "آ": ("a",), "ب": ("b",), "ت": ("t",),
    "ث": ("t", "th"),
    "ج": ("j", "dj"), "ح": ("7", "h"), "خ": ("5", "kh", "x"), "د": ("d",), "ذ": ("d",), "ر": ("r",),
    "ز": ("z",), "س": ("s", "ss"), "ش": ("ch", "sh"), "ص": ("s",), "ض": ("d",), "ط": ("t", "6"),
    "ظ": ("d",), "ع": ("3", "a"), "غ": ("gh", "8", "r"), "ف": ("f",), "ق": ("9", "q", "k"),
    "ك": ("k",), "گ": ("g",), "ڭ": ("g",), "ݣ": ("g",), "ل": ("l",), "م": ("m",), "ن": ("n",),
    "ه": ("h",), "و": ("ou", "o", "w"), "ي": ("i", "y"), "ى": ("a",), "ة": ("a", "ah"),
    "ئ": ("i", "2"),
    "ؤ": ("o",), "ء": ("2", ""), "ی": ("i",), "ک": ("k",),
}  # fmt: skip
ARABIC_SWAPS = (
    ("أإآ", "ا"),
    ("ا", "أإ"),
    ("ة", "ه"),
    ("ه", "ة"),
    ("ي", "ى"),
    ("ى", "ي"),
    ("ݣڭگ", "كقڭگ"),
    ("ق", "ڭك"),
    ("ك", "ق"),
    ("ط", "ت"),
    ("ت", "ط"),
    ("ص", "س"),
    ("س", "ص"),
    ("ض", "د"),
    ("د", "ض"),
    ("ظ", "ض"),
    ("ث", "ت"),
    ("ز", "ژ"),
)


def change_latin(name: str, chance: random.Random) -> str:
    """Write a Latin name as somebody else would: 1 to 3 of the rules."""
    text = name
    for _ in range(chance.choices((1, 2, 3), weights=(35, 45, 20))[0]):
        rule = chance.choice(LATIN_RULES)
        text = rule(text, chance) or text
    return text if text != name else _habit(name, chance)


def change_arabic(name: str, chance: random.Random) -> str:
    """Write an Arabic name as somebody else would: 1 or 2 of the rules."""
    text = name
    for _ in range(chance.choice((1, 1, 2))):
        text = chance.choice(ARABIC_RULES)(text, chance) or text
    return text


def type_arabizi(name: str, chance: random.Random) -> str:
    """Type an Arabic name in Latin letters and digits, as in a chat."""
    typed = ""
    for letter in re.sub(r"\bال", "l", name):
        written = chance.choice(ARABIZI[letter]) if letter in ARABIZI else letter
        if typed and written and chance.random() < 0.4:
            ends = typed[-1] not in "aeiouwy 23" and written[0] not in "aeiouwy 23"
            typed += chance.choice("aaei") if ends else ""
        typed += written
    return typed


def _habit(text: str, chance: random.Random) -> str:
    lower = text.casefold()
    usable = [habit for habit in HABITS if habit[0] in lower]
    if not usable:
        return text
    old, *new = chance.choice(usable)
    at = chance.choice([found.start() for found in re.finditer(old, lower)])
    return lower[:at] + chance.choice(new) + lower[at + len(old) :]


def _vowel(text: str, chance: random.Random) -> str:
    spots = [at for at, letter in enumerate(text) if letter in "aeiouy" and at > 0]
    if not spots:
        return text
    at = chance.choice(spots)
    how = chance.choice(("drop", "add", "take"))
    if how == "drop":
        return text[:at] + text[at + 1 :]
    if how == "take":
        return text[:at] + chance.choice("aeiou") + text[at + 1 :]
    at = chance.randrange(1, len(text))
    return text[:at] + chance.choice("aei") + text[at:]


def _double(text: str, chance: random.Random) -> str:
    if doubled := list(re.finditer(r"([a-z])\1", text)):
        at = chance.choice(doubled).start()
        return text[:at] + text[at + 1 :]
    at = chance.randrange(len(text))
    return text[: at + 1] + (text[at] if text[at].isalpha() else "") + text[at + 1 :]


def _slip(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text))
    how = chance.choice(("near", "swap", "drop"))
    if how == "near":
        return text[:at] + chance.choice(KEYS.get(text[at].lower(), text[at])) + text[at + 1 :]
    if how == "swap":
        return text[:at] + text[at : at + 2][::-1] + text[at + 2 :]
    return text[:at] + text[at + 1 :] if len(text) > 3 else text


def _common(text: str, chance: random.Random) -> str:
    usable = [one for one in COMMON_WORDS if re.search(one[0], text, re.IGNORECASE)]
    if not usable:
        return _habit(text, chance)
    pattern, forms = chance.choice(usable)
    return re.sub(pattern, chance.choice(forms), text, count=1, flags=re.IGNORECASE).strip()


def _around(text: str, chance: random.Random) -> str:
    if found := re.match(r"(el|al)[ -]", text, re.IGNORECASE):
        return text[found.end() :]
    return chance.choice(("Douar ", "douar ", "Dr. ", "Dr ", "Village ", "El ", "DOUAR ")) + text


def _words(text: str, chance: random.Random) -> str:
    words = text.split()
    if len(words) == 1:
        return _habit(text, chance)
    if len(words) > 2 and chance.random() < 0.4:
        words.pop(chance.randrange(len(words)))
        return " ".join(words)
    at = chance.randrange(1, len(words))
    mark = chance.choice(("", "-"))
    return " ".join(words[:at]) + mark + " ".join(words[at:])


LATIN_RULES = (_habit, _habit, _habit, _vowel, _vowel, _double, _slip, _common, _around, _words)


def _arabic_swap(text: str, chance: random.Random) -> str:
    usable = [
        (at, new) for at, letter in enumerate(text) for old, new in ARABIC_SWAPS if letter in old
    ]
    if not usable:
        return text
    at, new = chance.choice(usable)
    return text[:at] + chance.choice(new) + text[at + 1 :]


def _arabic_long(text: str, chance: random.Random) -> str:
    spots = [at for at, letter in enumerate(text) if letter in "اوي" and 0 < at < len(text) - 1]
    if spots and chance.random() < 0.5:
        at = chance.choice(spots)
        return text[:at] + text[at + 1 :]
    at = chance.randrange(1, len(text)) if len(text) > 1 else 0
    return text[:at] + chance.choice("اوي") + text[at:]


def _arabic_around(text: str, chance: random.Random) -> str:
    if text.startswith("ال") and chance.random() < 0.6:
        return text[2:]
    return chance.choice(("دوار ", "ال", "جماعة ")) + text


def _arabic_marks(text: str, chance: random.Random) -> str:
    at = chance.randrange(1, len(text)) if len(text) > 1 else 0
    return text[:at] + chance.choice("ـ\u064e\u064f\u0650\u0651") + text[at:]


def _arabic_slip(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text))
    return text[:at] + text[at + 1 :] if len(text) > 3 else text


ARABIC_RULES = (
    _arabic_swap,
    _arabic_swap,
    _arabic_swap,
    _arabic_long,
    _arabic_around,
    _arabic_marks,
    _arabic_slip,
)
