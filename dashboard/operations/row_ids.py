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

    def mark(
        self, sheet: Sheet, lines: Sequence[Line], rows: Sequence[TakenRow]
    ) -> tuple[list[TakenRow], list[str]]:
        """Give the rows, those sent before as `duplicate`, and the id each is recorded under."""
        bases = []
        for _, cells in lines:
            words = "\x1f".join((*self._begin, *sheet.titles, *cells))
            key = hashlib.sha256(words.encode()).digest()[:16]
            self._seen[key] += 1
            count = self._seen[key]
            bases.append(hashlib.sha256(f"{words}\x1f{count}".encode()).hexdigest()[:40])
        held = self._situation.store.client_ids(bases)
        marked, ids = [], []
        for row, base in zip(rows, bases, strict=True):
            uploads = held.get(base, ())
            live = [one for one in uploads if one not in self._undone]
            if row.events and live:
                row = TakenRow(report=replace(row.report, status="duplicate", problems=()))
            marked.append(row)
            ids.append(f"row:{base}:{len(uploads)}")
        return marked, ids
