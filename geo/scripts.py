"""Names as people write them in Morocco: Latin, Arabic and Tifinagh, often in one string."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

# Unicode 16.0 blocks: Arabic with its supplements and presentation forms, and Tifinagh.
_ARABIC = "\u0600-\u06ff\u0750-\u077f\u0870-\u08ff\ufb50-\ufdff\ufe70-\ufeff"
_TIFINAGH = "\u2d30-\u2d7f"
_SCRIPT = {
    "arabic": re.compile(f"[{_ARABIC}]+(?:[^A-Za-z\u00c0-\u024f{_TIFINAGH}]*[{_ARABIC}]+)*"),
    "tifinagh": re.compile(f"[{_TIFINAGH}]+(?:[^A-Za-z\u00c0-\u024f{_ARABIC}]*[{_TIFINAGH}]+)*"),
}
# Joiners that Arabic and Tifinagh spelling needs; every other format character goes.
_JOINERS = "\u200c\u200d"
MAX_NAME = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedName:
    """A name by script; "" where it is not written in that script."""

    latin: str = ""
    arabic: str = ""
    tifinagh: str = ""


def clean_name(text: object) -> str:
    """Name in one form: NFC, single blanks, no control or direction characters, 300 at most.

    Missing values (None, NaN) and blanks give "".
    """
    if not isinstance(text, str):
        return "" if text is None or text != text else clean_name(str(text))
    normal = unicodedata.normalize("NFC", text)
    if (
        normal.isprintable()
    ):  # true of nearly all: no control or format character, one kind of blank
        return " ".join(normal.split())[:MAX_NAME]
    kept = (
        " " if character.isspace() else character
        for character in normal
        if character.isspace()
        or character in _JOINERS
        or unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
    )
    return " ".join("".join(kept).split())[:MAX_NAME]


def split_scripts(text: str) -> ScriptedName:
    """Part a name that is written in several scripts at once.

    >>> split_scripts("Province de Tétouan إقليم تطوان").latin
    'Province de Tétouan'
    """
    if text.isascii():
        return ScriptedName(latin=text if _has_letters(text) else "")
    parts = {}
    rest = text
    for script, pattern in _SCRIPT.items():
        parts[script] = clean_name(" ".join(pattern.findall(rest)))
        rest = pattern.sub(" ", rest)
    # Strokes and brackets that parted the scripts mean nothing without them.
    latin = clean_name(rest) if parts["arabic"] or parts["tifinagh"] else clean_name(text)
    if parts["arabic"] or parts["tifinagh"]:
        latin = re.sub(r"\(\s*\)|\[\s*\]", "", latin).strip(" /|-–,;")
    return ScriptedName(latin=latin if _has_letters(latin) else "", **parts)


def _has_letters(text: str) -> bool:
    return any(character.isalnum() for character in text)
