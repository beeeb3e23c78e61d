"""Ids of rows: by which a row that was sent before is known again, whatever file it comes in.

The id is made of the row's own words and its count among equal rows, so two equal rows in one sheet
are two, and the same sheet sent twice is one. Rows of an upload that was undone may come again:
they get the next id.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from data.intake.row import TakenRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboard.operations.situation import Situation
    from data.intake.formats.table import Line
    from data.intake.sheet import Sheet


class RowIds:
    """Marks the rows of one upload that its organisation sent before."""

    def __init__(self, situation: Situation, organisation_id: str, kind: str) -> None:
        self._situation = situation
        self._begin = (organisation_id, kind)
        self._seen: Counter[bytes] = Counter()
        self._undone = {upload.upload_id for upload in situation.store.uploads() if upload.undone}

    def look(self, sheet: Sheet, lines: Sequence[Line]) -> tuple[list[str], list[bool]]:
        """Give the id each line is recorded under, and whether it was sent before and stands."""
        bases = self.bases(sheet, lines)
        held = self._situation.store.client_ids(bases)
        uploads = [held.get(base, ()) for base in bases]
        ids = [f"row:{base}:{len(of)}" for base, of in zip(bases, uploads, strict=True)]
        return ids, [any(one not in self._undone for one in of) for of in uploads]

    def bases(self, sheet: Sheet, lines: Sequence[Line]) -> list[str]:
        """Give what the id of each line begins with, which is made of its words alone."""
        bases = []
        for _, cells in lines:
            words = "\x1f".join((*self._begin, *sheet.titles, *cells))
            key = hashlib.sha256(words.encode()).digest()[:16]
            self._seen[key] += 1
            count = self._seen[key]
            bases.append(hashlib.sha256(f"{words}\x1f{count}".encode()).hexdigest()[:40])
        return bases


def base_of(client_id: str) -> str:
    """Give what the id of a row begins with.

    >>> base_of("row:3f2a:0")
    '3f2a'
    """
    return client_id.split(":")[1]


def mark(rows: Sequence[TakenRow], sent: Sequence[bool]) -> list[TakenRow]:
    """Give the rows, those that were `sent` before as `duplicate`, without their events."""
    return [
        # Whatever is asked of it now (a place that is known already): it was answered then.
        TakenRow(report=replace(row.report, status="duplicate", problems=(), candidates=()))
        if before
        else row
        for row, before in zip(rows, sent, strict=True)
    ]
