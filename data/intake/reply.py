"""Replies of convoy leaders by text message, read into what they say.

::

    OK 3 40 TENTES 120 COUVERTURES     delivered at stop 3
    ARR 3                              arrived at stop 3
    REF 3 TENTES                       refused at stop 3
    BLK 12.5 T                         the road is blocked at km 12.5 for trucks
    SOS road gone, two hurt            help is needed

First comes a code, in any of four languages, upper or lower case; figures may be Arabic-Indic. What
cannot be read is refused with what is expected, so that the cell can ask back: nothing is guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from data.intake.message_words import MAX_CHARACTERS, NUMBER, counted, plain_text, tidy
from geo.errors import InputError

if TYPE_CHECKING:
    from geo.model import VehicleClassName

ReplyKind = Literal["delivered", "arrived", "refused", "blocked", "sos"]

#: Code → what it says: English, French, Arabic, Tamazight.
CODES: dict[str, ReplyKind] = {
    **dict.fromkeys(("ok", "del", "liv", "livre", "سلم", "تم", "ⵉⵜⵜⵓⴼⴽⴰ"), "delivered"),
    **dict.fromkeys(("arr", "arrived", "arrive", "وصل", "وصلنا", "ⵢⵓⵡⴹ"), "arrived"),
    **dict.fromkeys(("ref", "refused", "refus", "refuse", "رفض", "ⵢⵓⴳⵉ"), "refused"),
    **dict.fromkeys(("blk", "blocked", "barre", "bloque", "مقطوع", "مسدود", "ⵉⵇⵏ"), "blocked"),
    **dict.fromkeys(("sos", "help", "secours", "نجدة", "ⴰⵡⵙ"), "sos"),
}
#: Letter or word → class that cannot pass; without one nobody can.
CLASSES: dict[str, VehicleClassName] = {
    **dict.fromkeys(("t", "truck", "camion", "ش"), "truck"),
    **dict.fromkeys(("p", "pickup", "4x4", "ر"), "pickup"),
    **dict.fromkeys(("m", "mule", "mulet", "ب"), "mule"),
    **dict.fromkeys(("f", "foot", "pied"), "foot"),
}
MAX_STOP, MAX_KM = 999, 2_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a message says. `goods` are quantity and item as written; `km` counts along the way."""

    kind: ReplyKind
    stop: int | None = None
    goods: tuple[tuple[str, str], ...] = ()
    km: float | None = None
    classes: tuple[VehicleClassName, ...] = ()
    note: str = ""


def is_reply(text: str) -> bool:
    """Whether a message begins with one of the codes."""
    words = plain_text(text[:MAX_CHARACTERS]).split()
    return bool(words) and words[0] in CODES


def parse_reply(text: str) -> Reply:
    """Read a message; raises `InputError` that says what is expected.

    >>> parse_reply("ok 3 40 tentes 120 couvertures").goods
    (('40', 'tentes'), ('120', 'couvertures'))
    >>> parse_reply("BLK ١٢٫٥ T").km
    12.5
    """
    if len(text) > MAX_CHARACTERS:
        raise InputError(
            f"a reply of {len(text)} characters", f"at most {MAX_CHARACTERS} are read", "cut it"
        )
    words = plain_text(text).split()
    kind = CODES.get(words[0]) if words else None
    if kind is None:
        raise _wrong(words[0] if words else "nothing", "a code is needed first")
    rest = words[1:]
    if kind == "sos":
        return Reply(kind=kind, note=" ".join(tidy(text).split()[1:])[:500])
    if kind == "blocked":
        return _blocked(rest)
    if not rest or not rest[0].isdigit() or not 1 <= int(rest[0]) <= MAX_STOP:
        raise _wrong(rest[0] if rest else words[0], "the number of the stop is needed after it")
    stop, goods = int(rest[0]), rest[1:]
    if kind == "arrived":
        return Reply(kind=kind, stop=stop, note=" ".join(goods)[:500])
    if kind == "refused":
        if not goods:
            raise _wrong(" ".join(words), "what was refused is needed")
        return Reply(kind=kind, stop=stop, goods=(("0", " ".join(goods)),))
    return Reply(kind=kind, stop=stop, goods=_goods(goods))


def _blocked(rest: list[str]) -> Reply:
    if not rest or not NUMBER.fullmatch(rest[0]) or float(rest[0].replace(",", ".")) > MAX_KM:
        raise _wrong(rest[0] if rest else "BLK", "the kilometre on the way is needed after it")
    named = [word for word in rest[1:] if word in CLASSES]
    note = " ".join(word for word in rest[1:] if word not in CLASSES)
    return Reply(
        kind="blocked",
        km=float(rest[0].replace(",", ".")),
        classes=tuple(dict.fromkeys(CLASSES[word] for word in named)),
        note=note[:500],
    )


def _goods(words: list[str]) -> tuple[tuple[str, str], ...]:
    """Part ``40 tents 120 wool blankets`` into quantities and items."""
    before, found = counted(words)
    if before:
        raise _wrong(before[0], "a quantity is needed before each item")
    if not found or not all(names for _, names in found):
        raise _wrong(" ".join(words) or "OK", "a quantity and an item are needed: OK 3 40 TENTS")
    return tuple((quantity, " ".join(names)) for quantity, names in found)


def _wrong(given: str, needed: str) -> InputError:
    return InputError(
        f"reply: {given[:40]}", needed, "OK 3 40 TENTS · ARR 3 · REF 3 TENTS · BLK 12.5 T · SOS"
    )
