"""Needs by text message: a code, a place, and items with their counts, in four languages.

::

    BESOIN Tafeghaghte tentes 20 eau 300          needed there
    NEED Tinmel 20 tents 300 l water FROM Asni    needed there; the reporter is elsewhere
    حاجة تينمل خيام ٢٠ ماء ٣٠٠
    ⵜⴰⵎⵔⵉⵡⵜ ⵜⵉⵏⵎⵍ ⵉⵇⵉⴹⴰⵏ 20

The item stands before its count or behind it; figures may be Arabic-Indic; a unit may follow the
count. A message that is not understood is no error: what of it was not is a result, so that the
sender can be told what was understood and what is expected.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from data.intake.items import find_item
from data.intake.message_words import MAX_CHARACTERS, counted, plain_text, tidy
from data.packs import MEASURES, PIECES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Language = Literal["fr", "en", "ar", "zgh"]
#: What of a message was not understood.
Part = Literal["code", "place", "item", "quantity", "length"]
Counted = tuple[str, list[str]]

#: First word → language in which the sender writes.
CODES: dict[str, Language] = {
    **dict.fromkeys(("besoin", "besoins", "manque", "faut"), "fr"),
    **dict.fromkeys(("need", "needs", "missing"), "en"),
    **dict.fromkeys(("حاجة", "حاجه", "نحتاج", "احتياج", "محتاجين", "خاصنا"), "ar"),
    **dict.fromkeys(("ⵜⴰⵎⵔⵉⵡⵜ", "ⵏⵔⴰ", "ⵉⵅⵚⵚⴰ", "tamriwt", "nra"), "zgh"),
}
#: Before the place where the reporter is, at the end.
FROM = frozenset({"from", "de", "depuis", "من", "ⵙⴳ"})
#: Before the place where help is needed, where it does not stand first.
IN = frozenset({"in", "at", "a", "في", "ب", "ⴳ"})
MAX_GOODS = 12
#: No place has a name of more words.
MAX_PLACE_WORDS = 10
_ENDS = " \t,;:.!،؛"
#: "300l" is two words; "4x4" and "30-40" stay as they are.
_STUCK = re.compile(r"(?<!\S)(\d+(?:[.,]\d+)?)([^\W\d_]{1,12})(?!\S)")
_UNITS = frozenset({*PIECES, *(one for names in MEASURES.values() for one in names)}) | {
    *("litres", "liters", "لتر", "ل", "قطعة", "كلغ")
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """So much of an item: `quantity` as written, with its unit if it has one."""

    item_id: str
    quantity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedMessage:
    """What a message asks for; `reported_from` is where its sender is, "" where it is not said."""

    language: Language
    place: str
    goods: tuple[Wanted, ...]
    reported_from: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Misread:
    """What was not understood of a message: which part, what stood there, and what came before."""

    part: Part
    given: str
    language: Language
    place: str = ""


def exact_item(words: str) -> str | None:
    """Give the item that is called so in one of four languages, None for anything else."""
    found = find_item(words)
    return found.item_id if found is not None and found.exact else None


def parse_need(
    text: str, *, item_of: Callable[[str], str | None] = exact_item
) -> NeedMessage | Misread:
    """Read a message.

    Parameters
    ----------
    item_of
        Gives the item of a name, None for what is none.

    >>> parse_need("BESOIN Tafeghaghte tentes 20 eau 300").goods[1]
    Wanted(item_id='water_l', quantity='300')
    >>> parse_need("حاجة تينمل خيام ٢٠").place
    'تينمل'
    >>> parse_need("BESOIN Tinmel tentes").part
    'quantity'
    """
    words = _words(text[:MAX_CHARACTERS])
    code = plain_text(words[0]) if words else ""
    language = CODES.get(code, language_of(text))
    if len(text) > MAX_CHARACTERS:
        return Misread(part="length", given=str(len(text)), language=language)
    if code not in CODES:
        return Misread(part="code", given=words[0] if words else "", language=language)
    before, tail = counted(words[1:])
    if not tail:
        return _uncounted(before, language, item_of)
    tail, here = _after(tail, FROM, item_of)
    if not before:
        # "we need 20 tents in Tinmel"
        tail, there = _after(tail, IN, item_of)
        before = there.split()
    place, item = _split_end(before, item_of)
    read = _behind(tail, item_of) if item is None else _before(item, tail, item_of)
    if isinstance(read, tuple) and place and len(place) <= MAX_PLACE_WORDS:
        return NeedMessage(
            language=language,
            place=" ".join(place),
            goods=read[:MAX_GOODS],
            reported_from=here,
        )
    if isinstance(read, tuple) or not before or item_of(" ".join(before)):
        return Misread(part="place", given=" ".join(before)[:80], language=language)
    if item is None and len(before) > 1:
        # Between place and count stands what was meant as an item.
        return Misread(
            part="item", given=before[-1], language=language, place=" ".join(before[:-1])
        )
    return Misread(part=read.part, given=read.given, language=language, place=" ".join(place))


def is_need(text: str) -> bool:
    """Whether a message begins like one that asks for something."""
    words = _words(text[:MAX_CHARACTERS])
    return bool(words) and plain_text(words[0]) in CODES


def language_of(text: str) -> Language:
    """Language to answer in where no code says it: by the script of the first letter."""
    for one in text[:200]:
        if "\u0600" <= one <= "\u06ff" and one.isalpha():
            return "ar"
        if "\u2d30" <= one <= "\u2d7f":
            return "zgh"
        if one.isalpha():
            return "fr"
    return "fr"


def _words(text: str) -> list[str]:
    """Words with figures as 0 to 9, without the points and commas around them."""
    figures = "".join(plain_text(one) if one.isdigit() or one == "٫" else one for one in tidy(text))
    parted = _STUCK.sub(r"\1 \2", figures)
    words = [word.strip(_ENDS) for word in parted.split()]
    joined: list[str] = []
    for word in filter(None, words):
        # "2 000" is one number.
        if re.fullmatch(r"\d{3}", word) and joined and re.fullmatch(r"\d{1,3}", joined[-1]):
            joined[-1] += word
        else:
            joined.append(word)
    return joined


def _uncounted(
    before: Sequence[str], language: Language, item_of: Callable[[str], str | None]
) -> Misread:
    place, item = _split_end(before, item_of)
    if not before:
        return Misread(part="place", given="", language=language)
    if any(one.isdigit() for one in before[-1]):
        return Misread(part="quantity", given=before[-1], language=language)
    if item is not None:
        given = " ".join(before[len(place) :])
        return Misread(part="quantity", given=given, language=language, place=" ".join(place))
    given = before[-1] if len(before) > 1 else ""
    return Misread(part="item", given=given, language=language, place=" ".join(before))


def _split_end(
    words: Sequence[str], item_of: Callable[[str], str | None]
) -> tuple[list[str], str | None]:
    """Part words into what comes first and the longest item at their end."""
    for at in range(len(words)):
        item = item_of(" ".join(words[at:]))
        if item is not None and at > 0:
            return list(words[:at]), item
    return list(words), None


@dataclass(frozen=True, slots=True)
class _Bad:
    part: Part
    given: str


def _before(
    item: str, tail: Sequence[Counted], item_of: Callable[[str], str | None]
) -> tuple[Wanted, ...] | _Bad:
    """Read items before their counts."""
    goods = []
    for position, (number, words) in enumerate(tail):
        unit, rest = _unit(words)
        goods.append(Wanted(item_id=item, quantity=f"{number} {unit}".strip()))
        if position == len(tail) - 1:
            # What is left is a word of thanks, unless it asks for something too.
            asks = any(item_of(" ".join(rest[: at + 1])) for at in range(len(rest)))
            if asks or any(one.isdigit() for one in "".join(rest)):
                return _Bad("quantity", " ".join(rest))
            break
        following = item_of(" ".join(rest)) if rest else None
        if following is None:
            return _Bad("item", " ".join(rest) or tail[position + 1][0])
        item = following
    return tuple(goods)


def _behind(
    tail: Sequence[Counted], item_of: Callable[[str], str | None]
) -> tuple[Wanted, ...] | _Bad:
    """Read items behind their counts."""
    goods = []
    for number, words in tail:
        # "kits" is a unit, and "kits d'hygiène" an item.
        item, unit = (item_of(" ".join(words)) if words else None), ""
        if item is None:
            unit, rest = _unit(words)
            item = item_of(" ".join(rest)) if rest else None
        if item is None:
            return _Bad("item", " ".join(words) or number)
        goods.append(Wanted(item_id=item, quantity=f"{number} {unit}".strip()))
    return tuple(goods)


def _unit(words: Sequence[str]) -> tuple[str, list[str]]:
    """Part the unit that may stand behind a count from what follows it ("l de", "l")."""
    if not words or plain_text(words[0]) not in _UNITS:
        return "", list(words)
    rest = list(words[1:])
    if rest and plain_text(rest[0]) in ("de", "d", "of", "من"):
        rest = rest[1:]
    elif rest and rest[0][:2].casefold() in ("d'", "d’"):
        rest[0] = rest[0][2:]
    return words[0], rest


def _after(
    tail: list[Counted], markers: frozenset[str], item_of: Callable[[str], str | None]
) -> tuple[list[Counted], str]:
    """Take off the place behind one of these words, if the message ends with it."""
    number, words = tail[-1]
    if item_of(" ".join(words)) or item_of(" ".join(_unit(words)[1])):
        return tail, ""
    for at in range(len(words) - 1, -1, -1):
        if plain_text(words[at]) in markers and words[at + 1 :]:
            return [*tail[:-1], (number, words[:at])], " ".join(words[at + 1 :])
    return tail, ""
