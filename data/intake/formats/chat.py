"""Exported WhatsApp chats: a shared location and the words nearest to it, of one sender.

Senders become ``sender-1``, ``sender-2`` … in the order in which they speak; telephone numbers in
texts are taken out. Nothing else of a person is kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from data.intake.formats.delimited import _lines
from data.intake.formats.encoding import look_through
from data.intake.formats.table import Book, Line, Table, clean_cell, held
from geo.errors import EmptyInputError, TooLargeError
from geo.phrase import phrase

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

MAX_BYTES = 100_000_000
MAX_MESSAGES = 300_000
#: Words belong to a location if they were sent within this time of it.
TOGETHER = timedelta(minutes=20)
HEADER = ("sender", "date", "position", "note")

_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
# "12/09/2023, 14:05 - Name: words" (Android) and "[12/09/2023, 14:05:33] Name: words" (iPhone).
_MESSAGE = re.compile(
    r"^\[?(\d{1,4})[/.\-](\d{1,2})[/.\-](\d{1,4})(?:,|،|\s+à|\s+at)?\s+"
    r"(\d{1,2})[:.h](\d{2})(?::\d{2})?\s*([AaPp]\.?\s?[Mm]\.?|[صم])?\]?\s*(?:-\s+)?"
    r"(?:([^:]{1,80}):\s)?(.*)$"
)
_LOCATION = re.compile(
    r"https?://(?:maps\.google\.com|www\.google\.com/maps|maps\.app\.goo\.gl|goo\.gl/maps|"
    r"www\.openstreetmap\.org|maps\.apple\.com)\S+"
)
_LABEL = re.compile(r"^(?:location|localisation|position|الموقع|موقع)\s*:?\s*", re.IGNORECASE)
_MEDIA = re.compile(r"<[^>]{0,40}>|\.(?:jpg|jpeg|opus|mp4|webp|pdf)\b|omitted|omis|محذوف", re.I)
_PHONE = re.compile(r"@?\+?\d[\d\s.\-]{7,}\d")


@dataclass(slots=True)
class _Message:
    line: int
    at: datetime
    sender: str
    text: str


def is_chat(lines: Iterable[str]) -> bool:
    """Say whether the first lines are those of an exported chat."""
    seen = [line for line in (clean_cell(line) for line in lines) if line][:20]
    hits = sum(_MESSAGE.match(line.translate(_DIGITS)) is not None for line in seen)
    return hits >= 2 and hits >= 0.4 * len(seen)


def read_chat(path: Path) -> Book:
    """Read a chat: one row for every shared location with the words that go with it.

    Raises
    ------
    TooLargeError
        Over the limits.
    EmptyInputError
        Nobody shared a location.
    """
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise TooLargeError(path.name, f"at most {MAX_BYTES // 1_000_000} MB", "split the file")
    found = look_through(path)
    messages = _messages(path.name, _lines(path, found))
    rows: list[Line] = [(0, HEADER), *_located(messages)]
    if len(rows) == 1:
        raise EmptyInputError(
            path.name,
            "a chat in which nobody shared a location",
            "ask for a location and, beside it, what is needed and how many",
        )
    note = phrase(
        "{messages} messages of {senders} senders",
        messages=f"{len(messages):,}",
        senders=len({one.sender for one in messages}),
    )
    return Book(
        file=path.name,
        form="chat",
        sha256=found.sha256,
        size=size,
        tables=(Table(name="", open_rows=held(rows), titled=True),),
        notes=(*found.notes, note),
    )


def chat_lines(path: Path) -> list[str]:
    """Give the first lines of a text file, to tell whether it is a chat."""
    lines = []
    for line in _lines(path, look_through(path)):
        lines.append(line[:500])
        if len(lines) >= 30:
            break
    return lines


def _messages(name: str, lines: Iterable[str]) -> list[_Message]:
    read: list[tuple[int, tuple[str | None, ...]]] = []
    for number, line in enumerate(lines, start=1):
        text = clean_cell(line)
        if not text:
            continue
        found = _MESSAGE.match(text.translate(_DIGITS))
        if found is not None:
            # The words themselves keep the digits in which they were written.
            read.append((number, (*found.groups()[:7], text[found.start(8) :])))
            if len(read) > MAX_MESSAGES:
                raise TooLargeError(name, f"more than {MAX_MESSAGES:,} messages", "split the file")
        elif read:
            at, groups = read[-1]
            read[-1] = (at, (*groups[:7], f"{groups[7]} {text}"[:4_000]))
    day_first = not any(int(groups[1] or 0) > 12 for _, groups in read)
    senders: dict[str, str] = {}
    messages = []
    for number, groups in read:
        when = _moment(groups, day_first)
        if when is None or groups[6] is None:
            continue  # a line of the program itself: somebody joined, somebody left
        sender = senders.setdefault(groups[6].strip(), f"sender-{len(senders) + 1}")
        text = groups[7] or ""
        if not _LOCATION.search(text):
            text = _PHONE.sub("[number]", text)
        messages.append(_Message(number, when, sender, text))
    return messages


def _moment(groups: tuple[str | None, ...], day_first: bool) -> datetime | None:
    one, two, three, hour, minute = (int(part or 0) for part in groups[:5])
    half = (groups[5] or "").lower().replace(".", "")
    if one > 31:
        year, month, day = one, two, three
    else:
        day, month = (one, two) if day_first else (two, one)
        year = three + 2000 if three < 100 else three
    if half[:1] in ("p", "م") and hour < 12:
        hour += 12
    elif half[:1] in ("a", "ص") and hour == 12:
        hour = 0
    try:
        # The clock of the phones that exported it; the zone is the situation's.
        return datetime(year, month, day, hour, minute)  # noqa: DTZ001
    except ValueError:
        return None


def _located(messages: list[_Message]) -> list[Line]:
    by_sender: dict[str, list[_Message]] = {}
    for message in messages:
        by_sender.setdefault(message.sender, []).append(message)
    rows: list[Line] = []
    for message in messages:
        link = _LOCATION.search(message.text)
        if link is None:
            continue
        words = _LABEL.sub("", _LOCATION.sub("", message.text)).strip(" :-")
        text = words or _nearest(message, by_sender[message.sender])
        when = message.at.isoformat(timespec="minutes")
        rows.append((message.line, (message.sender, when, link[0], clean_cell(text))))
    return rows


def _nearest(place: _Message, said: list[_Message]) -> str:
    """The words of the sender nearest in time to a location; what follows it goes first."""
    spoken = [
        one
        for one in said
        if one.text
        and not _LOCATION.search(one.text)
        and not _MEDIA.search(one.text)
        and abs(one.at - place.at) <= TOGETHER
    ]
    if not spoken:
        return ""
    near = min(spoken, key=lambda one: (abs(one.at - place.at), one.line < place.line))
    return near.text
