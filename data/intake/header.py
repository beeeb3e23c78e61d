"""Headers: where a table begins, which of its first lines are titles, and what each column says.

Above a header people write titles, dates and logos; the header itself may take several lines, with
merged cells, a second language or HXL hashtags; blank lines may stand before the data; and some
tables have no header at all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from data.intake.columns.tags import is_tag
from data.intake.columns.vocabulary import fold, forms, words
from data.intake.items import find_item

if TYPE_CHECKING:
    from collections.abc import Sequence

    from data.intake.formats.table import Line

#: A header stands among the first lines that hold something.
LOOK_LINES = 40
_TAG_LINES = 25
_VALUE = re.compile(
    r"^[~<>≈+-]?\s*[\d٠-٩][\d٠-٩\s.,:/'\-°]*\s*%?$|^(?:true|false|yes|no|oui|non)$", re.I
)
_MAX_TITLE = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The header of a table.

    Attributes
    ----------
    titles
        One a column; of a header of several lines the most telling, "" where there is none.
    parents
        The title above, where it spans several columns, else "".
    tags
        HXL hashtags, "" where there is none.
    first, last
        Lines of the file on which the header begins and ends; both are 0 where it has none.
    above, written
        What stands before it, and its own lines as they are, so that a sheet can be written back.
    """

    titles: tuple[str, ...]
    parents: tuple[str, ...]
    tags: tuple[str, ...]
    first: int
    last: int
    above: tuple[Line, ...] = ()
    written: tuple[Line, ...] = ()

    @property
    def shown(self) -> tuple[str, ...]:
        """What a person would call each column; no two the same."""
        seen: dict[str, int] = {}
        names = []
        for at, (title, tag) in enumerate(zip(self.titles, self.tags, strict=True), start=1):
            name = title or tag or f"column {at}"
            seen[name] = seen.get(name, 0) + 1
            names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
        return tuple(names)


def find_header(lines: Sequence[Line], *, titled: bool = False) -> Header:
    """Find the header among the first lines of a table.

    Parameters
    ----------
    lines
        The first lines that hold something, at least `LOOK_LINES` of them if there are so many.
    titled
        The first line is the header for sure.
    """
    width = max((len(cells) for _, cells in lines), default=0)
    rows = [(number, (*cells, *[""] * (width - len(cells)))) for number, cells in lines]
    if titled and rows:
        return _header(rows, 0, 0, tags_at=0 if _tag_share(rows[0][1]) > 0.5 else None)
    for at, (_, cells) in enumerate(rows[:_TAG_LINES]):
        if _tag_share(cells) > 0.5:
            return _tagged(rows, at)
    return _untagged(rows, width)


def _tag_share(cells: Sequence[str]) -> float:
    filled = [cell for cell in cells if cell]
    return sum(map(is_tag, filled)) / len(filled) if filled else 0.0


def _tagged(rows: list[Line], tags_at: int) -> Header:
    """The line above the hashtags is the header, and the one above that may span it."""
    titles_at = tags_at - 1 if tags_at else tags_at
    first = titles_at
    if titles_at >= 1 and _filled(rows[titles_at - 1][1]) > 1 and _spans(rows, titles_at - 1):
        first -= 1
    return _header(rows, first, tags_at, tags_at=tags_at, titles_at=titles_at)


def _untagged(rows: list[Line], width: int) -> Header:
    scores = [_title_score(cells, width) for _, cells in rows[:LOOK_LINES]]
    best = max(scores, default=0.0)
    if best <= 0:
        return _headerless(rows, width)
    at = next(i for i, score in enumerate(scores) if score >= 0.75 * best)
    # A line that spans several columns stands above the line that tells them apart.
    first, last = at, at
    if at + 1 < len(scores) and _spans(rows, at) and scores[at + 1] >= 0.5 * best:
        last = at + 1
    elif at >= 1 and _spans(rows, at - 1) and _filled(rows[at - 1][1]) > 1 and _texts(rows[at - 1]):
        first = at - 1
    titles_at = last
    while last + 1 < min(len(scores), at + 4) and _is_second_title(rows, last + 1, at):
        last += 1
    return _header(rows, first, last, tags_at=None, titles_at=titles_at)


