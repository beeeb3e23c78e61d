"""Text messages: what a convoy leader needs where no data connection is left.

One file a convoy; the messages are parted by a blank line and numbered 1/n. A message holds at most
160 characters of the GSM 7-bit alphabet (3GPP TS 23.038, section 6.2.1; those of its extension
table count twice) or 70 UTF-16 units if it holds any other character, so each goes out as one SMS.
Latin letters that the alphabet lacks lose their accent, because it more than doubles the messages.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from routing.exports.wording import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from routing.exports.wording import Wording
    from routing.itinerary import Itinerary, Leg

SUFFIX = ".txt"
GSM_LONGEST, UCS2_LONGEST = 160, 70
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENSION = frozenset("\f^{}\\[~]|€")
_FOLDED = str.maketrans(
    {"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "×": "x", "œ": "oe",
     "Œ": "OE", "³": "3", "²": "2", "\u00a0": " ", "\u202f": " "}
)  # fmt: skip
MOST_ROADS = 4
# Stands for a blank at which a message is not cut: between a quantity and what it is of.
_GLUE = "\ue000"


def render(itinerary: Itinerary, wording: Wording) -> bytes:
    """Give `itinerary` as messages."""
    return ("\n\n".join(messages(itinerary, wording)) + "\n").encode()


def messages(itinerary: Itinerary, wording: Wording) -> list[str]:
    """Numbered messages that together say where to go, when, and what to hand out."""
    texts = [fold(line) for line in _lines(itinerary, wording)]
    width = 1
    while True:
        parts = _pack(texts, reserve=2 * width + 2)
        if len(str(len(parts))) <= width:
            break
        width = len(str(len(parts)))
    return [f"{number}/{len(parts)} {part}" for number, part in enumerate(parts, start=1)]


def is_gsm(text: str) -> bool:
    """Whether the GSM 7-bit alphabet holds every character."""
    return all(character in _GSM or character in _GSM_EXTENSION for character in text)


def size(text: str) -> tuple[int, int]:
    """Length and limit of a message: septets of 160, or UTF-16 units of 70."""
    if is_gsm(text):
        return len(text) + sum(character in _GSM_EXTENSION for character in text), GSM_LONGEST
    return len(text.encode("utf-16-be")) // 2, UCS2_LONGEST


def _lines(itinerary: Itinerary, wording: Wording) -> Iterator[str]:
    convoy = itinerary.convoy
    if wording.notice.strip():
        yield clean(wording.notice)
    yield wording.title(itinerary)
    yield wording.vehicle(itinerary)
    yield (
        f"{wording.name(convoy.depot_id)} {wording.word('departs')} "
        f"{wording.local(convoy.departs_at)}"
    )
    for stop, leg in zip(itinerary.stops, itinerary.legs, strict=False):
        roads = _roads(leg, wording)
        walk = f", {wording.word('walk')} {stop.walk.length_m:.0f} m" if stop.walk else ""
        if stop.relay is not None:
            walk = f", {wording.relay(stop.relay)}"
        yield (
            f"{stop.number}. {wording.name(stop.place_id)} {wording.clock(stop.arrives_at)}"
            f"{roads}{walk}: "
            + ", ".join(wording.amount(row).replace(" ", _GLUE) for row in stop.hand_out)
        )
    yield (
        f"{wording.word('back')} {wording.clock(convoy.returns_at)}, {itinerary.length_km:.0f} km"
    )


def _roads(leg: Leg, wording: Wording) -> str:
    names = [clean(road) for road in leg.roads[:MOST_ROADS]]
    return f" {wording.word('via')} {' '.join(names)}" if names else ""


def fold(line: str) -> str:
    """Spell Latin letters with what the GSM alphabet has; other scripts stay as they are."""
    line = line.translate(_FOLDED)
    return "".join(_fold_letter(character) for character in line)


def _fold_letter(character: str) -> str:
    if character in _GSM or not unicodedata.name(character, "").startswith("LATIN"):
        return character
    plain = unicodedata.normalize("NFKD", character)
    kept = "".join(letter for letter in plain if letter in _GSM)
    return kept or character


def _pack(texts: Sequence[str], *, reserve: int) -> list[str]:
    """Fill messages line by line, leaving `reserve` characters for the number."""
    parts: list[str] = []
    for text in texts:
        for line in _cut(text, reserve):
            joined = f"{parts[-1]}\n{line}" if parts else line
            if parts and _fits(joined, reserve):
                parts[-1] = joined
            else:
                parts.append(line)
    return parts


def _cut(text: str, reserve: int) -> list[str]:
    """Part a line that is too long for one message, between words where there are any."""
    whole = text.replace(_GLUE, " ")
    if _fits(whole, reserve):
        return [whole]
    pieces = [""]
    for word in (glued.replace(_GLUE, " ") for glued in text.split(" ")):
        longer = f"{pieces[-1]} {word}" if pieces[-1] else word
        if _fits(longer, reserve):
            pieces[-1] = longer
            continue
        pieces.append("")
        for character in word:
            if not _fits(pieces[-1] + character, reserve):
                pieces.append("")
            pieces[-1] += character
    return [piece for piece in pieces if piece]


def _fits(text: str, reserve: int) -> bool:
    length, longest = size(text)
    return length + reserve <= longest