def _title_score(cells: Sequence[str], width: int) -> float:
    """How much a line looks like titles: known words count most, values count against it."""
    filled = [cell for cell in cells if cell]
    if len(filled) < min(2, width):
        return 0.0
    known = sum(is_title(cell) for cell in filled)
    values = sum(bool(_VALUE.match(cell)) or len(cell) > _MAX_TITLE for cell in filled)
    distinct = len(set(filled)) / len(filled)
    score = 3.0 * known + 0.5 * (len(filled) - known - values) * distinct - 2.0 * values
    return score * (0.5 + 0.5 * len(filled) / width)


def is_title(cell: str) -> bool:
    """Say whether a cell is a title that some field is known by."""
    if len(cell) > _MAX_TITLE or _VALUE.match(cell):
        return False
    known = words()
    return any(fold(form) in known for form in forms(cell))


def _headerless(rows: list[Line], width: int) -> Header:
    """The table begins with its data, unless its first line has words above a column of values."""
    if len(rows) > 1 and _looks_titled(rows):
        return _header(rows, 0, 0, tags_at=None)
    return Header(
        titles=("",) * width, parents=("",) * width, tags=("",) * width, first=0, last=0, above=()
    )


def _looks_titled(rows: list[Line]) -> bool:
    first = rows[0][1]
    for at, cell in enumerate(first):
        below = [cells[at] for _, cells in rows[1:20] if cells[at]]
        if cell and not _VALUE.match(cell) and below and all(map(_VALUE.match, below)):
            return True
    return len(rows[0][1]) == 1 and len(rows) > 1


def _is_second_title(rows: list[Line], at: int, first: int) -> bool:
    """Whether a line says the titles once more: another language, or the units."""
    cells = [cell for cell in rows[at][1] if cell]
    if len(cells) < 2 or any(map(_VALUE.match, cells)):
        return False
    titles = sum(is_title(cell) and find_item(cell) is None for cell in cells)
    same = rows[at][1] == rows[first][1]
    return not same and titles >= 0.6 * len(cells)


def _spans(rows: list[Line], at: int) -> bool:
    """Whether a line has gaps or repeats that the line below fills: merged cells."""
    if at + 1 >= len(rows):
        return False
    above, below = rows[at][1], rows[at + 1][1]
    if any(map(_VALUE.match, filter(None, above))):
        return False
    gaps = sum(
        bool(under) and (not cell or (i > 0 and cell == above[i - 1]))
        for i, (cell, under) in enumerate(zip(above, below, strict=True))
    )
    texts = [cell for cell in below if cell]
    words_below = sum(not _VALUE.match(cell) for cell in texts)
    return gaps >= 1 and len(texts) > 1 and words_below == len(texts) and len(set(texts)) > 1


def _texts(row: Line) -> bool:
    return all(len(cell) <= _MAX_TITLE for cell in row[1])


def _filled(cells: Sequence[str]) -> int:
    return sum(map(bool, cells))


def _header(
    rows: list[Line],
    first: int,
    last: int,
    *,
    tags_at: int | None,
    titles_at: int | None = None,
) -> Header:
    at = last if titles_at is None else titles_at
    titles = rows[at][1]
    tags = ("",) * len(titles) if tags_at is None else rows[tags_at][1]
    tags = tuple(tag if is_tag(tag) else "" for tag in tags)
    parents = ("",) * len(titles)
    if first < at:
        above = rows[first][1]
        parents = _spread(above)
        titles = tuple(title or over for title, over in zip(titles, above, strict=True))
    for line in range(at + 1, last + 1):
        if line != tags_at:
            more = rows[line][1]
            titles = tuple(
                title or other if not (title and other) or title == other else f"{title} / {other}"
                for title, other in zip(titles, more, strict=True)
            )
    if tags_at == at:
        titles = tuple("" if is_tag(title) else title for title in titles)
    return Header(
        titles=titles,
        parents=parents,
        tags=tags,
        first=rows[first][0],
        last=rows[last][0],
        above=tuple(rows[:first]),
        written=tuple(rows[first : last + 1]),
    )


def _spread(above: Sequence[str]) -> tuple[str, ...]:
    """Titles over several columns, written over each of them."""
    spread: list[str] = []
    for cell in above:
        spread.append(cell or (spread[-1] if spread else ""))
    return tuple(spread)
